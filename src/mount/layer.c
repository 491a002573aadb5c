/* SPDX-License-Identifier: Apache-2.0 */
/* Lower layers with shifted ids: see layer.h. */
#include "mount/layer.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/str.h"
#include "kernel/mnt.h"
#include "kernel/syscalls.h"
#include "mount/explain.h"
#include "mount/idmap.h"

struct mount_entry layer_entry(const struct mount_entry *overlay, const char *path)
{
	struct mount_entry entry = *overlay;

	entry.kind = MOUNT_BIND;
	entry.source = (char *)(uintptr_t)path; /* borrowed: it is never freed by this entry */
	entry.options.own &= ~(unsigned)MOUNT_OWN_RBIND;
	return entry;
}

/* overlayfs clones the mount of a layer and nothing below it.  EINVAL, for a path that was found: something is mounted
   below it, and in a user namespace what that covers may not be seen (mount_namespaces(7)). */
static int clone_layer(const char *path, struct err *e)
{
	int fd = mnt_clone(AT_FDCWD, path, false, false);

	if (fd != -EINVAL)
		return fd < 0 ? explain_path(e, fd, "lower layer", path) : fd;
	err_set(e, fd, "cannot use the lower layer %s without what is mounted below it", path);
	return err_hint(e, "in a user namespace such mounts are locked together");
}

int layer_make_source(const struct mount_entry *entry, const char *path, const struct idmap_env *env, struct err *e)
{
	const struct mnt_attr attr = { .set = MOUNT_ATTR_RDONLY, .propagation = MS_PRIVATE };
	const struct mount_entry layer = layer_entry(entry, path);
	_cleanup_close_ int fd = clone_layer(path, e);
	int r;

	if (fd < 0)
		return fd;
	r = mnt_set_attr(fd, &attr, false);
	if (r < 0)
		return err_set(e, r, "lower layer %s: cannot make it read-only", path);
	r = idmap_apply(fd, &layer, env, false, e);
	return r < 0 ? err_wrap(e, "lower layer %s", path) : TAKE_FD(fd);
}

int layer_open(struct rootfs *rootfs, const struct mount_entry *entry, size_t index, const char *path,
	       bool *ret_foreign, struct err *e)
{
	const struct idmap_env env = rootfs_idmap_env(rootfs);
	int fd;

	*ret_foreign = false;
	/* beneath root.path things depend on earlier mounts, once there can be any */
	if (!rootfs->env.ask_source || !rootfs->env.userns || (rootfs->fd >= 0 && rootfs_holds_path(rootfs, path)))
		return layer_make_source(entry, path, &env, e);
	/* somebody else may be in there, and reach what is lent */
	if (!rootfs->env.new_mount_ns)
		return err_say(e, -EINVAL, "layers cannot be shifted (idmap) in a mount namespace that is not the "
			       "container's own");
	fd = rootfs->env.ask_source(rootfs->env.ask_ctx, index, e);
	*ret_foreign = fd >= 0;
	return fd == -EPERM ? layer_make_source(entry, path, &env, e) : fd;
}

int layer_lend(struct overlay_layers *layers, int mnt_fd)
{
	_cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = root < 0 ? -errno : mnt_attach(mnt_fd, root);

	if (r >= 0)
		layers->n_lent++;
	return r;
}

int layer_lend_detached(struct overlay_layers *layers)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < layers->n; i++)
		if (layers->v[i].detached >= 0)
			r = layer_lend(layers, layers->v[i].detached);
	return r;
}

int layer_take_back(struct overlay_layers *layers)
{
	_cleanup_close_ int before = -EBADF;

	if (layers->n_lent == 0)
		return 0;
	before = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (before < 0 || chdir("/") < 0)
		return -errno;
	/* umount2() takes what lies on top of "." */
	for (; layers->n_lent > 0; layers->n_lent--)
		if (umount2(".", MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
			return -errno;
	return fchdir(before) < 0 ? -errno : 0;
}
