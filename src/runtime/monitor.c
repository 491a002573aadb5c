/* SPDX-License-Identifier: Apache-2.0 */
/* One poll loop over the child, the signals and the terminal: see monitor.h. */
#include "runtime/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/str.h"
#include "kernel/pathat.h"
#include "kernel/spawn.h"
#include "kernel/tty.h"
#include "runtime/notify.h"

/* Bytes on their way: read, and not yet written.  Nothing is read while they wait. */
struct flow {
	size_t from, to;
	char bytes[16384];
};

struct monitor {
	int signals;      /* signalfd */
	int console;      /* the container's terminal, not blocking; -EBADF: none */
	int output;       /* our stdout once more, not blocking; -EBADF: it cannot be opened again */
	struct flow typed, printed;
	bool raw;         /* our stdin was made raw */
	bool stdin_open;  /* there may be more input */
	char last_typed;  /* '\0': nothing was */
	struct termios old_settings;
};

int monitor_prepare(struct monitor **ret_monitor, struct err *e)
{
	struct monitor *m = xcalloc(1, sizeof(*m));
	sigset_t all;

	m->console = m->signals = m->output = -EBADF;
	sigfillset(&all);
	/* A fault of our own must end us. */
	sigdelset(&all, SIGSEGV);
	sigdelset(&all, SIGBUS);
	sigdelset(&all, SIGFPE);
	sigdelset(&all, SIGILL);
	sigdelset(&all, SIGABRT);
	sigprocmask(SIG_BLOCK, &all, NULL);
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
	fd_close(&monitor->output);
	fd_close(&monitor->signals);
	free(monitor);
}

/* Some copies are a shell's business: stopping and continuing ourselves. */
static bool is_forwarded(int sig)
{
	return sig != SIGCHLD && sig != SIGTSTP && sig != SIGTTIN && sig != SIGTTOU && sig != SIGPIPE &&
	       sig != SIGWINCH && sig != SIGURG;
}

/* True when one came that asks us to end. */
static bool take_signals(struct monitor *m, int pidfd)
{
	struct signalfd_siginfo info;
	bool any = false;

	while (read(m->signals, &info, sizeof(info)) == sizeof(info)) {
		int sig = (int)info.ssi_signo;

		if (sig == SIGWINCH && m->console >= 0)
			(void)tty_copy_size(STDIN_FILENO, m->console);
		if (!is_forwarded(sig))
			continue;
		any = true;
		/* ESRCH: it has just ended, and the loop is about to see that. */
		(void)spawn_signal(pidfd, sig);
	}
	return any;
}

static bool is_waiting(const struct flow *flow)
{
	return flow->from < flow->to;
}

/* Read what is there.  False when `fd` has ended. */
static bool fill(struct flow *flow, int fd)
{
	ssize_t n = read(fd, flow->bytes, sizeof(flow->bytes));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	flow->from = 0;
	flow->to = n > 0 ? (size_t)n : 0;
	return n > 0;
}

/* Write once, what fits.  False when nobody takes it any more. */
static bool pour(struct flow *flow, int fd)
{
	size_t left = flow->to - flow->from;
	ssize_t n = send(fd, flow->bytes + flow->from, left, MSG_DONTWAIT | MSG_NOSIGNAL);

	/* A descriptor that blocks all the same is a pipe in most cases, which takes as much as this (pipe(7)). */
	if (n < 0 && errno == ENOTSOCK)
		n = write(fd, flow->bytes + flow->from, left < PIPE_BUF ? left : PIPE_BUF);
	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	flow->from += (size_t)n;
	return true;
}

/* What our stdin, which is no terminal, ends with is a character for the container's (termios(3), VEOF).  Behind half a
   line the first one only hands that on. */
static void type_end(struct monitor *m)
{
	struct termios settings;

	if (tcgetattr(m->console, &settings) < 0 || settings.c_cc[VEOF] == _POSIX_VDISABLE)
		return;
	m->typed.bytes[0] = m->typed.bytes[1] = (char)settings.c_cc[VEOF];
	m->typed.to = m->last_typed == '\0' || m->last_typed == '\n' ? 1 : 2;
}

static void take_input(struct monitor *m)
{
	m->stdin_open = fill(&m->typed, STDIN_FILENO);
	if (is_waiting(&m->typed))
		m->last_typed = m->typed.bytes[m->typed.to - 1];
	if (!m->stdin_open && !m->raw)
		type_end(m);
}

static int output_fd(const struct monitor *m)
{
	return m->output >= 0 ? m->output : STDOUT_FILENO;
}

/* What the program printed last is still in the terminal when it is gone.  Whoever reads it may take his time, and may
   end the wait with a signal. */
static void drain(struct monitor *m, int pidfd)
{
	while (m->console >= 0 && (is_waiting(&m->printed) || fill(&m->printed, m->console)) && is_waiting(&m->printed)) {
		struct pollfd fds[] = {
			{ .fd = output_fd(m), .events = POLLOUT },
			{ .fd = m->signals, .events = POLLIN },
		};

		if (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno != EINTR)
			return;
		if (fds[1].revents && take_signals(m, pidfd))
			return;
		if (fds[0].revents && !pour(&m->printed, output_fd(m)))
			return;
	}
}

/* Our stdout may be shared with others, who do not expect that it stops blocking: it is opened once more. */
static void open_output(struct monitor *m)
{
	struct stat st;

	if (fstat(STDOUT_FILENO, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)))
		m->output = pathat_reopen(STDOUT_FILENO, O_WRONLY | O_NONBLOCK);
}

static int take_over_console(struct monitor *m, int console, struct err *e)
{
	int r;

	m->console = console;
	if (console < 0)
		return 0;
	m->stdin_open = true;
	if (fcntl(console, F_SETFL, O_RDWR | O_NONBLOCK) < 0)
		return err_set(e, -errno, "the container's terminal");
	open_output(m);
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

enum { CHILD, SIGNALS, CONSOLE_IN, CONSOLE_OUT, INPUT, OUTPUT, NOTIFY, N_FDS };

/* A source is asked only when what came from it is gone, a destination only when something waits for it: neither
   side of the terminal keeps the other, or us, waiting. */
static void choose_fds(const struct monitor *m, const struct monitor_child *child, struct pollfd fds[N_FDS])
{
	bool typed = is_waiting(&m->typed), printed = is_waiting(&m->printed), console = m->console >= 0;

	fds[CHILD] = (struct pollfd){ .fd = child->pidfd, .events = POLLIN };
	fds[SIGNALS] = (struct pollfd){ .fd = m->signals, .events = POLLIN };
	fds[CONSOLE_IN] = (struct pollfd){ .fd = printed ? -1 : m->console, .events = POLLIN };
	fds[CONSOLE_OUT] = (struct pollfd){ .fd = typed ? m->console : -1, .events = POLLOUT };
	fds[INPUT] = (struct pollfd){ .fd = console && m->stdin_open && !typed ? STDIN_FILENO : -1, .events = POLLIN };
	fds[OUTPUT] = (struct pollfd){ .fd = printed ? output_fd(m) : -1, .events = POLLOUT };
	fds[NOTIFY] = (struct pollfd){ .fd = child->notify_socket, .events = POLLIN };
}

static void serve_console(struct monitor *m, const struct pollfd fds[N_FDS])
{
	bool open = true;

	if (fds[INPUT].revents)
		take_input(m);
	if (fds[CONSOLE_OUT].revents && !pour(&m->typed, m->console)) {
		m->stdin_open = false;
		m->typed.from = m->typed.to;
	}
	/* A terminal whose last user is gone reads as EIO. */
	if (fds[CONSOLE_IN].revents)
		open = fill(&m->printed, m->console);
	if (fds[OUTPUT].revents)
		open = pour(&m->printed, output_fd(m));
	if (open)
		return;
	fd_close(&m->console);
	m->typed.from = m->typed.to;
	m->printed.from = m->printed.to;
}

int monitor_run(struct monitor *monitor, const struct monitor_child *child, int *ret_status, struct err *e)
{
	struct pollfd fds[N_FDS] = { { .revents = 0 } };
	int r;

	r = take_over_console(monitor, child->console, e);
	if (r < 0)
		return r;
	while (!fds[CHILD].revents) {
		choose_fds(monitor, child, fds);
		if (poll(fds, N_FDS, -1) < 0 && errno != EINTR)
			return err_set(e, -errno, "poll");
		if (fds[SIGNALS].revents)
			take_signals(monitor, child->pidfd);
		serve_console(monitor, fds);
		if (fds[NOTIFY].revents)
			pass_notification(child);
	}
	drain(monitor, child->pidfd);
	r = spawn_wait(child->pidfd, ret_status);
	return r < 0 ? err_set(e, r, "wait for the container's process") : 0;
}
