/* SPDX-License-Identifier: Apache-2.0 */
/* Which controllers are needed: see uses.h. */
#include "cgroup/uses.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cgroup/convert.h"

static struct use *append(struct use_list *list)
{
	list->v = xrealloc(list->v, list->n + 1, sizeof(*list->v));
	list->v[list->n] = (struct use){ .property = NULL };
	return &list->v[list->n++];
}

static void add_if(struct use_list *list, bool asked, const char *property, const char *v1, const char *v2)
{
	struct use *u;

	if (!asked)
		return;
	u = append(list);
	u->property = property;
	u->v1 = v1;
	snprintf(u->v2, sizeof(u->v2), "%s", v2);
}

static bool positive(const int64_t *value)
{
	return value && *value > 0;
}

static bool nonzero(const uint64_t *value)
{
	return value && *value > 0;
}

static bool weight(const uint16_t *value)
{
	return value && *value > 0;
}

static void collect_memory(struct use_list *list, const struct oci_memory *m)
{
	add_if(list, positive(m->limit), "memory.limit", "memory", "memory");
	add_if(list, positive(m->reservation), "memory.reservation", "memory", "memory");
	add_if(list, positive(m->swap), "memory.swap", "memory", "memory");
	add_if(list, positive(m->kernel), "memory.kernel", "memory", "memory");
	add_if(list, positive(m->kernel_tcp), "memory.kernelTCP", "memory", "memory");
	add_if(list, m->swappiness, "memory.swappiness", "memory", "memory");
	add_if(list, m->disable_oom_killer && *m->disable_oom_killer, "memory.disableOOMKiller", "memory", "memory");
	add_if(list, m->use_hierarchy && !*m->use_hierarchy, "memory.useHierarchy", "memory", "memory");
}

static void collect_cpu(struct use_list *list, const struct oci_cpu *c)
{
	add_if(list, nonzero(c->shares) && *c->shares != SHARES_DEFAULT, "cpu.shares", "cpu", "cpu");
	add_if(list, positive(c->quota), "cpu.quota", "cpu", "cpu");
	add_if(list, nonzero(c->burst), "cpu.burst", "cpu", "cpu");
	add_if(list, nonzero(c->period), "cpu.period", "cpu", "cpu");
	add_if(list, c->realtime_runtime && *c->realtime_runtime, "cpu.realtimeRuntime", "cpu", "cpu");
	add_if(list, nonzero(c->realtime_period), "cpu.realtimePeriod", "cpu", "cpu");
	add_if(list, positive(c->idle), "cpu.idle", "cpu", "cpu");
	add_if(list, !str_empty(c->cpus), "cpu.cpus", "cpuset", "cpuset");
	add_if(list, !str_empty(c->mems), "cpu.mems", "cpuset", "cpuset");
}

static void collect_block_io(struct use_list *list, const struct oci_block_io *b)
{
	add_if(list, weight(b->weight), "blockIO.weight", "blkio", "io");
	add_if(list, weight(b->leaf_weight), "blockIO.leafWeight", "blkio", "io");
	add_if(list, b->n_weight_device, "blockIO.weightDevice", "blkio", "io");
	add_if(list, b->n_throttle_read_bps_device, "blockIO.throttleReadBpsDevice", "blkio", "io");
	add_if(list, b->n_throttle_write_bps_device, "blockIO.throttleWriteBpsDevice", "blkio", "io");
	add_if(list, b->n_throttle_read_iops_device, "blockIO.throttleReadIOPSDevice", "blkio", "io");
	add_if(list, b->n_throttle_write_iops_device, "blockIO.throttleWriteIOPSDevice", "blkio", "io");
}

/* The controller is the part of the file's name before the first dot; cgroup.* is there without any. */
static void collect_unified(struct use_list *list, const struct oci_pair *pair)
{
	struct use *u = append(list);
	int n = (int)strcspn(pair->key, ".");

	u->property = "unified";
	u->key = pair->key;
	snprintf(u->v2, sizeof(u->v2), "%.*s", n, pair->key);
	if (strcmp(u->v2, "cgroup") == 0)
		u->v2[0] = '\0';
}

void use_list_collect(struct use_list *list, const struct oci_resources *r)
{
	if (!r)
		return;
	if (r->memory)
		collect_memory(list, r->memory);
	if (r->cpu)
		collect_cpu(list, r->cpu);
	add_if(list, r->pids && r->pids->limit && *r->pids->limit >= 0, "pids.limit", "pids", "pids");
	if (r->block_io)
		collect_block_io(list, r->block_io);
	add_if(list, r->n_hugepage_limits, "hugepageLimits", "hugetlb", "hugetlb");
	add_if(list, r->network && r->network->class_id && *r->network->class_id, "network.classID", "net_cls", "");
	add_if(list, r->network && r->network->n_priorities, "network.priorities", "net_prio", "");
	add_if(list, r->n_rdma, "rdma", "rdma", "rdma");
	for (size_t i = 0; i < r->n_unified; i++)
		collect_unified(list, &r->unified[i]);
}

void use_list_done(struct use_list *list)
{
	free(list->v);
	*list = (struct use_list)USE_LIST_INIT;
}

bool use_in_v1(const struct use *use, const struct hierarchies *hierarchies)
{
	return use->v1 && hierarchies_v1(hierarchies, use->v1);
}
