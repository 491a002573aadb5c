/* SPDX-License-Identifier: Apache-2.0 */
/* From the launch to the mount layer: see init-tree.h. */
#include "runtime/init-tree.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "runtime/console.h"
#include "runtime/prepare-checks.h"
#include "runtime/process.h"
#include "runtime/source.h"
#include "runtime/sync.h"

static int ask_source(void *ctx, size_t index, struct err *e)
{
	const struct launch *l = ctx;

	return source_ask(l->init_sync, index, e);
}

static int send_userns(struct launch *l, struct err *e)
{
	_cleanup_close_ int fd = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? err_set(e, -errno, "/proc/self/ns/user") : sync_send(l->init_sync, SYNC_USERNS, 0, fd, e);
}

static int start_fuse(void *ctx, size_t index, int device_fd, struct err *e)
{
	struct launch *l = ctx;
	int r = 0;

	if (index == ROOTFS_SOURCE_OVERLAY && (l->namespaces.user_made || l->namespaces.user_joined))
		r = send_userns(l, e);
	return r < 0 ? r : fuse_server_ask(l->init_sync, index, device_fd, e);
}

static bool wants_cgroups(const struct oci_config *config)
{
	for (size_t i = 0; i < config->n_mounts; i++)
		if (config->mounts[i].type && str_starts(config->mounts[i].type, "cgroup"))
			return true;
	return false;
}

/* The cgroup hierarchies in the mount layer's words; the strings stay with `from`. */
static struct rootfs_cgroup *translate(const struct cgroup_hierarchy *from, size_t n)
{
	struct rootfs_cgroup *to = xcalloc(n, sizeof(*to));

	for (size_t i = 0; i < n; i++)
		to[i] = (struct rootfs_cgroup){ from[i].name, from[i].mountpoint, from[i].options, from[i].path,
						from[i].own, from[i].v2 };
	return to;
}

int init_assemble_tree(struct launch *l, struct err *e)
{
	_cleanup_free_ struct rootfs_cgroup *cgroups = NULL;
	struct cgroup_hierarchy *hierarchies = NULL;
	size_t n = 0;
	struct rootfs_env env = {
		.config = l->config,
		.bundle = l->bundle,
		.new_namespaces = l->namespaces.made,
		.userns = l->caller.inside || l->namespaces.user_made || l->namespaces.user_joined,
		.uids = l->namespaces.user_made ? &l->ids.uids : NULL,
		.gids = l->namespaces.user_made ? &l->ids.gids : NULL,
		.joined_userns = l->namespaces.user_joined,
		.new_mount_ns = l->namespaces.made & CLONE_NEWNS,
		.no_pivot = l->options->no_pivot,
		.ask_source = ask_source,
		.start_fuse = start_fuse,
		.ask_ctx = l,
	};
	int r;

	if (wants_cgroups(l->config)) {
		r = cgroup_hierarchies(l->cgroup, &hierarchies, &n, e);
		if (r < 0)
			return r;
		cgroups = translate(hierarchies, n);
		env.cgroups = cgroups;
		env.n_cgroups = n;
	}
	r = rootfs_assemble(&env, &l->tree, e);
	cgroup_hierarchies_free(hierarchies, n);
	return r;
}

int init_open_terminal(struct launch *l, struct err *e)
{
	_cleanup_close_ int root = -EBADF, master = -EBADF;
	int r;

	root = l->tree ? fcntl(rootfs_fd(l->tree), F_DUPFD_CLOEXEC, 3) : open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_set(e, -errno, "process.terminal: the container's root");
	r = console_open(root, l->config->process, &master, &l->terminal, e);
	if (r == 0 && l->tree)
		r = rootfs_bind_console(l->tree, l->terminal, e);
	return r < 0 ? r : sync_send(l->init_sync, SYNC_CONSOLE, 0, master, e);
}

int init_check_program(const struct oci_process *process, char **ret_program, struct err *e)
{
	/* A relative args[0] with a slash is relative to cwd, which may have to be made yet: execve judges. */
	if (process->args[0][0] != '/' && strchr(process->args[0], '/'))
		return 0;
	return process_find_program(process, ret_program, e);
}
