/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of the configuration against the caller's options and rights. */
#include "runtime/prepare-checks.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/str.h"
#include "runtime/prepare.h"

int prepare_check_terminal(const struct launch *l, struct err *e)
{
	bool terminal = l->config->process && l->config->process->terminal;

	if (terminal && !l->options->console_socket && !l->foreground)
		return err_say(e, -EINVAL, "process.terminal: a detached container needs --console-socket, or false here");
	if (!terminal && l->options->console_socket)
		return err_say(e, -EINVAL, "--console-socket: process.terminal is not true");
	return 0;
}

static int check_id(const struct userns_map *map, uint32_t id, const char *what, struct err *e)
{
	uint32_t outside;

	if (map->n_extents == 0 || userns_map_to_outside(map, id, &outside))
		return 0;
	return err_say(e, -EINVAL,
		       "process.user.%s: %u is not mapped in the container's user namespace; add it to the mappings, "
		       "or give yourself ranges in /etc/subuid and /etc/subgid",
		       what, id);
}

int prepare_check_user(const struct launch *l, struct err *e)
{
	const struct oci_process *p = l->config->process;
	int r;

	if (!p || !l->namespaces.user_made)
		return 0;
	r = check_id(&l->ids.uids, p->user.uid, "uid", e);
	if (r == 0)
		r = check_id(&l->ids.gids, p->user.gid, "gid", e);
	for (size_t i = 0; r == 0 && i < p->user.n_additional_gids; i++)
		r = check_id(&l->ids.gids, p->user.additional_gids[i], "additionalGids", e);
	return r;
}

/* The value of a small file, for messages; "" when it cannot be read. */
static char *read_setting(const char *path)
{
	char *text;

	if (fdio_read_file(AT_FDCWD, path, 4096, &text, NULL) < 0)
		return xstrdup("");
	text[strcspn(text, "\n")] = '\0';
	return text;
}

#define APPARMOR_RESTRICTS "/proc/sys/kernel/apparmor_restrict_unprivileged_userns"

/* user_namespaces(7); the sysctls are Debian's and Ubuntu's. */
static const char *const userns_switches[][3] = {
	{ "/proc/sys/kernel/unprivileged_userns_clone", "0", "sysctl kernel.unprivileged_userns_clone=1" },
	{ APPARMOR_RESTRICTS, "1",
	  "an AppArmor profile for ocirun that allows userns, or sysctl "
	  "kernel.apparmor_restrict_unprivileged_userns=0" },
	{ "/proc/sys/user/max_user_namespaces", "0", "sysctl user.max_user_namespaces=10000" },
};

int prepare_explain_clone(const struct launch *l, int r, struct err *e)
{
	err_set(e, r, "make the container's namespaces");
	if (r == -ENOSPC || r == -EUSERS)
		return err_hint(e, "a limit in /proc/sys/user (max_*_namespaces) is reached");
	if (r == -EAGAIN) /* clone(2) */
		return err_hint(e, "a limit of processes is reached: the user's (ulimit -u), that of the cgroup (pids.max), or "
				   "the kernel's (threads-max, pid_max)");
	for (size_t i = 0; l->namespaces.user_made && i < ARRAY_SIZE(userns_switches); i++) {
		_cleanup_free_ char *value = read_setting(userns_switches[i][0]);

		if (strcmp(value, userns_switches[i][1]) == 0)
			return err_hint(e, "%s is %s: user namespaces are switched off here; allow them with: %s",
					userns_switches[i][0], value, userns_switches[i][2]);
	}
	return r;
}

void prepare_hint_restricted(const struct launch *l, struct err *e)
{
	_cleanup_free_ char *value = NULL;

	if ((e->code != -EPERM && e->code != -EACCES) || !l->namespaces.user_made || l->caller.privileged)
		return;
	value = read_setting(APPARMOR_RESTRICTS);
	if (strcmp(value, "1") == 0)
		err_hint(e, APPARMOR_RESTRICTS " is 1: if ocirun has no AppArmor profile that allows userns, it has no "
			    "capabilities in its user namespaces; contrib/apparmor has such a profile");
}

static bool has_option(const struct oci_mount *m, const char *word)
{
	for (size_t i = 0; i < m->n_options; i++)
		if (strcmp(m->options[i], word) == 0)
			return true;
	return false;
}

/* The host's ids of the container's root, where it is another than ours. */
static bool find_root(const struct launch *l, uint32_t *uid, uint32_t *gid)
{
	return l->namespaces.user_made && userns_map_to_outside(&l->ids.uids, 0, uid) &&
	       userns_map_to_outside(&l->ids.gids, 0, gid);
}

int prepare_chown_cgroup(struct launch *l, struct err *e)
{
	const struct oci_config *c = l->config;
	uint32_t uid, gid;

	if (!(l->namespaces.made & CLONE_NEWCGROUP) || !find_root(l, &uid, &gid))
		return 0;
	for (size_t i = 0; i < c->n_mounts; i++) {
		const struct oci_mount *m = &c->mounts[i];

		if (m->type && str_starts(m->type, "cgroup") && !has_option(m, "ro"))
			return cgroup_chown(l->cgroup, uid, gid, e);
	}
	return 0;
}

int prepare_delegate_cgroup(struct launch *l, struct err *e)
{
	uint32_t uid = (uint32_t)-1, gid = (uint32_t)-1;

	if (!cgroup_has_delegated(l->cgroup))
		return 0;
	if (!find_root(l, &uid, &gid))
		uid = gid = (uint32_t)-1;
	return cgroup_delegate(l->cgroup, l->pid, uid, gid, e);
}
