/* SPDX-License-Identifier: Apache-2.0 */
/* Things that a test wants a process to do: live, die, fork, use memory, talk to a socket, run a program. */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <linux/mman.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int act_true(int n, char **args)
{
	(void)n;
	(void)args;
	return 0;
}

static int act_exit(int n, char **args)
{
	(void)n;
	return atoi(args[0]);
}

static int act_echo(int n, char **args)
{
	for (int i = 0; i < n; i++)
		printf("%s%s", i ? " " : "", args[i]);
	putchar('\n');
	return 0;
}

static int act_warn(int n, char **args)
{
	for (int i = 0; i < n; i++)
		fprintf(stderr, "%s%s", i ? " " : "", args[i]);
	fputc('\n', stderr);
	return 0;
}

static int act_sleep(int n, char **args)
{
	double seconds = n ? atof(args[0]) : 1e6;
	struct timespec t = { (time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9) };

	printf("sleeping\n");
	fflush(stdout);
	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
	return 0;
}

/* The default action of the signal, which pid 1 of a namespace is spared for all but SIGKILL and SIGSTOP. */
static int act_signal(int n, char **args)
{
	(void)n;
	fflush(stdout);
	kill(getpid(), atoi(args[0]));
	return fail("still alive");
}

static int act_wait_signal(int n, char **args)
{
	sigset_t all;
	int signal;

	(void)n;
	(void)args;
	sigfillset(&all);
	sigdelset(&all, SIGSEGV);
	sigprocmask(SIG_SETMASK, &all, NULL);
	printf("ready\n");
	fflush(stdout);
	do {
		if (sigwait(&all, &signal))
			return fail("sigwait");
	} while (signal == SIGCONT || signal == SIGCHLD || signal == SIGWINCH);
	printf("got %d SIG%s\n", signal, sigabbrev_np(signal) ? sigabbrev_np(signal) : "RT");
	return 0;
}

/* Children that sleep for ever, in sessions of their own. */
static int act_fork(int n, char **args)
{
	int count = atoi(args[0]);

	(void)n;
	for (int i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid < 0) {
			printf("forked %d\n", i);
			return fail("fork");
		}
		if (pid == 0) {
			setsid();
			for (;;)
				pause();
		}
	}
	printf("forked %d\n", count);
	fflush(stdout);
	for (;;)
		pause();
}

/* Twenty lines of processes, each of which forks and ends; where no more can be forked they try again. */
static int act_bomb(int n, char **args)
{
	(void)n;
	(void)args;
	signal(SIGCHLD, SIG_IGN);
	for (int i = 0; i < 20; i++)
		if (fork() == 0)
			for (;;)
				if (fork() > 0)
					_exit(0);
	printf("lit\n");
	fflush(stdout);
	for (;;)
		pause();
}

/* Uses a processor for so many milliseconds of its own time. */
static int act_burn(int n, char **args)
{
	clock_t end = clock() + atol(args[0]) * (CLOCKS_PER_SEC / 1000);

	(void)n;
	while (clock() < end)
		;
	printf("burnt %s ms\n", args[0]);
	return 0;
}

static int act_memory(int n, char **args)
{
	size_t size = (size_t)atoll(args[0]) << 20;
	char *p = malloc(size);

	(void)n;
	if (!p)
		return fail("malloc");
	for (size_t i = 0; i < size; i += 4096)
		((volatile char *)p)[i] = 1;
	printf("touched %s MiB\n", args[0]);
	free(p);
	return 0;
}

/* Huge pages of 2 MiB: reserved, and used. */
static int act_hugepages(int n, char **args)
{
	size_t size = (size_t)atoi(args[0]) << 21;
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | (21 << MAP_HUGE_SHIFT),
		       -1, 0);

	(void)n;
	if (p == MAP_FAILED)
		return fail("mmap");
	for (size_t i = 0; i < size; i += 1 << 21)
		((volatile char *)p)[i] = 1;
	printf("%s huge pages\n", args[0]);
	munmap(p, size);
	return 0;
}

static int act_exec(int n, char **args)
{
	(void)n;
	fflush(stdout);
	execv(args[0], args);
	return fail(args[0]);
}

/* Runs a guest command in a child and prints how it ended. */
static int act_spawn(int n, char **args)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(run_command(n, args) | fflush(stdout));
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return fail("spawn");
	printf("status %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return 0;
}

static int act_sdnotify(int n, char **args)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	size_t length = path ? strlen(path) : 0;

	(void)n;
	if (!path || length >= sizeof address.sun_path) {
		errno = EDESTADDRREQ;
		return fail("NOTIFY_SOCKET");
	}
	memcpy(address.sun_path, path, length);
	if (address.sun_path[0] == '@')
		address.sun_path[0] = '\0';
	if (sendto(fd, args[0], strlen(args[0]), 0, (struct sockaddr *)&address,
		   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) < 0)
		return fail(path);
	close(fd);
	return 0;
}

/* What comes in on standard input, to standard output. */
static int act_copy(int n, char **args)
{
	char buffer[65536];
	ssize_t r;

	(void)n;
	(void)args;
	while ((r = read(0, buffer, sizeof buffer)) > 0)
		fwrite(buffer, 1, (size_t)r, stdout);
	return r < 0 ? fail("stdin") : 0;
}

/* Waits until a file exists. */
static int act_await(int n, char **args)
{
	(void)n;
	printf("waiting\n");
	fflush(stdout);
	while (access(args[0], F_OK) < 0)
		usleep(5000);
	return 0;
}

/* Memory, each word of it another one, that is still the same when a file exists. */
static int act_remember(int n, char **args)
{
	size_t words = ((size_t)atoll(args[0]) << 20) / sizeof(uint64_t), same = 0;
	volatile uint64_t *p = malloc(words * sizeof(*p));

	if (!p)
		return fail("malloc");
	for (size_t i = 0; i < words; i++)
		p[i] = i * 0x9e3779b97f4a7c15;
	act_await(n - 1, args + 1);
	for (size_t i = 0; i < words; i++)
		same += p[i] == i * 0x9e3779b97f4a7c15;
	printf("%s\n", same == words ? "remembered" : "forgotten");
	free((void *)(uintptr_t)p);
	return same != words;
}

static void print_namespaces(void)
{
	char *args[] = { (char *)"ns", NULL };

	run_command(1, args);
}

/*
 * hook FILE [TAG] [fail|sleep|silent]: one line of JSON about this call, appended to FILE; standard
 * output is lent to the file so that the printers above can be used.
 */
int act_hook(int n, char **args)
{
	static char state[65536];
	const char *then = n > 2 ? args[2] : "";
	size_t length = strcmp(then, "silent") == 0 ? 0 : fread(state, 1, sizeof state, stdin);
	int saved = dup(1), file = open(args[0], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	bool first = true;

	if (file < 0 || saved < 0 || dup2(file, 1) < 0)
		return fail(args[0]);
	putchar('{');
	json_key_string(&first, "tag", n > 1 ? args[1] : "");
	json_key(&first, "state");
	printf("%s", length ? state : "null");
	for (size_t i = 0; i < 5; i++) {
		char *fact[] = { (char *)(const char *const[]){ "argv", "env", "cwd", "fds", "process" }[i], NULL };

		json_key(&first, fact[0]);
		run_command(1, fact);
	}
	json_key(&first, "ns");
	print_namespaces();
	json_key(&first, "exists");
	printf("%s}", access("/guest", F_OK) == 0 ? "\"guest\"" : "\"host\"");
	fflush(stdout);
	dup2(saved, 1);
	if (strcmp(then, "sleep") == 0) {
		if (fork() == 0)
			for (;;)
				pause();
		for (;;)
			pause();
	}
	if (strcmp(then, "fail") == 0) {
		fprintf(stderr, "guest: the hook says no\n");
		return 7;
	}
	return 0;
}

const struct act process_acts[] = {
	{ "true", "", 0, act_true },
	{ "exit", "STATUS", 1, act_exit },
	{ "echo", "TEXT...", 0, act_echo },
	{ "warn", "TEXT... (to standard error)", 0, act_warn },
	{ "sleep", "[SECONDS]", 0, act_sleep },
	{ "signal", "NUMBER (to itself)", 1, act_signal },
	{ "wait-signal", "(prints the signal that came)", 0, act_wait_signal },
	{ "fork", "N", 1, act_fork },
	{ "bomb", "(forks without end)", 0, act_bomb },
	{ "burn", "MILLISECONDS (of processor time)", 1, act_burn },
	{ "memory", "MIB", 1, act_memory },
	{ "hugepages", "N", 1, act_hugepages },
	{ "exec", "PROGRAM [ARG...]", 1, act_exec },
	{ "spawn", "COMMAND [ARG...]", 1, act_spawn },
	{ "sdnotify", "TEXT", 1, act_sdnotify },
	{ "copy", "(standard input to standard output)", 0, act_copy },
	{ "await", "FILE", 1, act_await },
	{ "remember", "MIB FILE (waits for it, as await)", 2, act_remember },
	{ "hook", "FILE [TAG [fail|sleep|silent]]", 1, act_hook },
	{ NULL, NULL, 0, NULL },
};
