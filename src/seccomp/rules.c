/* SPDX-License-Identifier: Apache-2.0 */
/* From the profile to ranges of numbers with one verdict each: see rules.h.  It never sees BPF. */
#include "seccomp/rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/audit.h>
#include <linux/seccomp.h>

#include "base/log.h"
#include "base/str.h"

/* Room for one more item behind *n of them. */
static void *grow(void *items, size_t n, size_t *size, size_t item)
{
	if (n < *size)
		return items;
	*size = *size ? *size * 2 : 256;
	return xrealloc(items, *size, item);
}

uint32_t seccomp_action_value(enum oci_seccomp_action action, const uint32_t *errno_ret)
{
	static const uint32_t values[] = {
		[OCI_SECCOMP_KILL] = SECCOMP_RET_KILL_THREAD,
		[OCI_SECCOMP_KILL_PROCESS] = SECCOMP_RET_KILL_PROCESS,
		[OCI_SECCOMP_KILL_THREAD] = SECCOMP_RET_KILL_THREAD,
		[OCI_SECCOMP_TRAP] = SECCOMP_RET_TRAP,
		[OCI_SECCOMP_ERRNO] = SECCOMP_RET_ERRNO,
		[OCI_SECCOMP_TRACE] = SECCOMP_RET_TRACE,
		[OCI_SECCOMP_ALLOW] = SECCOMP_RET_ALLOW,
		[OCI_SECCOMP_LOG] = SECCOMP_RET_LOG,
		[OCI_SECCOMP_NOTIFY] = SECCOMP_RET_USER_NOTIF,
	};

	if (action != OCI_SECCOMP_ERRNO && action != OCI_SECCOMP_TRACE)
		return values[action];
	return values[action] | ((errno_ret ? *errno_ret : EPERM) & SECCOMP_RET_DATA);
}

/* ---- rules in the order of the profile ---- */

static void add_cond(struct seccomp_rules *rules, const struct seccomp_rule *rule,
		     struct seccomp_cond cond)
{
	if (!rule->wide) {
		cond.value &= UINT32_MAX;
		cond.mask &= UINT32_MAX;
	}
	if (cond.op == OCI_SECCOMP_EQ && cond.mask == 0)
		return; /* always true */
	cond.value &= cond.mask;
	rules->conds = grow(rules->conds, rules->n_conds, &rules->size_conds, sizeof(cond));
	rules->conds[rules->n_conds++] = cond;
}

/* A system call that one rule is for: number nr, with this first argument if it is a multiplexer. */
struct target {
	uint32_t nr;
	bool muxed;
	uint32_t call;
};

/* Add one rule whose conditions must all hold. What a multiplexed call's own arguments are cannot
   be seen by a filter (they are in memory), so a condition on the first is lost and the others
   test the multiplexer's, as libseccomp has it. */
static void add_rule(struct seccomp_rules *rules, const struct names_arch *arch,
		     const struct target *target, uint32_t action,
		     const struct oci_seccomp_arg *args, size_t n_args)
{
	struct seccomp_rule rule = { .nr = target->nr, .action = action, .wide = arch->wide,
				     .first_cond = rules->n_conds };

	if (target->muxed)
		add_cond(rules, &rule,
			 (struct seccomp_cond){
				 .op = OCI_SECCOMP_EQ, .mask = UINT64_MAX, .value = target->call });
	for (size_t i = 0; i < n_args; i++) {
		struct seccomp_cond cond = { .index = args[i].index, .op = args[i].op,
					     .value = args[i].value, .mask = UINT64_MAX };

		if (target->muxed && cond.index == 0)
			continue;
		if (cond.op == OCI_SECCOMP_MASKED_EQ) {
			cond.op = OCI_SECCOMP_EQ;
			cond.mask = args[i].value;
			cond.value = args[i].value_two;
		}
		add_cond(rules, &rule, cond);
	}
	rule.n_conds = rules->n_conds - rule.first_cond;
	rules->rules = grow(rules->rules, rules->n_rules, &rules->size_rules, sizeof(rule));
	rules->rules[rules->n_rules++] = rule;
}

static bool tests_one_argument_twice(const struct oci_seccomp_rule *entry)
{
	unsigned seen = 0;

	for (size_t i = 0; i < entry->n_args; i++) {
		if (seen & 1U << entry->args[i].index)
			return true;
		seen |= 1U << entry->args[i].index;
	}
	return false;
}

static void add_entry(struct seccomp_rules *rules, const struct names_arch *arch,
		      const struct target *target, uint32_t action,
		      const struct oci_seccomp_rule *entry)
{
	if (!tests_one_argument_twice(entry)) {
		add_rule(rules, arch, target, action, entry->args, entry->n_args);
		return;
	}
	for (size_t i = 0; i < entry->n_args; i++)
		add_rule(rules, arch, target, action, &entry->args[i], 1);
}

/* What the profile says about one architecture. */
struct section {
	const struct names_arch *arch;
	uint32_t default_action;
	bool enosys;      /* answer ENOSYS for calls younger than the profile */
	bool named;       /* the profile names some call of this architecture, */
	uint32_t highest; /* and this is the highest */
};

static void note_highest(struct section *section, uint32_t nr)
{
	if (section->arch->audit == AUDIT_ARCH_ARM && nr >= NAMES_ARM_PRIVATE)
		return;
	if (!section->named || nr > section->highest)
		section->highest = nr;
	section->named = true;
}

static void note_unknown(struct seccomp_rules *rules, const struct names_arch *arch, const char *name)
{
	if (!rules->unknown)
		rules->unknown = name;
	if (arch == names_native()) /* say it once */
		log_debug("seccomp: no system call is known as %s: left out", name);
}

static void add_name(struct seccomp_rules *rules, struct section *section,
		     const struct oci_seccomp_rule *entry, const char *name)
{
	uint32_t action = seccomp_action_value(entry->action, entry->errno_ret);
	struct names_number number;

	if (names_find(section->arch, name, &number) < 0) {
		note_unknown(rules, section->arch, name);
		return;
	}
	if (number.direct)
		note_highest(section, number.nr);
	if (number.muxed)
		note_highest(section, number.mux_nr);
	if (action == section->default_action)
		return;
	if (number.direct)
		add_entry(rules, section->arch, &(struct target){ .nr = number.nr }, action, entry);
	if (number.muxed)
		add_entry(rules, section->arch,
			  &(struct target){
				  .nr = number.mux_nr, .muxed = true, .call = number.mux_call },
			  action, entry);
}

/* ---- in the order of numbers ---- */

#define DIGIT_BITS 11 /* two digits hold every number; those of ARM's private calls have 20 bits */
#define DIGIT(nr, shift) ((nr) >> (shift) & ((1U << DIGIT_BITS) - 1))

static void sort_pass(const struct seccomp_rule *from, struct seccomp_rule *to, size_t n,
		      uint32_t base, unsigned shift)
{
	uint32_t at[1U << DIGIT_BITS] = { 0 };
	uint32_t sum = 0;

	for (size_t i = 0; i < n; i++)
		at[DIGIT(from[i].nr - base, shift)]++;
	for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
		uint32_t count = at[i];

		at[i] = sum;
		sum += count;
	}
	for (size_t i = 0; i < n; i++)
		to[at[DIGIT(from[i].nr - base, shift)]++] = from[i];
}

/* Sort n rules by number; rules with one number keep the order of the profile. */
static void sort_rules(struct seccomp_rule *rules, size_t n, uint32_t base)
{
	_cleanup_free_ struct seccomp_rule *other = xcalloc(n + 1, sizeof(*other));

	sort_pass(rules, other, n, base, 0);
	sort_pass(other, rules, n, base, DIGIT_BITS);
}

/* ---- ranges ---- */

static void add_range(struct seccomp_rules *rules, struct seccomp_range range)
{
	struct seccomp_range *last;

	if (rules->n_ranges > 0 && rules->ranges[rules->n_ranges - 1].first == range.first)
		rules->n_ranges--; /* an empty range */
	last = rules->n_ranges > 0 ? &rules->ranges[rules->n_ranges - 1] : NULL;
	if (last && last->action == range.action && last->n_rules == 0 && range.n_rules == 0)
		return;
	rules->ranges = grow(rules->ranges, rules->n_ranges, &rules->size_ranges, sizeof(range));
	rules->ranges[rules->n_ranges++] = range;
}

static void add_plain(struct seccomp_rules *rules, uint32_t first, uint32_t action)
{
	add_range(rules, (struct seccomp_range){ .first = first, .action = action });
}

/* The verdict of the n rules that have one number. */
static void add_verdict(struct seccomp_rules *rules, size_t first, size_t n, uint32_t default_action)
{
	uint32_t nr = rules->rules[first].nr;

	for (size_t i = first; i < first + n; i++) {
		if (rules->rules[i].n_conds > 0)
			continue;
		add_plain(rules, nr, rules->rules[i].action);
		return;
	}
	add_range(rules,
		  (struct seccomp_range){
			  .first = nr, .action = default_action, .first_rule = first, .n_rules = n });
}

/* The ranges of rules[i] and its successors up to the number `last`; returns how far it came. */
static size_t add_ranges(struct seccomp_rules *rules, size_t i, uint32_t last, uint32_t default_action)
{
	while (i < rules->n_rules && rules->rules[i].nr <= last) {
		uint32_t nr = rules->rules[i].nr;
		size_t n = 1;

		while (i + n < rules->n_rules && rules->rules[i + n].nr == nr)
			n++;
		add_verdict(rules, i, n, default_action);
		add_plain(rules, nr + 1, default_action);
		i += n;
	}
	return i;
}

/* A profile that denies what it does not name denies system calls that are younger than itself,
   with an errno that the C library does not take for "this kernel is old: try the older call".
   So calls beyond the highest one that the profile names give ENOSYS, as in runc.  A default
   action that lets calls happen needs no such thing, and a tracer answers for itself. */
static bool wants_enosys(const struct oci_seccomp *profile)
{
	return profile->default_action != OCI_SECCOMP_ALLOW &&
	       profile->default_action != OCI_SECCOMP_LOG &&
	       profile->default_action != OCI_SECCOMP_TRACE;
}

static void add_section(struct seccomp_rules *rules, const struct oci_seccomp *profile,
			const struct names_arch *arch)
{
	struct section section = { .arch = arch,
				   .enosys = wants_enosys(profile),
				   .default_action = seccomp_action_value(
					   profile->default_action, profile->default_errno_ret) };
	uint32_t enosys = SECCOMP_RET_ERRNO | ENOSYS;
	size_t first = rules->n_rules, i;

	for (size_t k = 0; k < profile->n_syscalls; k++)
		for (size_t n = 0; n < profile->syscalls[k].n_names; n++)
			add_name(rules, &section, &profile->syscalls[k],
				 profile->syscalls[k].names[n]);
	if (rules->n_rules > first)
		sort_rules(rules->rules + first, rules->n_rules - first, arch->base);

	add_plain(rules, arch->base == NAMES_X32_BIT ? NAMES_X32_BIT : 0, section.default_action);
	if (!section.enosys || !section.named) {
		add_ranges(rules, first, UINT32_MAX, section.default_action);
		return;
	}
	/* s390 passes numbers beyond 255 in a register, and one that the kernel does not know
	   arrives at the filter as 0; no system call has that number. */
	if (arch->mux == NAMES_MUX_S390) {
		add_plain(rules, 0, enosys);
		add_plain(rules, 1, section.default_action);
	}
	i = add_ranges(rules, first, section.highest, section.default_action);
	add_plain(rules, section.highest + 1, enosys);
	if (arch->audit == AUDIT_ARCH_ARM)
		add_plain(rules, NAMES_ARM_PRIVATE, section.default_action);
	add_ranges(rules, i, UINT32_MAX, section.default_action);
}

/* x86_64 and x32 share one audit number and halve the numbers.  The half of one that the profile
   does not have is as forbidden as an architecture that it does not have, but for -1, by which a
   tracer has a call skipped (seccomp(2)). */
static void build_x86_64(const struct oci_seccomp *profile, const struct names_arch *const *archs,
			 size_t n_archs, struct seccomp_rules *rules)
{
	const struct names_arch *low = NULL, *high = NULL;

	for (size_t i = 0; i < n_archs; i++) {
		if (archs[i]->base == NAMES_X32_BIT)
			high = archs[i];
		else
			low = archs[i];
	}
	if (low)
		add_section(rules, profile, low);
	else
		add_plain(rules, 0, SECCOMP_RET_KILL_THREAD);
	if (high) {
		add_section(rules, profile, high);
		return;
	}
	add_plain(rules, NAMES_X32_BIT, SECCOMP_RET_KILL_THREAD);
	add_plain(rules, UINT32_MAX,
		  seccomp_action_value(profile->default_action, profile->default_errno_ret));
}

void seccomp_rules_build(const struct oci_seccomp *profile, const struct names_arch *const *archs,
			 size_t n_archs, struct seccomp_rules *ret_rules)
{
	memset(ret_rules, 0, sizeof(*ret_rules));
	ret_rules->arch = archs[0];
	if (archs[0]->audit == AUDIT_ARCH_X86_64)
		build_x86_64(profile, archs, n_archs, ret_rules);
	else
		add_section(ret_rules, profile, archs[0]);
}

void seccomp_rules_done(struct seccomp_rules *rules)
{
	free(rules->ranges);
	free(rules->rules);
	free(rules->conds);
	memset(rules, 0, sizeof(*rules));
}
