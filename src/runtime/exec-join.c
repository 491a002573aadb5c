/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `exec`, the joining side.  The container is hostile and alive: from the first namespace on nothing of the host is
 * open but the socket, and nobody may look into us (CVE-2016-9962, CVE-2024-21626).
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/str.h"
#include "kernel/procfs.h"
#include "kernel/spawn.h"
#include "kernel/tty.h"
#include "runtime/console.h"
#include "runtime/exec.h"
#include "runtime/namespaces.h"
#include "runtime/placement.h"
#include "runtime/process.h"
#include "runtime/sync.h"
#include "runtime/users.h"

static int shield(struct exec *x, struct err *e)
{
	const struct oci_exec_cpu_affinity *affinity = x->process->exec_cpu_affinity;
	int keep[] = { x->join_sync, x->now.pidfd };
	int r = fdio_close_except(3 + x->listen_fds + x->options->preserve_fds, keep, ARRAY_SIZE(keep));

	if (r < 0)
		return err_set(e, r, "close the runtime's descriptors");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_DUMPABLE, 0);
	r = placement_set_cpus(affinity ? affinity->initial : NULL, "process.execCPUAffinity.initial", e);
	if (r < 0)
		return r;
	/* The runtime has put us into the cgroup when it says so. */
	return sync_expect(x->join_sync, SYNC_GO, NULL, e);
}

/* In a mount namespace that is not the container's own, "/" is somebody else's: the root is that of its process.
   Returns -EBADF where joining the mount namespace is enough. */
static int open_other_root(const struct exec *x)
{
	_cleanup_close_ int proc = -EBADF, dir = -EBADF, root = -EBADF;
	int r;

	if (state_document(&x->state)->root_mount_id == 0)
		return -EBADF;
	proc = procfs_open();
	if (proc < 0)
		return proc;
	dir = procfs_open_pid(proc, x->now.pid);
	if (dir < 0)
		return dir;
	root = openat(dir, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -errno;
	/* It lives, so that the directory was its own. */
	r = spawn_signal(x->now.pidfd, 0);
	return r < 0 ? r : TAKE_FD(root);
}

/* All namespaces in one call, so that there is no state in between. */
static int join(struct exec *x, struct err *e)
{
	_cleanup_close_ int root = open_other_root(x);
	int r = 0;

	if (root < 0 && root != -EBADF)
		return err_set(e, root, "container %s: open its root directory", x->state.id);
	if (x->namespaces && setns(x->now.pidfd, x->namespaces) < 0)
		return err_set(e, -errno, "container %s: join its namespaces", x->state.id);
	fd_close(&x->now.pidfd);
	if (x->namespaces & CLONE_NEWUSER)
		r = namespaces_become_root(NULL, NULL, e);
	if (r == 0 && root >= 0 && (fchdir(root) < 0 || chroot(".") < 0))
		return err_set(e, -errno, "container %s: enter its root directory", x->state.id);
	return r;
}

/* Only a child is in the pid namespace; the runtime becomes its parent. */
static int fork_once(struct exec *x, struct err *e)
{
	int pidfd = -EBADF, r;
	pid_t pid = spawn_clone(CLONE_PARENT, -EBADF, &pidfd);

	if (pid < 0)
		return err_set(e, (int)pid, "fork in the container");
	if (pid > 0) {
		r = sync_send(x->join_sync, SYNC_INIT_PID, pid, pidfd, e);
		_exit(r < 0 ? 1 : 0);
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return sync_expect(x->join_sync, SYNC_GO, NULL, e);
}

static int open_terminal(struct exec *x, struct err *e)
{
	_cleanup_close_ int root = -EBADF, master = -EBADF, slave = -EBADF;
	int r;

	/* EPERM: we are a leader already. */
	if (setsid() < 0 && errno != EPERM)
		return err_set(e, -errno, "setsid");
	if (!x->process->terminal)
		return 0;
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_set(e, -errno, "process.terminal: the container's root");
	r = console_open(root, x->process, &master, &slave, e);
	if (r == 0)
		r = sync_send(x->join_sync, SYNC_CONSOLE, 0, master, e);
	if (r < 0)
		return r;
	r = tty_make_controlling(slave);
	return r < 0 ? err_set(e, r, "process.terminal: make it the controlling terminal") : 0;
}

/* --user by name: the names are the container's. */
static int resolve_user(struct exec *x, struct err *e)
{
	_cleanup_close_ int root = -EBADF;

	if (!x->options->user || x->options->process)
		return 0;
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_set(e, -errno, "--user: the container's root");
	return users_resolve(root, x->options->user, &x->made.user.uid, &x->made.user.gid, e);
}

static int hand_over_listener(void *ctx, int fd, struct err *e)
{
	struct exec *x = ctx;
	int r = sync_send(x->join_sync, SYNC_NOTIFY_FD, 0, fd, e);

	return r < 0 ? r : sync_expect(x->join_sync, SYNC_NOTIFY_SENT, NULL, e);
}

static int tell_exec(void *ctx, struct err *e)
{
	struct exec *x = ctx;

	/* The runtime may leave now. */
	prctl(PR_SET_PDEATHSIG, 0);
	return sync_send_exec(x->join_sync, e);
}

static int run_program(struct exec *x, struct err *e)
{
	const char *keep = bundle_annotation(x->config, "run.oci.keep_original_groups");
	const struct oci_exec_cpu_affinity *affinity = x->process->exec_cpu_affinity;
	const struct oci_process *own = x->config->process;
	_cleanup_free_ char *keyring = str_printf("_ses.%s", x->state.id);
	const struct process_run run = {
		.process = x->process,
		.config = x->config,
		.seccomp = x->have_seccomp ? &x->seccomp : NULL,
		.keyring = state_document(&x->state)->no_new_keyring ? NULL : keyring,
		.preserve_fds = x->listen_fds + x->options->preserve_fds,
		.listen_fds = x->listen_fds,
		.keep_groups = keep && strcmp(keep, "0") != 0,
		/* the container's own, before it is started; another one that is missing is a typing error */
		.make_cwd = own && strcmp(own->cwd, x->process->cwd) == 0,
		.notify = hand_over_listener,
		.about_to_exec = tell_exec,
		.ctx = x,
	};

	int r = placement_set_cpus(affinity ? affinity->final : NULL, "process.execCPUAffinity.final", e);

	return r < 0 ? r : process_exec(&run, e);
}

void exec_join_main(struct exec *x)
{
	static int (*const stages[])(struct exec *, struct err *) = {
		shield, join, fork_once, resolve_user, open_terminal, run_program,
	};
	struct err e = ERR_INIT;
	int r = 0;

	sync_redirect_log(&x->join_sync);
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(stages); i++)
		r = stages[i](x, &e);
	sync_send_error(x->join_sync, &e);
	_exit(1);
}
