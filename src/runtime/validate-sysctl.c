/* SPDX-License-Identifier: Apache-2.0 */
/* linux.sysctl: which names there are, and whose they are (config-linux.md, "Sysctl").  Pure. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "runtime/validate.h"

/* sysctl(8): the first separator decides; behind a '.', a '/' stands for a dot in a name. */
static char *sysctl_file(const char *key)
{
	char *file = xstrdup(key);
	const char *first = strpbrk(key, "./");

	if (first && *first == '.') {
		for (char *c = file; *c; c++)
			*c = *c == '.' ? '/' : *c == '/' ? '.' : *c;
	}
	return file;
}

static bool has_odd_component(const char *file)
{
	_cleanup_(strv_done) struct strv parts = STRV_INIT;

	strv_split(&parts, file, '/');
	for (size_t i = 0; i < parts.n; i++)
		if (strcmp(parts.v[i], "..") == 0 || strcmp(parts.v[i], ".") == 0)
			return true;
	return parts.n == 0 || file[0] == '/' || file[strlen(file) - 1] == '/' || strstr(file, "//");
}

/* The sysctls that belong to a namespace; a '/' at the end stands for all below. */
static const struct {
	const char *file;
	enum oci_namespace_type type;
} sysctls[] = {
	{ "kernel/msgmax", OCI_NS_IPC },
	{ "kernel/msgmnb", OCI_NS_IPC },
	{ "kernel/msgmni", OCI_NS_IPC },
	{ "kernel/msg_next_id", OCI_NS_IPC },
	{ "kernel/sem", OCI_NS_IPC },
	{ "kernel/sem_next_id", OCI_NS_IPC },
	{ "kernel/shmall", OCI_NS_IPC },
	{ "kernel/shmmax", OCI_NS_IPC },
	{ "kernel/shmmni", OCI_NS_IPC },
	{ "kernel/shm_next_id", OCI_NS_IPC },
	{ "kernel/shm_rmid_forced", OCI_NS_IPC },
	{ "kernel/auto_msgmni", OCI_NS_IPC },
	{ "fs/mqueue/", OCI_NS_IPC },
	{ "kernel/domainname", OCI_NS_UTS },
	{ "kernel/hostname", OCI_NS_UTS },
	{ "net/", OCI_NS_NETWORK },
	{ "user/", OCI_NS_USER },
};

static bool sysctl_matches(const char *file, const char *row)
{
	size_t n = strlen(row);

	return row[n - 1] == '/' ? strncmp(file, row, n) == 0 && file[n] : strcmp(file, row) == 0;
}

int validate_sysctl(const struct oci_config *config, const char *key, char **ret_file, struct err *e)
{
	_cleanup_free_ char *file = sysctl_file(key);

	if (has_odd_component(file))
		return err_say(e, -EINVAL, "linux.sysctl.%s: not the name of a sysctl", key);
	if (strcmp(file, "kernel/hostname") == 0 && config->hostname)
		return err_say(e, -EINVAL, "linux.sysctl.%s: conflicts with hostname", key);
	if (strcmp(file, "kernel/domainname") == 0 && config->domainname)
		return err_say(e, -EINVAL, "linux.sysctl.%s: conflicts with domainname", key);

	for (size_t i = 0; i < ARRAY_SIZE(sysctls); i++) {
		if (!sysctl_matches(file, sysctls[i].file))
			continue;
		if (!validate_find_namespace(config, sysctls[i].type))
			return err_say(e, -EINVAL,
				       "linux.sysctl.%s: would change the host; it needs a namespace of its own in "
				       "linux.namespaces: %s",
				       key, oci_namespace_name(sysctls[i].type));
		*ret_file = TAKE_PTR(file);
		return 0;
	}
	return err_say(e, -EINVAL, "linux.sysctl.%s: is not in a separate kernel namespace", key);
}

int validate_sysctls(const struct oci_config *config, struct err *e)
{
	const struct oci_linux *lx = config->linux_;

	for (size_t i = 0; lx && i < lx->n_sysctl; i++) {
		_cleanup_free_ char *file = NULL;
		int r = validate_sysctl(config, lx->sysctl[i].key, &file, e);

		if (r < 0)
			return r;
		/* Nothing would be written, and nothing change. */
		if (!*lx->sysctl[i].value)
			return err_say(e, -EINVAL, "linux.sysctl.%s: the value must not be empty", lx->sysctl[i].key);
	}
	return 0;
}
