/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts of a container that runs: added to it, and taken away again.  The container is alive and hostile, and nothing
 * of the host is visible where its tree is.  So this happens in a process between the two: in the container's user
 * namespace, with a copy of the host's mounts, in which everything is made; for the one system call that attaches or
 * unmounts it, it enters the container's mount namespace.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "mount/rootfs.h"

/* Where the container's tree is.  Borrowed. */
struct live_place {
	int root_fd; /* its root directory, O_PATH */
	int ns_fd;   /* its mount namespace */
};

/* In the runtime, before anything is made: the plan of mounts[], and whether each may be added. */
int live_check(const struct oci_config *config, const char *bundle, struct err *e);

struct live; /* what was added; opaque */

/*
 * Make mounts[] of env->config, and attach them: all of them or, on failure, none.  env is as for rootfs_assemble(),
 * with the namespaces in which the container differs from the caller as new_namespaces.  The caller is in a mount
 * namespace of its own.
 */
int live_add(const struct rootfs_env *env, const struct live_place *place, struct live **ret_live, struct err *e);

/* The id of the mount that mounts[index] became, as in mountinfo; 0: it became none (copy-symlink). */
uint64_t live_id(const struct live *live, size_t index);

/* Take all of them away again; what fails is a warning. */
void live_undo(struct live *live);
void live_free(struct live *live);

/* Unmount what is at destination, if it is the mount with that id.  What still uses it keeps it (MNT_DETACH).
   -ENOENT: nothing is mounted there any more; -EBUSY: something else is. */
int live_remove(const struct live_place *place, const char *destination, uint64_t id, struct err *e);

/* For rootfs_attach(): attach *mnt_fd, which is taken over, as mounts[index]. */
int live_attach(struct live *live, size_t index, int *mnt_fd, int target_fd);

/* For target_open(): a detached clone of the container's root that can be written to, where it is read-only by
   root.readonly: at create, missing targets are made before it becomes that. */
int live_clone_root(const struct live *live);
