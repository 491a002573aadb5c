/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile as the kernel meets it: for one value of seccomp_data.arch, the numbers of all system
 * calls cut into ranges that have one verdict each.
 *
 * Which rule wins when several name one system call (libseccomp answers the same wherever its
 * answer does not depend on the order in which its tree was built):
 *
 *   1. A rule whose action is the default action says nothing and is left out.
 *   2. The first rule without conditions wins over every other rule, before or behind it.
 *   3. Else the first rule in the order of the profile whose conditions all hold.
 *   4. Else the default action.
 *
 * Conditions of one rule must all hold, but if two of them test the same argument each is a rule of
 * its own, as in the peers: that is how profiles have spelled "or" since before the specification.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libocispec-lite/oci-config.h"
#include "seccomp/names.h"

#define SECCOMP_MAX_ARGS 6 /* of a system call, seccomp_data.args */

/* One test of an argument.  MASKED_EQ is OCI_SECCOMP_EQ with fewer bits in the mask. */
struct seccomp_cond {
	uint32_t index;
	enum oci_seccomp_operator op;
	uint64_t value;
	uint64_t mask; /* EQ: of the bits that are compared; value lies within it */
};

struct seccomp_rule {
	uint32_t nr;
	uint32_t action; /* SECCOMP_RET_* with its data */
	bool wide;       /* compare 64 bits */
	size_t first_cond;
	size_t n_conds;
};

/* The numbers from `first` up to the next range.  If it has rules, the first of them that matches
   decides, and `action` is for calls that none matches. */
struct seccomp_range {
	uint32_t first;
	uint32_t action;
	size_t first_rule;
	size_t n_rules;
};

struct seccomp_rules {
	const struct names_arch *arch; /* owner of the audit number */
	struct seccomp_range *ranges;
	size_t n_ranges, size_ranges;
	struct seccomp_rule *rules;
	size_t n_rules, size_rules;
	struct seccomp_cond *conds;
	size_t n_conds, size_conds;
	const char *unknown; /* the first name that nobody knows, or NULL */
};

/* The value for SECCOMP_RET of an action, with EPERM where the profile names no errno. */
uint32_t seccomp_action_value(enum oci_seccomp_action action, const uint32_t *errno_ret);

/* Compute the ranges of one value of seccomp_data.arch.  `archs` are the architectures that share
   it: one, or x86_64 and x32 in any order.  Names that nobody knows are left out. */
void seccomp_rules_build(const struct oci_seccomp *profile, const struct names_arch *const *archs,
			 size_t n_archs, struct seccomp_rules *ret_rules);
void seccomp_rules_done(struct seccomp_rules *rules);
