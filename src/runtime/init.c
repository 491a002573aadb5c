/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Init's side of a launch: the process that becomes the container's first one.  Read it beside create.c.
 * Everything here happens after the fork: nothing is printed (the log travels as messages), and the first
 * error ends it.  (runtime.md, "Lifecycle", steps 2 to 8.)
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/log.h"
#include "base/str.h"
#include "kernel/netlink.h"
#include "kernel/procfs.h"
#include "kernel/spawn.h"
#include "kernel/tty.h"
#include "runtime/console.h"
#include "runtime/hooks.h"
#include "runtime/init-tree.h"
#include "runtime/launch.h"
#include "runtime/namespaces.h"
#include "runtime/prepare.h"
#include "runtime/process.h"
#include "runtime/sync.h"
#include "runtime/validate.h"

/* Nobody may look into us from the moment that others are in our namespaces (CVE-2016-9962). A new user
   namespace has to be mapped first: the files that takes belong to us only while we are dumpable (proc(5)). */
static int stage_shield(struct launch *l, struct err *e)
{
	int keep[2 + OCI_NS_TYPES] = { l->init_sync, l->start_socket };
	int r;

	for (size_t i = 0; i < OCI_NS_TYPES; i++)
		keep[2 + i] = l->join_fds[i];
	r = fdio_close_except(3 + l->listen_fds + l->options->preserve_fds, keep, ARRAY_SIZE(keep));
	if (r < 0)
		return err_set(e, r, "close the runtime's descriptors");
	/* The runtime's death is ours, until we are ready; repeated where a change of user clears it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!l->namespaces.user_made || l->namespaces.n_join > 0)
		prctl(PR_SET_DUMPABLE, 0);
	return 0;
}

static int stage_join(struct launch *l, struct err *e)
{
	int r;

	if (l->namespaces.n_join == 0)
		return 0;
	r = namespaces_join(&l->namespaces, l->join_fds, e);
	for (size_t i = 0; i < OCI_NS_TYPES; i++)
		fd_close(&l->join_fds[i]);
	/* All were ours already: nobody has come near us, and an ordinary user's runtime has to write the maps. */
	if (r == 0 && l->namespaces.user_made)
		prctl(PR_SET_DUMPABLE, 1);
	return r < 0 ? r : 0;
}

/* Only a child is in a joined pid namespace.  CLONE_PARENT keeps the runtime its parent; the launcher, which
   is us, has nothing left to do but tell who it is. */
static int stage_fork(struct launch *l, struct err *e)
{
	int pidfd = -EBADF, r;
	pid_t pid;

	if (!l->namespaces.fork)
		return 0;
	pid = spawn_clone(l->namespaces.clone | CLONE_PARENT, -EBADF, &pidfd);
	if (pid < 0)
		return err_set(e, (int)pid, "make the container's namespaces");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		return 0;
	}
	r = sync_send(l->init_sync, SYNC_INIT_PID, pid, pidfd, e);
	_exit(r < 0 ? 1 : 0);
}

static int stage_become_root(struct launch *l, struct err *e)
{
	int r;

	if (l->namespaces.user_made) {
		r = sync_expect(l->init_sync, SYNC_IDS_MAPPED, NULL, e);
		if (r == 0)
			r = namespaces_become_root(&l->ids.uids, &l->ids.gids, e);
		if (r < 0)
			return r;
		prctl(PR_SET_DUMPABLE, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	}
	return sync_expect(l->init_sync, SYNC_GO, NULL, e);
}

/* Those that clone3 could not make: they belong to a process that is where it will stay. */
static int stage_late_namespaces(struct launch *l, struct err *e)
{
	int r = cgroup_locate(l->cgroup, e);

	if (r < 0)
		return r;
	if (l->namespaces.unshare && unshare((int)l->namespaces.unshare) < 0)
		return err_set(e, -errno, "linux.namespaces: make the cgroup namespace%s",
			       l->namespaces.unshare & CLONE_NEWIPC ? ", or that for ipc" : "");
	if (l->namespaces.unshare_time)
		return namespaces_make_time(l->config->linux_->time_offsets, e);
	return 0;
}

/* EACCES: as files these two belong to root of the initial user namespace alone, but whoever may administer the uts
   namespace may name it (uts_namespaces(7)). */
static int set_sysctl(int proc, const char *file, const char *value)
{
	_cleanup_free_ char *path = str_printf("sys/%s", file);
	int r = procfs_write(proc, path, value);

	if (r == -EACCES && strcmp(file, "kernel/hostname") == 0)
		return sethostname(value, strlen(value)) < 0 ? -errno : 0;
	if (r == -EACCES && strcmp(file, "kernel/domainname") == 0)
		return setdomainname(value, strlen(value)) < 0 ? -errno : 0;
	return r;
}

static int set_sysctls(const struct oci_config *config, struct err *e)
{
	const struct oci_linux *lx = config->linux_;
	_cleanup_close_ int proc = -EBADF;
	int r;

	if (!lx || lx->n_sysctl == 0)
		return 0;
	proc = procfs_open();
	if (proc < 0)
		return err_set(e, proc, "linux.sysctl: /proc");
	for (size_t i = 0; i < lx->n_sysctl; i++) {
		_cleanup_free_ char *file = NULL;

		r = validate_sysctl(config, lx->sysctl[i].key, &file, e);
		if (r < 0)
			return r;
		r = set_sysctl(proc, file, lx->sysctl[i].value);
		/* the words of ENOENT are for programs that are missing: engines look for them */
		if (r == -ENOENT)
			return err_say(e, r, "linux.sysctl.%s: the kernel does not have it", lx->sysctl[i].key);
		if (r < 0)
			return err_set(e, r, "linux.sysctl.%s: set to '%s'", lx->sysctl[i].key, lx->sysctl[i].value);
	}
	return 0;
}

static int stage_identity(struct launch *l, struct err *e)
{
	const struct oci_config *c = l->config;

	/* EPERM: we lead a session already, being first in a new pid namespace does not do that. */
	if (setsid() < 0 && errno != EPERM)
		return err_set(e, -errno, "setsid");
	if (!str_empty(c->hostname) && sethostname(c->hostname, strlen(c->hostname)) < 0)
		return err_set(e, -errno, "hostname: set to '%s'", c->hostname);
	if (!str_empty(c->domainname) && setdomainname(c->domainname, strlen(c->domainname)) < 0)
		return err_set(e, -errno, "domainname: set to '%s'", c->domainname);
	if (l->namespaces.made & CLONE_NEWNET) {
		int r = netlink_loopback_up();

		if (r < 0)
			return err_set(e, r, "set the loopback device up");
	}
	return set_sysctls(c, e);
}

static int stage_mounts(struct launch *l, struct err *e)
{
	int r = init_assemble_tree(l, e);
	uint64_t id;

	if (r < 0 || !prepare_stops_when_mounted(l))
		return r;
	id = l->tree ? rootfs_mount_id(l->tree) : 0;
	r = sync_send(l->init_sync, SYNC_MOUNTED, (int64_t)id, -EBADF, e);
	return r < 0 ? r : sync_expect(l->init_sync, SYNC_HOOKS_DONE, NULL, e);
}

static int run_own_hooks(struct launch *l, enum hook_kind kind, char *const *default_env, struct err *e)
{
	const struct hooks_run run = {
		.config = l->config,
		.document = &l->record,
		.pid = getpid(),
		.watch_pidfd = -EBADF,
		.default_env = default_env,
	};

	return hooks_run(&run, kind, e);
}

/* In the container's namespaces, but the paths are still the host's. */
static int stage_container_hooks(struct launch *l, struct err *e)
{
	return hooks_any(l->config, HOOK_CREATE_CONTAINER) ? run_own_hooks(l, HOOK_CREATE_CONTAINER, NULL, e) : 0;
}

static int stage_enter(struct launch *l, struct err *e)
{
	int r;

	if (l->config->process && l->config->process->terminal) {
		r = init_open_terminal(l, e);
		if (r < 0)
			return r;
	}
	r = l->tree ? rootfs_enter(l->tree, e) : 0;
	if (r < 0)
		return r;
	rootfs_free(l->tree);
	l->tree = NULL;
	if (l->terminal >= 0) {
		r = tty_make_controlling(l->terminal);
		fd_close(&l->terminal);
		if (r < 0)
			return err_set(e, r, "process.terminal: make it the controlling terminal");
	}
	return 0;
}

/* As pid 1 of a namespace we would ignore these; a created container is to end when asked to. */
static void end_on_signals(void)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 };
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		signal(signals[i], _exit);
}

/* The environment of the runtime is its caller's: nothing of it waits here to be read. */
static void forget_environment(void)
{
	for (char **variable = environ; *variable; variable++)
		explicit_bzero(*variable, strlen(*variable));
}

/* A caller without privilege may join a waiting container (`exec`) only while he may look into it, and nobody else
   is in a new pid namespace; otherwise we stay closed (ptrace(2), "Ptrace access mode checking"). */
static void open_to_caller(const struct launch *l, bool is_open)
{
	if (!l->caller.privileged && (l->namespaces.made & CLONE_NEWPID))
		prctl(PR_SET_DUMPABLE, is_open);
}

/* A program that is not there fails create, as with the peers; what it is, start tells. */
static int stage_ready(struct launch *l, struct err *e)
{
	_cleanup_free_ char *program = NULL;
	int r = 0;

	if (l->config->process)
		r = init_check_program(l->config->process, &program, e);
	if (r < 0)
		return r;
	/* The next command may come as soon as create returns, long before we run again: whoever has created may
	   kill, or look in. */
	end_on_signals();
	forget_environment();
	if (!l->running)
		open_to_caller(l, true);
	/* The runtime may leave now; if it dies before it has written down who we are, the socket tells. */
	prctl(PR_SET_PDEATHSIG, 0);
	r = sync_send(l->init_sync, SYNC_READY, 0, -EBADF, e);
	if (r == 0)
		r = sync_expect(l->init_sync, SYNC_COMMITTED, NULL, e);
	/* `run` goes on to start it, and has nobody else to talk to. */
	if (r == 0 && !l->running)
		fd_close(&l->init_sync);
	return r;
}

/* From here on we talk to `start`. */
static int wait_for_start(struct launch *l, struct err *e)
{
	int fd;

	do {
		fd = accept4(l->start_socket, NULL, NULL, SOCK_CLOEXEC);
	} while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return err_set(e, -errno, "wait for start");
	open_to_caller(l, false);
	fd_close(&l->start_socket);
	l->init_sync = fd;
	return 0;
}

static int stage_wait(struct launch *l, struct err *e)
{
	int r = l->running ? 0 : wait_for_start(l, e);

	if (r == 0 && !l->config->process)
		return err_say(e, -EINVAL, "process: required property is missing");
	return r;
}

static int hand_over_listener(void *ctx, int fd, struct err *e)
{
	struct launch *l = ctx;
	int r = sync_send(l->init_sync, SYNC_NOTIFY_FD, getpid(), fd, e);

	return r < 0 ? r : sync_expect(l->init_sync, SYNC_NOTIFY_SENT, NULL, e);
}

static int tell_exec(void *ctx, struct err *e)
{
	struct launch *l = ctx;

	return sync_send_exec(l->init_sync, e);
}

static int stage_exec(struct launch *l, struct err *e)
{
	const char *keep = bundle_annotation(l->config, "run.oci.keep_original_groups");
	_cleanup_free_ char *keyring = str_printf("_ses.%s", l->record.id);
	_cleanup_(strv_done) struct strv env = STRV_INIT;
	struct process_run run = {
		.process = l->config->process,
		.config = l->config,
		.seccomp = l->have_seccomp ? &l->seccomp : NULL,
		.keyring = l->options->no_new_keyring ? NULL : keyring,
		.preserve_fds = l->listen_fds + l->options->preserve_fds,
		.listen_fds = l->listen_fds,
		.keep_groups = keep && strcmp(keep, "0") != 0,
		.make_cwd = true,
		.notify = hand_over_listener,
		.about_to_exec = tell_exec,
		.ctx = l,
	};
	int r = 0;

	if (hooks_any(l->config, HOOK_START_CONTAINER)) {
		process_make_env(&run, &env);
		r = run_own_hooks(l, HOOK_START_CONTAINER, env.v, e);
	}
	return r < 0 ? r : process_exec(&run, e);
}

static const struct {
	const char *name;
	int (*run)(struct launch *l, struct err *e);
} stages[] = {
	{ "shield", stage_shield },
	{ "join", stage_join },
	{ "fork", stage_fork },
	{ "become-root", stage_become_root },
	{ "late-namespaces", stage_late_namespaces },
	{ "identity", stage_identity },
	{ "mounts", stage_mounts },
	{ "container-hooks", stage_container_hooks },
	{ "enter", stage_enter },
	{ "ready", stage_ready },
	{ "wait", stage_wait },
	{ "exec", stage_exec },
};

void init_main(struct launch *l)
{
	struct err e = ERR_INIT;
	int r = 0;

	sync_redirect_log(&l->init_sync);
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(stages); i++) {
		log_debug("init: %s", stages[i].name);
		r = stages[i].run(l, &e);
	}
	sync_send_error(l->init_sync, &e);
	_exit(1);
}
