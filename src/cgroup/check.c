/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of the specification for linux.resources: see check.h. */
#include "cgroup/check.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/str.h"

/* Names are one word of a line, or part of a file's name. */
static bool is_word(const char *s)
{
	if (!*s)
		return false;
	for (; *s; s++)
		if (isspace((unsigned char)*s) || iscntrl((unsigned char)*s) || *s == '/')
			return false;
	return true;
}

/* -1 is "no limit"; what is less is a mistake, and must not become one. */
static int check_limit(const int64_t *limit, const char *property, struct err *e)
{
	if (!limit || *limit >= -1)
		return 0;
	return err_say(e, -EINVAL, "linux.resources.%s: %" PRId64 " is less than -1, which is no limit", property, *limit);
}

static int check_memory(const struct oci_memory *m, struct err *e)
{
	const struct {
		const int64_t *limit;
		const char *property;
	} limits[] = {
		{ m->limit, "memory.limit" },   { m->reservation, "memory.reservation" }, { m->swap, "memory.swap" },
		{ m->kernel, "memory.kernel" }, { m->kernel_tcp, "memory.kernelTCP" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		if (check_limit(limits[i].limit, limits[i].property, e) < 0)
			return e->code;
	if (m->swappiness && *m->swappiness > 100)
		return err_say(e, -EINVAL, "linux.resources.memory.swappiness: %" PRIu64 " is not between 0 and 100",
			       *m->swappiness);
	return 0;
}

static int check_cpu(const struct oci_cpu *c, struct err *e)
{
	if (c->burst && c->quota && *c->quota > 0 && *c->burst > (uint64_t)*c->quota)
		return err_say(e, -EINVAL, "linux.resources.cpu.burst: %" PRIu64 " is larger than linux.resources.cpu.quota, %"
					   PRId64, *c->burst, *c->quota);
	if (check_limit(c->quota, "cpu.quota", e) < 0)
		return e->code;
	if (c->idle && *c->idle != 0 && *c->idle != 1)
		return err_say(e, -EINVAL, "linux.resources.cpu.idle: %" PRId64 " is neither 0 nor 1", *c->idle);
	if (c->cpus && strchr(c->cpus, '\n'))
		return err_say(e, -EINVAL, "linux.resources.cpu.cpus: a list of processors has no newline");
	if (c->mems && strchr(c->mems, '\n'))
		return err_say(e, -EINVAL, "linux.resources.cpu.mems: a list of memory nodes has no newline");
	return 0;
}

/* The range of blkio.bfq.weight; 0 is what engines send for "unset". */
static bool is_weight(const uint16_t *weight)
{
	return !weight || *weight <= 1000;
}

static int check_block_io(const struct oci_block_io *b, struct err *e)
{
	if (!is_weight(b->weight) || !is_weight(b->leaf_weight))
		return err_say(e, -EINVAL, "linux.resources.blockIO.%s: not between 1 and 1000",
			       is_weight(b->weight) ? "leafWeight" : "weight");
	for (size_t i = 0; i < b->n_weight_device; i++) {
		const struct oci_weight_device *d = &b->weight_device[i];

		if (!d->weight && !d->leaf_weight)
			return err_say(e, -EINVAL, "linux.resources.blockIO.weightDevice[%zu]: neither weight nor leafWeight, "
						   "one of which is required", i);
		if (!is_weight(d->weight) || !is_weight(d->leaf_weight))
			return err_say(e, -EINVAL, "linux.resources.blockIO.weightDevice[%zu].%s: not between 1 and 1000", i,
				       is_weight(d->weight) ? "leafWeight" : "weight");
	}
	return 0;
}

/* "2MB": a number, a prefix of 1024 and "B". */
static bool is_page_size(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n > 0 && s[0] != '0' && s[n] && strchr("KMG", s[n]) && strcmp(s + n + 1, "B") == 0;
}

/* Of the files that belong to no controller: the others move, freeze or kill processes, whoever's they are, or change
   what kind of cgroup it is. */
static bool is_core_limit(const char *file)
{
	return str_starts(file, "cgroup.max.") || strcmp(file, "cgroup.pressure") == 0;
}

static int check_unified(const struct oci_resources *r, struct err *e)
{
	for (size_t i = 0; i < r->n_unified; i++) {
		const char *file = r->unified[i].key;

		if (!is_word(file) || file[0] == '.' || !strchr(file, '.'))
			return err_say(e, -EINVAL, "linux.resources.unified: \"%s\" is no name of a cgroup file, which has the "
						   "form controller.file", file);
		if (str_starts(file, "cgroup.") && !is_core_limit(file))
			return err_say(e, -EINVAL, "linux.resources.unified.%s: is no limit; of the files of the cgroup itself "
						   "only cgroup.max.* and cgroup.pressure can be set", file);
		/* Nothing would be written, and nothing change. */
		if (!*r->unified[i].value)
			return err_say(e, -EINVAL, "linux.resources.unified.%s: the value must not be empty", file);
	}
	return 0;
}

static int check_lists(const struct oci_resources *r, struct err *e)
{
	for (size_t i = 0; i < r->n_hugepage_limits; i++)
		if (!is_page_size(r->hugepage_limits[i].page_size))
			return err_say(e, -EINVAL, "linux.resources.hugepageLimits[%zu].pageSize: \"%s\" is not of the form "
						   "64KB, 2MB or 1GB", i, r->hugepage_limits[i].page_size);
	for (size_t i = 0; r->network && i < r->network->n_priorities; i++)
		if (!is_word(r->network->priorities[i].name))
			return err_say(e, -EINVAL, "linux.resources.network.priorities[%zu].name: \"%s\" is no name of a "
						   "network interface", i, r->network->priorities[i].name);
	for (size_t i = 0; i < r->n_rdma; i++) {
		const struct oci_rdma *d = &r->rdma[i];

		if (!is_word(d->key))
			return err_say(e, -EINVAL, "linux.resources.rdma: \"%s\" is no name of a device", d->key);
		if (!d->hca_handles && !d->hca_objects)
			return err_say(e, -EINVAL, "linux.resources.rdma.%s: neither hcaHandles nor hcaObjects, one of which "
						   "is required", d->key);
	}
	return check_unified(r, e);
}

int check_resources(const struct oci_resources *r, struct err *e)
{
	int code = r->memory ? check_memory(r->memory, e) : 0;

	if (code == 0 && r->cpu)
		code = check_cpu(r->cpu, e);
	if (code == 0 && r->block_io)
		code = check_block_io(r->block_io, e);
	if (code == 0 && r->pids)
		code = check_limit(r->pids->limit, "pids.limit", e);
	return code == 0 ? check_lists(r, e) : code;
}
