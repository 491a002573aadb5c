/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors: see fdio.h. */
#include "base/fdio.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/str.h"

int fdio_write_all(int fd, const void *p, size_t n)
{
	const char *next = p;

	while (n > 0) {
		ssize_t done = write(fd, next, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		next += done;
		n -= (size_t)done;
	}
	return 0;
}

int fdio_read_all(int fd, size_t max, char **ret_text, size_t *ret_len)
{
	size_t size = 4096, len = 0, told = 0;
	_cleanup_free_ char *text = NULL;
	struct stat st;

	/* A regular file tells its size: read it in one go. */
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
		if ((uintmax_t)st.st_size > max)
			return -EFBIG;
		told = (size_t)st.st_size;
		size = told + 2;
	}
	text = xmalloc(size);
	for (;;) {
		ssize_t n = read(fd, text + len, size - len - 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
		if (len > max)
			return -EFBIG;
		/* As much as was told, and not the byte more that was asked for: the end. */
		if (told > 0 && len == told)
			break;
		if (len == size - 1) {
			size *= 2;
			text = xrealloc(text, size, 1);
		}
	}
	text[len] = '\0';
	*ret_text = TAKE_PTR(text);
	if (ret_len)
		*ret_len = len;
	return 0;
}

int fdio_read_file(int dirfd, const char *path, size_t max, char **ret_text, size_t *ret_len)
{
	_cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return -errno;
	return fdio_read_all(fd, max, ret_text, ret_len);
}

int fdio_write_file(int dirfd, const char *path, const char *text)
{
	_cleanup_close_ int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	size_t n = strlen(text);
	ssize_t done;

	if (fd < 0)
		return -errno;
	done = write(fd, text, n);
	if (done < 0)
		return -errno;
	return (size_t)done == n ? 0 : -EIO;
}

int fdio_create_file(int dirfd, const char *path, const void *p, size_t n, mode_t mode)
{
	_cleanup_close_ int fd = openat(dirfd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);

	return fd < 0 ? -errno : fdio_write_all(fd, p, n);
}

/* The directory part of path with its slash, or "" where there is none. */
static int dir_length(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (int)(slash + 1 - path) : 0;
}

/* A new file.  What is there was left by a process that was killed: it may have another mode, or be
   something else. */
static int create_anew(int dirfd, const char *path, mode_t mode)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
	int fd = openat(dirfd, path, flags, mode);

	if (fd < 0 && errno == EEXIST && unlinkat(dirfd, path, 0) == 0)
		fd = openat(dirfd, path, flags, mode);
	return fd < 0 ? -errno : fd;
}

int fdio_replace_file(int dirfd, const char *path, const void *p, size_t n, mode_t mode)
{
	int dir = dir_length(path);
	_cleanup_free_ char *tmp = str_printf("%.*s.%s.tmp", dir, path, path + dir);
	_cleanup_close_ int fd = create_anew(dirfd, tmp, mode);
	int r;

	if (fd < 0)
		return fd;
	r = fdio_write_all(fd, p, n);
	if (r == 0 && renameat(dirfd, tmp, dirfd, path) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(dirfd, tmp, 0);
	return r;
}

/* O_NONBLOCK: a FIFO that nobody reads is an error, and does not keep us waiting. */
static int write_through(int dirfd, const char *path, const void *p, size_t n, mode_t mode)
{
	_cleanup_close_ int fd =
		openat(dirfd, path, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, mode);

	return fd < 0 ? -errno : fdio_write_all(fd, p, n);
}

int fdio_put_file(int dirfd, const char *path, const void *p, size_t n, mode_t mode)
{
	struct stat st;

	if (fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(st.st_mode))
		return write_through(dirfd, path, p, n, mode);
	return fdio_replace_file(dirfd, path, p, n, mode);
}

int fdio_mkdir_p(const char *path, mode_t mode)
{
	_cleanup_free_ char *copy = xstrdup(path);

	for (char *slash = *copy ? strchr(copy + 1, '/') : NULL;; slash = strchr(slash + 1, '/')) {
		if (slash)
			*slash = '\0';
		if (mkdir(copy, mode) < 0 && errno != EEXIST)
			return -errno;
		if (!slash)
			return 0;
		*slash = '/';
	}
}

int fdio_open_source(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (S_ISFIFO(st.st_mode))
		return -ENXIO;
	return fcntl(fd, F_SETFL, 0) < 0 ? -errno : TAKE_FD(fd);
}

int fdio_cloexec_from(unsigned first)
{
	/* The system call, since close_range() of glibc is younger than our floor. */
	if (syscall(SYS_close_range, first, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return -errno;
	return 0;
}

static int compare_fds(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

int fdio_close_except(unsigned first, int *keep, size_t n)
{
	qsort(keep, n, sizeof(keep[0]), compare_fds);
	for (size_t i = 0; i < n; i++) {
		if (keep[i] < 0 || (unsigned)keep[i] < first)
			continue;
		if ((unsigned)keep[i] > first && syscall(SYS_close_range, first, (unsigned)keep[i] - 1, 0) < 0)
			return -errno;
		first = (unsigned)keep[i] + 1;
	}
	return syscall(SYS_close_range, first, ~0U, 0) < 0 ? -errno : 0;
}
