/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources as files of cgroup v1; pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "cgroup/limit-list.h"
#include "libocispec-lite/ocispec-lite.h"

struct v1_facts {
	bool has_weight;      /* there is blkio.weight (cfq) */
	bool has_bfq_weight;  /* there is blkio.bfq.weight */
	int64_t memory_usage; /* bytes in use; 0 when nothing runs yet */
};

#define V1_FACTS_OF_NEW { .has_weight = true, .has_bfq_weight = true }

/* Append what is to be written, in order. */
int v1_limits_plan(const struct oci_resources *r, const struct v1_facts *facts, struct limit_list *list, struct err *e);

/* Read the facts that r depends on; the descriptors are those of the controllers' directories, or -EBADF. */
int v1_limits_facts(const struct oci_resources *r, int memory_fd, int blkio_fd, struct v1_facts *ret_facts,
		    struct err *e);
