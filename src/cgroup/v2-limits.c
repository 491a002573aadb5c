/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources as files of cgroup v2 (the kernel's admin-guide/cgroup-v2.rst): see v2-limits.h. */
#include "cgroup/v2-limits.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "cgroup/convert.h"
#include "cgroup/tree.h"

static int v1_only(const char *property, struct err *e)
{
	return err_say(e, -EOPNOTSUPP, "linux.resources.%s: cgroup v2 has nothing like it; only cgroup v1 knows it", property);
}

static int plan_swap(const struct oci_memory *m, const struct v2_facts *facts, struct limit_list *list, struct err *e)
{
	int64_t limit = m->limit ? *m->limit : facts->memory_limit, swap_max = -1;
	int r;

	/* Without limit there is none for swap either, as on v1. */
	if (!m->swap && !(m->limit && *m->limit <= 0))
		return 0;
	r = convert_swap(m->swap ? *m->swap : -1, limit, &swap_max, e);
	if (r < 0)
		return r;
	/* No file: a kernel without swap accounting, where no swap is counted either. */
	limit_add_number(list, "memory", "memory.swap", "memory.swap.max", swap_max, "max")->optional = swap_max <= 0;
	return 0;
}

static int check_memory(const struct oci_memory *m, const struct v2_facts *facts, struct err *e)
{
	if (m->swappiness)
		return v1_only("memory.swappiness", e);
	if (m->kernel && *m->kernel > 0)
		return v1_only("memory.kernel", e);
	if (m->kernel_tcp && *m->kernel_tcp > 0)
		return v1_only("memory.kernelTCP", e);
	if (m->disable_oom_killer && *m->disable_oom_killer)
		return v1_only("memory.disableOOMKiller", e);
	if (m->use_hierarchy && !*m->use_hierarchy)
		return err_say(e, -EOPNOTSUPP, "linux.resources.memory.useHierarchy: cgroup v2 is always hierarchical");
	if (m->check_before_update && *m->check_before_update && m->limit && *m->limit > 0 &&
	    facts->memory_current > *m->limit)
		return err_say(e, -EBUSY, "linux.resources.memory.limit: %" PRId64 " is refused (checkBeforeUpdate): %" PRId64
					  " bytes are in use", *m->limit, facts->memory_current);
	return 0;
}

static int plan_memory(const struct oci_memory *m, const struct v2_facts *facts, struct limit_list *list, struct err *e)
{
	int r = check_memory(m, facts, e);

	if (r < 0)
		return r;
	if (m->limit)
		limit_add_number(list, "memory", "memory.limit", "memory.max", convert_unlimited(*m->limit), "max");
	if (m->reservation)
		limit_add_number(list, "memory", "memory.reservation", "memory.low", *m->reservation, "max");
	return plan_swap(m, facts, list, e);
}

static void plan_quota(const struct oci_cpu *c, const struct v2_facts *facts, struct limit_list *list)
{
	bool period = c->period && *c->period;
	int64_t quota = c->quota ? *c->quota : facts->cpu_quota;
	_cleanup_free_ char *first = quota > 0 ? str_printf("%" PRId64, quota) : xstrdup("max");
	const char *what = c->quota ? "cpu.quota" : "cpu.period";
	struct limit *l;

	/* Without a period, the one in force stays. */
	if (!c->quota && !period)
		return;
	if (period)
		l = limit_add(list, "cpu", what, "cpu.max", "%s %" PRIu64, first, *c->period);
	else
		l = limit_add(list, "cpu", what, "cpu.max", "%s", first);
	l->optional = quota <= 0 && !period;
	l->later = c->burst != NULL; /* the old burst may exceed the new quota */
}

static int plan_cpu(const struct oci_cpu *c, const struct v2_facts *facts, struct limit_list *list, struct err *e)
{
	struct limit *l;

	if (c->realtime_runtime && *c->realtime_runtime)
		return v1_only("cpu.realtimeRuntime", e);
	if (c->realtime_period && *c->realtime_period)
		return v1_only("cpu.realtimePeriod", e);

	/* An idle group has no weight, and cpu.weight cannot be written while it is one. */
	if (c->idle) {
		l = limit_add(list, "cpu", "cpu.idle", "cpu.idle", "%" PRId64, *c->idle);
		l->optional = *c->idle == 0;
		l->disturbs = "cpu.weight";
	}
	if (c->shares && *c->shares && !(c->idle && *c->idle))
		limit_add(list, "cpu", "cpu.shares", "cpu.weight", "%" PRIu64, convert_shares(*c->shares))->optional =
			*c->shares == SHARES_DEFAULT;
	plan_quota(c, facts, list);
	if (c->burst)
		limit_add(list, "cpu", "cpu.burst", "cpu.max.burst", "%" PRIu64, *c->burst)->optional = *c->burst == 0;
	if (!str_empty(c->cpus))
		limit_add(list, "cpuset", "cpu.cpus", "cpuset.cpus", "%s", c->cpus);
	if (!str_empty(c->mems))
		limit_add(list, "cpuset", "cpu.mems", "cpuset.mems", "%s", c->mems);
	return 0;
}

/* io.bfq.weight has the range of v1, io.weight its own; either exists, both or none. */
static int plan_weight(uint16_t weight, const char *what, const char *device, const struct v2_facts *facts,
		       struct limit_list *list, struct err *e)
{
	const char *space = *device ? " " : "";
	size_t first = list->n;

	if (!facts->has_io_weight && !facts->has_bfq_weight)
		return err_say(e, -EOPNOTSUPP, "linux.resources.%s: this kernel has no weights for I/O: neither io.weight "
					       "(CONFIG_BLK_CGROUP_IOCOST) nor io.bfq.weight (the bfq scheduler)", what);
	if (facts->has_bfq_weight)
		limit_add(list, "io", what, "io.bfq.weight", "%s%s%u", device, space, weight);
	if (facts->has_io_weight)
		limit_add(list, "io", what, "io.weight", "%s%s%" PRIu64, device, space, convert_io_weight(weight));
	for (size_t i = first; i < list->n; i++) {
		list->v[i].key = xstrdup(*device ? device : "default");
		list->v[i].reset = *device ? str_printf("%s default", device) : xstrdup("default 100");
	}
	return 0;
}

static int plan_weight_devices(const struct oci_block_io *b, const struct v2_facts *facts, struct limit_list *list,
			       struct err *e)
{
	for (size_t i = 0; i < b->n_weight_device; i++) {
		const struct oci_weight_device *d = &b->weight_device[i];
		_cleanup_free_ char *device = str_printf("%" PRId64 ":%" PRId64, d->major, d->minor);
		_cleanup_free_ char *what = str_printf("blockIO.weightDevice[%zu]", i);
		int r;

		if (d->leaf_weight && *d->leaf_weight) {
			_cleanup_free_ char *leaf = str_printf("%s.leafWeight", what);

			return v1_only(leaf, e);
		}
		r = d->weight ? plan_weight(*d->weight, what, device, facts, list, e) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

static void plan_throttle(const struct oci_throttle_device *devices, size_t n, const char *property, const char *word,
			  struct limit_list *list)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *what = str_printf("blockIO.%s[%zu]", property, i);
		_cleanup_free_ char *device = str_printf("%" PRId64 ":%" PRId64, devices[i].major, devices[i].minor);
		_cleanup_free_ char *rate = devices[i].rate ? str_printf("%" PRIu64, devices[i].rate) : xstrdup("max");
		struct limit *l = limit_add(list, "io", what, "io.max", "%s %s=%s", device, word, rate);

		l->reset = str_printf("%s rbps=max wbps=max riops=max wiops=max", device);
		l->key = TAKE_PTR(device);
	}
}

static int plan_block_io(const struct oci_block_io *b, const struct v2_facts *facts, struct limit_list *list, struct err *e)
{
	int r = 0;

	if (b->leaf_weight && *b->leaf_weight)
		return v1_only("blockIO.leafWeight", e);
	if (b->weight && *b->weight)
		r = plan_weight(*b->weight, "blockIO.weight", "", facts, list, e);
	if (r == 0)
		r = plan_weight_devices(b, facts, list, e);
	if (r < 0)
		return r;
	plan_throttle(b->throttle_read_bps_device, b->n_throttle_read_bps_device, "throttleReadBpsDevice", "rbps", list);
	plan_throttle(b->throttle_write_bps_device, b->n_throttle_write_bps_device, "throttleWriteBpsDevice", "wbps", list);
	plan_throttle(b->throttle_read_iops_device, b->n_throttle_read_iops_device, "throttleReadIOPSDevice", "riops",
		      list);
	plan_throttle(b->throttle_write_iops_device, b->n_throttle_write_iops_device, "throttleWriteIOPSDevice", "wiops",
		      list);
	return 0;
}

/* Whatever it is: each line is one request to the kernel (io.max takes one device at a time). */
static void plan_unified(const struct oci_resources *r, struct limit_list *list)
{
	for (size_t i = 0; i < r->n_unified; i++) {
		const struct oci_pair *p = &r->unified[i];
		_cleanup_free_ char *what = str_printf("unified.%s", p->key);
		_cleanup_(strv_done) struct strv lines = STRV_INIT;

		strv_split(&lines, p->value, '\n');
		if (lines.n == 0)
			strv_add(&lines, "\n");
		for (size_t k = 0; k < lines.n; k++) {
			struct limit *l = limit_add(list, "unified", what, p->key, "%s", lines.v[k]);
			const char *word_end = strchr(l->value, ' ');

			/* "8:0 rbps=1" is a line of a keyed file, "50000 100000" the whole of another. */
			if (word_end && memchr(l->value, ':', (size_t)(word_end - l->value)))
				l->key = xstrndup(l->value, (size_t)(word_end - l->value));
		}
	}
}

int v2_limits_plan(const struct oci_resources *r, const struct v2_facts *facts, struct limit_list *list, struct err *e)
{
	int code = r->memory ? plan_memory(r->memory, facts, list, e) : 0;

	if (code == 0 && r->cpu)
		code = plan_cpu(r->cpu, facts, list, e);
	if (code == 0 && r->pids && r->pids->limit)
		limit_add_number(list, "pids", "pids.limit", "pids.max", *r->pids->limit, "max");
	if (code == 0 && r->block_io)
		code = plan_block_io(r->block_io, facts, list, e);
	if (code < 0)
		return code;
	if (r->network && r->network->class_id && *r->network->class_id)
		return v1_only("network.classID", e);
	if (r->network && r->network->n_priorities)
		return v1_only("network.priorities", e);
	limit_add_hugepages(list, r, "max");
	limit_add_rdma(list, r);
	/* Last, since these are the words of who knows best. */
	plan_unified(r, list);
	return 0;
}

/* A number, or -1 for "max". */
static int read_number(int dirfd, const char *file, int64_t *ret_value, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	int r = tree_read(dirfd, file, &text);

	/* No such controller here: it has no value of its own. */
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return err_set(e, r, "cannot read %s", file);
	text[strcspn(text, " ")] = '\0';
	if (strcmp(text, "max") == 0)
		*ret_value = -1;
	else if (str_to_i64(text, ret_value) < 0)
		return err_say(e, -EINVAL, "cannot understand \"%s\" in %s", text, file);
	return 0;
}

int v2_limits_facts(const struct oci_resources *r, int dirfd, struct v2_facts *ret_facts, struct err *e)
{
	struct v2_facts facts = V2_FACTS_OF_NEW;
	int code = 0;

	if (r->block_io) {
		facts.has_io_weight = faccessat(dirfd, "io.weight", F_OK, 0) == 0;
		facts.has_bfq_weight = faccessat(dirfd, "io.bfq.weight", F_OK, 0) == 0;
	}
	if (r->memory && r->memory->swap && !r->memory->limit)
		code = read_number(dirfd, "memory.max", &facts.memory_limit, e);
	if (code == 0 && r->memory && r->memory->check_before_update && *r->memory->check_before_update)
		code = read_number(dirfd, "memory.current", &facts.memory_current, e);
	if (code == 0 && r->cpu && r->cpu->period && !r->cpu->quota)
		code = read_number(dirfd, "cpu.max", &facts.cpu_quota, e);
	*ret_facts = facts;
	return code;
}
