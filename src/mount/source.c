/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runtime's side of rootfs_env.ask_source: sources that need the host's mount namespace or
 * privileges.  Such mounts carry no locks into the container, so propagation is always set here.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>

#include "base/str.h"
#include "kernel/mnt.h"
#include "mount/attrs.h"
#include "mount/bind.h"
#include "mount/explain.h"
#include "mount/idmap.h"
#include "mount/image.h"
#include "mount/plan.h"
#include "mount/rootfs.h"
#include "mount/rootlayers.h"

static void container_map(const struct oci_id_mapping *mappings, size_t n, struct userns_map *map)
{
	for (size_t i = 0; i < n; i++)
		userns_map_add(map, mappings[i].container_id, mappings[i].host_id, mappings[i].size);
}

/* "@" in a mapping of the option is relative to the container's map. */
static int shift_ids(const struct oci_config *config, const struct mount_entry *entry, int fd, int userns_fd,
		     struct err *e)
{
	const struct oci_linux *linux_ = config->linux_;
	struct userns_map uids = { .n_extents = 0 }, gids = { .n_extents = 0 };
	struct idmap_env env = { .uids = &uids, .gids = &gids, .inside = false, .userns_fd = userns_fd };
	int r;

	if (linux_) {
		container_map(linux_->uid_mappings, linux_->n_uid_mappings, &uids);
		container_map(linux_->gid_mappings, linux_->n_gid_mappings, &gids);
	}
	r = idmap_apply(fd, entry, &env, false, e);
	userns_map_done(&uids);
	userns_map_done(&gids);
	return r;
}

static int make_source(const struct oci_config *config, const struct mount_entry *entry, int userns_fd,
		       struct err *e)
{
	_cleanup_close_ int fd = bind_clone(entry, e);
	int r;

	if (fd < 0)
		return fd;
	r = mount_attrs_propagate(fd, &entry->options, entry->options.own & MOUNT_OWN_RBIND, e);
	if (r >= 0 && mount_entry_wants_idmap(entry))
		r = shift_ids(config, entry, fd, userns_fd, e);
	return r < 0 ? r : TAKE_FD(fd);
}

/* The root directory itself, where the container's ids cannot search the way to it. */
static int make_root(const struct oci_config *config, const char *bundle, struct err *e)
{
	_cleanup_free_ char *path = rootfs_path(config, bundle);
	_cleanup_close_ int fd = mnt_clone(AT_FDCWD, path, true, false);
	struct mnt_attr attr = { .propagation = MS_SLAVE };
	int r;

	if (fd < 0)
		return explain_path(e, fd, "root.path", path);
	r = mnt_set_attr(fd, &attr, true);
	return r < 0 ? err_set(e, r, "root.path %s: cannot set the propagation", path) : TAKE_FD(fd);
}

int rootfs_make_source(const struct oci_config *config, const char *bundle, size_t index, int userns_fd,
		       struct err *e)
{
	struct mount_entry entry;
	int r;

	if (index == ROOTFS_SOURCE_ROOT)
		return make_root(config, bundle, e);
	if (index >= config->n_mounts && rootlayers_wanted(config))
		return image_make_source(config, bundle, rootlayers_of_index(index), userns_fd, e);
	if (index >= config->n_mounts)
		return err_say(e, -EINVAL, "mounts[%zu] does not exist", index);
	r = mount_entry_make(config, bundle, index, &entry, e);
	if (r >= 0 && entry.kind != MOUNT_BIND)
		r = err_say(e, -EINVAL, "only bind mounts have a source on the host");
	else if (r >= 0)
		r = make_source(config, &entry, userns_fd, e);
	mount_entry_done(&entry);
	return r;
}
