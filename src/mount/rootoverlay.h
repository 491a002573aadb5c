/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A root that annotations ask for (rootlayers.h): an image, or an overlay of directories and images that leaves
 * root.path as it was.  The kernel's overlayfs where it can, fuse-overlayfs where it cannot.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "mount/tree.h"

bool rootoverlay_wanted(const struct rootfs *rootfs);

/* The mount, not attached yet, that goes over root.path. */
int rootoverlay_open(struct rootfs *rootfs, struct err *e);

/* A mount target was missing on a read-only file system (-EROFS in *e): tell which annotation helps, when the root
   is one of ours that cannot be written.  Returns e->code. */
int rootoverlay_hint_missing(const struct rootfs *rootfs, struct err *e);
