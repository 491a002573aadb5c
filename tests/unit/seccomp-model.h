/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a filter must answer, read off the profile rule by rule as seccomp/rules.h says it, with
 * no thought of speed and none of the compiler's code but the numbers of names.
 */
#pragma once

#include <errno.h>
#include <linux/audit.h>

#include "libocispec-lite/oci-config.h"
#include "seccomp/names.h"
#include "seccomp/rules.h"
#include "seccomp-vm.h"

/* ---- what the profile has of an architecture ---- */

#define MAX_SECTIONS 8

struct section {
	const struct names_arch *arch;
	bool named;
	uint32_t highest;
};

static inline void note_number(struct section *s, uint32_t nr)
{
	if (s->arch->audit == AUDIT_ARCH_ARM && nr >= NAMES_ARM_PRIVATE)
		return;
	if (!s->named || nr > s->highest)
		s->highest = nr;
	s->named = true;
}

static inline void note_names(struct section *s, const struct oci_seccomp_rule *rule)
{
	for (size_t i = 0; i < rule->n_names; i++) {
		struct names_number number;

		if (names_find(s->arch, rule->names[i], &number) < 0)
			continue;
		if (number.direct)
			note_number(s, number.nr);
		if (number.muxed)
			note_number(s, number.mux_nr);
	}
}

static inline size_t find_sections(const struct oci_seccomp *profile,
				   struct section sections[MAX_SECTIONS])
{
	size_t n = 0;

	for (size_t i = 0; i <= profile->n_architectures; i++) {
		struct section s = { .arch = names_native() };

		if (i > 0)
			s.arch = names_arch(profile->architectures[i - 1]);
		for (size_t k = 0; k < profile->n_syscalls; k++)
			note_names(&s, &profile->syscalls[k]);
		sections[n++] = s;
	}
	return n;
}

static inline const struct section *section_of(const struct section *sections, size_t n,
					       const struct seccomp_data *data)
{
	for (size_t i = 0; i < n; i++) {
		const struct names_arch *arch = sections[i].arch;

		if (arch->audit == data->arch && (data->arch != AUDIT_ARCH_X86_64 ||
		    ((uint32_t)data->nr >= NAMES_X32_BIT) == (arch->base == NAMES_X32_BIT)))
			return &sections[i];
	}
	return NULL;
}

static inline bool gives_enosys(const struct oci_seccomp *profile, const struct section *s,
				const struct seccomp_data *data)
{
	uint32_t nr = (uint32_t)data->nr;

	if (!s || !s->named || profile->default_action == OCI_SECCOMP_ALLOW ||
	    profile->default_action == OCI_SECCOMP_LOG ||
	    profile->default_action == OCI_SECCOMP_TRACE)
		return false;
	if (s->arch->mux == NAMES_MUX_S390 && nr == 0)
		return true;
	return nr > s->highest && !(s->arch->audit == AUDIT_ARCH_ARM && nr >= NAMES_ARM_PRIVATE);
}

/* ---- the model ---- */

static inline bool holds(const struct names_arch *arch, enum oci_seccomp_operator op, uint64_t a,
			 uint64_t value, uint64_t value_two)
{
	if (!arch->wide) {
		a &= UINT32_MAX;
		value &= UINT32_MAX;
		value_two &= UINT32_MAX;
	}
	switch (op) {
	case OCI_SECCOMP_NE:
		return a != value;
	case OCI_SECCOMP_LT:
		return a < value;
	case OCI_SECCOMP_LE:
		return a <= value;
	case OCI_SECCOMP_EQ:
		return a == value;
	case OCI_SECCOMP_GE:
		return a >= value;
	case OCI_SECCOMP_GT:
		return a > value;
	case OCI_SECCOMP_MASKED_EQ:
		return (a & value) == (value_two & value);
	}
	return false;
}

struct match {
	bool all, always;
};

/* How args[first..last] apply; `muxed` calls test their own first argument. */
static inline struct match match_args(const struct names_arch *arch,
				      const struct oci_seccomp_arg *args, size_t n,
				      const struct seccomp_data *data, const uint32_t *mux_call)
{
	struct match m = { .all = true, .always = true };

	if (mux_call) {
		m.always = false;
		m.all = holds(arch, OCI_SECCOMP_EQ, data->args[0], *mux_call, 0);
	}
	for (size_t i = 0; i < n; i++) {
		if (mux_call && args[i].index == 0)
			continue;
		if (args[i].op == OCI_SECCOMP_MASKED_EQ &&
		    (arch->wide ? args[i].value : (uint32_t)args[i].value) == 0)
			continue;
		m.always = false;
		m.all &= holds(arch, args[i].op, data->args[args[i].index], args[i].value,
			       args[i].value_two);
	}
	return m;
}

struct verdict {
	const uint32_t *always, *match;
};

static inline void model_rule(const struct names_arch *arch, const struct oci_seccomp_rule *rule,
			      const uint32_t *action, const struct seccomp_data *data,
			      const uint32_t *mux_call, struct verdict *v)
{
	unsigned seen = 0;
	bool twice = false;
	size_t step;

	for (size_t i = 0; i < rule->n_args; i++) {
		twice |= seen & 1U << rule->args[i].index;
		seen |= 1U << rule->args[i].index;
	}
	step = twice ? 1 : rule->n_args;
	for (size_t i = 0; i == 0 || i < rule->n_args; i += step ? step : 1) {
		const struct oci_seccomp_arg *args = step > 0 ? rule->args + i : NULL;
		struct match m = match_args(arch, args, step, data, mux_call);

		if (m.always && !v->always)
			v->always = action;
		if (m.all && !v->match)
			v->match = action;
	}
}

static inline uint32_t model_run(const struct oci_seccomp *profile, const uint32_t *actions,
				 const struct section *sections, size_t n_sections,
				 const struct seccomp_data *data)
{
	uint32_t default_action =
		seccomp_action_value(profile->default_action, profile->default_errno_ret);
	const struct section *s = section_of(sections, n_sections, data);
	struct verdict v = { NULL, NULL };

	if (!s)
		return data->arch == AUDIT_ARCH_X86_64 && (uint32_t)data->nr == UINT32_MAX
			       ? default_action
			       : SECCOMP_RET_KILL_THREAD;
	if (gives_enosys(profile, s, data))
		return SECCOMP_RET_ERRNO | ENOSYS;
	for (size_t i = 0; i < profile->n_syscalls; i++) {
		const struct oci_seccomp_rule *rule = &profile->syscalls[i];

		if (actions[i] == default_action)
			continue;
		for (size_t k = 0; k < rule->n_names; k++) {
			struct names_number number;

			if (names_find(s->arch, rule->names[k], &number) < 0)
				continue;
			if (number.direct && number.nr == (uint32_t)data->nr)
				model_rule(s->arch, rule, &actions[i], data, NULL, &v);
			if (number.muxed && number.mux_nr == (uint32_t)data->nr)
				model_rule(s->arch, rule, &actions[i], data, &number.mux_call, &v);
		}
	}
	return v.always ? *v.always : v.match ? *v.match : default_action;
}
