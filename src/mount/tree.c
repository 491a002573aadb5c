/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree that is being built, as all that make a part of it see it: which ids exist, where a path of the container
 * is, and how a mount gets to its place.  It decides nothing about what is mounted.
 */
#include "mount/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/str.h"
#include "kernel/mnt.h"
#include "kernel/pathat.h"
#include "kernel/syscalls.h"
#include "mount/live.h"
#include "mount/target.h"

bool rootfs_holds_path(const struct rootfs *rootfs, const char *path)
{
	_cleanup_free_ char *root = mount_clean_path(rootfs->path), *clean = mount_clean_path(path);
	size_t n = strlen(root);

	/* with the host's "/" as the root everything is inside, and seen alike from everywhere */
	if (n == 1)
		return false;
	return strncmp(clean, root, n) == 0 && (clean[n] == '/' || !clean[n]);
}

/* The ids that exist in our user namespace; in the initial one all do. */
static bool has_id(const struct userns_map *known, struct userns_map *own, const char *path, uint32_t id)
{
	uint32_t outside;

	if (known)
		return userns_map_to_outside(known, id, &outside);
	if (own->n_extents == 0 && userns_map_read(path, own) < 0)
		return true;
	return userns_map_to_outside(own, id, &outside);
}

bool rootfs_has_uid(struct rootfs *rootfs, uint32_t uid)
{
	return !rootfs->env.userns || has_id(rootfs->env.uids, &rootfs->uids, "/proc/self/uid_map", uid);
}

bool rootfs_has_gid(struct rootfs *rootfs, uint32_t gid)
{
	return !rootfs->env.userns || has_id(rootfs->env.gids, &rootfs->gids, "/proc/self/gid_map", gid);
}

struct idmap_env rootfs_idmap_env(const struct rootfs *rootfs)
{
	return (struct idmap_env){ .uids = rootfs->env.uids, .gids = rootfs->env.gids,
				   .inside = rootfs->env.uids != NULL, .userns_fd = -EBADF };
}

int rootfs_read_joined_map(struct rootfs *rootfs, struct err *e)
{
	int r;

	if (!rootfs->env.joined_userns || rootfs->env.uids)
		return 0;
	r = userns_map_read("/proc/self/uid_map", &rootfs->uids);
	if (r >= 0)
		r = userns_map_read("/proc/self/gid_map", &rootfs->gids);
	if (r < 0)
		return err_set(e, r, "cannot read the map of the user namespace");
	rootfs->env.uids = &rootfs->uids;
	rootfs->env.gids = &rootfs->gids;
	return 0;
}

/* The same directory of the same mount? */
static bool same_place(int a, int b)
{
	struct statx x = { .stx_mask = 0 }, y = { .stx_mask = 0 };

	if (statx(a, "", AT_EMPTY_PATH, STATX_INO | STATX_MNT_ID, &x) < 0 ||
	    statx(b, "", AT_EMPTY_PATH, STATX_INO | STATX_MNT_ID, &y) < 0)
		return false;
	return x.stx_mnt_id == y.stx_mnt_id && x.stx_ino == y.stx_ino;
}

static const char *const anchor_paths[N_ANCHORS] = { [ANCHOR_PROC] = "/proc", [ANCHOR_SYS] = "/sys" };

void rootfs_drop_anchors(struct rootfs *rootfs)
{
	for (size_t i = 0; i < N_ANCHORS; i++)
		fd_close(&rootfs->anchors[i].fd);
}

/* By its name in the config, or because it covers what was there: the image may have a link to /sys. */
static bool is_anchor(const struct rootfs *rootfs, size_t i, const struct target *target)
{
	const struct rootfs_anchor *anchor = &rootfs->anchors[i];

	if (rootfs->now && strcmp(rootfs->now->clean, anchor_paths[i]) == 0)
		return true;
	return anchor->fd >= 0 && anchor->dev == target->st.st_dev && anchor->ino == target->st.st_ino;
}

/* The first takes the descriptor; a link of the image may make one mount both. */
static int keep_anchors(struct rootfs *rootfs, int *mnt_fd, const struct target *target)
{
	int taken = -EBADF;

	for (size_t i = 0; i < N_ANCHORS; i++) {
		struct rootfs_anchor *anchor = &rootfs->anchors[i];
		struct stat st;

		if (!is_anchor(rootfs, i, target))
			continue;
		fd_close(&anchor->fd);
		anchor->fd = taken < 0 ? TAKE_FD(*mnt_fd) : fcntl(taken, F_DUPFD_CLOEXEC, 3);
		if (anchor->fd < 0 || fstat(anchor->fd, &st) < 0)
			return -errno;
		taken = anchor->fd;
		anchor->dev = st.st_dev;
		anchor->ino = st.st_ino;
	}
	return 0;
}

/* The anchor that a path without ".." lies beneath, and its path from there; else the root. */
static int find_anchor(const struct rootfs *rootfs, const char *clean, const char **ret_rest)
{
	for (size_t i = 0; i < N_ANCHORS; i++) {
		size_t n = strlen(anchor_paths[i]);

		if (rootfs->anchors[i].fd < 0 || strncmp(clean, anchor_paths[i], n) != 0 ||
		    (clean[n] != '/' && clean[n] != '\0'))
			continue;
		*ret_rest = clean[n] ? clean + n : "/";
		return rootfs->anchors[i].fd;
	}
	*ret_rest = clean;
	return rootfs->fd;
}

int rootfs_open(const struct rootfs *rootfs, const char *path)
{
	_cleanup_free_ char *clean = NULL;
	const char *rest = path;
	int from = rootfs->fd;

	/* What ".." means behind a link, only the kernel can tell. */
	if (!strstr(path, "..")) {
		clean = mount_clean_path(path);
		from = find_anchor(rootfs, clean, &rest);
	}
	return pathat_open(from, rest, O_PATH | O_CLOEXEC);
}

int rootfs_set_root(struct rootfs *rootfs, int fd)
{
	struct statfs fs;

	rootfs_drop_anchors(rootfs);
	fd_close(&rootfs->fd);
	rootfs->fd = fd;
	rootfs->is_procfs = fstatfs(fd, &fs) < 0 || fs.f_type == PROC_SUPER_MAGIC;
	return fstat(fd, &rootfs->st) < 0 ? -errno : 0;
}

int rootfs_attach(struct rootfs *rootfs, int *mnt_fd, const struct target *target)
{
	bool over_root;
	int r;

	if (rootfs->live)
		return live_attach(rootfs->live, rootfs->now->index, mnt_fd, target->fd);
	/* the cheap question first: it is asked for each mount */
	over_root = target->st.st_ino == rootfs->st.st_ino && target->st.st_dev == rootfs->st.st_dev &&
		    same_place(rootfs->fd, target->fd);
	r = mnt_attach(*mnt_fd, target->fd);
	if (r < 0 || !over_root)
		return r < 0 ? r : keep_anchors(rootfs, mnt_fd, target);
	return rootfs_set_root(rootfs, TAKE_FD(*mnt_fd));
}
