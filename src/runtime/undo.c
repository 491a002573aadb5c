/* SPDX-License-Identifier: Apache-2.0 */
/* A create that failed: nothing of it stays, and the error says what init could not say any more. */
#include <errno.h>
#include <signal.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "kernel/interrupt.h"
#include "kernel/signals.h"
#include "kernel/spawn.h"
#include "runtime/detach.h"
#include "runtime/fuse-server.h"
#include "runtime/launch.h"
#include "runtime/netdevices.h"
#include "runtime/prepare.h"
#include "runtime/rdt.h"

#define DEATH_TIMEOUT_MS 1000

/* How init ended, when it ended without a word: the kernel's reason is better than none. */
static void explain_death(int status, struct err *e)
{
	if (e->code != -EPIPE || status < 128)
		return;
	err_say(e, -EPIPE, "init was killed by signal %d%s", status - 128,
		status - 128 == SIGKILL ? "; a memory limit that is too small does that" : "");
}

void launch_note_interrupt(struct launch *l, struct err *e)
{
	if (l->interrupted)
		return;
	/* Whatever has failed: from a terminal init gets the signal, too, and may have ended by it first. */
	l->interrupted = interrupt_take();
	if (!l->interrupted)
		return;
	e->code = -EINTR;
	err_wrap(e, "%s", signals_name(l->interrupted));
}

void runtime_end_interrupted(void)
{
	interrupt_deliver();
}

static bool is_gone(int r, const struct err *e)
{
	if (r < 0)
		log_warning("%s", e->text);
	return r >= 0;
}

/* Close the socket first, so that init wakes up and ends; then kill, reap, and undo in reverse order. */
void launch_undo(struct launch *l, struct err *e)
{
	struct err ignored = ERR_INIT;
	int status = 0;
	bool gone;

	launch_note_interrupt(l, e);
	fuse_server_explain(&l->fuse, e);
	fuse_servers_done(&l->fuse);
	fd_close(&l->sync);
	fd_close(&l->start_socket);
	if (l->pidfd >= 0) {
		/* It is ending by itself, and how tells more than our signal would. */
		if (e->code == -EPIPE)
			(void)spawn_wait_gone(l->pidfd, DEATH_TIMEOUT_MS);
		(void)spawn_signal(l->pidfd, SIGKILL);
		if (spawn_wait(l->pidfd, &status) == 0 && !l->hooks_begun)
			explain_death(status, e);
	}
	netdevices_return(&l->net_devices, e);
	if (!l->claimed)
		return;
	if (l->hooks_begun)
		prepare_run_poststop(l->config, &l->record);
	gone = is_gone(l->cgroup_made ? cgroup_remove(l->cgroup, &ignored) : 0, &ignored);
	gone &= is_gone(rdt_remove(&l->record, &ignored), &ignored);
	gone &= is_gone(fuse_server_end(&l->record, &ignored), &ignored);
	gone &= is_gone(detach_root(&l->record, l->config, &ignored), &ignored);
	/* What could not be removed stays known, for `delete --force`. */
	if (gone)
		(void)is_gone(state_remove(&l->state, &ignored), &ignored);
}
