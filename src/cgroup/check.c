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

static int check_memory(const struct oci_memory *m, struct err *e)
{
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
	for (size_t i = 0; i < r->n_unified; i++)
		if (!is_word(r->unified[i].key) || r->unified[i].key[0] == '.' || !strchr(r->unified[i].key, '.'))
			return err_say(e, -EINVAL, "linux.resources.unified: \"%s\" is no name of a cgroup file, which has the "
						   "form controller.file", r->unified[i].key);
	return 0;
}

int check_resources(const struct oci_resources *r, struct err *e)
{
	int code = r->memory ? check_memory(r->memory, e) : 0;

	if (code == 0 && r->cpu)
		code = check_cpu(r->cpu, e);
	if (code == 0 && r->block_io)
		code = check_block_io(r->block_io, e);
	return code == 0 ? check_lists(r, e) : code;
}
