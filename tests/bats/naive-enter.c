/* SPDX-License-Identifier: Apache-2.0 */
/*
 * naive-enter PID CWD PROGRAM [ARG...]: enters a container the way that no runtime may.  It keeps a descriptor of the
 * host's root, may be looked at by everybody inside, is executed from a file that can be written, and goes to a
 * working directory without asking where that is.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROOT_FD 7

static int enter(int pidfd)
{
	int flags = CLONE_NEWNS | CLONE_NEWPID;

	/* Its user namespace, unless that is ours. */
	if (setns(pidfd, CLONE_NEWUSER | flags) == 0)
		return 0;
	return setns(pidfd, flags);
}

int main(int argc, char **argv)
{
	int pidfd, root, status;
	pid_t child;

	if (argc < 4)
		return 64;
	pidfd = (int)syscall(SYS_pidfd_open, atoi(argv[1]), 0);
	root = open("/", O_RDONLY | O_DIRECTORY);
	if (pidfd < 0 || root < 0 || dup2(root, ROOT_FD) < 0 || enter(pidfd) < 0) {
		perror("naive-enter");
		return 1;
	}
	child = fork();
	if (child == 0) {
		prctl(PR_SET_DUMPABLE, 1);
		usleep(100000);
		if (chdir(argv[2]) < 0)
			perror(argv[2]);
		execv(argv[3], argv + 3);
		perror(argv[3]);
		_exit(127);
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
