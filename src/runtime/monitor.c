/* SPDX-License-Identifier: Apache-2.0 */
/* One poll loop over the child, the signals and the terminal: see monitor.h. */
#include "runtime/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <termios.h>

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/log.h"
#include "base/str.h"
#include "kernel/spawn.h"
#include "kernel/tty.h"
#include "runtime/notify.h"

struct monitor {
	sigset_t old_mask;
	int signals;      /* signalfd */
	int console;      /* the container's terminal, -EBADF: none */
	bool raw;         /* our stdin was made raw */
	bool stdin_open;  /* there may be more input */
	struct termios old_settings;
};

int monitor_prepare(struct monitor **ret_monitor, struct err *e)
{
	struct monitor *m = xcalloc(1, sizeof(*m));
	sigset_t all;

	m->console = m->signals = -EBADF;
	sigfillset(&all);
	/* A fault of our own must end us. */
	sigdelset(&all, SIGSEGV);
	sigdelset(&all, SIGBUS);
	sigdelset(&all, SIGFPE);
	sigdelset(&all, SIGILL);
	sigdelset(&all, SIGABRT);
	sigprocmask(SIG_BLOCK, &all, &m->old_mask);
	m->signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (m->signals < 0) {
		int r = err_set(e, -errno, "signalfd");

		monitor_free(m);
		return r;
	}
	*ret_monitor = m;
	return 0;
}

void monitor_free(struct monitor *monitor)
{
	if (!monitor)
		return;
	if (monitor->raw)
		(void)tty_restore(STDIN_FILENO, &monitor->old_settings);
	fd_close(&monitor->console);
	fd_close(&monitor->signals);
	sigprocmask(SIG_SETMASK, &monitor->old_mask, NULL);
	free(monitor);
}

/* Some copies are a shell's business: stopping and continuing ourselves. */
static bool is_forwarded(int sig)
{
	return sig != SIGCHLD && sig != SIGTSTP && sig != SIGTTIN && sig != SIGTTOU && sig != SIGPIPE &&
	       sig != SIGWINCH && sig != SIGURG;
}

static void take_signals(struct monitor *m, int pidfd)
{
	struct signalfd_siginfo info;

	while (read(m->signals, &info, sizeof(info)) == sizeof(info)) {
		int sig = (int)info.ssi_signo;

		if (sig == SIGWINCH && m->console >= 0)
			(void)tty_copy_size(STDIN_FILENO, m->console);
		else if (is_forwarded(sig))
			/* ESRCH: it has just ended, and the loop is about to see that. */
			(void)spawn_signal(pidfd, sig);
	}
}

/* Copy what is there.  False when `from` has ended. */
static bool copy(int from, int to)
{
	char buffer[16384];
	ssize_t n = read(from, buffer, sizeof(buffer));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	return n > 0 && fdio_write_all(to, buffer, (size_t)n) == 0;
}

/* What the program printed last is still in the terminal when it is gone. */
static void drain(struct monitor *m)
{
	if (m->console < 0)
		return;
	fcntl(m->console, F_SETFL, O_NONBLOCK);
	for (;;) {
		char buffer[16384];
		ssize_t n = read(m->console, buffer, sizeof(buffer));

		if (n <= 0 || fdio_write_all(STDOUT_FILENO, buffer, (size_t)n) < 0)
			return;
	}
}

static int take_over_console(struct monitor *m, int console, struct err *e)
{
	int r;

	m->console = console;
	if (console < 0)
		return 0;
	m->stdin_open = true;
	if (!isatty(STDIN_FILENO))
		return 0;
	(void)tty_copy_size(STDIN_FILENO, console);
	r = tty_make_raw(STDIN_FILENO, &m->old_settings);
	if (r < 0)
		return err_set(e, r, "make the terminal raw");
	m->raw = true;
	return 0;
}

/* What the container says to the service manager; a manager that cannot be reached does not end it. */
static void pass_notification(const struct monitor_child *child)
{
	struct err e = ERR_INIT;
	bool ready;

	if (notify_forward(child->notify_socket, child->pid, &ready, &e) < 0)
		log_warning("%s", e.text);
}

int monitor_run(struct monitor *monitor, const struct monitor_child *child, int *ret_status, struct err *e)
{
	int r;

	r = take_over_console(monitor, child->console, e);
	if (r < 0)
		return r;
	for (;;) {
		struct pollfd fds[] = {
			{ .fd = child->pidfd, .events = POLLIN },
			{ .fd = monitor->signals, .events = POLLIN },
			{ .fd = monitor->console, .events = POLLIN },
			{ .fd = monitor->stdin_open && monitor->console >= 0 ? STDIN_FILENO : -1, .events = POLLIN },
			{ .fd = child->notify_socket, .events = POLLIN },
		};

		if (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno != EINTR)
			return err_set(e, -errno, "poll");
		if (fds[1].revents)
			take_signals(monitor, child->pidfd);
		/* A terminal whose last user is gone reads as EIO. */
		if (fds[2].revents && !copy(monitor->console, STDOUT_FILENO))
			fd_close(&monitor->console);
		if (fds[3].revents && monitor->console >= 0)
			monitor->stdin_open = copy(STDIN_FILENO, monitor->console);
		if (fds[4].revents)
			pass_notification(child);
		if (fds[0].revents)
			break;
	}
	drain(monitor);
	r = spawn_wait(child->pidfd, ret_status);
	return r < 0 ? err_set(e, r, "wait for the container's process") : 0;
}
