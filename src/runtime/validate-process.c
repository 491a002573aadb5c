/* SPDX-License-Identifier: Apache-2.0 */
/* The process object (config.md, "Process"), of config.json as of `exec --process`. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "runtime/placement.h"
#include "runtime/process.h"
#include "runtime/validate.h"

static int check_args(const struct oci_process *p, const char *path, struct err *e)
{
	if (p->cwd[0] != '/')
		return err_say(e, -EINVAL, "%s.cwd: '%s' must be an absolute path", path, p->cwd);
	if (p->n_args == 0)
		return err_say(e, -EINVAL, "%s.args: must have at least one entry", path);
	if (!*p->args[0])
		return err_say(e, -EINVAL, "%s.args[0]: must not be empty", path);
	return 0;
}

#define GROUPS_MAX 65536 /* NGROUPS_MAX, setgroups(2) */

static int check_user(const struct oci_user *u, const char *path, struct err *e)
{
	/* setresuid(2) and setresgid(2) take it as "leave unchanged", which is root. */
	if (u->uid == UINT32_MAX || u->gid == UINT32_MAX)
		return err_say(e, -EINVAL, "%s.user.%s: %u is not an id", path, u->uid == UINT32_MAX ? "uid" : "gid",
			       UINT32_MAX);
	for (size_t i = 0; i < u->n_additional_gids; i++)
		if (u->additional_gids[i] == UINT32_MAX)
			return err_say(e, -EINVAL, "%s.user.additionalGids[%zu]: %u is not an id", path, i, UINT32_MAX);
	if (u->n_additional_gids > GROUPS_MAX)
		return err_say(e, -EINVAL, "%s.user.additionalGids: %zu groups are too many, the kernel takes %d", path,
			       u->n_additional_gids, GROUPS_MAX);
	if (u->umask && *u->umask > 07777)
		return err_say(e, -EINVAL, "%s.user.umask: %u is out of range", path, *u->umask);
	return 0;
}

/* environ(7): a name, '=' and a value. */
static int check_env(const struct oci_process *p, const char *path, struct err *e)
{
	for (size_t i = 0; i < p->n_env; i++)
		if (p->env[i][0] == '=' || !strchr(p->env[i], '='))
			return err_say(e, -EINVAL, "%s.env[%zu]: '%s' is not NAME=value", path, i, p->env[i]);
	return 0;
}

static int check_rlimits(const struct oci_process *p, const char *path, struct err *e)
{
	for (size_t i = 0; i < p->n_rlimits; i++) {
		const struct oci_rlimit *l = &p->rlimits[i];

		if (process_rlimit_from_name(l->type) < 0)
			return err_say(e, -EINVAL, "%s.rlimits[%zu].type: unknown value '%s'", path, i, l->type);
		if (l->soft > l->hard)
			return err_say(e, -EINVAL, "%s.rlimits[%zu]: soft limit %llu of %s is above the hard limit %llu",
				       path, i, (unsigned long long)l->soft, l->type, (unsigned long long)l->hard);
		for (size_t j = 0; j < i; j++)
			if (strcmp(p->rlimits[j].type, l->type) == 0)
				return err_say(e, -EINVAL, "%s.rlimits[%zu].type: %s is given twice", path, i, l->type);
	}
	return 0;
}

static int check_scores(const struct oci_process *p, const char *path, struct err *e)
{
	const struct oci_io_priority *io = p->io_priority;

	if (io && (io->priority < 0 || io->priority > 7))
		return err_say(e, -EINVAL, "%s.ioPriority.priority: %d is out of range (0 to 7)", path, io->priority);
	if (p->oom_score_adj && (*p->oom_score_adj < -1000 || *p->oom_score_adj > 1000))
		return err_say(e, -EINVAL, "%s.oomScoreAdj: %d is out of range (-1000 to 1000)", path,
			       *p->oom_score_adj);
	return 0;
}

/* sched(7), "SCHED_DEADLINE". */
static int check_deadline(const struct oci_scheduler *s, const char *path, struct err *e)
{
	if (s->policy != OCI_SCHED_DEADLINE) {
		if (s->runtime || s->deadline || s->period)
			return err_say(e, -EINVAL,
				       "%s.scheduler: runtime, deadline and period belong to SCHED_DEADLINE", path);
		return 0;
	}
	if (s->runtime == 0 || s->runtime > s->deadline || (s->period && s->deadline > s->period))
		return err_say(e, -EINVAL, "%s.scheduler: SCHED_DEADLINE needs 0 < runtime <= deadline <= period", path);
	return 0;
}

static int check_scheduling(const struct oci_process *p, const char *path, struct err *e)
{
	const struct oci_scheduler *s = p->scheduler;
	bool realtime;

	if (!s)
		return 0;
	if (s->policy == OCI_SCHED_ISO)
		return err_say(e, -EINVAL, "%s.scheduler.policy: SCHED_ISO is reserved, no kernel has it", path);
	realtime = s->policy == OCI_SCHED_FIFO || s->policy == OCI_SCHED_RR;
	if (s->priority != 0 && !realtime)
		return err_say(e, -EINVAL, "%s.scheduler.priority: only SCHED_FIFO and SCHED_RR have one", path);
	if (realtime && (s->priority < 1 || s->priority > 99))
		return err_say(e, -EINVAL, "%s.scheduler.priority: %d is out of range (1 to 99)", path, s->priority);
	if (s->nice < -20 || s->nice > 19)
		return err_say(e, -EINVAL, "%s.scheduler.nice: %d is out of range (-20 to 19)", path, s->nice);
	return check_deadline(s, path, e);
}

static int check_affinity(const struct oci_process *p, struct err *e)
{
	const struct oci_exec_cpu_affinity *a = p->exec_cpu_affinity;
	int r;

	if (!a)
		return 0;
	r = placement_check_list(a->initial, "process.execCPUAffinity.initial", e);
	return r < 0 ? r : placement_check_list(a->final, "process.execCPUAffinity.final", e);
}

/* What TIOCSWINSZ takes (ioctl_tty(2)); without a terminal the size is ignored. */
static int check_console_size(const struct oci_process *p, const char *path, struct err *e)
{
	const struct oci_console_size *size = p->terminal ? p->console_size : NULL;

	if (size && (size->height > UINT16_MAX || size->width > UINT16_MAX))
		return err_say(e, -EINVAL, "%s.consoleSize.%s: no terminal has more than %d", path,
			       size->height > UINT16_MAX ? "height" : "width", UINT16_MAX);
	return 0;
}

int validate_process(const struct oci_process *process, const char *path, struct err *e)
{
	int r;

	r = check_args(process, path, e);
	if (r == 0)
		r = check_console_size(process, path, e);
	if (r == 0)
		r = check_user(&process->user, path, e);
	if (r == 0)
		r = check_env(process, path, e);
	if (r == 0)
		r = check_rlimits(process, path, e);
	if (r == 0)
		r = check_scores(process, path, e);
	if (r == 0)
		r = check_scheduling(process, path, e);
	if (r == 0)
		r = check_affinity(process, e);
	return r;
}
