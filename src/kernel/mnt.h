/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts as descriptors: made or cloned detached, given their attributes, attached to a target
 * descriptor.  There is no other way to mount here: mount(2) is never called.  Returns are
 * descriptors or -errno (open_tree(2), fsopen(2), fsconfig(2), fsmount(2), mount_setattr(2),
 * move_mount(2)).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What mount_setattr(2) may change; MNT_ATTR_* are the kernel's MOUNT_ATTR_* values, see syscalls.h. */
struct mnt_attr {
	uint64_t set;
	uint64_t clear;
	uint64_t propagation; /* MS_PRIVATE, MS_SLAVE, MS_SHARED, MS_UNBINDABLE or 0 */
	int userns_fd;        /* with MOUNT_ATTR_IDMAP in set; else ignored */
};

/* A detached clone of what is at path (relative to dirfd; "" and AT_EMPTY_PATH semantics when path is
   ""), with everything mounted below it if `recursive`.  With nofollow a last symlink is itself the
   source. */
int mnt_clone(int dirfd, const char *path, bool recursive, bool nofollow);

/* A new filesystem context (fsopen).  *text below is what the kernel has to say about a failure. */
struct mnt_fs {
	int fd;
	bool created; /* the superblock is there: a failure of mnt_fs_create() was that of mounting it */
};

int mnt_fs_open(const char *type, struct mnt_fs *ret_fs);
int mnt_fs_set(const struct mnt_fs *fs, const char *key, const char *value); /* value NULL: a flag */
int mnt_fs_set_fd(const struct mnt_fs *fs, const char *key, int fd);

/* Create the superblock and mount it, detached. attrs: MOUNT_ATTR_*. */
int mnt_fs_create(struct mnt_fs *fs, uint64_t attrs);
void mnt_fs_done(struct mnt_fs *fs);

/* The kernel's own words for the last failure on this context, e.g. "tmpfs: Invalid uid '70000'", or "".
   Several lines are joined by "; ". */
void mnt_fs_words(const struct mnt_fs *fs, char *text, size_t n_text);

/* Change attributes and propagation of the mount that fd is the root of, and of all below it if
   `recursive`. 0 or -errno; a recursive change happens for all mounts or for none. */
int mnt_set_attr(int fd, const struct mnt_attr *attr, bool recursive);

/* The same for a mount that is found by its path, without the descriptor in between. */
int mnt_set_attr_at(int dirfd, const char *path, const struct mnt_attr *attr, bool recursive);

/* Attach a detached mount on the object that target_fd (O_PATH) stands for. After that mnt_fd is
   the attached mount. */
int mnt_attach(int mnt_fd, int target_fd);

/* Mount flags (ST_RDONLY, ST_NOSUID, ...) of the mount behind fd: fstatfs(2); works on detached ones. */
int mnt_flags(int fd, uint64_t *ret_st_flags);

/* Is it the root of a mount?  1, 0 or -errno. */
int mnt_is_root(int fd);

/* The id of the mount that fd is on, as in mountinfo (statx(2), STATX_MNT_ID); 0 when the kernel does not tell. */
uint64_t mnt_id(int fd);

/* pivot_root(2) into the mount that root_fd is the root of, detach the old root, chdir("/").  The mount
   that "/" is must not be shared.  Unless old_is_slave, all mounts of the old root are made slaves
   first, so that nothing is unmounted on the host; pass true where that is known (a mount namespace
   made together with a user namespace, or made slave recursively), it saves a walk over all of them.
   -EINVAL on an initramfs. */
int mnt_pivot(int root_fd, bool old_is_slave);

/* The fall-back of mnt_pivot on an initramfs: move the mount over "/", chroot, chdir("/"). */
int mnt_move_over_root(int root_fd);
