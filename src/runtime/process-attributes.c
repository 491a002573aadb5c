/* SPDX-License-Identifier: Apache-2.0 */
/* Limits, out-of-memory score, scheduler, i/o priority, keyring, labels: one function each. */
#include "runtime/process-attributes.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/str.h"
#include "kernel/lsm.h"
#include "kernel/procfs.h"
#include "kernel/syscalls.h"
#include "runtime/process.h"

static const struct {
	const char *name;
	int resource;
} rlimits[] = {
	{ "RLIMIT_AS", RLIMIT_AS },
	{ "RLIMIT_CORE", RLIMIT_CORE },
	{ "RLIMIT_CPU", RLIMIT_CPU },
	{ "RLIMIT_DATA", RLIMIT_DATA },
	{ "RLIMIT_FSIZE", RLIMIT_FSIZE },
	{ "RLIMIT_LOCKS", RLIMIT_LOCKS },
	{ "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK },
	{ "RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE },
	{ "RLIMIT_NICE", RLIMIT_NICE },
	{ "RLIMIT_NOFILE", RLIMIT_NOFILE },
	{ "RLIMIT_NPROC", RLIMIT_NPROC },
	{ "RLIMIT_RSS", RLIMIT_RSS },
	{ "RLIMIT_RTPRIO", RLIMIT_RTPRIO },
	{ "RLIMIT_RTTIME", RLIMIT_RTTIME },
	{ "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING },
	{ "RLIMIT_STACK", RLIMIT_STACK },
};

int process_rlimit_from_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(rlimits); i++)
		if (strcmp(rlimits[i].name, name) == 0)
			return rlimits[i].resource;
	return -EINVAL;
}

/* "limit 1048576 of RLIMIT_NOFILE is above the host's hard limit 4096" */
static int explain_rlimit(size_t i, const struct oci_rlimit *l, int r, struct err *e)
{
	struct rlimit now = { 0, 0 };

	if (r != -EPERM || getrlimit((__rlimit_resource_t)process_rlimit_from_name(l->type), &now) < 0)
		return err_set(e, r, "process.rlimits[%zu] %s", i, l->type);
	return err_say(e, r,
		       "process.rlimits[%zu]: %s of %llu cannot be set: operation not permitted; the hard limit is %llu, "
		       "and raising it takes CAP_SYS_RESOURCE",
		       i, l->type, (unsigned long long)l->hard, (unsigned long long)now.rlim_max);
}

int process_set_rlimits(const struct oci_process *process, struct err *e)
{
	for (size_t i = 0; i < process->n_rlimits; i++) {
		const struct oci_rlimit *l = &process->rlimits[i];
		const struct rlimit value = { l->soft, l->hard };

		if (setrlimit((__rlimit_resource_t)process_rlimit_from_name(l->type), &value) < 0)
			return explain_rlimit(i, l, -errno, e);
	}
	return 0;
}

static int raise_hard_limit(size_t i, const struct oci_rlimit *l, struct err *e)
{
	__rlimit_resource_t resource = (__rlimit_resource_t)process_rlimit_from_name(l->type);
	struct rlimit now;

	if (getrlimit(resource, &now) < 0)
		return err_set(e, -errno, "process.rlimits[%zu] %s", i, l->type);
	if (now.rlim_max >= l->hard)
		return 0;
	/* The soft limit waits for the container: nothing of ours may run short of descriptors. */
	now.rlim_max = l->hard;
	return setrlimit(resource, &now) < 0 ? explain_rlimit(i, l, -errno, e) : 0;
}

static int open_oom_score(void)
{
	_cleanup_close_ int proc = procfs_open();

	return proc < 0 ? proc : procfs_open_at(proc, "self/oom_score_adj", O_RDWR | O_NOCTTY);
}

static int write_score(int fd, int score)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%d", score);

	return pwrite(fd, text, (size_t)n, 0) == n ? 0 : -errno;
}

static int set_oom_score(int32_t score, int *ret_old, struct err *e)
{
	_cleanup_close_ int fd = open_oom_score();
	char text[32];
	ssize_t n;
	int r, old;

	n = fd < 0 ? fd : pread(fd, text, sizeof(text) - 1, 0);
	if (n < 0)
		return err_set(e, fd < 0 ? fd : -errno, "process.oomScoreAdj: /proc/self/oom_score_adj");
	text[n] = '\0';
	old = (int)strtol(text, NULL, 10);
	if (old == score)
		return 0;
	r = write_score(fd, score);
	if (r == -EACCES || r == -EPERM)
		return err_say(e, r,
			       "process.oomScoreAdj: %d cannot be set: permission denied; lowering it below %d takes "
			       "CAP_SYS_RESOURCE",
			       score, old);
	if (r < 0)
		return err_set(e, r, "process.oomScoreAdj: %d", score);
	*ret_old = old;
	return 0;
}

int process_prepare_inherited(const struct oci_process *process, int *ret_old_oom, struct err *e)
{
	*ret_old_oom = INT_MIN;
	for (size_t i = 0; i < process->n_rlimits; i++) {
		int r = raise_hard_limit(i, &process->rlimits[i], e);

		if (r < 0)
			return r;
	}
	/* Unset must not change it (config.md, "oomScoreAdj"). */
	return process->oom_score_adj ? set_oom_score(*process->oom_score_adj, ret_old_oom, e) : 0;
}

void process_restore_oom(int old_oom)
{
	_cleanup_close_ int fd = old_oom == INT_MIN ? -EBADF : open_oom_score();

	if (old_oom == INT_MIN)
		return;
	/* A raised score of the runtime is harmless: it ends soon, or only waits. */
	if (fd < 0 || write_score(fd, old_oom) < 0)
		log_debug("process.oomScoreAdj: the runtime keeps the container's score");
}

/* linux/sched.h cannot be included beside sched.h; the values are those of sched_setattr(2). */
static const unsigned policies[] = {
	[OCI_SCHED_OTHER] = 0, [OCI_SCHED_FIFO] = 1, [OCI_SCHED_RR] = 2, [OCI_SCHED_BATCH] = 3,
	[OCI_SCHED_ISO] = 4,   [OCI_SCHED_IDLE] = 5, [OCI_SCHED_DEADLINE] = 6,
};

static const uint64_t sched_flags[] = {
	[OCI_SCHED_FLAG_RESET_ON_FORK] = 0x01, [OCI_SCHED_FLAG_RECLAIM] = 0x02,
	[OCI_SCHED_FLAG_DL_OVERRUN] = 0x04,    [OCI_SCHED_FLAG_KEEP_POLICY] = 0x08,
	[OCI_SCHED_FLAG_KEEP_PARAMS] = 0x10,   [OCI_SCHED_FLAG_UTIL_CLAMP_MIN] = 0x20,
	[OCI_SCHED_FLAG_UTIL_CLAMP_MAX] = 0x40,
};

/* sched_setattr(2), sched(7): the kernel has one errno for many rules. */
static int explain_scheduler(const struct oci_scheduler *s, int r, struct err *e)
{
	bool deadline = s->policy == OCI_SCHED_DEADLINE;

	err_set(e, r, "process.scheduler");
	if (r == -EPERM)
		return err_hint(e, "%s", deadline ? "SCHED_DEADLINE takes CAP_SYS_NICE, and all processors of the cpuset" :
						    "it takes CAP_SYS_NICE, or room in RLIMIT_RTPRIO and RLIMIT_NICE");
	if (r == -EOPNOTSUPP)
		return err_hint(e, "SCHED_FLAG_UTIL_CLAMP_MIN and _MAX take a kernel with CONFIG_UCLAMP_TASK");
	if (r == -EBUSY && deadline)
		return err_hint(e, "runtime / period is more than the processors have left for SCHED_DEADLINE "
				   "(/proc/sys/kernel/sched_rt_runtime_us)");
	if (r == -EINVAL && deadline)
		return err_hint(e, "SCHED_DEADLINE wants a runtime of 1024 ns at least, and a period between "
				   "/proc/sys/kernel/sched_deadline_period_min_us and sched_deadline_period_max_us");
	return r;
}

static int set_scheduler(pid_t pid, const struct oci_scheduler *s, struct err *e)
{
	struct sys_sched_attr attr = {
		.size = sizeof(attr),
		.sched_policy = policies[s->policy],
		.sched_nice = s->nice,
		.sched_priority = (uint32_t)s->priority,
		.sched_runtime = s->runtime,
		.sched_deadline = s->deadline,
		.sched_period = s->period,
	};
	int r;

	for (size_t i = 0; i < s->n_flags; i++)
		attr.sched_flags |= sched_flags[s->flags[i]];
	r = sys_sched_setattr(pid, &attr);
	return r < 0 ? explain_scheduler(s, r, e) : 0;
}

#define IOPRIO_WHO_PROCESS 1
#define IOPRIO_CLASS_SHIFT 13

int process_tune(pid_t pid, const struct oci_process *process, struct err *e)
{
	const struct oci_io_priority *io = process->io_priority;
	int r = 0;

	if (process->scheduler)
		r = set_scheduler(pid, process->scheduler, e);
	if (r == 0 && io) {
		/* OCI_IOPRIO_RT, BE and IDLE have the kernel's numbers 1, 2 and 3. */
		r = sys_ioprio_set(IOPRIO_WHO_PROCESS, pid, ((int)io->class_ << IOPRIO_CLASS_SHIFT) | io->priority);
		if (r < 0)
			err_set(e, r, "process.ioPriority");
		if (r == -EPERM)
			return err_hint(e, "IOPRIO_CLASS_RT takes CAP_SYS_ADMIN or CAP_SYS_NICE");
	}
	return r;
}

#define KEYCTL_JOIN_SESSION_KEYRING 1

int process_join_keyring(const char *name, const char *label, struct err *e)
{
	int r;

	if (!name)
		return 0;
	/* The keyring has the label of the program that uses it; execve resets what is set here. */
	if (!str_empty(label)) {
		r = lsm_set_keycreate(label);
		if (r < 0)
			return err_set(e, r, "process.selinuxLabel %s: `/proc/thread-self/attr/keycreate`", label);
	}
	r = sys_keyctl(KEYCTL_JOIN_SESSION_KEYRING, (unsigned long)name, 0, 0, 0);
	/* ENOSYS: a kernel without keyrings, or an engine's filter around us; there is nothing to leak then. */
	if (r < 0 && r != -ENOSYS)
		return err_set(e, r, "session keyring %s; --no-new-keyring leaves it out", name);
	return 0;
}

/* Engines take the kernel's "no such file" for a missing program. */
static int explain_apparmor(const char *profile, int code, struct err *e)
{
	switch (code) {
	case -EOPNOTSUPP:
		err_say(e, code, "process.apparmorProfile %s: AppArmor is not active on this machine", profile);
		return err_hint(e, "leave the property out, or boot with lsm=...,apparmor");
	case -ENOENT:
		err_say(e, code, "process.apparmorProfile %s: no profile of this name is loaded", profile);
		return err_hint(e, "apparmor_parser --replace FILE loads it");
	case -EACCES:
		return err_say(e, code, "process.apparmorProfile %s: the profile that confines this process does not allow "
					"change_profile to it", profile);
	default:
		return err_set(e, code, "process.apparmorProfile %s: `/proc/thread-self/attr/apparmor/exec`", profile);
	}
}

static int explain_selinux(const char *label, int code, struct err *e)
{
	switch (code) {
	case -EOPNOTSUPP:
		err_say(e, code, "process.selinuxLabel %s: SELinux is not active on this machine", label);
		return err_hint(e, "leave the property out, or boot with lsm=...,selinux");
	case -EINVAL:
		err_say(e, code, "process.selinuxLabel %s: the SELinux policy that is loaded has no such label", label);
		return err_hint(e, LSM_SELINUX_HINT);
	default:
		return err_set(e, code, "process.selinuxLabel %s: `/proc/thread-self/attr/exec`", label);
	}
}

int process_check_labels(const struct oci_process *process, struct err *e)
{
	int r = str_empty(process->apparmor_profile) ? 0 : lsm_find_apparmor(process->apparmor_profile);

	if (r < 0)
		return explain_apparmor(process->apparmor_profile, r, e);
	r = str_empty(process->selinux_label) ? 0 : lsm_find_selinux(process->selinux_label);
	return r < 0 ? explain_selinux(process->selinux_label, r, e) : 0;
}

int process_set_labels(const struct oci_process *process, struct err *e)
{
	int r;

	if (!str_empty(process->apparmor_profile)) {
		r = lsm_set_apparmor(process->apparmor_profile, process->no_new_privileges);
		if (r < 0)
			return explain_apparmor(process->apparmor_profile, r, e);
	}
	if (str_empty(process->selinux_label))
		return 0;
	r = lsm_set_selinux(process->selinux_label);
	return r < 0 ? explain_selinux(process->selinux_label, r, e) : 0;
}

int process_explain_label(const struct oci_process *process, struct err *e)
{
	if (str_empty(process->selinux_label) || (e->code != -EACCES && e->code != -EPERM))
		return e->code;
	return err_hint(e, "the SELinux policy may be what does not let it become %s, or execute this file as that",
			process->selinux_label);
}
