/* SPDX-License-Identifier: Apache-2.0 */
/* exefile: after the move the program is the same, and nobody finds a way to write its file. */
#include "kernel/exefile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/str.h"
#include "kernel/mnt.h"
#include "kernel/pathat.h"
#include "kernel/syscalls.h"
#include "tests/unit/test.h"

static int counter = 41;             /* data */
static int zeroes[3000];             /* bss, beyond the page that the data ends in */
static const char *const words[] = { /* relocated, then read-only */
	"one", "two"
};

/* A file of its own, so that no other process runs from it. */
static int copy_of_self(const char *path)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	size_t n;

	if (fd < 0 || fdio_read_file(AT_FDCWD, "/proc/self/exe", 1U << 30, &text, &n) < 0)
		return -1;
	return write(fd, text, n) == (ssize_t)n ? 0 : -1;
}

static int read_only_self(void)
{
	const struct mnt_attr attr = { .set = MOUNT_ATTR_RDONLY };
	_cleanup_close_ int mount_fd = mnt_clone(AT_FDCWD, "/proc/self/exe", false, false);

	if (mount_fd < 0)
		return mount_fd;
	if (mnt_set_attr(mount_fd, &attr, false) < 0)
		return -EIO;
	return pathat_reopen(mount_fd, O_RDONLY);
}

/* access(2), since open(2) fails for any program that runs (ETXTBSY), which an attacker waits out. */
static int writable(pid_t pid)
{
	_cleanup_free_ char *path = str_printf("/proc/%d/exe", pid);

	return access(path, W_OK) < 0 ? -errno : 1;
}

static void test_child(void)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(counter == 43 && writable(getppid()) == -EROFS ? 7 : 1);
	waitpid(pid, &status, 0);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7, "a child runs on, and finds no way either: %#x", status);
}

static void test_move(void)
{
	_cleanup_close_ int fd = read_only_self();
	_cleanup_free_ char *before = NULL, *maps = NULL;
	char link[4096];
	ssize_t n = readlink("/proc/self/exe", link, sizeof(link) - 1);
	size_t len;

	CHECK(writable(getpid()) == 1, "before, only its running keeps the file from being written");
	counter++;
	zeroes[2999] = 5;
	before = n > 0 ? xstrndup(link, (size_t)n) : NULL;
	CHECK(fd >= 0 && exefile_replace(fd) == 0, "the program moves");
	CHECK(counter == 42 && zeroes[2999] == 5 && strcmp(words[1], "two") == 0, "its data is what it was");
	counter++;
	CHECK(writable(getpid()) == -EROFS, "its file cannot be opened for writing");
	CHECK(before && fdio_read_file(AT_FDCWD, "/proc/self/maps", 1U << 20, &maps, &len) == 0 && !strstr(maps, before),
	      "and nothing of the old mount is mapped");
	CHECK(exefile_replace(-EBADF) < 0 && counter == 43, "what fails leaves the program running");
	test_child();
}

/* argv[1] marks the second execution, as the copy. */
int main(int argc, char **argv)
{
	char path[] = "test-exefile.XXXXXX", *dir;
	_cleanup_free_ char *copy = NULL;
	int status = -1;
	pid_t pid;

	if (argc > 1 && strcmp(argv[1], "moves") == 0) {
		test_move();
		return test_done();
	}
	if (geteuid() != 0) {
		SKIP("only root may clone mounts");
		return test_done();
	}
	dir = mkdtemp(path);
	copy = str_printf("%s/copy", dir ? dir : ".");
	if (!dir || copy_of_self(copy) < 0)
		return 1;
	pid = fork();
	if (pid == 0) {
		execl(copy, copy, "moves", (char *)NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	unlink(copy);
	rmdir(dir);
	return status;
}
