/* SPDX-License-Identifier: Apache-2.0 */
/* tty: pairs of a devpts of our own, sizes, modes, the controlling terminal. */
#include "kernel/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "tests/unit/namespaces.h"
#include "tests/unit/test.h"

static char top[] = "/tmp/test-tty.XXXXXX";

static void test_pair(int dir)
{
	_cleanup_close_ int master = -EBADF, slave = -EBADF;
	_cleanup_close_ int master2 = -EBADF, slave2 = -EBADF;
	int number = -1, number2 = -1;
	struct stat st, named;
	char text[16], name[32];

	CHECK(tty_open_pair(dir, "pts/ptmx", &master, &slave, &number) == 0, "a pair");
	CHECK(number == 0, "the first of its devpts: %d", number);
	CHECK(fcntl(master, F_GETFD) & FD_CLOEXEC && fcntl(slave, F_GETFD) & FD_CLOEXEC, "close-on-exec");
	CHECK(isatty(master) && isatty(slave), "terminals");
	snprintf(name, sizeof(name), "pts/%d", number);
	CHECK(fstat(slave, &st) == 0 && fstatat(dir, name, &named, 0) == 0 && st.st_rdev == named.st_rdev &&
		      st.st_ino == named.st_ino, "the slave is the one of that name");
	CHECK(write(slave, "a\n", 2) == 2 && read(master, text, sizeof(text)) == 3, "\\n becomes \\r\\n");
	CHECK(tty_clear_onlcr(slave) == 0, "no more");
	CHECK(write(slave, "a\n", 2) == 2 && read(master, text, sizeof(text)) == 2, "\\n stays");
	CHECK(tty_open_pair(dir, "pts/ptmx", &master2, &slave2, &number2) == 0 && number2 == 1, "another");

	CHECK(tty_open_pair(dir, "link", &master2, &slave2, &number2) == -ENOENT, "a link leads nowhere outside");
	CHECK(tty_open_pair(dir, "file", &master2, &slave2, &number2) == -ENOTTY, "a file is no multiplexer");
	CHECK(tty_open_pair(dir, "none", &master2, &slave2, &number2) == -ENOENT, "nothing there");
}

static void test_modes(int dir)
{
	_cleanup_close_ int master = -EBADF, slave = -EBADF;
	_cleanup_close_ int master2 = -EBADF, slave2 = -EBADF;
	struct termios old, now;
	struct winsize size;
	int number, pipes[2];

	CHECK(tty_open_pair(dir, "pts/ptmx", &master, &slave, &number) == 0 &&
		      tty_open_pair(dir, "pts/ptmx", &master2, &slave2, &number) == 0, "two pairs");
	CHECK(tty_set_size(master, 24, 80) == 0 && ioctl(slave, TIOCGWINSZ, &size) == 0 && size.ws_row == 24 &&
		      size.ws_col == 80, "24 rows, 80 columns");
	CHECK(tty_set_size(master, 0, 0) == 0 && ioctl(slave, TIOCGWINSZ, &size) == 0 && size.ws_row == 24,
	      "0 by 0 changes nothing");
	CHECK(tty_set_size(master, 65536, 80) == -ERANGE, "too many rows");
	CHECK(tty_copy_size(slave, master2) == 0 && ioctl(slave2, TIOCGWINSZ, &size) == 0 && size.ws_col == 80,
	      "copied");
	CHECK(pipe2(pipes, O_CLOEXEC) == 0 && tty_copy_size(pipes[0], master) == -ENOTTY, "a pipe has no size");
	CHECK(tty_clear_onlcr(pipes[0]) == -ENOTTY && tty_make_raw(pipes[0], &old) == -ENOTTY, "and no modes");
	close(pipes[0]);
	close(pipes[1]);
	CHECK(tty_make_raw(slave, &old) == 0 && tcgetattr(slave, &now) == 0 && !(now.c_lflag & (ICANON | ECHO)), "raw");
	CHECK(old.c_lflag & ICANON && tty_restore(slave, &old) == 0 && tcgetattr(slave, &now) == 0 &&
		      now.c_lflag == old.c_lflag && now.c_oflag == old.c_oflag, "restored");
}

/* 0, or the step that failed. */
static int become_session_leader(int slave, int at)
{
	int fd;

	/* The slave may be one of the three already. */
	if (at >= 0 && at != slave) {
		dup3(slave, at, O_CLOEXEC);
		slave = at;
	}
	if (tty_make_controlling(slave) != -EPERM || setsid() < 0 || tty_make_controlling(slave) < 0)
		return 1;
	for (fd = 0; fd < 3; fd++)
		if (!isatty(fd) || fcntl(fd, F_GETFD) != 0)
			return 2;
	if (tcgetsid(0) != getpid())
		return 3;
	fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
	return fd < 0 ? 4 : 0;
}

static void test_controlling(int dir)
{
	for (int at = -1; at < 3; at++) {
		_cleanup_close_ int master = -EBADF, slave = -EBADF;
		int number, status;
		pid_t child;

		CHECK(tty_open_pair(dir, "pts/ptmx", &master, &slave, &number) == 0, "a pair");
		fflush(stdout);
		child = fork();
		if (child == 0)
			_exit(become_session_leader(slave, at));
		waitpid(child, &status, 0);
		CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "controlling terminal, descriptor %d: step %d", at,
		      WEXITSTATUS(status));
	}
}

static int prepare(void)
{
	int dir;

	if (!mkdtemp(top))
		return -1;
	if (enter_namespaces(CLONE_NEWNS) < 0)
		return -1;
	dir = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	mkdirat(dir, "pts", 0755);
	close(openat(dir, "file", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	(void)!symlinkat("/dev/pts/ptmx", dir, "link");
	if (fchdir(dir) < 0 || mount("devpts", "pts", "devpts", 0, "newinstance,ptmxmode=0666") < 0)
		return -1;
	return dir;
}

int main(void)
{
	char command[128];
	int dir;

	alarm(30);
	dir = prepare();
	if (dir < 0) {
		SKIP("no devpts of our own to be had");
	} else {
		test_pair(dir);
		test_modes(dir);
		test_controlling(dir);
	}
	snprintf(command, sizeof(command), "cd /; umount -l %s/pts 2>/dev/null; rm -rf %s", top, top);
	(void)!system(command);
	return test_done();
}
