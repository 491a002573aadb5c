/* SPDX-License-Identifier: Apache-2.0 */
/* linux.netDevices (config-linux.md, "Network Devices"). */
#pragma once

#include <sys/types.h>

#include "base/err.h"
#include "libocispec-lite/ocispec-lite.h"

struct netdevices; /* those that were moved; opaque */

/* In the runtime: move each device into the network namespace that the process joins (borrowed), or, -EBADF, was born in,
   with its addresses.  *ret_moved, untouched where there are none, is set on failure, too. */
int netdevices_move(const struct oci_config *config, int joined, pid_t pid, struct netdevices **ret_moved, struct err *e);

/* The container does not come into being: move them back, as they were, and free the struct.  What cannot be moved back
   is added to the error.  NULL is none. */
void netdevices_return(struct netdevices **moved, struct err *e);

/* The container has them now, for good. */
void netdevices_done(struct netdevices **moved);

/* Set the loopback device of the process's network namespace up, for one that is not made by init. */
int netdevices_loopback_up(pid_t pid, struct err *e);
