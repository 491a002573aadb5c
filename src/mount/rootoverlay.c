/* SPDX-License-Identifier: Apache-2.0 */
/* Roots by annotation: see rootoverlay.h. */
#include "mount/rootoverlay.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "kernel/mnt.h"
#include "kernel/syscalls.h"
#include "mount/explain.h"
#include "mount/fuse.h"
#include "mount/image.h"
#include "mount/layer.h"
#include "mount/overlay.h"
#include "mount/rootlayers.h"

struct making {
	struct rootfs *rootfs;
	struct rootlayers asked;
	struct overlay_layers layers;
	bool images; /* a layer is one */
	int tmpfs;   /* a detached mount lives as long as this descriptor (fsmount(2)) */
};

bool rootoverlay_wanted(const struct rootfs *rootfs)
{
	return rootlayers_wanted(rootfs->env.config);
}

static bool is_image(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* The words of the overlay as an entry of mounts[]. */
static struct mount_entry overlay_entry(const struct rootlayers *asked)
{
	static const struct oci_mount mount = { .destination = "/", .type = "overlay", .source = "overlay" };
	static const char *const words[] = { "volatile" };
	struct mount_entry entry = { .mount = &mount, .kind = MOUNT_OVERLAY };

	mount_options_parse(words, asked->is_volatile, &entry.options);
	if (asked->idmap)
		entry.options.own |= MOUNT_OWN_IDMAP;
	return entry;
}

static int open_shifted(struct making *m, size_t n, const char *path, bool *ret_foreign, struct err *e)
{
	struct mount_entry entry = overlay_entry(&m->asked);
	int fd = layer_open(m->rootfs, &entry, rootlayers_index(n), path, ret_foreign, e);

	mount_options_done(&entry.options);
	return fd < 0 ? err_wrap(e, "root overlay") : fd;
}

static int open_lower(struct making *m, size_t n, struct err *e)
{
	const char *path = m->asked.lower.v[n];
	struct overlay_layer *layer = overlay_add_layer(&m->layers, "lowerdir+", path);
	bool foreign = false;
	int r = 0;

	m->layers.n_lower++;
	if (is_image(path)) {
		m->images = true;
		layer->fd = image_open(m->rootfs, n, path, &foreign, e);
	} else if (m->asked.idmap) {
		layer->fd = open_shifted(m, n, path, &foreign, e);
	} else {
		layer->fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (layer->fd < 0)
			return explain_path(e, -errno, "layer of the root", path);
	}
	if (layer->fd >= 0 && foreign)
		r = layer_lend(&m->layers, layer->fd);
	else if (is_image(path) || m->asked.idmap)
		layer->detached = layer->fd;
	return layer->fd < 0 ? layer->fd : r < 0 ? err_set(e, r, "layer %s of the root: cannot attach it", path) : 0;
}

/* The root of the overlay has the mode and owner of its upper directory: take those of the topmost lower one,
   as far as its ids exist here (EINVAL) and may be given away (EPERM). */
static int copy_root(int tmpfs, int lower)
{
	struct stat st;

	if (fstat(lower, &st) < 0)
		return -errno;
	/* the overflow id stands for an owner that does not exist here: root's is of more use */
	if (st.st_uid != 65534 && fchownat(tmpfs, "upper", st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) < 0 &&
	    errno != EINVAL && errno != EPERM)
		return -errno;
	return fchmodat(tmpfs, "upper", st.st_mode & 07777, 0) < 0 ? -errno : 0;
}

static int make_tmpfs(const char *size)
{
	struct mnt_fs fs;
	int r = mnt_fs_open("tmpfs", &fs);

	if (r < 0)
		return r;
	r = mnt_fs_set(&fs, "mode", "0755");
	if (r >= 0 && size)
		r = mnt_fs_set(&fs, "size", size);
	if (r >= 0)
		r = mnt_fs_create(&fs, 0);
	mnt_fs_done(&fs);
	return r;
}

/* Marks of the overlay are user attributes in a user namespace, which tmpfs has since Linux 6.6. */
static void check_attributes(const struct rootfs *rootfs, int upper)
{
	_cleanup_free_ char *path = str_printf("/proc/self/fd/%d", upper);

	if (!rootfs->env.userns)
		return;
	if (setxattr(path, "user.overlay.ocirun", "y", 1, 0) == 0)
		removexattr(path, "user.overlay.ocirun");
	else if (errno == EOPNOTSUPP)
		log_warning("root overlay: this kernel's tmpfs keeps no user attributes: removing a directory of the image "
			    "fails with EIO; use a directory as upper");
}

static int open_upper_tmpfs(struct making *m, struct err *e)
{
	int r = make_tmpfs(m->asked.size), tmpfs = r;
	struct overlay_layer *layer;

	if (r < 0)
		return m->asked.size ? err_set(e, r, ROOTLAYERS_PREFIX "size: a tmpfs of size \"%s\"", m->asked.size) :
				       err_set(e, r, "root overlay: a tmpfs for its upper layer");
	m->tmpfs = tmpfs;
	r = mkdirat(tmpfs, "upper", 0755) < 0 || mkdirat(tmpfs, "work", 0700) < 0 ? -errno : 0;
	if (r == 0)
		r = copy_root(tmpfs, m->layers.v[0].fd);
	if (r < 0)
		return err_set(e, r, "root overlay: make its upper layer");
	layer = overlay_add_layer(&m->layers, "upperdir", "(tmpfs)/upper");
	layer->detached = tmpfs;
	layer->fd = openat(tmpfs, "upper", O_PATH | O_DIRECTORY | O_CLOEXEC);
	r = layer->fd < 0 ? -errno : 0;
	layer = overlay_add_layer(&m->layers, "workdir", "(tmpfs)/work");
	layer->fd = openat(tmpfs, "work", O_PATH | O_DIRECTORY | O_CLOEXEC);
	r = layer->fd < 0 ? -errno : r;
	if (r < 0)
		return err_set(e, r, "root overlay: open its upper layer");
	check_attributes(m->rootfs, m->layers.v[m->layers.n - 2].fd);
	return 0;
}

/* An overlay needs two layers at least, and what is shifted is never shown without one: its files would be those of
   the host, with nothing locked. */
static int add_empty_lower(struct making *m, struct err *e)
{
	struct overlay_layer *layer = overlay_add_layer(&m->layers, "lowerdir+", "(empty)");

	m->layers.n_lower++;
	layer->fd = layer->detached = make_tmpfs(NULL);
	return layer->fd < 0 ? err_set(e, layer->fd, "root overlay: an empty layer") : 0;
}

static int open_upper_directory(struct making *m, const char *key, const char *name, const char *path, struct err *e)
{
	struct overlay_layer *layer = overlay_add_layer(&m->layers, key, path);

	layer->fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (layer->fd >= 0)
		return 0;
	explain_path(e, -errno, name, path);
	return e->code == -ENOENT ? err_hint(e, "mkdir %s", path) : e->code;
}

static int open_layers(struct making *m, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < m->asked.lower.n; i++)
		r = open_lower(m, i, e);
	if (r >= 0 && m->asked.lower.n == 1 && !rootlayers_writable(&m->asked))
		r = add_empty_lower(m, e);
	if (r < 0 || !rootlayers_writable(&m->asked))
		return r;
	if (m->asked.upper_tmpfs)
		r = open_upper_tmpfs(m, e);
	else
		r = open_upper_directory(m, "upperdir", ROOTLAYERS_PREFIX "upper", m->asked.upper, e);
	if (r >= 0 && m->asked.upper)
		r = open_upper_directory(m, "workdir", ROOTLAYERS_PREFIX "work", m->asked.work, e);
	if (r < 0)
		return r;
	m->layers.upper = &m->layers.v[m->layers.n - 2];
	m->layers.work = &m->layers.v[m->layers.n - 1];
	return 0;
}

static bool may_write(const struct overlay_layer *layer)
{
	_cleanup_free_ char *path = str_printf("/proc/self/fd/%d", layer->fd);

	return faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) == 0;
}

/*
 * ENODEV: no overlayfs.  EPERM: none in user namespaces.  EINVAL: a layer, mostly the upper one, is on a file system
 * that it does not take.  EROFS: it can be written, but not by the means that overlayfs needs.  Not what fails for
 * both, nor what was used as volatile and has to be judged by somebody.
 */
static bool may_use_fuse(const struct making *m, int code)
{
	const struct overlay_layers *layers = &m->layers;

	if (m->images || m->asked.upper_tmpfs || m->asked.idmap || !m->rootfs->env.start_fuse)
		return false;
	if (layers->work && faccessat(layers->work->fd, "work/incompat/volatile", F_OK, 0) == 0)
		return false;
	if (code == -EROFS)
		return layers->upper && layers->work && may_write(layers->upper) && may_write(layers->work);
	return code == -ENODEV || code == -EPERM || code == -EINVAL;
}

static int make_overlay(struct making *m, struct err *e)
{
	struct mount_entry entry = overlay_entry(&m->asked);
	struct err kernel = ERR_INIT;
	int fd;

	fd = overlay_make(m->rootfs, &entry, &m->layers, &kernel);
	mount_options_done(&entry.options);
	if (fd >= 0)
		return fd;
	if (!may_use_fuse(m, fd)) {
		*e = kernel;
		return err_wrap(e, "root overlay");
	}
	log_warning("root overlay: fuse-overlayfs is used, which is slower, since the kernel's own one cannot be had: %s",
		    kernel.text);
	entry = (struct mount_entry){ .mount = entry.mount, .kind = MOUNT_FUSE };
	fd = fuse_make(m->rootfs, &entry, ROOTFS_SOURCE_OVERLAY, "fuse-overlayfs", e);
	if (fd >= 0)
		return fd;
	err_wrap(e, "root overlay, by FUSE");
	return err_hint(e, "the kernel's own: %s", kernel.text);
}

/* One layer and nothing above it: the directory itself, read-only. */
static int open_directory(const char *path, struct err *e)
{
	const struct mnt_attr readonly = { .set = MOUNT_ATTR_RDONLY };
	_cleanup_close_ int fd = mnt_clone(AT_FDCWD, path, true, false);
	int r;

	if (fd < 0)
		return explain_path(e, fd, ROOTLAYERS_PREFIX "lower", path);
	r = mnt_set_attr(fd, &readonly, true);
	return r < 0 ? err_set(e, r, ROOTLAYERS_PREFIX "lower: cannot make %s read-only", path) : TAKE_FD(fd);
}

static int open_root(struct making *m, struct err *e)
{
	const char *first = m->asked.lower.v[0];
	bool image = mount_annotation(m->rootfs->env.config, ROOTLAYERS_IMAGE) || is_image(first);
	bool foreign;
	int r;

	if (m->asked.lower.n > 1 || rootlayers_writable(&m->asked) || (m->asked.idmap && !image)) {
		r = open_layers(m, e);
		return r < 0 ? r : make_overlay(m, e);
	}
	return image ? image_open(m->rootfs, 0, first, &foreign, e) : open_directory(first, e);
}

int rootoverlay_open(struct rootfs *rootfs, struct err *e)
{
	struct making m = { .rootfs = rootfs, .tmpfs = -EBADF };
	int r = rootlayers_read(rootfs->env.config, rootfs->env.bundle, &m.asked, e);

	if (r >= 0)
		r = open_root(&m, e);
	overlay_layers_done(&m.layers);
	fd_close(&m.tmpfs);
	rootlayers_done(&m.asked);
	return r;
}

int rootoverlay_hint_missing(const struct rootfs *rootfs, struct err *e)
{
	struct rootlayers layers;
	struct err ignored = ERR_INIT;
	bool readonly = false;

	if (!rootoverlay_wanted(rootfs))
		return e->code;
	/* it was judged before: nothing can fail here */
	if (rootlayers_read(rootfs->env.config, rootfs->env.bundle, &layers, &ignored) >= 0)
		readonly = !rootlayers_writable(&layers);
	rootlayers_done(&layers);
	return readonly ? err_hint(e, "or add the annotation " ROOTLAYERS_PREFIX "upper=tmpfs, so that it can be made") :
			  e->code;
}
