/* SPDX-License-Identifier: Apache-2.0 */
/* What FUSE servers say, and how they end, in a file of FUSE_LOG_MAX bytes at most. */
#pragma once

#include <stddef.h>

struct fuse_log {
	int said; /* read end of the pipe that is the standard output of all servers, not blocking */
	int fd;   /* the file, for appending */
	size_t n; /* bytes in it */
};

/* Append as much as a pipe holds: all that a server said which has ended. */
void fuse_log_take(struct fuse_log *log);

/* Append a line of our own, with the time. */
void fuse_log_say(struct fuse_log *log, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
