/* SPDX-License-Identifier: Apache-2.0 */
/* spawn: processes as pidfds, programs run to their end. */
#include "kernel/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "kernel/interrupt.h"
#include "tests/unit/test.h"

static const char *const env[] = { "PATH=/usr/bin:/bin", "GREETING=hello", NULL };

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct spawn_program shell(const char *const *argv)
{
	struct spawn_program program = { SPAWN_PROGRAM_INIT };

	program.path = "/bin/sh";
	program.argv = (char *const *)(uintptr_t)argv;
	program.envp = (char *const *)(uintptr_t)env;
	return program;
}

#define SHELL(script) shell((const char *const[]){ "sh", "-c", (script), NULL })

static bool no_children_left(void)
{
	return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD;
}

static int count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void test_clone(void)
{
	int pidfd = -1, status = -1;
	pid_t pid = spawn_clone(0, -1, &pidfd);

	if (pid == 0)
		_exit(42);
	CHECK(pid > 0 && pidfd >= 0, "clone gives a pid and a pidfd");
	CHECK(fcntl(pidfd, F_GETFD) & FD_CLOEXEC, "the pidfd is close-on-exec");
	CHECK(spawn_wait_gone(pidfd, 5000) == 0, "it ends");
	CHECK(spawn_wait(pidfd, &status) == 0 && status == 42, "exit status %d", status);
	CHECK(spawn_wait(pidfd, &status) == -ECHILD, "it is reaped once");
	close(pidfd);

	pid = spawn_clone(0, -1, &pidfd);
	if (pid == 0) {
		pause();
		_exit(0);
	}
	CHECK(spawn_wait_gone(pidfd, 20) == -ETIMEDOUT, "a live process is not gone");
	CHECK(spawn_signal(pidfd, SIGKILL) == 0, "signalled");
	CHECK(spawn_wait(pidfd, &status) == 0 && status == 128 + SIGKILL, "status of a killed one: %d", status);
	CHECK(spawn_signal(pidfd, SIGKILL) == -ESRCH, "a reaped one cannot be signalled");
	close(pidfd);
	CHECK(spawn_clone(0, 999, &pidfd) == -EBADF, "a bad cgroup descriptor");
	CHECK(spawn_pidfd_open(0) == -EINVAL, "no pid 0");
	CHECK(no_children_left(), "no child is left");
}

/* A sibling: CLONE_PARENT makes the grandchild our child, and says so by SIGCHLD. */
static void test_clone_parent(void)
{
	int pidfd, sibling_fd, status, fds[2];
	pid_t pid, sibling = 0;

	CHECK(pipe(fds) == 0, "pipe");
	pid = spawn_clone(0, -1, &pidfd);
	if (pid == 0) {
		sibling = spawn_clone(0x00008000 /* CLONE_PARENT */, -1, &sibling_fd);
		if (sibling == 0)
			_exit(7);
		_exit(write(fds[1], &sibling, sizeof(sibling)) == sizeof(sibling) ? 0 : 1);
	}
	CHECK(read(fds[0], &sibling, sizeof(sibling)) == sizeof(sibling) && sibling > 0, "sibling made");
	CHECK(spawn_wait(pidfd, &status) == 0 && status == 0, "the one between has ended");
	sibling_fd = spawn_pidfd_open(sibling);
	CHECK(sibling_fd >= 0, "the sibling is ours to open");
	CHECK(spawn_wait(sibling_fd, &status) == 0 && status == 7, "and to wait for");
	close(pidfd);
	close(sibling_fd);
	close(fds[0]);
	close(fds[1]);
}

static void test_output(void)
{
	struct spawn_program program = SHELL("echo $GREETING; echo again >&2; exit 3");
	char text[64];
	int status = -1;

	CHECK(spawn_run(&program, &status, text, sizeof(text)) == 0 && status == 3, "status %d", status);
	CHECK_STR(text, "hello\nagain\n");
	CHECK(spawn_run(&program, &status, text, 4) == 0, "a small buffer");
	CHECK_STR(text, "hel");
	CHECK(spawn_run(&program, &status, NULL, 0) == 0 && status == 3, "no buffer");

	program = SHELL("kill -TERM $$");
	CHECK(spawn_run(&program, &status, text, sizeof(text)) == 0 && status == 128 + SIGTERM, "killed by TERM");
	CHECK_STR(text, "");

	/* More than the pipe and the buffer hold. */
	program = SHELL("i=0; while [ $i -lt 3000 ]; do echo 0123456789012345678901234567890123456789; i=$((i+1)); "
			"done; exit 5");
	CHECK(spawn_run(&program, &status, text, sizeof(text)) == 0 && status == 5 && strlen(text) == 63,
	      "much output is read to its end");
}

static void test_input(void)
{
	static char big[300000];
	struct spawn_program program = SHELL("cat");
	char text[64];
	int status;

	program.input = "state";
	program.n_input = 5;
	CHECK(spawn_run(&program, &status, text, sizeof(text)) == 0 && status == 0, "cat");
	CHECK_STR(text, "state");

	program = SHELL("read -r x; test -p /dev/stdin && cat /dev/stdin | wc -c");
	memset(big, 'x', sizeof(big));
	big[0] = '\n';
	program.input = big;
	program.n_input = sizeof(big);
	CHECK(spawn_run(&program, &status, text, sizeof(text)) == 0 && status == 0, "input beyond a pipe's size");
	CHECK(strtol(text, NULL, 10) == sizeof(big) - 1, "all of it arrived: %s", text);

	program = SHELL("exec <&-; sleep 0.1; exit 4");
	program.input = big;
	program.n_input = sizeof(big);
	CHECK(spawn_run(&program, &status, text, sizeof(text)) == 0 && status == 4,
	      "a program that does not read harms nobody (no SIGPIPE)");

	program = SHELL("cat");
	program.input = "";
	program.n_input = 0;
	CHECK(spawn_run(&program, &status, text, sizeof(text)) == 0 && status == 0 && !*text, "empty input ends");

	program = SHELL("readlink /proc/self/fd/0");
	CHECK(spawn_run(&program, &status, text, sizeof(text)) == 0, "without input");
	CHECK_STR(text, "/dev/null\n");
}

static void test_failures(void)
{
	struct spawn_program program = SHELL("exit 0");
	char text[64] = "old";
	int status;

	program.path = "/nonexistent/program";
	CHECK(spawn_run(&program, &status, text, sizeof(text)) == -ENOENT, "no such program: its errno");
	CHECK_STR(text, "");
	program.path = "/etc/passwd";
	CHECK(spawn_run(&program, &status, text, sizeof(text)) == -EACCES, "not executable");
	program = SHELL("pwd");
	program.cwd = "/nonexistent";
	CHECK(spawn_run(&program, &status, text, sizeof(text)) == -ENOENT, "no such working directory");
	program.cwd = "/usr";
	CHECK(spawn_run(&program, &status, text, sizeof(text)) == 0, "a working directory");
	CHECK_STR(text, "/usr\n");
	CHECK(no_children_left(), "no child is left");
}

static void test_timeout(void)
{
	struct spawn_program program = SHELL("(sleep 60; echo late) & echo $!; sleep 60");
	int64_t start = now_ms();
	char text[64];
	int status;
	pid_t grandchild;

	program.timeout_ms = 300;
	CHECK(spawn_run(&program, &status, text, sizeof(text)) == -ETIMEDOUT, "timeout");
	CHECK(now_ms() - start >= 300 && now_ms() - start < 5000, "in time");
	grandchild = (pid_t)strtol(text, NULL, 10);
	CHECK(grandchild > 0, "what it printed before is there");
	for (int i = 0; i < 100 && kill(grandchild, 0) == 0; i++)
		usleep(10000);
	/* Whoever adopted it has to reap it, so a zombie is enough. */
	CHECK(kill(grandchild, 0) < 0 || spawn_wait_gone(spawn_pidfd_open(grandchild), 0) == 0,
	      "the whole group was killed");
	CHECK(no_children_left(), "no child is left");
}

static void test_background(void)
{
	struct spawn_program program = SHELL("(trap '' HUP; sleep 2) & echo started");
	int64_t start = now_ms();
	char text[64];
	int status;

	CHECK(spawn_run(&program, &status, text, sizeof(text)) == 0 && status == 0, "leaves one behind");
	CHECK_STR(text, "started\n");
	CHECK(now_ms() - start < 1500, "which holds the pipe, and nobody waits for it");

	program = SHELL("(trap '' PIPE; timeout 2 yes) & exit 0");
	start = now_ms();
	CHECK(spawn_run(&program, &status, text, sizeof(text)) == 0 && status == 0, "one that prints for ever");
	CHECK(now_ms() - start < 1500, "is not listened to for ever");
}

static void test_watch(void)
{
	struct spawn_program program = SHELL("sleep 60");
	int64_t start = now_ms();
	int pidfd, status;
	pid_t pid = spawn_clone(0, -1, &pidfd);

	if (pid == 0) {
		usleep(200000);
		_exit(0);
	}
	program.watch_pidfd = pidfd;
	CHECK(spawn_run(&program, &status, NULL, 0) == -ESRCH, "the watched process ended");
	CHECK(now_ms() - start < 5000, "and the program with it");
	CHECK(spawn_wait(pidfd, &status) == 0, "the watched one is still ours to reap");
	close(pidfd);
	CHECK(no_children_left(), "no child is left");
}

/* The descriptors 0 to 2 are free in our own process: pipes land there. */
static void test_low_descriptors(void)
{
	int saved[3], r[3], status, fds_before = count_fds();
	struct spawn_program program = SHELL("cat; echo err >&2; ls /proc/self/fd | tr '\\n' ' '");
	char text[3][128];

	program.input = "in\n";
	program.n_input = 3;
	fflush(stdout);
	for (int i = 0; i < 3; i++)
		saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 100);
	for (int n_closed = 1; n_closed <= 3; n_closed++) {
		for (int i = 0; i < n_closed; i++)
			close(i);
		r[n_closed - 1] = spawn_run(&program, &status, text[n_closed - 1], sizeof(text[0]));
		for (int i = 0; i < n_closed; i++)
			dup2(saved[i], i);
	}
	for (int i = 0; i < 3; i++)
		close(saved[i]);
	for (int i = 0; i < 3; i++) {
		CHECK(r[i] == 0, "with %d standard descriptors closed", i + 1);
		/* 3 is the directory that ls reads. */
		CHECK_STR(text[i], "in\nerr\n0 1 2 3 ");
	}
	CHECK(count_fds() == fds_before, "no descriptor leaks");
}

static void test_given_outputs(void)
{
	struct spawn_program program = SHELL("echo out; echo err >&2");
	int fds[2], status;
	char text[64] = "", other[64] = "";

	CHECK(pipe2(fds, O_CLOEXEC) == 0, "pipe");
	program.stdout_fd = fds[1];
	CHECK(spawn_run(&program, &status, text, sizeof(text)) == 0, "stdout of our choice");
	CHECK_STR(text, "err\n");
	CHECK(read(fds[0], other, sizeof(other) - 1) == 4, "which got its text");
	program.stderr_fd = fds[1];
	CHECK(spawn_run(&program, &status, text, sizeof(text)) == 0, "both of our choice");
	CHECK_STR(text, "");
	CHECK(read(fds[0], other, sizeof(other) - 1) == 8, "both texts");
	close(fds[0]);
	close(fds[1]);
}

static void go_to_etc(void *ctx)
{
	if (chdir(ctx) < 0)
		_exit(99);
	/* Not close-on-exec: must not reach the program. */
	(void)!dup2(0, 77);
}

static void test_child_state(void)
{
	struct spawn_program program = SHELL("pwd; ls /proc/self/fd | tr '\\n' ' '; grep SigIgn /proc/self/status; "
					     "read -r stat </proc/$$/stat; set -- $stat; test $5 = $$ && echo leader");
	char text[256];
	int status;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	program.in_child = go_to_etc;
	program.ctx = (void *)(uintptr_t)"/etc";
	CHECK(spawn_run(&program, &status, text, sizeof(text)) == 0 && status == 0, "in_child runs");
	CHECK_STR(text, "/etc\n0 1 2 3 SigIgn:\t0000000000000000\nleader\n");
	signal(SIGPIPE, SIG_DFL);
	signal(SIGUSR1, SIG_DFL);

	program.ctx = (void *)(uintptr_t)"/nonexistent";
	CHECK(spawn_run(&program, &status, text, sizeof(text)) == 0 && status == 99, "in_child may give up");
}

static void test_side_by_side(void)
{
	struct spawn_program a = SHELL("sleep 0.5; echo a"), b = SHELL("sleep 0.5; echo b; exit 1");
	struct spawn_running running_a, running_b;
	int64_t start = now_ms();
	char text[16];
	int status;

	CHECK(spawn_start(&a, &running_a) == 0 && spawn_start(&b, &running_b) == 0, "two started");
	CHECK(spawn_finish(&a, &running_a, &status, text, sizeof(text)) == 0 && status == 0, "first");
	CHECK_STR(text, "a\n");
	CHECK(spawn_finish(&b, &running_b, &status, text, sizeof(text)) == 0 && status == 1, "second");
	CHECK_STR(text, "b\n");
	CHECK(now_ms() - start < 950, "at the same time");
}

/* The next one would end us now: it is blocked again at once, and the mask as it was is put back by the caller. */
static int taken(void)
{
	int sig = interrupt_take();
	sigset_t ignored;

	interrupt_block(&ignored);
	return sig;
}

static void test_interrupt(void)
{
	struct spawn_program program = SHELL("sleep 100 & sleep 100");
	struct spawn_program quick = SHELL("exit 3");
	int status;
	sigset_t old;

	program.interruptible = quick.interruptible = true;
	CHECK(interrupt_open() == -ENOENT && interrupt_take() == 0, "nothing is blocked, nothing has come");
	CHECK(spawn_run(&quick, &status, NULL, 0) == 0 && status == 3, "nobody is in the way");
	interrupt_block(&old);
	CHECK(taken() == 0, "nothing has come yet");
	CHECK(spawn_run(&quick, &status, NULL, 0) == 0 && status == 3, "nobody interrupts");
	raise(SIGTERM);
	CHECK(spawn_run(&program, &status, NULL, 0) == -EINTR && status == 128 + SIGKILL, "interrupted, and killed");
	CHECK(taken() == SIGTERM && taken() == 0, "by SIGTERM, once");
	interrupt_repeat(SIGHUP);
	CHECK(taken() == SIGHUP, "what is repeated comes again");
	signal(SIGINT, SIG_IGN);
	raise(SIGINT);
	CHECK(spawn_run(&quick, &status, NULL, 0) == 0 && taken() == 0, "what is ignored interrupts nobody");
	interrupt_unblock(&old);
	signal(SIGINT, SIG_DFL);
}

int main(void)
{
	int fds_before = count_fds();

	alarm(60);
	test_clone();
	test_clone_parent();
	test_output();
	test_input();
	test_failures();
	test_timeout();
	test_background();
	test_watch();
	test_low_descriptors();
	test_given_outputs();
	test_child_state();
	test_side_by_side();
	test_interrupt();
	CHECK(count_fds() <= fds_before + 1, "descriptors before and after: %d, %d", fds_before, count_fds());
	return test_done();
}
