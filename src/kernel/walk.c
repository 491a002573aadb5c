/* SPDX-License-Identifier: Apache-2.0 */
/* One step after the other: see walk.h. */
#include "kernel/walk.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "base/str.h"

#define MAX_LINKS 40 /* as the kernel's MAXSYMLINKS (path_resolution(7)) */

void walk_done(struct walk *walk)
{
	while (walk->n_dirs > 0)
		close(walk->dirs[--walk->n_dirs]);
	free(walk->dirs);
	free(walk->rest);
	free(walk->name);
}

struct walk walk_start(int root, const char *path)
{
	return (struct walk){ .root = root, .rest = xstrdup(path) };
}

int walk_dir(const struct walk *walk)
{
	return walk->n_dirs > 0 ? walk->dirs[walk->n_dirs - 1] : walk->root;
}

static void walk_push(struct walk *walk, int fd)
{
	walk->dirs = xrealloc(walk->dirs, walk->n_dirs + 1, sizeof(int));
	walk->dirs[walk->n_dirs++] = fd;
}

/* Above the root is the root. */
static void walk_pop(struct walk *walk)
{
	if (walk->n_dirs > 0)
		close(walk->dirs[--walk->n_dirs]);
}

/* The next component that is not "" or ".", as new memory; NULL at the end of the path. */
static char *walk_component(struct walk *walk)
{
	for (;;) {
		const char *start = walk->rest + walk->next;
		size_t n;

		start += strspn(start, "/");
		n = strcspn(start, "/");
		walk->next = (size_t)(start - walk->rest) + n;
		if (n == 0)
			return NULL;
		if (n != 1 || *start != '.')
			return xstrndup(start, n);
	}
}

/* True if nothing but slashes and dots is left. */
static bool walk_at_end(const struct walk *walk)
{
	const char *p = walk->rest + walk->next;

	while (*p == '/' || (*p == '.' && (p[1] == '/' || !p[1])))
		p++;
	return !*p;
}

/*
 * Go on with the text of a symlink.  Links of procfs that stand for an object, not for a path
 * (/proc/PID/fd/N, cwd, root, exe, ns/NAME), show an absolute path, a text with a colon ("pipe:[1]") or
 * one in parentheses ("(unreachable)"): they are refused as openat2 refuses them.  Taken as a path their
 * text would name some other object, though none outside.  The few links of procfs that are absolute
 * and honest (/proc/device-tree) are refused too.
 */
static int walk_follow(struct walk *walk, int link)
{
	char text[PATH_MAX];
	struct statfs fs;
	ssize_t n = readlinkat(link, "", text, sizeof(text) - 1);
	char *rest;

	if (n < 0)
		return -errno;
	if (n == 0)
		return -ENOENT;
	text[n] = '\0';
	if (fstatfs(link, &fs) < 0)
		return -errno;
	if (fs.f_type == PROC_SUPER_MAGIC && (*text == '/' || *text == '(' || strchr(text, ':')))
		return -ELOOP;
	if (++walk->n_links > MAX_LINKS)
		return -ELOOP;
	if (*text == '/')
		while (walk->n_dirs > 0)
			walk_pop(walk);
	rest = str_printf("%s%s", text, walk->rest + walk->next);
	free(walk->rest);
	walk->rest = rest;
	walk->next = 0;
	return 0;
}

/* What is called name is no directory: follow it if it is a symlink.  1: it has changed, look again. */
static int enter_symlink(struct walk *walk, const char *name)
{
	_cleanup_close_ int fd = openat(walk_dir(walk), name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return errno == ENOENT ? 1 : -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return walk_follow(walk, fd);
	return S_ISDIR(st.st_mode) ? 1 : -ENOTDIR;
}

/* Into the directory called name, or on to where the symlink of that name points. */
static int walk_enter(struct walk *walk, const char *name)
{
	if (strcmp(name, "..") == 0) {
		walk_pop(walk);
		return 0;
	}
	for (int i = 0; i < WALK_MAX_ATTEMPTS; i++) {
		int dir = walk_dir(walk);
		int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);

		if (fd >= 0) {
			walk_push(walk, fd);
			return 0;
		}
		if (errno == ENOTDIR || errno == ELOOP) {
			int r = enter_symlink(walk, name);

			if (r <= 0)
				return r;
		} else if (errno == ENOENT && walk->create) {
			/* Somebody else may have made it, as whatever it likes: look again. */
			if (mkdirat(dir, name, walk->mode) < 0 && errno != EEXIST)
				return -errno;
		} else {
			return -errno;
		}
	}
	return -EAGAIN;
}

int walk_all(struct walk *walk)
{
	char *name;

	while ((name = walk_component(walk))) {
		int r = walk_enter(walk, name);

		free(name);
		if (r < 0)
			return r;
	}
	return 0;
}

int walk_to_last(struct walk *walk)
{
	for (;;) {
		int r;

		free(walk->name);
		walk->name = walk_component(walk);
		if (!walk->name)
			return 0;
		if (walk_at_end(walk) && strcmp(walk->name, "..") != 0) {
			if (walk->rest[walk->next])
				walk->directory = true;
			return 0;
		}
		r = walk_enter(walk, walk->name);
		if (r < 0)
			return r;
	}
}

int walk_open_here(const struct walk *walk, int flags)
{
	/* Looking up "." would need search permission for it, which an O_PATH descriptor does not. */
	int fd = flags & O_PATH ? fcntl(walk_dir(walk), F_DUPFD_CLOEXEC, 0) :
				  openat(walk_dir(walk), ".", flags | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int walk_open_last(struct walk *walk, int flags, int *ret_fd)
{
	int dir = walk_dir(walk);
	_cleanup_close_ int fd = openat(dir, walk->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	bool directory = walk->directory || flags & O_DIRECTORY;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode) && (walk->directory || !(flags & O_NOFOLLOW))) {
		int r = walk_follow(walk, fd);

		return r < 0 ? r : 1;
	}
	if (directory && !S_ISDIR(st.st_mode))
		return -ENOTDIR;
	if (flags & O_PATH) {
		*ret_fd = TAKE_FD(fd);
		return 0;
	}
	*ret_fd = openat(dir, walk->name, flags | O_NOFOLLOW | O_CLOEXEC | (directory ? O_DIRECTORY : 0));
	return *ret_fd < 0 ? -errno : 0;
}
