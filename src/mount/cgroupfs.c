/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts of type cgroup: see cgroupfs.h. */
#include "mount/cgroupfs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "kernel/mnt.h"
#include "kernel/syscalls.h"
#include "mount/attrs.h"
#include "mount/explain.h"
#include "mount/fresh.h"
#include "mount/target.h"

/* A new mount of one hierarchy; its root is that of the cgroup namespace we are in. */
static int new_hierarchy(const struct rootfs_cgroup *cgroup, uint64_t attrs, char *words, size_t n_words)
{
	const char *type = cgroup->v2 ? "cgroup2" : "cgroup";
	struct strv options = STRV_INIT;
	struct mnt_fs fs;
	int r = mnt_fs_open(type, &fs);

	words[0] = '\0';
	if (r < 0)
		return r;
	if (!cgroup->v2 && cgroup->options)
		strv_split(&options, cgroup->options, ',');
	r = mnt_fs_set(&fs, "source", "cgroup");
	for (size_t i = 0; r >= 0 && i < options.n; i++) {
		char *value = strchr(options.v[i], '=');

		if (value)
			*value++ = '\0';
		r = mnt_fs_set(&fs, options.v[i], value);
	}
	strv_done(&options);
	if (r >= 0)
		r = mnt_fs_create(&fs, attrs);
	if (r < 0)
		mnt_fs_words(&fs, words, n_words);
	mnt_fs_done(&fs);
	return r;
}

/* A bind of the container's cgroup. */
static int bind_hierarchy(const struct rootfs_cgroup *cgroup, uint64_t attrs)
{
	_cleanup_free_ char *path = str_printf("%s%s%s", cgroup->mountpoint, *cgroup->path == '/' ? "" : "/", cgroup->path);
	struct mnt_attr attr = { .set = attrs & ~(uint64_t)MOUNT_ATTR__ATIME, .propagation = MS_PRIVATE };
	_cleanup_close_ int fd = mnt_clone(AT_FDCWD, path, false, true);
	int r;

	/* below v1 there may be a mount that is locked to it */
	if (fd == -EINVAL)
		fd = mnt_clone(AT_FDCWD, path, true, true);
	if (fd < 0)
		return fd;
	r = mnt_set_attr(fd, &attr, true);
	return r < 0 ? r : TAKE_FD(fd);
}

/* EPERM: the cgroup namespace belongs to a more privileged user namespace; EBUSY: a v1 hierarchy with other
   options, or controllers that are in use elsewhere. */
static int open_hierarchy(const struct rootfs *rootfs, const struct rootfs_cgroup *cgroup, uint64_t attrs,
			  char *words, size_t n_words)
{
	int fd = -EPERM;

	words[0] = '\0';
	/* Its processes are where those of its parent are, with a cgroup namespace as well: not theirs to change. */
	if (!cgroup->own)
		attrs |= MOUNT_ATTR_RDONLY;
	if (rootfs->env.new_namespaces & CLONE_NEWCGROUP)
		fd = new_hierarchy(cgroup, attrs, words, n_words);
	return fd == -EPERM || fd == -EBUSY ? bind_hierarchy(cgroup, attrs) : fd;
}

static int mount_unified(struct rootfs *rootfs, const struct mount_entry *entry, const struct rootfs_cgroup *cgroup,
			 const struct target *target, struct err *e)
{
	char words[FRESH_WORDS_MAX];
	_cleanup_close_ int fd = open_hierarchy(rootfs, cgroup, mount_attrs_fresh(&entry->options), words, sizeof(words));

	if (fd < 0)
		return explain_fs(e, fd, "cgroup2", words);
	return fresh_attach(rootfs, entry, &fd, target, e);
}

static const char *directory_of(const struct rootfs_cgroup *cgroup)
{
	const char *slash = strrchr(cgroup->mountpoint, '/');

	return slash ? slash + 1 : cgroup->mountpoint;
}

/* "cpu" -> "cpu,cpuacct": programs look for the single names. */
static int link_controllers(int tmpfs, const char *directory, struct err *e)
{
	struct strv names = STRV_INIT;
	int r = 0;

	strv_split(&names, directory, ',');
	for (size_t i = 0; r >= 0 && names.n > 1 && i < names.n; i++)
		if (symlinkat(directory, tmpfs, names.v[i]) < 0 && errno != EEXIST)
			r = err_set(e, -errno, "cannot make a symbolic link %s", names.v[i]);
	strv_done(&names);
	return r;
}

static int mount_hierarchy(const struct rootfs *rootfs, const struct rootfs_cgroup *cgroup, uint64_t attrs, int tmpfs,
			   struct err *e)
{
	const char *name = directory_of(cgroup);
	char words[FRESH_WORDS_MAX];
	_cleanup_close_ int fd = open_hierarchy(rootfs, cgroup, attrs, words, sizeof(words));
	_cleanup_close_ int directory = -EBADF;
	int r;

	if (fd == -ENOENT) {
		log_warning("hierarchy %s is not shown in the container: it has no cgroup %s there", name, cgroup->path);
		return 0;
	}
	if (fd < 0) {
		explain_fs(e, fd, cgroup->v2 ? "cgroup2" : "cgroup", words);
		return err_wrap(e, "hierarchy %s", name);
	}
	if (mkdirat(tmpfs, name, 0755) < 0)
		return err_set(e, -errno, "cannot make the directory %s", name);
	directory = openat(tmpfs, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	r = directory < 0 ? -errno : mnt_attach(fd, directory);
	if (r < 0)
		return err_set(e, r, "cannot attach the hierarchy %s", name);
	return link_controllers(tmpfs, name, e);
}

/* The tmpfs becomes read-only when everything is in it. */
static int mount_hierarchies(struct rootfs *rootfs, const struct mount_entry *entry, const struct target *target,
			     struct err *e)
{
	static const struct fresh_key mode = { "mode", "755" };
	uint64_t attrs = mount_attrs_fresh(&entry->options);
	struct mnt_attr read_only = { .set = MOUNT_ATTR_RDONLY };
	struct fresh how = { .type = "tmpfs", .extra = &mode, .n_extra = 1,
			     .attrs = (attrs & ~(uint64_t)MOUNT_ATTR_RDONLY) };
	_cleanup_close_ int owned = fresh_mount(rootfs, entry, &how);
	const int tmpfs = owned; /* whoever owns it then */
	int r;

	if (tmpfs < 0)
		return explain_fs(e, tmpfs, how.type, how.words);
	r = fresh_attach(rootfs, entry, &owned, target, e);
	for (size_t i = 0; r >= 0 && i < rootfs->env.n_cgroups; i++)
		r = mount_hierarchy(rootfs, &rootfs->env.cgroups[i], attrs, tmpfs, e);
	if (r < 0 || !(attrs & MOUNT_ATTR_RDONLY))
		return r;
	r = mnt_set_attr(tmpfs, &read_only, false);
	return r < 0 ? err_set(e, r, "cannot make it read-only") : 0;
}

int cgroupfs_mount(struct rootfs *rootfs, const struct mount_entry *entry, struct err *e)
{
	const struct rootfs_env *env = &rootfs->env;
	_cleanup_(target_done) struct target target = TARGET_INIT;
	int r = target_open(rootfs, entry, true, false, &target, e);

	if (r < 0)
		return r;
	if (env->n_cgroups == 0)
		return err_say(e, -ENOENT, "no cgroup hierarchy is mounted on the host, so that there is none to show");
	if (strcmp(entry->mount->type, "cgroup2") == 0 || env->n_cgroups == 1) {
		for (size_t i = 0; i < env->n_cgroups; i++)
			if (env->cgroups[i].v2)
				return mount_unified(rootfs, entry, &env->cgroups[i], &target, e);
	}
	return mount_hierarchies(rootfs, entry, &target, e);
}
