/* SPDX-License-Identifier: Apache-2.0 */
/* Cgroups of a user without privilege: with nothing delegated, and with a v2 directory of its own. */
#include "cgroup/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/str.h"
#include "kernel/spawn.h"
#include "tests/unit/test.h"

#define SOME_UID 65534

#define PTR(type, value) (&(const type){ value })

static char name[64];

static const struct oci_device_rule deny_all[] = { { .allow = false, .access = "rwm" } };

/* What engines send to every rootless container. */
static const struct oci_resources engine_default = { .devices = deny_all, .n_devices = 1 };

static struct cgroup_request request_for(const struct oci_resources *resources)
{
	return (struct cgroup_request){
		.manager = CGROUP_MANAGER_CGROUPFS,
		.id = name,
		.rootless = true,
		.resources = resources,
	};
}

static void test_nothing_delegated(void)
{
	const struct oci_pids pids = { .limit = PTR(int64_t, 10) };
	const struct oci_resources limits = { .pids = &pids };
	struct cgroup_request request = request_for(&engine_default);
	struct cgroup *cgroup = NULL;
	struct err e = ERR_INIT;

	CHECK(cgroup_plan(&request, &cgroup, &e) == 0, "plan %s", e.text);
	CHECK(cgroup_create(cgroup, &e) == 0, "create without delegation %s", e.text);
	CHECK(cgroup_get_record(cgroup)->manager == NULL, "there is no cgroup");
	CHECK(cgroup_clone_fd(cgroup) == -EBADF, "and no descriptor");
	CHECK(cgroup_adopt(cgroup, getpid(), &e) == 0, "adopt %s", e.text);
	CHECK(cgroup_freeze(cgroup, true, &e) < 0, "freeze: %s", e.text);
	CHECK(cgroup_signal(cgroup, SIGKILL, &e) == 0, "kill does nothing");
	CHECK(cgroup_update(cgroup, &limits, &e) < 0, "update: %s", e.text);
	CHECK(cgroup_remove(cgroup, &e) == 0, "remove %s", e.text);
	cgroup_free(cgroup);

	request = request_for(&limits);
	cgroup = NULL;
	CHECK(cgroup_plan(&request, &cgroup, &e) == 0, "plan with a limit %s", e.text);
	CHECK(cgroup_create(cgroup, &e) < 0, "create: %s", e.text);
	CHECK(str_starts(e.text, "linux.resources.pids.limit: "), "the limit is named");
	CHECK(!strstr(e.text, "permission denied"), "and nothing looks like a program that may not be run");
	cgroup_free(cgroup);
}

static void test_delegated(const char *own)
{
	struct cgroup_request request = request_for(&engine_default);
	_cleanup_free_ char *expected = str_printf("%s/ocirun-%s", own, name);
	_cleanup_close_ int pidfd = -EBADF;
	struct cgroup *cgroup = NULL;
	struct err e = ERR_INIT;
	bool frozen = false;
	pid_t pid;

	CHECK(cgroup_plan(&request, &cgroup, &e) == 0, "plan %s", e.text);
	CHECK_STR(cgroup_get_record(cgroup)->path, expected);
	CHECK(cgroup_create(cgroup, &e) == 0, "create in the own cgroup %s", e.text);
	CHECK(cgroup_get_record(cgroup)->manager != NULL, "there is a cgroup");
	pid = cgroup_spawn(cgroup, 0, &pidfd);
	if (pid == 0)
		for (;;)
			pause();
	CHECK(pid > 0, "a process starts in it");
	CHECK(cgroup_adopt(cgroup, pid, &e) == 0, "device rules that cannot be applied are no error %s", e.text);
	CHECK(cgroup_freeze(cgroup, true, &e) == 0 && cgroup_is_frozen(cgroup, &frozen, &e) == 0 && frozen, "frozen %s",
	      e.text);
	CHECK(cgroup_remove(cgroup, &e) == 0, "removed %s", e.text);
	waitpid(pid, NULL, 0);
	cgroup_free(cgroup);
}

static bool become_somebody(void)
{
	return setgroups(0, NULL) == 0 && setresgid(SOME_UID, SOME_UID, SOME_UID) == 0 &&
	       setresuid(SOME_UID, SOME_UID, SOME_UID) == 0;
}

/* In a child: as somebody, with `cgroup` (beneath the v2 mount point) delegated where it is not NULL. */
static void as_somebody(const char *mountpoint, const char *cgroup)
{
	int counts[2] = { test_count, test_failed + 1 }, fds[2];
	pid_t pid;

	if (pipe(fds) < 0)
		return;
	pid = fork();
	if (pid == 0) {
		_cleanup_free_ char *procs = cgroup ? str_printf("%s%s/cgroup.procs", mountpoint, cgroup) : NULL;

		CHECK(!procs || fdio_write_file(AT_FDCWD, procs, "0") == 0, "moved into %s", cgroup ? cgroup : "nothing");
		CHECK(become_somebody(), "became uid %d", SOME_UID);
		if (cgroup)
			test_delegated(cgroup);
		else
			test_nothing_delegated();
		counts[0] = test_count;
		counts[1] = test_failed;
		_exit(write(fds[1], counts, sizeof(counts)) != sizeof(counts));
	}
	close(fds[1]);
	waitpid(pid, NULL, 0);
	if (read(fds[0], counts, sizeof(counts)) != sizeof(counts))
		counts[1] = test_failed + 1;
	close(fds[0]);
	test_count = counts[0];
	test_failed = counts[1];
}

/* The mount point of v2, or NULL. */
static const char *find_v2(void)
{
	static const char *const places[] = { "/sys/fs/cgroup/unified", "/sys/fs/cgroup" };
	struct statfs st;

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (statfs(places[i], &st) == 0 && st.f_type == CGROUP2_SUPER_MAGIC)
			return places[i];
	return NULL;
}

int main(void)
{
	static const char *const delegated[] = { "", "/cgroup.procs", "/cgroup.subtree_control", "/cgroup.threads" };
	const char *mountpoint = find_v2();
	_cleanup_free_ char *cgroup = NULL, *dir = NULL;

	snprintf(name, sizeof(name), "test-%d", (int)getpid());
	if (geteuid() != 0) {
		SKIP("only root can become somebody else");
		return test_done();
	}
	as_somebody(NULL, NULL);
	if (!mountpoint) {
		SKIP("there is no cgroup v2 hierarchy");
		return test_done();
	}

	cgroup = str_printf("/ocirun-%s-delegated", name);
	dir = str_printf("%s%s", mountpoint, cgroup);
	CHECK(mkdir(dir, 0755) == 0, "made %s", dir);
	for (size_t i = 0; i < ARRAY_SIZE(delegated); i++) {
		_cleanup_free_ char *file = str_printf("%s%s", dir, delegated[i]);

		CHECK(chown(file, SOME_UID, SOME_UID) == 0, "delegated %s", file);
	}
	as_somebody(mountpoint, cgroup);
	CHECK(rmdir(dir) == 0, "removed %s", dir);
	return test_done();
}
