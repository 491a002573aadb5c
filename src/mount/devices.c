/* SPDX-License-Identifier: Apache-2.0 */
/* Device nodes and links of the container: see devices.h. */
#include "mount/devices.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "mount/node.h"
#include "mount/target.h"

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

static struct mount_node node_of_device(const struct oci_device *device)
{
	struct mount_node node = { .path = device->path, .explicit = true, .device = device };
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
		const struct mount_node node = node_of_device(&linux_->devices[i]);
		_cleanup_free_ char *name = NULL, *clean = mount_clean_path(node.path);
		_cleanup_close_ int dir = -EBADF;
		int r;

		if (dev_is_host && str_starts(clean, "/dev/")) {
			log_debug("linux.devices[%zu] %s: not made, the host's /dev is mounted there", i, node.path);
			continue;
		}
		dir = r = open_directory(rootfs, node.path, &name, e);
		if (r >= 0)
			r = mount_node_make(rootfs, dir, name, &node, e);
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
	mount_node_explain(e, -errno);
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
		const struct mount_node node = { .path = default_nodes[i].path, .mode = S_IFCHR | 0666,
					   .number = makedev(default_nodes[i].major, default_nodes[i].minor) };

		if (mount_node_make(rootfs, dir, node.path + strlen("/dev/"), &node, e) < 0)
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
