/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cgroups for real, as root: as this machine mounts them, and in a private mount namespace with the
 * v2 hierarchy alone on /sys/fs/cgroup.
 */
#include "cgroup/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/str.h"
#include "kernel/spawn.h"
#include "tests/unit/test.h"

static char name[64];

/* A process in the cgroup that waits to be killed. */
static pid_t start_sleeper(struct cgroup *cgroup, int *ret_pidfd)
{
	pid_t pid = cgroup_spawn(cgroup, 0, ret_pidfd);

	if (pid == 0)
		for (;;)
			pause();
	return pid;
}

/* Processes that fork as fast as they can, twenty at a time; not before something can be read from `go`, since on
   v1 they join later. */
static pid_t start_bomb(struct cgroup *cgroup, int go, int *ret_pidfd)
{
	pid_t pid = cgroup_spawn(cgroup, 0, ret_pidfd);
	char c;

	if (pid != 0)
		return pid;
	if (read(go, &c, 1) != 1)
		_exit(1);
	signal(SIGCHLD, SIG_IGN);
	for (int i = 0; i < 20; i++)
		if (fork() == 0)
			for (;;) {
				pid_t child = fork();

				if (child > 0)
					_exit(0);
			}
	for (;;)
		pause();
}

static struct cgroup_record copy_record(const struct cgroup *cgroup)
{
	const struct cgroup_record *record = cgroup_get_record(cgroup);

	return (struct cgroup_record){
		.manager = record->manager ? xstrdup(record->manager) : NULL,
		.path = record->path ? xstrdup(record->path) : NULL,
		.scope = record->scope ? xstrdup(record->scope) : NULL,
	};
}

static struct cgroup *plan_and_create(const char *path, const struct oci_resources *resources)
{
	struct cgroup_request request = {
		.manager = CGROUP_MANAGER_CGROUPFS,
		.id = name,
		.path = path,
		.resources = resources,
	};
	struct cgroup *cgroup = NULL;
	struct err e = ERR_INIT;
	int r = cgroup_plan(&request, &cgroup, &e);

	CHECK(r == 0, "plan %s: %s", path ? path : "(default)", e.text);
	if (r < 0)
		return NULL;
	r = cgroup_create(cgroup, &e);
	CHECK(r == 0, "create %s: %s", path ? path : "(default)", e.text);
	if (r == 0)
		return cgroup;
	cgroup_free(cgroup);
	return NULL;
}

/* Any directory of the container. */
static int open_any_dir(struct cgroup *cgroup)
{
	struct cgroup_hierarchy *list = NULL;
	_cleanup_free_ char *dir = NULL;
	struct err e = ERR_INIT;
	size_t n = 0;

	if (cgroup_hierarchies(cgroup, &list, &n, &e) == 0 && n > 0)
		dir = str_printf("%s%s", list[0].mountpoint, list[0].path);
	cgroup_hierarchies_free(list, n);
	return dir ? open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
}

static size_t count_pids(struct cgroup *cgroup)
{
	struct err e = ERR_INIT;
	pid_t *pids = NULL;
	size_t n = 0;

	CHECK(cgroup_pids(cgroup, &pids, &n, &e) == 0, "pids: %s", e.text);
	free(pids);
	return n;
}

/* Every hierarchy shows the process in the container's path. */
static void check_joined(struct cgroup *cgroup, pid_t pid)
{
	_cleanup_free_ char *file = str_printf("/proc/%d/cgroup", pid);
	_cleanup_free_ char *text = NULL;
	struct cgroup_hierarchy *list = NULL;
	struct err e = ERR_INIT;
	size_t n = 0, joined = 0, lines = 0;

	CHECK(cgroup_hierarchies(cgroup, &list, &n, &e) == 0, "hierarchies: %s", e.text);
	CHECK(fdio_read_file(AT_FDCWD, file, 1 << 20, &text, NULL) == 0, "read %s", file);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		lines += strstr(line, cgroup_get_record(cgroup)->path) != NULL;
	for (size_t i = 0; i < n; i++)
		joined += strcmp(list[i].path, cgroup_get_record(cgroup)->path) == 0;
	CHECK(joined == lines && joined > 0, "joined %zu of %zu hierarchies, /proc shows %zu", joined, n, lines);
	cgroup_hierarchies_free(list, n);
}

static void check_busy(const char *path)
{
	struct cgroup_request request = { .manager = CGROUP_MANAGER_CGROUPFS, .id = name, .path = path };
	_cleanup_(cgroup_freep) struct cgroup *second = NULL;
	struct err e = ERR_INIT;

	CHECK(cgroup_plan(&request, &second, &e) == 0, "plan a second one");
	CHECK(cgroup_create(second, &e) == -EBUSY, "a cgroup with processes is refused: %s", e.text);
	CHECK(strstr(e.text, "not empty") != NULL, "and the message says why");
}

static void check_freezer(struct cgroup *cgroup)
{
	struct err e = ERR_INIT;
	bool frozen = true;

	CHECK(cgroup_is_frozen(cgroup, &frozen, &e) == 0 && !frozen, "it is not frozen at first");
	CHECK(cgroup_freeze(cgroup, true, &e) == 0, "freeze %s", e.text);
	CHECK(cgroup_is_frozen(cgroup, &frozen, &e) == 0 && frozen, "it is frozen");
	CHECK(cgroup_freeze(cgroup, false, &e) == 0, "thaw %s", e.text);
	CHECK(cgroup_is_frozen(cgroup, &frozen, &e) == 0 && !frozen, "it is thawed");
	CHECK(cgroup_freeze(cgroup, true, &e) == 0, "freeze again, to be killed %s", e.text);
}

static void test_life(const char *path)
{
	struct cgroup *cgroup = plan_and_create(path, NULL);
	struct cgroup_record record;
	struct err e = ERR_INIT;
	int pidfd = -EBADF, status = 0;
	pid_t pid;

	if (!cgroup)
		return;
	pid = start_sleeper(cgroup, &pidfd);
	CHECK(pid > 0, "a process starts in the cgroup");
	CHECK(cgroup_adopt(cgroup, pid, &e) == 0, "adopt it %s", e.text);
	CHECK(cgroup_adopt(cgroup, pid, &e) == 0, "adopt it again %s", e.text);
	check_joined(cgroup, pid);
	check_busy(path);
	record = copy_record(cgroup);
	cgroup_free(cgroup);

	CHECK(cgroup_open(&record, &cgroup, &e) == 0, "open it by its record %s", e.text);
	CHECK(count_pids(cgroup) == 1, "it holds one process");
	check_freezer(cgroup);
	CHECK(cgroup_signal(cgroup, SIGKILL, &e) == 0, "kill it %s", e.text);
	CHECK(spawn_wait(pidfd, &status) == 0 && status == 128 + SIGKILL, "the process was killed");
	CHECK(cgroup_remove(cgroup, &e) == 0, "remove it %s", e.text);
	CHECK(cgroup_remove(cgroup, &e) == 0, "remove it again %s", e.text);
	CHECK(cgroup_signal(cgroup, SIGKILL, &e) == 0, "kill what is gone %s", e.text);
	cgroup_free(cgroup);

	CHECK(cgroup_open(&record, &cgroup, &e) == 0, "open what is gone %s", e.text);
	CHECK(count_pids(cgroup) == 0, "it holds nothing");
	CHECK(cgroup_remove(cgroup, &e) == 0, "remove what is gone %s", e.text);
	cgroup_free(cgroup);
	cgroup_record_done(&record);
	close(pidfd);
}

static void test_bomb(void)
{
	struct cgroup *cgroup = plan_and_create(NULL, NULL);
	_cleanup_close_ int pidfd = -EBADF;
	struct err e = ERR_INIT;
	_cleanup_close_ int dir = -EBADF;
	int status = 0, go[2];
	pid_t pid;

	if (!cgroup || pipe(go) < 0)
		return;
	pid = start_bomb(cgroup, go[0], &pidfd);
	CHECK(pid > 0 && cgroup_adopt(cgroup, pid, &e) == 0, "a fork bomb starts %s", e.text);
	dir = open_any_dir(cgroup);
	CHECK(mkdirat(dir, "sub", 0755) == 0 && mkdirat(dir, "sub/deeper", 0755) == 0, "sub-groups are made in it");
	CHECK(write(go[1], "", 1) == 1, "it is lit");
	close(go[0]);
	close(go[1]);
	usleep(50000);
	CHECK(cgroup_remove(cgroup, &e) == 0, "it is killed and removed with its sub-groups %s", e.text);
	CHECK(spawn_wait(pidfd, &status) == 0 && status == 128 + SIGKILL, "the bomb was killed");
	cgroup_free(cgroup);
}

static void test_existing_frozen(void)
{
	_cleanup_free_ char *path = str_printf("/%s-frozen", name);
	struct cgroup *cgroup = plan_and_create(path, NULL), *second = NULL;
	struct cgroup_request request = { .manager = CGROUP_MANAGER_CGROUPFS, .id = name, .path = path };
	struct err e = ERR_INIT;

	if (!cgroup)
		return;
	CHECK(cgroup_freeze(cgroup, true, &e) == 0, "freeze an empty cgroup %s", e.text);
	CHECK(cgroup_plan(&request, &second, &e) == 0, "plan a second one in the same place");
	CHECK(cgroup_create(second, &e) == -EAGAIN, "a frozen cgroup is refused: %s", e.text);
	CHECK(cgroup_freeze(cgroup, false, &e) == 0, "thaw %s", e.text);
	CHECK(cgroup_create(second, &e) == 0, "an empty cgroup that exists is used %s", e.text);
	CHECK(cgroup_remove(second, &e) == 0, "remove it %s", e.text);
	cgroup_free(second);
	cgroup_free(cgroup);
}

static void test_all(const char *view)
{
	_cleanup_free_ char *path = str_printf("/%s-parent/pod/%s", name, name);

	printf("# %s\n", view);
	test_life(NULL);
	test_life(path);
	test_bomb();
	test_existing_frozen();
}

/* Parents stay, as engines expect it; these are ours. */
static void remove_parents(void)
{
	static const char *const levels[] = { "pod", "" };

	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		_cleanup_free_ char *command = str_printf("rmdir /sys/fs/cgroup/*/%s-parent/%s "
							  "/sys/fs/cgroup/%s-parent/%s 2>/dev/null",
							  name, levels[i], name, levels[i]);

		if (system(command) < 0)
			return;
	}
}

/* The v1 hierarchies alone, for this process alone. */
static bool enter_v1_view(void)
{
	static const char *const controllers[] = { "cpu", "cpuset", "memory", "devices", "freezer", "pids" };

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", "/sys/fs/cgroup", "tmpfs", 0, "mode=755") < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++) {
		_cleanup_free_ char *dir = str_printf("/sys/fs/cgroup/%s", controllers[i]);

		/* EBUSY: this controller belongs to the v2 hierarchy. */
		if (mkdir(dir, 0755) < 0 || mount("cgroup", dir, "cgroup", 0, controllers[i]) < 0)
			return false;
	}
	return true;
}

/* /sys/fs/cgroup becomes the v2 hierarchy, for this process alone. */
static bool enter_v2_view(void)
{
	struct statfs st;

	if (statfs("/sys/fs/cgroup/unified", &st) < 0 || st.f_type != CGROUP2_SUPER_MAGIC)
		return false;
	return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("/sys/fs/cgroup/unified", "/sys/fs/cgroup", NULL, MS_BIND, NULL) == 0;
}

/* Run the tests in a child that has the view, and count what it counted. */
static void test_view(const char *view, bool (*enter)(void))
{
	int status, counts[2] = { test_count, test_failed }, fds[2];
	pid_t pid;

	if (pipe(fds) < 0)
		return;
	pid = fork();
	if (pid == 0) {
		if (enter()) {
			test_all(view);
			remove_parents();
		} else {
			SKIP("this machine does not have such a view");
		}
		counts[0] = test_count;
		counts[1] = test_failed;
		_exit(write(fds[1], counts, sizeof(counts)) != sizeof(counts));
	}
	close(fds[1]);
	if (waitpid(pid, &status, 0) < 0 || read(fds[0], counts, sizeof(counts)) != sizeof(counts))
		counts[1]++;
	close(fds[0]);
	test_count = counts[0];
	test_failed = counts[1];
}

int main(void)
{
	snprintf(name, sizeof(name), "ocirun-test-%d", (int)getpid());
	if (geteuid() != 0) {
		SKIP("only root can make cgroups here");
		return test_done();
	}
	test_all("as this machine mounts them");
	remove_parents();
	test_view("the v2 hierarchy alone", enter_v2_view);
	test_view("v1 hierarchies alone", enter_v1_view);
	return test_done();
}
