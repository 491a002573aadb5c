/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a mount goes on: found or made beneath the root, as a descriptor, with the rules about /proc.
 */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "base/err.h"
#include "mount/plan.h"
#include "mount/tree.h"

struct target {
	int fd;         /* O_PATH; owned */
	bool created;   /* it was not there before */
	struct stat st;
};

#define TARGET_INIT { .fd = -EBADF, .created = false }

/* The target for a source that is a directory or is not.  Missing directories are made with mode 0755,
   a missing file is empty with mode 0644; symbolic links of the image are followed inside the root.
   proc and sysfs, which others trust by their path, accept no symbolic link (CVE-2019-19921,
   CVE-2023-27561).  `procfs`: what will be mounted is one, so that it may cover /proc itself. */
int target_open(struct rootfs *rootfs, const struct mount_entry *entry, bool directory, bool procfs,
		struct target *ret_target, struct err *e);
void target_done(struct target *target);

/* A directory beneath dir_fd reached without any symbolic link; made where it is missing.
   -ELOOP: a component is a link; -ENOTDIR: or something else. */
int target_open_strict(int dir_fd, const char *clean, bool *ret_created);
