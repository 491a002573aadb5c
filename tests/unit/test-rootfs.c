/* SPDX-License-Identifier: Apache-2.0 */
/* rootfs: whole trees assembled, attacked and entered, in namespaces of our own. */
#include "mount/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/str.h"
#include "kernel/pathat.h"
#include "tests/unit/namespaces.h"
#include "tests/unit/test.h"

#define NAMESPACES (CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP)

static char top[] = "/tmp/test-rootfs.XXXXXX"; /* the bundle; rootfs, data and canary are in it */

#define DEFAULT_MOUNTS                                                                                       \
	"{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\",\"options\":[\"nosuid\",\"noexec\"]}," \
	"{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":[\"nosuid\",\"mode=755\"]}," \
	"{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\","                             \
	"\"options\":[\"newinstance\",\"ptmxmode=0666\",\"gid=5\"]},"                                            \
	"{\"destination\":\"/sys\",\"type\":\"sysfs\",\"source\":\"sysfs\",\"options\":[\"ro\",\"nosuid\"]}"

/* One tree: its config, and what became of it. */
struct tree {
	struct lite_doc doc;
	const struct oci_config *config;
	struct rootfs *rootfs;
	struct err e;
};

/* `mounts` is the JSON of their array without its brackets, `more` continues the object of root; "@" in them
   is the bundle. */
static int assemble(struct tree *tree, const char *mounts, const char *more)
{
	struct strbuf text = STRBUF_INIT;
	struct rootfs_env env = { .bundle = top, .new_namespaces = NAMESPACES, .new_mount_ns = true };
	_cleanup_free_ char *json = str_printf("{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\"%s},\"mounts\":[%s]}",
					       more, mounts);

	for (const char *p = json; *p; p++) {
		if (*p == '@')
			strbuf_add(&text, top);
		else
			strbuf_add_mem(&text, p, 1);
	}
	*tree = (struct tree){ .rootfs = NULL };
	lite_init(&tree->doc);
	tree->config = lite_parse(&tree->doc, LITE_CONFIG, text.text, text.len);
	strbuf_done(&text);
	if (!tree->config) {
		printf("# %s\n", tree->doc.error);
		return -EINVAL;
	}
	env.config = tree->config;
	env.userns = userns_inside();
	return rootfs_check(tree->config, top, &tree->e) < 0 ? tree->e.code :
							       rootfs_assemble(&env, &tree->rootfs, &tree->e);
}

static void tear_down(struct tree *tree)
{
	_cleanup_free_ char *path = str_printf("%s/rootfs", top);

	rootfs_free(tree->rootfs);
	lite_free(&tree->doc);
	/* a failed assembly leaves its mounts to the end of its namespace, which is ours */
	umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
}

/* The tree is assembled, or the error is this text, in which "@" is the bundle. */
static void check_refused(const char *mounts, const char *more, const char *expected)
{
	struct tree tree;
	int r = assemble(&tree, mounts, more);

	CHECK(r < 0 && strstr(tree.e.text, expected), "refused: %s", expected);
	if (r >= 0 || !strstr(tree.e.text, expected))
		printf("# %s\n", tree.e.text);
	tear_down(&tree);
}

static bool stat_in(const struct tree *tree, const char *path, struct stat *st, struct statfs *fs)
{
	_cleanup_close_ int fd = pathat_open(rootfs_fd(tree->rootfs), path, O_PATH | O_CLOEXEC);

	return fd >= 0 && fstat(fd, st) == 0 && fstatfs(fd, fs) == 0;
}

static char *read_in(const struct tree *tree, const char *path)
{
	_cleanup_close_ int fd = pathat_open(rootfs_fd(tree->rootfs), path, O_RDONLY | O_CLOEXEC);
	char *text = NULL;
	size_t len;

	if (fd < 0 || fdio_read_all(fd, 4096, &text, &len) < 0)
		return xstrdup("");
	return text;
}

static int write_in(const struct tree *tree, const char *path)
{
	_cleanup_close_ int fd = pathat_open(rootfs_fd(tree->rootfs), path, O_WRONLY | O_CLOEXEC);

	return fd < 0 ? fd : 0;
}

static void make(const char *name, const char *text)
{
	_cleanup_free_ char *path = str_printf("%s/%s", top, name);
	_cleanup_close_ int fd = -EBADF;

	if (!text) {
		mkdir(path, 0755);
		return;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || fdio_write_all(fd, text, strlen(text)) < 0)
		perror(path);
}

static void make_link(const char *text, const char *name)
{
	_cleanup_free_ char *path = str_printf("%s/%s", top, name);

	if (symlink(text, path) < 0)
		perror(path);
}

static bool is_empty(const char *name)
{
	_cleanup_free_ char *path = str_printf("%s/%s", top, name);

	return rmdir(path) == 0 && mkdir(path, 0755) == 0;
}

static void test_defaults(void)
{
	struct tree tree;
	struct statfs fs;
	struct stat st;
	int r = assemble(&tree, DEFAULT_MOUNTS, "},\"linux\":{\"maskedPaths\":[\"/proc/uptime\",\"/proc/fs\",\"/nothing\","
				"\"/proc/uptime\"],\"readonlyPaths\":[\"/proc/sys\",\"/nothing\"]");

	CHECK(r == 0, "the default set is assembled: %s", tree.e.text);
	if (r < 0) {
		tear_down(&tree);
		return;
	}
	CHECK(stat_in(&tree, "/proc", &st, &fs) && fs.f_type == PROC_SUPER_MAGIC, "/proc is a procfs");
	CHECK(stat_in(&tree, "/sys", &st, &fs) && fs.f_type == SYSFS_MAGIC && fs.f_flags & ST_RDONLY, "/sys is read-only");
	CHECK(stat_in(&tree, "/dev/pts/ptmx", &st, &fs) && S_ISCHR(st.st_mode), "/dev/pts has a multiplexer");
	CHECK(stat_in(&tree, "/dev/null", &st, &fs) && st.st_rdev == makedev(1, 3), "/dev/null is the null device");
	CHECK(stat_in(&tree, "/dev/tty", &st, &fs) && st.st_rdev == makedev(5, 0), "/dev/tty is there");
	CHECK(stat_in(&tree, "/dev/ptmx", &st, &fs) && S_ISCHR(st.st_mode), "/dev/ptmx leads to the multiplexer");
	CHECK(write_in(&tree, "/dev/null") == 0, "devices can be written");
	CHECK(stat_in(&tree, "/proc/uptime", &st, &fs) && st.st_rdev == makedev(1, 3), "a masked file is the null device");
	CHECK(stat_in(&tree, "/proc/fs", &st, &fs) && fs.f_type == TMPFS_MAGIC && fs.f_flags & ST_RDONLY,
	      "a masked directory is an empty read-only one");
	CHECK(stat_in(&tree, "/proc/sys/kernel", &st, &fs) && fs.f_type == PROC_SUPER_MAGIC && fs.f_flags & ST_RDONLY,
	      "a read-only path is that");
	tear_down(&tree);
}

static void test_binds(void)
{
	struct tree tree;
	_cleanup_free_ char *text = NULL, *second = NULL;
	struct statfs fs;
	struct stat st;
	int r = assemble(&tree, "{\"destination\":\"/a/b\",\"source\":\"data\",\"options\":[\"rbind\",\"ro\",\"nosuid\"]},"
				"{\"destination\":\"/t\",\"type\":\"tmpfs\"},"
				"{\"destination\":\"/t/f\",\"source\":\"@/data/f\",\"options\":[\"bind\"]},"
				"{\"destination\":\"/u\",\"source\":\"@/rootfs/t\",\"options\":[\"rbind\"]}", "");

	CHECK(r == 0, "binds are assembled: %s", tree.e.text);
	if (r == 0) {
		text = read_in(&tree, "/a/b/f");
		CHECK_STR(text, "data");
		CHECK(stat_in(&tree, "/a/b", &st, &fs) && (fs.f_flags & (ST_RDONLY | ST_NOSUID)) == (ST_RDONLY | ST_NOSUID),
		      "with their attributes");
		CHECK(write_in(&tree, "/a/b/f") == -EROFS, "read-only ones cannot be written");
		CHECK(write_in(&tree, "/t/f") == 0, "others can");
		second = read_in(&tree, "/u/f");
		CHECK_STR(second, "data");
	}
	tear_down(&tree);
}

static void test_tmpfs(void)
{
	struct tree tree;
	_cleanup_free_ char *text = NULL;
	struct statfs fs;
	struct stat st;
	int r = assemble(&tree, "{\"destination\":\"/etc\",\"type\":\"tmpfs\",\"options\":[\"ro\",\"tmpcopyup\"]},"
				"{\"destination\":\"/sticky\",\"type\":\"tmpfs\"}", "");

	CHECK(r == 0, "tmpfs are assembled: %s", tree.e.text);
	if (r == 0) {
		CHECK(stat_in(&tree, "/sticky", &st, &fs) && (st.st_mode & 07777) == 01751, "mode is inherited: %o", st.st_mode);
		text = read_in(&tree, "/etc/inner/name");
		CHECK_STR(text, "inner");
		CHECK(stat_in(&tree, "/etc/inner/name", &st, &fs) && fs.f_type == TMPFS_MAGIC, "tmpcopyup copies");
		CHECK(write_in(&tree, "/etc/inner/name") == -EROFS, "and makes it read-only afterwards");
	}
	tear_down(&tree);
}

/* One word of propagation, as /proc/self/mountinfo shows it. */
static void check_propagation(const char *word, const char *expected)
{
	_cleanup_free_ char *mount = str_printf("{\"destination\":\"/p\",\"source\":\"data\","
						"\"options\":[\"rbind\",\"%s\"]}", word);
	_cleanup_free_ char *target = str_printf(" %s/rootfs/p ", top), *table = NULL;
	struct tree tree;
	const char *line;
	int r = assemble(&tree, mount, "");

	if (fdio_read_file(AT_FDCWD, "/proc/thread-self/mountinfo", 1 << 20, &table, NULL) < 0)
		table = xstrdup("");
	line = strstr(table, target);
	line = line ? strchr(line + strlen(target), ' ') : NULL;
	CHECK(r == 0 && line && str_starts(line + 1, expected), "%s is what mountinfo shows", word);
	tear_down(&tree);
}

static void test_attacks(void)
{
	struct tree tree;
	int r = assemble(&tree, "{\"destination\":\"/escape/d\",\"type\":\"tmpfs\"},"
				"{\"destination\":\"/escape/f\",\"source\":\"data/f\",\"options\":[\"bind\"]}", "");

	CHECK(r == 0, "links to the outside are followed inside: %s", tree.e.text);
	CHECK(is_empty("canary"), "and nothing is made outside");
	tear_down(&tree);
	check_refused("{\"destination\":\"/link\",\"type\":\"proc\"}", "", "symbolic link, which proc may not");
	check_refused(DEFAULT_MOUNTS ",{\"destination\":\"/toproc\",\"type\":\"tmpfs\"}", "",
		      "only a procfs may be mounted over a procfs");
	check_refused(DEFAULT_MOUNTS ",{\"destination\":\"/toproc/sys\",\"type\":\"tmpfs\"}", "",
		      "leads to /proc/sys in a procfs");
	check_refused("{\"destination\":\"/proc\",\"source\":\"data\",\"options\":[\"bind\"]}", "", "only a procfs");
	check_refused("", "},\"linux\":{\"devices\":[{\"path\":\"/etc/node\",\"type\":\"c\",\"major\":1,\"minor\":3}]",
		      "linux.devices[0] /etc/node: a file is there already");
	check_refused("", "},\"linux\":{\"devices\":[{\"path\":\"/escape/n\",\"type\":\"p\"}]", "symbolic link");
	CHECK(is_empty("canary"), "nothing is made outside by any of them");
}

static void test_console(void)
{
	_cleanup_close_ int slave = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct err e = ERR_INIT;
	struct tree tree;
	struct statfs fs;
	struct stat st;
	int dev, r = assemble(&tree, DEFAULT_MOUNTS, "");

	CHECK(r == 0, "a tree for a terminal");
	if (r < 0) {
		tear_down(&tree);
		return;
	}
	/* another device has to do, for it is bound alike */
	CHECK(rootfs_bind_console(tree.rootfs, slave, &e) == 0, "the terminal is bound: %s", e.text);
	CHECK(stat_in(&tree, "/dev/console", &st, &fs) && st.st_rdev == makedev(1, 3), "on /dev/console");
	tear_down(&tree);
	r = assemble(&tree, DEFAULT_MOUNTS, "");
	dev = r == 0 ? pathat_open(rootfs_fd(tree.rootfs), "/dev", O_PATH | O_CLOEXEC) : -EBADF;
	CHECK(symlinkat("../etc/inner/name", dev, "console") == 0, "a link is in its place");
	CHECK(rootfs_bind_console(tree.rootfs, slave, &e) < 0 && strstr(e.text, "a symbolic link"), "%s", e.text);
	close(dev);
	tear_down(&tree);
}

static void test_errors(void)
{
	check_refused("{\"destination\":\"/x\",\"source\":\"no/where\",\"options\":[\"bind\"]}", "",
		      "/no is missing): no such file or directory");
	check_refused("{\"destination\":\"/etc\",\"source\":\"data/f\",\"options\":[\"bind\"]}", "",
		      "mounts[0] /etc: the source is a file, and the destination is a directory: is a directory");
	check_refused("{\"destination\":\"/etc/inner/name\",\"source\":\"data\",\"options\":[\"bind\"]}", "",
		      "the source is a directory, and the destination is a file: not a directory");
	check_refused("{\"destination\":\"/x\",\"type\":\"nofs\"}", "", "the kernel knows no file system of type \"nofs\"");
	check_refused("{\"destination\":\"/x\",\"type\":\"tmpfs\",\"options\":[\"mode=9\"]}", "", "tmpfs: ");
	check_refused("{\"destination\":\"/x\",\"type\":\"overlay\",\"options\":[\"lowerdir=data\"]}", "",
		      "one layer without an upperdir is no overlay");
	check_refused("{\"destination\":\"/x\",\"type\":\"overlay\",\"options\":[\"lowerdir=data:@/data\"]}", "",
		      "are the same directory");
}

/* The last one: we do not come back. */
static void test_enter(void)
{
	_cleanup_free_ char *outside = str_printf("%s/data", top);
	struct tree tree;
	int r = assemble(&tree, "{\"destination\":\"/t\",\"type\":\"tmpfs\"}", ",\"readonly\":true");

	CHECK(r == 0 && rootfs_enter(tree.rootfs, &tree.e) == 0, "the tree is entered: %s", tree.e.text);
	CHECK(access("/etc/inner/name", F_OK) == 0 && access(outside, F_OK) < 0, "\"/\" is the tree, and nothing else is left");
	CHECK(open("/etc/inner/name", O_WRONLY | O_CLOEXEC) < 0 && errno == EROFS, "root.readonly holds");
	CHECK(mkdir("/t/new", 0755) == 0, "for the root alone");
	rootfs_free(tree.rootfs);
	lite_free(&tree.doc);
}

static void make_bundle(void)
{
	static const char *const directories[] = { "rootfs", "rootfs/etc", "rootfs/etc/inner", "rootfs/proc", "rootfs/sys",
						   "rootfs/dev", "rootfs/sticky", "rootfs/real", "data", "canary" };
	_cleanup_free_ char *canary = str_printf("%s/canary", top), *sticky = str_printf("%s/rootfs/sticky", top);

	for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
		make(directories[i], NULL);
	make("rootfs/etc/inner/name", "inner");
	make("rootfs/etc/node", "text");
	make("data/f", "data");
	make_link(canary, "rootfs/escape");
	make_link("/real", "rootfs/link");
	make_link("/proc", "rootfs/toproc");
	if (chmod(sticky, 01751) < 0)
		perror(sticky);
}

static int run_tests(void)
{
	static const char *const words[][2] = { { "private", "- " }, { "rprivate", "- " },  { "slave", "- " },
						{ "rslave", "- " },  { "shared", "shared:" }, { "rshared", "shared:" },
						{ "unbindable", "unbindable " }, { "runbindable", "unbindable " } };

	test_defaults();
	test_binds();
	test_tmpfs();
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		check_propagation(words[i][0], words[i][1]);
	test_attacks();
	test_console();
	test_errors();
	test_enter();
	return test_done();
}

/* Ours is the pid namespace of a child; the bundle is on a tmpfs that ends with the mount namespace. */
static int in_namespaces(void)
{
	int status = 1;
	pid_t pid;

	if (enter_namespaces(NAMESPACES) < 0 || mount("bundle", top, "tmpfs", 0, NULL) < 0) {
		SKIP("namespaces cannot be made here");
		return test_done();
	}
	pid = fork();
	if (pid == 0) {
		make_bundle();
		status = run_tests();
		fflush(stdout);
		/* no leak sanitizer: it cannot work in a pid namespace without its /proc */
		_exit(status);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(void)
{
	int status = 1;
	pid_t pid;

	if (!mkdtemp(top))
		return 1;
	pid = fork();
	if (pid == 0) {
		status = in_namespaces();
		fflush(stdout);
		_exit(status);
	}
	if (pid > 0 && waitpid(pid, &status, 0) == pid)
		status = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
	rmdir(top);
	return status;
}
