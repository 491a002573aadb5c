/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runtime's side of rootfs_env.ask_source: sources that need the host's mount namespace or
 * privileges.  What comes from the host's mount namespace has its propagation set here, always.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "kernel/mnt.h"
#include "kernel/sock.h"
#include "kernel/spawn.h"
#include "mount/attrs.h"
#include "mount/bind.h"
#include "mount/explain.h"
#include "mount/idmap.h"
#include "mount/image.h"
#include "mount/layer.h"
#include "mount/plan.h"
#include "mount/rootfs.h"
#include "mount/rootlayers.h"

static void container_map(const struct oci_id_mapping *mappings, size_t n, struct userns_map *map)
{
	for (size_t i = 0; i < n; i++)
		userns_map_add(map, mappings[i].container_id, mappings[i].host_id, mappings[i].size);
}

/* The container's maps and user namespace. */
struct ids {
	struct userns_map uids, gids;
	struct idmap_env env;
};

static void ids_done(struct ids *ids)
{
	userns_map_done(&ids->uids);
	userns_map_done(&ids->gids);
}

/* "@" in a mapping of the option is relative to the container's map. */
static void ids_of(const struct oci_config *config, int userns_fd, struct ids *ret)
{
	const struct oci_linux *linux_ = config->linux_;

	*ret = (struct ids){ .env = { .uids = &ret->uids, .gids = &ret->gids, .userns_fd = userns_fd } };
	if (!linux_)
		return;
	container_map(linux_->uid_mappings, linux_->n_uid_mappings, &ret->uids);
	container_map(linux_->gid_mappings, linux_->n_gid_mappings, &ret->gids);
}

static int shift_ids(const struct oci_config *config, const struct mount_entry *entry, int fd, int userns_fd,
		     struct err *e)
{
	_cleanup_(ids_done) struct ids ids;

	ids_of(config, userns_fd, &ids);
	return idmap_apply(fd, entry, &ids.env, false, e);
}

static int make_layer(const struct oci_config *config, const struct mount_entry *entry, const char *path, int userns_fd,
		      struct err *e)
{
	_cleanup_(ids_done) struct ids ids;

	ids_of(config, userns_fd, &ids);
	return layer_make_source(entry, path, &ids.env, e);
}

/* A lower layer of a mount of type overlay. */
static int make_mount_layer(const struct oci_config *config, const char *bundle, size_t index, size_t n, int userns_fd,
			    struct err *e)
{
	_cleanup_free_ char *path = NULL;
	struct mount_entry entry;
	int r = mount_entry_make(config, bundle, index, &entry, e);

	if (r >= 0 && entry.kind == MOUNT_OVERLAY)
		path = overlay_lower_path(&entry, bundle, n);
	if (r >= 0)
		r = path ? make_layer(config, &entry, path, userns_fd, e) :
			   err_say(e, -EINVAL, "mounts[%zu] has no layer %zu", index, n);
	mount_entry_done(&entry);
	return r;
}

/* A layer of the root: a directory to shift, or an image. */
static int make_root_layer(const struct oci_config *config, const char *bundle, size_t n, int userns_fd, struct err *e)
{
	static const struct oci_mount mount = { .destination = "/", .type = "overlay" };
	const struct mount_entry entry = { .mount = &mount, .kind = MOUNT_OVERLAY, .options.own = MOUNT_OWN_IDMAP };
	struct rootlayers layers;
	struct stat st;
	int r = rootlayers_read(config, bundle, &layers, e);

	if (r >= 0 && n >= layers.lower.n)
		r = err_say(e, -EINVAL, "the root has no layer %zu", n);
	else if (r >= 0 && layers.idmap && stat(layers.lower.v[n], &st) == 0 && S_ISDIR(st.st_mode))
		r = make_layer(config, &entry, layers.lower.v[n], userns_fd, e);
	else if (r >= 0)
		r = image_make_source(config, layers.lower.v[n], userns_fd, e);
	rootlayers_done(&layers);
	return r;
}

/* The child has a copy of the host's mounts that belongs to the container's user namespace: in it they are
   locked.  A directory is found as its current one, so that the way there needs no privilege any more. */
static void lend_clone(int sock, const char *path, bool recursive, bool nofollow, int userns_fd)
{
	int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC | (nofollow ? O_NOFOLLOW : 0));
	bool is_dir = dir >= 0 && fchdir(dir) == 0;
	int fd;

	/* the container's user namespace may have processes already, with CAP_SYS_PTRACE in it */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || setns(userns_fd, CLONE_NEWUSER) < 0 || unshare(CLONE_NEWNS) < 0)
		fd = -errno;
	else
		fd = mnt_clone(AT_FDCWD, is_dir ? "" : path, recursive, nofollow && !is_dir);
	_exit(sock_send(sock, &fd, sizeof(fd), &fd, fd >= 0) < 0);
}

/*
 * A clone whose flags are locked, and under which nothing can be uncovered, as if the container had made it
 * (mount_namespaces(7)); a clone that comes straight from the host would let a container with
 * CAP_SYS_ADMIN take away "ro" and unmount what is mounted below.
 */
static int clone_locked(const char *path, bool recursive, bool nofollow, int userns_fd)
{
	_cleanup_close_ int ours = -EBADF, theirs = -EBADF, pidfd = -EBADF, fd = -EBADF;
	int pair[2], status, code = -EIO;
	size_t n_fds = 0;
	ssize_t n;
	pid_t pid;

	n = sock_pair(pair);
	if (n < 0)
		return (int)n;
	ours = pair[0];
	theirs = pair[1];
	pid = spawn_clone(0, -EBADF, &pidfd);
	if (pid < 0)
		return pid;
	if (pid == 0)
		lend_clone(theirs, path, recursive, nofollow, userns_fd);
	fd_close(&theirs);
	n = sock_recv(ours, &code, sizeof(code), &fd, 1, &n_fds);
	spawn_wait(pidfd, &status);
	if (n != sizeof(code))
		return n < 0 ? (int)n : -EIO;
	return n_fds == 1 ? TAKE_FD(fd) : code < 0 ? code : -EIO;
}

/* A peer of the host's mount can only be had from the host.  EACCES: the ids of the container cannot search the
   way to a file.  EINVAL: there are mounts below, and whoever wrote "bind" wants to see what they cover. */
static int clone_source(const struct mount_entry *entry, int userns_fd, struct err *e)
{
	bool recursive = entry->options.own & MOUNT_OWN_RBIND;
	bool nofollow = entry->options.own & (MOUNT_OWN_SRC_NOFOLLOW | MOUNT_OWN_COPY_SYMLINK);
	int fd;

	if (userns_fd < 0 || entry->options.propagation == MS_SHARED)
		return bind_clone(entry, e);
	fd = clone_locked(entry->source, recursive, nofollow, userns_fd);
	if (fd == -EACCES || fd == -EINVAL)
		return bind_clone(entry, e);
	return fd < 0 ? explain_path(e, fd, "source", entry->source) : fd;
}

static int make_source(const struct oci_config *config, const struct mount_entry *entry, int userns_fd,
		       struct err *e)
{
	_cleanup_close_ int fd = clone_source(entry, userns_fd, e);
	int r;

	if (fd < 0)
		return fd;
	r = mount_attrs_propagate(fd, &entry->options, entry->options.own & MOUNT_OWN_RBIND, e);
	if (r >= 0 && mount_entry_wants_idmap(entry))
		r = shift_ids(config, entry, fd, userns_fd, e);
	return r < 0 ? r : TAKE_FD(fd);
}

/* The root directory itself, where the container's ids cannot search the way to it. */
static int make_root(const struct oci_config *config, const char *bundle, int userns_fd, struct err *e)
{
	_cleanup_free_ char *path = rootfs_path(config, bundle);
	_cleanup_close_ int fd = userns_fd >= 0 ? clone_locked(path, true, false, userns_fd) : -EINVAL;
	struct mnt_attr attr = { .propagation = MS_SLAVE };
	int r;

	/* the container has no user namespace of its own */
	if (fd == -EINVAL)
		fd = mnt_clone(AT_FDCWD, path, true, false);
	if (fd < 0)
		return explain_path(e, fd, "root.path", path);
	r = mnt_set_attr(fd, &attr, true);
	return r < 0 ? err_set(e, r, "root.path %s: cannot set the propagation", path) : TAKE_FD(fd);
}

/* Our own is none that ids could be shifted into. */
static bool is_own_userns(int fd)
{
	struct stat own, theirs;

	return fd >= 0 && stat("/proc/self/ns/user", &own) == 0 && fstat(fd, &theirs) == 0 && own.st_ino == theirs.st_ino &&
	       own.st_dev == theirs.st_dev;
}

static int make_any(const struct oci_config *config, const char *bundle, size_t index, int userns_fd, struct err *e)
{
	size_t layer = index >> ROOTFS_SOURCE_LAYER_SHIFT, mount = index & ((1U << ROOTFS_SOURCE_LAYER_SHIFT) - 1);
	struct mount_entry entry;
	int r;

	if (index == ROOTFS_SOURCE_ROOT)
		return make_root(config, bundle, userns_fd, e);
	if (layer > 0 && layer <= ROOTFS_MAX_LAYERS && mount < config->n_mounts)
		return make_mount_layer(config, bundle, mount, layer - 1, userns_fd, e);
	if (index >= config->n_mounts && rootlayers_wanted(config))
		return make_root_layer(config, bundle, rootlayers_of_index(index), userns_fd, e);
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

int rootfs_make_source(const struct oci_config *config, const char *bundle, size_t index, int userns_fd,
		       struct err *e)
{
	return make_any(config, bundle, index, is_own_userns(userns_fd) ? -EBADF : userns_fd, e);
}
