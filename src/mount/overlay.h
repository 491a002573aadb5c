/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts of type overlay: layers are paths of the host (relative ones: to the bundle) and travel as
 * descriptors, so that their length and the characters in them do not matter.
 */
#pragma once

#include "base/err.h"
#include "mount/plan.h"
#include "mount/tree.h"

/* Are the layer options there and consistent?  Pure. */
int overlay_check(const struct mount_entry *entry, struct err *e);

int overlay_mount(struct rootfs *rootfs, const struct mount_entry *entry, struct err *e);
