/* SPDX-License-Identifier: Apache-2.0 */
/* Processes as pidfds: making them, signalling them, waiting for them.  Returns are -errno. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Fork by clone3(2).  `flags` are CLONE_NEW* and CLONE_PARENT; the exit signal is SIGCHLD (none may be
 * named with CLONE_PARENT).  cgroup_fd >= 0: the child starts in that cgroup (CLONE_INTO_CGROUP).
 * Returns 0 in the child, the child's pid in the parent with *ret_pidfd (close-on-exec) set, or a
 * negative errno.
 */
pid_t spawn_clone(uint64_t flags, int cgroup_fd, int *ret_pidfd);

/* pidfd_open(2) and pidfd_send_signal(2). */
int spawn_pidfd_open(pid_t pid);
int spawn_signal(int pidfd, int sig);

/* Wait until the child ends.  *ret_status is its exit status, or 128 + signal. */
int spawn_wait(int pidfd, int *ret_status);

/* Wait until the process (any, not only a child) has ended; timeout_ms -1: for ever.
   0, or -ETIMEDOUT. */
int spawn_wait_gone(int pidfd, int timeout_ms);

/* A program to run to its end.  Start from SPAWN_PROGRAM_INIT: descriptor 0 is a valid value. */
struct spawn_program {
	const char *path;         /* absolute */
	char *const *argv;
	char *const *envp;        /* exactly this environment */
	const char *input;        /* written to its stdin, which is a pipe; EPIPE is ignored; NULL: /dev/null */
	size_t n_input;
	int timeout_ms;           /* < 0: none; on expiry its process group is killed by SIGKILL */
	int watch_pidfd;          /* >= 0: when that process ends, the group is killed and -ESRCH returned */
	bool interruptible;       /* a signal that is blocked (interrupt.h) ends the wait: killed as above, -EINTR */
	const char *cwd;          /* NULL: unchanged */
	int stdout_fd, stderr_fd; /* < 0: captured into the text */
	void (*in_child)(void *ctx); /* called in the child before cwd and execve, if not NULL */
	void *ctx;
};

#define SPAWN_PROGRAM_INIT \
	.timeout_ms = -1, .watch_pidfd = -1, .stdout_fd = -1, .stderr_fd = -1

/* A started program; all members are spawn's own. */
struct spawn_running {
	pid_t pid;
	int pidfd;
	int input_fd;        /* write end of its stdin while there is something left to write */
	int input_reader_fd; /* kept as long, so that a write can neither fail nor raise SIGPIPE */
	size_t n_written;
	int output_fd;
	int error_fd;        /* tells the errno of a failed execve(2) */
	int64_t deadline_ms; /* CLOCK_MONOTONIC, -1: none; counted from the start */
};

/* Start it, as the leader of a process group of its own, with default signal dispositions and no
   descriptors but 0, 1 and 2.  The program must be waited for by spawn_finish(). */
int spawn_start(const struct spawn_program *program, struct spawn_running *ret_running);

/* Wait for a started program, feeding input and collecting output.  *ret_status as spawn_wait().
   Up to n_text - 1 bytes of what it printed land in text, which may be NULL.  What it left running in
   the background is not waited for.  -ETIMEDOUT, -ESRCH, -EINTR (see above) or another
   negative errno; the program is gone in every case. A program that could not be executed gives the
   errno of its execve(2). */
int spawn_finish(const struct spawn_program *program, struct spawn_running *running, int *ret_status,
		 char *text, size_t n_text);

/* Both together. */
int spawn_run(const struct spawn_program *program, int *ret_status, char *text, size_t n_text);
