/* SPDX-License-Identifier: Apache-2.0 */
/* Why the kernel refused an overlay: what it writes to its log alone, found by looking.  See overlay.h. */
#include "mount/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/str.h"
#include "mount/explain.h"

/* fsconfig(2) takes values of 256 bytes, with the zero (fs/fsopen.c) */
#define FSCONFIG_MAX_VALUE 255

static bool same_mount(int a, int b)
{
	struct statx x = { .stx_mask = 0 }, y = { .stx_mask = 0 };

	return statx(a, "", AT_EMPTY_PATH, STATX_MNT_ID, &x) == 0 && statx(b, "", AT_EMPTY_PATH, STATX_MNT_ID, &y) == 0 &&
	       x.stx_mnt_id == y.stx_mnt_id;
}

static bool same_directory(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static bool is_below(const char *path, const char *above)
{
	size_t n = strlen(above);

	return strncmp(path, above, n) == 0 && (path[n] == '/' || !path[n]);
}

/* File systems that cannot hold an upper layer: what overlayfs needs is missing there (filesystems/overlayfs,
   "Upper and lower"). */
static const char *unfit_upper(int fd)
{
	static const struct {
		long magic;
		const char *name;
	} unfit[] = { { OVERLAYFS_SUPER_MAGIC, "overlay" }, { FUSE_SUPER_MAGIC, "fuse" }, { NFS_SUPER_MAGIC, "nfs" },
		      { RAMFS_MAGIC, "ramfs" }, { SQUASHFS_MAGIC, "squashfs" } };
	struct statfs fs;

	for (size_t i = 0; fstatfs(fd, &fs) == 0 && i < ARRAY_SIZE(unfit); i++)
		if ((long)fs.f_type == unfit[i].magic)
			return unfit[i].name;
	return NULL;
}

/* Causes that the kernel writes to its log only, where nobody in a container can read them. */
static const char *invalid_cause(const struct mount_entry *entry, const struct overlay_layers *layers, bool userns)
{
	const char *metacopy = mount_options_data(&entry->options, "metacopy");
	const char *redirect = mount_options_data(&entry->options, "redirect_dir");

	if (userns && ((metacopy && strcmp(metacopy, "on") == 0) || (redirect && strcmp(redirect, "on") == 0)))
		return "metacopy=on and redirect_dir=on are not possible in a user namespace";
	if (!layers->upper && layers->n_lower < 2)
		return "one layer without an upperdir is no overlay; use a read-only bind mount";
	if (!layers->upper)
		return NULL;
	if (!same_mount(layers->upper->fd, layers->work->fd))
		return "upperdir and workdir must be on the same mount";
	if (is_below(layers->work->path, layers->upper->path) || is_below(layers->upper->path, layers->work->path))
		return "upperdir and workdir must not contain each other";
	if (faccessat(layers->work->fd, "work/incompat/volatile", F_OK, 0) == 0)
		return "the upperdir was used with \"volatile\" and not unmounted cleanly; remove work/incompat/volatile "
		       "from the workdir if its content is to be trusted";
	return NULL;
}

static bool has_data_layers(const struct overlay_layers *layers)
{
	for (size_t i = 0; i < layers->n_lower; i++)
		if (strcmp(layers->v[i].key, "datadir+") == 0)
			return true;
	return false;
}

/* What an older kernel cannot do that takes all lower layers in one text (see overlay.c).  Did that explain it? */
static bool explain_one_text(struct err *e, const struct mount_entry *entry, const struct overlay_layers *layers,
			     const char *words)
{
	const struct strv *data = &entry->options.data;
	struct strbuf unknown = STRBUF_INIT;

	if (layers->n_text > FSCONFIG_MAX_VALUE) {
		err_hint(e, "this kernel takes the lower layers in one text of %d bytes, which is less than %zu layers "
			    "need: merge some, or use Linux 6.7 or newer, which take each by itself", FSCONFIG_MAX_VALUE,
			 layers->n_lower);
		return true;
	}
	if (!layers->n_text || !str_empty(words))
		return false;
	for (size_t i = 0; i < data->n; i++)
		if (strncmp(data->v[i], "lowerdir=", 9) != 0 && strncmp(data->v[i], "upperdir=", 9) != 0 &&
		    strncmp(data->v[i], "workdir=", 8) != 0)
			strbuf_addf(&unknown, "%s%s", unknown.len ? ", " : "", data->v[i]);
	if (unknown.len)
		err_hint(e, "this kernel tells its log alone why (dmesg); one of the options may be unknown to it: %s",
			 unknown.text);
	strbuf_done(&unknown);
	return unknown.len > 0;
}

int overlay_explain(struct err *e, int code, const struct mount_entry *entry, const struct overlay_layers *layers,
		    bool userns, const char *words)
{
	const char *cause = code == -EINVAL ? invalid_cause(entry, layers, userns) : NULL;
	const char *unfit = layers->upper ? unfit_upper(layers->upper->fd) : NULL;

	explain_fs(e, code, "overlay", words);
	if (cause)
		return err_hint(e, "%s", cause);
	if (code == -EINVAL && unfit)
		return err_hint(e, "%s is on %s, which cannot hold an upper layer", layers->upper->path, unfit);
	if (code == -EINVAL && str_empty(words) && has_data_layers(layers))
		return err_hint(e, "data-only layers (after \"::\") need Linux 6.5, and up to 6.12 at least "
				   "metacopy=on, which is not possible in a user namespace");
	if (code == -EINVAL && explain_one_text(e, entry, layers, words))
		return code;
	if (code == -EINVAL && userns && str_empty(words))
		return err_hint(e, "a layer with mounts below it cannot be used in a user namespace, nor overlays on "
				   "overlays on overlays");
	for (size_t i = 0; code == -ELOOP && i < layers->n; i++)
		for (size_t j = i + 1; j < layers->n; j++)
			if (same_directory(layers->v[i].fd, layers->v[j].fd))
				return err_hint(e, "%s and %s are the same directory", layers->v[i].path, layers->v[j].path);
	if (code == -EBUSY)
		return err_hint(e, "the upperdir or workdir is in use by another overlay");
	return code;
}
