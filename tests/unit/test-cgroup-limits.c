/* SPDX-License-Identifier: Apache-2.0 */
/* Limits and device rules on real cgroups, as root: written, read back, changed, and changed back. */
#include "cgroup/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/magic.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/str.h"
#include "cgroup/stats.h"
#include "kernel/spawn.h"
#include "tests/unit/test.h"

#define PTR(type, value) (&(const type){ value })

static char path[64];

/* A container: its cgroup and a process that runs fn and then waits to be killed. */
struct container {
	struct cgroup *cgroup;
	int pidfd;
	pid_t pid;
};

static int start(struct container *c, const char *where, const struct oci_resources *resources, struct err *e)
{
	struct cgroup_request request = {
		.manager = CGROUP_MANAGER_CGROUPFS,
		.id = path + 1,
		.path = where,
		.resources = resources,
	};
	int r;

	*c = (struct container){ .pidfd = -EBADF };
	r = cgroup_plan(&request, &c->cgroup, e);
	if (r == 0)
		r = cgroup_create(c->cgroup, e);
	if (r < 0)
		return r;
	c->pid = cgroup_spawn(c->cgroup, 0, &c->pidfd);
	if (c->pid == 0)
		for (;;)
			pause();
	return cgroup_adopt(c->cgroup, c->pid, e);
}

static void stop(struct container *c)
{
	struct err e = ERR_INIT;
	int status;

	if (c->cgroup)
		CHECK(cgroup_remove(c->cgroup, &e) == 0, "removed %s", e.text);
	if (c->pidfd >= 0) {
		spawn_signal(c->pidfd, SIGKILL);
		spawn_wait(c->pidfd, &status);
		close(c->pidfd);
	}
	cgroup_free(c->cgroup);
	*c = (struct container){ .pidfd = -EBADF };
}

static void check_file(const char *controller, const char *where, const char *file, const char *expected)
{
	_cleanup_free_ char *name = str_printf("/sys/fs/cgroup/%s%s/%s", controller, where, file);
	_cleanup_free_ char *text = NULL;

	if (fdio_read_file(AT_FDCWD, name, 1 << 16, &text, NULL) < 0)
		text = xstrdup("(cannot be read)");
	text[strcspn(text, "\n")] = '\0';
	CHECK(strcmp(text, expected) == 0, "%s is %s (wanted: %s)", name, text, expected);
}

static bool has_v1(const char *controller)
{
	_cleanup_free_ char *name = str_printf("/sys/fs/cgroup/%s", controller);
	struct statfs st;

	return statfs(name, &st) == 0 && st.f_type == CGROUP_SUPER_MAGIC;
}

static void check_stats(struct cgroup *cgroup)
{
	struct cgroup_stats s;
	struct err e = ERR_INIT;

	CHECK(cgroup_stats(cgroup, &s, &e) == 0, "statistics %s", e.text);
	CHECK(s.memory.memory.limit == 64 << 20 && s.memory.memory.usage <= 64 << 20, "memory: %llu of %llu",
	      (unsigned long long)s.memory.memory.usage, (unsigned long long)s.memory.memory.limit);
	CHECK(s.memory.swap.limit == 128 << 20 && s.memory.n_raw > 10, "memory and swap, and memory.stat");
	CHECK(s.pids.current == 1 && s.pids.limit == 20, "one task of 20");
	CHECK(s.cpu.n_percpu > 0, "time of %zu processors", s.cpu.n_percpu);
	CHECK(s.cpu.psi.present, "pressure");
	cgroup_stats_done(&s);
}

static void test_v1_limits(void)
{
	const struct oci_memory memory = { .limit = PTR(int64_t, 64 << 20), .swap = PTR(int64_t, 128 << 20),
					   .reservation = PTR(int64_t, 32 << 20), .swappiness = PTR(uint64_t, 10) };
	const struct oci_cpu cpu = { .shares = PTR(uint64_t, 512), .quota = PTR(int64_t, 50000),
				     .period = PTR(uint64_t, 100000), .burst = PTR(uint64_t, 1000), .cpus = "0" };
	const struct oci_pids pids = { .limit = PTR(int64_t, 20) };
	const struct oci_block_io block_io = { .weight = NULL };
	const struct oci_resources r = { .memory = &memory, .cpu = &cpu, .pids = &pids, .block_io = &block_io };
	struct container c;
	struct err e = ERR_INIT;

	CHECK(start(&c, path, &r, &e) == 0, "a container with limits %s", e.text);
	check_file("memory", path, "memory.limit_in_bytes", "67108864");
	check_file("memory", path, "memory.memsw.limit_in_bytes", "134217728");
	check_file("memory", path, "memory.soft_limit_in_bytes", "33554432");
	check_file("memory", path, "memory.swappiness", "10");
	check_file("cpu", path, "cpu.shares", "512");
	check_file("cpu", path, "cpu.cfs_quota_us", "50000");
	check_file("cpu", path, "cpu.cfs_burst_us", "1000");
	check_file("cpuset", path, "cpuset.cpus", "0");
	check_file("pids", path, "pids.max", "20");

	check_stats(c.cgroup);

	/* Both up, beyond the old sum; then both down; then one that fails after another. */
	const struct oci_memory up = { .limit = PTR(int64_t, 256 << 20), .swap = PTR(int64_t, 300 << 20) };
	const struct oci_memory down = { .limit = PTR(int64_t, 32 << 20), .swap = PTR(int64_t, 32 << 20) };
	const struct oci_cpu slower = { .quota = PTR(int64_t, 20000), .burst = PTR(uint64_t, 100) };
	const struct oci_cpu bad = { .cpus = "99" };
	const struct oci_resources r_up = { .memory = &up }, r_down = { .memory = &down, .cpu = &slower },
				   r_bad = { .memory = &up, .cpu = &bad };

	CHECK(cgroup_update(c.cgroup, &r_up, &e) == 0, "memory and swap rise together %s", e.text);
	check_file("memory", path, "memory.limit_in_bytes", "268435456");
	CHECK(cgroup_update(c.cgroup, &r_down, &e) == 0, "and fall together %s", e.text);
	check_file("memory", path, "memory.memsw.limit_in_bytes", "33554432");
	check_file("cpu", path, "cpu.cfs_quota_us", "20000");
	CHECK(cgroup_update(c.cgroup, &r_bad, &e) < 0, "a bad value is refused: %s", e.text);
	CHECK(str_starts(e.text, "linux.resources.cpu.cpus: "), "and named");
	check_file("memory", path, "memory.limit_in_bytes", "33554432");
	check_file("memory", path, "memory.memsw.limit_in_bytes", "33554432");
	check_file("cpuset", path, "cpuset.cpus", "0");
	stop(&c);
}

/* Begun in v2 alone, a container gets a limit of v1 later. */
static void test_spread(void)
{
	const struct oci_pids pids = { .limit = PTR(int64_t, 20) };
	const struct oci_resources r = { .pids = &pids };
	_cleanup_free_ char *procs = NULL, *text = NULL, *where = NULL;
	struct cgroup_record record;
	struct cgroup *again = NULL;
	struct container c;
	struct err e = ERR_INIT;

	CHECK(start(&c, NULL, NULL, &e) == 0, "a container without path and limits %s", e.text);
	record = *cgroup_get_record(c.cgroup);
	where = xstrdup(record.path);
	CHECK(cgroup_open(&record, &again, &e) == 0, "opened %s", e.text);
	CHECK(cgroup_update(again, &r, &e) == 0, "gets a limit %s", e.text);
	check_file("pids", where, "pids.max", "20");
	text = str_printf("%d", c.pid);
	check_file("pids", where, "cgroup.procs", text);
	cgroup_free(c.cgroup);
	c.cgroup = again;
	stop(&c);
	procs = str_printf("/sys/fs/cgroup/pids%s", where);
	CHECK(access(procs, F_OK) < 0, "nothing is left");
}

static void test_unified(void)
{
	const struct oci_hugepage_limit h = { .page_size = "2MB", .limit = 4 << 20 };
	const struct oci_pair u[] = { { "hugetlb.2MB.max", "2097152" }, { "cgroup.max.depth", "3" } };
	const struct oci_pair wrong = { "memory.max", "1000000" }, unknown = { "nonsense.max", "1" };
	const struct oci_resources r = { .hugepage_limits = &h, .n_hugepage_limits = 1, .unified = u, .n_unified = 2 };
	const struct oci_resources r_wrong = { .unified = &wrong, .n_unified = 1 };
	const struct oci_resources r_unknown = { .unified = &unknown, .n_unified = 1 };
	struct container c;
	struct err e = ERR_INIT;

	CHECK(start(&c, path, &r, &e) == 0, "limits of controllers in v2 on a hybrid %s", e.text);
	check_file("unified", path, "hugetlb.2MB.rsvd.max", "4194304");
	check_file("unified", path, "hugetlb.2MB.max", "2097152");
	check_file("unified", path, "cgroup.max.depth", "3");
	stop(&c);
	CHECK(start(&c, path, &r_wrong, &e) < 0, "unified for a controller of v1 is refused: %s", e.text);
	stop(&c);
	CHECK(start(&c, path, &r_unknown, &e) < 0, "an unknown controller is refused: %s", e.text);
	stop(&c);
}

/* The exit status of a child in the cgroup that tries to open a device; 0: it could. */
static int try_device(struct cgroup *cgroup, unsigned major_number, unsigned minor_number)
{
	_cleanup_free_ char *node = str_printf("/tmp/ocirun-test-%d.node", (int)getpid());
	_cleanup_close_ int pidfd = -EBADF;
	int status = -1;
	pid_t pid;

	unlink(node);
	if (mknod(node, S_IFCHR | 0600, makedev(major_number, minor_number)) < 0)
		return -1;
	pid = cgroup_spawn(cgroup, 0, &pidfd);
	if (pid == 0) {
		struct err e = ERR_INIT;

		/* Into v1's devices as well. */
		if (cgroup_adopt(cgroup, getpid(), &e) < 0)
			_exit(100);
		_exit(open(node, O_RDONLY | O_CLOEXEC | O_NOCTTY) < 0 ? errno : 0);
	}
	spawn_wait(pidfd, &status);
	unlink(node);
	return status;
}

static void test_devices(const char *where)
{
	const struct oci_device_rule deny[] = { { .allow = false, .access = "rwm" } };
	const struct oci_device_rule allow[] = {
		{ .allow = false, .access = "rwm" },
		{ .allow = true, .type = "c", .major = PTR(int64_t, 1), .minor = PTR(int64_t, 11), .access = "r" },
	};
	const struct oci_device_rule all[] = { { .allow = true, .access = "rwm" } };
	const struct oci_resources r_deny = { .devices = deny, .n_devices = 1 };
	const struct oci_resources r_allow = { .devices = allow, .n_devices = 2 };
	const struct oci_resources r_all = { .devices = all, .n_devices = 1 };
	struct container c;
	struct err e = ERR_INIT;

	CHECK(start(&c, where, &r_deny, &e) == 0, "everything is denied in %s %s", where ? where : "(default)", e.text);
	CHECK(try_device(c.cgroup, 1, 3) == 0, "/dev/null can be opened");
	CHECK(try_device(c.cgroup, 1, 11) == EPERM, "/dev/kmsg cannot");
	CHECK(cgroup_update(c.cgroup, &r_allow, &e) == 0, "it is allowed %s", e.text);
	CHECK(try_device(c.cgroup, 1, 11) == 0, "and can be opened");
	CHECK(cgroup_update(c.cgroup, &r_deny, &e) == 0, "it is denied again %s", e.text);
	CHECK(try_device(c.cgroup, 1, 11) == EPERM, "and cannot be opened");
	CHECK(try_device(c.cgroup, 1, 5) == 0, "/dev/zero still can");
	CHECK(cgroup_update(c.cgroup, &r_all, &e) == 0, "all is allowed %s", e.text);
	CHECK(try_device(c.cgroup, 1, 11) == 0, "and can be opened");
	stop(&c);
}

/* As in a container whose seccomp filter has no bpf(2): the v1 controller does it. */
static void test_devices_without_bpf(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_bpf, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { .len = ARRAY_SIZE(filter), .filter = filter };
	const struct oci_device_rule deny[] = { { .allow = false, .access = "rwm" } };
	const struct oci_resources r = { .devices = deny, .n_devices = 1 };
	struct container c;
	struct err e = ERR_INIT;

	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0,
	      "bpf(2) is forbidden");
	CHECK(start(&c, NULL, &r, &e) == 0, "a container starts %s", e.text);
	CHECK(try_device(c.cgroup, 1, 3) == 0, "/dev/null can be opened");
	CHECK(try_device(c.cgroup, 1, 11) == EPERM, "/dev/kmsg cannot");
	stop(&c);
}

int main(void)
{
	snprintf(path, sizeof(path), "/ocirun-test-%d", (int)getpid());
	if (geteuid() != 0) {
		SKIP("only root can make cgroups here");
		return test_done();
	}
	test_devices(NULL);
	if (!has_v1("memory") || !has_v1("pids") || !has_v1("devices")) {
		SKIP("this machine has no v1 controllers");
		return test_done();
	}
	test_devices(path);
	test_v1_limits();
	test_spread();
	test_unified();
	/* Last: it cannot be taken back. */
	test_devices_without_bpf();
	return test_done();
}
