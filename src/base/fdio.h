/* SPDX-License-Identifier: Apache-2.0 */
/* Whole reads and writes on descriptors, and files replaced at once.  Returns are 0 or -errno. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Write all of it, over short writes and EINTR. */
int fdio_write_all(int fd, const void *p, size_t n);

/* Read to the end of file, at most max bytes (-EFBIG beyond).  *ret_text is new memory with a NUL
   behind the *ret_len bytes. */
int fdio_read_all(int fd, size_t max, char **ret_text, size_t *ret_len);

/* Read a file at path, relative to dirfd (AT_FDCWD, or absolute). Otherwise as fdio_read_all(). */
int fdio_read_file(int dirfd, const char *path, size_t max, char **ret_text, size_t *ret_len);

/* Open an existing file, write text in one write(2), close: for procfs and cgroup files, where
   one write is one request. A short write is -EIO. */
int fdio_write_file(int dirfd, const char *path, const char *text);

/* Replace path by a new file with this content, so that a reader sees the old one or the whole new
   one.  The temporary file is ".NAME.tmp" beside it, so that two writers need a lock. */
int fdio_replace_file(int dirfd, const char *path, const void *p, size_t n, mode_t mode);

/* As fdio_replace_file(), for a path that a caller of ours has chosen: what is there and is no regular file (/dev/null,
   a link, a FIFO) is written to, and stays. */
int fdio_put_file(int dirfd, const char *path, const void *p, size_t n, mode_t mode);

/* Make a file that is not there yet (-EEXIST) with this content. */
int fdio_create_file(int dirfd, const char *path, const void *p, size_t n, mode_t mode);

/* mkdir -p, each new directory with this mode; 0 when it is there. */
int fdio_mkdir_p(const char *path, mode_t mode);

/* Open a file, device or directory for reading, without ever waiting for somebody: -ENXIO for a pipe or socket. */
int fdio_open_source(const char *path);

/* Set close-on-exec on every descriptor >= first. */
int fdio_cloexec_from(unsigned first);

/* Close every descriptor >= first but the n in keep (those below `first` or negative are skipped);
   the array is sorted in place. */
int fdio_close_except(unsigned first, int *keep, size_t n);
