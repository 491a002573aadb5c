/* SPDX-License-Identifier: Apache-2.0 */
/* `events`: what a container uses, now or again and again, and when the kernel ended a process of it for want of memory. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/timerfd.h>

#include "base/cleanup.h"
#include "cgroup/oom.h"
#include "runtime/control.h"
#include "runtime/state-document.h"
#include "runtime/stats-json.h"

static int emit(const struct events_options *options, char *json, struct err *e)
{
	_cleanup_free_ char *line = json;

	return line ? options->emit(line, options->ctx, e) : err_set(e, -ENOMEM, "events of container %s", options->id);
}

static int emit_stats(const struct events_options *options, const struct control *t, struct err *e)
{
	_cleanup_(netstats_done) struct netstats net = NETSTATS_INIT;
	struct cgroup_stats stats;
	int r = netstats_read(&t->now, &net, e);

	if (r == 0)
		r = cgroup_stats(t->cgroup, &stats, e);
	if (r < 0)
		return r;
	r = emit(options, stats_json(options->id, &stats, &net), e);
	cgroup_stats_done(&stats);
	return r;
}

static int emit_oom(const struct events_options *options, struct cgroup_oom *oom, struct err *e)
{
	bool happened;
	int r = cgroup_oom_happened(oom, &happened);

	if (r < 0)
		return err_set(e, r, "container %s: cannot watch for a lack of memory", options->id);
	return happened ? emit(options, event_json("oom", options->id), e) : 0;
}

static int start_timer(int64_t interval_ns, int *ret_fd, struct err *e)
{
	const struct timespec interval = { .tv_sec = interval_ns / 1000000000, .tv_nsec = interval_ns % 1000000000 };
	const struct itimerspec timer = { .it_interval = interval, .it_value = interval };
	_cleanup_close_ int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0 || timerfd_settime(fd, 0, &timer, NULL) < 0)
		return err_set(e, -errno, "timer");
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* Between two events the container may have ended, and its cgroup with it: then there is nothing to tell. */
static bool has_ended(const struct control *t)
{
	struct pollfd p = { .fd = t->now.pidfd, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

static int emit_stats_on_tick(const struct events_options *options, const struct control *t, int timer_fd, struct err *e)
{
	struct err why = ERR_INIT;
	uint64_t ticks;
	int r;

	/* EAGAIN: the timer was set back; one tick is as good as many that came while nobody looked. */
	if (read(timer_fd, &ticks, sizeof(ticks)) < 0)
		return errno == EAGAIN ? 0 : err_set(e, -errno, "timer");
	r = emit_stats(options, t, &why);
	if (r < 0 && !has_ended(t))
		*e = why;
	return r < 0 && has_ended(t) ? 0 : r;
}

/* Until the container ends, or nobody reads any more. */
static int watch(const struct events_options *options, const struct control *t, struct cgroup_oom *oom, int timer_fd,
		 struct err *e)
{
	enum { TIMER, OOM, INIT, READER, N_FDS };
	struct pollfd p[N_FDS] = {
		[TIMER] = { .fd = timer_fd, .events = POLLIN },
		[OOM] = { .fd = oom->fd, .events = oom->poll_events },
		[INIT] = { .fd = t->now.pidfd, .events = POLLIN },
		[READER] = { .fd = options->reader_fd }, /* POLLERR: the other end of the pipe was closed */
	};

	for (;;) {
		int r = poll(p, N_FDS, -1) < 0 ? -errno : 0;

		if (r == -EINTR)
			continue;
		if (r < 0)
			return err_set(e, r, "wait for events");
		/* Also when init has ended: that may be why. */
		r = p[OOM].revents || p[INIT].revents ? emit_oom(options, oom, e) : 0;
		if (r < 0 || p[INIT].revents || p[READER].revents)
			return r;
		/* A file of a cgroup that was removed is always ready. */
		if (p[OOM].revents & (POLLHUP | POLLNVAL))
			p[OOM].fd = -1;
		r = p[TIMER].revents ? emit_stats_on_tick(options, t, timer_fd, e) : 0;
		if (r < 0)
			return r;
	}
}

static int watch_target(const struct events_options *options, const struct control *t, struct err *e)
{
	_cleanup_(cgroup_oom_done) struct cgroup_oom oom = CGROUP_OOM_INIT;
	_cleanup_close_ int timer_fd = -EBADF;
	int r = cgroup_oom_watch(t->cgroup, &oom, e);

	if (r == 0)
		r = start_timer(options->interval_ns, &timer_fd, e);
	return r < 0 ? r : watch(options, t, &oom, timer_fd, e);
}

int container_events(const struct runtime *rt, const struct events_options *options, struct err *e)
{
	struct control t;
	int r = control_open(rt, options->id, false, &t, e);

	if (r < 0)
		return r;
	if (!state_document(&t.state)->cgroup_manager)
		r = err_say(e, -EOPNOTSUPP, "container %s has no cgroup, and without one nobody counts what it uses",
			    options->id);
	else if (options->interval_ns == 0)
		r = emit_stats(options, &t, e);
	else
		r = watch_target(options, &t, e);
	control_close(&t);
	return r;
}
