/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From ranges to a program: which architecture, then a balanced search over the numbers, then the
 * conditions on arguments.
 *
 * The kernel runs a new filter once for every system call number to learn which calls it always
 * allows (seccomp_cache_prepare() in kernel/seccomp.c, Linux 5.11), so the depth of the search is
 * the cost of loading as well as of each call that is not always allowed.
 */
#include "seccomp/seccomp.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <linux/seccomp.h>

#include "base/log.h"
#include "base/str.h"
#include "seccomp/emit.h"
#include "seccomp/load.h"
#include "seccomp/names.h"
#include "seccomp/rules.h"

struct compiler {
	struct emit emit;
	const struct seccomp_rules *rules; /* of the architecture at hand */
};

/* ---- conditions ---- */

/* One comparison of a condition with one word of an argument. */
struct word {
	uint32_t offset;
	uint32_t value;
	uint32_t mask;
};

static struct word word_of(const struct names_arch *arch, const struct seccomp_cond *cond, bool high)
{
	uint32_t offset =
		(uint32_t)(offsetof(struct seccomp_data, args) + cond->index * sizeof(uint64_t));
	unsigned shift = high ? 32 : 0;

	return (struct word){
		.offset = offset + (high != arch->big_endian ? 4 : 0),
		.value = (uint32_t)(cond->value >> shift),
		.mask = (uint32_t)(cond->mask >> shift),
	};
}

static size_t test_equal(struct emit *e, const struct word *word, size_t yes, size_t no)
{
	size_t label;

	if (word->mask == 0 || yes == no)
		return yes;
	label = emit_jump(e, BPF_JEQ, word->value, yes, no);
	if (word->mask != UINT32_MAX)
		label = emit_and(e, word->mask, label);
	return emit_load(e, word->offset, label);
}

/* a > value, or a >= value when `op` is BPF_JGE; both as one word, or as two when wide. */
static size_t test_order(struct emit *e, const struct word *high, const struct word *low,
			 uint16_t op, size_t yes, size_t no)
{
	size_t label;

	if (yes == no)
		return yes;
	label = emit_load(e, low->offset, emit_jump(e, op, low->value, yes, no));
	if (!high)
		return label;
	label = emit_jump(e, BPF_JEQ, high->value, label, no);
	return emit_load(e, high->offset, emit_jump(e, BPF_JGT, high->value, yes, label));
}

/* LT and NE are GE and EQ with their answers exchanged. */
static size_t compile_cond(struct compiler *c, const struct seccomp_cond *cond, bool wide,
			   size_t yes, size_t no)
{
	static const struct {
		bool negate;
		uint16_t op;
	} ops[] = {
		[OCI_SECCOMP_EQ] = { false, BPF_JEQ }, [OCI_SECCOMP_NE] = { true, BPF_JEQ },
		[OCI_SECCOMP_GT] = { false, BPF_JGT }, [OCI_SECCOMP_LE] = { true, BPF_JGT },
		[OCI_SECCOMP_GE] = { false, BPF_JGE }, [OCI_SECCOMP_LT] = { true, BPF_JGE },
	};
	struct word low = word_of(c->rules->arch, cond, false),
		    high = word_of(c->rules->arch, cond, true);
	bool negate = ops[cond->op].negate;
	size_t then = negate ? no : yes, otherwise = negate ? yes : no;
	size_t label;

	if (ops[cond->op].op != BPF_JEQ)
		return test_order(&c->emit, wide ? &high : NULL, &low, ops[cond->op].op, then,
				  otherwise);
	label = test_equal(&c->emit, &low, then, otherwise);
	return wide ? test_equal(&c->emit, &high, label, otherwise) : label;
}

/* All rules of one number, from the last to the first. */
static size_t compile_rules(struct compiler *c, const struct seccomp_range *range)
{
	size_t label = emit_ret(&c->emit, range->action);

	for (size_t i = range->n_rules; i-- > 0;) {
		const struct seccomp_rule *rule = &c->rules->rules[range->first_rule + i];
		size_t no = label;

		label = emit_ret(&c->emit, rule->action);
		for (size_t k = rule->n_conds; k-- > 0;)
			label = compile_cond(c, &c->rules->conds[rule->first_cond + k], rule->wide,
					     label, no);
	}
	return label;
}

/* ---- numbers ---- */

/* The search among n ranges, with the number of the call in A. */
static size_t compile_ranges(struct compiler *c, const struct seccomp_range *ranges, size_t n)
{
	size_t middle = n / 2, below, above;

	if (n == 1)
		return ranges->n_rules > 0 ? compile_rules(c, ranges)
					   : emit_ret(&c->emit, ranges->action);
	above = compile_ranges(c, ranges + middle, n - middle);
	below = compile_ranges(c, ranges, middle);
	return emit_jump(&c->emit, BPF_JGE, ranges[middle].first, above, below);
}

static size_t compile_arch(struct compiler *c, const struct seccomp_rules *rules)
{
	size_t label;

	c->rules = rules;
	label = compile_ranges(c, rules->ranges, rules->n_ranges);
	return rules->n_ranges > 1 ? emit_load(&c->emit, offsetof(struct seccomp_data, nr), label)
				   : label;
}

/* ---- architectures ---- */

#define MAX_ARCHS 32 /* more than there are */

/* The native one and those of the profile, each once. */
static size_t collect_archs(const struct oci_seccomp *profile, const struct names_arch **archs)
{
	size_t n = 0;

	archs[n++] = names_native();
	for (size_t i = 0; i < profile->n_architectures; i++) {
		const struct names_arch *arch = names_arch(profile->architectures[i]);
		size_t k = 0;

		while (k < n && archs[k] != arch)
			k++;
		if (k == n)
			archs[n++] = arch;
	}
	return n;
}

/* Architectures that share an audit number with archs[i] change places with those behind it;
   returns how many there are with archs[i]. */
static size_t gather_group(const struct names_arch **archs, size_t n, size_t i)
{
	size_t end = i + 1;

	for (size_t k = end; k < n; k++) {
		const struct names_arch *swap = archs[k];

		if (swap->audit != archs[i]->audit)
			continue;
		archs[k] = archs[end];
		archs[end++] = swap;
	}
	return end - i;
}

/* The last architecture comes first in reverse, so the native one is the nearest to the program's
   start. Calls of an architecture that the profile does not have kill, as with libseccomp. */
static void compile_groups(struct compiler *c, const struct seccomp_rules *groups, size_t n)
{
	size_t labels[MAX_ARCHS], label = emit_ret(&c->emit, SECCOMP_RET_KILL_THREAD);

	for (size_t i = n; i-- > 0;)
		labels[i] = compile_arch(c, &groups[i]);
	for (size_t i = n; i-- > 0;)
		label = emit_jump(&c->emit, BPF_JEQ, groups[i].arch->audit, labels[i], label);
	emit_load(&c->emit, offsetof(struct seccomp_data, arch), label);
}

static int take_program(struct compiler *c, const struct oci_seccomp *profile,
			struct seccomp_program *ret_program, struct err *e)
{
	if (c->emit.n > BPF_MAXINSNS)
		return err_say(e, -E2BIG,
			       "linux.seccomp: the profile makes %zu instructions and the kernel "
			       "takes %d",
			       c->emit.n, BPF_MAXINSNS);
	ret_program->filter = emit_take(&c->emit, &ret_program->n_filter);
	ret_program->flags = seccomp_profile_flags(profile);
	ret_program->notify = seccomp_profile_notifies(profile);
	log_debug("seccomp: %zu instructions", ret_program->n_filter);
	return 0;
}

/* `name` is one of the profile's strings. */
static int refuse_name(const struct oci_seccomp *profile, const char *name, struct err *e)
{
	for (size_t i = 0; i < profile->n_syscalls; i++)
		for (size_t k = 0; k < profile->syscalls[i].n_names; k++)
			if (profile->syscalls[i].names[k] == name)
				return err_say(
					e, -EINVAL,
					"linux.seccomp.syscalls[%zu].names[%zu]: no system call "
					"is known as %s",
					i, k, name);
	return err_say(e, -EINVAL, "linux.seccomp: no system call is known as %s", name);
}

int seccomp_compile(const struct oci_seccomp *profile, bool fail_unknown,
		    struct seccomp_program *ret_program, struct err *e)
{
	const struct names_arch *archs[MAX_ARCHS];
	struct seccomp_rules groups[MAX_ARCHS];
	struct compiler c = { .emit = EMIT_INIT };
	size_t n_archs, n_groups = 0;
	const char *unknown = NULL;
	int r = names_load(e);

	memset(ret_program, 0, sizeof(*ret_program));
	if (r < 0)
		return r;
	n_archs = collect_archs(profile, archs);
	for (size_t i = 0, n; i < n_archs; i += n) {
		n = gather_group(archs, n_archs, i);
		seccomp_rules_build(profile, &archs[i], n, &groups[n_groups]);
		unknown = unknown ? unknown : groups[n_groups].unknown;
		n_groups++;
	}
	if (fail_unknown && unknown)
		r = refuse_name(profile, unknown, e);
	if (r == 0) {
		compile_groups(&c, groups, n_groups);
		r = take_program(&c, profile, ret_program, e);
	}
	emit_done(&c.emit);
	for (size_t i = 0; i < n_groups; i++)
		seccomp_rules_done(&groups[i]);
	return r;
}

void seccomp_program_done(struct seccomp_program *program)
{
	free(program->filter);
	memset(program, 0, sizeof(*program));
}
