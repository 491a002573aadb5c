/* SPDX-License-Identifier: Apache-2.0 */
/* What a container uses, as `events --stats` shows it.  Numbers that this machine does not have are 0. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cgroup/cgroup.h"

/* Usage of something with a limit, in bytes; UINT64_MAX: no limit. */
struct cgroup_usage {
	uint64_t limit;
	uint64_t usage;
	uint64_t max;     /* the highest usage so far */
	uint64_t failcnt; /* how often the limit was hit */
};

/* Pressure (the kernel's accounting/psi.rst): share of time in percent, and microseconds in all. */
struct cgroup_psi_line {
	double avg10, avg60, avg300;
	uint64_t total;
};

struct cgroup_psi {
	bool present;
	struct cgroup_psi_line some, full;
};

struct cgroup_named_value {
	char *name;
	uint64_t value;
};

/* What io.stat and the blkio.* files count for a device: op is "Read", "Write", "Sync", "Async", ... */
struct cgroup_io_value {
	uint64_t major, minor;
	char *op;
	uint64_t value;
};

struct cgroup_io_values {
	struct cgroup_io_value *v;
	size_t n;
};

/* A list like "0-3,7", expanded. */
struct cgroup_numbers {
	uint32_t *v;
	size_t n;
};

/* How often something happened to its memory: memory.events of v2. */
struct cgroup_memory_events {
	bool present;
	uint64_t low, high, max, oom, oom_kill, oom_group_kill;
};

struct cgroup_hugetlb_usage {
	char *page_size; /* "2MB" */
	struct cgroup_usage usage;
};

struct cgroup_stats {
	struct {
		uint64_t total, kernel, user; /* nanoseconds */
		uint64_t *percpu;             /* the total for each processor; v1 only */
		uint64_t *percpu_kernel, *percpu_user; /* as many, or NULL */
		size_t n_percpu;
		uint64_t periods, throttled_periods;
		uint64_t throttled_time;      /* nanoseconds */
		struct cgroup_psi psi;
	} cpu;
	struct {
		struct cgroup_numbers cpus, mems; /* that may be used */
		/* v1 only, as its files are called; the last is -1 where it does not say otherwise */
		uint64_t cpu_exclusive, mem_hardwall, mem_exclusive, memory_migrate, memory_spread_page,
			memory_spread_slab, memory_pressure, sched_load_balance;
		int64_t sched_relax_domain_level;
	} cpuset;
	struct {
		uint64_t cache;
		struct cgroup_usage memory;
		struct cgroup_usage swap;     /* memory and swap together */
		struct cgroup_usage kernel, kernel_tcp;
		struct cgroup_named_value *raw; /* memory.stat */
		size_t n_raw;
		struct cgroup_memory_events events;
		struct cgroup_psi psi;
	} memory;
	struct {
		uint64_t current;
		uint64_t limit; /* 0: none */
	} pids;
	struct {
		struct cgroup_io_values service_bytes, serviced;
		struct cgroup_psi psi;
	} io;
	struct cgroup_hugetlb_usage *hugetlb;
	size_t n_hugetlb;
};

/* Read them; *ret_stats is for cgroup_stats_done().  A container without a cgroup has only zeros. */
int cgroup_stats(struct cgroup *cgroup, struct cgroup_stats *ret_stats, struct err *e);
void cgroup_stats_done(struct cgroup_stats *stats);
