/* SPDX-License-Identifier: Apache-2.0 */
/* mnt: mounts made, changed, attached and pivoted into, in a namespace of our own. */
#include "kernel/mnt.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/str.h"
#include "kernel/syscalls.h"
#include "tests/unit/namespaces.h"
#include "tests/unit/test.h"

static char top[] = "/tmp/test-mnt.XXXXXX";

static int open_dir(const char *path)
{
	return open(path, O_PATH | O_CLOEXEC);
}

/* The line of /proc/self/mountinfo for this mount point, or "". */
static char *mount_line(const char *target)
{
	_cleanup_(strv_done) struct strv lines = STRV_INIT;
	_cleanup_free_ char *text = NULL, *field = str_printf(" %s ", target);
	char *found = xstrdup("");

	if (fdio_read_file(AT_FDCWD, "/proc/self/mountinfo", 1 << 20, &text, NULL) < 0)
		return found;
	strv_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.n; i++) {
		if (!strstr(lines.v[i], field))
			continue;
		free(found);
		found = xstrdup(lines.v[i]);
	}
	return found;
}

static int new_tmpfs(const char *mode)
{
	struct mnt_fs fs;
	int fd = mnt_fs_open("tmpfs", &fs);

	if (fd < 0)
		return fd;
	fd = mnt_fs_set(&fs, "mode", mode);
	if (fd == 0)
		fd = mnt_fs_create(&fs, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	mnt_fs_done(&fs);
	return fd;
}

static void test_fs(void)
{
	_cleanup_close_ int tmpfs = new_tmpfs("0711"), target = -EBADF;
	_cleanup_free_ char *path = str_printf("%s/tmpfs", top);
	struct mnt_fs fs;
	uint64_t flags;
	struct stat st;
	char words[256];

	CHECK(tmpfs >= 0 && fcntl(tmpfs, F_GETFD) & FD_CLOEXEC, "a detached tmpfs");
	CHECK(mnt_flags(tmpfs, &flags) == 0 && (flags & ~(uint64_t)ST_RELATIME) == (ST_NOSUID | ST_NODEV),
	      "with its flags: %lx", (unsigned long)flags);
	mkdir(path, 0755);
	target = open_dir(path);
	CHECK(mnt_attach(tmpfs, target) == 0, "attached");
	CHECK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0711, "it is there");

	CHECK(mnt_fs_open("no-such-fs", &fs) == -ENODEV, "an unknown type");
	CHECK(mnt_fs_open("tmpfs", &fs) == 0, "tmpfs");
	mnt_fs_words(&fs, words, sizeof(words));
	CHECK_STR(words, "");
	CHECK(mnt_fs_set(&fs, "mode", "bogus") == -EINVAL, "a bad value");
	CHECK(mnt_fs_set(&fs, "nonsense", NULL) == -EINVAL, "an unknown flag");
	mnt_fs_words(&fs, words, sizeof(words));
	CHECK(strstr(words, "Bad value for 'mode'; ") && strstr(words, "Unknown parameter 'nonsense'") &&
		      strncmp(words, "e ", 2) != 0, "the kernel's words: %s", words);
	CHECK(mnt_fs_set(&fs, "mode", "bogus") == -EINVAL, "again");
	mnt_fs_words(&fs, words, 8);
	CHECK(strlen(words) == 7, "cut, not overrun: %s", words);
	mnt_fs_done(&fs);
	CHECK(fs.fd < 0, "done");
}

static void test_clone(void)
{
	_cleanup_free_ char *from = str_printf("%s/from", top), *to = str_printf("%s/to", top),
			    *file = str_printf("%s/from/file", top), *link = str_printf("%s/from/link", top),
			    *to_file = str_printf("%s/to-file", top);
	const struct mnt_attr readonly = { .set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC };
	const struct mnt_attr writable = { .clear = MOUNT_ATTR_RDONLY };
	const struct mnt_attr bad = { .clear = MOUNT_ATTR_NOATIME };
	_cleanup_close_ int clone = -EBADF, target = -EBADF, source = -EBADF;
	_cleanup_free_ char *line = NULL;
	uint64_t flags;
	struct stat st;
	int fd;

	mkdir(from, 0755);
	mkdir(to, 0755);
	close(open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	close(open(to_file, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	(void)!symlink("file", link);

	clone = mnt_clone(AT_FDCWD, from, true, false);
	CHECK(clone >= 0 && fcntl(clone, F_GETFD) & FD_CLOEXEC, "a clone by path");
	CHECK(mnt_set_attr(clone, &readonly, true) == 0, "made read-only while detached");
	CHECK(mnt_flags(clone, &flags) == 0 && flags & ST_RDONLY && flags & ST_NOEXEC, "and is");
	target = open_dir(to);
	CHECK(mnt_attach(clone, target) == 0, "attached to a descriptor");
	fd = openat(clone, "new", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	CHECK(fd < 0 && errno == EROFS, "read-only");
	CHECK(mnt_set_attr(clone, &writable, false) == 0, "our own flags may be cleared again");
	CHECK(mnt_set_attr(clone, &bad, false) == -EINVAL, "an impossible change");
	line = mount_line(to);
	CHECK(strstr(line, "noexec") != NULL, "mountinfo: %s", line);

	source = open_dir(file);
	fd = mnt_clone(source, "", false, false);
	CHECK(fd >= 0, "a clone by descriptor");
	close(target);
	target = open_dir(to_file);
	CHECK(mnt_attach(fd, target) == 0, "a file on a file");
	close(fd);
	fd = mnt_clone(AT_FDCWD, link, false, true);
	CHECK(fstat(fd, &st) == 0 && S_ISLNK(st.st_mode), "a symlink itself");
	close(fd);
	fd = mnt_clone(AT_FDCWD, link, false, false);
	CHECK(fstat(fd, &st) == 0 && S_ISREG(st.st_mode), "what it points to");
	close(fd);
	CHECK(mnt_clone(AT_FDCWD, "/nonexistent", true, false) == -ENOENT, "no such source");
	CHECK(mnt_attach(target, target) == -EINVAL, "what is no mount cannot be attached");
}

static void test_idmap(void)
{
	const struct mnt_attr idmap = { .set = MOUNT_ATTR_IDMAP, .userns_fd = 9999 };
	_cleanup_close_ int fd = new_tmpfs("0755");

	CHECK(mnt_set_attr(fd, &idmap, false) == -EBADF, "the user namespace is passed on");
}

static void test_propagation(void)
{
	const struct mnt_attr shared = { .propagation = MS_SHARED }, private = { .propagation = MS_PRIVATE };
	_cleanup_free_ char *path = str_printf("%s/prop", top), *line = NULL, *line2 = NULL;
	_cleanup_close_ int fd = new_tmpfs("0755"), target = -EBADF;

	mkdir(path, 0755);
	target = open_dir(path);
	CHECK(mnt_set_attr(fd, &shared, true) == 0 && mnt_attach(fd, target) == 0, "shared while detached");
	line = mount_line(path);
	CHECK(strstr(line, " shared:") != NULL, "is shared: %s", line);
	CHECK(mnt_set_attr(fd, &private, true) == 0, "private again");
	line2 = mount_line(path);
	CHECK(!strstr(line2, " shared:"), "is private");
}

/* In a child each: it loses its root. 0 or the number of the step that failed. */
static int pivot_into_new_root(bool old_is_slave)
{
	_cleanup_free_ char *path = str_printf("%s/newroot", top);
	_cleanup_close_ int fd = new_tmpfs("0755"), target = -EBADF;
	struct stat st;

	mkdir(path, 0755);
	target = open_dir(path);
	if (mnt_attach(fd, target) < 0)
		return 1;
	mkdirat(fd, "inside", 0755);
	if (mnt_pivot(fd, old_is_slave) < 0)
		return 2;
	if (stat("/inside", &st) < 0 || stat("inside", &st) < 0)
		return 3;
	if (stat("/tmp", &st) == 0 || stat("/../tmp", &st) == 0 || chdir("..") < 0 || stat("tmp", &st) == 0)
		return 4;
	return 0;
}

/* A mount over "/" itself needs no directory. */
static int pivot_over_root(void)
{
	_cleanup_close_ int fd = new_tmpfs("0755"), root = open_dir("/");
	struct stat st;

	mkdirat(fd, "inside", 0755);
	if (mnt_attach(fd, root) < 0)
		return 1;
	if (mnt_pivot(fd, true) < 0)
		return 2;
	return stat("/inside", &st) == 0 && stat("/tmp", &st) < 0 ? 0 : 3;
}

static int move_over_root(void)
{
	_cleanup_free_ char *path = str_printf("%s/newroot", top);
	_cleanup_close_ int fd = new_tmpfs("0755"), target = -EBADF;
	struct stat st;

	mkdir(path, 0755);
	target = open_dir(path);
	mkdirat(fd, "inside", 0755);
	if (mnt_attach(fd, target) < 0)
		return 1;
	if (mnt_move_over_root(fd) < 0)
		return 2;
	return stat("/inside", &st) == 0 && stat("/../tmp", &st) < 0 ? 0 : 3;
}

static int pivot_into_no_mount(void)
{
	_cleanup_close_ int fd = open_dir(top);

	int r = mnt_pivot(fd, false);

	/* It is on the mount that is the root already, or that is locked (pivot_root(2)). */
	return r == -EBUSY || r == -EINVAL ? 0 : 1;
}

/* A shared mount that a second namespace has too survives the end of the old root in the first. */
static int pivot_beside_host(bool old_is_slave)
{
	_cleanup_free_ char *host = str_printf("%s/host", top), *sub = str_printf("%s/host/sub", top);
	const struct mnt_attr shared = { .propagation = MS_SHARED };
	_cleanup_free_ char *line = NULL;
	_cleanup_close_ int fd = new_tmpfs("0755"), below = new_tmpfs("0700"), target = -EBADF;
	int status;
	pid_t child;

	mkdir(host, 0755);
	target = open_dir(host);
	if (mnt_set_attr(fd, &shared, false) < 0 || mnt_attach(fd, target) < 0)
		return 1;
	mkdir(sub, 0755);
	close(target);
	target = open_dir(sub);
	if (mnt_set_attr(below, &shared, false) < 0 || mnt_attach(below, target) < 0)
		return 2;
	child = fork();
	if (child == 0)
		_exit(unshare(CLONE_NEWNS) < 0 ? 9 : pivot_into_new_root(old_is_slave));
	waitpid(child, &status, 0);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return 10 + WEXITSTATUS(status);
	line = mount_line(sub);
	return *line ? 0 : 3;
}

static int run(int (*fn)(void))
{
	int status;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0)
		_exit(unshare(CLONE_NEWNS) < 0 ? 99 : fn());
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static int pivot_leaves_the_host_alone(void)
{
	return pivot_beside_host(false);
}

/* The test bites: told that all is slave already, which is not true, it unmounts there too. */
static int pivot_told_a_lie(void)
{
	return pivot_beside_host(true) == 3 ? 0 : 1;
}

static int pivot_true(void)
{
	return pivot_into_new_root(true);
}

static int pivot_false(void)
{
	return pivot_into_new_root(false);
}

static void test_pivot(void)
{
	int r;

	r = run(pivot_true);
	CHECK(r == 0, "pivot, the old root being a slave: %d", r);
	r = run(pivot_false);
	CHECK(r == 0, "pivot, the old root being made a slave: %d", r);
	r = run(pivot_over_root);
	CHECK(r == 0, "pivot into a mount over /: %d", r);
	r = run(move_over_root);
	CHECK(r == 0, "move over /: %d", r);
	r = run(pivot_into_no_mount);
	CHECK(r == 0, "pivot into what is no mount: %d", r);
	r = run(pivot_leaves_the_host_alone);
	CHECK(r == 0, "mounts shared with others stay there: %d", r);
	r = run(pivot_told_a_lie);
	CHECK(r == 0, "which is because the old root is made a slave: %d", r);
}

int main(void)
{
	char command[128];

	alarm(60);
	if (!mkdtemp(top))
		return 1;
	if (enter_namespaces(CLONE_NEWNS) < 0) {
		rmdir(top);
		SKIP("no mount namespace to be had");
		return test_done();
	}
	test_fs();
	test_clone();
	test_idmap();
	test_propagation();
	test_pivot();
	snprintf(command, sizeof(command), "umount -l %s/* 2>/dev/null; rm -rf %s", top, top);
	(void)!system(command);
	return test_done();
}
