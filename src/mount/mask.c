/* SPDX-License-Identifier: Apache-2.0 */
/* Masked and read-only paths: see mask.h. */
#include "mount/mask.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "kernel/mnt.h"
#include "kernel/syscalls.h"
#include "mount/label.h"

#define MASK_ATTRS (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

static int check_paths(const char *const *paths, size_t n, const char *name, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *clean = NULL;

		if (paths[i][0] != '/')
			return err_say(e, -EINVAL, "linux.%s[%zu]: \"%s\" is not an absolute path", name, i, paths[i]);
		/* what lies over the root is not what the program sees */
		clean = mount_clean_path(paths[i]);
		if (strcmp(clean, "/") == 0)
			return err_say(e, -EINVAL, "linux.%s[%zu]: \"%s\" is the root itself; root.readonly makes that read-only",
				       name, i, paths[i]);
	}
	return 0;
}

int mask_check(const struct oci_config *config, struct err *e)
{
	const struct oci_linux *linux_ = config->linux_;
	int r;

	if (!linux_)
		return 0;
	r = check_paths(linux_->masked_paths, linux_->n_masked_paths, "maskedPaths", e);
	return r < 0 ? r : check_paths(linux_->readonly_paths, linux_->n_readonly_paths, "readonlyPaths", e);
}

/* ENOTDIR: a component of the path is a file, so that the path does not exist either. */
static bool is_missing(int code)
{
	return code == -ENOENT || code == -ENOTDIR;
}

static int make_read_only(const struct rootfs *rootfs, const char *path)
{
	struct mnt_attr attr = { .set = MOUNT_ATTR_RDONLY };
	_cleanup_close_ int target = rootfs_open(rootfs, path);
	_cleanup_close_ int clone = -EBADF;
	int r;

	if (target < 0)
		return is_missing(target) ? 0 : target;
	clone = mnt_clone(target, "", true, false);
	if (clone < 0)
		return clone;
	r = mnt_set_attr(clone, &attr, true);
	return r < 0 ? r : mnt_attach(clone, target);
}

int mask_read_only(struct rootfs *rootfs, struct err *e)
{
	const struct oci_linux *linux_ = rootfs->env.config->linux_;

	for (size_t i = 0; linux_ && i < linux_->n_readonly_paths; i++) {
		int r = make_read_only(rootfs, linux_->readonly_paths[i]);

		if (r < 0)
			return err_set(e, r, "linux.readonlyPaths[%zu] %s: cannot make it read-only", i,
				       linux_->readonly_paths[i]);
	}
	return 0;
}

/*
 * A clone of the host's null device.  Read-only as a mount: that does not hinder writing to the device,
 * but a container whose root is the host's cannot change the mode of the host's node through it.
 */
static int clone_null(const struct rootfs *rootfs)
{
	struct mnt_attr attr = { .set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
				 .propagation = MS_PRIVATE };
	_cleanup_close_ int fd = mnt_clone(AT_FDCWD, "/dev/null", false, true);
	struct stat st;
	int r;

	(void)rootfs;
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return -ENODEV;
	r = mnt_set_attr(fd, &attr, false);
	return r < 0 ? r : TAKE_FD(fd);
}

static int new_empty(const struct rootfs *rootfs)
{
	char words[64]; /* a label that is refused has been refused before */
	struct mnt_fs fs;
	int r = mnt_fs_open("tmpfs", &fs);

	if (r < 0)
		return r;
	r = mnt_fs_set(&fs, "source", "tmpfs");
	if (r >= 0)
		r = mnt_fs_set(&fs, "mode", "555");
	if (r >= 0)
		r = mnt_fs_set(&fs, "nr_inodes", "1");
	if (r >= 0)
		r = label_set(&fs, rootfs, NULL, words, sizeof(words));
	if (r >= 0)
		r = mnt_fs_create(&fs, MASK_ATTRS);
	mnt_fs_done(&fs);
	return r;
}

/* What hides: made when it is needed for the first time, which is attached as it is; the others are its clones (clones
   of detached mounts are not to be had before Linux 6.15). */
struct cover {
	int (*make)(const struct rootfs *rootfs);
	int fd; /* -EBADF: not yet */
};

static int attach_cover(const struct rootfs *rootfs, struct cover *cover, int target)
{
	_cleanup_close_ int fd = -EBADF;

	if (cover->fd < 0) {
		cover->fd = cover->make(rootfs);
		return cover->fd < 0 ? cover->fd : mnt_attach(cover->fd, target);
	}
	fd = mnt_clone(cover->fd, "", false, false);
	return fd < 0 ? fd : mnt_attach(fd, target);
}

struct covers {
	struct cover file, directory;
};

static int hide(const struct rootfs *rootfs, const char *path, struct covers *covers)
{
	_cleanup_close_ int target = rootfs_open(rootfs, path);
	struct stat st;

	if (target < 0)
		return is_missing(target) ? 0 : target;
	if (fstat(target, &st) < 0)
		return -errno;
	return attach_cover(rootfs, S_ISDIR(st.st_mode) ? &covers->directory : &covers->file, target);
}

static int hide_all(const struct rootfs *rootfs, const struct oci_linux *linux_, struct covers *covers, struct err *e)
{
	for (size_t i = 0; i < linux_->n_masked_paths; i++) {
		int r = hide(rootfs, linux_->masked_paths[i], covers);

		if (r == -ENODEV)
			return err_say(e, r, "linux.maskedPaths[%zu] %s: the host's /dev/null is not the null device", i,
				       linux_->masked_paths[i]);
		if (r < 0)
			return err_set(e, r, "linux.maskedPaths[%zu] %s: cannot mask it", i, linux_->masked_paths[i]);
	}
	return 0;
}

int mask_hide(struct rootfs *rootfs, struct err *e)
{
	const struct oci_linux *linux_ = rootfs->env.config->linux_;
	struct covers covers = { .file = { clone_null, -EBADF }, .directory = { new_empty, -EBADF } };
	int r = linux_ ? hide_all(rootfs, linux_, &covers, e) : 0;

	fd_close(&covers.file.fd);
	fd_close(&covers.directory.fd);
	return r;
}
