/* SPDX-License-Identifier: Apache-2.0 */
/* Processors and memory nodes: see placement.h. */
#include "runtime/placement.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "kernel/syscalls.h"

#define MAX_BITS 8192U /* CONFIG_NR_CPUS at its largest */
#define WORD_BITS (sizeof(unsigned long) * CHAR_BIT)

struct bits {
	unsigned long word[MAX_BITS / WORD_BITS];
};

static void set_range(struct bits *bits, uint32_t first, uint32_t last)
{
	for (uint32_t i = first; i <= last; i++)
		bits->word[i / WORD_BITS] |= 1UL << (i % WORD_BITS);
}

/* "3" or "0-3". */
static int parse_range(char *text, struct bits *bits)
{
	char *dash = strchr(text, '-');
	uint32_t first, last;

	if (dash)
		*dash = '\0';
	if (str_to_u32(text, &first) < 0)
		return -EINVAL;
	last = first;
	if (dash && str_to_u32(dash + 1, &last) < 0)
		return -EINVAL;
	if (first > last || last >= MAX_BITS)
		return -EINVAL;
	set_range(bits, first, last);
	return 0;
}

static int parse_list(const char *list, struct bits *ret_bits)
{
	_cleanup_(strv_done) struct strv words = STRV_INIT;
	_cleanup_free_ char *text = xstrdup(list);

	*ret_bits = (struct bits){ { 0 } };
	/* The specification's pattern allows spaces. */
	for (char *c = text; *c; c++)
		if (*c == ' ')
			*c = ',';
	strv_split(&words, text, ',');
	for (size_t i = 0; i < words.n; i++)
		if (parse_range(words.v[i], ret_bits) < 0)
			return -EINVAL;
	return words.n > 0 ? 0 : -EINVAL;
}

int placement_check_list(const char *list, const char *path, struct err *e)
{
	struct bits bits;

	if (str_empty(list) || parse_list(list, &bits) == 0)
		return 0;
	return err_say(e, -EINVAL, "%s: '%s' is not a list such as 0-3,7 of numbers below %u", path, list, MAX_BITS);
}

int placement_set_cpus(const char *list, const char *path, struct err *e)
{
	struct bits bits;
	int r;

	if (str_empty(list))
		return 0;
	r = placement_check_list(list, path, e);
	if (r < 0)
		return r;
	(void)parse_list(list, &bits); /* it has just been checked */
	if (syscall(SYS_sched_setaffinity, 0, sizeof(bits), &bits) < 0)
		return err_set(e, -errno, "%s: '%s'", path, list);
	return 0;
}

/* set_mempolicy(2); the header is libnuma's, which nobody else needs. */
static const int modes[] = {
	[OCI_MPOL_DEFAULT] = 0,    [OCI_MPOL_PREFERRED] = 1,      [OCI_MPOL_BIND] = 2,
	[OCI_MPOL_INTERLEAVE] = 3, [OCI_MPOL_LOCAL] = 4,          [OCI_MPOL_PREFERRED_MANY] = 5,
	[OCI_MPOL_WEIGHTED_INTERLEAVE] = 6,
};

static const int flags[] = {
	[OCI_MPOL_F_STATIC_NODES] = 1 << 15,
	[OCI_MPOL_F_RELATIVE_NODES] = 1 << 14,
	[OCI_MPOL_F_NUMA_BALANCING] = 1 << 13,
};

int placement_set_memory(const struct oci_memory_policy *policy, struct err *e)
{
	struct bits nodes = { { 0 } };
	bool any;
	int mode, r;

	if (!policy)
		return 0;
	r = placement_check_list(policy->nodes, "linux.memoryPolicy.nodes", e);
	if (r < 0)
		return r;
	any = !str_empty(policy->nodes);
	if (any)
		(void)parse_list(policy->nodes, &nodes); /* it has just been checked */
	mode = modes[policy->mode];
	for (size_t i = 0; i < policy->n_flags; i++)
		mode |= flags[policy->flags[i]];
	r = sys_set_mempolicy(mode, any ? nodes.word : NULL, any ? MAX_BITS : 0);
	if (r < 0)
		err_set(e, r, "linux.memoryPolicy: set_mempolicy");
	if (r == -EINVAL)
		err_hint(e, "the nodes have to be in /sys/devices/system/node/has_memory and in the cpuset, and the "
			    "kernel has to know the mode");
	return r;
}
