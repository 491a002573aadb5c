/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources as files of cgroup v2; pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "cgroup/limit-list.h"
#include "libocispec-lite/ocispec-lite.h"

/* What the plan depends on besides the configuration. */
struct v2_facts {
	bool has_io_weight;     /* there is io.weight (blk-iocost) */
	bool has_bfq_weight;    /* there is io.bfq.weight */
	int64_t memory_limit;   /* memory.max as it is; -1: max */
	int64_t memory_current; /* bytes in use; 0 when nothing runs yet */
	int64_t cpu_quota;      /* cpu.max as it is; -1: max */
};

#define V2_FACTS_OF_NEW { .has_io_weight = true, .has_bfq_weight = true, .memory_limit = -1, .cpu_quota = -1 }

/* Append what is to be written, in order.  -EINVAL, -EOPNOTSUPP for what v1 alone can do. */
int v2_limits_plan(const struct oci_resources *r, const struct v2_facts *facts, struct limit_list *list, struct err *e);

/* Read the facts that r depends on from the directory of a cgroup. */
int v2_limits_facts(const struct oci_resources *r, int dirfd, struct v2_facts *ret_facts, struct err *e);
