/* SPDX-License-Identifier: Apache-2.0 */
/* `run`: create and start in one, and unless detached a wait for the end. */
#include <errno.h>
#include <poll.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "runtime/launch.h"
#include "runtime/monitor.h"
#include "runtime/netdevices.h"
#include "runtime/notify.h"

/* Detached, but a service: it is started when the container says so, or has ended. */
static int wait_until_ready(struct launch *l, struct err *e)
{
	bool ready = false;
	int r = 0;

	while (r == 0 && !ready) {
		struct pollfd fds[] = {
			{ .fd = l->notify_socket, .events = POLLIN },
			{ .fd = l->pidfd, .events = POLLIN },
		};

		if (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno != EINTR)
			return err_set(e, -errno, "poll");
		if (fds[0].revents)
			r = notify_forward(l->notify_socket, l->pid, &ready, e);
		else if (fds[1].revents)
			return 0;
	}
	return r;
}

static int start_and_wait(struct launch *l, struct monitor *monitor, int *ret_status, struct err *e)
{
	struct monitor_child child;
	int r = launch_start_created(&l->state, l->config, l->pidfd, l->sync, e);

	if (r < 0) {
		launch_note_interrupt(l, e);
		netdevices_return(&l->net_devices, e);
		r = e->code;
	}
	/* Or they would stay when the container's namespace ends. */
	netdevices_done(&l->net_devices);
	if (r == 0 && !monitor && l->notify_socket >= 0)
		r = wait_until_ready(l, e);
	if (r < 0 || !monitor)
		return r;
	child = (struct monitor_child){ l->pid, l->pidfd, TAKE_FD(l->console), l->notify_socket };
	r = monitor_run(monitor, &child, ret_status, e);
	/* Waited for: its number may be anybody's from now on. */
	if (r == 0)
		l->record.pid = 0;
	return r;
}

int launch_finish(struct launch *l, int r, struct err *e)
{
	struct err words = ERR_INIT;
	int done;

	done = state_lock(&l->state, &words);
	/* -ENOENT: `delete` was faster. */
	if (done == 0)
		done = launch_destroy(&l->state, l->config, &words);
	if (done == -ENOENT || done == 0)
		return r;
	if (r < 0) {
		log_warning("%s", words.text);
		return r;
	}
	*e = words;
	return done;
}

int container_run(const struct runtime *rt, const struct create_options *options, int *ret_status, struct err *e)
{
	struct launch l = { .rt = rt, .options = options, .running = true, .foreground = !options->detach };
	struct monitor *monitor = NULL;
	int r;

	*ret_status = 0;
	r = launch_prepare(&l, e);
	if (r == 0 && !options->detach)
		r = monitor_prepare(&monitor, e);
	if (r == 0)
		r = launch_create(&l, e);
	if (r == 0) {
		r = start_and_wait(&l, monitor, ret_status, e);
		if (r < 0 || (!options->detach && !options->keep))
			r = launch_finish(&l, r, e);
	}
	monitor_free(monitor);
	launch_done(&l);
	return r;
}
