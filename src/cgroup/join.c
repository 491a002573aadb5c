/* SPDX-License-Identifier: Apache-2.0 */
/* Moving a process into the hierarchies from outside, as far as it is not there: see fs.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/str.h"
#include "cgroup/fs.h"
#include "cgroup/v2.h"

/* Is the process whose /proc/PID/cgroup is `where` in the container's directory of this hierarchy? */
static bool is_in(const struct cgroup *cgroup, const struct hierarchy *h, const char *where)
{
	_cleanup_free_ char *path = where ? hierarchy_parse_path(h, where) : NULL;

	return path && strcmp(path, cgroup->record.path) == 0;
}

/* The v1 hierarchies in which the process is not yet.  All files are opened first, since writes that follow each
   other without a pause pay for one grace period together, and the first of them alone may cost 10 ms. */
int fs_join_v1(struct cgroup *cgroup, pid_t pid, const char *where, struct err *e)
{
	size_t n = cgroup->hierarchies.n;
	_cleanup_free_ int *fds = xcalloc(n, sizeof(int));
	_cleanup_free_ char *text = str_printf("%d", pid);
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		const struct hierarchy *h = &cgroup->hierarchies.v[i];

		fds[i] = -EBADF;
		if (h->v2 || h->dir_fd < 0 || is_in(cgroup, h, where))
			continue;
		fds[i] = openat(h->dir_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
		if (fds[i] < 0 && r == 0)
			r = err_set(e, -errno, "cgroup %s%s: process %d cannot join", h->mountpoint, cgroup->record.path,
				    pid);
	}
	for (size_t i = 0; i < n; i++) {
		const struct hierarchy *h = &cgroup->hierarchies.v[i];
		int done = fds[i] >= 0 && r == 0 ? fdio_write_all(fds[i], text, strlen(text)) : 0;

		if (done < 0)
			r = err_set(e, done, "cgroup %s%s: process %d cannot join", h->mountpoint, cgroup->record.path,
				    pid);
		fd_close(&fds[i]);
	}
	return r;
}

/* Until the child of cgroup_spawn() has moved itself, or is dead. */
static void wait_joined(struct cgroup *cgroup)
{
	char c;

	while (cgroup->joined_fd >= 0 && read(cgroup->joined_fd, &c, 1) < 0 && errno == EINTR)
		continue;
	fd_close(&cgroup->joined_fd);
}

int fs_join(struct cgroup *cgroup, pid_t pid, struct err *e)
{
	_cleanup_free_ char *file = str_printf("/proc/%d/cgroup", pid), *where = NULL;
	const struct hierarchy *h = cgroup_v2_dir(cgroup);
	int r = 0;

	wait_joined(cgroup);
	if (cgroup_has_v1_dir(cgroup)) {
		r = fdio_read_file(AT_FDCWD, file, 1 << 20, &where, NULL);
		if (r < 0)
			return err_set(e, r, "process %d of the container: cannot read its cgroups", pid);
		r = fs_join_v1(cgroup, pid, where, e);
	}
	if (r < 0 || !h || cgroup->born_inside == pid || is_in(cgroup, h, where))
		return r;
	return v2_join(h, cgroup->record.path, pid, e);
}
