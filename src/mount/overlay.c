/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts of type overlay: see overlay.h. */
#include "mount/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "kernel/mnt.h"
#include "kernel/syscalls.h"
#include "mount/attrs.h"
#include "mount/explain.h"
#include "mount/fresh.h"
#include "mount/layer.h"
#include "mount/target.h"

static const char *const layer_keys[] = { "lowerdir", "lowerdir+", "datadir+", "upperdir", "workdir", NULL };

void overlay_layers_done(struct overlay_layers *layers)
{
	int r = layer_take_back(layers);

	/* only after a failure is there anything to take back, and then the mount namespace ends as well */
	if (r < 0)
		log_debug("layers of an overlay stay mounted: %s", err_reason(r));
	for (size_t i = 0; i < layers->n; i++) {
		free(layers->v[i].path);
		fd_close(&layers->v[i].fd);
	}
	free(layers->v);
}

struct overlay_layer *overlay_add_layer(struct overlay_layers *layers, const char *key, const char *path)
{
	struct overlay_layer *layer;

	layers->v = xrealloc(layers->v, layers->n + 1, sizeof(*layers->v));
	layer = &layers->v[layers->n++];
	*layer = (struct overlay_layer){ .key = key, .path = xstrdup(path), .fd = -EBADF,
					.detached = -EBADF };
	return layer;
}

static void add_layer(struct overlay_layers *layers, const char *key, const char *path, const char *bundle)
{
	_cleanup_free_ char *absolute = *path == '/' ? xstrdup(path) : str_printf("%s/%s", bundle, path);

	overlay_add_layer(layers, key, absolute);
}

/* As the file system reads it, a backslash makes the next character an ordinary one: up to `end`, or to the end of all.
   New memory; *text is moved behind it. */
static char *take_path(const char **text, char end)
{
	struct strbuf path = STRBUF_INIT;

	while (**text && **text != end) {
		if (**text == '\\' && (*text)[1])
			++*text;
		strbuf_add_mem(&path, (*text)++, 1);
	}
	return strbuf_take(&path);
}

/* "a:b::data" */
static void add_list(struct overlay_layers *layers, const char *text, const char *bundle)
{
	const char *key = "lowerdir+";

	while (*text) {
		_cleanup_free_ char *path = take_path(&text, ':');

		if (*path)
			add_layer(layers, key, path, bundle);
		if (str_starts(text, "::"))
			key = "datadir+";
		text += strspn(text, ":");
	}
}

/* "lowerdir+=a", one word for each layer, in which nothing is escaped (Linux 6.5). */
static void add_word(struct overlay_layers *layers, const char *word, const char *bundle)
{
	static const char *const keys[] = { "lowerdir+", "datadir+" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		size_t n = strlen(keys[i]);

		if (strncmp(word, keys[i], n) == 0 && word[n] == '=' && word[n + 1])
			add_layer(layers, keys[i], word + n + 1, bundle);
	}
}

static void add_lowers(struct overlay_layers *layers, const struct mount_options *options, const char *bundle)
{
	const char *list = mount_options_data(options, "lowerdir");

	if (list)
		add_list(layers, list, bundle);
	for (size_t i = 0; !list && i < options->data.n; i++)
		add_word(layers, options->data.v[i], bundle);
	layers->n_lower = layers->n;
}

/* Upper or work. */
static void add_other(struct overlay_layers *layers, const char *key, const struct mount_options *options,
		      const char *bundle)
{
	const char *text = mount_options_data(options, key);
	_cleanup_free_ char *path = take_path(&text, '\0');

	add_layer(layers, key, path, bundle);
}

int overlay_check(const struct mount_entry *entry, struct err *e)
{
	const struct mount_options *options = &entry->options;
	const char *lower = mount_options_data(options, "lowerdir");
	bool added = mount_options_data(options, "lowerdir+") || mount_options_data(options, "datadir+");
	bool upper = !str_empty(mount_options_data(options, "upperdir"));
	bool work = !str_empty(mount_options_data(options, "workdir"));

	if (lower && !upper && strstr(lower, ",upperdir="))
		return err_say(e, -EINVAL, "\"lowerdir=%s\" is one option: each is a string of its own, and a comma divides none",
			       lower);
	if (lower && added)
		return err_say(e, -EINVAL, "lowerdir names all lower layers: lowerdir+ or datadir+ cannot be there as well");
	if (str_empty(lower) && !added)
		return err_say(e, -EINVAL, "the option lowerdir is missing: an overlay needs one layer at least");
	if (upper != work)
		return err_say(e, -EINVAL, "%s is there, but %s is missing: one cannot be without the other",
			       upper ? "upperdir" : "workdir", upper ? "workdir" : "upperdir");
	return 0;
}

char *overlay_lower_path(const struct mount_entry *entry, const char *bundle, size_t n)
{
	struct overlay_layers layers = { .n = 0 };
	char *path = NULL;

	add_lowers(&layers, &entry->options, bundle);
	if (n < layers.n)
		path = TAKE_PTR(layers.v[n].path);
	overlay_layers_done(&layers);
	return path;
}

char *overlay_upper_path(const struct mount_entry *entry, const char *bundle)
{
	struct overlay_layers layers = { .n = 0 };
	char *path = NULL;

	if (!str_empty(mount_options_data(&entry->options, "upperdir"))) {
		add_other(&layers, "upperdir", &entry->options, bundle);
		path = TAKE_PTR(layers.v[0].path);
	}
	overlay_layers_done(&layers);
	return path;
}

static int open_layer(struct rootfs *rootfs, const struct mount_entry *entry, struct overlay_layers *layers, size_t n,
		      struct err *e)
{
	struct overlay_layer *layer = &layers->v[n];
	bool foreign = false;
	int r = 0;

	if (n < layers->n_lower && mount_entry_wants_idmap(entry)) {
		layer->fd = layer_open(rootfs, entry, rootfs_source_layer(entry->index, n), layer->path, &foreign, e);
		if (layer->fd >= 0 && foreign)
			r = layer_lend(layers, layer->fd);
		else
			layer->detached = layer->fd;
		return layer->fd < 0 ? layer->fd : r < 0 ? err_set(e, r, "lower layer %s", layer->path) : 0;
	}
	layer->fd = open(layer->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (layer->fd >= 0)
		return 0;
	return explain_path(e, -errno, layer == layers->upper ? "upperdir" : layer == layers->work ? "workdir" : "lowerdir",
			    layer->path);
}

static int open_layers(struct rootfs *rootfs, const struct mount_entry *entry, struct overlay_layers *layers, struct err *e)
{
	const char *upper = mount_options_data(&entry->options, "upperdir"), *bundle = rootfs->env.bundle;
	int r = 0;

	add_lowers(layers, &entry->options, bundle);
	if (layers->n_lower > ROOTFS_MAX_LAYERS)
		return err_say(e, -EINVAL, "%zu layers are too many: the kernel takes %d", layers->n_lower, ROOTFS_MAX_LAYERS);
	if (!str_empty(upper)) {
		add_other(layers, "upperdir", &entry->options, bundle);
		add_other(layers, "workdir", &entry->options, bundle);
		layers->upper = &layers->v[layers->n - 2];
		layers->work = &layers->v[layers->n - 1];
	}
	for (size_t i = 0; r >= 0 && i < layers->n; i++)
		r = open_layer(rootfs, entry, layers, i, e);
	return r;
}

/*
 * How layers are named to the kernel, best first: as descriptors (Linux 6.13; O_PATH ones later), as strings one by
 * one (6.7), all lower ones in one string of 255 bytes at most.  With strings the current directory is
 * /proc/self/fd, so that the number of a descriptor is its path.
 */
enum naming { BY_FD, BY_STRING, BY_ONE_STRING };

struct request {
	struct overlay_layers *layers;
	enum naming naming;
	int refused; /* out: why the first layer was, so that another way may do; else 0 */
};

static int set_layer(const struct mnt_fs *fs, const struct overlay_layer *layer, enum naming naming)
{
	char number[16];

	if (naming == BY_FD)
		return mnt_fs_set_fd(fs, layer->key, layer->fd);
	snprintf(number, sizeof(number), "%d", layer->fd);
	return mnt_fs_set(fs, layer->key, number);
}

static int set_lowers(const struct mnt_fs *fs, struct overlay_layers *layers)
{
	struct strbuf joined = STRBUF_INIT;
	bool data = false;
	int r;

	for (size_t i = 0; i < layers->n_lower; i++) {
		bool first_data = !data && strcmp(layers->v[i].key, "datadir+") == 0;

		data |= first_data;
		strbuf_addf(&joined, "%s%d", i == 0 ? "" : first_data ? "::" : ":", layers->v[i].fd);
	}
	layers->n_text = joined.len;
	r = mnt_fs_set(fs, "lowerdir", joined.text);
	strbuf_done(&joined);
	return r;
}

static int configure(const struct mnt_fs *fs, void *ctx)
{
	struct request *request = ctx;
	struct overlay_layers *layers = request->layers;
	size_t first = 0;
	int r = 0;

	request->refused = 0;
	if (request->naming == BY_ONE_STRING) {
		r = set_lowers(fs, layers);
		first = layers->n_lower;
	}
	for (size_t i = first; r >= 0 && i < layers->n; i++) {
		r = set_layer(fs, &layers->v[i], request->naming);
		if (i == 0 && (r == -EINVAL || r == -EBADF || r == -EOPNOTSUPP))
			request->refused = r;
	}
	return r;
}

/* For the first layer a kernel says EINVAL that does not know this way of naming it, EBADF (Linux 6.12) that takes no
   O_PATH descriptors, and EOPNOTSUPP where overlays still have the old mount API (before 6.5; fs/fsopen.c).  There any
   key is taken, and an unknown one fails in the end, so the way between is not tried. */
static int mount_layers(const struct rootfs *rootfs, const struct mount_entry *entry, struct overlay_layers *layers,
			struct fresh *how)
{
	struct request *request = how->ctx;
	_cleanup_close_ int before = -EBADF;
	int fd = fresh_mount(rootfs, entry, how), r;

	if (!request->refused)
		return fd;
	/* In a mount namespace that is not the container's own somebody could reach what is lent. */
	r = rootfs->env.new_mount_ns ? layer_lend_detached(layers) : 0;
	if (r < 0)
		return r;
	before = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (before < 0 || chdir("/proc/self/fd") < 0)
		return -errno;
	if (request->refused != -EOPNOTSUPP) {
		request->naming = BY_STRING;
		fd = fresh_mount(rootfs, entry, how);
	}
	if (request->refused) {
		request->naming = BY_ONE_STRING;
		fd = fresh_mount(rootfs, entry, how);
	}
	if (fchdir(before) < 0 && fd >= 0) {
		close(fd);
		return -errno;
	}
	return fd;
}

/* Where upper or work cannot be written by the one who mounts, the kernel makes the overlay read-only and
   tells only its log. */
static int check_writable(const struct mount_entry *entry, const struct overlay_layers *layers, int mnt_fd, struct err *e)
{
	uint64_t flags = 0;
	int r = mnt_flags(mnt_fd, &flags);

	if (r < 0)
		return err_set(e, r, "cannot look at the overlay");
	if (!layers->upper || !(flags & ST_RDONLY) || (entry->options.top.set & MOUNT_ATTR_RDONLY))
		return 0;
	err_set(e, -EROFS, "the overlay came out read-only, since upperdir %s or workdir %s cannot be written by the "
		"container's root", layers->upper->path, layers->work->path);
	return err_hint(e, "give both to the ids of the container, or ask for \"ro\"");
}

int overlay_make(const struct rootfs *rootfs, const struct mount_entry *entry, struct overlay_layers *layers,
		 struct err *e)
{
	static const struct fresh_key userxattr = { "userxattr", NULL };
	bool userns = rootfs->env.userns;
	struct request request = { .layers = layers, .naming = BY_FD };
	struct fresh how = { .type = "overlay", .skip = layer_keys, .configure = configure, .ctx = &request,
			     .attrs = mount_attrs_fresh(&entry->options), .extra = &userxattr };
	_cleanup_close_ int fd = -EBADF;
	int r;

	/* Without it opaque directories cannot be marked in a user namespace, and rmdir fails with EIO. */
	if (userns && !mount_options_data(&entry->options, "userxattr"))
		how.n_extra = 1;
	fd = mount_layers(rootfs, entry, layers, &how);
	if (fd < 0)
		return overlay_explain(e, fd, entry, layers, userns, how.words);
	r = check_writable(entry, layers, fd, e);
	if (r < 0)
		return r;
	r = layer_take_back(layers);
	return r < 0 ? err_set(e, r, "cannot unmount a lower layer") : TAKE_FD(fd);
}

static int mount_opened(struct rootfs *rootfs, const struct mount_entry *entry, struct overlay_layers *layers,
			struct err *e)
{
	_cleanup_(target_done) struct target target = TARGET_INIT;
	_cleanup_close_ int fd = -EBADF;
	int r = target_open(rootfs, entry, true, false, &target, e);

	if (r < 0)
		return r;
	fd = overlay_make(rootfs, entry, layers, e);
	return fd < 0 ? fd : fresh_attach(rootfs, entry, &fd, &target, e);
}

int overlay_mount(struct rootfs *rootfs, const struct mount_entry *entry, struct err *e)
{
	struct overlay_layers layers = { .n = 0 };
	int r = open_layers(rootfs, entry, &layers, e);

	if (r >= 0)
		r = mount_opened(rootfs, entry, &layers, e);
	overlay_layers_done(&layers);
	return r;
}
