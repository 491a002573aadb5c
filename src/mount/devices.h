/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's /dev: the default devices and links (config-linux.md, "Default Devices"), the nodes of
 * linux.devices, and the terminal as /dev/console.
 */
#pragma once

#include "base/err.h"
#include "mount/tree.h"

/* Judge linux.devices as far as the text goes.  Pure. */
int mount_devices_check(const struct oci_config *config, struct err *e);

/*
 * Make all of them.  Where nodes cannot be made, as in a user namespace (mknod(2), EPERM), the host's nodes
 * are bound.  No symbolic link is followed on the way (CVE-2024-45310).  When a directory of the host is
 * mounted on /dev, it is left as it is: nothing of the container may appear on the host.
 */
int mount_devices_make(struct rootfs *rootfs, struct err *e);

/* Paths of the default devices that are nodes, NULL-terminated. */
const char *const *mount_devices_default(void);
