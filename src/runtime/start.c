/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `start`: connect to init, which then runs the program.  Its socket closes by itself when execve succeeds, so a
 * failed execve is our error, not a line in the container's log.  (runtime.md, "Lifecycle", steps 6 to 9.)
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "kernel/sock.h"
#include "kernel/spawn.h"
#include "runtime/hooks.h"
#include "runtime/launch.h"
#include "runtime/listener.h"
#include "runtime/sync.h"

#define END_TIMEOUT_MS 5000

/* Follow init until the program runs. */
static int follow(int sock, const struct state *state, const struct oci_config *config, struct err *e)
{
	static const enum sync_type types[] = { SYNC_EXEC, SYNC_NOTIFY_FD };
	struct sync_msg msg;
	int r;

	for (;;) {
		r = sync_expect_one_of(sock, types, ARRAY_SIZE(types), &msg, e);
		if (r == -EPIPE && config->linux_ && config->linux_->seccomp && !config->process->no_new_privileges)
			return err_hint(e, "the profile in linux.seccomp may be why: without process.noNewPrivileges it is in "
					   "force when the user and the capabilities are set");
		if (r < 0)
			return r;
		if (msg.type == SYNC_EXEC)
			return sync_expect_end(sock, e);
		r = listener_hand_over(config, state_document(state), OCI_STATUS_CREATED, state_document(state)->pid,
				       msg.fd, e);
		fd_close(&msg.fd);
		if (r == 0)
			r = sync_send(sock, SYNC_NOTIFY_SENT, 0, -EBADF, e);
		if (r < 0)
			return r;
	}
}

static int connect_init(const struct state *state, struct err *e)
{
	int sock = sock_connect_at(state->dir_fd, STATE_START_SOCKET);

	if (sock < 0)
		return err_set(e, sock, "container %s: connect to its init", state->id);
	return sock;
}

/* A container whose start failed is stopped when start returns. */
static void end_init(int pidfd)
{
	/* Both fail only when it has ended already, or takes for ever, and there is an error to tell already. */
	(void)spawn_signal(pidfd, SIGKILL);
	(void)spawn_wait_gone(pidfd, END_TIMEOUT_MS);
}

/* The peers and the specification agree: a container whose poststart hooks fail does not go on. */
static int run_poststart(const struct state *state, const struct oci_config *config, int pidfd, struct err *e)
{
	const struct hooks_run run = {
		.config = config,
		.document = state_document(state),
		.pid = (pid_t)state_document(state)->pid,
		.watch_pidfd = -EBADF,
		.interruptible = true,
	};
	int r = hooks_run(&run, HOOK_POSTSTART, e);

	if (r < 0)
		end_init(pidfd);
	return r;
}

static int check_process(const struct state *state, const struct oci_config *config, struct err *e)
{
	if (config->process)
		return 0;
	return err_say(e, -EINVAL, "cannot start container %s: process: required property is missing", state->id);
}

int launch_start_created(struct state *state, const struct oci_config *config, int pidfd, int sock, struct err *e)
{
	int r = check_process(state, config, e);

	if (r == 0)
		r = follow(sock, state, config, e);
	if (r < 0) {
		end_init(pidfd);
		return r;
	}
	/* Hooks may call any command on this container. */
	state_unlock(state);
	return run_poststart(state, config, pidfd, e);
}

int launch_start(struct state *state, const struct oci_config *config, struct err *e)
{
	_cleanup_(state_now_done) struct state_now now = { .pidfd = -EBADF };
	_cleanup_close_ int sock = -EBADF;
	int r = state_look(state, &now, e);

	if (r < 0)
		return r;
	if (now.status != OCI_STATUS_CREATED)
		return err_say(e, -EINVAL, "cannot start container %s: it is %s, not created", state->id,
			       oci_status_name(now.status));
	r = check_process(state, config, e);
	if (r < 0)
		return r;
	sock = connect_init(state, e);
	if (sock < 0)
		return sock;
	/* It is "created" no longer, whatever happens to us: the socket has had its one visitor. */
	if (unlinkat(state->dir_fd, STATE_START_SOCKET, 0) < 0 && errno != ENOENT) {
		r = err_set(e, -errno, "remove %s/" STATE_START_SOCKET, state->path);
		end_init(now.pidfd);
		return r;
	}
	return launch_start_created(state, config, now.pidfd, sock, e);
}

int container_start(const struct runtime *rt, const char *id, struct err *e)
{
	_cleanup_(bundle_document_done) struct bundle_document config = { .root = NULL };
	_cleanup_free_ char *root = NULL;
	struct state state;
	int r;

	r = runtime_root(rt, &root, e);
	if (r == 0)
		r = state_open(root, id, true, &state, e);
	if (r != 0)
		return r;
	r = state_read_config(&state, &config, e);
	if (r == 0)
		r = launch_start(&state, config.root, e);
	state_done(&state);
	return r;
}
