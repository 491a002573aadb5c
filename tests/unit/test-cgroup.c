/* SPDX-License-Identifier: Apache-2.0 */
/* The pure parts of src/cgroup: paths, conversions, plans of limits. */
#include "cgroup/cgroup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cgroup/check.h"
#include "cgroup/convert.h"
#include "cgroup/limits.h"
#include "cgroup/path.h"
#include "cgroup/uses.h"
#include "cgroup/v1-limits.h"
#include "cgroup/v2-limits.h"
#include "tests/unit/test.h"

static const struct {
	const char *configured;
	bool systemd, rootless;
	const char *own;
	const char *path; /* NULL: refused */
	const char *scope;
} paths[] = {
	{ "/a/b", false, false, NULL, "/a/b", NULL },
	{ "//a/./b/", false, false, NULL, "/a/b", NULL },
	{ "a/b", false, false, NULL, "/a/b", NULL },
	{ NULL, false, false, NULL, "/ocirun-ID", NULL },
	{ "", false, false, NULL, "/ocirun-ID", NULL },
	{ "", false, true, "/user.slice/x.scope", "/user.slice/x.scope/ocirun-ID", NULL },
	{ "sub", false, true, "/user.slice", "/user.slice/sub", NULL },
	{ "/abs", false, true, "/user.slice", "/abs", NULL },
	{ "a", false, true, "/", "/a", NULL },
	{ "/a/../b", false, false, NULL, NULL, NULL },
	{ "..", false, false, NULL, NULL, NULL },
	{ "/", false, false, NULL, NULL, NULL },
	{ "/a\nb", false, false, NULL, NULL, NULL },
	{ "system.slice:docker:abc", false, false, NULL, NULL, NULL },
	{ "/a/b:c:d", false, false, NULL, "/a/b:c:d", NULL },
	{ "machine.slice:libpod:abc", true, false, NULL, "/machine.slice/libpod-abc.scope", "libpod-abc.scope" },
	{ "a-b.slice:p:n", true, false, NULL, "/a.slice/a-b.slice/p-n.scope", "p-n.scope" },
	{ "-.slice:p:n", true, false, NULL, "/p-n.scope", "p-n.scope" },
	{ "a.slice::n", true, false, NULL, "/a.slice/n.scope", "n.scope" },
	{ ":p:n", true, false, NULL, "/system.slice/p-n.scope", "p-n.scope" },
	{ ":p:n", true, true, NULL, "/user.slice/p-n.scope", "p-n.scope" },
	{ NULL, true, false, NULL, "/system.slice/ocirun-ID.scope", "ocirun-ID.scope" },
	{ "/a/b", true, false, NULL, NULL, NULL },
	{ "a.slice:b", true, false, NULL, NULL, NULL },
	{ "a.slice::b\n", true, false, NULL, NULL, NULL },
	{ "a.slice:b:", true, false, NULL, NULL, NULL },
	{ "noslice:p:n", true, false, NULL, NULL, NULL },
	{ "a--b.slice:p:n", true, false, NULL, NULL, NULL },
	{ "-a.slice:p:n", true, false, NULL, NULL, NULL },
	{ "a-.slice:p:n", true, false, NULL, NULL, NULL },
};

static void test_paths(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct cgroup_path_request request = {
			.id = "ID",
			.configured = paths[i].configured,
			.systemd = paths[i].systemd,
			.rootless = paths[i].rootless,
			.own = paths[i].own,
		};
		_cleanup_(cgroup_place_done) struct cgroup_place place = { NULL, NULL, NULL };
		struct err e = ERR_INIT;
		int r = cgroup_path_place(&request, &place, &e);

		if (!paths[i].path) {
			CHECK(r == -EINVAL && str_starts(e.text, "linux.cgroupsPath: "), "refused: %s", e.text);
			continue;
		}
		CHECK_STR(place.path, paths[i].path);
		if (paths[i].scope)
			CHECK_STR(place.scope, paths[i].scope);
	}
	CHECK(cgroup_path_common("/a/b", "/a/c") == 2, "the common ancestor of siblings is their parent");
	CHECK(cgroup_path_common("/a/b", "/a/bc") == 2, "names are compared whole");
	CHECK(cgroup_path_common("/a", "/a/b") == 2, "a parent is its own ancestor");
	CHECK(cgroup_path_common("/", "/a/b") == 0, "the root is everybody's ancestor");
}

static void test_below(void)
{
	struct err e = ERR_INIT;
	char *path = NULL;

	CHECK(cgroup_path_below("/a", "b//./c/", "x", &path, &e) == 0 && strcmp(path, "/a/b/c") == 0, "groups below are clean");
	free(path);
	CHECK(cgroup_path_below("/a", "/", "x", &path, &e) == 0 && strcmp(path, "/a") == 0, "\"/\" is the group itself");
	free(path);
	CHECK(cgroup_path_below("/a", "b/../..", "annotations.x", &path, &e) == -EINVAL && strstr(e.text, "annotations.x"),
	      "\"..\" is refused, by who said it");
}

static void test_conversions(void)
{
	static const struct {
		uint64_t shares, weight;
	} shares[] = { { 0, 1 },	 { 2, 1 },	 { 3, 2 },	   { 10, 4 },	   { 100, 17 },
		       { 512, 59 },	 { 1023, 100 },	 { 1024, 100 },	   { 1025, 101 },  { 2048, 174 },
		       { 10240, 639 },	 { 102400, 4429 }, { 204800, 8064 }, { 262143, 10000 }, { 262144, 10000 },
		       { UINT64_MAX, 10000 } };
	struct err e = ERR_INIT;
	int64_t max = 0;

	for (size_t i = 0; i < ARRAY_SIZE(shares); i++)
		CHECK(convert_shares(shares[i].shares) == shares[i].weight, "%llu shares are a weight of %llu",
		      (unsigned long long)shares[i].shares, (unsigned long long)shares[i].weight);
	CHECK(convert_io_weight(10) == 1 && convert_io_weight(1000) == 10000 && convert_io_weight(500) == 4950,
	      "weights for I/O");
	CHECK(convert_swap(300, 100, &max, &e) == 0 && max == 200, "swap is what exceeds memory");
	CHECK(convert_swap(100, 100, &max, &e) == 0 && max == 0, "no swap");
	CHECK(convert_swap(-1, 100, &max, &e) == 0 && max == -1, "unlimited swap");
	CHECK(convert_swap(0, 100, &max, &e) == 0 && max == -1, "swap of 0 is unlimited");
	CHECK(convert_swap(50, 100, &max, &e) == -EINVAL, "less than memory: %s", e.text);
	CHECK(convert_swap(50, -1, &max, &e) == -EINVAL, "swap without memory: %s", e.text);
}

/* "FILE=VALUE; FILE=VALUE" for a plan. */
static char *plan_text(const struct limit_list *list)
{
	struct strbuf out = STRBUF_INIT;

	for (size_t i = 0; i < list->n; i++)
		strbuf_addf(&out, "%s%s=%s", i ? "; " : "", list->v[i].file, list->v[i].value);
	return strbuf_take(&out);
}

static void check_v2(const struct oci_resources *r, const char *expected)
{
	struct v2_facts facts = V2_FACTS_OF_NEW;
	_cleanup_(limit_list_done) struct limit_list list = LIMIT_LIST_INIT;
	_cleanup_free_ char *text = NULL;
	struct err e = ERR_INIT;
	int code = v2_limits_plan(r, &facts, &list, &e);

	if (code < 0) {
		CHECK_STR(e.text, expected);
		return;
	}
	text = plan_text(&list);
	CHECK_STR(text, expected);
}

static void check_v1(const struct oci_resources *r, const char *expected)
{
	struct v1_facts facts = V1_FACTS_OF_NEW;
	_cleanup_(limit_list_done) struct limit_list list = LIMIT_LIST_INIT;
	_cleanup_free_ char *text = NULL;
	struct err e = ERR_INIT;
	int code = v1_limits_plan(r, &facts, &list, &e);

	if (code < 0) {
		CHECK_STR(e.text, expected);
		return;
	}
	text = plan_text(&list);
	CHECK_STR(text, expected);
}

#define PTR(type, value) (&(const type){ value })

static void test_memory(void)
{
	struct oci_memory m = { .limit = PTR(int64_t, 1000), .swap = PTR(int64_t, 3000),
				.reservation = PTR(int64_t, 500) };
	struct oci_resources r = { .memory = &m };

	check_v2(&r, "memory.max=1000; memory.low=500; memory.swap.max=2000");
	check_v1(&r, "memory.limit_in_bytes=1000; memory.memsw.limit_in_bytes=3000; memory.soft_limit_in_bytes=500");
	m = (struct oci_memory){ .limit = PTR(int64_t, -1) };
	check_v2(&r, "memory.max=max; memory.swap.max=max");
	check_v1(&r, "memory.memsw.limit_in_bytes=-1; memory.limit_in_bytes=-1");
	m = (struct oci_memory){ .limit = PTR(int64_t, 0) };
	check_v2(&r, "memory.max=max; memory.swap.max=max");
	m = (struct oci_memory){ .swappiness = PTR(uint64_t, 10) };
	check_v2(&r, "linux.resources.memory.swappiness: cgroup v2 has nothing like it; only cgroup v1 knows it");
	check_v1(&r, "memory.swappiness=10");
	m = (struct oci_memory){ .disable_oom_killer = PTR(bool, false), .use_hierarchy = PTR(bool, true),
				 .kernel = PTR(int64_t, -1) };
	check_v2(&r, "");
	CHECK(!limits_asked(&r), "what is so anyway is no limit");
	m = (struct oci_memory){ .disable_oom_killer = PTR(bool, true) };
	check_v2(&r, "linux.resources.memory.disableOOMKiller: cgroup v2 has nothing like it; only cgroup v1 knows it");
	check_v1(&r, "memory.oom_control=1");
	CHECK(limits_asked(&r), "what v1 alone knows is a limit");
}

static void test_check_before_update(void)
{
	struct oci_memory m = { .limit = PTR(int64_t, 1000), .check_before_update = PTR(bool, true) };
	struct oci_resources r = { .memory = &m };
	struct v2_facts facts = V2_FACTS_OF_NEW;
	_cleanup_(limit_list_done) struct limit_list list = LIMIT_LIST_INIT;
	struct err e = ERR_INIT;

	facts.memory_current = 2000;
	CHECK(v2_limits_plan(&r, &facts, &list, &e) == -EBUSY, "checkBeforeUpdate: %s", e.text);
	facts.memory_current = 500;
	CHECK(v2_limits_plan(&r, &facts, &list, &e) == 0, "checkBeforeUpdate with room left");
}

static void test_cpu(void)
{
	struct oci_cpu c = { .shares = PTR(uint64_t, 512), .quota = PTR(int64_t, 50000), .period = PTR(uint64_t, 100000),
			     .burst = PTR(uint64_t, 1000), .cpus = "0-1", .mems = "0" };
	struct oci_resources r = { .cpu = &c };
	struct err e = ERR_INIT;

	check_v2(&r, "cpu.weight=59; cpu.max=50000 100000; cpu.max.burst=1000; cpuset.cpus=0-1; cpuset.mems=0");
	check_v1(&r, "cpu.shares=512; cpu.cfs_period_us=100000; cpu.cfs_quota_us=50000; cpu.cfs_burst_us=1000; "
		     "cpuset.cpus=0-1; cpuset.mems=0");
	c = (struct oci_cpu){ .quota = PTR(int64_t, -1) };
	check_v2(&r, "cpu.max=max");
	check_v1(&r, "cpu.cfs_quota_us=-1");
	c = (struct oci_cpu){ .period = PTR(uint64_t, 50000) };
	check_v2(&r, "cpu.max=max 50000");
	c = (struct oci_cpu){ .idle = PTR(int64_t, 1), .shares = PTR(uint64_t, 1024) };
	check_v2(&r, "cpu.idle=1");
	c = (struct oci_cpu){ .idle = PTR(int64_t, 0), .shares = PTR(uint64_t, 1024) };
	check_v2(&r, "cpu.idle=0; cpu.weight=100");
	CHECK(!limits_asked(&r), "the default weight is no limit");
	c = (struct oci_cpu){ .shares = PTR(uint64_t, 1025) };
	CHECK(limits_asked(&r), "every other one is");
	c = (struct oci_cpu){ .realtime_runtime = PTR(int64_t, 1000) };
	check_v2(&r, "linux.resources.cpu.realtimeRuntime: cgroup v2 has nothing like it; only cgroup v1 knows it");
	check_v1(&r, "cpu.rt_runtime_us=1000");
	c = (struct oci_cpu){ .quota = PTR(int64_t, 1000), .burst = PTR(uint64_t, 2000) };
	CHECK(check_resources(&r, &e) == -EINVAL, "%s", e.text);
}

static void test_block_io(void)
{
	struct oci_throttle_device t = { .major = 8, .minor = 0, .rate = 600 };
	struct oci_weight_device w = { .major = 8, .minor = 16, .weight = PTR(uint16_t, 500) };
	struct oci_block_io b = { .weight = PTR(uint16_t, 10), .weight_device = &w, .n_weight_device = 1,
				  .throttle_read_bps_device = &t, .n_throttle_read_bps_device = 1,
				  .throttle_write_iops_device = &t, .n_throttle_write_iops_device = 1 };
	struct oci_resources r = { .block_io = &b };
	struct err e = ERR_INIT;

	check_v2(&r, "io.bfq.weight=10; io.weight=1; io.bfq.weight=8:16 500; io.weight=8:16 4950; io.max=8:0 rbps=600; "
		     "io.max=8:0 wiops=600");
	check_v1(&r, "blkio.bfq.weight=10; blkio.bfq.weight_device=8:16 500; blkio.throttle.read_bps_device=8:0 600; "
		     "blkio.throttle.write_iops_device=8:0 600");
	w.weight = NULL;
	CHECK(check_resources(&r, &e) == -EINVAL, "%s", e.text);
	b = (struct oci_block_io){ .leaf_weight = PTR(uint16_t, 10) };
	check_v2(&r, "linux.resources.blockIO.leafWeight: cgroup v2 has nothing like it; only cgroup v1 knows it");
	b = (struct oci_block_io){ .weight = NULL };
	check_v2(&r, "");
	CHECK(!limits_asked(&r), "an empty object is no limit");
}

/* What is less than "no limit" is a mistake, and must not become one. */
static void test_negative(void)
{
	const struct oci_memory m = { .swap = PTR(int64_t, -2) };
	const struct oci_cpu c = { .quota = PTR(int64_t, -1000) };
	const struct oci_pids p = { .limit = PTR(int64_t, -2) };
	const struct oci_resources memory = { .memory = &m }, cpu = { .cpu = &c }, pids = { .pids = &p };
	struct err e = ERR_INIT;

	CHECK(check_resources(&memory, &e) == -EINVAL, "a limit");
	CHECK_STR(e.text, "linux.resources.memory.swap: -2 is less than -1, which is no limit");
	CHECK(check_resources(&cpu, &e) == -EINVAL && check_resources(&pids, &e) == -EINVAL, "%s", e.text);
}

/* Files of the cgroup itself: the host's processes are not the config's to move, or to kill with the container. */
static void test_core_files(void)
{
	static const char *const refused[] = { "cgroup.procs", "cgroup.threads", "cgroup.kill", "cgroup.freeze", "cgroup.type",
					       "cgroup.subtree_control", "cgroup.", "cgroup.max" };
	static const char *const taken[] = { "cgroup.max.depth", "cgroup.max.descendants", "cgroup.pressure" };
	struct err e = ERR_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct oci_pair u = { refused[i], "1" };
		const struct oci_resources r = { .unified = &u, .n_unified = 1 };

		CHECK(check_resources(&r, &e) == -EINVAL, "%s", e.text);
	}
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++) {
		struct oci_pair u = { taken[i], "1" };
		struct oci_resources r = { .unified = &u, .n_unified = 1 };

		CHECK(check_resources(&r, &e) == 0, "%s", taken[i]);
		u.value = "";
		CHECK(check_resources(&r, &e) == -EINVAL, "%s", e.text);
	}
}

static void test_others(void)
{
	struct oci_pids p = { .limit = PTR(int64_t, 0) };
	struct oci_hugepage_limit h = { .page_size = "2MB", .limit = 4096 };
	struct oci_pair u[] = { { "io.max", "8:0 rbps=1\n8:16 wbps=2" }, { "foo.bar", "x" } };
	struct oci_rdma d = { .key = "mlx5_1", .hca_handles = PTR(uint32_t, 3), .hca_objects = PTR(uint32_t, 100) };
	struct oci_resources r = { .pids = &p };
	struct err e = ERR_INIT;

	check_v2(&r, "pids.max=0");
	p.limit = PTR(int64_t, -1);
	check_v1(&r, "pids.max=max");
	CHECK(!limits_asked(&r), "pids.limit -1 is none");
	r = (struct oci_resources){ .hugepage_limits = &h, .n_hugepage_limits = 1 };
	check_v2(&r, "hugetlb.2MB.rsvd.max=4096; hugetlb.2MB.max=4096");
	check_v1(&r, "hugetlb.2MB.rsvd.limit_in_bytes=4096; hugetlb.2MB.limit_in_bytes=4096");
	h.page_size = "../2MB";
	CHECK(check_resources(&r, &e) == -EINVAL, "%s", e.text);
	r = (struct oci_resources){ .unified = u, .n_unified = 2 };
	check_v2(&r, "io.max=8:0 rbps=1; io.max=8:16 wbps=2; foo.bar=x");
	u[0].key = "../../memory.max";
	CHECK(check_resources(&r, &e) == -EINVAL, "%s", e.text);
	r = (struct oci_resources){ .rdma = &d, .n_rdma = 1 };
	check_v2(&r, "rdma.max=mlx5_1 hca_handle=3 hca_object=100");
	d.hca_handles = d.hca_objects = NULL;
	CHECK(check_resources(&r, &e) == -EINVAL, "%s", e.text);
}

static void test_names(void)
{
	CHECK(cgroup_manager_from_name("systemd") == CGROUP_MANAGER_SYSTEMD, "managers have names");
	CHECK(cgroup_manager_from_name("foo") == -EINVAL, "and no others");
	CHECK_STR(cgroup_manager_name(CGROUP_MANAGER_DISABLED), "disabled");
}

int main(void)
{
	test_paths();
	test_below();
	test_conversions();
	test_memory();
	test_check_before_update();
	test_cpu();
	test_block_io();
	test_negative();
	test_core_files();
	test_others();
	test_names();
	return test_done();
}
