/* SPDX-License-Identifier: Apache-2.0 */
/* One device node of the container, made or bound from the host: see node.h. */
#include "mount/node.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/log.h"
#include "base/str.h"
#include "kernel/mnt.h"
#include "kernel/syscalls.h"

static bool matches(const struct stat *st, const struct mount_node *node)
{
	return (st->st_mode & S_IFMT) == (node->mode & S_IFMT) && (S_ISFIFO(st->st_mode) || st->st_rdev == node->number);
}

static int clone_verified(const char *path, const struct mount_node *node)
{
	_cleanup_close_ int fd = mnt_clone(AT_FDCWD, path, false, false);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	return matches(&st, node) ? TAKE_FD(fd) : -ENODEV;
}

/* Where devtmpfs has the device, whatever the container calls it: DEVNAME of its uevent file (sysfs(5),
   /sys/dev).  NULL when the kernel does not say. */
static char *kernel_path(const char *directory, const struct mount_node *node)
{
	_cleanup_free_ char *uevent = str_printf("/sys/dev/%s/%u:%u/uevent", directory, major(node->number),
						 minor(node->number));
	_cleanup_free_ char *text = NULL;
	const char *name;
	size_t len;

	if (fdio_read_file(AT_FDCWD, uevent, 4096, &text, &len) < 0)
		return NULL;
	name = strstr(text, "\nDEVNAME=");
	if (!name)
		return NULL;
	name += strlen("\nDEVNAME=");
	return str_printf("/dev/%.*s", (int)strcspn(name, "\n"), name);
}

/* The host's node: of the same name, or the one that udev keeps by number, or that of the kernel's name. */
static int clone_host_node(const struct mount_node *node, struct err *e)
{
	const char *directory = S_ISBLK(node->mode) ? "block" : "char";
	_cleanup_free_ char *by_number = str_printf("/dev/%s/%u:%u", directory, major(node->number),
						    minor(node->number));
	_cleanup_free_ char *by_name = NULL;
	int fd = clone_verified(node->path, node);

	if (fd < 0)
		fd = clone_verified(by_number, node);
	if (fd < 0)
		by_name = kernel_path(directory, node);
	if (by_name)
		fd = clone_verified(by_name, node);
	if (fd >= 0)
		return fd;
	return err_say(e, -ENODEV, "device nodes cannot be made here, and the host has no %s device %u:%u at %s or %s "
		       "to bind instead", directory, major(node->number), minor(node->number), node->path, by_number);
}

static void tell_ownership(const struct mount_node *node, int fd)
{
	struct stat st;

	if (!node->explicit || !(node->device->file_mode || node->device->uid || node->device->gid))
		return;
	if (fstat(fd, &st) == 0 && (st.st_mode & 07777) == (node->mode & 07777) && st.st_uid == node->uid &&
	    st.st_gid == node->gid)
		return;
	log_warning("linux.devices %s: the host's node is bound, and keeps its own mode and owner", node->path);
}

/* As for a mask: on a read-only mount the device works, but its mode and owner on the host are safe from a
   container root that is the host's. */
static int bind_node(const struct rootfs *rootfs, int dir, const char *name, const struct mount_node *node, struct err *e)
{
	struct mnt_attr attr = { .propagation = MS_PRIVATE,
				 .set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC |
					(rootfs->env.userns ? 0 : MOUNT_ATTR_RDONLY) };
	_cleanup_close_ int target = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (target < 0)
		return err_set(e, -errno, "cannot open it");
	fd = clone_host_node(node, e);
	if (fd < 0)
		return fd;
	tell_ownership(node, fd);
	r = mnt_set_attr(fd, &attr, false);
	if (r >= 0)
		r = mnt_attach(fd, target);
	return r < 0 ? err_set(e, r, "cannot bind the host's node") : 0;
}

static const char *kind_name(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFLNK:
		return "a symbolic link";
	case S_IFDIR:
		return "a directory";
	case S_IFREG:
		return "a file";
	case S_IFCHR:
	case S_IFBLK:
		return "another device";
	default:
		return "a pipe or socket";
	}
}

/* The last of mounts[] that lies on this very path. */
static const struct mount_entry *find_mount(const struct rootfs *rootfs, const char *path)
{
	_cleanup_free_ char *clean = mount_clean_path(path);
	const struct mount_entry *found = NULL;

	for (size_t i = 0; i < rootfs->plan.n_entries; i++)
		if (strcmp(rootfs->plan.entries[i].clean, clean) == 0)
			found = &rootfs->plan.entries[i];
	return found;
}

/* That mknod(2) is refused shows only where nothing is in the way. */
static bool cannot_mknod(struct rootfs *rootfs, int dir, const struct mount_node *node)
{
	static const char name[] = ".ocirun-device";

	if (rootfs->no_mknod)
		return true;
	if (mknodat(dir, name, node->mode & S_IFMT, node->number) == 0)
		unlinkat(dir, name, 0);
	else
		rootfs->no_mknod = errno == EPERM;
	return rootfs->no_mknod;
}

/* Something is there.  The empty file is what an earlier start left behind as a place to bind on. */
static int accept_existing(struct rootfs *rootfs, int dir, const char *name, const struct mount_node *node, struct err *e)
{
	const struct mount_entry *mounted;
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(e, -errno, "cannot look at it");
	if (matches(&st, node))
		return 0;
	/* a default device is what the config does not speak of */
	mounted = find_mount(rootfs, node->path);
	if (mounted && !node->explicit)
		return 0;
	if (S_ISREG(st.st_mode) && st.st_size == 0 && !S_ISFIFO(node->mode) &&
	    (!node->explicit || (!mounted && cannot_mknod(rootfs, dir, node))))
		return bind_node(rootfs, dir, name, node, e);
	err_say(e, -EEXIST, "%s is there already", kind_name(st.st_mode));
	if (mounted)
		return err_hint(e, "it is what mounts[%zu] puts there: remove one of the two", mounted->index);
	return err_hint(e, "remove it from the image, or the device from the config");
}

static int make_place(int dir, const char *name)
{
	_cleanup_close_ int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);

	return fd < 0 ? -errno : 0;
}

int mount_node_explain(struct err *e, int code)
{
	err_set(e, code, "cannot make it");
	if (code == -EROFS)
		return err_hint(e, "what holds it is read-only: mount a tmpfs there, or make it in the image");
	return code;
}

int mount_node_make(struct rootfs *rootfs, int dir, const char *name, const struct mount_node *node, struct err *e)
{
	int r = -EPERM;

	if (!rootfs->no_mknod || S_ISFIFO(node->mode)) {
		r = mknodat(dir, name, node->mode, node->number) < 0 ? -errno : 0;
		if (r == -EPERM && !S_ISFIFO(node->mode))
			rootfs->no_mknod = true;
	}
	if (r == 0 && !node->explicit)
		return 0;
	if (r == 0) {
		r = fchownat(dir, name, node->uid, node->gid, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
		return r < 0 ? err_set(e, r, "cannot give it to %u:%u", node->uid, node->gid) : 0;
	}
	if (r == -EPERM && !S_ISFIFO(node->mode))
		r = make_place(dir, name);
	if (r == -EEXIST)
		return accept_existing(rootfs, dir, name, node, e);
	return r < 0 ? mount_node_explain(e, r) : bind_node(rootfs, dir, name, node, e);
}
