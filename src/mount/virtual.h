/* SPDX-License-Identifier: Apache-2.0 */
/*
 * File systems that live in memory (config-linux.md, "Default Filesystems"), and what takes their place
 * where a user namespace is not allowed to make them.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "mount/plan.h"
#include "mount/tree.h"

int virtual_proc(struct rootfs *rootfs, const struct mount_entry *entry, struct err *e);
int virtual_sysfs(struct rootfs *rootfs, const struct mount_entry *entry, struct err *e);
int virtual_mqueue(struct rootfs *rootfs, const struct mount_entry *entry, struct err *e);
int virtual_devpts(struct rootfs *rootfs, const struct mount_entry *entry, struct err *e);

/* A tmpfs on /dev that is to be read-only cannot be so before devices, terminal and mount points are made in
   it: rootfs_enter() makes it read-only then. */
bool virtual_is_late_read_only(const struct mount_entry *entry);

/* Without a mode= of its own it gets mode and owner of the directory that it covers; with tmpcopyup
   also its content. */
int virtual_tmpfs(struct rootfs *rootfs, const struct mount_entry *entry, struct err *e);
