/* SPDX-License-Identifier: Apache-2.0 */
/* The servers of FUSE mounts: see server.h, and rootfs_fuse_server() in rootfs.h. */
#include "mount/server.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/str.h"
#include "kernel/syscalls.h"
#include "mount/image.h"
#include "mount/rootlayers.h"

#define TYPE_PREFIX "fuse."
#define PROGRAM_ANNOTATION "org.ocirun.fuse.program."

/* Words of fstab(5) that are about the mount, which is made with its own: users bring them along. */
static const char *const mount_words[] = { "allow_other", "allow_root",  "auto_unmount", "default_permissions",
					   "fsname",      "nonempty", "subtype",     NULL };

const char *fuse_program(const char *type)
{
	return type && str_starts(type, TYPE_PREFIX) ? type + strlen(TYPE_PREFIX) : NULL;
}

int fuse_server_check(const struct mount_entry *entry, struct err *e)
{
	const char *program = fuse_program(entry->mount->type);

	if (str_empty(program) || strchr(program, '/')) {
		err_say(e, -EINVAL, "type \"%s\" names no program", entry->mount->type);
		return err_hint(e, "write fuse.PROGRAM, and where PROGRAM is not in PATH, add the annotation "
				   PROGRAM_ANNOTATION "PROGRAM with its path");
	}
	return 0;
}

void rootfs_fuse_server_done(struct rootfs_fuse_server *server)
{
	strv_done(&server->programs);
	free(server->what);
	free(server->source);
	free(server->options);
}

/* The path that an annotation gives a program, or its name. */
static void add_program(struct rootfs_fuse_server *server, const struct oci_config *config, const char *name)
{
	_cleanup_free_ char *key = str_printf(PROGRAM_ANNOTATION "%s", name);
	const char *path = mount_annotation(config, key);

	strv_add(&server->programs, str_empty(path) ? name : path);
}

static bool is_mount_word(const char *word)
{
	size_t n = strcspn(word, "=");

	for (size_t i = 0; mount_words[i]; i++)
		if (strlen(mount_words[i]) == n && strncmp(word, mount_words[i], n) == 0)
			return true;
	return false;
}

/* "-o" takes its words joined by commas; a backslash keeps one that is part of a word (libfuse, fuse_opt.h). */
static void add_word(struct strbuf *options, const char *word)
{
	if (options->len > 0)
		strbuf_add(options, ",");
	for (; *word; word++) {
		if (*word == ',')
			strbuf_add(options, "\\");
		strbuf_add_mem(options, word, 1);
	}
}

static char *join_options(const struct mount_options *options)
{
	struct strbuf text = STRBUF_INIT;

	if (options->top.set & MOUNT_ATTR_RDONLY)
		add_word(&text, "ro");
	for (size_t i = 0; i < options->data.n; i++)
		if (!is_mount_word(options->data.v[i]))
			add_word(&text, options->data.v[i]);
	return strbuf_take(&text);
}

/* "none", or the type again with or without its "fuse.", is what people write who have no source. */
static bool is_no_source(const char *source, const char *type)
{
	return str_empty(source) || strcmp(source, "none") == 0 || strcmp(source, type) == 0 ||
	       strcmp(source, type + strlen(TYPE_PREFIX)) == 0;
}

static int server_of_entry(const struct oci_config *config, const char *bundle, size_t index,
			   struct rootfs_fuse_server *server, struct err *e)
{
	struct mount_entry entry;
	int r = mount_entry_make(config, bundle, index, &entry, e);

	if (r >= 0 && entry.kind != MOUNT_FUSE)
		r = err_say(e, -EINVAL, "mounts[%zu] is no FUSE mount", index);
	if (r >= 0) {
		const char *type = entry.mount->type, *source = entry.mount->source;

		server->what = str_printf("mounts[%zu] %s", index, entry.mount->destination);
		add_program(server, config, fuse_program(type));
		server->options = join_options(&entry.options);
		if (!is_no_source(source, type))
			server->source = *source == '/' || strchr(source, ':') ? xstrdup(source) :
										str_printf("%s/%s", bundle, source);
		/* "host:directory" is the program's to understand */
		server->source_is_word = source && *source != '/' && strchr(source, ':');
	}
	mount_entry_done(&entry);
	return r;
}

static int server_of_image(const struct oci_config *config, const struct rootlayers *layers, size_t n,
			   struct rootfs_fuse_server *server, struct err *e)
{
	enum image_type type;
	int r;

	if (n >= layers->lower.n)
		return err_say(e, -EINVAL, "the root has no layer %zu", n);
	server->what = str_printf("root image %s", layers->lower.v[n]);
	server->source = xstrdup(layers->lower.v[n]);
	r = image_identify(server->source, &type, e);
	if (r < 0)
		return r;
	for (const char *const *name = image_programs(type); *name; name++)
		add_program(server, config, *name);
	server->options = xstrdup(image_options(type));
	return 0;
}

/* fuse-overlayfs splits its options by hand: a path with such a character cannot be named. */
static int add_layer(struct strbuf *options, const char *key, const char *path, struct err *e)
{
	if (strpbrk(path, ":,\\"))
		return err_say(e, -EINVAL, "%s: fuse-overlayfs takes no path with a colon, comma or backslash", path);
	strbuf_addf(options, "%s%s", key, path);
	return 0;
}

static int server_of_overlay(const struct oci_config *config, const struct rootlayers *layers,
			     struct rootfs_fuse_server *server, struct err *e)
{
	struct strbuf options = STRBUF_INIT;
	int r = 0;

	server->what = xstrdup("root overlay");
	server->in_userns = true;
	add_program(server, config, "fuse-overlayfs");
	for (size_t i = 0; r == 0 && i < layers->lower.n; i++)
		r = add_layer(&options, i == 0 ? "lowerdir=" : ":", layers->lower.v[i], e);
	if (r == 0 && layers->upper)
		r = add_layer(&options, ",upperdir=", layers->upper, e);
	if (r == 0 && layers->upper)
		r = add_layer(&options, ",workdir=", layers->work, e);
	if (layers->is_volatile)
		strbuf_add(&options, ",volatile");
	server->options = strbuf_take(&options);
	return r;
}

int rootfs_fuse_server(const struct oci_config *config, const char *bundle, size_t index,
		       struct rootfs_fuse_server *ret_server, struct err *e)
{
	struct rootlayers layers;
	int r;

	*ret_server = (struct rootfs_fuse_server){ .what = NULL };
	if (index < config->n_mounts)
		return server_of_entry(config, bundle, index, ret_server, e);
	r = rootlayers_read(config, bundle, &layers, e);
	if (r >= 0 && index == ROOTFS_SOURCE_OVERLAY)
		r = server_of_overlay(config, &layers, ret_server, e);
	else if (r >= 0)
		r = server_of_image(config, &layers, rootlayers_of_index(index), ret_server, e);
	rootlayers_done(&layers);
	return r;
}
