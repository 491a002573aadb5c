/* SPDX-License-Identifier: Apache-2.0 */
/* Unix sockets: see sock.h.  What travels over them is no matter of this file. */
#include "kernel/sock.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/cleanup.h"

/* SCM_MAX_FD of the kernel: no message carries more, so this buffer is never too small. */
#define KERNEL_MAX_FDS 253

union fds_message {
	struct cmsghdr header;
	char space[CMSG_SPACE(KERNEL_MAX_FDS * sizeof(int))];
};

int sock_pair(int ret_fds[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_fds) < 0 ? -errno : 0;
}

int sock_set_patience(int sock, int milliseconds)
{
	const struct timeval time = { .tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000 };

	return setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time)) < 0 ? -errno : 0;
}

int sock_send(int sock, const void *p, size_t n, const int *fds, size_t n_fds)
{
	struct iovec data = { .iov_base = (void *)p, .iov_len = n };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1 };
	union fds_message control;
	ssize_t sent;

	/* An empty packet could not be told from the end of the connection. */
	if (n == 0 || n_fds > SOCK_MAX_FDS)
		return -EINVAL;
	if (n_fds > 0) {
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		memset(&control, 0, message.msg_controllen);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		memcpy(CMSG_DATA(&control.header), fds, n_fds * sizeof(int));
	}
	do
		sent = sendmsg(sock, &message, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return -errno;
	return (size_t)sent == n ? 0 : -EIO;
}

/* Collect the descriptors of a message: all of them, how many so ever there are. */
static size_t take_fds(struct msghdr *message, int fds[KERNEL_MAX_FDS])
{
	size_t n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		size_t n_here = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS || n_here > KERNEL_MAX_FDS - n)
			continue;
		memcpy(fds + n, CMSG_DATA(c), n_here * sizeof(int));
		n += n_here;
	}
	return n;
}

static void close_all(const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		close(fds[i]);
}

ssize_t sock_recv(int sock, void *p, size_t max, int *fds, size_t max_fds, size_t *ret_n_fds)
{
	struct iovec data = { .iov_base = p, .iov_len = max };
	union fds_message control;
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	int received[KERNEL_MAX_FDS];
	size_t n_fds;
	ssize_t n;

	*ret_n_fds = 0;
	do
		n = recvmsg(sock, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;

	n_fds = take_fds(&message, received);
	if (message.msg_flags & MSG_TRUNC || n_fds > max_fds)
		n = -EMSGSIZE;
	else if (message.msg_flags & MSG_CTRUNC)
		n = -EMFILE; /* there is room for all of them, so they could not be made ours */
	if (n <= 0) {
		close_all(received, n_fds);
		return n;
	}
	if (n_fds > 0)
		memcpy(fds, received, n_fds * sizeof(int));
	*ret_n_fds = n_fds;
	return n;
}

static int set_path(struct sockaddr_un *address, const char *path)
{
	size_t n = strlen(path);

	if (n >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path, path, n);
	return 0;
}

static int set_path_at(struct sockaddr_un *address, int dirfd, const char *name)
{
	char path[sizeof(address->sun_path)];
	int n;

	/* A longer one would be cut, and mean something else. */
	n = snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dirfd, name);
	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	return set_path(address, path);
}

int sock_listen_at(int dirfd, const char *name)
{
	_cleanup_close_ int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un address;
	int r;

	if (sock < 0)
		return -errno;
	r = set_path_at(&address, dirfd, name);
	if (r < 0)
		return r;
	if (bind(sock, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	if (listen(sock, 1) < 0)
		return -errno;
	return TAKE_FD(sock);
}

static int connect_to(int type, const struct sockaddr_un *address)
{
	_cleanup_close_ int sock = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	if (sock < 0)
		return -errno;
	/* No retry: a Unix socket connects at once, or waits only for room in the listener's queue. */
	if (connect(sock, (const struct sockaddr *)address, sizeof(*address)) < 0)
		return -errno;
	return TAKE_FD(sock);
}

int sock_connect_at(int dirfd, const char *name)
{
	struct sockaddr_un address;
	int r = set_path_at(&address, dirfd, name);

	return r < 0 ? r : connect_to(SOCK_SEQPACKET, &address);
}

int sock_connect_stream(const char *path)
{
	_cleanup_close_ int fd = -EBADF;
	struct sockaddr_un address;
	char magic[32];

	if (set_path(&address, path) == 0)
		return connect_to(SOCK_STREAM, &address);

	/* Longer than sun_path: the socket itself, through the magic link of its descriptor. */
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	snprintf(magic, sizeof(magic), "/proc/self/fd/%d", fd);
	set_path(&address, magic);
	return connect_to(SOCK_STREAM, &address);
}
