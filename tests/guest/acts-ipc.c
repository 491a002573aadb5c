/* SPDX-License-Identifier: Apache-2.0 */
/* Acts that reach other processes: sockets and signals; and what else a sandbox is asked about. */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct sockaddr_in loopback(const char *port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(port)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static int act_bind(int n, char **args)
{
	const struct sockaddr_in address = loopback(args[0]);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)n;
	if (bind(fd, (const struct sockaddr *)&address, sizeof address) < 0)
		return fail(args[0]);
	close(fd);
	return 0;
}

static int act_connect(int n, char **args)
{
	const struct sockaddr_in address = loopback(args[0]);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)n;
	if (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0)
		return fail(args[0]);
	close(fd);
	return 0;
}

static socklen_t abstract(const char *name, struct sockaddr_un *address)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(address->sun_path + 1, name, strlen(name));
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
}

/* Listens at an abstract address, and stays. */
static int act_listen_abstract(int n, char **args)
{
	struct sockaddr_un address;
	socklen_t length = abstract(args[0], &address);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)n;
	if (bind(fd, (struct sockaddr *)&address, length) < 0 || listen(fd, 8) < 0)
		return fail(args[0]);
	printf("listening\n");
	fflush(stdout);
	for (;;)
		pause();
}

static int act_connect_abstract(int n, char **args)
{
	struct sockaddr_un address;
	socklen_t length = abstract(args[0], &address);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)n;
	if (connect(fd, (struct sockaddr *)&address, length) < 0)
		return fail(args[0]);
	close(fd);
	return 0;
}

static int act_kill(int n, char **args)
{
	(void)n;
	return kill(atoi(args[0]), atoi(args[1])) < 0 ? fail(args[0]) : 0;
}

static int act_rename(int n, char **args)
{
	(void)n;
	return rename(args[0], args[1]) < 0 ? fail(args[1]) : 0;
}

static int act_truncate(int n, char **args)
{
	(void)n;
	return truncate(args[0], 0) < 0 ? fail(args[0]) : 0;
}

/* A command that no device knows: ENOTTY says that it was asked. */
static int act_ioctl(int n, char **args)
{
	int fd = open(args[0], O_RDONLY | O_CLOEXEC);

	(void)n;
	return ioctl(fd, 0x7f01) < 0 ? fail(args[0]) : 0;
}

/* A system call by its number, with arguments that are numbers: prints what it returns. */
static int act_syscall(int n, char **args)
{
	long a[7] = { 0 };

	for (int i = 0; i < n && i < 7; i++)
		a[i] = strtol(args[i], NULL, 0);
	if (syscall(a[0], a[1], a[2], a[3], a[4], a[5], a[6]) < 0)
		return fail(args[0]);
	return 0;
}

const struct act ipc_acts[] = {
	{ "bind", "PORT", 1, act_bind },
	{ "connect", "PORT", 1, act_connect },
	{ "listen-abstract", "NAME", 1, act_listen_abstract },
	{ "connect-abstract", "NAME", 1, act_connect_abstract },
	{ "kill", "PID SIGNAL", 2, act_kill },
	{ "rename", "FROM TO", 2, act_rename },
	{ "truncate", "FILE", 1, act_truncate },
	{ "ioctl", "DEVICE", 1, act_ioctl },
	{ "syscall", "NUMBER [ARG...]", 1, act_syscall },
	{ NULL, NULL, 0, NULL },
};
