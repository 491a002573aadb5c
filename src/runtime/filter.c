/* SPDX-License-Identifier: Apache-2.0 */
/* Which filter: see filter.h.  How it is compiled is seccomp/'s business. */
#include "runtime/filter.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "runtime/bundle.h"

static const struct oci_seccomp *find_profile(const struct oci_config *config)
{
	return config->linux_ ? config->linux_->seccomp : NULL;
}

const char *filter_receiver_from_environment(void)
{
	const char *path = getenv("RUN_OCI_SECCOMP_RECEIVER");

	return str_empty(path) ? NULL : path;
}

const char *filter_listener_path(const struct oci_config *config, const char *receiver)
{
	const struct oci_seccomp *profile = find_profile(config);
	const char *annotation = bundle_annotation(config, "run.oci.seccomp.receiver");

	if (profile && profile->listener_path)
		return profile->listener_path;
	return annotation ? annotation : receiver;
}

static bool is_strict(const struct oci_config *config)
{
	const char *value = bundle_annotation(config, "run.oci.seccomp_fail_unknown_syscall");

	return value && strcmp(value, "0") != 0;
}

int filter_make(const struct oci_config *config, const char *receiver, struct seccomp_program *ret_program,
		bool *ret_have, struct err *e)
{
	const char *raw = bundle_annotation(config, "run.oci.seccomp_bpf_data");
	struct oci_seccomp profile = { .default_action = OCI_SECCOMP_ALLOW };
	int r;

	*ret_have = false;
	if (!find_profile(config) && !raw)
		return 0;
	if (find_profile(config))
		profile = *find_profile(config);
	/* Annotation and environment are the older ways to say the same. */
	profile.listener_path = filter_listener_path(config, receiver);
	if (raw) {
		r = seccomp_from_base64(&profile, raw, ret_program, e);
		if (r < 0)
			return err_wrap(e, "annotations.run.oci.seccomp_bpf_data");
	} else {
		r = seccomp_check(&profile, "linux.seccomp", e);
		if (r == 0)
			r = seccomp_compile(&profile, is_strict(config), ret_program, e);
	}
	*ret_have = r == 0;
	return r;
}
