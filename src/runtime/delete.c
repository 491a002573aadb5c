/* SPDX-License-Identifier: Apache-2.0 */
/* `delete` and `kill`: ending a container and removing what create made (runtime.md, "Delete", "Kill"). */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "cgroup/cgroup.h"
#include "kernel/signals.h"
#include "kernel/spawn.h"
#include "runtime/detach.h"
#include "runtime/fuse-server.h"
#include "runtime/launch.h"
#include "runtime/prepare.h"
#include "runtime/rdt.h"
#include "runtime/state-document.h"

#define KILL_TIMEOUT_MS 30000 /* what the kernel may need to tear a large process down */
#define KILL_WAIT_MS 1000     /* what `kill` waits for that: an ordinary program is gone long before */

/* What is to be waited for is in *ret_init; its pidfd is -EBADF when nobody is there any more. */
static int kill_init(struct state *state, struct state_now *ret_init, struct err *e)
{
	int r = state_look(state, ret_init, e);

	if (r < 0 || ret_init->pidfd < 0)
		return r;
	r = spawn_signal(ret_init->pidfd, SIGKILL);
	if (r < 0 && r != -ESRCH)
		return err_set(e, r, "container %s: kill its init", state->id);
	return 0;
}

static int wait_for_init(const struct state *state, const struct state_now *init, struct err *e)
{
	int r = init->pidfd < 0 ? 0 : spawn_wait_gone(init->pidfd, KILL_TIMEOUT_MS);

	return r < 0 ? err_set(e, r, "container %s: process %d does not end", state->id, init->pid) : 0;
}

/* Remember the first error and go on: what can be removed is removed. */
static void note(struct err *first, const struct err *e)
{
	if (first->code == 0)
		*first = *e;
	else
		log_warning("%s", e->text);
}

/* A create that died before it wrote down an init may not even have made the cgroup: who is in there may be somebody
   else.  Its own init ends by itself. */
static int wait_until_empty(struct cgroup *cgroup, const char *path, struct err *e)
{
	const struct timespec pause = { .tv_nsec = 10000000 };

	for (int i = 0; i < 300; i++) {
		_cleanup_free_ pid_t *pids = NULL;
		size_t n = 0;
		int r = cgroup_pids(cgroup, &pids, &n, e);

		if (r < 0 || n == 0)
			return r;
		nanosleep(&pause, NULL);
	}
	return err_say(e, -EBUSY, "cgroup %s: not empty, and it is not known whose processes these are", path);
}

/* Everybody in the cgroup is killed, which also thaws: a frozen init dies only then.  Its end is awaited by its pidfd,
   since the kernel tells of an empty cgroup at most every ten milliseconds (CGROUP_FILE_NOTIFY_MIN_INTV), counted from
   when it was filled; with a pid namespace nobody is left then. */
static int remove_cgroup(struct state *state, const struct state_now *init, struct err *e)
{
	const struct state_document *d = state_document(state);
	_cleanup_(cgroup_freep) struct cgroup *cgroup = NULL;
	struct err second = ERR_INIT; /* one failure is told, the first */
	int r, waited;

	r = state_open_cgroup(d, &cgroup, e);
	if (r == 0 && d->creating && d->pid == 0)
		r = wait_until_empty(cgroup, d->cgroup_path ? d->cgroup_path : "", e);
	if (r == 0 && init->pidfd >= 0)
		r = cgroup_signal(cgroup, SIGKILL, e);
	/* It was killed by itself as well, and is not left dying whatever became of its cgroup. */
	waited = wait_for_init(state, init, r == 0 ? e : &second);
	if (r == 0)
		r = waited;
	return r < 0 ? r : cgroup_remove(cgroup, e);
}

int launch_destroy(struct state *state, const struct oci_config *config, struct err *e)
{
	_cleanup_(state_now_done) struct state_now init = { .pidfd = -EBADF };
	const struct state_document *d = state_document(state);
	struct err first = ERR_INIT, each = ERR_INIT;

	if (d) {
		if (kill_init(state, &init, &each) < 0)
			note(&first, &each);
		if (remove_cgroup(state, &init, &each) < 0)
			note(&first, &each);
		if (rdt_remove(d, &each) < 0)
			note(&first, &each);
		if (fuse_server_end(d, &each) < 0)
			note(&first, &each);
		if (detach_root(d, config, &each) < 0)
			note(&first, &each);
	}
	if (first.code == 0 && state_remove(state, &each) < 0)
		note(&first, &each);
	if (d && config)
		prepare_run_poststop(config, d);
	*e = first;
	return first.code;
}

/* Not forced: only what does not run.  A created container is killed, as with every peer: engines
   rely on it. */
static int check_deletable(struct state *state, struct err *e)
{
	_cleanup_(state_now_done) struct state_now now = { .pidfd = -EBADF };
	int r;

	r = state_look(state, &now, e);
	if (r < 0)
		return r;
	if (now.status == OCI_STATUS_RUNNING || now.status == OCI_STATUS_PAUSED)
		return err_say(e, -EBUSY, "cannot delete container %s that is not stopped: %s; kill it first, or use --force",
			       state->id, oci_status_name(now.status));
	return 0;
}

/* End a create that hangs in a hook: it holds the lock that we are going to wait for. */
static void kill_unlocked(const char *root, const char *id)
{
	_cleanup_(state_now_done) struct state_now init = { .pidfd = -EBADF };
	struct err ignored = ERR_INIT;
	struct state state;

	if (state_open(root, id, false, &state, &ignored) < 0)
		return;
	if (kill_init(&state, &init, &ignored) < 0)
		log_debug("%s", ignored.text);
	state_done(&state);
}

int container_delete(const struct runtime *rt, const char *id, bool force, struct err *e)
{
	_cleanup_(bundle_document_done) struct bundle_document config = { .root = NULL };
	_cleanup_free_ char *root = NULL;
	struct err ignored = ERR_INIT;
	struct state state;
	int r;

	r = runtime_root(rt, &root, e);
	if (r == 0)
		r = state_check_id(id, e);
	if (r < 0)
		return r;
	if (force)
		kill_unlocked(root, id);
	r = state_open(root, id, true, &state, e);
	if (r == -ENOENT && force)
		return 0;
	if (r == -EINVAL && force) {
		log_warning("%s; only its state directory can be removed", e->text);
		r = state_open_unread(root, id, &state, e);
	}
	if (r < 0)
		return r;
	if (!force)
		r = check_deletable(&state, e);
	if (r == 0) {
		/* A create that died early left no record, and no hooks to run: its configuration may be there in part. */
		r = state_read_config(&state, &config, &ignored);
		if (r < 0 && r != -ENOENT && state_document(&state))
			log_warning("%s; its poststop hooks cannot be run", ignored.text);
		r = launch_destroy(&state, config.root, e);
	}
	state_done(&state);
	return r;
}

/* The signal to send when none is named. */
static const char *default_signal(const struct state *state)
{
	const struct state_document *d = state_document(state);

	for (size_t i = 0; d && i < d->n_annotations; i++)
		if (strcmp(d->annotations[i].key, "org.opencontainers.image.stopSignal") == 0)
			return d->annotations[i].value;
	return "SIGTERM";
}

static int signal_all(const struct state *state, int sig, struct err *e)
{
	_cleanup_(cgroup_freep) struct cgroup *cgroup = NULL;
	int r;

	r = state_open_cgroup(state_document(state), &cgroup, e);
	return r < 0 ? r : cgroup_signal(cgroup, sig, e);
}

static int thaw(const struct state *state, struct err *e)
{
	_cleanup_(cgroup_freep) struct cgroup *cgroup = NULL;
	int r;

	r = state_open_cgroup(state_document(state), &cgroup, e);
	return r < 0 ? r : cgroup_freeze(cgroup, false, e);
}

static int kill_container(const struct state *state, int sig, bool all, struct err *e)
{
	const struct state_document *d = state_document(state);
	_cleanup_(state_now_done) struct state_now now = { .pidfd = -EBADF };
	int r;

	r = state_look(state, &now, e);
	if (r < 0)
		return r;
	/* Processes may outlive init where the pid namespace is shared. */
	if (all && d) {
		r = signal_all(state, sig, e);
		if (r < 0)
			return r;
	}
	if (now.pidfd < 0)
		return all ? 0 : err_say(e, -ESRCH, "container not running: %s", state->id);
	/* It has had the signal with all others of the cgroup, if there is one. */
	r = all && d && d->cgroup_manager ? 0 : spawn_signal(now.pidfd, sig);
	if (r == -ESRCH)
		return err_say(e, r, "container not running: %s", state->id);
	if (r < 0)
		return err_set(e, r, "container %s: send %s", state->id, signals_name(sig));
	if (sig != SIGKILL)
		return 0;
	/* What is frozen dies when it is thawed, and only then on cgroup v1. */
	r = now.status == OCI_STATUS_PAUSED ? thaw(state, e) : 0;
	/* That takes milliseconds: whoever deletes the container next is not told that it runs.  The kernel may also
	   need longer, or for ever, which the caller sees in the state, as before. */
	(void)spawn_wait_gone(now.pidfd, KILL_WAIT_MS);
	return r;
}

int container_kill(const struct runtime *rt, const char *id, const char *signal, bool all, struct err *e)
{
	_cleanup_free_ char *root = NULL;
	struct state state;
	const char *name;
	int r, sig;

	r = runtime_root(rt, &root, e);
	if (r == 0)
		r = state_open(root, id, false, &state, e);
	if (r != 0)
		return r;
	name = signal ? signal : default_signal(&state);
	/* As for kill(2), 0 is no signal, but asks whether there is somebody. */
	sig = signal && strcmp(signal, "0") == 0 ? 0 : signals_from_name(name);
	r = sig < 0 ? err_say(e, -EINVAL, "unknown signal '%s'", name) : kill_container(&state, sig, all, e);
	if (sig < 0 && !signal)
		err_wrap(e, "annotations.org.opencontainers.image.stopSignal");
	state_done(&state);
	return r;
}
