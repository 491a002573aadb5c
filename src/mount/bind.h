/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bind mounts: the clone of a source, from our own view of the host where that is enough, and from the
 * runtime where more privilege is needed.
 */
#pragma once

#include "base/err.h"
#include "mount/plan.h"
#include "mount/tree.h"

/* Clone the sources that are to stay peers of the host's mounts, before our copies of these stop to be
   peers; into rootfs->early. */
int bind_open_early(struct rootfs *rootfs, struct err *e);

/* One entry of kind MOUNT_BIND, from its source to its place. */
int bind_mount(struct rootfs *rootfs, const struct mount_entry *entry, struct err *e);

/* Change the attributes of a mount that is there (the option remount). */
int bind_remount(struct rootfs *rootfs, const struct mount_entry *entry, struct err *e);

/* A clone of the entry's source in the mount namespace we are in; explained in *e. */
int bind_clone(const struct mount_entry *entry, struct err *e);
