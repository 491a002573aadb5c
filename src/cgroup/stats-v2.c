/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics of cgroup v2 (the kernel's admin-guide/cgroup-v2.rst). */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "cgroup/stats-read.h"
#include "cgroup/tree.h"

static int read_cpu(int dirfd, struct cgroup_stats *s)
{
	const struct stats_key keys[] = {
		{ "usage_usec", &s->cpu.total },
		{ "user_usec", &s->cpu.user },
		{ "system_usec", &s->cpu.kernel },
		{ "nr_periods", &s->cpu.periods },
		{ "nr_throttled", &s->cpu.throttled_periods },
		{ "throttled_usec", &s->cpu.throttled_time },
	};
	uint64_t *const microseconds[] = { &s->cpu.total, &s->cpu.user, &s->cpu.kernel, &s->cpu.throttled_time };
	int r = stats_keys(dirfd, "cpu.stat", keys, ARRAY_SIZE(keys));

	for (size_t i = 0; i < ARRAY_SIZE(microseconds); i++)
		*microseconds[i] *= 1000;
	return r < 0 ? r : stats_psi(dirfd, "cpu.pressure", &s->cpu.psi);
}

/* The specification's swap is memory and swap together. */
static uint64_t sum(uint64_t a, uint64_t b)
{
	return a == UINT64_MAX || b == UINT64_MAX ? UINT64_MAX : a + b;
}

static int read_cpuset(int dirfd, struct cgroup_stats *s)
{
	int r = stats_list(dirfd, "cpuset.cpus.effective", &s->cpuset.cpus);

	return r < 0 ? r : stats_list(dirfd, "cpuset.mems.effective", &s->cpuset.mems);
}

static int read_memory_events(int dirfd, struct cgroup_stats *s)
{
	struct cgroup_memory_events *events = &s->memory.events;
	const struct stats_key keys[] = {
		{ "low", &events->low },  { "high", &events->high },	      { "max", &events->max },
		{ "oom", &events->oom },  { "oom_kill", &events->oom_kill },  { "oom_group_kill", &events->oom_group_kill },
	};
	int r = stats_keys(dirfd, "memory.events", keys, ARRAY_SIZE(keys));

	events->present = r == 0 && faccessat(dirfd, "memory.events", F_OK, 0) == 0;
	s->memory.memory.failcnt = events->max;
	return r;
}

static int read_memory(int dirfd, struct cgroup_stats *s)
{
	struct cgroup_usage swap = { 0 };
	const struct stats_key swap_events[] = { { "max", &swap.failcnt } };
	const struct stats_key stat[] = { { "file", &s->memory.cache }, { "kernel", &s->memory.kernel.usage },
					  { "sock", &s->memory.kernel_tcp.usage } };
	int r = stats_raw(dirfd, "memory.stat", &s->memory.raw, &s->memory.n_raw);

	if (r == 0)
		r = stats_keys(dirfd, "memory.stat", stat, ARRAY_SIZE(stat));
	if (r == 0)
		r = stats_number(dirfd, "memory.current", &s->memory.memory.usage);
	if (r == 0)
		r = stats_number(dirfd, "memory.max", &s->memory.memory.limit);
	if (r == 0)
		r = stats_number(dirfd, "memory.peak", &s->memory.memory.max);
	if (r == 0)
		r = read_memory_events(dirfd, s);
	if (r == 0)
		r = stats_number(dirfd, "memory.swap.current", &swap.usage);
	if (r == 0)
		r = stats_number(dirfd, "memory.swap.max", &swap.limit);
	if (r == 0)
		r = stats_keys(dirfd, "memory.swap.events", swap_events, ARRAY_SIZE(swap_events));
	s->memory.swap = (struct cgroup_usage){
		.limit = sum(s->memory.memory.limit, swap.limit),
		.usage = s->memory.memory.usage + swap.usage,
		.failcnt = swap.failcnt,
	};
	return r < 0 ? r : stats_psi(dirfd, "memory.pressure", &s->memory.psi);
}

/* "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6" */
static void parse_io_line(const char *line, struct cgroup_stats *s)
{
	static const struct {
		const char *key, *op;
		bool bytes;
	} keys[] = {
		{ "rbytes", "Read", true },  { "wbytes", "Write", true }, { "dbytes", "Discard", true },
		{ "rios", "Read", false },   { "wios", "Write", false },  { "dios", "Discard", false },
	};
	_cleanup_(strv_done) struct strv words = STRV_INIT;
	unsigned major_number, minor_number;

	strv_split(&words, line, ' ');
	if (words.n == 0 || sscanf(words.v[0], "%u:%u", &major_number, &minor_number) != 2)
		return;
	for (size_t i = 1; i < words.n; i++)
		for (size_t k = 0; k < ARRAY_SIZE(keys); k++) {
			size_t n = strlen(keys[k].key);
			uint64_t value;

			if (strncmp(words.v[i], keys[k].key, n) == 0 && words.v[i][n] == '=' &&
			    str_to_u64(words.v[i] + n + 1, &value) == 0)
				stats_add_io(keys[k].bytes ? &s->io.service_bytes : &s->io.serviced, major_number,
					     minor_number, keys[k].op, value);
		}
}

static int read_io(int dirfd, struct cgroup_stats *s)
{
	_cleanup_(strv_done) struct strv lines = STRV_INIT;
	int r = stats_split(dirfd, "io.stat", '\n', &lines);

	if (r < 0)
		return r;
	for (size_t i = 0; i < lines.n; i++)
		parse_io_line(lines.v[i], s);
	return stats_psi(dirfd, "io.pressure", &s->io.psi);
}

static int read_page_size(int dirfd, const char *size, struct cgroup_stats *s)
{
	_cleanup_free_ char *current = str_printf("hugetlb.%s.current", size), *max = str_printf("hugetlb.%s.max", size),
			    *events = str_printf("hugetlb.%s.events", size);
	struct cgroup_usage *usage = stats_add_hugetlb(s, size);
	const struct stats_key keys[] = { { "max", &usage->failcnt } };
	int r = stats_number(dirfd, current, &usage->usage);

	if (r == 0)
		r = stats_number(dirfd, max, &usage->limit);
	return r < 0 ? r : stats_keys(dirfd, events, keys, ARRAY_SIZE(keys));
}

int stats_read_v2(int dirfd, struct cgroup_stats *s)
{
	int r = read_cpu(dirfd, s);

	if (r == 0)
		r = read_cpuset(dirfd, s);
	if (r == 0)
		r = read_memory(dirfd, s);
	if (r == 0)
		r = stats_pids(dirfd, s);
	if (r == 0)
		r = read_io(dirfd, s);
	return r < 0 ? r : stats_page_sizes(dirfd, ".current", read_page_size, s);
}
