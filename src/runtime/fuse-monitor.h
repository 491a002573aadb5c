/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that holds the FUSE servers of one container: their parent, outside of all its namespaces and its
 * cgroup.  It ends, and they with it, when the container's init has ended, or none of them is left.
 */
#pragma once

#include <sys/types.h>

#include "base/err.h"

/* What it shares with no one else, owned by the caller, who closes its copies. */
struct fuse_monitor_start {
	int init_pidfd;
	int log_fd; /* for appending: what servers say, and how they end, FUSE_LOG_MAX bytes at most */
};

#define FUSE_LOG_MAX 1048576

/* Start one.  Returns the socket for requests; *ret_pid is its pid, of which we are not the parent. */
int fuse_monitor_start(const struct fuse_monitor_start *start, pid_t *ret_pid, struct err *e);

#define FUSE_MONITOR_DEVICE_FD 3 /* what the server finds its descriptors as */
#define FUSE_MONITOR_SOURCE_FD 4
#define FUSE_MONITOR_DEVICE "/dev/fd/3"
#define FUSE_MONITOR_SOURCE "/dev/fd/4"

struct fuse_request {
	const char *what;  /* the user's thing, for the log */
	const char *path;  /* of the program */
	char *const *argv; /* NULL-terminated */
	int device_fd;     /* becomes 3 */
	int source_fd;     /* becomes 4; -EBADF: there is none */
	int userns_fd;     /* the server runs as root of this user namespace; -EBADF: as we are */
};

/* Start a server there: 0 when its execve(2) has succeeded. */
int fuse_monitor_request(int sock, const struct fuse_request *request, struct err *e);

/* A server has ended, or will not: have all that it said in the log. */
int fuse_monitor_flush(int sock, struct err *e);
