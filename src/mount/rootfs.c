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
	r = rootfs_set_root(rootfs, TAKE_FD(tree));
	return r < 0 ? err_set(e, r, "root.path %s", rootfs->path) : 0;
}

static int explain_mount(const struct rootfs *rootfs, const struct mount_entry *entry, struct err *e)
{
	err_wrap(e, "mounts[%zu] %s", entry->index, entry->mount->destination);
	return e->code == -EROFS ? rootoverlay_hint_missing(rootfs, e) : e->code;
}

int rootfs_make_mounts(struct rootfs *rootfs, struct err *e)
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

struct rootfs *rootfs_new(const struct rootfs_env *env, char *path)
{
	struct rootfs *rootfs = xcalloc(1, sizeof(*rootfs));

	rootfs->env = *env;
	rootfs->path = path;
	rootfs->fd = -EBADF;
	for (size_t i = 0; i < N_ANCHORS; i++)
		rootfs->anchors[i].fd = -EBADF;
	return rootfs;
}

int rootfs_prepare(struct rootfs *rootfs, struct err *e)
{
	int r = mount_plan_make(rootfs->env.config, rootfs->env.bundle, &rootfs->plan, e);

	if (r < 0)
		return r;
	rootfs->early = xmalloc((rootfs->plan.n_entries + 1) * sizeof(int));
	for (size_t i = 0; i < rootfs->plan.n_entries; i++)
		rootfs->early[i] = -EBADF;
	label_find(rootfs);
	r = rootfs_read_joined_map(rootfs, e);
	if (r >= 0)
		r = bind_open_early(rootfs, e);
	return r < 0 ? r : cut_from_host(rootfs, e);
}

static int assemble(struct rootfs *rootfs, struct err *e)
{
	int r = rootfs_prepare(rootfs, e);

	if (r >= 0)
		r = open_root(rootfs, e);
	if (r >= 0)
		r = rootfs_make_mounts(rootfs, e);
	if (r >= 0)
		r = mount_devices_make(rootfs, e);
	if (r >= 0)
		r = mask_read_only(rootfs, e);
	return r < 0 ? r : mask_hide(rootfs, e);
}

int rootfs_assemble(const struct rootfs_env *env, struct rootfs **ret_rootfs, struct err *e)
{
	struct rootfs *rootfs = rootfs_new(env, rootfs_path(env->config, env->bundle));
	mode_t umask_before = umask(0); /* modes are what is written here */
	int r = assemble(rootfs, e);

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
	rootfs_drop_anchors(rootfs);
	fd_close(&rootfs->fd);
	free(rootfs->path);
	free(rootfs);
}

const char *const *rootfs_mount_options(void)
{
	return mount_option_words();
}
