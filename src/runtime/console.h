/* SPDX-License-Identifier: Apache-2.0 */
/* The container's terminal: made by init from the container's own devpts, given to an engine or proxied. */
#pragma once

#include "base/err.h"
#include "libocispec-lite/ocispec-lite.h"

/* In init: a terminal of the devpts beneath root_fd, with consoleSize and the user as its owner. */
int console_open(int root_fd, const struct oci_process *process, int *ret_master, int *ret_slave, struct err *e);

/* In the runtime: the connected --console-socket. Returns the descriptor. */
int console_connect(const char *path, struct err *e);

/* Send the master to the engine: one message, one descriptor. */
int console_send(int socket, int master, struct err *e);
