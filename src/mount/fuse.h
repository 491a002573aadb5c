/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FUSE without privilege: the mount is made here, in the container's user namespace, from /dev/fuse as the host
 * has it; its server is a program that the runtime starts outside of the container (rootfs_env.start_fuse).  No
 * fusermount takes part (fuse(4), filesystems/fuse of the kernel's documentation).
 */
#pragma once

#include "base/err.h"
#include "mount/plan.h"
#include "mount/tree.h"

/* A mount of type fuse.PROGRAM. */
int fuse_mount(struct rootfs *rootfs, const struct mount_entry *entry, struct err *e);

/* A detached mount that is served: `index` is what start_fuse gets, the entry has the options. */
int fuse_make(struct rootfs *rootfs, const struct mount_entry *entry, size_t index, const char *subtype,
	      struct err *e);
