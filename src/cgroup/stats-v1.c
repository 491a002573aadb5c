/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics of cgroup v1 (the kernel's admin-guide/cgroup-v1/). */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "cgroup/internal.h"
#include "cgroup/stats-read.h"

static int read_cpu(int dirfd, struct cgroup_stats *s)
{
	const struct stats_key keys[] = {
		{ "nr_periods", &s->cpu.periods },
		{ "nr_throttled", &s->cpu.throttled_periods },
		{ "throttled_time", &s->cpu.throttled_time },
	};

	return stats_keys(dirfd, "cpu.stat", keys, ARRAY_SIZE(keys));
}

static int read_percpu(int dirfd, struct cgroup_stats *s)
{
	_cleanup_(strv_done) struct strv words = STRV_INIT;
	int r = stats_split(dirfd, "cpuacct.usage_percpu", ' ', &words);

	if (r < 0)
		return r;
	s->cpu.percpu = xcalloc(words.n, sizeof(uint64_t));
	for (size_t i = 0; i < words.n; i++)
		if (str_to_u64(words.v[i], &s->cpu.percpu[s->cpu.n_percpu]) == 0)
			s->cpu.n_percpu++;
	return 0;
}

/* Lines "0 8123 4077": processor, user and system, in nanoseconds, below a header. */
static int read_percpu_modes(int dirfd, struct cgroup_stats *s)
{
	_cleanup_(strv_done) struct strv lines = STRV_INIT;
	int r = stats_split(dirfd, "cpuacct.usage_all", '\n', &lines);

	if (r < 0)
		return r;
	s->cpu.percpu_user = xcalloc(s->cpu.n_percpu, sizeof(uint64_t));
	s->cpu.percpu_kernel = xcalloc(s->cpu.n_percpu, sizeof(uint64_t));
	for (size_t i = 0; i < lines.n; i++) {
		unsigned long long user, kernel;
		size_t cpu;

		if (sscanf(lines.v[i], "%zu %llu %llu", &cpu, &user, &kernel) != 3 || cpu >= s->cpu.n_percpu)
			continue;
		s->cpu.percpu_user[cpu] = user;
		s->cpu.percpu_kernel[cpu] = kernel;
	}
	return 0;
}

static int read_cpuacct(int dirfd, struct cgroup_stats *s)
{
	/* cpuacct.stat counts in USER_HZ. */
	const uint64_t tick = 1000000000ULL / (uint64_t)sysconf(_SC_CLK_TCK);
	uint64_t user = 0, kernel = 0;
	const struct stats_key keys[] = { { "user", &user }, { "system", &kernel } };
	int r = stats_number(dirfd, "cpuacct.usage", &s->cpu.total);

	if (r == 0)
		r = stats_keys(dirfd, "cpuacct.stat", keys, ARRAY_SIZE(keys));
	s->cpu.user = user * tick;
	s->cpu.kernel = kernel * tick;
	if (r == 0)
		r = read_percpu(dirfd, s);
	return r < 0 ? r : read_percpu_modes(dirfd, s);
}

static int read_cpuset(int dirfd, struct cgroup_stats *s)
{
	const struct stats_key files[] = {
		{ "cpuset.cpu_exclusive", &s->cpuset.cpu_exclusive },
		{ "cpuset.mem_hardwall", &s->cpuset.mem_hardwall },
		{ "cpuset.mem_exclusive", &s->cpuset.mem_exclusive },
		{ "cpuset.memory_migrate", &s->cpuset.memory_migrate },
		{ "cpuset.memory_spread_page", &s->cpuset.memory_spread_page },
		{ "cpuset.memory_spread_slab", &s->cpuset.memory_spread_slab },
		{ "cpuset.memory_pressure", &s->cpuset.memory_pressure },
		{ "cpuset.sched_load_balance", &s->cpuset.sched_load_balance },
	};
	_cleanup_free_ char *level = NULL;
	int r = stats_list(dirfd, "cpuset.cpus", &s->cpuset.cpus);

	if (r == 0)
		r = stats_list(dirfd, "cpuset.mems", &s->cpuset.mems);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(files); i++)
		r = stats_number(dirfd, files[i].key, files[i].value);
	if (r < 0)
		return r;
	r = tree_read(dirfd, "cpuset.sched_relax_domain_level", &level);
	if (r == 0)
		return str_to_i64(level, &s->cpuset.sched_relax_domain_level);
	return r == -ENOENT ? 0 : r;
}

/* The four files of a counter with a limit: "memory.memsw.usage_in_bytes" and so on. */
static int read_usage(int dirfd, const char *prefix, struct cgroup_usage *ret_usage)
{
	const struct {
		const char *suffix;
		uint64_t *value;
	} files[] = {
		{ "usage_in_bytes", &ret_usage->usage },
		{ "limit_in_bytes", &ret_usage->limit },
		{ "max_usage_in_bytes", &ret_usage->max },
		{ "failcnt", &ret_usage->failcnt },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(files); i++) {
		_cleanup_free_ char *file = str_printf("%s%s", prefix, files[i].suffix);

		r = stats_number(dirfd, file, files[i].value);
	}
	return r;
}

static int read_memory(int dirfd, struct cgroup_stats *s)
{
	const struct stats_key keys[] = { { "cache", &s->memory.cache } };
	int r = stats_raw(dirfd, "memory.stat", &s->memory.raw, &s->memory.n_raw);

	if (r == 0)
		r = stats_keys(dirfd, "memory.stat", keys, ARRAY_SIZE(keys));
	if (r == 0)
		r = read_usage(dirfd, "memory.", &s->memory.memory);
	if (r == 0)
		r = read_usage(dirfd, "memory.memsw.", &s->memory.swap);
	if (r == 0)
		r = read_usage(dirfd, "memory.kmem.", &s->memory.kernel);
	return r < 0 ? r : read_usage(dirfd, "memory.kmem.tcp.", &s->memory.kernel_tcp);
}

/* Lines "8:0 Read 4096"; the line "Total 4096" is left out. */
static int read_io_file(int dirfd, const char *file, struct cgroup_io_values *values)
{
	_cleanup_(strv_done) struct strv lines = STRV_INIT;
	int r = stats_split(dirfd, file, '\n', &lines);

	if (r < 0)
		return r;
	for (size_t i = 0; i < lines.n; i++) {
		unsigned long long value;
		unsigned major_number, minor_number;
		char op[16];

		if (sscanf(lines.v[i], "%u:%u %15s %llu", &major_number, &minor_number, op, &value) == 4)
			stats_add_io(values, major_number, minor_number, op, value);
	}
	return 0;
}

static int read_blkio(int dirfd, struct cgroup_stats *s)
{
	int r = read_io_file(dirfd, "blkio.throttle.io_service_bytes_recursive", &s->io.service_bytes);

	return r < 0 ? r : read_io_file(dirfd, "blkio.throttle.io_serviced_recursive", &s->io.serviced);
}

static int read_page_size(int dirfd, const char *size, struct cgroup_stats *s)
{
	_cleanup_free_ char *prefix = str_printf("hugetlb.%s.", size);

	return read_usage(dirfd, prefix, stats_add_hugetlb(s, size));
}

static int read_hugetlb(int dirfd, struct cgroup_stats *s)
{
	return stats_page_sizes(dirfd, ".usage_in_bytes", read_page_size, s);
}

int stats_read_v1(const struct cgroup *cgroup, struct cgroup_stats *s)
{
	static const struct {
		const char *controller;
		int (*read)(int dirfd, struct cgroup_stats *s);
	} readers[] = {
		{ "cpu", read_cpu },	   { "cpuacct", read_cpuacct }, { "cpuset", read_cpuset },
		{ "memory", read_memory }, { "pids", stats_pids },	{ "blkio", read_blkio },
		{ "hugetlb", read_hugetlb },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(readers); i++) {
		const struct hierarchy *h = cgroup_v1_dir(cgroup, readers[i].controller);

		if (h)
			r = readers[i].read(h->dir_fd, s);
	}
	return r;
}
