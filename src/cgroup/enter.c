/* SPDX-License-Identifier: Apache-2.0 */
/* One more process for a living cgroup: `exec`. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/str.h"
#include "cgroup/fs.h"
#include "cgroup/path.h"
#include "kernel/spawn.h"

/* From now on everything is about path. */
static int open_at(struct cgroup *cgroup, const char *path, struct err *e)
{
	for (size_t i = 0; i < cgroup->hierarchies.n; i++) {
		struct hierarchy *h = &cgroup->hierarchies.v[i];
		int r = h->dir_fd >= 0 ? hierarchy_open_dir(h, path) : 0;

		/* A sub-group that somebody made in one hierarchy alone: in the others the process stays. */
		if (r == -ENOENT && !h->v2)
			r = hierarchy_open_dir(h, cgroup->record.path);
		if (r == -ENOENT)
			return err_say(e, r, "cgroup %s: the container has no such sub-group", path);
		if (r < 0)
			return err_set(e, r, "cgroup %s%s: cannot open it", h->mountpoint, path);
	}
	free(cgroup->record.path);
	cgroup->record.path = xstrdup(path);
	return 0;
}

static int descend_to_sub(struct cgroup *cgroup, const char *sub, struct err *e)
{
	_cleanup_free_ char *path = NULL;
	int r;

	if (!cgroup->record.manager)
		return err_say(e, -EOPNOTSUPP, "--cgroup %s: the container has no cgroup of its own, and so no sub-groups", sub);
	r = cgroup_path_below(cgroup->record.path, sub, "--cgroup", &path, e);
	return r == 0 ? open_at(cgroup, path, e) : r;
}

int cgroup_descend(struct cgroup *cgroup, pid_t init, const char *sub, struct err *e)
{
	const struct hierarchy *h = cgroup_v2_dir(cgroup);
	_cleanup_free_ char *enabled = NULL, *pid = str_printf("%d", init), *path = NULL;
	size_t n;
	int r;

	if (!str_empty(sub))
		return descend_to_sub(cgroup, sub, e);
	if (!h)
		return 0;
	r = tree_read(h->dir_fd, "cgroup.subtree_control", &enabled);
	if (r < 0)
		return err_set(e, r, "cgroup %s: cannot read cgroup.subtree_control", cgroup->record.path);
	if (!*enabled)
		return 0;
	r = hierarchy_read_v2_path(pid, &path);
	if (r < 0)
		return err_set(e, r, "process %s of the container: cannot read its cgroup", pid);
	n = strlen(cgroup->record.path);
	/* Only below the container's own: a process may have been moved out by the host. */
	return strncmp(path, cgroup->record.path, n) == 0 && path[n] == '/' ? open_at(cgroup, path, e) : 0;
}

int cgroup_enter(struct cgroup *cgroup, pid_t pid, struct err *e)
{
	int r = fs_join(cgroup, pid, e);

	/* From a login session the common ancestor is not the user's; systemd can. */
	return r == -EACCES && cgroup->record.scope ? systemd_attach(cgroup, pid, e) : r;
}

/* The child's half of cgroup_spawn().  A thread that moves itself alone needs no lock against other threads of
   its process, hence no grace period (Linux 5.17; before, it is only as slow as any other).  What fails here is
   done once more from outside, and explained there. */
static void join_self(const struct cgroup *cgroup)
{
	for (size_t i = 0; i < cgroup->hierarchies.n; i++) {
		const struct hierarchy *h = &cgroup->hierarchies.v[i];

		if (!h->v2 && h->dir_fd >= 0)
			(void)fdio_write_file(h->dir_fd, "tasks", "0");
	}
}

pid_t cgroup_spawn(struct cgroup *cgroup, uint64_t flags, int *ret_pidfd)
{
	_cleanup_close_ int read_end = -EBADF, write_end = -EBADF;
	int clone_fd = cgroup_clone_fd(cgroup), fds[2];
	pid_t pid;

	if (cgroup_has_v1_dir(cgroup)) {
		if (pipe2(fds, O_CLOEXEC) < 0)
			return -errno;
		read_end = fds[0];
		write_end = fds[1];
	}
	pid = spawn_clone(flags, clone_fd, ret_pidfd);
	cgroup->born_inside = clone_fd >= 0 ? pid : 0;
	/* Not from where we are (the common ancestor is somebody else's), or not in there (it has sub-groups with
	   controllers, it is threaded): who adopts it knows what to say. */
	if (clone_fd >= 0 && (pid == -EACCES || pid == -EPERM || pid == -EBUSY || pid == -EOPNOTSUPP))
		pid = spawn_clone(flags, -EBADF, ret_pidfd);
	if (pid == 0 && write_end >= 0) {
		join_self(cgroup);
		(void)fdio_write_all(write_end, "", 1);
	}
	if (pid > 0) {
		fd_close(&cgroup->joined_fd);
		cgroup->joined_fd = TAKE_FD(read_end);
	}
	return pid;
}
