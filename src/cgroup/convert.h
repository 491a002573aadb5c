/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of cgroup v1, which the specification speaks, to those of v2; pure. */
#pragma once

#include <stdint.h>

#include "base/err.h"

/* Numbers of which -1 and 0 both stand for no limit: -1 for either. */
static inline int64_t convert_unlimited(int64_t value)
{
	return value > 0 ? value : -1;
}

/* What every cgroup has that nobody gave another weight (sched-design-CFS.rst). */
#define SHARES_DEFAULT 1024

/* cpu.shares, 2..262144 with 1024 as default, to cpu.weight, 1..10000 with 100 as default. */
uint64_t convert_shares(uint64_t shares);

/* blkio.weight, 10..1000, to io.weight, 1..10000. */
uint64_t convert_io_weight(uint16_t weight);

/*
 * linux.resources.memory.swap counts memory and swap together, memory.swap.max only swap.  `limit` is the
 * memory limit that will be in force.  In both -1 and 0 stand for unlimited; in the result -1 does, and 0
 * is no swap at all.
 */
int convert_swap(int64_t swap, int64_t limit, int64_t *ret_swap_max, struct err *e);
