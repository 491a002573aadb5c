/* SPDX-License-Identifier: Apache-2.0 */
/* For stats.c, stats-v1.c and stats-v2.c: reading the files.  0 or -errno; a file that is not there is 0. */
#pragma once

#include "base/str.h"
#include "cgroup/stats.h"

/* The file's pieces between separators; none where there is no such file: the controller is not here, or the kernel is
   older. */
int stats_split(int dirfd, const char *file, char separator, struct strv *pieces);

/* One number; "max" is UINT64_MAX. */
int stats_number(int dirfd, const char *file, uint64_t *ret_value);

/* Values of a flat keyed file, by name; keys that are absent leave their value alone. */
struct stats_key {
	const char *key;
	uint64_t *value;
};

int stats_keys(int dirfd, const char *file, const struct stats_key *keys, size_t n);

/* A whole flat keyed file, appended. */
int stats_raw(int dirfd, const char *file, struct cgroup_named_value **values, size_t *n_values);

/* pids.current and pids.max, which are the same in both versions; a limit of "max" is 0. */
int stats_pids(int dirfd, struct cgroup_stats *stats);

/* A file with a list of numbers, "0-3,7"; what is no such list is empty. */
int stats_list(int dirfd, const char *file, struct cgroup_numbers *ret_numbers);

/* A pressure file. */
int stats_psi(int dirfd, const char *file, struct cgroup_psi *ret_psi);

void stats_add_io(struct cgroup_io_values *values, uint64_t major_number, uint64_t minor_number, const char *op,
		  uint64_t value);
struct cgroup_usage *stats_add_hugetlb(struct cgroup_stats *stats, const char *page_size);

/* Call fn for each page size, told by the files "hugetlb.SIZE<suffix>" of the directory. */
int stats_page_sizes(int dirfd, const char *suffix, int (*fn)(int dirfd, const char *size, struct cgroup_stats *stats),
		     struct cgroup_stats *stats);

int stats_read_v1(const struct cgroup *cgroup, struct cgroup_stats *stats);
int stats_read_v2(int dirfd, struct cgroup_stats *stats);
