/* SPDX-License-Identifier: Apache-2.0 */
/* placement: lists of processors and nodes, and the system calls they end in. */
#include "runtime/placement.h"

#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "tests/unit/test.h"

static void test_lists(void)
{
	static const char *const good[] = {
		"0", "0-3", "0-3,7", "7,0-3", "0,0", "0-0", "8191", "0-8191", "1 2", "1, 2", "0-3,", ",0", "",
	};
	static const char *const bad[] = {
		"a",  "-",   "-1",   "1-",    "3-1",  "1-2-3",       "8192",         "0-8192",
		"+1", "0x1", "1.5",  ",",     " ",    "1\t2",        "4294967296",   "0-4294967295",
		"all", "1;2", "1--2", "1\n", "18446744073709551616",
	};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct err e = ERR_INIT;

		CHECK(placement_check_list(good[i], "here", &e) == 0, "a list: '%s'", good[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err e = ERR_INIT;

		CHECK(placement_check_list(bad[i], "here", &e) == -EINVAL && e.code == -EINVAL, "no list, row %zu", i);
	}
}

static void test_texts(void)
{
	const struct oci_memory_policy policy = { .mode = OCI_MPOL_BIND, .nodes = "x" };
	struct err e = ERR_INIT;

	CHECK(placement_check_list(NULL, "here", &e) == 0 && placement_set_cpus(NULL, "here", &e) == 0 &&
		      placement_set_cpus("", "here", &e) == 0 && placement_set_memory(NULL, &e) == 0,
	      "what is absent changes nothing");
	placement_check_list("3-1", "process.execCPUAffinity.final", &e);
	CHECK_STR(e.text, "process.execCPUAffinity.final: '3-1' is not a list such as 0-3,7 of numbers below 8192");
	placement_set_cpus("x", "here", &e);
	CHECK_STR(e.text, "here: 'x' is not a list such as 0-3,7 of numbers below 8192");
	CHECK(placement_set_memory(&policy, &e) == -EINVAL, "nodes that are no list");
	CHECK_STR(e.text, "linux.memoryPolicy.nodes: 'x' is not a list such as 0-3,7 of numbers below 8192");
}

static void test_cpus(void)
{
	struct err e = ERR_INIT;
	cpu_set_t before, after;
	int first = -1;
	char text[16];

	sched_getaffinity(0, sizeof(before), &before);
	for (int i = 0; i < CPU_SETSIZE && first < 0; i++)
		if (CPU_ISSET(i, &before))
			first = i;
	snprintf(text, sizeof(text), "%d", first);
	CHECK(placement_set_cpus(text, "here", &e) == 0, "run on processor %s alone", text);
	sched_getaffinity(0, sizeof(after), &after);
	CHECK(CPU_COUNT(&after) == 1 && CPU_ISSET(first, &after), "the kernel says so, too");
	CHECK(placement_set_cpus("0-8191", "here", &e) == 0, "more than there are: those that there are");
	sched_getaffinity(0, sizeof(after), &after);
	CHECK(CPU_COUNT(&after) >= CPU_COUNT(&before), "all of them again");

	CHECK(placement_set_cpus("8191", "here", &e) == -EINVAL, "one that is not there");
	CHECK_STR(e.text, "here: '8191': invalid argument");
}

static void test_memory(void)
{
	const struct oci_memory_policy local = { .mode = OCI_MPOL_LOCAL };
	const struct oci_memory_policy normal = { .mode = OCI_MPOL_DEFAULT };
	const struct oci_memory_policy far_away = { .mode = OCI_MPOL_BIND, .nodes = "1000" };
	struct err e = ERR_INIT;
	int r = placement_set_memory(&local, &e);

	if (r == -ENOSYS || r == -EPERM) {
		SKIP("set_mempolicy is not to be had here");
		return;
	}
	CHECK(r == 0, "MPOL_LOCAL");
	CHECK(placement_set_memory(&normal, &e) == 0, "MPOL_DEFAULT");
	CHECK(placement_set_memory(&far_away, &e) == -EINVAL, "a node that is not there");
	CHECK_STR(e.text, "linux.memoryPolicy: set_mempolicy: invalid argument; the nodes have to be in "
			  "/sys/devices/system/node/has_memory and in the cpuset, and the kernel has to know the mode");
}

int main(void)
{
	test_lists();
	test_texts();
	test_cpus();
	test_memory();
	return test_done();
}
