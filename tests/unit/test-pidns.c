/* SPDX-License-Identifier: Apache-2.0 */
/* pidns: the processes of a container that has no cgroup. */
#include "runtime/pidns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/spawn.h"
#include "tests/unit/test.h"

static pid_t start_sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	return pid;
}

/* A container without a cgroup and without a pid namespace of its own: init alone. */
static void test_pids(void)
{
	struct state_now now = { .status = OCI_STATUS_RUNNING, .pid = start_sleeper() };
	pid_t *pids = NULL;
	struct err e = ERR_INIT;
	size_t n = 0;
	int r;

	now.pidfd = spawn_pidfd_open(now.pid);
	r = pidns_list(&now, &pids, &n, &e);
	CHECK(r == 0 && n == 1 && pids[0] == now.pid, "in our pid namespace: init, and nobody else%s", e.text);
	free(pids);
	kill(now.pid, SIGKILL);
	waitpid(now.pid, NULL, 0);
	CHECK(pidns_list(&now, &pids, &n, &e) == -ESRCH, "it has ended");
	state_now_done(&now);
}

/* With one of its own, in which there are a child and a grandchild. */
static void test_pids_of_namespace(void)
{
	struct state_now now = { .status = OCI_STATUS_RUNNING, .pidfd = -EBADF };
	int pipe_fds[2];
	pid_t *pids = NULL;
	struct err e = ERR_INIT;
	size_t n = 0;
	char ready;
	int r;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		perror("pipe2");
	now.pid = spawn_clone(CLONE_NEWUSER | CLONE_NEWPID, -EBADF, &now.pidfd);
	if (now.pid == 0) {
		if (fork() == 0 && fork() == 0 && write(pipe_fds[1], "r", 1) == 1)
			pause();
		pause();
		_exit(0);
	}
	close(pipe_fds[1]);
	if (now.pid < 0 || read(pipe_fds[0], &ready, 1) != 1) {
		SKIP("no user namespaces here");
	} else {
		r = pidns_list(&now, &pids, &n, &e);
		CHECK(r == 0 && n == 3 && pids[0] == now.pid, "all of its pid namespace: %zu%s", n, e.text);
		free(pids);
	}
	close(pipe_fds[0]);
	if (now.pid > 0) {
		kill(now.pid, SIGKILL);
		waitpid(now.pid, NULL, 0);
	}
	state_now_done(&now);
}

int main(void)
{
	alarm(60);
	test_pids();
	test_pids_of_namespace();
	return test_done();
}
