/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts of a container that runs: see live.h. */
#include "mount/live.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "kernel/mnt.h"
#include "kernel/pathat.h"
#include "kernel/procfs.h"
#include "kernel/syscalls.h"
#include "mount/plan.h"
#include "mount/tree.h"

struct live {
	struct live_place place;
	int own_ns; /* where we are, to come back to */
	int fds;    /* the directory /proc/self/fd */
	int *mounts;
	size_t n_mounts;
};

/* ---- what may be added ---- */

/* Why an entry cannot be added later; NULL: it can. */
static const char *refuse(const struct mount_entry *entry)
{
	switch (entry->kind) {
	case MOUNT_BIND:
	case MOUNT_TMPFS:
	case MOUNT_OVERLAY:
	case MOUNT_FUSE:
	case MOUNT_FS:
		break;
	case MOUNT_REMOUNT:
		return "what is mounted already is not changed";
	default:
		return "this type is mounted with its container only";
	}
	if (strcmp(entry->clean, "/") == 0 || strcmp(entry->clean, "/dev") == 0)
		return "the container could not go on without what is there";
	return NULL;
}

int live_check(const struct oci_config *config, const char *bundle, struct err *e)
{
	struct mount_plan plan;
	int r = mount_plan_make(config, bundle, &plan, e);

	for (size_t i = 0; r >= 0 && i < plan.n_entries; i++) {
		const char *why = refuse(&plan.entries[i]);

		if (why)
			r = err_say(e, -ENOTSUP, "mounts[%zu] %s: cannot be added to a running container: %s", i,
				    plan.entries[i].destination, why);
	}
	mount_plan_done(&plan);
	return r;
}

/* ---- between the two mount namespaces ---- */

static int open_own(struct live *live, struct err *e)
{
	_cleanup_close_ int proc = procfs_open();

	if (proc < 0)
		return err_set(e, proc, "/proc");
	/* a link of procfs that leads out of it, which procfs_open_at() does not follow */
	live->own_ns = openat(proc, "self/ns/mnt", O_RDONLY | O_CLOEXEC);
	if (live->own_ns < 0)
		return err_set(e, -errno, "/proc/self/ns/mnt");
	live->fds = procfs_open_at(proc, "self/fd", O_PATH | O_DIRECTORY);
	return live->fds < 0 ? err_set(e, live->fds, "/proc/self/fd") : 0;
}

/* Entering a mount namespace makes its root our root and our current directory (setns(2)). */
static int enter(int ns_fd)
{
	return setns(ns_fd, CLONE_NEWNS) < 0 ? -errno : 0;
}

/* Nothing of ours is looked up by a path in there: it would lead to the container's files. */
static int leave(const struct live *live, int r)
{
	int back = enter(live->own_ns);

	return r < 0 ? r : back;
}

int live_attach(struct live *live, size_t index, int *mnt_fd, int target_fd)
{
	int r = enter(live->place.ns_fd);

	if (r < 0)
		return r;
	r = mnt_attach(*mnt_fd, target_fd);
	if (r == 0)
		live->mounts[index] = TAKE_FD(*mnt_fd);
	return leave(live, r);
}

int live_clone_root(const struct live *live)
{
	const struct mnt_attr writable = { .clear = MOUNT_ATTR_RDONLY };
	_cleanup_close_ int fd = -EBADF;
	int r = enter(live->place.ns_fd);

	if (r < 0)
		return r;
	fd = mnt_clone(live->place.root_fd, "", false, false);
	r = leave(live, fd < 0 ? fd : mnt_set_attr(fd, &writable, false));
	return r < 0 ? r : TAKE_FD(fd);
}

/* By descriptor, since a name can be exchanged meanwhile: umount2(2) follows the magic link to where it leads. */
static int unmount(const struct live *live, int fd)
{
	_cleanup_free_ char *link = str_printf("%d", fd);
	int r = enter(live->place.ns_fd);

	if (r < 0)
		return r;
	if (fchdir(live->fds) < 0 || umount2(link, MNT_DETACH) < 0)
		r = -errno;
	return leave(live, r);
}

/* ---- add ---- */

static int add_all(struct live *live, struct rootfs *rootfs, struct err *e)
{
	int root = fcntl(live->place.root_fd, F_DUPFD_CLOEXEC, 3), r;

	if (root < 0)
		return err_set(e, -errno, "duplicate a descriptor");
	r = rootfs_set_root(rootfs, root);
	if (r < 0)
		return err_set(e, r, "the container's root directory");
	r = open_own(live, e);
	if (r == 0)
		r = rootfs_prepare(rootfs, e);
	return r < 0 ? r : rootfs_make_mounts(rootfs, e);
}

int live_add(const struct rootfs_env *env, const struct live_place *place, struct live **ret_live, struct err *e)
{
	struct live *live = xcalloc(1, sizeof(*live));
	/* No source is inside of what is being mounted: the tree cannot be seen from here. */
	struct rootfs *rootfs = rootfs_new(env, xstrdup("/"));
	mode_t umask_before = umask(0); /* modes are what is written here */
	int r;

	*live = (struct live){ .place = *place, .own_ns = -EBADF, .fds = -EBADF };
	live->n_mounts = env->config->n_mounts;
	live->mounts = xmalloc((live->n_mounts + 1) * sizeof(int));
	for (size_t i = 0; i < live->n_mounts; i++)
		live->mounts[i] = -EBADF;
	rootfs->live = live;
	r = add_all(live, rootfs, e);
	umask(umask_before);
	rootfs_free(rootfs);
	if (r < 0) {
		live_undo(live);
		live_free(live);
		return r;
	}
	*ret_live = live;
	return 0;
}

uint64_t live_id(const struct live *live, size_t index)
{
	return live->mounts[index] < 0 ? 0 : mnt_id(live->mounts[index]);
}

void live_undo(struct live *live)
{
	for (size_t i = live->n_mounts; i > 0; i--) {
		int r = live->mounts[i - 1] < 0 ? 0 : unmount(live, live->mounts[i - 1]);

		if (r < 0)
			log_warning("mounts[%zu]: cannot be unmounted again: %s", i - 1, err_reason(r));
	}
}

void live_free(struct live *live)
{
	if (!live)
		return;
	for (size_t i = 0; i < live->n_mounts; i++)
		fd_close(&live->mounts[i]);
	free(live->mounts);
	fd_close(&live->own_ns);
	fd_close(&live->fds);
	free(live);
}

/* ---- remove ---- */

/* The last component may be a link that was mounted on (dest-nofollow). */
static int open_mount(const struct live_place *place, const char *destination, uint64_t id)
{
	int fd = pathat_open(place->root_fd, destination, O_PATH | O_CLOEXEC);

	if (fd >= 0 && mnt_id(fd) == id)
		return fd;
	fd_close(&fd);
	return pathat_open(place->root_fd, destination, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

int live_remove(const struct live_place *place, const char *destination, uint64_t id, struct err *e)
{
	struct live live = { .place = *place, .own_ns = -EBADF, .fds = -EBADF };
	_cleanup_close_ int fd = open_mount(place, destination, id);
	int r;

	if (fd == -ENOENT || fd == -ENOTDIR || (fd >= 0 && mnt_is_root(fd) == 0))
		return err_say(e, -ENOENT, "%s: nothing is mounted there any more", destination);
	if (fd < 0)
		return err_set(e, fd, "%s", destination);
	if (mnt_id(fd) != id)
		return err_say(e, -EBUSY, "%s: something else is mounted over it", destination);
	r = open_own(&live, e);
	if (r == 0) {
		r = unmount(&live, fd);
		if (r < 0)
			err_set(e, r, "%s: unmount it", destination);
	}
	fd_close(&live.own_ns);
	fd_close(&live.fds);
	return r;
}
