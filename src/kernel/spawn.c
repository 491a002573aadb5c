/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes as pidfds.  Every child is made here, by clone3(2), and every program that ocirun runs
 * to its end (hooks, newuidmap) goes through spawn_start() and spawn_finish().
 */
#include "kernel/spawn.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "base/cleanup.h"
#include "kernel/interrupt.h"
#include "kernel/signals.h"
#include "kernel/syscalls.h"

pid_t spawn_clone(uint64_t flags, int cgroup_fd, int *ret_pidfd)
{
	int pidfd = -EBADF;
	struct sys_clone_args args = {
		.flags = flags | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		/* The exit signal is the parent's, also with CLONE_PARENT, which takes none (clone(2)). */
		.exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD,
	};
	pid_t pid;

	if (cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)cgroup_fd;
	}
	/* Not fork(): its handlers cannot be told about the flags.  What the C library has cached stays
	   true for the child of a program with one thread. */
	pid = sys_clone3(&args);
	if (pid > 0)
		*ret_pidfd = pidfd;
	return pid;
}

int spawn_pidfd_open(pid_t pid)
{
	return sys_pidfd_open(pid, 0);
}

int spawn_signal(int pidfd, int sig)
{
	return sys_pidfd_send_signal(pidfd, sig);
}

int spawn_wait(int pidfd, int *ret_status)
{
	siginfo_t info;

	while (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED) < 0)
		if (errno != EINTR)
			return -errno;
	*ret_status = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t deadline_of(int timeout_ms)
{
	return timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
}

/* What is left until the deadline, in poll(2)'s terms: -1 for ever. */
static int remaining_ms(int64_t deadline_ms)
{
	int64_t left;

	if (deadline_ms < 0)
		return -1;
	left = deadline_ms - now_ms();
	if (left < 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}

int spawn_wait_gone(int pidfd, int timeout_ms)
{
	int64_t deadline = deadline_of(timeout_ms);
	struct pollfd fd = { .fd = pidfd, .events = POLLIN };

	for (;;) {
		int n = poll(&fd, 1, remaining_ms(deadline));

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			return fd.revents & POLLNVAL ? -EBADF : 0;
		if (n == 0)
			return -ETIMEDOUT;
	}
}

static const struct spawn_running running_none = {
	.pidfd = -EBADF,
	.input_fd = -EBADF,
	.input_reader_fd = -EBADF,
	.output_fd = -EBADF,
	.error_fd = -EBADF,
};

static void running_done(struct spawn_running *running)
{
	fd_close(&running->pidfd);
	fd_close(&running->input_fd);
	fd_close(&running->input_reader_fd);
	fd_close(&running->output_fd);
	fd_close(&running->error_fd);
}

/* A pipe of which our own end never blocks.  The other one becomes a program's, and is left alone. */
static int open_pipe(int *ret_ours, int *ret_theirs, int ours)
{
	int fds[2], flags;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	*ret_ours = fds[ours];
	*ret_theirs = fds[!ours];
	flags = fcntl(fds[ours], F_GETFL);
	return flags < 0 || fcntl(fds[ours], F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
}

/* Write what the pipe takes; the end of the input closes it. */
static int feed(const struct spawn_program *program, struct spawn_running *running)
{
	while (running->n_written < program->n_input) {
		ssize_t n = write(running->input_fd, program->input + running->n_written,
				  program->n_input - running->n_written);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		running->n_written += (size_t)n;
	}
	fd_close(&running->input_fd);
	return 0;
}

/* A pipe with the input, which in nearly all cases is in it, and closed, before the program starts. */
static int open_input(const struct spawn_program *program, struct spawn_running *running)
{
	int r;

	if (!program->input) {
		running->input_reader_fd = open("/dev/null", O_RDONLY | O_CLOEXEC | O_NOCTTY);
		return running->input_reader_fd < 0 ? -errno : 0;
	}
	r = open_pipe(&running->input_fd, &running->input_reader_fd, 1);
	return r < 0 ? r : feed(program, running);
}

/* Make `from` the descriptors 0, 1 and 2.  They may be any numbers, also each other's: first all of them
   go out of the way. */
static int install_std_fds(const int from[3])
{
	int high[3];

	for (int i = 0; i < 3; i++) {
		high[i] = fcntl(from[i], F_DUPFD_CLOEXEC, 3);
		if (high[i] < 0)
			return -errno;
	}
	for (int i = 0; i < 3; i++)
		if (dup2(high[i], i) < 0)
			return -errno;
	return 0;
}

/* In the child, up to its execve(2).  Returns the errno of what failed. */
static int become_program(const struct spawn_program *program, const int std_fds[3], int *error_fd)
{
	int r;

	*error_fd = fcntl(*error_fd, F_DUPFD_CLOEXEC, 3);
	/* It does not outlive whoever waits for it. */
	if (*error_fd < 0 || setpgid(0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return -errno;
	r = install_std_fds(std_fds);
	if (r < 0)
		return r;
	r = signals_reset();
	if (r < 0)
		return r;
	if (program->in_child)
		program->in_child(program->ctx);
	/* All descriptors are close-on-exec here, but what the caller inherited or in_child opened. */
	r = sys_close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	if (r < 0)
		return r;
	if (program->cwd && chdir(program->cwd) < 0)
		return -errno;
	execve(program->path, program->argv, program->envp);
	return -errno;
}

static void __attribute__((noreturn)) run_child(const struct spawn_program *program, const int std_fds[3],
						int error_fd)
{
	int r = become_program(program, std_fds, &error_fd);

	/* The parent also sees the status, should this write fail. */
	if (error_fd >= 0)
		(void)!write(error_fd, &r, sizeof(r));
	_exit(127);
}

int spawn_start(const struct spawn_program *program, struct spawn_running *ret_running)
{
	_cleanup_(running_done) struct spawn_running running = running_none;
	_cleanup_close_ int output = -EBADF, error_writer = -EBADF;
	int r;

	r = open_input(program, &running);
	if (r < 0)
		return r;
	if (program->stdout_fd < 0 || program->stderr_fd < 0) {
		r = open_pipe(&running.output_fd, &output, 0);
		if (r < 0)
			return r;
	}
	r = open_pipe(&running.error_fd, &error_writer, 0);
	if (r < 0)
		return r;

	/* Our caller may have had it ignored: the program would vanish unseen, and its exit status with it. */
	signal(SIGCHLD, SIG_DFL);
	/* Counted from here, not from spawn_finish(): programs may run side by side. */
	running.deadline_ms = deadline_of(program->timeout_ms);
	running.pid = spawn_clone(0, -1, &running.pidfd);
	if (running.pid < 0)
		return running.pid;
	if (running.pid == 0) {
		const int std_fds[3] = {
			running.input_reader_fd,
			program->stdout_fd >= 0 ? program->stdout_fd : output,
			program->stderr_fd >= 0 ? program->stderr_fd : output,
		};

		run_child(program, std_fds, error_writer);
	}
	if (running.input_fd < 0)
		fd_close(&running.input_reader_fd);
	*ret_running = running;
	running = running_none;
	return 0;
}

/* Where collected output goes. */
struct output {
	char *text;
	size_t size; /* 0: thrown away */
	size_t len;
};

/* Read what is there and keep what fits; the rest is read all the same, or the program would hang.
   At most what a pipe holds: something left in the background may print without end. */
static void collect(struct spawn_running *running, struct output *output)
{
	char buf[4096];

	for (int i = 0; i < 65536 / (int)sizeof(buf); i++) {
		ssize_t n = read(running->output_fd, buf, sizeof(buf));
		size_t room = output->size > output->len ? output->size - output->len - 1 : 0;

		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			return;
		if (n <= 0) {
			fd_close(&running->output_fd);
			return;
		}
		if ((size_t)n < room)
			room = (size_t)n;
		if (room > 0)
			memcpy(output->text + output->len, buf, room);
		output->len += room;
	}
}

/* Wait for the program's end and serve its pipes meanwhile. 0, -ETIMEDOUT, -ESRCH, -EINTR or another errno. */
static int serve(const struct spawn_program *program, struct spawn_running *running, struct output *output)
{
	enum { PROGRAM, WATCHED, INPUT, OUTPUT, INTERRUPT, N };
	_cleanup_close_ int interrupt = program->interruptible ? interrupt_open() : -ENOENT;

	if (interrupt < 0 && interrupt != -ENOENT)
		return interrupt;
	for (;;) {
		struct pollfd fds[N] = {
			[PROGRAM] = { .fd = running->pidfd, .events = POLLIN },
			[WATCHED] = { .fd = program->watch_pidfd, .events = POLLIN },
			[INPUT] = { .fd = running->input_fd, .events = POLLOUT },
			[OUTPUT] = { .fd = running->output_fd, .events = POLLIN },
			[INTERRUPT] = { .fd = interrupt, .events = POLLIN },
		};
		int n = poll(fds, N, remaining_ms(running->deadline_ms));
		int r;

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n < 0)
			continue;
		if (fds[OUTPUT].revents)
			collect(running, output);
		if (fds[PROGRAM].revents)
			return 0;
		if (fds[WATCHED].revents)
			return fds[WATCHED].revents & POLLNVAL ? -EBADF : -ESRCH;
		if (fds[INTERRUPT].revents)
			return -EINTR;
		if (running->deadline_ms >= 0 && now_ms() >= running->deadline_ms)
			return -ETIMEDOUT;
		if (fds[INPUT].revents) {
			r = feed(program, running);
			if (r < 0)
				return r;
			if (running->input_fd < 0)
				fd_close(&running->input_reader_fd);
		}
	}
}

/* The group first: its number is the program's until it is reaped.  Then the program, which may not
   have got as far as setpgid(2) yet. */
static void kill_group(const struct spawn_running *running)
{
	kill(-running->pid, SIGKILL);
	spawn_signal(running->pidfd, SIGKILL);
}

int spawn_finish(const struct spawn_program *program, struct spawn_running *running, int *ret_status,
		 char *text, size_t n_text)
{
	struct output output = { .text = text, .size = text ? n_text : 0 };
	int r, wait_r, exec_error = 0;

	r = serve(program, running, &output);
	if (r < 0)
		kill_group(running);
	wait_r = spawn_wait(running->pidfd, ret_status);
	if (running->output_fd >= 0)
		collect(running, &output);
	if (output.size > 0)
		output.text[output.len] = '\0';
	/* The program is gone, so what it had to say is here. */
	if (read(running->error_fd, &exec_error, sizeof(exec_error)) != sizeof(exec_error))
		exec_error = 0;
	running_done(running);

	if (r < 0)
		return r;
	return exec_error < 0 ? exec_error : wait_r;
}

int spawn_run(const struct spawn_program *program, int *ret_status, char *text, size_t n_text)
{
	struct spawn_running running;
	int r = spawn_start(program, &running);

	if (r < 0)
		return r;
	return spawn_finish(program, &running, ret_status, text, n_text);
}
