/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Servers of the container's FUSE mounts, the runtime's side: which program, with which descriptors, and the one
 * monitor process of a container that starts them (fuse-monitor.h).
 */
#pragma once

#include "runtime/launch.h"

/* Have mount `index` (rootfs_fuse_server()) served; device_fd is borrowed.  The first call starts the monitor
   and writes it into state.json. */
int fuse_server_start(struct launch *l, size_t index, int device_fd, struct err *e);

/* After a launch failed with -ENOTCONN or -ETIMEDOUT: add what the servers said. */
void fuse_server_explain(const struct launch *l, struct err *e);

/* The container has ended: wait for its monitor, which ends with it, and make it end if it does not. */
int fuse_server_end(const struct state_document *document, struct err *e);
