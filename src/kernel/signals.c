/* SPDX-License-Identifier: Apache-2.0 */
/* Signal names and dispositions.  No signal is ever sent or caught here. */
#include "kernel/signals.h"

#include <ctype.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "kernel/syscalls.h"

#define KERNEL_SIGNALS 64 /* the kernel numbers them 1 to 64 on all architectures but MIPS */

static const struct {
	const char *name;
	int number;
} names[] = {
	{ "HUP", SIGHUP },
	{ "INT", SIGINT },
	{ "QUIT", SIGQUIT },
	{ "ILL", SIGILL },
	{ "TRAP", SIGTRAP },
	{ "ABRT", SIGABRT },
	{ "BUS", SIGBUS },
	{ "FPE", SIGFPE },
	{ "KILL", SIGKILL },
	{ "USR1", SIGUSR1 },
	{ "SEGV", SIGSEGV },
	{ "USR2", SIGUSR2 },
	{ "PIPE", SIGPIPE },
	{ "ALRM", SIGALRM },
	{ "TERM", SIGTERM },
#ifdef SIGSTKFLT
	{ "STKFLT", SIGSTKFLT },
#endif
	{ "CHLD", SIGCHLD },
	{ "CONT", SIGCONT },
	{ "STOP", SIGSTOP },
	{ "TSTP", SIGTSTP },
	{ "TTIN", SIGTTIN },
	{ "TTOU", SIGTTOU },
	{ "URG", SIGURG },
	{ "XCPU", SIGXCPU },
	{ "XFSZ", SIGXFSZ },
	{ "VTALRM", SIGVTALRM },
	{ "PROF", SIGPROF },
	{ "WINCH", SIGWINCH },
	{ "IO", SIGIO },
	{ "PWR", SIGPWR },
	{ "SYS", SIGSYS },
	/* Synonyms come last: signals_name() takes the first that fits. */
	{ "IOT", SIGABRT },
	{ "CLD", SIGCHLD },
	{ "POLL", SIGIO },
	{ "UNUSED", SIGSYS },
};

/* "" is 0, "+1" and "-2" are what they say; `sign` is the one that is allowed. */
static int parse_offset(const char *text, char sign, int *ret_offset)
{
	uint32_t value;

	if (!*text) {
		*ret_offset = 0;
		return 0;
	}
	if (*text != sign || str_to_u32(text + 1, &value) < 0 || value > (uint32_t)(SIGRTMAX - SIGRTMIN))
		return -EINVAL;
	*ret_offset = sign == '-' ? -(int)value : (int)value;
	return 0;
}

int signals_from_name(const char *name)
{
	uint32_t number;
	int offset;

	if (str_to_u32(name, &number) == 0)
		return number >= 1 && number <= (uint32_t)SIGRTMAX ? (int)number : -EINVAL;
	if (strncasecmp(name, "SIG", 3) == 0)
		name += 3;
	/* SIGRTMIN is the C library's, 34 with glibc: what a program that is told "RTMIN" expects. */
	if (strncasecmp(name, "RTMIN", 5) == 0)
		return parse_offset(name + 5, '+', &offset) < 0 ? -EINVAL : SIGRTMIN + offset;
	if (strncasecmp(name, "RTMAX", 5) == 0)
		return parse_offset(name + 5, '-', &offset) < 0 ? -EINVAL : SIGRTMAX + offset;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcasecmp(name, names[i].name) == 0)
			return names[i].number;
	return -EINVAL;
}

const char *signals_name(int sig)
{
	static char text[32];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (names[i].number != sig)
			continue;
		snprintf(text, sizeof(text), "SIG%s", names[i].name);
		return text;
	}
	snprintf(text, sizeof(text), "signal %d", sig);
	return text;
}

/* The hexadecimal mask behind `label` in /proc/PID/status; bit n - 1 is signal n. */
static bool read_mask(const char *status, const char *label, uint64_t *ret_mask)
{
	const char *line = strstr(status, label);
	char *end;

	if (!line)
		return false;
	line += strlen(label);
	*ret_mask = strtoull(line, &end, 16);
	return end > line && *end == '\n';
}

/* The signals that are ignored.  Asking sigaction(2) for each takes 64 system calls, this takes three and half of the
   time. */
static uint64_t ignored_signals(void)
{
	/* No FIFO that stands there may stop us; a false answer leaves a signal ignored, no more. */
	_cleanup_close_ int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	uint64_t ignored;
	char status[4096];
	ssize_t n;

	/* Without /proc, or with one that knows nothing of this process: all of them. */
	if (fd < 0)
		return UINT64_MAX;
	n = read(fd, status, sizeof(status) - 1);
	if (n <= 0)
		return UINT64_MAX;
	status[n] = '\0';
	return read_mask(status, "\nSigIgn:\t", &ignored) ? ignored : UINT64_MAX;
}

/* What the kernel calls struct sigaction: SIG_DFL, no flags, no mask. Large enough for all layouts. */
struct default_action {
	uint64_t zero[8];
};

int signals_reset(void)
{
	const struct default_action action = { .zero = { 0 } };
	uint64_t ignored = ignored_signals();
	sigset_t none;

	for (int sig = 1; sig <= KERNEL_SIGNALS; sig++) {
		if (!(ignored & (UINT64_C(1) << (sig - 1))) || sig == SIGKILL || sig == SIGSTOP)
			continue;
		/* The system call: sigaction(3) refuses the two signals that glibc keeps for itself, but
		   whoever started us may have left them ignored. */
		if (syscall(SYS_rt_sigaction, sig, &action, NULL, _NSIG / 8) < 0)
			return -errno;
	}
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL) < 0 ? -errno : 0;
}
