/* SPDX-License-Identifier: Apache-2.0 */
/* linux.netDevices (config-linux.md, "Network Devices"). */
#pragma once

#include <sys/types.h>

#include "base/err.h"
#include "libocispec-lite/ocispec-lite.h"

/* In the runtime: move each device into the network namespace of the process, with its addresses. They are never
   moved back. */
int netdevices_move(const struct oci_config *config, pid_t pid, struct err *e);

/* Set the loopback device of the process's network namespace up, for one that is not made by init. */
int netdevices_loopback_up(pid_t pid, struct err *e);
