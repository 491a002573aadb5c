/* SPDX-License-Identifier: Apache-2.0 */
/* Image files as layers of the root: see image.h. */
#include "mount/image.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <linux/capability.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/log.h"
#include "base/str.h"
#include "kernel/caps.h"
#include "kernel/mnt.h"
#include "kernel/syscalls.h"
#include "mount/explain.h"
#include "mount/fuse.h"
#include "mount/label.h"
#include "mount/rootlayers.h"

#define LOOP_TRIES 10 /* somebody else may take the free device first */

static const char *const squashfs_programs[] = { "squashfuse_ll", "squashfuse", NULL };
static const char *const erofs_programs[] = { "erofsfuse", NULL };
static const char *const ext_programs[] = { "fuse2fs", NULL };

static const struct {
	const char *name; /* the kernel's */
	size_t offset;
	unsigned char magic[4];
	size_t n_magic;
	const char *const *programs;
	const char *options;
} types[] = {
	[IMAGE_SQUASHFS] = { "squashfs", 0, { 'h', 's', 'q', 's' }, 4, squashfs_programs, "" },
	[IMAGE_EROFS] = { "erofs", 1024, { 0xe2, 0xe1, 0xf5, 0xe0 }, 4, erofs_programs, "" },
	[IMAGE_EXT] = { "ext4", 1024 + 56, { 0x53, 0xef }, 2, ext_programs, "ro" },
};

const char *const *image_programs(enum image_type type)
{
	return types[type].programs;
}

const char *image_options(enum image_type type)
{
	return types[type].options;
}

static int identify(int fd, enum image_type *ret_type)
{
	unsigned char magic[4];

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		ssize_t n = pread(fd, magic, types[i].n_magic, (off_t)types[i].offset);

		if (n < 0)
			return -errno;
		if ((size_t)n == types[i].n_magic && memcmp(magic, types[i].magic, types[i].n_magic) == 0) {
			*ret_type = (enum image_type)i;
			return 0;
		}
	}
	return -EMEDIUMTYPE;
}

static int open_image(const char *path, enum image_type *ret_type, struct err *e)
{
	_cleanup_close_ int fd = fdio_open_source(path);
	int r;

	if (fd == -ENXIO)
		return err_say(e, fd, "root image %s: is a pipe or socket", path);
	if (fd < 0)
		return explain_path(e, fd, "root image", path);
	r = identify(fd, ret_type);
	if (r == -EMEDIUMTYPE)
		return err_say(e, r, "root image %s: is neither squashfs nor erofs nor ext2, ext3 or ext4", path);
	return r < 0 ? err_set(e, r, "root image %s", path) : TAKE_FD(fd);
}

int image_identify(const char *path, enum image_type *ret_type, struct err *e)
{
	_cleanup_close_ int fd = open_image(path, ret_type, e);

	return fd < 0 ? fd : 0;
}

/* A loop device that is gone when the file system is (loop(4), LO_FLAGS_AUTOCLEAR). */
static int attach_loop(int file, char *ret_path, size_t size)
{
	struct loop_config config = { .fd = (uint32_t)file };
	_cleanup_close_ int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);

	if (control < 0)
		return -errno;
	config.info.lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR;
	for (int i = 0; i < LOOP_TRIES; i++) {
		int number = ioctl(control, LOOP_CTL_GET_FREE);
		_cleanup_close_ int loop = -EBADF;

		if (number < 0)
			return -errno;
		snprintf(ret_path, size, "/dev/loop%d", number);
		loop = open(ret_path, O_RDONLY | O_CLOEXEC);
		if (loop < 0)
			return -errno;
		if (ioctl(loop, LOOP_CONFIGURE, &config) == 0)
			return TAKE_FD(loop);
		if (errno != EBUSY)
			return -errno;
	}
	return -EBUSY;
}

static int mount_source(const struct oci_config *config, const char *type, const char *source, const char *extra,
			char *words, size_t n_words)
{
	struct mnt_fs fs;
	int r = mnt_fs_open(type, &fs);

	if (r < 0)
		return r;
	r = mnt_fs_set(&fs, "source", source);
	if (r >= 0)
		r = mnt_fs_set(&fs, "ro", NULL);
	if (r >= 0 && extra)
		r = mnt_fs_set(&fs, extra, NULL);
	if (r >= 0)
		r = label_set_image(&fs, config);
	if (r >= 0)
		r = mnt_fs_create(&fs, MOUNT_ATTR_RDONLY);
	if (r < 0)
		mnt_fs_words(&fs, words, n_words);
	mnt_fs_done(&fs);
	return r;
}

/* ENOTBLK: before Linux 6.12 erofs takes devices only.  EROFS: an ext4 with a journal to replay. */
static int mount_image(const struct oci_config *config, int file, enum image_type type, char *words, size_t n_words)
{
	const char *name = types[type].name;
	_cleanup_close_ int loop = -EBADF;
	char source[32];
	int r = -ENOTBLK;

	if (type == IMAGE_EROFS) {
		snprintf(source, sizeof(source), "/proc/self/fd/%d", file);
		r = mount_source(config, name, source, NULL, words, n_words);
	}
	if (r != -ENOTBLK)
		return r;
	loop = attach_loop(file, source, sizeof(source));
	if (loop < 0) {
		snprintf(words, n_words, "no loop device is to be had");
		return loop;
	}
	r = mount_source(config, name, source, NULL, words, n_words);
	return r == -EROFS && type == IMAGE_EXT ? mount_source(config, name, source, "noload", words, n_words) : r;
}

/* Files of the image belong to the ids that they have, seen from the container. */
static int shift_ids(int mnt, int userns_fd)
{
	const struct mnt_attr attr = { .set = MOUNT_ATTR_IDMAP, .userns_fd = userns_fd };

	return userns_fd < 0 ? 0 : mnt_set_attr(mnt, &attr, false);
}

int image_make_source(const struct oci_config *config, const char *path, int userns_fd, struct err *e)
{
	const struct mnt_attr private = { .propagation = MS_PRIVATE };
	_cleanup_close_ int file = -EBADF, mnt = -EBADF;
	char words[300] = "";
	enum image_type type;
	int r;

	file = open_image(path, &type, e);
	if (file < 0)
		return file;
	if (!caps_have(CAP_SYS_ADMIN) || userns_inside())
		return err_say(e, -EOPNOTSUPP, "without privilege the kernel mounts no %s", types[type].name);
	mnt = mount_image(config, file, type, words, sizeof(words));
	if (mnt < 0)
		return err_say(e, -EOPNOTSUPP, "the kernel does not mount this %s: %s%s%s", types[type].name,
			       err_reason(mnt), *words ? ": " : "", words);
	r = shift_ids(mnt, userns_fd);
	if (r < 0)
		return err_say(e, -EOPNOTSUPP, "the kernel does not shift the ids of a %s: %s", types[type].name,
			       err_reason(r));
	r = mnt_set_attr(mnt, &private, false);
	return r < 0 ? err_set(e, r, "root image %s", path) : TAKE_FD(mnt);
}

static int open_by_fuse(struct rootfs *rootfs, size_t n, const char *path, struct err *e)
{
	static const char *const words[] = { "ro" };
	const struct oci_mount mount = { .destination = "/", .type = "fuse", .source = path };
	struct mount_entry entry = { .mount = &mount, .kind = MOUNT_FUSE };
	int fd;

	mount_options_parse(words, ARRAY_SIZE(words), &entry.options);
	fd = fuse_make(rootfs, &entry, rootlayers_index(n), "image", e);
	mount_options_done(&entry.options);
	return fd < 0 ? err_wrap(e, "root image %s, by FUSE", path) : fd;
}

int image_open(struct rootfs *rootfs, size_t n, const char *path, bool *ret_foreign, struct err *e)
{
	struct err kernel = ERR_INIT;
	int fd = -EOPNOTSUPP;

	*ret_foreign = false;
	if (rootfs->env.ask_source)
		fd = rootfs->env.ask_source(rootfs->env.ask_ctx, rootlayers_index(n), &kernel);
	if (fd >= 0) {
		*ret_foreign = rootfs->env.userns;
		return fd;
	}
	if (fd != -EOPNOTSUPP) {
		*e = kernel;
		return fd;
	}
	log_info("root image %s: by FUSE, since %s", path, kernel.text);
	fd = open_by_fuse(rootfs, n, path, e);
	return fd < 0 ? err_hint(e, "%s", kernel.text) : fd;
}
