/* SPDX-License-Identifier: Apache-2.0 */
/* A profile compiled by libseccomp, called as the other runtimes call it. */
#pragma once

#include <seccomp.h> /* before our header of that name */

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/filter.h>

#include "base/cleanup.h"
#include "base/fdio.h"
#include "libocispec-lite/oci-config.h"
#include "seccomp/names.h"
#include "seccomp/rules.h"

static inline bool known_to_libseccomp(const char *name)
{
	return seccomp_syscall_resolve_name(name) != __NR_SCMP_ERROR;
}

static const struct {
	enum oci_seccomp_operator oci;
	enum scmp_compare op;
} operators[] = {
	{ OCI_SECCOMP_NE, SCMP_CMP_NE },
	{ OCI_SECCOMP_LT, SCMP_CMP_LT },
	{ OCI_SECCOMP_LE, SCMP_CMP_LE },
	{ OCI_SECCOMP_EQ, SCMP_CMP_EQ },
	{ OCI_SECCOMP_GE, SCMP_CMP_GE },
	{ OCI_SECCOMP_GT, SCMP_CMP_GT },
	{ OCI_SECCOMP_MASKED_EQ, SCMP_CMP_MASKED_EQ },
};

static inline int oracle_add(scmp_filter_ctx ctx, const struct oci_seccomp_rule *rule, const char *name)
{
	uint32_t action = seccomp_action_value(rule->action, rule->errno_ret);
	struct scmp_arg_cmp cmp[SECCOMP_MAX_ARGS * 2];
	unsigned seen = 0;
	bool twice = false;
	int r = 0, nr = seccomp_syscall_resolve_name(name);

	for (size_t i = 0; i < rule->n_args; i++) {
		const struct oci_seccomp_arg *arg = &rule->args[i];

		cmp[i] = (struct scmp_arg_cmp){ .arg = arg->index, .datum_a = arg->value,
						.datum_b = arg->value_two };
		for (size_t k = 0; k < ARRAY_SIZE(operators); k++)
			if (operators[k].oci == arg->op)
				cmp[i].op = operators[k].op;
		twice |= seen & 1U << arg->index;
		seen |= 1U << arg->index;
	}
	if (!twice)
		return seccomp_rule_add_array(ctx, action, nr, (unsigned)rule->n_args, cmp);
	for (size_t i = 0; r == 0 && i < rule->n_args; i++)
		r = seccomp_rule_add_array(ctx, action, nr, 1, &cmp[i]);
	return r;
}

static inline int oracle_export(scmp_filter_ctx ctx, struct sock_filter **ret_program, size_t *ret_n)
{
	_cleanup_close_ int fd = memfd_create("oracle", MFD_CLOEXEC);
	char *text = NULL;
	size_t len = 0;
	int r = fd < 0 ? -errno : seccomp_export_bpf(ctx, fd);

	if (r < 0)
		return r;
	lseek(fd, 0, SEEK_SET);
	r = fdio_read_all(fd, 1 << 20, &text, &len);
	*ret_program = (struct sock_filter *)(void *)text;
	*ret_n = len / sizeof(struct sock_filter);
	return r;
}

/* As the peers use it. */
static inline int oracle_compile(const struct oci_seccomp *profile, struct sock_filter **ret_program,
			  size_t *ret_n)
{
	uint32_t default_action =
		seccomp_action_value(profile->default_action, profile->default_errno_ret);
	scmp_filter_ctx ctx = seccomp_init(default_action);
	int r = ctx ? 0 : -EINVAL;

	for (size_t i = 0; r == 0 && i < profile->n_architectures; i++) {
		r = seccomp_arch_add(ctx, names_arch(profile->architectures[i])->token);
		if (r == -EEXIST)
			r = 0;
	}
	for (size_t i = 0; r == 0 && i < profile->n_syscalls; i++) {
		const struct oci_seccomp_rule *rule = &profile->syscalls[i];

		if (seccomp_action_value(rule->action, rule->errno_ret) == default_action)
			continue;
		for (size_t k = 0; r == 0 && k < rule->n_names; k++)
			if (known_to_libseccomp(rule->names[k]))
				r = oracle_add(ctx, rule, rule->names[k]);
	}
	/* libseccomp 2.5 forgets to load the number if the call of highest priority lacks on the
	   architecture. */
	if (r == 0)
		r = seccomp_syscall_priority(ctx, SCMP_SYS(exit_group), UINT8_MAX);
	if (r == 0)
		r = oracle_export(ctx, ret_program, ret_n);
	if (ctx)
		seccomp_release(ctx);
	return r;
}
