/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mount table (proc(5), mountinfo) through libmount, loaded at first use: for cgroup v1 mount
 * points, inspection, and to explain a refused mount.  Never on the hot path.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct mntinfo_entry {
	uint64_t id, parent_id;
	char *root, *target, *type, *source, *vfs_options, *fs_options, *optional_fields;
};

struct mntinfo {
	struct mntinfo_entry *entries; /* in the kernel's order */
	size_t n_entries;
};

/* Read a mountinfo file; "/proc/self/mountinfo" in most cases. */
int mntinfo_read(const char *path, struct mntinfo *ret_info, struct err *e);
void mntinfo_done(struct mntinfo *info);

/* The mount that the path (absolute, without symlinks) lies on: the last entry whose target is a
   prefix of it. NULL when there is none. */
const struct mntinfo_entry *mntinfo_find(const struct mntinfo *info, const char *path);
