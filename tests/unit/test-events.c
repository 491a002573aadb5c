/* SPDX-License-Identifier: Apache-2.0 */
/* What `events` reads and prints: times, counters of the network, and the shape of the JSON. */
#include <errno.h>
#include <inttypes.h>

#include "base/duration.h"
#include "base/str.h"
#include "libocispec-lite/json.h"
#include "runtime/stats-json.h"
#include "tests/unit/test.h"

#define S INT64_C(1000000000)

static const struct {
	const char *text;
	int r;
	int64_t ns;
} durations[] = {
	{ "5s", 0, 5 * S },
	{ "1m", 0, 60 * S },
	{ "500ms", 0, S / 2 },
	{ "1h15m30.918s", 0, 4530 * S + 918000000 },
	{ "1.5h", 0, 5400 * S },
	{ ".5s", 0, S / 2 },
	{ "2.s", 0, 2 * S },
	{ "100us", 0, 100000 },
	{ "100\302\265s", 0, 100000 },
	{ "100\316\274s", 0, 100000 },
	{ "7ns", 0, 7 },
	{ "0.9999999999ns", 0, 0 },
	{ "0", 0, 0 },
	{ "+3s", 0, 3 * S },
	{ "-3s", 0, -3 * S },
	{ "2562047h47m16.854775807s", 0, INT64_MAX },
	{ "2562047h47m16.854775808s", -ERANGE, 0 },
	{ "9223372036854775808ns", -ERANGE, 0 },
	{ "2562048h", -ERANGE, 0 },
	{ "", -EINVAL, 0 },
	{ "-", -EINVAL, 0 },
	{ "5", -EINVAL, 0 },
	{ "s", -EINVAL, 0 },
	{ ".s", -EINVAL, 0 },
	{ "5 s", -EINVAL, 0 },
	{ "5x", -EINVAL, 0 },
	{ "5s ", -EINVAL, 0 },
	{ "5sx", -EINVAL, 0 },
	{ "1.2.3s", -EINVAL, 0 },
	{ "--5s", -EINVAL, 0 },
};

static void test_durations(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(durations); i++) {
		int64_t ns = 0;
		int r = duration_parse(durations[i].text, &ns);

		CHECK(r == durations[i].r && ns == durations[i].ns, "'%s' is %d, %" PRId64 " ns", durations[i].text, r, ns);
	}
}

static void test_netstats(void)
{
	_cleanup_(netstats_done) struct netstats net = NETSTATS_INIT;

	netstats_parse("Inter-|   Receive                                                |  Transmit\n"
		       " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop\n"
		       "    lo: 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n"
		       "  eth0: 10 11 12 13 14 15 16 17 20 21 22 23 24 25 26 27\n"
		       "a:b@c0:18446744073709551615 0\n"
		       " short: 1 2 3\n"
		       " words: a b c d e f g h i j k l m n o p\n"
		       "veth:1: 30 0 0 0 0 0 0 0 40 0 0 0 0 0 0 0\n", &net);
	CHECK(net.n == 2, "two interfaces, without lo and lines that cannot be understood");
	if (net.n != 2)
		return;
	CHECK_STR(net.v[0].name, "eth0");
	CHECK(net.v[0].counts[NETSTATS_RX_BYTES] == 10 && net.v[0].counts[NETSTATS_RX_DROPPED] == 13, "received");
	CHECK(net.v[0].counts[NETSTATS_TX_BYTES] == 20 && net.v[0].counts[NETSTATS_TX_ERRORS] == 22, "sent");
	CHECK_STR(net.v[1].name, "veth:1");
	CHECK(net.v[1].counts[NETSTATS_TX_BYTES] == 40, "a name with a colon");
}

/* Nothing is known: what remains are the members that are always there. */
static void test_empty(void)
{
	const struct cgroup_stats stats = { .cpuset.sched_relax_domain_level = -1 };
	const struct netstats net = NETSTATS_INIT;
	_cleanup_free_ char *json = stats_json("a\"b", &stats, &net), *oom = event_json("oom", "x");

	CHECK_STR(json, "{\"type\":\"stats\",\"id\":\"a\\\"b\",\"data\":{\"cpu\":{\"usage\":{\"kernel\":0,\"user\":0},"
			"\"throttling\":{}},\"cpuset\":{\"cpu_exclusive\":0,\"mem_hardwall\":0,\"mem_exclusive\":0,"
			"\"memory_migrate\":0,\"memory_spread_page\":0,\"memory_spread_slab\":0,\"memory_pressure\":0,"
			"\"sched_load_balance\":0,\"sched_relax_domain_level\":-1},\"memory\":{"
			"\"usage\":{\"limit\":0,\"failcnt\":0},\"swap\":{\"limit\":0,\"failcnt\":0},"
			"\"kernel\":{\"limit\":0,\"failcnt\":0},\"kernelTCP\":{\"limit\":0,\"failcnt\":0}},\"pids\":{},"
			"\"blkio\":{},\"hugetlb\":{},\"intel_rdt\":{},\"network_interfaces\":null}}");
	CHECK_STR(oom, "{\"type\":\"oom\",\"id\":\"x\"}");
}

/* The part of json from `from` on has `part` next. */
static void check_part(const char *json, const char *part)
{
	CHECK(strstr(json, part) != NULL, "%s", part);
}

static void test_full(void)
{
	uint64_t percpu[] = { 1, 2 }, user[] = { 3, 4 };
	uint32_t cpus[] = { 0, 3 };
	struct cgroup_named_value raw[] = { { (char *)"anon", 5 }, { (char *)"file", 0 } };
	struct cgroup_io_value io[] = { { 8, 0, (char *)"Read", 4096 }, { 0, 0, (char *)"Write", 0 } };
	struct cgroup_hugetlb_usage hugetlb[] = { { (char *)"2MB", { .usage = 1, .max = 2, .failcnt = 3 } } };
	struct netstats_interface interface = { .name = (char *)"eth0", .counts = { 1, 2, 3, 4, 5, 6, 7, 8 } };
	const struct netstats net = { .v = &interface, .n = 1 };
	const struct cgroup_stats stats = {
		.cpu = { .total = 7, .kernel = 8, .percpu = percpu, .percpu_user = user, .n_percpu = 2, .periods = 9,
			 .throttled_periods = 10, .throttled_time = 11,
			 .psi = { .present = true, .some = { 0.5, 1.25, 99.99, 12 } } },
		.cpuset = { .cpus = { cpus, 2 } },
		.memory = { .cache = 13, .memory = { UINT64_MAX, 14, 15, 16 }, .raw = raw, .n_raw = 2,
			    .events = { .present = true, .oom = 17, .oom_kill = 18 } },
		.pids = { .current = 19, .limit = 20 },
		.io = { .service_bytes = { io, 2 } },
		.hugetlb = hugetlb, .n_hugetlb = 1,
	};
	_cleanup_free_ char *json = stats_json("x", &stats, &net);

	check_part(json, "\"usage\":{\"total\":7,\"percpu\":[1,2],\"percpu_user\":[3,4],\"kernel\":8,\"user\":0}");
	check_part(json, "\"throttling\":{\"periods\":9,\"throttledPeriods\":10,\"throttledTime\":11}");
	check_part(json, "\"psi\":{\"some\":{\"avg10\":0.50,\"avg60\":1.25,\"avg300\":99.99,\"total\":12},"
			 "\"full\":{\"avg10\":0.00,\"avg60\":0.00,\"avg300\":0.00,\"total\":0}}");
	check_part(json, "\"cpus\":[0,3]");
	check_part(json, "\"memory\":{\"cache\":13,\"usage\":{\"limit\":18446744073709551615,\"usage\":14,\"max\":15,"
			 "\"failcnt\":16}");
	check_part(json, "\"raw\":{\"anon\":5,\"file\":0}");
	check_part(json, "\"event_count\":{\"low\":0,\"high\":0,\"max\":0,\"oom\":17,\"oom_kill\":18,\"oom_group_kill\":0}");
	check_part(json, "\"pids\":{\"current\":19,\"limit\":20}");
	check_part(json, "\"ioServiceBytesRecursive\":[{\"major\":8,\"op\":\"Read\",\"value\":4096},{\"op\":\"Write\"}]");
	check_part(json, "\"hugetlb\":{\"2MB\":{\"usage\":1,\"max\":2,\"failcnt\":3}}");
	check_part(json, "[{\"Name\":\"eth0\",\"RxBytes\":1,\"RxPackets\":2,\"RxErrors\":3,\"RxDropped\":4,\"TxBytes\":5,"
			 "\"TxPackets\":6,\"TxErrors\":7,\"TxDropped\":8}]");
}

int main(void)
{
	test_durations();
	test_netstats();
	test_empty();
	test_full();
	return test_done();
}
