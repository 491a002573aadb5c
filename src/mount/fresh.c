/* SPDX-License-Identifier: Apache-2.0 */
/* New file systems: see fresh.h. */
#include "mount/fresh.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "kernel/syscalls.h"
#include "mount/attrs.h"
#include "mount/explain.h"
#include "mount/idmap.h"
#include "mount/label.h"

#define STRING_MAX 255 /* fsconfig(2): more is EINVAL */

static bool is_skipped(const struct fresh *how, const char *key)
{
	for (size_t i = 0; how->skip && how->skip[i]; i++)
		if (strcmp(how->skip[i], key) == 0)
			return true;
	return false;
}

/* "key=value" or "key". */
static int set_word(const struct mnt_fs *fs, struct fresh *how, const char *word)
{
	_cleanup_free_ char *key = xstrndup(word, strcspn(word, "=")), *unquoted = label_unquote(word);
	const char *value = strchr(unquoted ? unquoted : word, '=');
	int r;

	if (is_skipped(how, key))
		return 0;
	r = mnt_fs_set(fs, key, value ? value + 1 : NULL);
	if (r < 0)
		how->refused = word;
	return r;
}

static int set_super(const struct mnt_fs *fs, const struct mount_options *options, const struct fresh *how)
{
	for (unsigned flag = 1; flag <= options->super; flag <<= 1) {
		const char *key = (options->super & flag) ? mount_super_key((enum mount_super)flag) : NULL;
		int r = key ? mnt_fs_set(fs, key, NULL) : 0;

		if (r < 0)
			return r;
	}
	return how->super_ro && (options->top.set & MOUNT_ATTR_RDONLY) ? mnt_fs_set(fs, "ro", NULL) : 0;
}

static int configure(const struct mnt_fs *fs, const struct rootfs *rootfs, const struct mount_entry *entry,
		     struct fresh *how)
{
	const struct mount_options *options = &entry->options;
	int r = 0;

	if (!str_empty(entry->mount->source))
		r = mnt_fs_set(fs, "source", entry->mount->source);
	if (r >= 0)
		r = set_super(fs, options, how);
	for (size_t i = 0; r >= 0 && i < options->data.n; i++)
		r = set_word(fs, how, options->data.v[i]);
	for (size_t i = 0; r >= 0 && i < how->n_extra; i++)
		r = mnt_fs_set(fs, how->extra[i].key, how->extra[i].value);
	if (r >= 0 && how->configure)
		r = how->configure(fs, how->ctx);
	return r < 0 || how->no_label ? r : label_set(fs, rootfs, options, how->words, sizeof(how->words));
}

int fresh_mount(const struct rootfs *rootfs, const struct mount_entry *entry, struct fresh *how)
{
	char words[FRESH_WORDS_MAX] = "";
	struct mnt_fs fs;
	int r;

	how->words[0] = '\0';
	how->refused = NULL;
	how->made = false;
	r = mnt_fs_open(how->type, &fs);
	if (r < 0)
		return r;
	r = configure(&fs, rootfs, entry, how);
	if (r >= 0)
		r = mnt_fs_create(&fs, how->attrs);
	how->made = fs.created;
	if (r < 0)
		mnt_fs_words(&fs, words, sizeof(words));
	if (*words)
		memcpy(how->words, words, sizeof(words));
	else if (r < 0 && !how->no_label)
		label_explain(rootfs, how->type, r, how->words, sizeof(how->words));
	mnt_fs_done(&fs);
	return r;
}

int fresh_explain(struct err *e, int code, const struct mount_entry *entry, const struct fresh *how)
{
	const char *source = entry->mount->source, *word = how->refused;
	const char *value = word ? strchr(word, '=') : NULL;

	explain_fs(e, code, how->type, how->words);
	if (code == -EINVAL && !word && source && strlen(source) > STRING_MAX)
		return err_hint(e, "its source has %zu bytes, and the kernel takes %d", strlen(source), STRING_MAX);
	if (!word)
		return code;
	if (value && strlen(value + 1) > STRING_MAX)
		return err_hint(e, "the value of option \"%.*s\" has %zu bytes, and the kernel takes %d", (int)(value - word),
				word, strlen(value + 1), STRING_MAX);
	if (strchr(word, ','))
		return err_hint(e, "\"%s\" is one option: each is a string of its own, and a comma divides none", word);
	return err_hint(e, "the option was \"%s\"", word);
}

int fresh_attach(struct rootfs *rootfs, const struct mount_entry *entry, int *mnt_fd, const struct target *target,
		 struct err *e)
{
	const struct idmap_env idmap = rootfs_idmap_env(rootfs);
	int r = 0;

	/* of an overlay the layers were shifted (layer.h) */
	if (mount_entry_wants_idmap(entry) && entry->kind != MOUNT_OVERLAY)
		r = idmap_apply(*mnt_fd, entry, &idmap, true, e);
	if (r >= 0 && entry->options.propagation)
		r = mount_attrs_propagate(*mnt_fd, &entry->options, false, e);
	if (r < 0)
		return r;
	r = rootfs_attach(rootfs, mnt_fd, target);
	return r < 0 ? err_set(e, r, "cannot attach the mount") : 0;
}

int fresh_any(struct rootfs *rootfs, const struct mount_entry *entry, struct err *e)
{
	_cleanup_(target_done) struct target target = TARGET_INIT;
	_cleanup_close_ int mnt_fd = -EBADF;
	struct fresh how = { .type = entry->mount->type, .attrs = mount_attrs_fresh(&entry->options),
			     .super_ro = true };
	int r = target_open(rootfs, entry, true, false, &target, e);

	if (r < 0)
		return r;
	mnt_fd = fresh_mount(rootfs, entry, &how);
	if (mnt_fd < 0)
		return fresh_explain(e, mnt_fd, entry, &how);
	return fresh_attach(rootfs, entry, &mnt_fd, &target, e);
}
