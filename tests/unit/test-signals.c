/* SPDX-License-Identifier: Apache-2.0 */
/* signals: names, and a clean slate for a new program. */
#include "kernel/signals.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "tests/unit/namespaces.h"
#include "tests/unit/test.h"

static void test_names(void)
{
	const struct {
		const char *name;
		int number;
	} rows[] = {
		{ "9", 9 },
		{ "KILL", 9 },
		{ "SIGKILL", 9 },
		{ "sigkill", 9 },
		{ "Term", SIGTERM },
		{ "SIGIOT", SIGABRT },
		{ "RTMIN", SIGRTMIN },
		{ "SIGRTMIN", SIGRTMIN },
		{ "RTMIN+0", SIGRTMIN },
		{ "rtmin+3", SIGRTMIN + 3 },
		{ "SIGRTMAX", SIGRTMAX },
		{ "SIGRTMAX-2", SIGRTMAX - 2 },
		{ "64", 64 },
		{ "", -EINVAL },
		{ "0", -EINVAL },
		{ "65", -EINVAL },
		{ "4294967305", -EINVAL },
		{ "-9", -EINVAL },
		{ "+9", -EINVAL },
		{ " 9", -EINVAL },
		{ "9 ", -EINVAL },
		{ "SIG", -EINVAL },
		{ "SIG9", -EINVAL },
		{ "SIGSIGKILL", -EINVAL },
		{ "KILLX", -EINVAL },
		{ "RTMIN-1", -EINVAL },
		{ "RTMIN+", -EINVAL },
		{ "RTMIN+31", -EINVAL },
		{ "RTMIN+4294967297", -EINVAL },
		{ "RTMAX+1", -EINVAL },
		{ "RTMAX-31", -EINVAL },
		{ "RTMIN3", -EINVAL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		CHECK(signals_from_name(rows[i].name) == rows[i].number, "\"%s\" is %d", rows[i].name,
		      rows[i].number);
	CHECK_STR(signals_name(SIGKILL), "SIGKILL");
	CHECK_STR(signals_name(SIGABRT), "SIGABRT");
	CHECK_STR(signals_name(42), "signal 42");
	for (int sig = 1; sig < 32; sig++)
		CHECK(signals_from_name(signals_name(sig)) == sig, "%s", signals_name(sig));
}

static void handler(int sig)
{
	(void)sig;
}

/* Ask the kernel itself: the C library hides two. */
static int n_ignored(void)
{
	int n = 0;

	for (int sig = 1; sig <= 64; sig++) {
		unsigned long action[8] = { 0 };

		if (syscall(SYS_rt_sigaction, sig, NULL, action, 8) == 0)
			n += action[0] == (uintptr_t)SIG_IGN;
	}
	return n;
}

static void make_mess(void)
{
	unsigned long ignored[8] = { (unsigned long)(uintptr_t)SIG_IGN };
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	for (int sig = 1; sig <= 64; sig += 3)
		syscall(SYS_rt_sigaction, sig, ignored, NULL, 8);
	syscall(SYS_rt_sigaction, 32, ignored, NULL, 8);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR2, handler);
}

static void check_reset(const char *what)
{
	sigset_t blocked;
	int n_blocked = 0;

	make_mess();
	CHECK(n_ignored() > 20, "%s: %d signals are ignored", what, n_ignored());
	CHECK(signals_reset() == 0 && n_ignored() == 0, "%s: none is, after the reset", what);
	sigprocmask(SIG_SETMASK, NULL, &blocked);
	for (int sig = 1; sig <= 64; sig++)
		n_blocked += sigismember(&blocked, sig) == 1;
	CHECK(n_blocked == 0, "%s: nothing is blocked", what);
}

int main(void)
{
	test_names();
	check_reset("/proc");
	if (enter_namespaces(CLONE_NEWNS) < 0 || mount("none", "/proc", "tmpfs", 0, NULL) < 0)
		SKIP("a reset without /proc: no mount namespace to be had");
	else {
		check_reset("no /proc");
		umount2("/proc", MNT_DETACH);
	}
	return test_done();
}
