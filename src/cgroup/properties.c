/* SPDX-License-Identifier: Apache-2.0 */
/* Limits as properties of units: see properties.h.  Those of annotations are in gvariant.c. */
#include "cgroup/properties.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

void property_list_done(struct property_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		free(list->v[i].name);
		free(list->v[i].bytes);
		strv_done(&list->v[i].strings);
	}
	free(list->v);
	*list = (struct property_list)PROPERTY_LIST_INIT;
}

struct property *property_add(struct property_list *list, const char *name, enum property_type type)
{
	list->v = xrealloc(list->v, list->n + 1, sizeof(*list->v));
	list->v[list->n] = (struct property){ .name = xstrdup(name), .type = type };
	return &list->v[list->n++];
}

void property_add_string(struct property_list *list, const char *name, const char *value)
{
	strv_add(&property_add(list, name, PROPERTY_STRING)->strings, value);
}

void property_add_bool(struct property_list *list, const char *name, bool value)
{
	property_add(list, name, PROPERTY_BOOL)->integer = value;
}

void property_add_uint64(struct property_list *list, const char *name, uint64_t value)
{
	property_add(list, name, PROPERTY_UINT64)->integer = (int64_t)value;
}

/* A number; "max" and "-1" are systemd's infinity. */
static void add_number(const struct limit *limit, const char *name, struct property_list *list)
{
	uint64_t value;

	if (strcmp(limit->value, "max") == 0 || strcmp(limit->value, "-1") == 0)
		value = UINT64_MAX;
	else if (str_to_u64(limit->value, &value) < 0)
		return; /* the kernel is the judge of what `unified` says */
	property_add_uint64(list, name, value);
}

/* systemd wants at least one task; pids.max itself gets the 0. */
static void add_tasks(const struct limit *limit, const char *name, struct property_list *list)
{
	add_number(limit, name, list);
	if (list->n > 0 && strcmp(list->v[list->n - 1].name, name) == 0 && list->v[list->n - 1].integer == 0)
		list->v[list->n - 1].integer = 1;
}

static void add_quota(int64_t quota, uint64_t period, struct property_list *list)
{
	/* systemd keeps whole percents, that is steps of 10 ms in a second; up, since less would throttle. */
	const uint64_t step = 10000;
	uint64_t per_second = UINT64_MAX;

	if (quota > 0 && period > 0) {
		per_second = (uint64_t)quota * 1000000 / period;
		per_second = (per_second + step - 1) / step * step;
	}
	property_add_uint64(list, "CPUQuotaPerSecUSec", per_second);
	property_add_uint64(list, "CPUQuotaPeriodUSec", period);
}

/* cpu.max: "max", "50000", "50000 100000". */
static void add_cpu_max(const struct limit *limit, const char *name, struct property_list *list)
{
	_cleanup_(strv_done) struct strv words = STRV_INIT;
	uint64_t period = 100000;
	int64_t quota = -1;

	(void)name;
	strv_split(&words, limit->value, ' ');
	if (words.n == 0 || (strcmp(words.v[0], "max") != 0 && str_to_i64(words.v[0], &quota) < 0))
		return;
	if (words.n > 1 && str_to_u64(words.v[1], &period) < 0)
		return;
	add_quota(quota, period, list);
}

/* "0-3,7" as a bit for each number, in bytes. */
static void add_bits(const struct limit *limit, const char *name, struct property_list *list)
{
	_cleanup_(strv_done) struct strv ranges = STRV_INIT;
	uint8_t bytes[1024] = { 0 };
	size_t n = 0;
	struct property *p;

	strv_split(&ranges, limit->value, ',');
	for (size_t i = 0; i < ranges.n; i++) {
		char *dash = strchr(ranges.v[i], '-');
		uint32_t first, last;

		if (dash)
			*dash = '\0';
		if (str_to_u32(ranges.v[i], &first) < 0 || str_to_u32(dash ? dash + 1 : ranges.v[i], &last) < 0 ||
		    last >= 8 * sizeof(bytes))
			return;
		for (uint32_t bit = first; bit <= last; bit++) {
			bytes[bit / 8] |= (uint8_t)(1U << (bit % 8));
			n = bit / 8 + 1 > n ? bit / 8 + 1 : n;
		}
	}
	p = property_add(list, name, PROPERTY_BYTES);
	p->n_bytes = n;
	p->bytes = xmalloc(n);
	memcpy(p->bytes, bytes, n);
}

/* Files of v2, then those of v1. */
static const struct {
	const char *file, *property;
	void (*add)(const struct limit *limit, const char *name, struct property_list *list);
} known[] = {
	{ "memory.max", "MemoryMax", add_number },
	{ "memory.high", "MemoryHigh", add_number },
	{ "memory.low", "MemoryLow", add_number },
	{ "memory.min", "MemoryMin", add_number },
	{ "memory.swap.max", "MemorySwapMax", add_number },
	{ "pids.max", "TasksMax", add_tasks },
	{ "cpu.weight", "CPUWeight", add_number },
	{ "cpu.max", "", add_cpu_max },
	{ "cpuset.cpus", "AllowedCPUs", add_bits },
	{ "cpuset.mems", "AllowedMemoryNodes", add_bits },
	{ "io.weight", "IOWeight", add_number },
	{ "memory.limit_in_bytes", "MemoryLimit", add_number },
	{ "cpu.shares", "CPUShares", add_number },
	{ "blkio.weight", "BlockIOWeight", add_number },
	{ "blkio.bfq.weight", "BlockIOWeight", add_number },
};

/* The quota of v1 lies in two files. */
static void add_v1_quota(const struct limit_list *limits, struct property_list *list)
{
	const char *quota_text = NULL, *period_text = "100000";
	uint64_t period;
	int64_t quota;

	for (size_t i = 0; i < limits->n; i++)
		if (strcmp(limits->v[i].file, "cpu.cfs_quota_us") == 0)
			quota_text = limits->v[i].value;
		else if (strcmp(limits->v[i].file, "cpu.cfs_period_us") == 0)
			period_text = limits->v[i].value;
	if (quota_text && str_to_i64(quota_text, &quota) == 0 && str_to_u64(period_text, &period) == 0)
		add_quota(quota, period, list);
}

void properties_from_limits(const struct limit_list *limits, struct property_list *list)
{
	for (size_t i = 0; i < limits->n; i++)
		for (size_t k = 0; k < ARRAY_SIZE(known); k++)
			if (strcmp(limits->v[i].file, known[k].file) == 0)
				known[k].add(&limits->v[i], known[k].property, list);
	add_v1_quota(limits, list);
}
