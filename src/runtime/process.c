/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last steps in the container: limits, groups, working directory, user, capabilities, seccomp, execve.
 * Their order is the point of this file; what each of them is lives in process-*.c and in kernel/.
 */
#include "runtime/process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdint.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/log.h"
#include "kernel/caps.h"
#include "kernel/pathat.h"
#include "kernel/signals.h"
#include "kernel/syscalls.h"
#include "runtime/confine.h"
#include "runtime/placement.h"
#include "runtime/process-attributes.h"

/* setgroups(2), or the reason why it cannot be (CVE-2014-8989: a single-id namespace denies it, since
   dropping a group may give access). */
static int set_groups(const struct process_run *run, struct err *e)
{
	const struct oci_user *u = &run->process->user;

	if (run->keep_groups)
		return 0;
	if (setgroups(u->n_additional_gids, u->additional_gids) == 0)
		return 0;
	if (errno == EINVAL)
		return err_say(e, -EINVAL, "process.user.additionalGids: not all of them are mapped in the user namespace");
	if (errno != EPERM)
		return err_set(e, -errno, "process.user.additionalGids: setgroups");
	/* With the capability, only the user namespace itself can be in the way. */
	if (!caps_have(CAP_SETGID))
		return err_say(e, -EPERM, "process.user.additionalGids: setgroups is refused: CAP_SETGID is missing");
	if (u->n_additional_gids > 0)
		return err_say(e, -EPERM, "process.user.additionalGids: cannot be set in a user namespace that denies "
					  "setgroups; it takes ranges in /etc/subgid and newgidmap");
	return 0; /* nothing to add, and dropping the caller's groups is what the kernel forbids here */
}

/* CVE-2024-21626: a directory outside of the root, reached through a leaked descriptor. */
static int check_inside(const char *cwd, struct err *e)
{
	char path[PATH_MAX]; /* the kernel knows no longer one: ENAMETOOLONG */

	/* The system call, since libc's getcwd() hides the "(unreachable)" that it looks for. */
	if (syscall(SYS_getcwd, path, sizeof(path)) < 0)
		return err_set(e, -errno, "process.cwd %s", cwd);
	if (path[0] != '/')
		return err_say(e, -EPERM, "process.cwd: %s is outside of the container's root", cwd);
	return 0;
}

/* Enter the directory as the user; that of the config is made when it is missing, as with other runtimes. */
static int enter_cwd(const struct process_run *run, struct err *e)
{
	const struct oci_process *p = run->process;
	int r = chdir(p->cwd) < 0 ? -errno : 0;

	if (r == -ENOENT && run->make_cwd) {
		const mode_t umask_before = umask(0);
		_cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		_cleanup_close_ int made = pathat_mkdir_p(root, p->cwd, 0755);

		umask(umask_before);
		if (made < 0)
			return err_set(e, made, "process.cwd: create %s", p->cwd);
		r = chdir(p->cwd) < 0 ? -errno : 0;
	}
	if (r == 0)
		return check_inside(p->cwd, e);
	if (r != -EACCES)
		return err_set(e, r, "process.cwd: %s", p->cwd);

	/* Only the user may enter it (a network file system, say). */
	setfsgid(p->user.gid);
	setfsuid(p->user.uid);
	if (chdir(p->cwd) < 0)
		return err_set(e, -errno, "process.cwd: %s", p->cwd);
	setfsuid(geteuid());
	setfsgid(getegid());
	return check_inside(p->cwd, e);
}

/* The capability sets of the config as bits; unknown ones are a warning (config.md, "capabilities"). */
static uint64_t capability_set(const char *set, const char *const *names, size_t n, uint64_t grantable)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < n; i++) {
		int cap = caps_from_name(names[i]);

		if (cap < 0 || cap > 63) {
			log_warning("process.capabilities.%s[%zu]: unknown capability '%s', ignored", set, i, names[i]);
		} else if (!(grantable & (1ULL << cap))) {
			log_warning("process.capabilities.%s[%zu]: %s cannot be granted, ignored", set, i, names[i]);
		} else {
			bits |= 1ULL << cap;
		}
	}
	return bits;
}

/* What the bounding set can keep: the permitted ones are in it, so only the others have to be asked for. */
static uint64_t boundable(const struct oci_capabilities *c, uint64_t permitted)
{
	uint64_t bits = permitted;

	for (size_t i = 0; i < c->n_bounding; i++) {
		int cap = caps_from_name(c->bounding[i]);

		if (cap >= 0 && cap < 64 && !(bits & (1ULL << cap)) && caps_in_bounding(cap))
			bits |= 1ULL << cap;
	}
	return bits;
}

static void capability_sets(const struct oci_capabilities *c, struct caps_sets *ret_sets)
{
	uint64_t all;

	/* What cannot be read cannot be granted. */
	if (caps_get_permitted(&all) < 0)
		all = 0;
	ret_sets->bounding = capability_set("bounding", c->bounding, c->n_bounding, boundable(c, all));
	ret_sets->permitted = capability_set("permitted", c->permitted, c->n_permitted, all);
	ret_sets->effective = capability_set("effective", c->effective, c->n_effective, ret_sets->permitted);
	ret_sets->inheritable = capability_set("inheritable", c->inheritable, c->n_inheritable,
					       all & ret_sets->bounding);
	ret_sets->ambient = capability_set("ambient", c->ambient, c->n_ambient,
					   ret_sets->permitted & ret_sets->inheritable);
}

static int become_user(const struct oci_user *u, struct err *e)
{
	if (setresgid(u->gid, u->gid, u->gid) < 0)
		return err_set(e, -errno, "process.user.gid: become group %u%s", u->gid,
			       errno == EINVAL ? ", which is not mapped in the user namespace" : "");
	if (setresuid(u->uid, u->uid, u->uid) < 0)
		return err_set(e, -errno, "process.user.uid: become user %u%s", u->uid,
			       errno == EINVAL ? ", which is not mapped in the user namespace" : "");
	return 0;
}

/* What the thread beside the filter needs. */
struct hand_over {
	const struct process_run *run;
	struct err *e;
};

static int hand_over_listener(void *ctx, int fd)
{
	const struct hand_over *h = ctx;

	return h->run->notify(h->run->ctx, fd, h->e);
}

static int load_seccomp(const struct process_run *run, struct err *e)
{
	struct hand_over hand_over = { run, e };
	int r;

	if (!run->seccomp)
		return 0;
	if (run->seccomp->notify)
		r = seccomp_program_load_notify(run->seccomp, hand_over_listener, &hand_over);
	else
		r = seccomp_program_load(run->seccomp);
	/* The hand-over has explained itself. */
	return r < 0 && e->code == 0 ? err_set(e, r, "linux.seccomp: load the filter") : r;
}

/* The filter last, since it may forbid the other. */
static int restrict_calls(const struct process_run *run, int ruleset, struct err *e)
{
	int r = confine_apply(ruleset, e);

	return r < 0 ? r : load_seccomp(run, e);
}

/* With no_new_privs nothing but execve is left to do after the filter, so that the profile need not allow us anything
   else; what fails after 'exec' is still an error of `start`.  The hand-over of a listener comes before 'exec'. */
static int restrict_and_tell(const struct process_run *run, int ruleset, struct err *e)
{
	int r = confine_apply(ruleset, e);

	if (r == 0 && run->seccomp && run->seccomp->notify)
		r = load_seccomp(run, e);
	if (r == 0)
		r = run->about_to_exec(run->ctx, e);
	if (r == 0 && run->seccomp && !run->seccomp->notify)
		r = load_seccomp(run, e);
	return r;
}

/* User and capabilities, and the word that execve is next; no capabilities in the config are no capabilities.  Without
   no_new_privs only CAP_SYS_ADMIN may restrict itself and load a filter, so that goes first; with it the filter comes as
   late as possible, since it may forbid what is done here. */
static int drop_privileges(const struct process_run *run, int ruleset, struct err *e)
{
	const struct oci_process *p = run->process;
	const struct oci_capabilities none = { .n_bounding = 0 };
	struct caps_sets sets;
	int r;

	capability_sets(p->capabilities ? p->capabilities : &none, &sets);
	if (!p->no_new_privileges) {
		r = restrict_calls(run, ruleset, e);
		if (r < 0)
			return r;
	}
	/* Only who leaves uid 0 for good loses them (capabilities(7)). */
	r = p->user.uid != 0 ? caps_keep(true) : 0;
	if (r == 0)
		r = caps_drop_bounding(sets.bounding);
	if (r < 0)
		return err_set(e, r, "process.capabilities: bounding set");
	r = become_user(&p->user, e);
	if (r < 0)
		return r;
	r = caps_apply(&sets);
	if (r < 0)
		return err_set(e, r, "process.capabilities");
	if (p->no_new_privileges) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
			return err_set(e, -errno, "process.noNewPrivileges");
		return restrict_and_tell(run, ruleset, e);
	}
	return run->about_to_exec(run->ctx, e);
}

/* Let the user open /dev/stdout: pipes and terminals get the user's id.  Never anything else, least of
   all the host's /dev/null. */
static void own_stdio(const struct oci_user *u)
{
	for (int fd = 0; fd <= 2; fd++) {
		struct stat st;

		if (fstat(fd, &st) < 0 || st.st_uid == u->uid)
			continue;
		/* An id that the file's owner does not know cannot be given: then it stays as it is. */
		if (S_ISFIFO(st.st_mode) || (S_ISCHR(st.st_mode) && isatty(fd)))
			(void)!fchown(fd, u->uid, (gid_t)-1);
	}
}

static int set_personality(const struct oci_config *config, struct err *e)
{
	const struct oci_personality *p = config->linux_ ? config->linux_->personality : NULL;

	if (p && personality(p->domain == OCI_PERSONALITY_LINUX32 ? PER_LINUX32 : PER_LINUX) < 0)
		return err_set(e, -errno, "linux.personality");
	return 0;
}

/* What execve keeps, or applies. */
static int set_attributes(const struct process_run *run, struct err *e)
{
	int r = set_personality(run->config, e);

	if (r == 0)
		r = placement_set_memory(run->config->linux_ ? run->config->linux_->memory_policy : NULL, e);
	if (r == 0)
		r = process_set_labels(run->process, e);
	return r == 0 ? process_join_keyring(run->keyring, run->process->selinux_label, e) : r;
}

int process_exec(const struct process_run *run, struct err *e)
{
	const struct oci_process *p = run->process;
	_cleanup_(strv_done) struct strv env = STRV_INIT;
	_cleanup_close_ int ruleset = -EBADF;
	_cleanup_free_ char *program = NULL;
	int r;

	r = process_set_rlimits(p, e);
	if (r == 0)
		r = set_groups(run, e);
	if (r == 0)
		r = enter_cwd(run, e);
	if (r == 0)
		r = process_find_program(p, &program, e);
	if (r == 0)
		r = set_attributes(run, e);
	if (r == 0)
		r = confine_prepare(run->config, &ruleset, e);
	if (r != 0)
		return r;
	process_make_env(run, &env);
	own_stdio(&p->user);
	if (p->user.umask)
		umask(*p->user.umask);
	r = signals_reset();
	if (r < 0)
		return err_set(e, r, "reset signals");
	r = drop_privileges(run, ruleset, e);
	if (r < 0)
		return r;

	execve(program, (char *const *)p->args, env.v);
	r = process_explain_exec(p, program, errno, e);
	if (r == -EACCES)
		confine_explain_exec(run->config, e);
	return process_explain_label(p, e);
}
