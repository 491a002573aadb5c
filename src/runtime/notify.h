/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sd_notify(3) for `run` as a systemd service: the container gets a socket of its own at a fixed path, and what
 * arrives there is passed on to the host's, with the container's main process in its name.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "runtime/launch.h"

/* True if this process was given a NOTIFY_SOCKET. */
bool notify_wanted(void);

/* Listen in the state directory, and let the configuration of the launch have a mount and a variable for it. */
int notify_open(struct launch *l, struct err *e);
void notify_done(struct launch *l);

/* One message from the container to the host's socket.  *ret_ready: it said READY=1. */
int notify_forward(int fd, pid_t pid, bool *ret_ready, struct err *e);
