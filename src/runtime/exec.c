/* SPDX-License-Identifier: Apache-2.0 */
/* `exec`, the runtime's side: find the container, start a process that joins it, wait until the program runs. */
#include "runtime/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/str.h"
#include "cgroup/cgroup.h"
#include "kernel/interrupt.h"
#include "kernel/signals.h"
#include "kernel/sock.h"
#include "kernel/spawn.h"
#include "kernel/tty.h"
#include "runtime/confine.h"
#include "runtime/console.h"
#include "runtime/filter.h"
#include "runtime/listener.h"
#include "runtime/monitor.h"
#include "runtime/namespaces.h"
#include "runtime/prepare.h"
#include "runtime/process.h"
#include "runtime/process-attributes.h"
#include "runtime/rdt.h"
#include "runtime/selfexe.h"
#include "runtime/state-document.h"
#include "runtime/sync.h"

static int check_status(const struct exec *x, struct err *e)
{
	switch (x->now.status) {
	case OCI_STATUS_CREATED:
	case OCI_STATUS_RUNNING:
		return 0;
	case OCI_STATUS_PAUSED:
		if (x->options->ignore_paused)
			return 0;
		return err_say(e, -EINVAL, "cannot exec in a paused container: %s; resume it, or use --ignore-paused",
			       x->state.id);
	default:
		return err_say(e, -ESRCH, "cannot exec: container not running: %s", x->state.id);
	}
}

static int find_container(const struct runtime *rt, struct exec *x, struct err *e)
{
	_cleanup_free_ char *root = NULL;
	int r;

	r = runtime_root(rt, &root, e);
	if (r == 0)
		r = state_open(root, x->options->id, false, &x->state, e);
	if (r < 0)
		return r;
	r = state_look(&x->state, &x->now, e);
	if (r == 0)
		r = check_status(x, e);
	if (r == 0)
		r = state_read_config(&x->state, &x->config_document, e);
	if (r < 0)
		return r;
	x->config = x->config_document.root;
	r = state_open_cgroup(state_document(&x->state), &x->cgroup, e);
	if (r < 0)
		return r;
	r = namespaces_compare(x->now.pid, &x->namespaces, e);
	return r < 0 ? err_wrap(e, "container %s", x->state.id) : 0;
}

/* Before --process is read, which may be a pipe. */
static int protect(const struct exec *x, struct err *e)
{
	_cleanup_(userns_map_done) struct userns_map uids = { NULL, 0 };
	_cleanup_free_ char *path = str_printf("/proc/%d/uid_map", x->now.pid);
	int r;

	if (!(x->namespaces & CLONE_NEWUSER))
		return selfexe_protect(NULL, e);
	r = userns_map_read(path, &uids);
	return r < 0 ? err_set(e, r, "%s", path) : selfexe_protect(&uids, e);
}

/* A program that starts in our terminal sees our size from the beginning. */
static void take_over_size(struct exec *x)
{
	unsigned rows, columns;

	if (!x->process->terminal || x->options->console_socket || tty_get_size(STDIN_FILENO, &rows, &columns) < 0)
		return;
	x->own_size = (struct oci_console_size){ .height = rows, .width = columns };
	if (x->process != &x->made)
		x->made = *x->process;
	x->made.console_size = &x->own_size;
	x->process = &x->made;
}

static int prepare(struct exec *x, struct err *e)
{
	int r;

	r = exec_make_process(x, e);
	if (r == 0)
		r = process_check_labels(x->process, e);
	if (r < 0)
		return r;
	take_over_size(x);
	if (x->process->terminal && x->options->detach && !x->options->console_socket)
		return err_say(e, -EINVAL, "process.terminal: a detached process needs --console-socket");
	if (!x->process->terminal && x->options->console_socket)
		return err_say(e, -EINVAL, "--console-socket: the process has no terminal");
	r = confine_probe(x->config, e);
	if (r == 0)
		r = filter_make(x->config, state_document(&x->state)->seccomp_receiver, &x->seccomp, &x->have_seccomp, e);
	if (r < 0)
		return r;
	if (x->options->console_socket) {
		x->console_socket = console_connect(x->options->console_socket, e);
		if (x->console_socket < 0)
			return x->console_socket;
	}
	return 0;
}

/* In the container's cgroup from its first instruction, where v2 can do that. */
static int spawn(struct exec *x, struct err *e)
{
	int pair[2], old_oom, r;

	r = sock_pair(pair);
	if (r < 0)
		return err_set(e, r, "socket pair");
	x->sync = pair[0];
	x->join_sync = pair[1];
	r = cgroup_descend(x->cgroup, x->now.pid, x->options->cgroup, e);
	if (r == 0)
		r = process_prepare_inherited(x->process, &old_oom, e);
	if (r != 0)
		return r;
	x->pid = cgroup_spawn(x->cgroup, 0, &x->pidfd);
	if (x->pid == 0)
		exec_join_main(x);
	fd_close(&x->join_sync);
	process_restore_oom(old_oom);
	if (x->pid < 0)
		return err_set(e, x->pid, "container %s: start a process in its cgroup", x->state.id);
	r = cgroup_enter(x->cgroup, x->pid, e);
	return r < 0 ? r : rdt_adopt(state_document(&x->state), x->pid, e);
}

/* The process that joined has made the one that will run, and ended. */
static int adopt(struct exec *x, struct err *e)
{
	_cleanup_close_ int launcher = -EBADF;
	struct sync_msg msg;
	int status, r;

	r = sync_send(x->sync, SYNC_GO, 0, -EBADF, e);
	if (r == 0)
		r = sync_expect(x->sync, SYNC_INIT_PID, &msg, e);
	if (r != 0)
		return r;
	launcher = x->pidfd;
	x->pid = (pid_t)msg.value;
	x->pidfd = msg.fd;
	r = spawn_wait(launcher, &status);
	if (r < 0)
		return err_set(e, r, "wait for the launcher");
	r = process_tune(x->pid, x->process, e);
	return r < 0 ? r : sync_send(x->sync, SYNC_GO, 0, -EBADF, e);
}

static int take_console(struct exec *x, int fd, struct err *e)
{
	int r;

	if (x->console_socket < 0) {
		x->console = fd;
		return 0;
	}
	r = console_send(x->console_socket, fd, e);
	fd_close(&fd);
	return r;
}

static int hand_over_listener(struct exec *x, int fd, struct err *e)
{
	int r = listener_hand_over(x->config, state_document(&x->state), x->now.status, x->pid, fd, e);

	fd_close(&fd);
	return r < 0 ? r : sync_send(x->sync, SYNC_NOTIFY_SENT, 0, -EBADF, e);
}

static int follow(struct exec *x, struct err *e)
{
	static const enum sync_type types[] = { SYNC_EXEC, SYNC_CONSOLE, SYNC_NOTIFY_FD };
	struct sync_msg msg;
	int r;

	for (;;) {
		r = sync_expect_one_of(x->sync, types, ARRAY_SIZE(types), &msg, e);
		if (r == 0 && msg.type == SYNC_EXEC)
			return sync_expect_end(x->sync, e);
		if (r == 0)
			r = msg.type == SYNC_CONSOLE ? take_console(x, msg.fd, e) : hand_over_listener(x, msg.fd, e);
		if (r < 0)
			return r;
	}
}

static int report(struct exec *x, struct err *e)
{
	int r = 0;

	if (x->options->pid_file)
		r = prepare_write_pid_file(x->options->pid_file, x->pid, e);
	if (r == 0 && x->options->pidfd_socket)
		r = prepare_send_pidfd(x->options->pidfd_socket, x->pidfd, e);
	return r;
}

/* By a signal: it ends us, but not before that has been told (main()). */
static int note_interrupt(struct err *e)
{
	int sig = interrupt_take();

	if (sig == 0)
		return e->code;
	err_wrap(e, "%s", signals_name(sig));
	interrupt_repeat(sig);
	return -EINTR;
}

static int launch(struct exec *x, struct monitor *monitor, int *ret_status, struct err *e)
{
	struct monitor_child child;
	int status, r;

	r = spawn(x, e);
	if (r == 0 && monitor && (r = sync_make_interruptible(x->sync)) < 0)
		err_set(e, r, "socket pair");
	if (r == 0)
		r = adopt(x, e);
	if (r == 0)
		r = follow(x, e);
	if (r == 0)
		r = report(x, e);
	if (r < 0) {
		fd_close(&x->sync);
		if (x->pidfd >= 0) {
			(void)spawn_signal(x->pidfd, SIGKILL);
			(void)spawn_wait(x->pidfd, &status);
		}
		return note_interrupt(e);
	}
	if (!monitor)
		return 0;
	child = (struct monitor_child){ x->pid, x->pidfd, TAKE_FD(x->console), -EBADF };
	return monitor_run(monitor, &child, ret_status, e);
}

static void exec_done(struct exec *x)
{
	fd_close(&x->sync);
	fd_close(&x->pidfd);
	fd_close(&x->console_socket);
	fd_close(&x->console);
	cgroup_freep(&x->cgroup);
	if (x->have_seccomp)
		seccomp_program_done(&x->seccomp);
	strv_done(&x->strings);
	bundle_document_done(&x->process_document);
	bundle_document_done(&x->config_document);
	state_now_done(&x->now);
	state_done(&x->state);
}

/* The container may end while it is entered: that is what went wrong then, whatever step noticed it.  Its pid namespace
   is emptied first, so that the process that was joining is gone a moment before init is. */
static int explain_end(const struct exec *x, int r, struct err *e)
{
	const int patience_ms = r == -EPIPE || r == -ESRCH ? 100 : 0;

	if (x->now.pidfd < 0 || spawn_wait_gone(x->now.pidfd, patience_ms) < 0)
		return r;
	return err_say(e, -ESRCH, "cannot exec: container not running: %s", x->state.id);
}

int container_exec(const struct runtime *rt, const struct exec_options *options, int *ret_status, struct err *e)
{
	struct exec x = {
		.options = options,
		.now.pidfd = -EBADF,
		.state.dir_fd = -EBADF,
		.sync = -EBADF,
		.join_sync = -EBADF,
		.pidfd = -EBADF,
		.console_socket = -EBADF,
		.console = -EBADF,
	};
	struct monitor *monitor = NULL;
	int r;

	*ret_status = 0;
	r = prepare_own_process(options->preserve_fds, &x.listen_fds, e);
	if (r == 0)
		r = find_container(rt, &x, e);
	if (r == 0)
		r = protect(&x, e);
	if (r == 0)
		r = prepare(&x, e);
	if (r == 0 && !options->detach)
		r = monitor_prepare(&monitor, e);
	if (r == 0)
		r = launch(&x, monitor, ret_status, e);
	if (r < 0)
		r = explain_end(&x, r, e);
	monitor_free(monitor);
	exec_done(&x);
	return r;
}
