/* SPDX-License-Identifier: Apache-2.0 */
/* Writes events: see stats-json.h.  Numbers that are 0 are left out where the others do so, too. */
#include "runtime/stats-json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "libocispec-lite/json.h"

static void write_u64(struct json_writer *w, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	json_write_raw(w, text);
}

static void member(struct json_writer *w, const char *name, uint64_t value)
{
	json_write_name(w, name);
	write_u64(w, value);
}

/* A member that is left out when it is 0. */
static void optional(struct json_writer *w, const char *name, uint64_t value)
{
	if (value)
		member(w, name, value);
}

static void open_object(struct json_writer *w, const char *name)
{
	json_write_name(w, name);
	json_write_open(w, '{');
}

static void close_object(struct json_writer *w)
{
	json_write_close(w, '}');
}

static void array_u64(struct json_writer *w, const char *name, const uint64_t *values, size_t n)
{
	if (n == 0 || !values)
		return;
	json_write_name(w, name);
	json_write_open(w, '[');
	for (size_t i = 0; i < n; i++)
		write_u64(w, values[i]);
	json_write_close(w, ']');
}

static void array_numbers(struct json_writer *w, const char *name, const struct cgroup_numbers *numbers)
{
	if (numbers->n == 0)
		return;
	json_write_name(w, name);
	json_write_open(w, '[');
	for (size_t i = 0; i < numbers->n; i++)
		write_u64(w, numbers->v[i]);
	json_write_close(w, ']');
}

static void psi_line(struct json_writer *w, const char *name, const struct cgroup_psi_line *line)
{
	const struct {
		const char *name;
		double value;
	} averages[] = { { "avg10", line->avg10 }, { "avg60", line->avg60 }, { "avg300", line->avg300 } };

	open_object(w, name);
	for (size_t i = 0; i < ARRAY_SIZE(averages); i++) {
		char text[32];

		snprintf(text, sizeof(text), "%.2f", averages[i].value);
		json_write_name(w, averages[i].name);
		json_write_raw(w, text);
	}
	member(w, "total", line->total);
	close_object(w);
}

static void write_psi(struct json_writer *w, const struct cgroup_psi *psi)
{
	if (!psi->present)
		return;
	open_object(w, "psi");
	psi_line(w, "some", &psi->some);
	psi_line(w, "full", &psi->full);
	close_object(w);
}

static void write_cpu(struct json_writer *w, const struct cgroup_stats *s)
{
	open_object(w, "cpu");
	open_object(w, "usage");
	optional(w, "total", s->cpu.total);
	array_u64(w, "percpu", s->cpu.percpu, s->cpu.n_percpu);
	array_u64(w, "percpu_kernel", s->cpu.percpu_kernel, s->cpu.n_percpu);
	array_u64(w, "percpu_user", s->cpu.percpu_user, s->cpu.n_percpu);
	member(w, "kernel", s->cpu.kernel);
	member(w, "user", s->cpu.user);
	close_object(w);
	open_object(w, "throttling");
	optional(w, "periods", s->cpu.periods);
	optional(w, "throttledPeriods", s->cpu.throttled_periods);
	optional(w, "throttledTime", s->cpu.throttled_time);
	close_object(w);
	write_psi(w, &s->cpu.psi);
	close_object(w);
}

static void write_cpuset(struct json_writer *w, const struct cgroup_stats *s)
{
	char level[24];

	open_object(w, "cpuset");
	array_numbers(w, "cpus", &s->cpuset.cpus);
	member(w, "cpu_exclusive", s->cpuset.cpu_exclusive);
	array_numbers(w, "mems", &s->cpuset.mems);
	member(w, "mem_hardwall", s->cpuset.mem_hardwall);
	member(w, "mem_exclusive", s->cpuset.mem_exclusive);
	member(w, "memory_migrate", s->cpuset.memory_migrate);
	member(w, "memory_spread_page", s->cpuset.memory_spread_page);
	member(w, "memory_spread_slab", s->cpuset.memory_spread_slab);
	member(w, "memory_pressure", s->cpuset.memory_pressure);
	member(w, "sched_load_balance", s->cpuset.sched_load_balance);
	snprintf(level, sizeof(level), "%" PRId64, s->cpuset.sched_relax_domain_level);
	json_write_name(w, "sched_relax_domain_level");
	json_write_raw(w, level);
	close_object(w);
}

static void write_usage(struct json_writer *w, const char *name, const struct cgroup_usage *usage)
{
	open_object(w, name);
	member(w, "limit", usage->limit);
	optional(w, "usage", usage->usage);
	optional(w, "max", usage->max);
	member(w, "failcnt", usage->failcnt);
	close_object(w);
}

static void write_memory(struct json_writer *w, const struct cgroup_stats *s)
{
	const struct cgroup_memory_events *events = &s->memory.events;

	open_object(w, "memory");
	optional(w, "cache", s->memory.cache);
	write_usage(w, "usage", &s->memory.memory);
	write_usage(w, "swap", &s->memory.swap);
	write_usage(w, "kernel", &s->memory.kernel);
	write_usage(w, "kernelTCP", &s->memory.kernel_tcp);
	if (s->memory.n_raw > 0) {
		open_object(w, "raw");
		for (size_t i = 0; i < s->memory.n_raw; i++)
			member(w, s->memory.raw[i].name, s->memory.raw[i].value);
		close_object(w);
	}
	write_psi(w, &s->memory.psi);
	if (events->present) {
		open_object(w, "event_count");
		member(w, "low", events->low);
		member(w, "high", events->high);
		member(w, "max", events->max);
		member(w, "oom", events->oom);
		member(w, "oom_kill", events->oom_kill);
		member(w, "oom_group_kill", events->oom_group_kill);
		close_object(w);
	}
	close_object(w);
}

static void write_pids(struct json_writer *w, const struct cgroup_stats *s)
{
	open_object(w, "pids");
	optional(w, "current", s->pids.current);
	optional(w, "limit", s->pids.limit);
	close_object(w);
}

static void write_io(struct json_writer *w, const char *name, const struct cgroup_io_values *values)
{
	if (values->n == 0)
		return;
	json_write_name(w, name);
	json_write_open(w, '[');
	for (size_t i = 0; i < values->n; i++) {
		json_write_open(w, '{');
		optional(w, "major", values->v[i].major);
		optional(w, "minor", values->v[i].minor);
		json_write_name(w, "op");
		json_write_string(w, values->v[i].op);
		optional(w, "value", values->v[i].value);
		close_object(w);
	}
	json_write_close(w, ']');
}

static void write_blkio(struct json_writer *w, const struct cgroup_stats *s)
{
	open_object(w, "blkio");
	write_io(w, "ioServiceBytesRecursive", &s->io.service_bytes);
	write_io(w, "ioServicedRecursive", &s->io.serviced);
	write_psi(w, &s->io.psi);
	close_object(w);
}

static void write_hugetlb(struct json_writer *w, const struct cgroup_stats *s)
{
	open_object(w, "hugetlb");
	for (size_t i = 0; i < s->n_hugetlb; i++) {
		open_object(w, s->hugetlb[i].page_size);
		optional(w, "usage", s->hugetlb[i].usage.usage);
		optional(w, "max", s->hugetlb[i].usage.max);
		member(w, "failcnt", s->hugetlb[i].usage.failcnt);
		close_object(w);
	}
	close_object(w);
}

static void write_network(struct json_writer *w, const struct netstats *net)
{
	static const char *const names[N_NETSTATS] = {
		[NETSTATS_RX_BYTES] = "RxBytes",   [NETSTATS_RX_PACKETS] = "RxPackets",
		[NETSTATS_RX_ERRORS] = "RxErrors", [NETSTATS_RX_DROPPED] = "RxDropped",
		[NETSTATS_TX_BYTES] = "TxBytes",   [NETSTATS_TX_PACKETS] = "TxPackets",
		[NETSTATS_TX_ERRORS] = "TxErrors", [NETSTATS_TX_DROPPED] = "TxDropped",
	};

	json_write_name(w, "network_interfaces");
	if (net->n == 0) {
		json_write_raw(w, "null");
		return;
	}
	json_write_open(w, '[');
	for (size_t i = 0; i < net->n; i++) {
		json_write_open(w, '{');
		json_write_name(w, "Name");
		json_write_string(w, net->v[i].name);
		for (size_t k = 0; k < N_NETSTATS; k++)
			member(w, names[k], net->v[i].counts[k]);
		close_object(w);
	}
	json_write_close(w, ']');
}

static void begin(struct json_writer *w, const char *type, const char *id)
{
	json_write_open(w, '{');
	json_write_name(w, "type");
	json_write_string(w, type);
	json_write_name(w, "id");
	json_write_string(w, id);
}

char *stats_json(const char *id, const struct cgroup_stats *stats, const struct netstats *net)
{
	struct json_writer w = { .text = NULL };
	size_t n;

	begin(&w, "stats", id);
	open_object(&w, "data");
	write_cpu(&w, stats);
	write_cpuset(&w, stats);
	write_memory(&w, stats);
	write_pids(&w, stats);
	write_blkio(&w, stats);
	write_hugetlb(&w, stats);
	/* Schemata are settings and count nothing; there are no monitoring groups. */
	open_object(&w, "intel_rdt");
	close_object(&w);
	write_network(&w, net);
	close_object(&w);
	close_object(&w);
	return json_write_end(&w, &n);
}

char *event_json(const char *type, const char *id)
{
	struct json_writer w = { .text = NULL };
	size_t n;

	begin(&w, type, id);
	close_object(&w);
	return json_write_end(&w, &n);
}
