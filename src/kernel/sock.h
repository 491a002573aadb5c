/* SPDX-License-Identifier: Apache-2.0 */
/* Unix sockets: pairs of packets, descriptors in SCM_RIGHTS, names of any length. -errno. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#define SOCK_MAX_FDS 250 /* the kernel's SCM_MAX_FD is 253 */

/* A SOCK_SEQPACKET pair, close-on-exec. */
int sock_pair(int ret_fds[2]);

/* A receive that waits longer than that ends with -EAGAIN. */
int sock_set_patience(int sock, int milliseconds);

/* One packet of n bytes with n_fds descriptors.  EINTR is retried, SIGPIPE is not raised. */
int sock_send(int sock, const void *p, size_t n, const int *fds, size_t n_fds);

/* One packet.  Returns its length (0: the other side closed), or -EMSGSIZE when it was longer than
   max or carried more than max_fds descriptors (all of them closed again), or another errno.
   Received descriptors are close-on-exec; *ret_n_fds of them land in fds and are the caller's. */
ssize_t sock_recv(int sock, void *p, size_t max, int *fds, size_t max_fds, size_t *ret_n_fds);

/* A listening SOCK_SEQPACKET socket called `name` in the directory, reached through
   /proc/self/fd, since sun_path holds 108 bytes only. */
int sock_listen_at(int dirfd, const char *name);

/* Connect to such a socket. -ENOENT, -ECONNREFUSED: nobody listens any more. */
int sock_connect_at(int dirfd, const char *name);

/* Connect a SOCK_STREAM socket to a path of any length, as the console socket of an engine. */
int sock_connect_stream(const char *path);
