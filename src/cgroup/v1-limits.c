/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources as files of cgroup v1 (the kernel's admin-guide/cgroup-v1/): see v1-limits.h. */
#include "cgroup/v1-limits.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/str.h"
#include "cgroup/convert.h"
#include "cgroup/tree.h"

static int check_memory(const struct oci_memory *m, const struct v1_facts *facts, struct err *e)
{
	int64_t limit = m->limit ? convert_unlimited(*m->limit) : -1, swap = m->swap ? convert_unlimited(*m->swap) : -1;

	if (m->check_before_update && *m->check_before_update && limit > 0 && facts->memory_usage > limit)
		return err_say(e, -EBUSY, "linux.resources.memory.limit: %" PRId64 " is refused (checkBeforeUpdate): %" PRId64
					  " bytes are in use", limit, facts->memory_usage);
	if (swap > 0 && limit > swap)
		return err_say(e, -EINVAL, "linux.resources.memory.swap: %" PRId64 " is less than "
					   "linux.resources.memory.limit, %" PRId64 "; it is memory and swap together",
			       swap, limit);
	return 0;
}

/* The sum of memory and swap is never below memory: it becomes unlimited first, and any other limit of memory
   may have to wait until the sum has risen. */
static void plan_memory_and_swap(const struct oci_memory *m, struct limit_list *list)
{
	static const char *const file = "memory.limit_in_bytes", *const sum = "memory.memsw.limit_in_bytes";
	int64_t limit = m->limit ? convert_unlimited(*m->limit) : 0;

	if (!m->swap && limit < 0)
		limit_add_number(list, "memory", "memory.swap", sum, -1, "-1");
	if (m->limit)
		limit_add_number(list, "memory", "memory.limit", file, limit, "-1")->later = m->swap != NULL;
	if (m->swap)
		limit_add_number(list, "memory", "memory.swap", sum, convert_unlimited(*m->swap), "-1");
}

static void plan_memory_flags(const struct oci_memory *m, struct limit_list *list)
{
	struct limit *l;

	if (m->use_hierarchy) {
		l = limit_add(list, "memory", "memory.useHierarchy", "memory.use_hierarchy", "%d", *m->use_hierarchy);
		l->optional = *m->use_hierarchy;
	}
	if (m->disable_oom_killer) {
		l = limit_add(list, "memory", "memory.disableOOMKiller", "memory.oom_control", "%d", *m->disable_oom_killer);
		/* What is read, "oom_kill_disable 0" and more, is not what is written. */
		l->key = xstrdup("oom_kill_disable");
		l->bare = true;
		l->optional = !*m->disable_oom_killer;
	}
}

static int plan_memory(const struct oci_memory *m, const struct v1_facts *facts, struct limit_list *list, struct err *e)
{
	int r = check_memory(m, facts, e);

	if (r < 0)
		return r;
	plan_memory_flags(m, list);
	plan_memory_and_swap(m, list);
	if (m->reservation)
		limit_add_number(list, "memory", "memory.reservation", "memory.soft_limit_in_bytes", *m->reservation, "-1");
	if (m->kernel && *m->kernel > 0)
		limit_add_number(list, "memory", "memory.kernel", "memory.kmem.limit_in_bytes", *m->kernel, "-1");
	if (m->kernel_tcp && *m->kernel_tcp > 0)
		limit_add_number(list, "memory", "memory.kernelTCP", "memory.kmem.tcp.limit_in_bytes", *m->kernel_tcp, "-1");
	if (m->swappiness)
		limit_add(list, "memory", "memory.swappiness", "memory.swappiness", "%" PRIu64, *m->swappiness);
	return 0;
}

static void plan_realtime(const struct oci_cpu *c, struct limit_list *list)
{
	if (c->realtime_period && *c->realtime_period)
		limit_add(list, "cpu", "cpu.realtimePeriod", "cpu.rt_period_us", "%" PRIu64, *c->realtime_period)->later =
			c->realtime_runtime != NULL;
	if (c->realtime_runtime && *c->realtime_runtime)
		limit_add(list, "cpu", "cpu.realtimeRuntime", "cpu.rt_runtime_us", "%" PRId64, *c->realtime_runtime);
}

static void plan_cpu(const struct oci_cpu *c, struct limit_list *list)
{
	struct limit *l;

	if (c->idle) {
		l = limit_add(list, "cpu", "cpu.idle", "cpu.idle", "%" PRId64, *c->idle);
		l->optional = *c->idle == 0;
		l->disturbs = "cpu.shares";
	}
	if (c->shares && *c->shares && !(c->idle && *c->idle))
		limit_add(list, "cpu", "cpu.shares", "cpu.shares", "%" PRIu64, *c->shares)->optional =
			*c->shares == SHARES_DEFAULT;
	/* An old quota over a short new period may exceed what the parent has. */
	if (c->period && *c->period)
		limit_add(list, "cpu", "cpu.period", "cpu.cfs_period_us", "%" PRIu64, *c->period)->later = c->quota != NULL;
	if (c->quota) {
		l = limit_add_number(list, "cpu", "cpu.quota", "cpu.cfs_quota_us", convert_unlimited(*c->quota), "-1");
		l->later = c->burst != NULL; /* the old burst may exceed the new quota */
	}
	if (c->burst)
		limit_add(list, "cpu", "cpu.burst", "cpu.cfs_burst_us", "%" PRIu64, *c->burst)->optional = *c->burst == 0;
	plan_realtime(c, list);
	if (!str_empty(c->cpus))
		limit_add(list, "cpuset", "cpu.cpus", "cpuset.cpus", "%s", c->cpus);
	if (!str_empty(c->mems))
		limit_add(list, "cpuset", "cpu.mems", "cpuset.mems", "%s", c->mems);
}

static int no_weights(const char *what, struct err *e)
{
	return err_say(e, -EOPNOTSUPP, "linux.resources.%s: this kernel has no weights for I/O: neither blkio.bfq.weight (the "
				       "bfq scheduler) nor blkio.weight", what);
}

/* "8:0 500" in a file of weights by device. */
static void add_device_weight(struct limit_list *list, const char *what, const char *file,
			      const struct oci_weight_device *d, uint16_t weight)
{
	struct limit *l = limit_add(list, "blkio", what, file, "%" PRId64 ":%" PRId64 " %u", d->major, d->minor, weight);

	l->key = str_printf("%" PRId64 ":%" PRId64, d->major, d->minor);
	l->reset = str_printf("%s default", l->key);
}

static int plan_weights(const struct oci_block_io *b, const struct v1_facts *facts, struct limit_list *list, struct err *e)
{
	const char *prefix = facts->has_bfq_weight ? "blkio.bfq." : "blkio.";
	_cleanup_free_ char *weight = str_printf("%sweight", prefix);
	_cleanup_free_ char *weight_device = str_printf("%sweight_device", prefix);
	bool any = facts->has_weight || facts->has_bfq_weight;

	if (b->weight && *b->weight && !any)
		return no_weights("blockIO.weight", e);
	if (b->weight && *b->weight)
		limit_add(list, "blkio", "blockIO.weight", weight, "%u", *b->weight);
	if (b->leaf_weight && *b->leaf_weight)
		limit_add(list, "blkio", "blockIO.leafWeight", "blkio.leaf_weight", "%u", *b->leaf_weight);
	for (size_t i = 0; i < b->n_weight_device; i++) {
		const struct oci_weight_device *d = &b->weight_device[i];
		_cleanup_free_ char *what = str_printf("blockIO.weightDevice[%zu]", i);

		if (d->weight && !any)
			return no_weights(what, e);
		if (d->weight)
			add_device_weight(list, what, weight_device, d, *d->weight);
		if (d->leaf_weight)
			add_device_weight(list, what, "blkio.leaf_weight_device", d, *d->leaf_weight);
	}
	return 0;
}

static void plan_throttle(const struct oci_throttle_device *devices, size_t n, const char *property, const char *file,
			  struct limit_list *list)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *what = str_printf("blockIO.%s[%zu]", property, i);
		struct limit *l = limit_add(list, "blkio", what, file, "%" PRId64 ":%" PRId64 " %" PRIu64,
					    devices[i].major, devices[i].minor, devices[i].rate);

		l->key = str_printf("%" PRId64 ":%" PRId64, devices[i].major, devices[i].minor);
		l->reset = str_printf("%s 0", l->key);
	}
}

static int plan_block_io(const struct oci_block_io *b, const struct v1_facts *facts, struct limit_list *list, struct err *e)
{
	int r = plan_weights(b, facts, list, e);

	if (r < 0)
		return r;
	plan_throttle(b->throttle_read_bps_device, b->n_throttle_read_bps_device, "throttleReadBpsDevice",
		      "blkio.throttle.read_bps_device", list);
	plan_throttle(b->throttle_write_bps_device, b->n_throttle_write_bps_device, "throttleWriteBpsDevice",
		      "blkio.throttle.write_bps_device", list);
	plan_throttle(b->throttle_read_iops_device, b->n_throttle_read_iops_device, "throttleReadIOPSDevice",
		      "blkio.throttle.read_iops_device", list);
	plan_throttle(b->throttle_write_iops_device, b->n_throttle_write_iops_device, "throttleWriteIOPSDevice",
		      "blkio.throttle.write_iops_device", list);
	return 0;
}

static void plan_network(const struct oci_network *n, struct limit_list *list)
{
	if (n->class_id && *n->class_id)
		limit_add(list, "net_cls", "network.classID", "net_cls.classid", "%" PRIu32, *n->class_id);
	for (size_t i = 0; i < n->n_priorities; i++) {
		const struct oci_interface_priority *p = &n->priorities[i];
		_cleanup_free_ char *what = str_printf("network.priorities[%zu]", i);
		struct limit *l = limit_add(list, "net_prio", what, "net_prio.ifpriomap", "%s %" PRIu32, p->name,
					    p->priority);

		l->key = xstrdup(p->name);
	}
}

int v1_limits_plan(const struct oci_resources *r, const struct v1_facts *facts, struct limit_list *list, struct err *e)
{
	int code = r->memory ? plan_memory(r->memory, facts, list, e) : 0;

	if (code == 0 && r->cpu)
		plan_cpu(r->cpu, list);
	if (code == 0 && r->pids && r->pids->limit)
		limit_add_number(list, "pids", "pids.limit", "pids.max", *r->pids->limit, "max");
	if (code == 0 && r->block_io)
		code = plan_block_io(r->block_io, facts, list, e);
	if (code < 0)
		return code;
	limit_add_hugepages(list, r, "limit_in_bytes");
	if (r->network)
		plan_network(r->network, list);
	limit_add_rdma(list, r);
	return 0;
}

int v1_limits_facts(const struct oci_resources *r, int memory_fd, int blkio_fd, struct v1_facts *ret_facts,
		    struct err *e)
{
	struct v1_facts facts = V1_FACTS_OF_NEW;
	_cleanup_free_ char *text = NULL;

	if (r->block_io && blkio_fd >= 0) {
		facts.has_weight = faccessat(blkio_fd, "blkio.weight", F_OK, 0) == 0;
		facts.has_bfq_weight = faccessat(blkio_fd, "blkio.bfq.weight", F_OK, 0) == 0;
	}
	if (memory_fd >= 0 && r->memory && r->memory->check_before_update && *r->memory->check_before_update) {
		int code = tree_read(memory_fd, "memory.usage_in_bytes", &text);

		if (code == 0)
			code = str_to_i64(text, &facts.memory_usage);
		if (code < 0)
			return err_set(e, code, "cannot read memory.usage_in_bytes");
	}
	*ret_facts = facts;
	return 0;
}
