/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes and propagation of one mount, as its options ask: nothing more is set, and nothing is
 * cleared that is not there, since attributes that came from a more privileged user namespace are locked
 * (mount_namespaces(7), "Restrictions on mount namespaces").
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "mount/options.h"

/* The attributes a new mount is made with: fsmount(2). */
uint64_t mount_attrs_fresh(const struct mount_options *options);

/* The attributes of how access times are kept, from statfs(2)'s flags of a mount. */
uint64_t mount_attrs_times(uint64_t st_flags);

/* Apply to a mount that exists (a clone, or one that is attached); `recursive`: mounts are below it.
   Access time modes that are locked are a warning: they cannot be had, and nothing is lost. */
int mount_attrs_apply(int mnt_fd, const struct mount_options *options, bool recursive, struct err *e);

/* Give a detached mount the propagation that is asked, private by default. */
int mount_attrs_propagate(int mnt_fd, const struct mount_options *options, bool recursive, struct err *e);

/* Both, in this order, of a detached mount. */
int mount_attrs_finish(int mnt_fd, const struct mount_options *options, bool recursive, struct err *e);
