/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts of type cgroup and cgroup2: the container's part of the host's hierarchies, in their layout.
 */
#pragma once

#include "base/err.h"
#include "mount/plan.h"
#include "mount/tree.h"

/*
 * One unified hierarchy on the host: a new cgroup2 if the cgroup namespace is the container's own, else
 * a bind of its cgroup.  Several (v1, hybrid): a tmpfs with a directory for each, and links for
 * controllers that share one ("cpu" to "cpu,cpuacct").  Where the container has no cgroup of its own, what is
 * shown is always read-only (CVE-2023-25809).
 */
int cgroupfs_mount(struct rootfs *rootfs, const struct mount_entry *entry, struct err *e);
