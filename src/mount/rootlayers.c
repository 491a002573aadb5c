/* SPDX-License-Identifier: Apache-2.0 */
/* Annotations about the root: see rootlayers.h.  No system call. */
#include "mount/rootlayers.h"

#include <errno.h>
#include <string.h>

#include "mount/plan.h"
#include "mount/rootfs.h"

#define TMPFS "tmpfs"

static const char *option(const struct oci_config *config, const char *name)
{
	_cleanup_free_ char *key = str_printf(ROOTLAYERS_PREFIX "%s", name);

	return mount_annotation(config, key);
}

bool rootlayers_wanted(const struct oci_config *config)
{
	for (size_t i = 0; i < config->n_annotations; i++)
		if (strcmp(config->annotations[i].key, ROOTLAYERS_IMAGE) == 0 ||
		    str_starts(config->annotations[i].key, ROOTLAYERS_PREFIX))
			return true;
	return false;
}

size_t rootlayers_index(size_t n)
{
	return ROOTFS_SOURCE_OVERLAY - 1 - n;
}

size_t rootlayers_of_index(size_t index)
{
	return ROOTFS_SOURCE_OVERLAY - 1 - index;
}

static char *absolute(const char *bundle, const char *path)
{
	return *path == '/' ? xstrdup(path) : str_printf("%s/%s", bundle, path);
}

static void add_lowers(struct strv *lower, const char *bundle, const char *text)
{
	while (*text) {
		struct strbuf path = STRBUF_INIT;
		_cleanup_free_ char *taken = NULL;

		for (; *text && *text != ':'; text++) {
			if (*text == '\\' && text[1])
				text++;
			strbuf_add_mem(&path, text, 1);
		}
		taken = strbuf_take(&path);
		if (*taken)
			strv_take(lower, absolute(bundle, taken));
		text += strspn(text, ":");
	}
}

static int read_lower(const struct oci_config *config, const char *bundle, struct rootlayers *layers, struct err *e)
{
	const char *image = mount_annotation(config, ROOTLAYERS_IMAGE), *lower = option(config, "lower");

	if (image && lower) {
		err_say(e, -EINVAL, ROOTLAYERS_IMAGE " and " ROOTLAYERS_PREFIX "lower are both there");
		return err_hint(e, "name the image among the layers of the latter");
	}
	if (image && str_empty(image))
		return err_say(e, -EINVAL, ROOTLAYERS_IMAGE ": is empty, and should name an image file");
	if (image)
		strv_take(&layers->lower, absolute(bundle, image));
	else if (lower)
		add_lowers(&layers->lower, bundle, lower);
	else
		strv_take(&layers->lower, rootfs_path(config, bundle));
	if (layers->lower.n == 0)
		return err_say(e, -EINVAL, ROOTLAYERS_PREFIX "lower: names no directory");
	return 0;
}

static int read_upper(const struct oci_config *config, const char *bundle, struct rootlayers *layers, struct err *e)
{
	const char *upper = option(config, "upper"), *work = option(config, "work");

	layers->upper_tmpfs = upper && strcmp(upper, TMPFS) == 0;
	layers->size = option(config, "size");
	if (upper && !*upper)
		return err_say(e, -EINVAL, ROOTLAYERS_PREFIX "upper: is empty, and should be a directory or the word tmpfs");
	if (work && (!upper || layers->upper_tmpfs || !*work))
		return err_say(e, -EINVAL, ROOTLAYERS_PREFIX "work: is for an upper that is a directory, and names one");
	if (layers->size && !layers->upper_tmpfs)
		return err_say(e, -EINVAL, ROOTLAYERS_PREFIX "size: is for an upper that is a tmpfs");
	if (upper && !work && !layers->upper_tmpfs) {
		err_say(e, -EINVAL, ROOTLAYERS_PREFIX "work: is missing: an overlay needs an empty directory of its own "
			"on the file system of its upper");
		return err_hint(e, "mkdir %s.work, and add the annotation with this path", upper);
	}
	if (work) {
		layers->upper = absolute(bundle, upper);
		layers->work = absolute(bundle, work);
	}
	return 0;
}

static int read_flag(const struct oci_config *config, const char *name, bool *ret_flag, struct err *e)
{
	const char *value = option(config, name);

	*ret_flag = value && strcmp(value, "true") == 0;
	if (value && !*ret_flag && strcmp(value, "false") != 0)
		return err_say(e, -EINVAL, ROOTLAYERS_PREFIX "%s: \"%s\" is neither true nor false", name, value);
	return 0;
}

static int read_flags(const struct oci_config *config, struct rootlayers *layers, struct err *e)
{
	int r = read_flag(config, "volatile", &layers->is_volatile, e);

	if (r >= 0)
		r = read_flag(config, "idmap", &layers->idmap, e);
	if (r >= 0 && layers->is_volatile && !rootlayers_writable(layers))
		return err_say(e, -EINVAL, ROOTLAYERS_PREFIX "volatile: is about changes, and without "
			       ROOTLAYERS_PREFIX "upper there can be none");
	return r;
}

static int refuse_unknown(const struct oci_config *config, struct err *e)
{
	static const char *const known[] = { "lower", "upper", "work", "size", "volatile", "idmap" };

	for (size_t i = 0; i < config->n_annotations; i++) {
		const char *key = config->annotations[i].key;
		bool found = !str_starts(key, ROOTLAYERS_PREFIX);

		for (size_t k = 0; !found && k < ARRAY_SIZE(known); k++)
			found = strcmp(key + strlen(ROOTLAYERS_PREFIX), known[k]) == 0;
		if (!found)
			return err_say(e, -EINVAL, "annotation %s: unknown (after " ROOTLAYERS_PREFIX
				       " one of: lower, upper, work, size, volatile, idmap)", key);
	}
	return 0;
}

int rootlayers_read(const struct oci_config *config, const char *bundle, struct rootlayers *ret_layers,
		    struct err *e)
{
	int r;

	*ret_layers = (struct rootlayers){ .lower = STRV_INIT };
	r = refuse_unknown(config, e);
	if (r >= 0)
		r = read_lower(config, bundle, ret_layers, e);
	if (r >= 0)
		r = read_upper(config, bundle, ret_layers, e);
	return r < 0 ? r : read_flags(config, ret_layers, e);
}

void rootlayers_done(struct rootlayers *layers)
{
	strv_done(&layers->lower);
	free(layers->upper);
	free(layers->work);
}
