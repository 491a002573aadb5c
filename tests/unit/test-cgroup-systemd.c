/* SPDX-License-Identifier: Apache-2.0 */
/* What systemd is told: limits and annotations as properties of units. No systemd is needed. */
#include "cgroup/properties.h"

#include <errno.h>
#include <inttypes.h>

#include "base/str.h"
#include "tests/unit/test.h"

/* "NAME:TYPE=VALUE ..." */
static char *list_text(const struct property_list *list)
{
	struct strbuf out = STRBUF_INIT;

	for (size_t i = 0; i < list->n; i++) {
		const struct property *p = &list->v[i];

		strbuf_addf(&out, "%s%s:%c=", i ? " " : "", p->name, p->type);
		if (p->type == PROPERTY_UINT64)
			strbuf_addf(&out, "%" PRIu64, (uint64_t)p->integer);
		else if (p->type == PROPERTY_DOUBLE)
			strbuf_addf(&out, "%g", p->number);
		else if (p->type == PROPERTY_BYTES)
			for (size_t k = 0; k < p->n_bytes; k++)
				strbuf_addf(&out, "%02x", p->bytes[k]);
		else if (p->type == PROPERTY_STRING || p->type == PROPERTY_STRINGS)
			for (size_t k = 0; k < p->strings.n; k++)
				strbuf_addf(&out, "%s<%s>", k ? "," : "", p->strings.v[k]);
		else
			strbuf_addf(&out, "%" PRId64, p->integer);
	}
	return strbuf_take(&out);
}

static const struct {
	const char *key, *value, *expected; /* NULL: refused */
} annotations[] = {
	{ "org.systemd.property.KillSignal", "15", "KillSignal:i=15" },
	{ "org.systemd.property.TimeoutStopUSec", "uint64 10000000", "TimeoutStopUSec:t=10000000" },
	{ "org.systemd.property.TimeoutStopSec", "12.5", "TimeoutStopUSec:t=12500000" },
	{ "org.systemd.property.TimeoutStopSec", "300", "TimeoutStopUSec:t=300000000" },
	{ "org.systemd.property.CollectMode", "'inactive-or-failed'", "CollectMode:s=<inactive-or-failed>" },
	{ "org.systemd.property.Description", "\"it\\'s\\n \\\"x\\\"\"", "Description:s=<it's\n \"x\">" },
	{ "org.systemd.property.After", "['a.service', 'b.service']", "After:A=<a.service>,<b.service>" },
	{ "org.systemd.property.After", "[]", "After:A=" },
	{ "org.systemd.property.SendSIGHUP", "true", "SendSIGHUP:b=1" },
	{ "org.systemd.property.Some", "int64 -5", "Some:x=-5" },
	{ "org.systemd.property.Some", "uint32 4294967295", "Some:u=4294967295" },
	{ "org.systemd.property.Some", "-1.5", "Some:d=-1.5" },
	{ "something.else", "'", "" },
	{ "org.systemd.property.", "1", NULL },
	{ "org.systemd.property.a b", "1", NULL },
	{ "org.systemd.property.Foo1", "1", NULL },
	{ "org.systemd.property.Some", "", NULL },
	{ "org.systemd.property.Some", "'open", NULL },
	{ "org.systemd.property.Some", "'a' b", NULL },
	{ "org.systemd.property.Some", "['a'", NULL },
	{ "org.systemd.property.Some", "['a' 'b']", NULL },
	{ "org.systemd.property.Some", "word", NULL },
	{ "org.systemd.property.Some", "4294967296", NULL },
	{ "org.systemd.property.Some", "uint64 -1", NULL },
	{ "org.systemd.property.TimeoutStopSec", "'soon'", NULL },
	{ "org.systemd.property.TimeoutStopSec", "-1", NULL },
};

static void test_annotations(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(annotations); i++) {
		const struct oci_pair pair = { annotations[i].key, annotations[i].value };
		_cleanup_(property_list_done) struct property_list list = PROPERTY_LIST_INIT;
		_cleanup_free_ char *text = NULL;
		struct err e = ERR_INIT;
		int r = properties_from_annotations(&pair, 1, &list, &e);

		if (!annotations[i].expected) {
			CHECK(r == -EINVAL, "refused: %s", e.text);
			continue;
		}
		text = list_text(&list);
		CHECK(r == 0 && strcmp(text, annotations[i].expected) == 0, "%s %s", pair.key, pair.value);
	}
}

static const struct {
	const char *file, *value, *expected;
} limits[] = {
	{ "memory.max", "1000", "MemoryMax:t=1000" },
	{ "memory.max", "max", "MemoryMax:t=18446744073709551615" },
	{ "memory.low", "5", "MemoryLow:t=5" },
	{ "pids.max", "0", "TasksMax:t=1" },
	{ "pids.max", "20", "TasksMax:t=20" },
	{ "cpu.weight", "59", "CPUWeight:t=59" },
	{ "cpu.max", "50000 100000", "CPUQuotaPerSecUSec:t=500000 CPUQuotaPeriodUSec:t=100000" },
	{ "cpu.max", "50001 100000", "CPUQuotaPerSecUSec:t=510000 CPUQuotaPeriodUSec:t=100000" },
	{ "cpu.max", "max", "CPUQuotaPerSecUSec:t=18446744073709551615 CPUQuotaPeriodUSec:t=100000" },
	{ "cpuset.cpus", "0-1,9", "AllowedCPUs:y=0302" },
	{ "cpuset.mems", "0", "AllowedMemoryNodes:y=01" },
	{ "io.weight", "100", "IOWeight:t=100" },
	{ "io.weight", "8:0 100", "" },
	{ "hugetlb.2MB.max", "5", "" },
	{ "memory.limit_in_bytes", "1000", "MemoryLimit:t=1000" },
	{ "memory.limit_in_bytes", "-1", "MemoryLimit:t=18446744073709551615" },
	{ "cpu.cfs_quota_us", "50000", "CPUQuotaPerSecUSec:t=500000 CPUQuotaPeriodUSec:t=100000" },
};

static void test_limits(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		_cleanup_(limit_list_done) struct limit_list list = LIMIT_LIST_INIT;
		_cleanup_(property_list_done) struct property_list properties = PROPERTY_LIST_INIT;
		_cleanup_free_ char *text = NULL;

		limit_add(&list, "x", "x", limits[i].file, "%s", limits[i].value);
		properties_from_limits(&list, &properties);
		text = list_text(&properties);
		CHECK_STR(text, limits[i].expected);
	}
}

int main(void)
{
	test_annotations();
	test_limits();
	return test_done();
}
