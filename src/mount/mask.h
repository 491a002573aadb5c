/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.maskedPaths and linux.readonlyPaths (config-linux.md): paths that the container shall not read,
 * or not write.  Those that do not exist are skipped.
 */
#pragma once

#include "base/err.h"
#include "mount/tree.h"

/* Are all of them absolute?  Pure. */
int mask_check(const struct oci_config *config, struct err *e);

/* Make the read-only paths read-only, with all that is mounted below them. */
int mask_read_only(struct rootfs *rootfs, struct err *e);

/* Cover the masked paths: a directory by an empty one, anything else by the null device.  That is always the
   host's, proven by its number, never what the image has at /dev/null (CVE-2025-31133). */
int mask_hide(struct rootfs *rootfs, struct err *e);
