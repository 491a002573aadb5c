/* SPDX-License-Identifier: Apache-2.0 */
/* What the specification and the kernel demand of a profile and a schema cannot say. */
#include "seccomp/seccomp.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "seccomp/load.h"
#include "seccomp/names.h"
#include "seccomp/rules.h"

#define MAX_ERRNO 4095       /* the kernel cuts SECCOMP_RET_ERRNO to it: seccomp(2) */
#define MAX_TRACE UINT16_MAX /* SECCOMP_RET_DATA */

/* `where` is the path of an errnoRet or the defaultErrnoRet. */
static int check_errno(enum oci_seccomp_action action, const uint32_t *errno_ret, const char *where,
		       struct err *e)
{
	uint32_t max = action == OCI_SECCOMP_TRACE ? MAX_TRACE : MAX_ERRNO;

	if (!errno_ret)
		return 0;
	/* config-linux.md, "Seccomp": "the runtime MUST print and error and fail" */
	if (action != OCI_SECCOMP_ERRNO && action != OCI_SECCOMP_TRACE)
		return err_say(e, -EINVAL,
			       "%s: %s returns no errno; only SCMP_ACT_ERRNO and SCMP_ACT_TRACE do",
			       where, oci_seccomp_action_name(action));
	if (*errno_ret > max)
		return err_say(e, -ERANGE, "%s: %u is more than %u, the most that %s can return",
			       where, *errno_ret, max, oci_seccomp_action_name(action));
	return 0;
}

static int check_args(const struct oci_seccomp_rule *rule, const char *where, struct err *e)
{
	for (size_t i = 0; i < rule->n_args; i++)
		if (rule->args[i].index >= SECCOMP_MAX_ARGS)
			return err_say(
				e, -EINVAL,
				"%s.args[%zu].index: a system call has arguments 0 to %d, not %u",
				where, i, SECCOMP_MAX_ARGS - 1, rule->args[i].index);
	return 0;
}

static int check_names(const struct oci_seccomp_rule *rule, const char *where, struct err *e)
{
	if (rule->n_names == 0)
		return err_say(e, -EINVAL, "%s.names: at least one name is required", where);
	for (size_t i = 0; i < rule->n_names; i++) {
		if (str_empty(rule->names[i]))
			return err_say(e, -EINVAL,
				       "%s.names[%zu]: the empty string names no system call",
				       where, i);
		/* Refused by all runtimes: an agent that fails could not be told from a hang, since
		   the container could not even complain. */
		if (rule->action == OCI_SECCOMP_NOTIFY && strcmp(rule->names[i], "write") == 0)
			return err_say(
				e, -EINVAL,
				"%s.names[%zu]: SCMP_ACT_NOTIFY cannot be used for the write "
				"system call",
				where, i);
	}
	return 0;
}

static int check_rule(const struct oci_seccomp_rule *rule, const char *path, size_t i, struct err *e)
{
	_cleanup_free_ char *where = str_printf("%s.syscalls[%zu]", path, i);
	_cleanup_free_ char *errno_where = str_printf("%s.errnoRet", where);
	int r = check_errno(rule->action, rule->errno_ret, errno_where, e);

	if (r == 0)
		r = check_args(rule, where, e);
	return r == 0 ? check_names(rule, where, e) : r;
}

static int check_listener(const struct oci_seccomp *profile, const char *path, struct err *e)
{
	bool listens = !str_empty(profile->listener_path),
	     notifies = seccomp_profile_notifies(profile);

	if (!str_empty(profile->listener_metadata) && !listens)
		return err_say(e, -EINVAL,
			       "%s.listenerMetadata: it must not be set without listenerPath", path);
	if (notifies && !listens)
		return err_say(e, -EINVAL,
			       "%s.listenerPath: SCMP_ACT_NOTIFY needs the socket of an agent", path);
	for (size_t i = 0; i < profile->n_flags; i++)
		if (profile->flags[i] == OCI_SECCOMP_FLAG_WAIT_KILLABLE_RECV && !notifies)
			return err_say(e, -EINVAL,
				       "%s.flags[%zu]: %s is for profiles with SCMP_ACT_NOTIFY",
				       path, i, oci_seccomp_flag_name(profile->flags[i]));
	return 0;
}

static int check_archs(const struct oci_seccomp *profile, const char *path, struct err *e)
{
	if (!names_native())
		return err_say(e, -ENOTSUP, "%s: this machine's architecture has no profiles", path);
	for (size_t i = 0; i < profile->n_architectures; i++) {
		const struct names_arch *arch = names_arch(profile->architectures[i]);

		if (!arch || !names_supported(arch))
			return err_say(e, -ENOTSUP,
				       "%s.architectures[%zu]: %s is unknown to this machine's "
				       "libseccomp, which is too old for it",
				       path, i, oci_seccomp_arch_name(profile->architectures[i]));
	}
	return 0;
}

int seccomp_check(const struct oci_seccomp *profile, const char *path, struct err *e)
{
	_cleanup_free_ char *where = str_printf("%s.defaultErrnoRet", path);
	int r = check_errno(profile->default_action, profile->default_errno_ret, where, e);

	if (r < 0)
		return r;
	/* The start of the container itself would wait for an agent at each step. */
	if (profile->default_action == OCI_SECCOMP_NOTIFY)
		return err_say(e, -EINVAL,
			       "%s.defaultAction: SCMP_ACT_NOTIFY cannot be the default action",
			       path);
	r = names_load(e);
	if (r == 0)
		r = check_archs(profile, path, e);
	if (r == 0)
		r = check_listener(profile, path, e);
	for (size_t i = 0; r == 0 && i < profile->n_syscalls; i++)
		r = check_rule(&profile->syscalls[i], path, i, e);
	return r;
}
