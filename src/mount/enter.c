/* SPDX-License-Identifier: Apache-2.0 */
/* The last steps: the terminal as /dev/console, and the tree as "/"; and its end (rootfs.h). */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "kernel/mnt.h"
#include "kernel/mntinfo.h"
#include "kernel/syscalls.h"
#include "mount/explain.h"
#include "mount/target.h"
#include "mount/tree.h"
#include "mount/virtual.h"

/* The file to bind the terminal on; never a link (CVE-2025-52565). */
static int open_console(int dev, struct err *e)
{
	_cleanup_close_ int fd = openat(dev, "console", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && errno == ENOENT) {
		fd_close(&fd);
		fd = openat(dev, "console", O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	}
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(e, -errno, "/dev/console: cannot make the file to bind the terminal on");
	if (!S_ISREG(st.st_mode) && !S_ISCHR(st.st_mode))
		return err_say(e, -EINVAL, "/dev/console: the image has %s there, and the terminal is bound on files only",
			       S_ISLNK(st.st_mode) ? "a symbolic link" : "neither a file nor a device");
	return TAKE_FD(fd);
}

int rootfs_bind_console(struct rootfs *rootfs, int slave_fd, struct err *e)
{
	struct mnt_attr private = { .propagation = MS_PRIVATE };
	bool created = false;
	_cleanup_close_ int dev = target_open_strict(rootfs->fd, "/dev", &created), file = -EBADF, clone = -EBADF;
	int r;

	if (dev < 0)
		return err_set(e, dev, "/dev: cannot open it as a directory%s",
			       dev == -ELOOP ? ", it is a symbolic link" : "");
	file = open_console(dev, e);
	if (file < 0)
		return file;
	clone = mnt_clone(slave_fd, "", false, false);
	if (clone < 0)
		return err_set(e, clone, "/dev/console: cannot bind the terminal");
	r = mnt_set_attr(clone, &private, false);
	if (r >= 0)
		r = mnt_attach(clone, file);
	return r < 0 ? err_set(e, r, "/dev/console: cannot bind the terminal") : 0;
}

static int cover(const char *target)
{
	_cleanup_close_ int fd = -EBADF, place = open(target, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct mnt_fs fs;
	int r;

	if (place < 0)
		return errno == ENOTDIR ? 0 : -errno;
	r = mnt_fs_open("tmpfs", &fs);
	if (r < 0)
		return r;
	fd = r = mnt_fs_create(&fs, MOUNT_ATTR_RDONLY);
	mnt_fs_done(&fs);
	return r < 0 ? r : mnt_attach(fd, place);
}

/*
 * Without pivot_root the mounts of the host stay below ours.  A proc or sysfs among them that is not masked
 * would let a program in a user namespace mount a fresh one without masks: unmount them, and cover those
 * that are locked (EINVAL) or not ours to unmount (EPERM).
 */
static int hide_host_procfs(const struct rootfs *rootfs, struct err *e)
{
	struct mntinfo info = { .n_entries = 0 };
	int r = mntinfo_read("/proc/self/mountinfo", &info, e);

	for (size_t i = info.n_entries; r >= 0 && i-- > 0;) {
		const struct mntinfo_entry *entry = &info.entries[i];

		if ((strcmp(entry->type, "proc") != 0 && strcmp(entry->type, "sysfs") != 0) ||
		    rootfs_holds_path(rootfs, entry->target))
			continue;
		if (umount2(entry->target, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
			continue;
		r = errno == EINVAL || errno == EPERM ? cover(entry->target) : -errno;
		/* ENOENT: another mount lies over the path, so that nobody can reach it */
		r = r == -ENOENT ? 0 : r;
		if (r < 0)
			err_set(e, r, "no-pivot: cannot hide the host's %s", entry->target);
	}
	mntinfo_done(&info);
	return r;
}

static int move_over(struct rootfs *rootfs, struct err *e)
{
	int r = hide_host_procfs(rootfs, e);

	if (r < 0)
		return r;
	r = mnt_move_over_root(rootfs->fd);
	return r < 0 ? err_set(e, r, "cannot move the root file system over /") : 0;
}

/* Before pivot_root(2) can work the initramfs has to be left, which never happens on machines that run
   from it: "The rootfs (initial ramfs) cannot be pivot_root()ed". */
static bool on_initramfs(void)
{
	struct statfs fs;

	return statfs("/", &fs) == 0 && (fs.f_type == RAMFS_MAGIC || fs.f_type == TMPFS_MAGIC);
}

static int change_root(struct rootfs *rootfs, struct err *e)
{
	int r;

	if (!rootfs->env.new_mount_ns) {
		r = fchdir(rootfs->fd) < 0 || chroot(".") < 0 || chdir("/") < 0 ? -errno : 0;
		return r < 0 ? err_set(e, r, "cannot change the root directory to %s", rootfs->path) : 0;
	}
	if (rootfs->env.no_pivot)
		return move_over(rootfs, e);
	r = mnt_pivot(rootfs->fd, true);
	/* refused, so "/" is what it was */
	if (r == -EINVAL && on_initramfs())
		return move_over(rootfs, e);
	return r < 0 ? err_set(e, r, "pivot_root to %s", rootfs->path) : 0;
}

/* linux.rootfsPropagation, with the r- forms that reach all mounts beneath.  Private and slave, with what came
   with the root, are so since it was opened; repeated here they would undo what mounts[] asked. */
static const struct {
	uint64_t flag;
	bool recursive;
} propagations[] = {
	[0] = { 0, false },
	[OCI_PROPAGATION_PRIVATE] = { 0, false },
	[OCI_PROPAGATION_SHARED] = { MS_SHARED, false },
	[OCI_PROPAGATION_SLAVE] = { 0, false },
	[OCI_PROPAGATION_UNBINDABLE] = { MS_UNBINDABLE, false },
	[OCI_PROPAGATION_RPRIVATE] = { 0, false },
	[OCI_PROPAGATION_RSHARED] = { MS_SHARED, true },
	[OCI_PROPAGATION_RSLAVE] = { 0, false },
	[OCI_PROPAGATION_RUNBINDABLE] = { MS_UNBINDABLE, true },
};

/* Is another mount over this one, on the very same path? */
static bool is_covered(const struct mount_plan *plan, size_t n)
{
	for (size_t i = n + 1; i < plan->n_entries; i++)
		if (strcmp(plan->entries[i].clean, plan->entries[n].clean) == 0)
			return true;
	return false;
}

/* An r- form has reached the mounts below as well; those with a word of their own keep it. */
static int keep_own_words(const struct rootfs *rootfs, struct err *e)
{
	for (size_t i = 0; i < rootfs->plan.n_entries; i++) {
		const struct mount_entry *entry = &rootfs->plan.entries[i];
		const struct mnt_attr attr = { .propagation = entry->options.propagation };
		_cleanup_close_ int fd = -EBADF;
		int r;

		if (!attr.propagation || is_covered(&rootfs->plan, i))
			continue;
		fd = r = rootfs_open(rootfs, entry->clean);
		if (r >= 0)
			r = mnt_set_attr(fd, &attr, entry->options.propagation_recursive);
		/* ENOENT, ENOTDIR, EINVAL (no mount): below another mount, where nobody can reach it */
		if (r < 0 && r != -ENOENT && r != -ENOTDIR && r != -EINVAL)
			return err_set(e, r, "mounts[%zu] %s: cannot set the propagation", entry->index, entry->destination);
	}
	return 0;
}

static int propagate(const struct rootfs *rootfs, enum oci_propagation asked, struct err *e)
{
	const struct mnt_attr attr = { .propagation = propagations[asked].flag };
	int r;

	if (!attr.propagation)
		return 0;
	r = mnt_set_attr(rootfs->fd, &attr, propagations[asked].recursive);
	if (r < 0)
		return err_set(e, r, "linux.rootfsPropagation cannot be set");
	return propagations[asked].recursive ? keep_own_words(rootfs, e) : 0;
}

static int finish_dev(const struct rootfs *rootfs, struct err *e)
{
	const struct mnt_attr readonly = { .set = MOUNT_ATTR_RDONLY };
	const struct mount_entry *entry = NULL;
	_cleanup_close_ int fd = -EBADF;
	bool created = false;
	int r;

	/* the last one is on top */
	for (size_t i = 0; i < rootfs->plan.n_entries; i++)
		if (strcmp(rootfs->plan.entries[i].clean, "/dev") == 0)
			entry = &rootfs->plan.entries[i];
	if (!entry || !virtual_is_late_read_only(entry))
		return 0;
	fd = r = target_open_strict(rootfs->fd, "/dev", &created);
	if (r >= 0)
		r = mnt_set_attr(fd, &readonly, false);
	return r < 0 ? err_set(e, r, "mounts[%zu] /dev: cannot make it read-only", entry->index) : 0;
}

static int finish_root(const struct rootfs *rootfs, struct err *e)
{
	const struct oci_config *config = rootfs->env.config;
	const struct mnt_attr readonly = { .set = MOUNT_ATTR_RDONLY };
	int r = finish_dev(rootfs, e);

	if (r < 0)
		return r;
	if (config->root->readonly) {
		r = mnt_set_attr(rootfs->fd, &readonly, false);
		if (r == -EBUSY)
			return err_set(e, r, "root.readonly: a file in it is open for writing");
		if (r < 0)
			return err_set(e, r, "root.readonly cannot be set");
	}
	return config->linux_ ? propagate(rootfs, config->linux_->rootfs_propagation, e) : 0;
}

int rootfs_enter(struct rootfs *rootfs, struct err *e)
{
	int r = change_root(rootfs, e);

	return r < 0 ? r : finish_root(rootfs, e);
}

uint64_t rootfs_mount_id(const struct rootfs *rootfs)
{
	return rootfs->env.new_mount_ns ? 0 : mnt_id(rootfs->fd);
}

int rootfs_detach(const char *path, uint64_t id, struct err *e)
{
	_cleanup_close_ int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (fd < 0)
		return err_set(e, -errno, "%s: cannot open it to unmount it", path);
	if (mnt_id(fd) != id) {
		log_debug("%s: the root file system is not mounted there any more", path);
		return 0;
	}
	fd_close(&fd);
	return umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 ? err_set(e, -errno, "%s: cannot unmount it", path) : 0;
}
