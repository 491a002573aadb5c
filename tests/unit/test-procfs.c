/* SPDX-License-Identifier: Apache-2.0 */
/* procfs: writes reach a real procfs or nothing. */
#include "kernel/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/str.h"
#include "tests/unit/namespaces.h"
#include "tests/unit/no-openat2.h"
#include "tests/unit/test.h"

static void check_comm(const char *expected)
{
	_cleanup_free_ char *text = NULL;
	size_t n;

	CHECK(fdio_read_file(AT_FDCWD, "/proc/self/comm", 64, &text, &n) == 0 && n > 0, "comm is readable");
	text[n - 1] = '\0';
	CHECK_STR(text, expected);
}

static void test_open(const char *what)
{
	_cleanup_close_ int proc = procfs_open(), pid = -EBADF;
	char path[64];
	int fd;

	CHECK(proc >= 0 && fcntl(proc, F_GETFD) & FD_CLOEXEC, "%s: /proc is procfs", what);
	CHECK(procfs_write(proc, "self/comm", what) == 0, "%s: self/", what);
	check_comm(what);
	CHECK(procfs_write(proc, "thread-self/comm", "unit") == 0, "%s: thread-self/", what);
	check_comm("unit");
	snprintf(path, sizeof(path), "%d/comm", getpid());
	CHECK(procfs_write(proc, path, "test") == 0, "%s: by number", what);
	check_comm("test");

	CHECK(procfs_write(proc, "self/no-such-file", "x") == -ENOENT, "%s: no such file", what);
	CHECK(procfs_write(proc, "self/status", "x") < 0, "%s: not for writing", what);
	CHECK(procfs_open_at(proc, "self/root/etc/passwd", O_RDONLY) == -ELOOP, "%s: no magic link", what);
	CHECK(procfs_open_at(proc, "self/cwd", O_PATH) == -ELOOP ||
		      procfs_open_at(proc, "self/cwd", O_PATH) == -EXDEV, "%s: none at the end", what);
	CHECK(procfs_open_at(proc, "mounts", O_RDONLY) == -ELOOP, "%s: no symlink", what);
	CHECK(procfs_open_at(proc, "net/dev", O_RDONLY) == -ELOOP, "%s: none on the way", what);
	CHECK(procfs_open_at(proc, "../etc/passwd", O_RDONLY) == -EXDEV, "%s: not above", what);
	CHECK(procfs_open_at(proc, "/etc/passwd", O_RDONLY) == -EXDEV, "%s: not absolute", what);
	CHECK(procfs_open_at(proc, "self/../../etc/passwd", O_RDONLY) == -EXDEV, "%s: not by dots", what);
	CHECK(procfs_open_at(proc, "", O_RDONLY) == -ENOENT, "%s: no path", what);

	pid = procfs_open_pid(proc, getpid());
	CHECK(pid >= 0, "%s: our directory", what);
	fd = openat(pid, "uid_map", O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0, "%s: with its files", what);
	close(fd);
	CHECK(procfs_open_pid(proc, 0x3fffffff) == -ESRCH, "%s: no such process", what);
}

static void test_stat(void)
{
	uint64_t start = 0, child_start = 0;
	char state = 0;
	pid_t child;

	CHECK(procfs_stat(getpid(), &start, &state) == 0 && start > 0 && state == 'R', "we run");
	CHECK(procfs_stat(0x3fffffff, &start, &state) == -ESRCH, "no such process");
	CHECK(procfs_stat(0, &start, &state) == -ESRCH && procfs_stat(-1, &start, &state) == -ESRCH,
	      "no such number");

	child = fork();
	if (child == 0) {
		/* A name made to confuse the parser. */
		int fd = open("/proc/self/comm", O_WRONLY | O_CLOEXEC);

		_exit(write(fd, ") Z 1 (2) 3", 11) == 11 ? 0 : 1);
	}
	for (int i = 0; i < 500 && state != 'Z'; i++) {
		usleep(10000);
		CHECK(procfs_stat(child, &child_start, &state) == 0 || i > 0, "a child");
	}
	CHECK(state == 'Z' && child_start >= start, "a zombie is told as such, whatever its name");
	waitpid(child, NULL, 0);
	CHECK(procfs_stat(child, &child_start, &state) == -ESRCH, "and is gone");
}

/* What the CVEs did: something else over /proc, and over a part of it. */
static void test_covered(const char *what)
{
	_cleanup_close_ int proc = procfs_open();
	uint64_t start;
	char state;

	CHECK(proc >= 0, "%s: procfs", what);
	CHECK(mount("tmpfs", "/proc/sys", "tmpfs", 0, NULL) == 0, "%s: a tmpfs over /proc/sys", what);
	mkdir("/proc/sys/kernel", 0755);
	close(open("/proc/sys/kernel/domainname", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	CHECK(procfs_write(proc, "sys/kernel/domainname", "x") == -EXDEV, "%s: is not written to", what);
	umount2("/proc/sys", MNT_DETACH);

	/* Of the same procfs, as CVE-2025-52881 did with /proc/sysrq-trigger. */
	CHECK(mount("/proc/sys/kernel/domainname", "/proc/self/comm", NULL, MS_BIND, NULL) == 0, "%s: a file over a file",
	      what);
	CHECK(procfs_write(proc, "self/comm", "x") == -EXDEV, "%s: is not written to", what);
	CHECK(procfs_write(proc, "thread-self/comm", "x") == 0, "%s: another is", what);
	umount2("/proc/self/comm", MNT_DETACH);
	CHECK(procfs_write(proc, "self/comm", "unit") == 0, "%s: nor is it refused for ever", what);

	CHECK(mount("/proc/self", "/proc", NULL, MS_BIND, NULL) == 0, "%s: a part of procfs over /proc", what);
	CHECK(procfs_open() == -EXDEV, "%s: is seen", what);
	umount2("/proc", MNT_DETACH);
	CHECK(mount("tmpfs", "/proc", "tmpfs", 0, NULL) == 0, "%s: a tmpfs over /proc", what);
	mkdir("/proc/self", 0755);
	CHECK(procfs_open() == -EXDEV, "%s: is seen", what);
	CHECK(procfs_stat(getpid(), &start, &state) == -EACCES, "%s: a process that /proc does not show", what);
	CHECK(procfs_stat(0x3fffffff, &start, &state) == -ESRCH, "%s: one that is not there", what);
	umount2("/proc", MNT_DETACH);
}

static void test_hostile(void)
{
	if (enter_namespaces(CLONE_NEWNS) < 0) {
		SKIP("a covered /proc: no mount namespace to be had");
		return;
	}
	test_covered("openat2");
	if (refuse_openat2() < 0) {
		SKIP("without openat2: no seccomp filters here");
		return;
	}
	test_open("walk");
	test_covered("walk");
}

int main(void)
{
	alarm(60);
	test_open("openat2");
	test_stat();
	test_hostile();
	return test_done();
}
