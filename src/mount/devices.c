/* SPDX-License-Identifier: Apache-2.0 */
/* Device nodes and links of the container: see devices.h. */
#include "mount/devices.h"

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
#include "mount/target.h"

/* A node to make, whoever wants it. */
struct node {
	const char *path;
	mode_t mode; /* with the type */
	dev_t number;
	uid_t uid;
	gid_t gid;
	bool explicit; /* of linux.devices */
	const struct oci_device *device;
};

/* As the host, they are the world's. */
static const struct {
	const char *path;
	unsigned major, minor;
} default_nodes[] = {
	{ "/dev/null", 1, 3 },   { "/dev/zero", 1, 5 },    { "/dev/full", 1, 7 },
	{ "/dev/random", 1, 8 }, { "/dev/urandom", 1, 9 }, { "/dev/tty", 5, 0 },
};

const char *const *mount_devices_default(void)
{
	static const char *paths[ARRAY_SIZE(default_nodes) + 1];

	for (size_t i = 0; i < ARRAY_SIZE(default_nodes); i++)
		paths[i] = default_nodes[i].path;
	return paths;
}

static const struct {
	const char *name, *text, *needs; /* needs: a path of the host, or NULL */
} default_links[] = {
	{ "fd", "/proc/self/fd", NULL },
	{ "stdin", "/proc/self/fd/0", NULL },
	{ "stdout", "/proc/self/fd/1", NULL },
	{ "stderr", "/proc/self/fd/2", NULL },
	{ "core", "/proc/kcore", "/proc/kcore" },
	{ "ptmx", "pts/ptmx", NULL },
};

static int check_device(const struct oci_device *device, struct err *e)
{
	const char *type = device->type;

	if (str_empty(type) || type[1] || !strchr("cubp", *type))
		return err_say(e, -EINVAL, "type \"%s\" is unknown (one of: c, u, b, p)", type ? type : "");
	if (*device->path != '/')
		return err_say(e, -EINVAL, "the path is not absolute");
	if (*type == 'p')
		return 0;
	if (!device->major || !device->minor)
		return err_say(e, -EINVAL, "major and minor are required, except for type p");
	if (*device->major < 0 || *device->major > 0xfff || *device->minor < 0 || *device->minor > 0xfffff)
		return err_say(e, -EINVAL, "there is no device number %lld:%lld", (long long)*device->major,
			       (long long)*device->minor);
	return 0;
}

int mount_devices_check(const struct oci_config *config, struct err *e)
{
	for (size_t i = 0; config->linux_ && i < config->linux_->n_devices; i++) {
		const struct oci_device *device = &config->linux_->devices[i];

		if (str_empty(device->path))
			return err_say(e, -EINVAL, "linux.devices[%zu].path: is missing or empty", i);
		if (check_device(device, e) < 0)
			return err_wrap(e, "linux.devices[%zu] %s", i, device->path);
	}
	return 0;
}

static struct node node_of_device(const struct oci_device *device)
{
	struct node node = { .path = device->path, .explicit = true, .device = device };
	mode_t mode = device->file_mode ? *device->file_mode & 07777 : 0666;

	if (*device->type == 'p')
		node.mode = S_IFIFO | mode;
	else
		node.mode = (*device->type == 'b' ? S_IFBLK : S_IFCHR) | mode;
	if (*device->type != 'p')
		node.number = makedev((unsigned)*device->major, (unsigned)*device->minor);
	node.uid = device->uid ? *device->uid : 0;
	node.gid = device->gid ? *device->gid : 0;
	return node;
}

static bool matches(const struct stat *st, const struct node *node)
{
	return (st->st_mode & S_IFMT) == (node->mode & S_IFMT) && (S_ISFIFO(st->st_mode) || st->st_rdev == node->number);
}

static int clone_verified(const char *path, const struct node *node)
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
static char *kernel_path(const char *directory, const struct node *node)
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
static int clone_host_node(const struct node *node, struct err *e)
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

static void tell_ownership(const struct node *node, int fd)
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
static int bind_node(const struct rootfs *rootfs, int dir, const char *name, const struct node *node, struct err *e)
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
static bool cannot_mknod(struct rootfs *rootfs, int dir, const struct node *node)
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
static int accept_existing(struct rootfs *rootfs, int dir, const char *name, const struct node *node, struct err *e)
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

static int explain_make(struct err *e, int code)
{
	err_set(e, code, "cannot make it");
	if (code == -EROFS)
		return err_hint(e, "what holds it is read-only: mount a tmpfs there, or make it in the image");
	return code;
}

static int make_node(struct rootfs *rootfs, int dir, const char *name, const struct node *node, struct err *e)
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
	return r < 0 ? explain_make(e, r) : bind_node(rootfs, dir, name, node, e);
}

/* The directory of a node, and its name. */
static int open_directory(const struct rootfs *rootfs, const char *path, char **ret_name, struct err *e)
{
	_cleanup_free_ char *clean = mount_clean_path(path);
	char *slash = strrchr(clean, '/');
	bool created = false;
	int fd;

	*ret_name = xstrdup(slash + 1);
	*slash = '\0';
	fd = target_open_strict(rootfs->fd, clean, &created);
	if (fd == -ELOOP)
		return err_set(e, fd, "a part of the path is a symbolic link, which device nodes may not be reached through");
	return fd < 0 ? err_set(e, fd, "cannot open or make its directory") : fd;
}

static int make_linux_devices(struct rootfs *rootfs, bool dev_is_host, struct err *e)
{
	const struct oci_linux *linux_ = rootfs->env.config->linux_;

	for (size_t i = 0; linux_ && i < linux_->n_devices; i++) {
		const struct node node = node_of_device(&linux_->devices[i]);
		_cleanup_free_ char *name = NULL, *clean = mount_clean_path(node.path);
		_cleanup_close_ int dir = -EBADF;
		int r;

		if (dev_is_host && str_starts(clean, "/dev/")) {
			log_debug("linux.devices[%zu] %s: not made, the host's /dev is mounted there", i, node.path);
			continue;
		}
		dir = r = open_directory(rootfs, node.path, &name, e);
		if (r >= 0)
			r = make_node(rootfs, dir, name, &node, e);
		if (r < 0)
			return err_wrap(e, "linux.devices[%zu] %s", i, node.path);
	}
	return 0;
}

/* What the image has in its place stays, except for ptmx: /dev/pts is the container's, and a node of another
   devpts would be useless. */
static int make_link(int dir, const char *name, const char *text, struct err *e)
{
	char there[64];
	ssize_t n;

	if (symlinkat(text, dir, name) == 0)
		return 0;
	if (errno == EEXIST) {
		n = readlinkat(dir, name, there, sizeof(there));
		if (n == (ssize_t)strlen(text) && memcmp(there, text, (size_t)n) == 0)
			return 0;
		if (strcmp(name, "ptmx") != 0) {
			log_debug("/dev/%s: the image has its own", name);
			return 0;
		}
		if (unlinkat(dir, name, 0) == 0 && symlinkat(text, dir, name) == 0)
			return 0;
		/* a mount of the config, or a device of it that was bound: no other one is wanted */
		if (errno == EBUSY)
			return 0;
	}
	explain_make(e, -errno);
	return err_wrap(e, "/dev/%s", name);
}

static int make_defaults(struct rootfs *rootfs, struct err *e)
{
	bool created = false;
	_cleanup_close_ int dir = target_open_strict(rootfs->fd, "/dev", &created);

	if (dir < 0)
		return err_set(e, dir, "/dev: cannot open it as a directory%s",
			       dir == -ELOOP ? ", it is a symbolic link" : "");
	for (size_t i = 0; i < ARRAY_SIZE(default_nodes); i++) {
		const struct node node = { .path = default_nodes[i].path, .mode = S_IFCHR | 0666,
					   .number = makedev(default_nodes[i].major, default_nodes[i].minor) };

		if (make_node(rootfs, dir, node.path + strlen("/dev/"), &node, e) < 0)
			return err_wrap(e, "%s", node.path);
	}
	for (size_t i = 0; i < ARRAY_SIZE(default_links); i++) {
		int r = 0;

		if (!default_links[i].needs || access(default_links[i].needs, F_OK) == 0)
			r = make_link(dir, default_links[i].name, default_links[i].text, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool dev_is_bound(const struct rootfs *rootfs)
{
	for (size_t i = 0; i < rootfs->plan.n_entries; i++)
		if (rootfs->plan.entries[i].kind == MOUNT_BIND && strcmp(rootfs->plan.entries[i].clean, "/dev") == 0)
			return true;
	return false;
}

int mount_devices_make(struct rootfs *rootfs, struct err *e)
{
	bool dev_is_host = dev_is_bound(rootfs);
	int r = make_linux_devices(rootfs, dev_is_host, e);

	if (r >= 0 && !dev_is_host)
		r = make_defaults(rootfs, e);
	return r;
}
