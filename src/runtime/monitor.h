/* SPDX-License-Identifier: Apache-2.0 */
/* The foreground: wait for a child, pass signals on to it, and copy between its terminal and ours. */
#pragma once

#include <sys/types.h>

#include "base/err.h"

struct monitor; /* opaque */

/* Block the signals that will be forwarded: before the child is made, so that none is lost.  The child undoes
   that by signals_reset(); here they stay blocked, since what comes too late for the child must not change how we end. */
int monitor_prepare(struct monitor **ret_monitor, struct err *e);

struct monitor_child {
	pid_t pid;
	int pidfd;         /* borrowed */
	int console;       /* master of its terminal, owned by the monitor from now on; -EBADF: none */
	int notify_socket; /* notify.h, borrowed; -EBADF: none */
};

/* Until the child ends.  *ret_status: its exit status, or 128 + signal. */
int monitor_run(struct monitor *monitor, const struct monitor_child *child, int *ret_status, struct err *e);

/* Restore the terminal. */
void monitor_free(struct monitor *monitor);
