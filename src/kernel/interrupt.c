/* SPDX-License-Identifier: Apache-2.0 */
/* Signals that ask us to end, blocked and looked for: see interrupt.h.  No handler is ever set. */
#include "kernel/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <time.h>

#include "base/cleanup.h"

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

static void all_of_them(sigset_t *ret_set)
{
	sigemptyset(ret_set);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(ret_set, signals[i]);
}

/* Our caller may want us to ignore it (nohup(1), a shell's `&'); a signal that is blocked waits all the same. */
static bool is_ignored(int sig)
{
	struct sigaction action;

	return sigaction(sig, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

static bool find_blocked(sigset_t *ret_set)
{
	sigset_t blocked;
	bool any = false;

	sigprocmask(SIG_SETMASK, NULL, &blocked);
	sigemptyset(ret_set);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (sigismember(&blocked, signals[i]) == 1 && !is_ignored(signals[i])) {
			sigaddset(ret_set, signals[i]);
			any = true;
		}
	return any;
}

void interrupt_block(sigset_t *ret_old)
{
	sigset_t set;

	all_of_them(&set);
	sigprocmask(SIG_BLOCK, &set, ret_old);
}

void interrupt_unblock(const sigset_t *old)
{
	sigprocmask(SIG_SETMASK, old, NULL);
}

int interrupt_open(void)
{
	sigset_t set;
	int fd;

	if (!find_blocked(&set))
		return -ENOENT;
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

bool interrupt_pending(void)
{
	sigset_t pending;

	sigpending(&pending);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (sigismember(&pending, signals[i]) == 1 && !is_ignored(signals[i]))
			return true;
	return false;
}

int interrupt_wait(int fd)
{
	_cleanup_close_ int interrupt = interrupt_open();
	struct pollfd fds[] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = interrupt, .events = POLLIN },
	};

	if (interrupt < 0 && interrupt != -ENOENT)
		return interrupt;
	while (poll(fds, ARRAY_SIZE(fds), -1) < 0)
		if (errno != EINTR)
			return -errno;
	return fds[0].revents ? 0 : -EINTR;
}

int interrupt_take(void)
{
	const struct timespec now = { 0 };
	sigset_t set;
	int sig;

	if (!find_blocked(&set))
		return 0;
	sig = sigtimedwait(&set, NULL, &now);
	all_of_them(&set);
	if (sig > 0)
		sigprocmask(SIG_UNBLOCK, &set, NULL);
	return sig > 0 ? sig : 0;
}

void interrupt_repeat(int sig)
{
	sigset_t ignored;

	interrupt_block(&ignored);
	raise(sig);
}

void interrupt_deliver(void)
{
	sigset_t set;

	all_of_them(&set);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}
