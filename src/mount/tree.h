/* SPDX-License-Identifier: Apache-2.0 */
/* Private to src/mount: what the files that build the tree share.  See rootfs.h for the outside. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/err.h"
#include "mount/idmap.h"
#include "mount/plan.h"
#include "mount/rootfs.h"

struct target; /* target.h */
struct live;   /* live.h */

/* What was mounted last on /proc or on /sys. */
struct rootfs_anchor {
	int fd;                  /* the root of that mount, or -EBADF */
	dev_t dev;
	ino_t ino;
};

enum { ANCHOR_PROC, ANCHOR_SYS, N_ANCHORS };

struct rootfs {
	struct rootfs_env env;   /* what it points to is borrowed */
	struct mount_plan plan;
	char *path;              /* root.path, absolute, as written */
	int fd;                  /* the directory that will be "/" */
	struct stat st;          /* and what it is */
	bool is_procfs;          /* it is on a procfs, or nobody knows */
	int *early;              /* per entry: the clone of a shared source, or -EBADF */
	const char *label;       /* linux.mountLabel; NULL: none, or the kernel does not run SELinux */
	bool no_mknod;           /* device nodes cannot be made here: bind the host's */
	const struct mount_entry *now; /* of mounts[]: the one that is being made */
	struct rootfs_anchor anchors[N_ANCHORS];
	struct userns_map uids, gids; /* ids that exist here, where env has none; read at first use */
	struct live *live;       /* not NULL: the container runs, and its tree is in another mount namespace */
};

/* An empty tree, for rootfs_free(). `path` is taken over; `env` is copied, and what it points to borrowed. */
struct rootfs *rootfs_new(const struct rootfs_env *env, char *path);

/* Before anything is mounted: the plan of mounts[], the ids, and that nothing of it can reach the host. */
int rootfs_prepare(struct rootfs *rootfs, struct err *e);

/* mounts[], in the order of the config. */
int rootfs_make_mounts(struct rootfs *rootfs, struct err *e);

/* In a user namespace that others have made: read its map into env. */
int rootfs_read_joined_map(struct rootfs *rootfs, struct err *e);

/* The directory that is "/"; the descriptor is taken over. */
int rootfs_set_root(struct rootfs *rootfs, int fd);
void rootfs_drop_anchors(struct rootfs *rootfs);

/* Is the id (of this user namespace) one that exists here? */
bool rootfs_has_uid(struct rootfs *rootfs, uint32_t uid);
bool rootfs_has_gid(struct rootfs *rootfs, uint32_t gid);

/* How ids of mounts are shifted from here. */
struct idmap_env rootfs_idmap_env(const struct rootfs *rootfs);

/* True when path (absolute, on the host) lies on or beneath root.path: what is there depends on mounts
   made earlier, so that only this process, and only now, sees the right thing. */
bool rootfs_holds_path(const struct rootfs *rootfs, const char *path);

/*
 * Open a path of the container, O_PATH.  Beneath /proc and /sys it is resolved from the mount that was made there and
 * not from the root again: whoever exchanges the image's /proc with a link meanwhile would lead a mask elsewhere, or
 * nowhere (CVE-2019-19921).
 */
int rootfs_open(const struct rootfs *rootfs, const char *path);

/* Attach *mnt_fd on the target.  When the target is the root itself, the mount becomes the root; then, and for /proc
   and /sys, the descriptor is taken over. */
int rootfs_attach(struct rootfs *rootfs, int *mnt_fd, const struct target *target);
