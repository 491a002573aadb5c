/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pathat: nothing beneath a hostile root leads out of it.  Every lookup is made by openat2 and by the
 * walk.  Beside the root lies a canary directory, which has to stay empty.
 */
#include "kernel/pathat.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "tests/unit/namespaces.h"
#include "tests/unit/no-openat2.h"
#include "tests/unit/test.h"

static char top[] = "/tmp/test-pathat.XXXXXX";
static int top_fd = -1, root = -1;

typedef int (*resolver)(int root, const char *path, int flags);

static ino_t inode(int fd)
{
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 ? st.st_ino : 0;
}

/* The object at a path relative to the root, as we know that it is. */
static ino_t inode_at(const char *path)
{
	struct stat st;

	return fstatat(root, path, &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_ino : 0;
}

static bool canary_is_empty(void)
{
	int fd = openat(top_fd, "canary", O_RDONLY | O_DIRECTORY | O_CLOEXEC), n = 0;
	DIR *dir = fdopendir(fd);

	while (dir && readdir(dir))
		n++;
	closedir(dir);
	return n == 2;
}

static void link_to(const char *text, const char *name)
{
	if (symlinkat(text, root, name) < 0)
		perror(name);
}

static void make_tree(void)
{
	char name[16], text[32];

	if (!mkdtemp(top))
		exit(1);
	top_fd = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	mkdirat(top_fd, "root", 0755);
	mkdirat(top_fd, "canary", 0777);
	root = openat(top_fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	mkdirat(root, "dir", 0755);
	mkdirat(root, "dir/sub", 0755);
	mkdirat(root, "canary", 0755);
	close(openat(root, "file", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	close(openat(root, "dir/file", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	link_to("/dir", "abs");
	link_to("../../../../dir", "up");
	link_to("dir/sub", "rel");
	link_to("/file", "absfile");
	link_to("loop2", "loop1");
	link_to("loop1", "loop2");
	link_to("self", "self");
	link_to("../../canary", "out");
	link_to("../../../../../../../../../etc/passwd", "passwd");
	link_to("/missing/a", "dangling");
	link_to("dangling/b", "dangling2");
	link_to("../../../canary/x", "dangling-up");
	link_to("abs/../up/./sub/", "mixed");
	link_to("dir/", "slash");
	for (int i = 0; i < 45; i++) {
		snprintf(name, sizeof(name), "chain%d", i);
		snprintf(text, sizeof(text), "chain%d", i - 1);
		link_to(i == 0 ? "dir" : text, name);
	}
}

static void remove_in_root(const char *name)
{
	_cleanup_free_ char *command = str_printf("rm -rf %s/root/%s", top, name);

	if (system(command) != 0)
		printf("# %s remains\n", name);
}

static void remove_tree(void)
{
	char command[128];

	snprintf(command, sizeof(command), "chmod -R u+rwx %s; rm -rf %s", top, top);
	if (system(command) != 0)
		printf("# %s remains\n", top);
}

/* Where a path has to lead: the place in the root, or an errno. */
static const struct {
	const char *path, *place;
	int error;
	int flags;
} lookups[] = {
	{ "/", ".", 0, 0 },
	{ ".", ".", 0, 0 },
	{ "..", ".", 0, 0 },
	{ "/../../..", ".", 0, 0 },
	{ "//./../dir/../..//", ".", 0, 0 },
	{ "", NULL, -ENOENT, 0 },
	{ "dir", "dir", 0, 0 },
	{ "/dir/", "dir", 0, 0 },
	{ "dir/.", "dir", 0, 0 },
	{ "dir/sub/..", "dir", 0, 0 },
	{ "dir/file", "dir/file", 0, 0 },
	{ "dir//./sub/../file", "dir/file", 0, 0 },
	{ "file/", NULL, -ENOTDIR, 0 },
	{ "file/.", NULL, -ENOTDIR, 0 },
	{ "file/..", NULL, -ENOTDIR, 0 },
	{ "file/x", NULL, -ENOTDIR, 0 },
	{ "file", NULL, -ENOTDIR, O_DIRECTORY },
	{ "missing", NULL, -ENOENT, 0 },
	{ "missing/..", NULL, -ENOENT, 0 },
	{ "abs", "dir", 0, 0 },
	{ "abs", "abs", 0, O_NOFOLLOW },
	{ "abs", NULL, -ENOTDIR, O_NOFOLLOW | O_DIRECTORY },
	{ "abs/", "dir", 0, O_NOFOLLOW },
	{ "abs/sub", "dir/sub", 0, O_NOFOLLOW },
	{ "abs/..", ".", 0, 0 },
	{ "up", "dir", 0, 0 },
	{ "up/file", "dir/file", 0, 0 },
	{ "rel", "dir/sub", 0, 0 },
	{ "rel/..", "dir", 0, 0 },
	{ "rel/../file", "dir/file", 0, 0 },
	{ "absfile", "file", 0, 0 },
	{ "absfile/", NULL, -ENOTDIR, 0 },
	{ "mixed", "dir/sub", 0, 0 },
	{ "slash", "dir", 0, 0 },
	{ "slash/file", "dir/file", 0, 0 },
	{ "slash", "slash", 0, O_NOFOLLOW },
	{ "out", "canary", 0, 0 },
	{ "passwd", NULL, -ENOENT, 0 },
	{ "dangling", NULL, -ENOENT, 0 },
	{ "dangling", "dangling", 0, O_NOFOLLOW },
	{ "dangling2", NULL, -ENOENT, 0 },
	{ "loop1", NULL, -ELOOP, 0 },
	{ "loop1/x", NULL, -ELOOP, 0 },
	{ "self/self", NULL, -ELOOP, 0 },
	{ "self", "self", 0, O_NOFOLLOW },
	{ "chain38", "dir", 0, 0 },
	{ "chain39", "dir", 0, 0 },
	{ "chain40", NULL, -ELOOP, 0 },
	{ "chain39/file", "dir/file", 0, 0 },
	{ "chain44", NULL, -ELOOP, 0 },
};

static void test_lookups(resolver resolve, const char *what)
{
	for (size_t i = 0; i < ARRAY_SIZE(lookups); i++) {
		int fd = resolve(root, lookups[i].path, O_PATH | lookups[i].flags);

		if (lookups[i].place)
			CHECK(fd >= 0 && inode(fd) == inode_at(lookups[i].place), "%s: %s is %s", what,
			      lookups[i].path, lookups[i].place);
		else
			CHECK(fd == lookups[i].error, "%s: %s: %s, %d", what, lookups[i].path,
			      strerror(-lookups[i].error), fd);
		if (fd >= 0) {
			CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC, "%s: %s: close-on-exec", what, lookups[i].path);
			close(fd);
		}
	}
}

/* Not only O_PATH. */
static void test_flags(resolver resolve, const char *what)
{
	int fd = resolve(root, "absfile", O_RDWR);

	CHECK(fd >= 0 && write(fd, "x", 1) == 1, "%s: read and write", what);
	close(fd);
	fd = resolve(root, "dir/sub/..", O_RDONLY | O_DIRECTORY);
	CHECK(fd >= 0 && inode(fd) == inode_at("dir"), "%s: a directory to read", what);
	close(fd);
	CHECK(resolve(root, "absfile", O_RDONLY | O_NOFOLLOW) == -ELOOP, "%s: a link not to follow", what);
	CHECK(resolve(root, "dir", O_WRONLY) == -EISDIR, "%s: a directory is not for writing", what);
}

static bool mount_proc(void)
{
	_cleanup_free_ char *path = str_printf("%s/root", top);

	/* The mount namespace is another now, and so is the root. */
	close(root);
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	mkdirat(root, "proc", 0755);
	return fchdir(root) == 0 && mount("/proc", "proc", NULL, MS_BIND | MS_REC, NULL) == 0;
}

/* Symlinks of procfs that are paths, and those that are doors. */
static void test_magic(resolver resolve, const char *what)
{
	static const char *const doors[] = { "proc/self/root", "proc/self/cwd/x", "proc/self/exe", "proc/self/fd/0",
					     "proc/self/ns/mnt", "proc/thread-self/root/etc" };
	int fd = resolve(root, "proc/self/status", O_RDONLY);

	CHECK(fd >= 0, "%s: proc/self is followed", what);
	close(fd);
	fd = resolve(root, "proc/mounts", O_RDONLY);
	CHECK(fd >= 0, "%s: proc/mounts is followed", what);
	close(fd);
	for (size_t i = 0; i < ARRAY_SIZE(doors); i++)
		CHECK(resolve(root, doors[i], O_PATH) == -ELOOP, "%s: %s is refused", what, doors[i]);
	fd = resolve(root, "proc/self/root", O_PATH | O_NOFOLLOW);
	CHECK(fd >= 0, "%s: the link itself may be opened", what);
	close(fd);
	CHECK(pathat_mkdir_p(root, "proc/self/root/tmp/x", 0755) == -ELOOP, "mkdir_p through a magic link");
}

static mode_t mode_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? st.st_mode & 07777 : 0;
}

/* Made, and where. */
static void check_made(int fd, const char *place, mode_t mode, const char *what)
{
	CHECK(fd >= 0 && inode(fd) == inode_at(place) && mode_of(fd) == mode, "%s: %s made, mode %o", what, place,
	      mode);
	if (fd >= 0)
		close(fd);
	CHECK(canary_is_empty(), "%s: nothing outside", what);
}

static void test_mkdir(void)
{
	mode_t old = umask(0);

	check_made(pathat_mkdir_p(root, "a/b/c", 0755), "a/b/c", 0755, "plain");
	check_made(pathat_mkdir_p(root, "a/b/c", 0700), "a/b/c", 0755, "again, nothing changes");
	check_made(pathat_mkdir_p(root, "/abs/x/y", 0711), "dir/x/y", 0711, "through an absolute link");
	check_made(pathat_mkdir_p(root, "../../z", 0755), "z", 0755, "above the root");
	check_made(pathat_mkdir_p(root, "new/../new2/./d/", 0755), "new2/d", 0755, "with dots");
	CHECK(inode_at("new"), "what is gone through is made too");
	check_made(pathat_mkdir_p(root, "dangling2/q", 0755), "missing/a/b/q", 0755, "dangling links");
	check_made(pathat_mkdir_p(root, "dangling-up", 0755), "canary/x", 0755, "a link out of the root");
	check_made(pathat_mkdir_p(root, "out/y", 0755), "canary/y", 0755, "another");
	check_made(pathat_mkdir_p(root, "/", 0755), ".", 0755, "the root");
	CHECK(pathat_mkdir_p(root, "file/x", 0755) == -ENOTDIR, "below a file");
	CHECK(pathat_mkdir_p(root, "absfile", 0755) == -ENOTDIR, "a file");
	CHECK(pathat_mkdir_p(root, "loop1/x", 0755) == -ELOOP, "a loop");
	umask(027);
	check_made(pathat_mkdir_p(root, "masked/d", 0777), "masked/d", 0750, "less the umask");
	CHECK(umask(0) == 027, "the umask is what it was");
	if (fchmodat(root, "a/b", 02755, 0) == 0 && pathat_mkdir_p(root, "a/b/g/h", 0750) >= 0)
		check_made(pathat_open(root, "a/b/g/h", O_PATH), "a/b/g/h", 02750, "set-gid is inherited");
	umask(old);
}

static void test_create(void)
{
	struct stat st;
	char *name = NULL;
	int fd;

	check_made(pathat_create_file(root, "f/g/h", 0640), "f/g/h", 0640, "a file and its parents");
	check_made(pathat_create_file(root, "f/g/h", 0600), "f/g/h", 0640, "it is there");
	check_made(pathat_create_file(root, "absfile", 0600), "file", 0644, "through a link");
	link_to("../../../canary/made", "dangling-file");
	check_made(pathat_create_file(root, "dangling-file", 0600), "canary/made", 0600, "through a dangling link");
	CHECK(pathat_create_file(root, "dir", 0644) == -EISDIR, "a directory");
	CHECK(pathat_create_file(root, "/", 0644) == -EISDIR, "the root");
	CHECK(pathat_create_file(root, "dir/sub/..", 0644) == -EISDIR, "a directory by dots");
	CHECK(pathat_create_file(root, "nothing/", 0644) == -EISDIR, "a name that only a directory can have");
	CHECK(pathat_create_file(root, "loop1", 0644) == -ELOOP, "a loop");
	CHECK(pathat_create_file(root, "", 0644) == -ENOENT, "no path");
	mkfifoat(root, "fifo", 0600);
	check_made(pathat_create_file(root, "fifo", 0644), "fifo", 0600, "a fifo is returned, not opened");

	fd = pathat_open_parent(root, "dev/deep/null/", &name);
	CHECK(fd >= 0 && inode(fd) == inode_at("dev/deep"), "the parent is made");
	CHECK_STR(name, "null");
	close(fd);
	free(name);
	name = NULL;
	fd = pathat_open_parent(root, "abs/sub", &name);
	CHECK(fd >= 0 && inode(fd) == inode_at("dir"), "the parent that is there");
	CHECK_STR(name, "sub");
	close(fd);
	free(name);
	name = NULL;
	fd = pathat_open_parent(root, "out", &name);
	CHECK(fd >= 0 && inode(fd) == inode_at("."), "the last link is not followed");
	CHECK_STR(name, "out");
	close(fd);
	free(name);
	name = NULL;
	fd = pathat_open_parent(root, "dangling2/p/n/.", &name);
	CHECK(fd >= 0 && inode(fd) == inode_at("missing/a/b/p"), "a parent behind dangling links");
	CHECK_STR(name, "n");
	close(fd);
	free(name);
	name = NULL;
	CHECK(pathat_open_parent(root, "/", &name) == -EISDIR && !name, "the root has none");
	CHECK(pathat_open_parent(root, "dir/..", &name) == -EISDIR && !name, "nor by dots");
	CHECK(pathat_open_parent(root, "file/x", &name) == -ENOTDIR && !name, "a file is no parent");
	CHECK(canary_is_empty() && fstatat(top_fd, "dev", &st, 0) < 0, "nothing outside");
}

static void test_reopen(void)
{
	int fd = pathat_open(root, "file", O_PATH), writable;
	char *text = pathat_describe(fd), *expected = str_printf("%s/root/file", top);

	CHECK_STR(text, expected);
	free(text);
	free(expected);
	writable = pathat_reopen(fd, O_WRONLY);
	CHECK(writable >= 0 && write(writable, "y", 1) == 1, "an O_PATH descriptor becomes a writable one");
	CHECK(fcntl(writable, F_GETFD) & FD_CLOEXEC, "close-on-exec");
	close(writable);
	close(fd);
	CHECK(pathat_reopen(999, O_RDONLY) == -ENOENT, "no such descriptor");
	fd = pathat_open(root, "abs", O_PATH | O_NOFOLLOW);
	CHECK(pathat_reopen(fd, O_RDONLY) == -ELOOP, "a symlink cannot be opened");
	close(fd);
	text = pathat_describe(999);
	CHECK_STR(text, "descriptor 999");
	free(text);
}

/* fork(2) that does not fail, since kill(-1) would be the end of everybody. */
static pid_t start_child(void)
{
	pid_t pid = fork();

	if (pid < 0) {
		perror("fork");
		exit(1);
	}
	return pid;
}

/* Exchange two names for ever. */
static pid_t start_attacker(const char *a, const char *b)
{
	pid_t pid = start_child();

	if (pid != 0)
		return pid;
	for (;;)
		renameat2(root, a, root, b, RENAME_EXCHANGE);
}

static bool over(const struct timespec *start, int seconds)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec - start->tv_sec >= seconds;
}

/* A naive mkdir follows the exchanged link: the attack bites. */
static bool naive_escapes(void)
{
	struct timespec start;
	char path[128];

	clock_gettime(CLOCK_MONOTONIC, &start);
	snprintf(path, sizeof(path), "%s/root/race/naive", top);
	while (!over(&start, 5)) {
		mkdir(path, 0755);
		rmdir(path);
		if (mkdir(path, 0755) == 0 && !canary_is_empty()) {
			unlinkat(top_fd, "canary/naive", AT_REMOVEDIR);
			return true;
		}
	}
	return false;
}

/* What a round has made: wherever the attacker has put it, it is in one of the two. */
static void remove_round(unsigned n)
{
	static const char *const dirs[] = { "race", "race-link" };
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		int fd = openat(root, dirs[i], O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (fd < 0)
			continue;
		snprintf(path, sizeof(path), "d%u/e", n);
		if (unlinkat(fd, path, 0) < 0)
			unlinkat(fd, path, AT_REMOVEDIR);
		path[strlen(path) - 2] = '\0';
		unlinkat(fd, path, AT_REMOVEDIR);
		close(fd);
	}
}

static void test_race(void)
{
	struct timespec start;
	unsigned n = 0, n_failed = 0, n_escaped = 0;
	char text[128], path[64], *name;
	ino_t canary;
	pid_t attacker;
	int fd = openat(top_fd, "canary", O_PATH | O_CLOEXEC);

	canary = inode(fd);
	close(fd);
	/* An absolute link to the true canary: inside the root there is nothing of that name. */
	snprintf(text, sizeof(text), "%s/canary", top);
	mkdirat(root, "race", 0755);
	link_to(text, "race-link");
	attacker = start_attacker("race", "race-link");
	CHECK(naive_escapes(), "the attack bites a naive mkdir");
	clock_gettime(CLOCK_MONOTONIC, &start);
	while (!over(&start, 2)) {
		snprintf(path, sizeof(path), "race/d%u/e", n);
		fd = n % 3 == 0 ? pathat_mkdir_p(root, path, 0755) :
		     n % 3 == 1 ? pathat_create_file(root, path, 0644) :
				  pathat_open_parent(root, path, &name);
		if (fd >= 0 && n % 3 == 2)
			free(name);
		n_failed += fd < 0;
		if (fd >= 0)
			close(fd);
		fd = pathat_open_walk(root, "race/../race/./../race", O_PATH);
		n_escaped += fd >= 0 && inode(fd) == canary;
		if (fd >= 0)
			close(fd);
		remove_round(n);
		n++;
		n_escaped += n % 64 == 0 && !canary_is_empty();
	}
	kill(attacker, SIGKILL);
	waitpid(attacker, NULL, 0);
	CHECK(n > 100 && n_escaped == 0, "%u rounds against an attacker, %u failed, %u escaped", n, n_failed,
	      n_escaped);
	CHECK(canary_is_empty(), "the canary is empty");
}

/* A directory that flickers between link, directory and nothing ends in an answer. */
static void test_flicker(void)
{
	struct timespec start;
	unsigned n = 0;
	pid_t attacker;

	clock_gettime(CLOCK_MONOTONIC, &start);
	attacker = start_child();
	if (attacker == 0) {
		for (;;) {
			mkdirat(root, "flicker", 0755);
			unlinkat(root, "flicker", AT_REMOVEDIR);
			(void)!symlinkat("dir", root, "flicker");
			unlinkat(root, "flicker", 0);
		}
	}
	while (!over(&start, 1)) {
		int fd = pathat_mkdir_p(root, "flicker", 0755);

		if (fd >= 0)
			close(fd);
		fd = pathat_create_file(root, "flicker", 0644);
		if (fd >= 0)
			close(fd);
		unlinkat(root, "flicker", 0);
		n++;
	}
	kill(attacker, SIGKILL);
	waitpid(attacker, NULL, 0);
	CHECK(n > 10, "%u rounds with a name that flickers", n);
	CHECK(canary_is_empty(), "the canary is empty");
}

/* In a child with a mount namespace of its own, for the binds. Its checks are counted there. */
static int run_in_namespace(void)
{
	if (enter_namespaces(CLONE_NEWNS) < 0)
		SKIP("magic links: no mount namespace to be had");
	else if (!mount_proc())
		SKIP("magic links: /proc cannot be bound");
	else {
		test_magic(pathat_open, "openat2");
		test_magic(pathat_open_walk, "walk");
	}
	return test_failed;
}

int main(void)
{
	pid_t child;
	int status;

	alarm(60);
	make_tree();
	test_lookups(pathat_open, "openat2");
	test_lookups(pathat_open_walk, "walk");
	test_flags(pathat_open, "openat2");
	test_flags(pathat_open_walk, "walk");
	test_mkdir();
	test_create();
	test_reopen();
	test_race();
	test_flicker();

	fflush(stdout);
	child = start_child();
	if (child == 0) {
		run_in_namespace();
		remove_in_root("missing");
		if (refuse_openat2() == 0)
			test_lookups(pathat_open, "openat2 refused");
		else
			SKIP("no seccomp filters here");
		/* Its counters are ours only as an exit status: the plan is printed there. */
		exit(test_done());
	}
	waitpid(child, &status, 0);
	remove_tree();
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
