/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a proven procfs: see procfs.h.  What is written is the caller's business. */
#include "kernel/procfs.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "kernel/syscalls.h"

#define PROC_ROOT_INO 1 /* of every procfs; a directory below it, bound over /proc, has another */

static bool is_procfs(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

int procfs_open(void)
{
	_cleanup_close_ int fd = open("/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (!is_procfs(fd) || fstat(fd, &st) < 0 || st.st_ino != PROC_ROOT_INO)
		return -EXDEV;
	return TAKE_FD(fd);
}

/* "self" and "thread-self" are symlinks, and the only ones that are followed. */
static bool starts_with_self(const char *path)
{
	return str_starts(path, "self/") || str_starts(path, "thread-self/");
}

/* The mount that it is on (statx(2), Linux 5.8), or -EXDEV: what cannot be told may be anything. */
static int mount_of(int fd, uint64_t *ret_id)
{
	struct statx st = { .stx_mask = 0 };

	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) < 0 || !(st.stx_mask & STATX_MNT_ID))
		return -EXDEV;
	*ret_id = st.stx_mnt_id;
	return 0;
}

/* Another file of the same procfs may be mounted over this one, /proc/sysrq-trigger over a label, say: only the mount
   tells (CVE-2025-52881). */
static int check_mount(int fd, uint64_t mount)
{
	uint64_t here = 0;
	int r = mount_of(fd, &here);

	return r == 0 && (here != mount || !is_procfs(fd)) ? -EXDEV : r;
}

/* One component; the last is opened with the caller's flags. */
static int walk_step(int dir, const char *name, bool last, int flags, uint64_t mount)
{
	_cleanup_close_ int place = -EBADF, fd = -EBADF;
	struct stat st;
	int r;

	if (strcmp(name, "..") == 0)
		return -EXDEV;
	/* Without opening it yet: what is mounted there may be a device or a fifo. */
	place = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (place < 0 || fstat(place, &st) < 0)
		return -errno;
	r = check_mount(place, mount);
	if (r < 0)
		return r;
	if (S_ISLNK(st.st_mode) && !(last && flags & O_NOFOLLOW))
		return -ELOOP;
	if (!last)
		return S_ISDIR(st.st_mode) ? TAKE_FD(place) : -ENOTDIR;
	fd = openat(dir, name, O_NOFOLLOW | O_CLOEXEC | flags);
	if (fd < 0)
		return -errno;
	r = check_mount(fd, mount);
	return r < 0 ? r : TAKE_FD(fd);
}

/* What "self" or "thread-self" stand for, and the rest of the path behind it. */
static int replace_self(int proc_fd, const char *path, uint64_t mount, char **ret_path)
{
	size_t n_link = strcspn(path, "/");
	_cleanup_free_ char *name = xstrndup(path, n_link);
	_cleanup_close_ int link = walk_step(proc_fd, name, true, O_PATH | O_NOFOLLOW, mount);
	char pid[64];
	ssize_t n;

	if (link < 0)
		return link;
	n = readlinkat(link, "", pid, sizeof(pid) - 1);
	if (n < 0)
		return -errno;
	*ret_path = str_printf("%.*s%s", (int)n, pid, path + n_link);
	return 0;
}

/* For the seccomp filters that answer ENOSYS to openat2. */
static int open_walk(int proc_fd, const char *path, int flags)
{
	_cleanup_free_ char *real_path = starts_with_self(path) ? NULL : xstrdup(path);
	_cleanup_(strv_done) struct strv names = STRV_INIT;
	_cleanup_close_ int dir = -EBADF;
	uint64_t mount;
	int r = mount_of(proc_fd, &mount);

	if (r == 0 && !real_path)
		r = replace_self(proc_fd, path, mount, &real_path);
	if (r < 0 || !real_path)
		return r;
	if (*real_path == '/')
		return -EXDEV;
	strv_split(&names, real_path, '/');
	if (names.n == 0)
		return -ENOENT;
	for (size_t i = 0; i < names.n; i++) {
		int next = walk_step(i == 0 ? proc_fd : dir, names.v[i], i + 1 == names.n, flags, mount);

		if (next < 0)
			return next;
		fd_close(&dir);
		dir = next;
	}
	return TAKE_FD(dir);
}

int procfs_open_at(int proc_fd, const char *path, int flags)
{
	struct sys_open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS,
	};
	int fd;

	if (!starts_with_self(path))
		how.resolve |= RESOLVE_NO_SYMLINKS;
	fd = sys_openat2(proc_fd, path, &how);
	/* EAGAIN: something was renamed or mounted, anywhere on the system, while ".." was resolved (openat2(2)). */
	return fd == -ENOSYS || fd == -EAGAIN ? open_walk(proc_fd, path, flags) : fd;
}

int procfs_write(int proc_fd, const char *path, const char *text)
{
	_cleanup_close_ int fd = procfs_open_at(proc_fd, path, O_WRONLY | O_NOCTTY);
	size_t n = strlen(text);
	ssize_t done;

	if (fd < 0)
		return fd;
	done = write(fd, text, n);
	if (done < 0)
		return -errno;
	return (size_t)done == n ? 0 : -EIO;
}

int procfs_open_pid(int proc_fd, pid_t pid)
{
	char name[16];
	int fd;

	snprintf(name, sizeof(name), "%d", pid);
	fd = procfs_open_at(proc_fd, name, O_PATH | O_DIRECTORY);
	return fd == -ENOENT ? -ESRCH : fd;
}

int procfs_stat_field(const char *line, int number, uint64_t *ret_value)
{
	/* Field 2 is the program's name in parentheses, which may hold anything, parentheses and blanks too. */
	const char *field = strrchr(line, ')');

	for (int i = 2; field && i < number; i++) {
		field = strchr(field, ' ');
		field = field ? field + 1 : NULL;
	}
	if (!field)
		return -EIO;
	*ret_value = strtoull(field, NULL, 10);
	return 0;
}

static int parse_stat(const char *line, uint64_t *ret_start_time, char *ret_state)
{
	const char *name_end = strrchr(line, ')');

	if (!name_end || name_end[1] != ' ' || !name_end[2])
		return -EIO;
	*ret_state = name_end[2];
	return procfs_stat_field(line, 22, ret_start_time);
}

int procfs_stat_line(const char *who, char *line, size_t n_line)
{
	_cleanup_close_ int fd = -EBADF;
	char path[32];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%s/stat", who);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	/* All of it at once: a single line. */
	n = read(fd, line, n_line - 1);
	if (n < 0)
		return -errno;
	line[n] = '\0';
	return 0;
}

int procfs_stat(pid_t pid, uint64_t *ret_start_time, char *ret_state)
{
	char who[16], line[2048];
	int r;

	snprintf(who, sizeof(who), "%d", pid);
	r = procfs_stat_line(who, line, sizeof(line));
	if (r == -ENOENT)
		return pid > 0 && (kill(pid, 0) == 0 || errno == EPERM) ? -EACCES : -ESRCH;
	/* ESRCH when it went away in between. */
	return r < 0 ? r : parse_stat(line, ret_start_time, ret_state);
}
