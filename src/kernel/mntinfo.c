/* SPDX-License-Identifier: Apache-2.0 */
/* The mount table as libmount reads it: see mntinfo.h.  The only file that knows libmount. */
#include "kernel/mntinfo.h"

#include <errno.h>
#include <libmount/libmount.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/dlib.h"
#include "base/str.h"

#define SONAME "libmount.so.1"

DLIB_NOTE(mntinfo_note, "[{\"feature\":\"mount-tables\",\"description\":\"cgroup v1 mount points, and why a mount "
			"was refused\",\"priority\":\"recommended\",\"soname\":[\"" SONAME "\"]}]");

/* The functions of libmount that are used here, under their own names. */
struct libmount {
	__typeof__(mnt_new_table_from_file) *new_table_from_file;
	__typeof__(mnt_unref_table) *unref_table;
	__typeof__(mnt_new_iter) *new_iter;
	__typeof__(mnt_free_iter) *free_iter;
	__typeof__(mnt_table_next_fs) *next_fs;
	__typeof__(mnt_fs_get_id) *get_id;
	__typeof__(mnt_fs_get_parent_id) *get_parent_id;
	__typeof__(mnt_fs_get_root) *get_root;
	__typeof__(mnt_fs_get_target) *get_target;
	__typeof__(mnt_fs_get_fstype) *get_fstype;
	__typeof__(mnt_fs_get_source) *get_source;
	__typeof__(mnt_fs_get_vfs_options) *get_vfs_options;
	__typeof__(mnt_fs_get_fs_options) *get_fs_options;
	__typeof__(mnt_fs_get_optional_fields) *get_optional_fields;
};

/* Loaded once by the dynamic linker, asked for each time: a table is read rarely. */
static int load(struct libmount *lib, struct err *e)
{
	const struct dlib_symbol symbols[] = {
		{ "mnt_new_table_from_file", (void **)&lib->new_table_from_file },
		{ "mnt_unref_table", (void **)&lib->unref_table },
		{ "mnt_new_iter", (void **)&lib->new_iter },
		{ "mnt_free_iter", (void **)&lib->free_iter },
		{ "mnt_table_next_fs", (void **)&lib->next_fs },
		{ "mnt_fs_get_id", (void **)&lib->get_id },
		{ "mnt_fs_get_parent_id", (void **)&lib->get_parent_id },
		{ "mnt_fs_get_root", (void **)&lib->get_root },
		{ "mnt_fs_get_target", (void **)&lib->get_target },
		{ "mnt_fs_get_fstype", (void **)&lib->get_fstype },
		{ "mnt_fs_get_source", (void **)&lib->get_source },
		{ "mnt_fs_get_vfs_options", (void **)&lib->get_vfs_options },
		{ "mnt_fs_get_fs_options", (void **)&lib->get_fs_options },
		{ "mnt_fs_get_optional_fields", (void **)&lib->get_optional_fields },
		{ NULL, NULL },
	};

	return dlib_load(SONAME, "reading a mount table", symbols, e);
}

/* A field that the line does not have is "". */
static char *copy(const char *field)
{
	return xstrdup(field ? field : "");
}

static void add_entry(struct mntinfo *info, const struct libmount *lib, struct libmnt_fs *fs)
{
	info->entries = xrealloc(info->entries, info->n_entries + 1, sizeof(*info->entries));
	info->entries[info->n_entries++] = (struct mntinfo_entry){
		.id = (uint64_t)lib->get_id(fs),
		.parent_id = (uint64_t)lib->get_parent_id(fs),
		.root = copy(lib->get_root(fs)),
		.target = copy(lib->get_target(fs)),
		.type = copy(lib->get_fstype(fs)),
		.source = copy(lib->get_source(fs)),
		.vfs_options = copy(lib->get_vfs_options(fs)),
		.fs_options = copy(lib->get_fs_options(fs)),
		.optional_fields = copy(lib->get_optional_fields(fs)),
	};
}

int mntinfo_read(const char *path, struct mntinfo *ret_info, struct err *e)
{
	struct libmnt_table *table;
	struct libmnt_iter *iter;
	struct libmnt_fs *fs;
	struct libmount lib;
	int r = load(&lib, e);

	*ret_info = (struct mntinfo){ NULL, 0 };
	if (r < 0)
		return r;
	errno = 0;
	table = lib.new_table_from_file(path);
	/* NULL is all it says; errno is open(2)'s where that was the reason. */
	if (!table)
		return err_set(e, errno ? -errno : -EIO, "mount table %s", path);
	iter = lib.new_iter(MNT_ITER_FORWARD);
	if (!iter) {
		lib.unref_table(table);
		return err_set(e, -ENOMEM, "mount table %s", path);
	}
	while ((r = lib.next_fs(table, iter, &fs)) == 0)
		add_entry(ret_info, &lib, fs);
	lib.free_iter(iter);
	lib.unref_table(table);
	if (r < 0) {
		mntinfo_done(ret_info);
		return err_set(e, r, "mount table %s", path);
	}
	return 0;
}

void mntinfo_done(struct mntinfo *info)
{
	for (size_t i = 0; i < info->n_entries; i++) {
		struct mntinfo_entry *entry = &info->entries[i];

		free(entry->root);
		free(entry->target);
		free(entry->type);
		free(entry->source);
		free(entry->vfs_options);
		free(entry->fs_options);
		free(entry->optional_fields);
	}
	free(info->entries);
	*info = (struct mntinfo){ NULL, 0 };
}

/* "/a" holds "/a" and "/a/b", not "/ab"; "/" holds everything. */
static bool holds(const char *target, const char *path)
{
	size_t n = strlen(target);

	if (strcmp(target, "/") == 0)
		return *path == '/';
	return n > 0 && strncmp(path, target, n) == 0 && (path[n] == '/' || !path[n]);
}

const struct mntinfo_entry *mntinfo_find(const struct mntinfo *info, const char *path)
{
	for (size_t i = info->n_entries; i > 0; i--)
		if (holds(info->entries[i - 1].target, path))
			return &info->entries[i - 1];
	return NULL;
}
