/* SPDX-License-Identifier: Apache-2.0 */
/*
 * console-recv SOCKET [INPUT]: what an engine does with --console-socket.  Listens, takes the one
 * terminal that the runtime sends, prints "name NAME" (the text of the message) and "fds N", types
 * INPUT, and copies what the terminal says to standard output until it hangs up.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof address.sun_path)
		return -1;
	strcpy(address.sun_path, path);
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 1) < 0)
		return -1;
	return fd;
}

/* The first descriptor of the message; the number of all of them goes to standard output. */
static int receive_fd(int connection)
{
	char text[4096], control[CMSG_SPACE(16 * sizeof(int))];
	struct iovec iov = { text, sizeof text - 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
	ssize_t n = recvmsg(connection, &m, 0);
	struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
	int fd = -1;

	if (n < 0)
		return -1;
	text[n] = '\0';
	printf("name %s\n", text);
	if (c && c->cmsg_type == SCM_RIGHTS) {
		memcpy(&fd, CMSG_DATA(c), sizeof fd);
		printf("fds %zu\n", (c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
	}
	fflush(stdout);
	return fd;
}

int main(int argc, char **argv)
{
	char buffer[4096];
	int listener, master;
	ssize_t n;

	if (argc < 2 || (listener = listen_at(argv[1])) < 0) {
		perror("console-recv: listen");
		return 1;
	}
	master = receive_fd(accept(listener, NULL, NULL));
	if (master < 0) {
		perror("console-recv: receive");
		return 1;
	}
	if (argc > 2 && write(master, argv[2], strlen(argv[2])) < 0)
		perror("console-recv: write");
	while ((n = read(master, buffer, sizeof buffer)) > 0) {
		fwrite(buffer, 1, (size_t)n, stdout);
		fflush(stdout);
	}
	return 0;
}
