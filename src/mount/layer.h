/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lower layers whose ids are shifted.  An overlay itself cannot be idmapped, its layers can (Linux 5.19): so idmap,
 * ridmap, uidMappings and gidMappings of an overlay are about its lower layers.  Upper and work directories hold what
 * the container writes, with the host's ids of the container, and are never shifted.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "mount/overlay.h"
#include "mount/plan.h"
#include "mount/tree.h"

/* In init: a detached, shifted clone of the directory at path, by the runtime, which has the host's privilege, or by
   ourselves where that is not needed or not to be had.  The entry has the mapping; `index` is what the runtime is
   asked for.  *ret_foreign: it is of another user namespace (see layer_lend()). */
int layer_open(struct rootfs *rootfs, const struct mount_entry *entry, size_t index, const char *path,
	       bool *ret_foreign, struct err *e);

/* In the runtime: the same clone.  -EPERM: it takes more privilege than the runtime has. */
int layer_make_source(const struct mount_entry *entry, const char *path, const struct idmap_env *env, struct err *e);

/* A layer must be part of our own mount namespace.  A foreign mount is attached over "/", where no path leads through
   it, until the overlay is made, which has a private clone of it then; afterwards nothing in the container may get hold
   of it, for nothing in it is locked. */
int layer_lend(struct overlay_layers *layers, int mnt_fd);

/* The same for layers that are in detached mounts of ours, which kernels before 6.13 do not take (EINVAL). */
int layer_lend_detached(struct overlay_layers *layers);

/* Unmount all that were lent. */
int layer_take_back(struct overlay_layers *layers);

/* How the entry of an overlay looks for the code that shifts a bind of `path`. */
struct mount_entry layer_entry(const struct mount_entry *overlay, const char *path);
