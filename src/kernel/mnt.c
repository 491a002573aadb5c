/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts as descriptors: see mnt.h.  Which mounts, and why, is decided in src/mount. */
#include "kernel/mnt.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "base/cleanup.h"
#include "kernel/syscalls.h"

#define STATFS_VALID 0x0020 /* ST_VALID of statfs(2): the kernel filled f_flags in; no flag of a mount */

int mnt_clone(int dirfd, const char *path, bool recursive, bool nofollow)
{
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;

	if (!*path)
		flags |= AT_EMPTY_PATH;
	if (recursive)
		flags |= AT_RECURSIVE;
	if (nofollow)
		flags |= AT_SYMLINK_NOFOLLOW;
	return sys_open_tree(dirfd, path, flags);
}

int mnt_fs_open(const char *type, struct mnt_fs *ret_fs)
{
	ret_fs->fd = sys_fsopen(type, FSOPEN_CLOEXEC);
	ret_fs->created = false;
	return ret_fs->fd < 0 ? ret_fs->fd : 0;
}

int mnt_fs_set(const struct mnt_fs *fs, const char *key, const char *value)
{
	return sys_fsconfig(fs->fd, value ? SYS_FSCONFIG_SET_STRING : SYS_FSCONFIG_SET_FLAG, key, value, 0);
}

int mnt_fs_set_fd(const struct mnt_fs *fs, const char *key, int fd)
{
	return sys_fsconfig(fs->fd, SYS_FSCONFIG_SET_FD, key, NULL, fd);
}

int mnt_fs_create(struct mnt_fs *fs, uint64_t attrs)
{
	int r = sys_fsconfig(fs->fd, SYS_FSCONFIG_CMD_CREATE, NULL, NULL, 0);

	fs->created = r >= 0;
	return r < 0 ? r : sys_fsmount(fs->fd, FSMOUNT_CLOEXEC, (unsigned)attrs);
}

void mnt_fs_done(struct mnt_fs *fs)
{
	fd_close(&fs->fd);
}

/* Each read(2) yields one message, "e tmpfs: Bad value for 'mode'": a letter for its weight ('e'rror,
   'w'arning, 'i'nformation), a blank, the text (fsopen(2)). */
void mnt_fs_words(const struct mnt_fs *fs, char *text, size_t n_text)
{
	char line[512], last[512] = "";
	size_t len = 0;
	ssize_t n;

	if (n_text == 0)
		return;
	text[0] = '\0';
	/* Ends with ENODATA, or EMSGSIZE for a message longer than any that there is. */
	while ((n = read(fs->fd, line, sizeof(line) - 1)) > 0) {
		const char *words = line;

		while (n > 0 && line[n - 1] == '\n')
			n--;
		line[n] = '\0';
		if (n > 2 && line[1] == ' ')
			words += 2;
		/* some say the same once more */
		if (len < n_text - 1 && strcmp(words, last) != 0)
			len += (size_t)snprintf(text + len, n_text - len, "%s%s", len > 0 ? "; " : "", words);
		snprintf(last, sizeof(last), "%s", words);
	}
}

static struct sys_mount_attr to_kernel(const struct mnt_attr *attr)
{
	struct sys_mount_attr kernel = {
		.attr_set = attr->set,
		.attr_clr = attr->clear,
		.propagation = attr->propagation,
	};

	if (attr->set & MOUNT_ATTR_IDMAP)
		kernel.userns_fd = (uint64_t)attr->userns_fd;
	return kernel;
}

int mnt_set_attr_at(int dirfd, const char *path, const struct mnt_attr *attr, bool recursive)
{
	const struct sys_mount_attr kernel = to_kernel(attr);

	return sys_mount_setattr(dirfd, path, (*path ? 0 : AT_EMPTY_PATH) | (recursive ? AT_RECURSIVE : 0), &kernel);
}

int mnt_set_attr(int fd, const struct mnt_attr *attr, bool recursive)
{
	return mnt_set_attr_at(fd, "", attr, recursive);
}

int mnt_attach(int mnt_fd, int target_fd)
{
	return sys_move_mount(mnt_fd, "", target_fd, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

int mnt_flags(int fd, uint64_t *ret_st_flags)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return -errno;
	*ret_st_flags = (uint64_t)fs.f_flags & ~(uint64_t)STATFS_VALID;
	return 0;
}

int mnt_is_root(int fd)
{
	struct statx st = { .stx_attributes = 0 };

	if (statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC, 0, &st) < 0)
		return -errno;
	return (st.stx_attributes & STATX_ATTR_MOUNT_ROOT) ? 1 : 0;
}

uint64_t mnt_id(int fd)
{
	struct statx st = { .stx_mask = 0 };

	return statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) < 0 ? 0 : st.stx_mnt_id;
}

int mnt_pivot(int root_fd, bool old_is_slave)
{
	const struct sys_mount_attr slave = { .propagation = MS_SLAVE };
	_cleanup_close_ int old = -EBADF;
	int r;

	if (!old_is_slave) {
		old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (old < 0)
			return -errno;
	}
	if (fchdir(root_fd) < 0)
		return -errno;
	/* The old root lands on top of the new one, and needs no directory in it (pivot_root(2), NOTES). */
	r = sys_pivot_root(".", ".");
	if (r < 0)
		return r;
	/* After the pivot, when our own mounts, whose propagation the user chose, are not below it any
	   more.  Not private: mounts that the host unmounts meanwhile would stay busy in our copy. */
	if (old >= 0) {
		r = sys_mount_setattr(old, "", AT_EMPTY_PATH | AT_RECURSIVE, &slave);
		if (r < 0)
			return r;
	}
	/* "." is the new root still, and umount2() takes what is stacked on top of it. */
	if (umount2(".", MNT_DETACH) < 0)
		return -errno;
	return chdir("/") < 0 ? -errno : 0;
}

int mnt_move_over_root(int root_fd)
{
	int r;

	if (fchdir(root_fd) < 0)
		return -errno;
	/* What is now below "/" stays reachable for a process that has CAP_SYS_CHROOT and gets hold of a
	   directory there; on an initramfs there is nothing better. */
	r = sys_move_mount(root_fd, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH);
	if (r < 0)
		return r;
	if (chroot(".") < 0)
		return -errno;
	return chdir("/") < 0 ? -errno : 0;
}
