/* SPDX-License-Identifier: Apache-2.0 */
/* Small profiles written in C, and their programs. */
#pragma once

#include "seccomp/seccomp.h"
#include "seccomp-vm.h"
#include "test.h"

/* A profile in C: rules end with a NULL name; conditions with an op of 0. */
struct rule {
	const char *name;
	enum oci_seccomp_action action;
	struct oci_seccomp_arg args[3];
};

static inline bool rules_compile(enum oci_seccomp_action default_action, const struct rule *rules,
				 const enum oci_seccomp_arch *archs, size_t n_archs,
				 struct seccomp_program *ret_program)
{
	struct oci_seccomp_rule oci[32] = { 0 };
	struct oci_seccomp profile = { .default_action = default_action,
				       .syscalls = oci,
				       .architectures = archs,
				       .n_architectures = n_archs };
	struct err e = ERR_INIT;

	for (; rules[profile.n_syscalls].name; profile.n_syscalls++) {
		const struct rule *rule = &rules[profile.n_syscalls];
		struct oci_seccomp_rule *to = &oci[profile.n_syscalls];

		*to = (struct oci_seccomp_rule){
			.names = &rule->name, .n_names = 1, .action = rule->action, .args = rule->args
		};
		while (to->n_args < ARRAY_SIZE(rule->args) && rule->args[to->n_args].op)
			to->n_args++;
	}
	if (seccomp_check(&profile, "p", &e) < 0 ||
	    seccomp_compile(&profile, false, ret_program, &e) < 0) {
		printf("# %s\n", e.text);
		return false;
	}
	return vm_valid(ret_program->filter, ret_program->n_filter);
}
