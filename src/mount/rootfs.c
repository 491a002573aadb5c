/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of events: open the root, attach a clone of it, mounts[] in the order of the config, /dev,
 * read-only and masked paths.  What each of them is, is in the other files of this folder.
 */
#include "mount/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "kernel/mnt.h"
#include "kernel/pathat.h"
#include "kernel/syscalls.h"
#include "mount/bind.h"
#include "mount/cgroupfs.h"
#include "mount/devices.h"
#include "mount/explain.h"
#include "mount/fresh.h"
#include "mount/fuse.h"
#include "mount/label.h"
#include "mount/mask.h"
#include "mount/overlay.h"
#include "mount/rootoverlay.h"
#include "mount/target.h"
#include "mount/tree.h"
#include "mount/virtual.h"

static int (*const make_mount[])(struct rootfs *rootfs, const struct mount_entry *entry, struct err *e) = {
	[MOUNT_BIND] = bind_mount,       [MOUNT_REMOUNT] = bind_remount, [MOUNT_PROC] = virtual_proc,
	[MOUNT_SYSFS] = virtual_sysfs,   [MOUNT_TMPFS] = virtual_tmpfs,  [MOUNT_DEVPTS] = virtual_devpts,
	[MOUNT_MQUEUE] = virtual_mqueue, [MOUNT_CGROUP] = cgroupfs_mount, [MOUNT_OVERLAY] = overlay_mount,
	[MOUNT_FUSE] = fuse_mount,       [MOUNT_FS] = fresh_any,
};

char *rootfs_path(const struct oci_config *config, const char *bundle)
{
	const char *path = config->root->path;

	return *path == '/' ? xstrdup(path) : str_printf("%s/%s", bundle, path);
}

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

/* The map of a user namespace that others have made. */
static int read_joined_map(struct rootfs *rootfs, struct err *e)
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

static void drop_anchors(struct rootfs *rootfs)
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

static int set_root(struct rootfs *rootfs, int fd)
{
	struct statfs fs;

	drop_anchors(rootfs);
	fd_close(&rootfs->fd);
	rootfs->fd = fd;
	rootfs->is_procfs = fstatfs(fd, &fs) < 0 || fs.f_type == PROC_SUPER_MAGIC;
	return fstat(fd, &rootfs->st) < 0 ? -errno : 0;
}

int rootfs_attach(struct rootfs *rootfs, int *mnt_fd, const struct target *target)
{
	/* the cheap question first: it is asked for each mount */
	bool over_root = target->st.st_ino == rootfs->st.st_ino && target->st.st_dev == rootfs->st.st_dev &&
			 same_place(rootfs->fd, target->fd);
	int r = mnt_attach(*mnt_fd, target->fd);

	if (r < 0 || !over_root)
		return r < 0 ? r : keep_anchors(rootfs, mnt_fd, target);
	return set_root(rootfs, TAKE_FD(*mnt_fd));
}

/*
 * Nothing that we mount may appear on the host.  In a mount namespace that was made together with a user
 * namespace our copies are slaves already (mount_namespaces(7)); elsewhere they are still peers.
 */
static int cut_from_host(const struct rootfs *rootfs, struct err *e)
{
	const struct mnt_attr slave = { .propagation = MS_SLAVE };
	int r;

	if (!rootfs->env.new_mount_ns || (rootfs->env.new_namespaces & CLONE_NEWUSER))
		return 0;
	r = mnt_set_attr_at(AT_FDCWD, "/", &slave, true);
	return r < 0 ? err_set(e, r, "cannot make the copies of the host's mounts slaves") : 0;
}

/* A slave root has to stay one; it becomes what else was asked only when it is "/", since pivot_root(2)
   refuses shared mounts. */
static uint64_t first_propagation(const struct rootfs *rootfs)
{
	const struct oci_linux *linux_ = rootfs->env.config->linux_;

	if (!linux_)
		return MS_PRIVATE;
	return linux_->rootfs_propagation == OCI_PROPAGATION_SLAVE ||
			       linux_->rootfs_propagation == OCI_PROPAGATION_RSLAVE ?
		       MS_SLAVE :
		       MS_PRIVATE;
}

/* EACCES: the ids of the container cannot search the way to it, but whoever started the runtime could. */
static int clone_root(struct rootfs *rootfs, bool *ret_asked, struct err *e)
{
	struct err asked = ERR_INIT;
	int fd = mnt_clone(AT_FDCWD, rootfs->path, true, false);

	*ret_asked = false;
	if (fd >= 0)
		return fd;
	if (fd == -EACCES && rootfs->env.ask_source && rootfs->env.new_mount_ns) {
		int r = rootfs->env.ask_source(rootfs->env.ask_ctx, ROOTFS_SOURCE_ROOT, &asked);

		*ret_asked = r >= 0;
		if (r >= 0)
			return r;
	}
	explain_path(e, fd, "root.path", rootfs->path);
	if (fd == -EPERM && !rootfs->env.new_mount_ns)
		return err_hint(e, "linux.namespaces has no mount namespace, and in the present one only its owner may mount");
	return fd;
}

/* What cannot be reached by its path is attached over "/", where no path leads through it. */
static int open_root(struct rootfs *rootfs, struct err *e)
{
	bool asked = false;
	_cleanup_close_ int target = -EBADF, tree = rootoverlay_wanted(rootfs) ? rootoverlay_open(rootfs, e) :
										  clone_root(rootfs, &asked, e);
	struct mnt_attr attr = { .propagation = first_propagation(rootfs) };
	struct stat st;
	int r;

	if (tree < 0)
		return tree;
	if (fstat(tree, &st) < 0 || !S_ISDIR(st.st_mode))
		return err_set(e, -ENOTDIR, "root.path %s", rootfs->path);
	target = open(asked ? "/" : rootfs->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (target < 0)
		return explain_path(e, -errno, "root.path", rootfs->path);
	r = mnt_set_attr(tree, &attr, true);
	if (r >= 0)
		r = mnt_attach(tree, target);
	/* on a shared mount of a namespace that is not ours it has become shared as well */
	if (r >= 0 && !rootfs->env.new_mount_ns)
		r = mnt_set_attr(tree, &attr, true);
	if (r < 0)
		return err_set(e, r, "root.path %s: cannot attach it", rootfs->path);
	r = set_root(rootfs, TAKE_FD(tree));
	return r < 0 ? err_set(e, r, "root.path %s", rootfs->path) : 0;
}

static int explain_mount(const struct rootfs *rootfs, const struct mount_entry *entry, struct err *e)
{
	err_wrap(e, "mounts[%zu] %s", entry->index, entry->mount->destination);
	return e->code == -EROFS ? rootoverlay_hint_missing(rootfs, e) : e->code;
}

static int make_mounts(struct rootfs *rootfs, struct err *e)
{
	for (size_t i = 0; i < rootfs->plan.n_entries; i++) {
		const struct mount_entry *entry = &rootfs->plan.entries[i];

		rootfs->now = entry;
		if (make_mount[entry->kind](rootfs, entry, e) < 0)
			return explain_mount(rootfs, entry, e);
	}
	rootfs->now = NULL;
	return 0;
}

static int assemble(struct rootfs *rootfs, struct err *e)
{
	int r = mount_plan_make(rootfs->env.config, rootfs->env.bundle, &rootfs->plan, e);

	if (r < 0)
		return r;
	rootfs->early = xmalloc((rootfs->plan.n_entries + 1) * sizeof(int));
	for (size_t i = 0; i < rootfs->plan.n_entries; i++)
		rootfs->early[i] = -EBADF;
	label_find(rootfs);
	r = read_joined_map(rootfs, e);
	if (r >= 0)
		r = bind_open_early(rootfs, e);
	if (r >= 0)
		r = cut_from_host(rootfs, e);
	if (r >= 0)
		r = open_root(rootfs, e);
	if (r >= 0)
		r = make_mounts(rootfs, e);
	if (r >= 0)
		r = mount_devices_make(rootfs, e);
	if (r >= 0)
		r = mask_read_only(rootfs, e);
	return r < 0 ? r : mask_hide(rootfs, e);
}

int rootfs_assemble(const struct rootfs_env *env, struct rootfs **ret_rootfs, struct err *e)
{
	struct rootfs *rootfs = xcalloc(1, sizeof(*rootfs));
	mode_t umask_before = umask(0); /* modes are what is written here */
	int r;

	rootfs->env = *env;
	rootfs->path = rootfs_path(env->config, env->bundle);
	rootfs->fd = -EBADF;
	for (size_t i = 0; i < N_ANCHORS; i++)
		rootfs->anchors[i].fd = -EBADF;
	r = assemble(rootfs, e);
	umask(umask_before);
	if (r < 0) {
		/* without a mount namespace that ends with us, nothing may be left attached */
		if (rootfs->fd >= 0 && !env->new_mount_ns && umount2(rootfs->path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
			log_warning("%s: cannot be unmounted again: %s", rootfs->path, err_reason(-errno));
		rootfs_free(rootfs);
		return r;
	}
	*ret_rootfs = rootfs;
	return 0;
}

int rootfs_fd(const struct rootfs *rootfs)
{
	return rootfs->fd;
}

void rootfs_free(struct rootfs *rootfs)
{
	if (!rootfs)
		return;
	for (size_t i = 0; rootfs->early && i < rootfs->plan.n_entries; i++)
		fd_close(&rootfs->early[i]);
	free(rootfs->early);
	mount_plan_done(&rootfs->plan);
	userns_map_done(&rootfs->uids);
	userns_map_done(&rootfs->gids);
	drop_anchors(rootfs);
	fd_close(&rootfs->fd);
	free(rootfs->path);
	free(rootfs);
}

const char *const *rootfs_mount_options(void)
{
	return mount_option_words();
}
