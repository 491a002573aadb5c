/* SPDX-License-Identifier: Apache-2.0 */
/* Any datagram of a container: what is handed on to the service manager names our main process and no other. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/str.h"
#include "runtime/notify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The service manager, at an address of its own. */
static int manager(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	char name[64];
	int n = snprintf(name, sizeof(name), "@ocirun-fuzz-%d", getpid());

	memcpy(address.sun_path + 1, name + 1, (size_t)n - 1);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address,
			   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)n)) < 0)
		abort();
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

static void check_lines(char *text)
{
	size_t n_main = 0;
	char *line;

	while ((line = strsep(&text, "\n"))) {
		if (str_starts(line, "MAINPID=")) {
			n_main++;
			if (strcmp(line, "MAINPID=4321") != 0)
				abort();
		}
		if (str_starts(line, "FDSTORE") || str_starts(line, "BARRIER="))
			abort();
	}
	if (n_main != 1)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int sock = -EBADF;
	struct err e = ERR_INIT;
	char text[16384];
	int pair[2];
	bool ready;
	ssize_t n;

	if (sock < 0)
		sock = manager();
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		abort();
	if (send(pair[1], data, size, 0) == (ssize_t)size) {
		if (notify_forward(pair[0], 4321, &ready, &e) < 0)
			abort();
		n = recv(sock, text, sizeof(text) - 1, 0);
		if (n < 0 && size > 0)
			abort();
		if (n > 0) {
			text[n] = '\0';
			check_lines(text);
		}
	}
	close(pair[0]);
	close(pair[1]);
	return 0;
}
