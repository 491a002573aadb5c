/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths beneath a hostile root: see pathat.h.  openat2(2) finds what exists; what has to be made, and
 * what is asked for where there is no openat2, is walked (walk.h).
 */
#include "kernel/pathat.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "kernel/procfs.h"
#include "kernel/syscalls.h"
#include "kernel/walk.h"

int pathat_open_walk(int root, const char *path, int flags)
{
	_cleanup_(walk_done) struct walk walk = walk_start(root, path);
	int r, fd = -EBADF;

	if (!*path)
		return -ENOENT;
	do {
		r = walk_to_last(&walk);
		if (r < 0)
			return r;
		if (!walk.name)
			return walk_open_here(&walk, flags);
		r = walk_open_last(&walk, flags, &fd);
	} while (r == 1);
	return r < 0 ? r : fd;
}

int pathat_open(int root, const char *path, int flags)
{
	const struct sys_open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd = -EAGAIN;

	/* EAGAIN: something was renamed or mounted, anywhere on the system, while ".." was resolved.  It does
	   not disturb the walk, which never asks the kernel for "..". */
	for (int i = 0; fd == -EAGAIN && i < WALK_MAX_ATTEMPTS; i++)
		fd = sys_openat2(root, path, &how);
	return fd == -ENOSYS || fd == -EAGAIN ? pathat_open_walk(root, path, flags) : fd;
}

static int open_existing_parent(int root, const char *path, char **ret_name);

/* Only the last component is missing, as of most targets below /dev.  Another answer than a descriptor is no error:
   the walk finds out. */
static int mkdir_in_parent(int root, const char *path, mode_t mode)
{
	_cleanup_free_ char *name = NULL;
	_cleanup_close_ int parent = open_existing_parent(root, path, &name);
	int fd;

	if (parent < 0)
		return parent;
	if (mkdirat(parent, name, mode) < 0)
		return -errno;
	fd = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int pathat_mkdir_p(int root, const char *path, mode_t mode)
{
	_cleanup_(walk_done) struct walk walk = { .root = root };
	int r = mkdir_in_parent(root, path, mode);

	if (r >= 0)
		return r;
	r = pathat_open(root, *path ? path : "/", O_PATH | O_DIRECTORY);
	if (r != -ENOENT)
		return r;
	walk = walk_start(root, path);
	walk.create = true;
	walk.mode = mode;
	r = walk_all(&walk);
	return r < 0 ? r : walk_open_here(&walk, O_PATH);
}

/* Create walk->name, or take what is there.  1: go on. */
static int create_last(struct walk *walk, mode_t mode, int *ret_fd)
{
	int r = walk_open_last(walk, O_PATH, ret_fd);
	_cleanup_close_ int fd = -EBADF;

	if (r != -ENOENT)
		return r;
	if (walk->directory)
		return -EISDIR;
	fd = openat(walk_dir(walk), walk->name, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, mode);
	if (fd < 0 && errno != EEXIST)
		return -errno;
	/* By its name again, since the descriptor has to be O_PATH. */
	return walk_open_last(walk, O_PATH, ret_fd);
}

static int create_file(struct walk *walk, mode_t mode)
{
	int fd = -EBADF;

	for (int i = 0; i < WALK_MAX_ATTEMPTS; i++) {
		int r = walk_to_last(walk);

		if (r < 0)
			return r;
		if (!walk->name)
			return -EISDIR;
		do
			r = create_last(walk, mode, &fd);
		while (r == -ENOENT && ++i < WALK_MAX_ATTEMPTS);
		if (r < 0)
			return r == -ENOENT ? -EAGAIN : r;
		if (r == 0)
			return fd;
	}
	return -EAGAIN;
}

/* fd, unless it is a directory. */
static int no_directory(int fd)
{
	_cleanup_close_ int owned = fd;
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? -EISDIR : TAKE_FD(owned);
}

int pathat_create_file(int root, const char *path, mode_t mode)
{
	_cleanup_(walk_done) struct walk walk = { .root = root };
	int r = pathat_open(root, path, O_PATH);

	if (r != -ENOENT || !*path)
		return no_directory(r);
	walk = walk_start(root, path);
	walk.create = true;
	walk.mode = 0755;
	r = create_file(&walk, mode);
	return no_directory(r);
}

/* The parent, when it exists and the path ends in a plain name: one system call. */
static int open_existing_parent(int root, const char *path, char **ret_name)
{
	size_t end = strlen(path), start;
	_cleanup_free_ char *parent = NULL, *name = NULL;
	int fd;

	while (end > 0 && path[end - 1] == '/')
		end--;
	start = end;
	while (start > 0 && path[start - 1] != '/')
		start--;
	name = xstrndup(path + start, end - start);
	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return -ENOENT;
	parent = str_printf("/%.*s", (int)start, path);
	fd = pathat_open(root, parent, O_PATH | O_DIRECTORY);
	if (fd >= 0)
		*ret_name = TAKE_PTR(name);
	return fd;
}

int pathat_open_parent(int root, const char *path, char **ret_name)
{
	_cleanup_(walk_done) struct walk walk = { .root = root };
	int r = open_existing_parent(root, path, ret_name);

	if (r != -ENOENT)
		return r;
	walk = walk_start(root, path);
	walk.create = true;
	walk.mode = 0755;
	r = walk_to_last(&walk);
	if (r < 0)
		return r;
	if (!walk.name)
		return -EISDIR;
	r = walk_open_here(&walk, O_PATH);
	if (r >= 0)
		*ret_name = TAKE_PTR(walk.name);
	return r;
}

static bool same_object(int a, int b)
{
	struct stat st_a, st_b;

	return fstat(a, &st_a) == 0 && fstat(b, &st_b) == 0 && st_a.st_dev == st_b.st_dev &&
	       st_a.st_ino == st_b.st_ino && st_a.st_rdev == st_b.st_rdev;
}

int pathat_reopen(int fd, int flags)
{
	_cleanup_close_ int proc = procfs_open(), fds = -EBADF, new_fd = -EBADF;
	char number[16];

	if (proc < 0)
		return proc;
	fds = procfs_open_at(proc, "thread-self/fd", O_PATH | O_DIRECTORY);
	if (fds < 0)
		return fds;
	snprintf(number, sizeof(number), "%d", fd);
	/* The magic link has to be followed: that is what opens the object itself. */
	new_fd = openat(fds, number, (flags & ~O_NOFOLLOW) | O_CLOEXEC | O_NOCTTY);
	if (new_fd < 0)
		return -errno;
	return same_object(fd, new_fd) ? TAKE_FD(new_fd) : -EXDEV;
}

char *pathat_describe(int fd)
{
	char link[32], text[PATH_MAX];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, text, sizeof(text));
	if (n < 0)
		return str_printf("descriptor %d", fd);
	return xstrndup(text, (size_t)n);
}
