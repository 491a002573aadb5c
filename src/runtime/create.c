/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runtime's side of a launch: the array at the end is the table of contents.  Read it beside init.c; the
 * messages between the two are in sync.h.  (runtime.md, "Lifecycle", steps 1 to 5.)
 */
#include <errno.h>
#include <fcntl.h>

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/log.h"
#include "base/str.h"
#include "kernel/interrupt.h"
#include "kernel/procfs.h"
#include "kernel/sock.h"
#include "kernel/spawn.h"
#include "kernel/tty.h"
#include "runtime/console.h"
#include "runtime/hooks.h"
#include "runtime/launch.h"
#include "runtime/namespaces.h"
#include "runtime/netdevices.h"
#include "runtime/notify.h"
#include "runtime/prepare.h"
#include "runtime/process.h"
#include "runtime/rdt.h"
#include "runtime/selfexe.h"
#include "runtime/source.h"
#include "runtime/sync.h"

/* Take the id: mkdir is the claim, and from here on a failure has something to undo. */
int launch_claim(struct launch *l, struct err *e)
{
	int r;

	r = state_claim(l->root, l->options->id, &l->state, e);
	if (r < 0)
		return r;
	l->claimed = true;
	r = fdio_create_file(l->state.dir_fd, "config.json", l->document.text, l->document.n_text, 0600);
	if (r < 0)
		return err_set(e, r, "write %s/config.json", l->state.path);

	if (l->running && notify_wanted()) {
		r = notify_open(l, e);
		if (r < 0)
			return r;
	}

	/* Written before the cgroup is made: whatever happens, `delete --force` finds it. */
	return state_write(&l->state, &l->record, e);
}

/* What only the host may open, and what init inherits. */
static int stage_open(struct launch *l, struct err *e)
{
	const struct oci_process *p = l->config->process;
	int r;

	r = namespaces_open(&l->namespaces, l->join_fds, e);
	if (r < 0)
		return r;
	if (l->options->console_socket) {
		l->console_socket = console_connect(l->options->console_socket, e);
		if (l->console_socket < 0)
			return l->console_socket;
	}
	if (!l->running) {
		l->start_socket = sock_listen_at(l->state.dir_fd, STATE_START_SOCKET);
		if (l->start_socket < 0)
			return err_set(e, l->start_socket, "listen on %s/" STATE_START_SOCKET, l->state.path);
	}
	r = prepare_groups(l, e);
	if (r < 0)
		return r;
	return p ? process_prepare_inherited(p, &l->old_oom, e) : 0;
}

/* One clone3: all new namespaces at once, in its cgroup from the first instruction. */
static int stage_spawn(struct launch *l, struct err *e)
{
	int pair[2], r;

	r = sock_pair(pair);
	if (r < 0)
		return err_set(e, r, "socket pair");
	l->sync = pair[0];
	l->init_sync = pair[1];

	l->pid = cgroup_spawn(l->cgroup, l->namespaces.fork ? 0 : l->namespaces.clone, &l->pidfd);
	if (l->pid == 0)
		init_main(l);
	fd_close(&l->init_sync);
	fd_close(&l->start_socket);
	process_restore_oom(l->old_oom);
	if (l->pid < 0)
		return prepare_explain_clone(l, l->pid, e);
	r = l->foreground ? sync_make_interruptible(l->sync) : 0;
	return r < 0 ? err_set(e, r, "socket pair") : 0;
}

/* The launcher could only join: it forks init, tells its pid and ends.  Until it has ended two processes hold
   init's end of the socket, so init does not speak before 'go'. */
static int stage_adopt_init(struct launch *l, struct err *e)
{
	_cleanup_close_ int launcher = -EBADF;
	struct sync_msg msg;
	int status, r;

	if (!l->namespaces.fork)
		return 0;
	r = sync_expect(l->sync, SYNC_INIT_PID, &msg, e);
	if (r < 0)
		return r;
	launcher = l->pidfd;
	l->pid = (pid_t)msg.value;
	l->pidfd = msg.fd;
	r = spawn_wait(launcher, &status);
	return r < 0 ? err_set(e, r, "wait for the launcher") : 0;
}

static int stage_map_ids(struct launch *l, struct err *e)
{
	int r;

	if (!l->namespaces.user_made)
		return 0;
	r = ids_write(&l->ids, l->pid, e);
	return r < 0 ? r : sync_send(l->sync, SYNC_IDS_MAPPED, 0, -EBADF, e);
}

/* Everything that is done to init from outside, then 'go'. */
static int stage_adopt(struct launch *l, struct err *e)
{
	char letter;
	int r;

	r = procfs_stat(l->pid, &l->record.pid_start_time, &letter);
	if (r < 0)
		return err_set(e, r, "init (process %d)", l->pid);
	l->record.pid = l->pid;
	r = cgroup_adopt(l->cgroup, l->pid, e);
	if (r < 0)
		return r;
	prepare_record_cgroup(l);
	r = rdt_adopt(&l->record, l->pid, e);
	if (r == 0)
		r = prepare_chown_cgroup(l, e);
	if (r == 0)
		r = rootfs_claim_upper(l->config, l->bundle, l->record.id, l->pid, l->record.pid_start_time, e);
	if (r < 0)
		return r;
	r = netdevices_move(l->config, namespaces_opened(&l->namespaces, l->join_fds, OCI_NS_NETWORK), l->pid,
			    &l->net_devices, e);
	return r < 0 ? r : sync_send(l->sync, SYNC_GO, 0, -EBADF, e);
}

static int record_fuse_monitor(void *ctx, const struct state_monitor *monitor, struct err *e)
{
	struct launch *l = ctx;

	l->fuse_monitor = *monitor;
	l->record.fuse_monitors = &l->fuse_monitor;
	l->record.n_fuse_monitors = 1;
	return state_write(&l->state, &l->record, e);
}

/* Have a FUSE mount served by a program on the host. */
static int serve_fuse(struct launch *l, const struct sync_msg *msg, struct err *e)
{
	_cleanup_close_ int device = msg->fd;

	l->fuse.config = l->config;
	l->fuse.bundle = l->bundle;
	l->fuse.state = &l->state;
	l->fuse.init_pidfd = l->pidfd;
	l->fuse.record = record_fuse_monitor;
	l->fuse.ctx = l;
	return fuse_server_serve(&l->fuse, l->sync, (size_t)msg->value, device, e);
}

/* Init assembles its tree, asking for what it cannot open, and says when it is done: 'mounted' if hooks of
   ours have to run then, else 'ready', with the terminal before it. */
static int serve_until(struct launch *l, enum sync_type last, int64_t *ret_value, struct err *e)
{
	const enum sync_type types[] = { last, SYNC_NEED_SOURCE, SYNC_CONSOLE, SYNC_FUSE, SYNC_USERNS };
	struct sync_msg msg;
	int r;

	for (;;) {
		r = sync_expect_one_of(l->sync, types, ARRAY_SIZE(types), &msg, e);
		if (r < 0)
			return r;
		*ret_value = msg.value;
		if (msg.type == last)
			return 0;
		if (msg.type == SYNC_NEED_SOURCE) {
			r = source_serve(l->sync, l->config, l->bundle, l->pid, (size_t)msg.value, e);
		} else if (msg.type == SYNC_FUSE) {
			r = serve_fuse(l, &msg, e);
		} else if (msg.type == SYNC_USERNS) {
			fd_close(&l->fuse.userns);
			l->fuse.userns = msg.fd;
		} else if (l->console_socket >= 0) {
			r = console_send(l->console_socket, msg.fd, e);
			fd_close(&msg.fd);
		} else {
			l->console = msg.fd;
			/* Before the program can ask for it; -ENOTTY: we have no terminal to take it from. */
			(void)tty_copy_size(STDIN_FILENO, l->console);
		}
		if (r < 0)
			return r;
	}
}

int launch_run_hooks(struct launch *l, struct err *e)
{
	const struct hooks_run run = {
		.config = l->config,
		.document = &l->record,
		.pid = l->pid,
		.watch_pidfd = l->pidfd,
		.interruptible = true,
	};
	sigset_t old;
	int r;

	/* Any hook may take long, and who ends us then should not have to clean up. */
	interrupt_block(&old);
	l->hooks_begun = true;
	r = hooks_run(&run, HOOK_PRESTART, e);
	if (r == 0)
		r = hooks_run(&run, HOOK_CREATE_RUNTIME, e);
	if (r != -EINTR)
		interrupt_unblock(&old);
	return r;
}

static int stage_mounts_and_hooks(struct launch *l, struct err *e)
{
	int64_t value;
	int r;

	if (!prepare_stops_when_mounted(l))
		return 0;
	r = serve_until(l, SYNC_MOUNTED, &value, e);
	if (r < 0)
		return r;
	l->record.root_mount_id = (uint64_t)value;

	/* Hooks may ask for the state, or kill. */
	r = state_write(&l->state, &l->record, e);
	if (r == 0)
		r = launch_run_hooks(l, e);
	return r < 0 ? r : sync_send(l->sync, SYNC_HOOKS_DONE, 0, -EBADF, e);
}

static int stage_ready(struct launch *l, struct err *e)
{
	int64_t unused;
	int r;

	/* createContainer hooks run in init meanwhile. */
	l->hooks_begun |= hooks_any(l->config, HOOK_CREATE_CONTAINER);
	r = serve_until(l, SYNC_READY, &unused, e);
	/* Its cgroup namespace begins at the parent of that. */
	if (r == 0)
		r = prepare_delegate_cgroup(l, e);
	if (r < 0)
		return r;
	return l->config->process ? process_tune(l->pid, l->config->process, e) : 0;
}

int launch_commit(struct launch *l, struct err *e)
{
	int r;

	l->record.creating = false;
	r = state_write(&l->state, &l->record, e);
	l->state.document.root = &l->record; /* as if it had been read again */
	if (r == 0 && l->options->pid_file)
		r = prepare_write_pid_file(l->options->pid_file, l->pid, e);
	if (r == 0 && l->options->pidfd_socket)
		r = prepare_send_pidfd(l->options->pidfd_socket, l->pidfd, e);
	return r;
}

/* From here on the container is "created". */
static int stage_commit(struct launch *l, struct err *e)
{
	int r;

	fuse_servers_done(&l->fuse);
	/* The program, the first process of a pid namespace as a rule, would not heed it before it has a handler. */
	if (l->foreground && interrupt_pending())
		return err_say(e, -EINTR, "interrupted before the program was started");
	r = launch_commit(l, e);
	return r < 0 ? r : sync_send(l->sync, SYNC_COMMITTED, 0, -EBADF, e);
}

static const struct {
	const char *name;
	int (*run)(struct launch *l, struct err *e);
} stages[] = {
	{ "claim", launch_claim },
	{ "open", stage_open },
	{ "spawn", stage_spawn },
	{ "adopt-init", stage_adopt_init },
	{ "map-ids", stage_map_ids },
	{ "adopt", stage_adopt },
	{ "hooks", stage_mounts_and_hooks },
	{ "ready", stage_ready },
	{ "commit", stage_commit },
};

void launch_init(struct launch *l)
{
	l->console_socket = l->start_socket = l->sync = l->init_sync = l->pidfd = l->console = l->terminal = -EBADF;
	l->notify_socket = -EBADF;
	l->fuse = (struct fuse_servers)FUSE_SERVERS_INIT;
	for (size_t i = 0; i < ARRAY_SIZE(l->join_fds); i++)
		l->join_fds[i] = -EBADF;
	l->state.dir_fd = -EBADF;
}

int launch_prepare(struct launch *l, struct err *e)
{
	int r;

	launch_init(l);
	r = prepare_launch(l, e);
	if (r < 0)
		return r;
	/* Of a user namespace that is joined the map is not known here: think the worst of it. */
	return selfexe_protect(l->namespaces.user_made ? &l->ids.uids : NULL, e);
}

int launch_create(struct launch *l, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(stages); i++) {
		log_debug("create: %s", stages[i].name);
		r = stages[i].run(l, e);
	}
	if (r == 0)
		return 0;
	prepare_hint_restricted(l, e);
	launch_undo(l, e);
	return e->code;
}

void launch_done(struct launch *l)
{
	for (size_t i = 0; i < ARRAY_SIZE(l->join_fds); i++)
		fd_close(&l->join_fds[i]);
	fd_close(&l->console_socket);
	fd_close(&l->start_socket);
	fd_close(&l->sync);
	fd_close(&l->pidfd);
	fd_close(&l->console);
	fuse_servers_done(&l->fuse);
	netdevices_done(&l->net_devices);
	notify_done(l);
	cgroup_freep(&l->cgroup);
	if (l->have_seccomp)
		seccomp_program_done(&l->seccomp);
	if (l->claimed)
		state_done(&l->state);
	ids_plan_done(&l->ids);
	bundle_document_done(&l->document);
	free(l->root);
	free(l->bundle);
	free(l->rootfs);
	if (l->interrupted)
		interrupt_repeat(l->interrupted);
}

int container_create(const struct runtime *rt, const struct create_options *options, struct err *e)
{
	struct launch l = { .rt = rt, .options = options };
	int r = launch_prepare(&l, e);

	if (r == 0)
		r = launch_create(&l, e);
	launch_done(&l);
	return r;
}
