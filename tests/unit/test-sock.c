/* SPDX-License-Identifier: Apache-2.0 */
/* sock: packets, descriptors, names of any length. */
#include "kernel/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/str.h"
#include "tests/unit/test.h"

static int count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void test_packets(void)
{
	int s[2], fds[4] = { -1, -1, -1, -1 };
	size_t n_fds = 9;
	char text[16];

	CHECK(sock_pair(s) == 0 && fcntl(s[0], F_GETFD) & FD_CLOEXEC, "a pair");
	CHECK(sock_send(s[0], "hello", 5, NULL, 0) == 0 && sock_send(s[0], "you", 3, NULL, 0) == 0, "sent");
	CHECK(sock_recv(s[1], text, sizeof(text), fds, 4, &n_fds) == 5 && n_fds == 0 && memcmp(text, "hello", 5) == 0,
	      "one packet");
	CHECK(sock_recv(s[1], text, sizeof(text), NULL, 0, &n_fds) == 3, "the other");
	CHECK(sock_send(s[0], "", 0, NULL, 0) == -EINVAL, "nothing is no packet");
	CHECK(sock_send(s[0], "0123456789", 10, NULL, 0) == 0, "sent");
	CHECK(sock_recv(s[1], text, 9, NULL, 0, &n_fds) == -EMSGSIZE, "longer than the buffer");
	close(s[0]);
	CHECK(sock_recv(s[1], text, sizeof(text), fds, 4, &n_fds) == 0 && n_fds == 0, "the other side closed");
	CHECK(sock_send(s[1], "x", 1, NULL, 0) == -EPIPE, "no SIGPIPE");
	close(s[1]);
}

static void test_descriptors(void)
{
	int s[2], out[SOCK_MAX_FDS], in[SOCK_MAX_FDS], before;
	struct stat a, b;
	size_t n = 0;
	char text[4];

	CHECK(sock_pair(s) == 0, "a pair");
	for (int i = 0; i < SOCK_MAX_FDS; i++)
		out[i] = s[i % 2];
	before = count_fds();
	CHECK(sock_send(s[0], "x", 1, out, 2) == 0, "two sent");
	CHECK(sock_recv(s[1], text, 4, in, 2, &n) == 1 && n == 2, "two came");
	CHECK(fcntl(in[0], F_GETFD) & FD_CLOEXEC && fcntl(in[1], F_GETFD) & FD_CLOEXEC, "close-on-exec");
	CHECK(fstat(in[1], &a) == 0 && fstat(s[1], &b) == 0 && a.st_ino == b.st_ino, "in their order");
	close(in[0]);
	close(in[1]);

	CHECK(sock_send(s[0], "x", 1, out, 3) == 0, "three sent");
	CHECK(sock_recv(s[1], text, 4, in, 2, &n) == -EMSGSIZE && n == 0, "more than there is room for");
	CHECK(sock_send(s[0], "toolong", 7, out, 3) == 0, "three sent with a long packet");
	CHECK(sock_recv(s[1], text, 4, in, 3, &n) == -EMSGSIZE && n == 0, "too long");
	CHECK(count_fds() == before, "all were closed");

	CHECK(sock_send(s[0], "x", 1, out, SOCK_MAX_FDS) == 0, "as many as may be");
	CHECK(sock_recv(s[1], text, 4, in, SOCK_MAX_FDS, &n) == 1 && n == SOCK_MAX_FDS, "%zu came", n);
	for (size_t i = 0; i < n; i++)
		close(in[i]);
	CHECK(sock_send(s[0], "x", 1, out, SOCK_MAX_FDS + 1) == -EINVAL, "no more than that");
	CHECK(count_fds() == before, "none is left");
	close(s[0]);
	close(s[1]);
}

/* A packet without bytes, but with a descriptor, looks like the end. */
static void test_empty_packet(void)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .header = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	struct msghdr message = { .msg_control = &control, .msg_controllen = sizeof(control) };
	int s[2], in[2], before;
	size_t n;
	char text[4];

	CHECK(sock_pair(s) == 0, "a pair");
	memcpy(CMSG_DATA(&control.header), &s[0], sizeof(int));
	before = count_fds();
	CHECK(sendmsg(s[0], &message, 0) == 0, "an empty packet with a descriptor");
	CHECK(sock_recv(s[1], text, sizeof(text), in, 2, &n) == 0 && n == 0, "is the end");
	CHECK(count_fds() == before, "and leaves no descriptor");
	close(s[0]);
	close(s[1]);
}

static void test_no_room(void)
{
	struct rlimit old, low;
	int s[2], in[2], fd;
	ssize_t r;
	size_t n;
	char text[4];

	CHECK(sock_pair(s) == 0 && sock_send(s[0], "x", 1, s, 2) == 0, "sent");
	getrlimit(RLIMIT_NOFILE, &old);
	fd = dup(0);
	close(fd);
	low = old;
	low.rlim_cur = (rlim_t)fd + 1;
	setrlimit(RLIMIT_NOFILE, &low);
	r = sock_recv(s[1], text, sizeof(text), in, 2, &n);
	setrlimit(RLIMIT_NOFILE, &old);
	CHECK(r == -EMFILE && n == 0, "a descriptor that there is no room for is an error: %zd", r);
	CHECK(dup(0) == fd, "and the one that fitted is closed");
	close(fd);
	close(s[0]);
	close(s[1]);
}

static void test_names(void)
{
	char top[] = "/tmp/test-sock.XXXXXX", deep[300] = "", text[4], command[64];
	_cleanup_close_ int dir = -EBADF, listener = -EBADF, client = -EBADF, server = -EBADF;
	_cleanup_free_ char *path = NULL;
	size_t n;

	CHECK(mkdtemp(top) != NULL, "a directory");
	memset(deep, 'd', 200);
	dir = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	mkdirat(dir, deep, 0700);
	path = str_printf("%s/%s", top, deep);
	close(dir);
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	CHECK(sock_connect_at(dir, "start") == -ENOENT, "no such socket");
	listener = sock_listen_at(dir, "start");
	CHECK(listener >= 0 && fcntl(listener, F_GETFD) & FD_CLOEXEC, "listening, however long the path is");
	CHECK(sock_listen_at(dir, "start") == -EADDRINUSE, "once");
	client = sock_connect_at(dir, "start");
	CHECK(client >= 0, "connected");
	server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	CHECK(server >= 0 && sock_send(client, "go", 2, NULL, 0) == 0 &&
		      sock_recv(server, text, sizeof(text), NULL, 0, &n) == 2, "a packet went through");
	fd_close(&listener);
	CHECK(sock_connect_at(dir, "start") == -ECONNREFUSED, "nobody listens any more");
	deep[199] = '\0';
	CHECK(sock_listen_at(dir, deep) == -ENAMETOOLONG, "a name that does not fit is not cut");
	snprintf(command, sizeof(command), "rm -rf %s", top);
	CHECK(system(command) == 0, "removed");
}

static int listen_stream(const char *dir, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (chdir(dir) < 0)
		return -1;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", name);
	if (bind(sock, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(sock, 5) < 0)
		return -1;
	return chdir("/") < 0 ? -1 : sock;
}

static void test_stream(void)
{
	char top[] = "/tmp/test-sock.XXXXXX", deep[201] = "", command[64];
	_cleanup_free_ char *dir = NULL, *long_path = NULL, *short_path = NULL, *file = NULL;
	int a, b, fd;

	CHECK(mkdtemp(top) != NULL, "a directory");
	memset(deep, 'd', 200);
	dir = str_printf("%s/%s", top, deep);
	mkdir(dir, 0700);
	short_path = str_printf("%s/console", top);
	long_path = str_printf("%s/console", dir);
	a = listen_stream(top, "console");
	b = listen_stream(dir, "console");
	CHECK(a >= 0 && b >= 0, "two listeners");
	fd = sock_connect_stream(short_path);
	CHECK(fd >= 0, "a short path");
	close(fd);
	fd = sock_connect_stream(long_path);
	CHECK(fd >= 0, "a long path");
	close(fd);
	CHECK(sock_connect_stream("/nonexistent/console") == -ENOENT, "no such path");
	file = str_printf("%s/file", top);
	close(open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	CHECK(sock_connect_stream(file) == -ECONNREFUSED, "no socket");
	close(a);
	close(b);
	CHECK(sock_connect_stream(long_path) == -ECONNREFUSED, "nobody listens");
	snprintf(command, sizeof(command), "rm -rf %s", top);
	CHECK(system(command) == 0, "removed");
}

int main(void)
{
	int before = count_fds();

	alarm(30);
	test_packets();
	test_descriptors();
	test_empty_packet();
	test_no_room();
	test_names();
	test_stream();
	CHECK(count_fds() == before, "no descriptor leaks");
	return test_done();
}
