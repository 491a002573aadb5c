/* SPDX-License-Identifier: Apache-2.0 */
/* Where in a living cgroup one more process goes, and how a record alone tells that a cgroup is frozen; as root. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/str.h"
#include "cgroup/cgroup.h"
#include "cgroup/tree.h"
#include "kernel/spawn.h"
#include "tests/unit/test.h"

static char name[64];

struct living {
	struct cgroup *cgroup;
	char *path; /* of the cgroup, as its record has it */
	char *v2;   /* its directory in the v2 hierarchy, or NULL */
	int pidfd;
	pid_t pid;
};

static char *find_v2(struct cgroup *cgroup)
{
	struct cgroup_hierarchy *list = NULL;
	struct err e = ERR_INIT;
	char *dir = NULL;
	size_t n = 0;

	if (cgroup_hierarchies(cgroup, &list, &n, &e) == 0)
		for (size_t i = 0; i < n; i++)
			if (list[i].v2)
				dir = str_printf("%s%s", list[i].mountpoint, list[i].path);
	cgroup_hierarchies_free(list, n);
	return dir;
}

static int start(const char *path, struct living *l)
{
	const struct cgroup_request request = { .manager = CGROUP_MANAGER_CGROUPFS, .id = name, .path = path };
	struct err e = ERR_INIT;
	int r;

	*l = (struct living){ .pidfd = -EBADF };
	r = cgroup_plan(&request, &l->cgroup, &e);
	if (r == 0)
		r = cgroup_create(l->cgroup, &e);
	if (r == 0) {
		l->pid = cgroup_spawn(l->cgroup, 0, &l->pidfd);
		if (l->pid == 0)
			for (;;)
				pause();
		r = cgroup_adopt(l->cgroup, l->pid, &e);
		l->path = xstrdup(cgroup_get_record(l->cgroup)->path);
		l->v2 = find_v2(l->cgroup);
	}
	CHECK(r == 0, "a cgroup with a process: %s", e.text);
	return r;
}

static void stop(struct living *l)
{
	const struct cgroup_record record = { .manager = (char *)"cgroupfs", .path = l->path };
	struct cgroup *cgroup = NULL;
	struct err e = ERR_INIT;
	int status;

	cgroup_free(l->cgroup);
	CHECK(cgroup_open(&record, &cgroup, &e) == 0 && cgroup_remove(cgroup, &e) == 0, "it is removed %s", e.text);
	cgroup_free(cgroup);
	if (l->pidfd >= 0)
		spawn_wait(l->pidfd, &status);
	fd_close(&l->pidfd);
	free(l->path);
	free(l->v2);
}

/* Write the file "DIR/FILE". */
static int put(const char *dir, const char *file, const char *text)
{
	_cleanup_free_ char *path = str_printf("%s/%s", dir, file);

	return fdio_write_file(AT_FDCWD, path, text);
}

/* Descend with a fresh handle; the path that it has then, or NULL. */
static char *descend(const struct living *l, const char *sub, int *ret_r, struct err *e)
{
	const struct cgroup_record record = { .manager = (char *)"cgroupfs", .path = l->path };
	struct cgroup *cgroup = NULL;
	char *path = NULL;

	*e = (struct err)ERR_INIT;
	*ret_r = cgroup_open(&record, &cgroup, e);
	if (*ret_r == 0)
		*ret_r = cgroup_descend(cgroup, l->pid, sub, e);
	if (*ret_r == 0)
		path = xstrdup(cgroup_get_record(cgroup)->path);
	cgroup_free(cgroup);
	return path;
}

static void check_descend(const struct living *l, const char *sub, const char *suffix)
{
	_cleanup_free_ char *expected = str_printf("%s%s", l->path, suffix), *path = NULL;
	struct err e;
	int r;

	path = descend(l, sub, &r, &e);
	CHECK(path && strcmp(path, expected) == 0, "with %s it is %s: %s", sub ? sub : "nothing", path ? path : "-", e.text);
}

static void check_refused(const struct living *l, const char *sub, int code)
{
	_cleanup_free_ char *path = NULL;
	struct err e;
	int r;

	path = descend(l, sub, &r, &e);
	CHECK(r == code && *e.text, "%s is refused: %s", sub, e.text);
}

static void test_sub_groups(void)
{
	_cleanup_free_ char *sub = NULL, *deep = NULL;
	struct living l;

	if (start(NULL, &l) == 0 && l.v2) {
		sub = str_printf("%s/sub", l.v2);
		deep = str_printf("%s/sub/deep", l.v2);
		CHECK(mkdir(sub, 0755) == 0 && mkdir(deep, 0755) == 0, "it has sub-groups");
		check_descend(&l, NULL, "");
		check_descend(&l, "", "");
		check_descend(&l, "/", "");
		check_descend(&l, "sub", "/sub");
		check_descend(&l, "/sub//deep/.", "/sub/deep");
		check_refused(&l, "none", -ENOENT);
		check_refused(&l, "sub/../..", -EINVAL);
		check_refused(&l, "..", -EINVAL);
	}
	stop(&l);
}

/* What systemd does inside: everybody leaves the top group, and then controllers are enabled there. */
static void test_controllers_inside(void)
{
	_cleanup_free_ char *sub = NULL, *pid = NULL, *words = NULL, *enable = NULL, *root = NULL, *controllers = NULL;
	char *space;
	struct living l;

	if (start(NULL, &l) < 0 || !l.v2) {
		SKIP("no v2 hierarchy");
		stop(&l);
		return;
	}
	sub = str_printf("%s/init.scope", l.v2);
	pid = str_printf("%d", l.pid);
	root = xstrndup(l.v2, strlen(l.v2) - strlen(l.path));
	controllers = str_printf("%s/cgroup.controllers", root);
	CHECK(tree_read(AT_FDCWD, controllers, &words) == 0, "the controllers of %s", root);
	if (!words || !*words) {
		SKIP("the v2 hierarchy has no controllers");
		stop(&l);
		return;
	}
	space = strchr(words, ' ');
	if (space)
		*space = '\0';
	enable = str_printf("+%s", words);
	CHECK(mkdir(sub, 0755) == 0 && put(sub, "cgroup.procs", pid) == 0, "the process leaves for a sub-group");
	check_descend(&l, NULL, "");
	CHECK(put(root, "cgroup.subtree_control", enable) == 0 && put(l.v2, "cgroup.subtree_control", enable) == 0,
	      "%s is enabled for sub-groups", words);
	check_descend(&l, NULL, "/init.scope");
	CHECK(put(root, "cgroup.procs", pid) == 0, "somebody moves it out of the container");
	check_descend(&l, NULL, "");
	CHECK(put(sub, "cgroup.procs", pid) == 0, "and back");
	stop(&l);
}

static bool record_frozen(const char *manager, const char *path)
{
	const struct cgroup_record record = { .manager = (char *)(uintptr_t)manager, .path = (char *)(uintptr_t)path };
	struct err e = ERR_INIT;
	bool frozen = true;

	CHECK(cgroup_record_is_frozen(&record, &frozen, &e) == 0, "the record of %s is asked %s", path ? path : "-", e.text);
	return frozen;
}

static void test_record_frozen(const char *path)
{
	struct err e = ERR_INIT;
	struct living l;

	if (start(path, &l) == 0) {
		CHECK(!record_frozen("cgroupfs", l.path), "it is not frozen");
		CHECK(cgroup_freeze(l.cgroup, true, &e) == 0 && record_frozen("cgroupfs", l.path), "it is frozen %s", e.text);
		CHECK(!record_frozen(NULL, l.path), "a record without manager never is");
		CHECK(cgroup_freeze(l.cgroup, false, &e) == 0 && !record_frozen("cgroupfs", l.path), "it is thawed %s",
		      e.text);
	}
	stop(&l);
	CHECK(!record_frozen("cgroupfs", "/ocirun-test-no-such-cgroup"), "what is not there is not frozen");
}

/* Somebody used the other of the two freezers of a hybrid. */
static void test_record_frozen_v1(void)
{
	_cleanup_free_ char *path = str_printf("/%s-v1", name), *dir = str_printf("/sys/fs/cgroup/freezer%s", path);
	struct living l;

	if (access("/sys/fs/cgroup/freezer", F_OK) < 0) {
		SKIP("no v1 freezer");
		return;
	}
	if (start(path, &l) == 0) {
		CHECK(put(dir, "freezer.state", "FROZEN") == 0 && record_frozen("cgroupfs", l.path), "frozen by v1");
		CHECK(put(dir, "freezer.state", "THAWED") == 0 && !record_frozen("cgroupfs", l.path), "thawed by v1");
	}
	stop(&l);
}

int main(void)
{
	_cleanup_free_ char *path = NULL;

	snprintf(name, sizeof(name), "ocirun-test-%d", (int)getpid());
	path = str_printf("/%s-frozen", name);
	CHECK(!record_frozen(NULL, NULL), "a container without a cgroup is not frozen");
	if (geteuid() != 0) {
		SKIP("only root can make cgroups here");
		return test_done();
	}
	test_sub_groups();
	test_controllers_inside();
	test_record_frozen(NULL);
	test_record_frozen(path);
	test_record_frozen_v1();
	return test_done();
}
