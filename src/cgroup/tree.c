/* SPDX-License-Identifier: Apache-2.0 */
/* Directories of cgroups: see tree.h.  Knows no controllers. */
#include "cgroup/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fdio.h"
#include "base/str.h"
#include "kernel/spawn.h"

/* Longer than any list of processes can get: PID_MAX_LIMIT times eight bytes. */
#define PROCS_MAX (32UL << 20)
#define FILE_MAX (1UL << 20)

void pid_list_done(struct pid_list *list)
{
	free(list->v);
	*list = (struct pid_list)PID_LIST_INIT;
}

void pid_list_add(struct pid_list *list, pid_t pid)
{
	/* Grow at powers of two. */
	if ((list->n & (list->n - 1)) == 0)
		list->v = xrealloc(list->v, list->n ? 2 * list->n : 1, sizeof(pid_t));
	list->v[list->n++] = pid;
}

bool pid_list_has(const struct pid_list *list, pid_t pid)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i] == pid)
			return true;
	return false;
}

/* Files of cgroups are small in most cases, and have no size: one read(2) that fills less than half of a page
   has got all of it, since the kernel makes a page full of lines at a time.  Longer ones are read on. */
static int read_text(int dirfd, const char *file, size_t max, char **ret_text)
{
	_cleanup_close_ int fd = openat(dirfd, file, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *rest = NULL;
	char start[4096];
	size_t n_rest;
	ssize_t n;
	int r;

	if (fd < 0)
		return -errno;
	n = read(fd, start, sizeof(start));
	if (n < 0)
		return -errno;
	if ((size_t)n < sizeof(start) / 2) {
		*ret_text = xstrndup(start, (size_t)n);
		return 0;
	}
	r = fdio_read_all(fd, max, &rest, &n_rest);
	if (r < 0)
		return r;
	*ret_text = xmalloc((size_t)n + n_rest + 1);
	memcpy(*ret_text, start, (size_t)n);
	memcpy(*ret_text + n, rest, n_rest + 1);
	return 0;
}

static int add_procs(int dirfd, struct pid_list *list)
{
	_cleanup_free_ char *text = NULL;
	int r = read_text(dirfd, "cgroup.procs", PROCS_MAX, &text);

	/* ENOENT, ENODEV: the cgroup was removed.  EOPNOTSUPP: a threaded v2 cgroup, whose processes are
	   listed in its domain (cgroups(7), "Threaded cgroups"). */
	if (r == -ENOENT || r == -ENODEV || r == -EOPNOTSUPP)
		return 0;
	if (!text)
		return r;
	for (char *p = text, *end; *p; p = end) {
		long pid = strtol(p, &end, 10);

		if (end == p)
			break;
		/* 0 stands for a process that is not visible in our pid namespace. */
		if (pid > 0)
			pid_list_add(list, (pid_t)pid);
		while (*end == '\n')
			end++;
	}
	return 0;
}

/* Names of the sub-groups. */
static int list_children(int dirfd, struct strv *names)
{
	_cleanup_closedir_ DIR *dir = NULL;
	_cleanup_close_ int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *d;

	if (fd < 0)
		return errno == ENOENT || errno == ENODEV ? 0 : -errno;
	dir = fdopendir(fd);
	if (!dir)
		return -errno;
	(void)TAKE_FD(fd); /* the stream owns it */
	while ((d = readdir(dir)))
		if (d->d_type == DT_DIR && strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			strv_add(names, d->d_name);
	return 0;
}

/* A process in a container may nest its groups as deep as it likes, so depth is not a stack of ours:
   `paths` is a work list relative to dirfd, parents before children. */
static int list_tree(int dirfd, struct strv *paths)
{
	int r = list_children(dirfd, paths);

	for (size_t i = 0; r == 0 && i < paths->n; i++) {
		_cleanup_(strv_done) struct strv names = STRV_INIT;
		_cleanup_close_ int fd = openat(dirfd, paths->v[i], O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0)
			return -errno;
		r = list_children(fd, &names);
		for (size_t k = 0; k < names.n; k++)
			strv_take(paths, str_printf("%s/%s", paths->v[i], names.v[k]));
	}
	return r;
}

int tree_pids(int dirfd, bool recursive, struct pid_list *list)
{
	_cleanup_(strv_done) struct strv paths = STRV_INIT;
	int r = add_procs(dirfd, list);

	if (r == 0 && recursive)
		r = list_tree(dirfd, &paths);
	for (size_t i = 0; r == 0 && i < paths.n; i++) {
		_cleanup_close_ int fd = openat(dirfd, paths.v[i], O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (fd < 0 && errno == ENOENT)
			continue;
		r = fd < 0 ? -errno : add_procs(fd, list);
	}
	return r;
}

int tree_remove(int dirfd, const char *path)
{
	_cleanup_(strv_done) struct strv paths = STRV_INIT;
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (unlinkat(dirfd, path, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	/* EBUSY: processes or sub-groups; ENOTEMPTY is what other filesystems would say. */
	if (errno != EBUSY && errno != ENOTEMPTY)
		return -errno;

	fd = openat(dirfd, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	r = list_tree(fd, &paths);
	for (size_t i = paths.n; r == 0 && i > 0; i--)
		if (unlinkat(fd, paths.v[i - 1], AT_REMOVEDIR) < 0 && errno != ENOENT)
			r = -errno;
	if (r == 0 && unlinkat(dirfd, path, AT_REMOVEDIR) < 0 && errno != ENOENT)
		r = -errno;
	return r;
}

int tree_signal(const struct pid_list *list, int sig)
{
	for (size_t i = 0; i < list->n; i++)
		if (kill(list->v[i], sig) < 0 && errno != ESRCH)
			return -errno;
	return 0;
}

int tree_wait(const struct pid_list *list, int timeout_ms)
{
	for (size_t i = 0; i < list->n; i++) {
		_cleanup_close_ int pidfd = spawn_pidfd_open(list->v[i]);
		int r;

		if (pidfd == -ESRCH)
			continue;
		r = pidfd < 0 ? pidfd : spawn_wait_gone(pidfd, timeout_ms);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Remove the last n_made components of prefix, which is cut on the way. */
static void unmake(int dirfd, char *prefix, size_t n_made)
{
	for (; n_made > 0; n_made--) {
		char *slash = strrchr(prefix, '/');

		/* A parent that somebody else began to use in the meantime stays: EBUSY. */
		if ((unlinkat(dirfd, prefix, AT_REMOVEDIR) < 0 && errno != ENOENT) || !slash)
			return;
		*slash = '\0';
	}
}

void tree_unmake(int dirfd, const char *path, size_t n_made)
{
	_cleanup_free_ char *prefix = xstrdup(path + 1);

	unmake(dirfd, prefix, n_made);
}

/* Make all components of prefix, one after the other. */
static int make_all(int dirfd, char *prefix, size_t *ret_n_made)
{
	size_t n_made = 0;

	for (char *next = prefix; next;) {
		char *slash = strchr(next, '/');
		int r;

		if (slash)
			*slash = '\0';
		r = mkdirat(dirfd, prefix, 0755) < 0 ? -errno : 0;
		if (r < 0 && r != -EEXIST) {
			if (next > prefix) {
				next[-1] = '\0';
				unmake(dirfd, prefix, n_made);
			}
			return r;
		}
		n_made = r == 0 ? n_made + 1 : 0;
		if (slash)
			*slash = '/';
		next = slash ? slash + 1 : NULL;
	}
	*ret_n_made = n_made;
	return 0;
}

int tree_make(int dirfd, const char *path, size_t *ret_n_made)
{
	_cleanup_free_ char *prefix = xstrdup(path + 1);

	*ret_n_made = 0;
	/* In most cases all parents are there. */
	if (mkdirat(dirfd, prefix, 0755) == 0) {
		*ret_n_made = 1;
		return 0;
	}
	if (errno == EEXIST)
		return 0;
	return errno == ENOENT ? make_all(dirfd, prefix, ret_n_made) : -errno;
}

int tree_read(int dirfd, const char *file, char **ret_text)
{
	int r = read_text(dirfd, file, FILE_MAX, ret_text);
	size_t len = r < 0 ? 0 : strlen(*ret_text);

	if (len > 0 && (*ret_text)[len - 1] == '\n')
		(*ret_text)[len - 1] = '\0';
	return r;
}

int tree_find_key(const char *text, const char *key, unsigned long long *ret_value)
{
	size_t n = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
		if (strncmp(line, key, n) == 0 && line[n] == ' ') {
			*ret_value = strtoull(line + n + 1, NULL, 10);
			return 0;
		}
	return -ENODATA;
}
