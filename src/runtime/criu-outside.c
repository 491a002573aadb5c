/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts, namespaces and cgroups for CRIU: see criu-outside.h. */
#include "runtime/criu-outside.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/wire.h"
#include "kernel/mnt.h"
#include "kernel/pathat.h"
#include "runtime/criu.h"

/* What CRIU can do with a namespace that has a path; "" : a name that runc and crun give it, too. */
static const struct {
	enum oci_namespace_type type;
	const char *name;  /* of the namespace in CRIU */
	const char *label; /* in the images, for one that stays outside; NULL: saved with the container, and then joined */
} shared[] = {
	{ OCI_NS_NETWORK, "net", "extRootNetNS" },
	{ OCI_NS_PID, "pid", "extRootPidNS" },
	{ OCI_NS_IPC, "ipc", NULL },
	{ OCI_NS_UTS, "uts", NULL },
};

static size_t find_shared(enum oci_namespace_type type)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(shared) && shared[i].type != type)
		i++;
	return i;
}

int criu_check_caller(const struct ids_caller *caller, const char *command, struct err *e)
{
	if (caller->privileged && !caller->inside)
		return 0;
	err_say(e, -EPERM, "%s: CRIU can save and bring back containers only as root of the host, not rootless", command);
	return err_hint(e, "make the container, and call %s, as root", command);
}

int criu_check_config(const struct oci_config *config, const char *bundle, struct err *e)
{
	const struct oci_linux *lx = config->linux_;

	for (size_t i = 0; lx && i < lx->n_namespaces; i++) {
		const struct oci_namespace *ns = &lx->namespaces[i];

		if (ns->path && find_shared(ns->type) == ARRAY_SIZE(shared))
			return err_say(e, -ENOTSUP,
				       "linux.namespaces[%zu]: a %s namespace that is joined by its path cannot be "
				       "checkpointed or restored",
				       i, oci_namespace_name(ns->type));
	}
	if (lx && lx->n_net_devices > 0)
		return err_say(e, -ENOTSUP, "linux.netDevices: devices of the host cannot be checkpointed or restored");
	return outside_check(config, bundle, e);
}

/* ---- mounts ---- */

int criu_list_mounts(const struct oci_config *config, const char *bundle, struct cgroup *cgroup,
		     struct outside *ret_outside, struct err *e)
{
	struct cgroup_hierarchy *hierarchies = NULL;
	_cleanup_free_ struct rootfs_cgroup *cgroups = NULL;
	size_t n = 0;
	int r = cgroup_hierarchies(cgroup, &hierarchies, &n, e);

	*ret_outside = (struct outside){ .mounts = NULL };
	if (r < 0)
		return r;
	cgroups = xcalloc(n + 1, sizeof(*cgroups));
	for (size_t i = 0; i < n; i++)
		cgroups[i] = (struct rootfs_cgroup){ hierarchies[i].name, hierarchies[i].mountpoint,
						     hierarchies[i].options, hierarchies[i].path, hierarchies[i].own,
						     hierarchies[i].v2 };
	r = outside_list(config, bundle, cgroups, n, ret_outside, e);
	cgroup_hierarchies_free(hierarchies, n);
	return r;
}

/* The place as the kernel calls it, with the links of the image followed; NULL: it is not there.  The container may
   lie to us: then the dump fails, since the mount is somewhere else. */
static char *real_place(int root, const struct outside_mount *mount)
{
	_cleanup_close_ int fd = pathat_open(root, mount->place, O_PATH | O_CLOEXEC);
	struct stat st;

	if (fd < 0) {
		log_debug("criu: %s is not in the container: %s", mount->place, err_reason(fd));
		return NULL;
	}
	if (mount->file_only && (fstat(fd, &st) < 0 || S_ISDIR(st.st_mode)))
		return NULL;
	return pathat_describe(fd);
}

static int add_mounts_of(struct strbuf *opts, const struct outside *outside, pid_t pid, struct err *e)
{
	_cleanup_free_ char *path = str_printf("/proc/%d/root", pid);
	_cleanup_close_ int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root < 0)
		return err_set(e, -errno, "%s", path);
	for (size_t i = 0; i < outside->n_mounts; i++) {
		_cleanup_free_ char *place = real_place(root, &outside->mounts[i]);

		if (place)
			criu_add_ext_mount(opts, place, outside->mounts[i].name);
	}
	return 0;
}

static int add_namespaces_of(struct strbuf *opts, const struct oci_config *config, pid_t pid, struct err *e)
{
	const struct oci_linux *lx = config->linux_;

	for (size_t i = 0; lx && i < lx->n_namespaces; i++) {
		const struct oci_namespace *ns = &lx->namespaces[i];
		size_t n = find_shared(ns->type);
		_cleanup_free_ char *path = NULL, *external = NULL;
		struct stat st;

		if (!ns->path || !shared[n].label)
			continue;
		path = str_printf("/proc/%d/ns/%s", pid, shared[n].name);
		if (stat(path, &st) < 0)
			return err_set(e, -errno, "%s", path);
		external = str_printf("%s[%llu]:%s", shared[n].name, (unsigned long long)st.st_ino, shared[n].label);
		wire_add_text(opts, CRIU_EXTERNAL, external);
	}
	return 0;
}

/* Frozen all at once, no process runs away while they are collected. */
static int add_freezer(struct strbuf *opts, struct cgroup *cgroup, struct err *e)
{
	struct cgroup_hierarchy *h = NULL;
	const struct cgroup_hierarchy *freezer = NULL;
	size_t n = 0;
	int r = cgroup_hierarchies(cgroup, &h, &n, e);

	for (size_t i = 0; r == 0 && i < n; i++)
		if (h[i].path && strcmp(h[i].path, "/") != 0 && (h[i].v2 ? !freezer : strstr(h[i].name, "freezer") != NULL))
			freezer = &h[i];
	if (freezer) {
		_cleanup_free_ char *path = str_printf("%s%s", freezer->mountpoint, freezer->path);

		wire_add_text(opts, CRIU_FREEZE_CGROUP, path);
	}
	cgroup_hierarchies_free(h, n);
	return r;
}

int criu_add_outside(struct strbuf *opts, const struct oci_config *config, const char *bundle, struct cgroup *cgroup,
		     pid_t pid, struct err *e)
{
	struct outside outside;
	int r = criu_list_mounts(config, bundle, cgroup, &outside, e);

	if (r == 0)
		r = add_mounts_of(opts, &outside, pid, e);
	outside_done(&outside);
	if (r == 0)
		r = add_namespaces_of(opts, config, pid, e);
	return r < 0 ? r : add_freezer(opts, cgroup, e);
}

void criu_add_mounts(struct strbuf *opts, const struct outside *outside, const char *directory)
{
	for (size_t i = 0; i < outside->n_mounts; i++) {
		_cleanup_free_ char *source = str_printf("%s/%zu", directory, i);

		if (outside_is_first(outside, i))
			criu_add_ext_mount(opts, outside->mounts[i].name, source);
	}
}

int criu_choose_cgroups_mode(struct cgroup *cgroup, const char **ret_mode, struct err *e)
{
	struct cgroup_hierarchy *h = NULL;
	size_t n = 0;
	int r = cgroup_hierarchies(cgroup, &h, &n, e);

	*ret_mode = "soft";
	for (size_t i = 0; r == 0 && i < n; i++)
		if (!h[i].own)
			*ret_mode = "ignore";
	cgroup_hierarchies_free(h, n);
	return r;
}

/* A detached file system with a link to the hierarchy: nobody sees it, and it is gone with its descriptor. */
static int make_yard(const struct cgroup_hierarchy *h)
{
	_cleanup_close_ int fd = -EBADF;
	struct mnt_fs fs;
	int r = mnt_fs_open("tmpfs", &fs);

	if (r < 0)
		return r;
	r = fd = mnt_fs_create(&fs, 0);
	mnt_fs_done(&fs);
	if (r >= 0 && symlinkat(h->mountpoint, fd, "unified") < 0)
		r = -errno;
	return r < 0 ? r : TAKE_FD(fd);
}

int criu_add_cgroup_yard(struct strbuf *opts, struct cgroup *cgroup, int *ret_fd, struct err *e)
{
	struct cgroup_hierarchy *h = NULL;
	_cleanup_free_ char *path = NULL;
	size_t n = 0;
	int r = cgroup_hierarchies(cgroup, &h, &n, e);

	*ret_fd = -EBADF;
	if (r == 0 && n == 1 && h->v2) {
		r = *ret_fd = make_yard(h);
		if (r < 0)
			err_set(e, r, "show CRIU the cgroups of %s", h->mountpoint);
	}
	cgroup_hierarchies_free(h, n);
	if (r < 0 || *ret_fd < 0)
		return r;
	path = str_printf("/proc/%d/fd/%d", getpid(), *ret_fd);
	wire_add_text(opts, CRIU_CGROUP_YARD, path);
	return 0;
}

int criu_add_cgroup_roots(struct strbuf *opts, struct cgroup *cgroup, struct err *e)
{
	struct cgroup_hierarchy *h = NULL;
	size_t n = 0;
	int r = cgroup_hierarchies(cgroup, &h, &n, e);

	for (size_t i = 0; r == 0 && i < n; i++)
		if (h[i].own)
			criu_add_cgroup_root(opts, h[i].v2 ? "" : h[i].options, h[i].path);
	cgroup_hierarchies_free(h, n);
	return r;
}

void criu_add_namespaces(struct strbuf *opts, const struct ns_plan *plan, const int *fds, int *inherit,
			 size_t *n_inherit)
{
	for (size_t i = 0; i < plan->n_join; i++) {
		size_t n = find_shared(plan->join[i].type);

		if (!shared[n].label) {
			criu_add_join_ns(opts, shared[n].name, plan->join[i].path);
			continue;
		}
		criu_add_inherit_fd(opts, shared[n].label, CRIU_FIRST_FD + (int)*n_inherit);
		inherit[(*n_inherit)++] = fds[i];
	}
}
