/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics: see stats.h.  Which files they are in is known to stats-v1.c and stats-v2.c. */
#include "cgroup/stats.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cgroup/internal.h"
#include "cgroup/stats-read.h"

/* The file's text; NULL where there is no such file: the controller is not here, or the kernel is older. */
static int read_optional(int dirfd, const char *file, char **ret_text)
{
	int r = tree_read(dirfd, file, ret_text);

	if (r == -ENOENT || r == -EOPNOTSUPP) {
		*ret_text = NULL;
		return 0;
	}
	return r;
}

int stats_split(int dirfd, const char *file, char separator, struct strv *pieces)
{
	_cleanup_free_ char *text = NULL;
	int r = read_optional(dirfd, file, &text);

	if (r == 0 && text)
		strv_split(pieces, text, separator);
	return r;
}

static uint64_t parse_number(const char *text)
{
	uint64_t value = 0;

	if (strcmp(text, "max") == 0)
		return UINT64_MAX;
	return str_to_u64(text, &value) < 0 ? 0 : value;
}

int stats_number(int dirfd, const char *file, uint64_t *ret_value)
{
	_cleanup_free_ char *text = NULL;
	int r = read_optional(dirfd, file, &text);

	if (r == 0 && text)
		*ret_value = parse_number(text);
	return r;
}

int stats_keys(int dirfd, const char *file, const struct stats_key *keys, size_t n)
{
	_cleanup_free_ char *text = NULL;
	int r = read_optional(dirfd, file, &text);

	for (size_t i = 0; r == 0 && text && i < n; i++) {
		unsigned long long value;

		if (tree_find_key(text, keys[i].key, &value) == 0)
			*keys[i].value = value;
	}
	return r;
}

int stats_raw(int dirfd, const char *file, struct cgroup_named_value **values, size_t *n_values)
{
	_cleanup_(strv_done) struct strv lines = STRV_INIT;
	int r = stats_split(dirfd, file, '\n', &lines);

	if (r < 0)
		return r;
	*values = xrealloc(*values, *n_values + lines.n, sizeof(**values));
	for (size_t i = 0; i < lines.n; i++) {
		char *space = strchr(lines.v[i], ' ');

		if (!space)
			continue;
		(*values)[(*n_values)++] = (struct cgroup_named_value){
			.name = xstrndup(lines.v[i], (size_t)(space - lines.v[i])),
			.value = parse_number(space + 1),
		};
	}
	return 0;
}

int stats_pids(int dirfd, struct cgroup_stats *stats)
{
	int r = stats_number(dirfd, "pids.current", &stats->pids.current);

	if (r == 0)
		r = stats_number(dirfd, "pids.max", &stats->pids.limit);
	if (stats->pids.limit == UINT64_MAX)
		stats->pids.limit = 0;
	return r;
}

/* More processors than any kernel has. */
#define NUMBER_MAX 65535

int stats_list(int dirfd, const char *file, struct cgroup_numbers *ret_numbers)
{
	_cleanup_(strv_done) struct strv ranges = STRV_INIT;
	int r = stats_split(dirfd, file, ',', &ranges);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ranges.n; i++) {
		char *dash = strchr(ranges.v[i], '-');
		uint32_t first, last;

		if (dash)
			*dash = '\0';
		if (str_to_u32(ranges.v[i], &first) < 0 || str_to_u32(dash ? dash + 1 : ranges.v[i], &last) < 0 ||
		    last < first || last > NUMBER_MAX)
			continue;
		ret_numbers->v = xrealloc(ret_numbers->v, ret_numbers->n + last - first + 1, sizeof(*ret_numbers->v));
		for (uint32_t number = first; number <= last; number++)
			ret_numbers->v[ret_numbers->n++] = number;
	}
	return 0;
}

int stats_psi(int dirfd, const char *file, struct cgroup_psi *ret_psi)
{
	_cleanup_(strv_done) struct strv lines = STRV_INIT;
	int r = stats_split(dirfd, file, '\n', &lines);

	if (r < 0)
		return r;
	for (size_t i = 0; i < lines.n; i++) {
		struct cgroup_psi_line line;
		unsigned long long total;
		char kind[8];

		if (sscanf(lines.v[i], "%7s avg10=%lf avg60=%lf avg300=%lf total=%llu", kind, &line.avg10, &line.avg60,
			   &line.avg300, &total) != 5)
			continue;
		line.total = total;
		*(strcmp(kind, "full") == 0 ? &ret_psi->full : &ret_psi->some) = line;
		ret_psi->present = true;
	}
	return 0;
}

void stats_add_io(struct cgroup_io_values *values, uint64_t major_number, uint64_t minor_number, const char *op,
		  uint64_t value)
{
	values->v = xrealloc(values->v, values->n + 1, sizeof(*values->v));
	values->v[values->n++] = (struct cgroup_io_value){ major_number, minor_number, xstrdup(op), value };
}

struct cgroup_usage *stats_add_hugetlb(struct cgroup_stats *stats, const char *page_size)
{
	stats->hugetlb = xrealloc(stats->hugetlb, stats->n_hugetlb + 1, sizeof(*stats->hugetlb));
	stats->hugetlb[stats->n_hugetlb] = (struct cgroup_hugetlb_usage){ .page_size = xstrdup(page_size) };
	return &stats->hugetlb[stats->n_hugetlb++].usage;
}

int stats_page_sizes(int dirfd, const char *suffix, int (*fn)(int dirfd, const char *size, struct cgroup_stats *stats),
		     struct cgroup_stats *stats)
{
	_cleanup_close_ int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *d;
	int r = 0;

	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (!dir)
		return -errno;
	(void)TAKE_FD(fd); /* the stream owns it */
	while (r == 0 && (d = readdir(dir))) {
		const char *size = d->d_name + strlen("hugetlb."), *dot = strchr(size, '.');
		_cleanup_free_ char *name = NULL;

		if (!str_starts(d->d_name, "hugetlb.") || !dot || strcmp(dot, suffix) != 0)
			continue;
		name = xstrndup(size, (size_t)(dot - size));
		r = fn(dirfd, name, stats);
	}
	return r;
}

static int count_processes(const struct cgroup *cgroup, uint64_t *ret_n)
{
	_cleanup_(pid_list_done) struct pid_list pids = PID_LIST_INIT;
	const struct hierarchy *h = cgroup_main_dir(cgroup);
	int r = h ? tree_pids(h->dir_fd, true, &pids) : 0;

	*ret_n = pids.n;
	return r;
}

int cgroup_stats(struct cgroup *cgroup, struct cgroup_stats *ret_stats, struct err *e)
{
	const struct hierarchy *v2 = cgroup_v2_dir(cgroup);
	struct cgroup_stats stats;
	int r;

	if (cgroup->record.manager && !cgroup_exists(cgroup))
		return err_say(e, -ESRCH, "cgroup %s: it is gone, and with it what it counted", cgroup->record.path);
	memset(&stats, 0, sizeof(stats));
	stats.cpuset.sched_relax_domain_level = -1;
	/* v2 first: on a hybrid v1 knows more of the controllers that it has. */
	r = v2 ? stats_read_v2(v2->dir_fd, &stats) : 0;
	if (r == 0)
		r = stats_read_v1(cgroup, &stats);
	/* Without the pids controller they can still be counted; threads then are not. */
	if (r == 0 && stats.pids.current == 0)
		r = count_processes(cgroup, &stats.pids.current);
	if (r < 0) {
		cgroup_stats_done(&stats);
		return err_set(e, r, "cgroup %s: cannot read its statistics", cgroup->record.path);
	}
	*ret_stats = stats;
	return 0;
}

static void io_done(struct cgroup_io_values *values)
{
	for (size_t i = 0; i < values->n; i++)
		free(values->v[i].op);
	free(values->v);
}

void cgroup_stats_done(struct cgroup_stats *stats)
{
	free(stats->cpu.percpu);
	free(stats->cpu.percpu_kernel);
	free(stats->cpu.percpu_user);
	free(stats->cpuset.cpus.v);
	free(stats->cpuset.mems.v);
	for (size_t i = 0; i < stats->memory.n_raw; i++)
		free(stats->memory.raw[i].name);
	free(stats->memory.raw);
	io_done(&stats->io.service_bytes);
	io_done(&stats->io.serviced);
	for (size_t i = 0; i < stats->n_hugetlb; i++)
		free(stats->hugetlb[i].page_size);
	free(stats->hugetlb);
	memset(stats, 0, sizeof(*stats));
}
