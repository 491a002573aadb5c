/* SPDX-License-Identifier: Apache-2.0 */
/* From mounts[] to entries that can be acted on: see plan.h.  No system call. */
#include "mount/plan.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "mount/idmap.h"
#include "mount/overlay.h"
#include "mount/server.h"

static const struct {
	const char *type;
	enum mount_kind kind;
} kinds[] = {
	{ "bind", MOUNT_BIND }, /* no file system has this name; not all engines repeat it in options */
	{ "proc", MOUNT_PROC },
	{ "sysfs", MOUNT_SYSFS },
	{ "tmpfs", MOUNT_TMPFS },
	{ "devpts", MOUNT_DEVPTS },
	{ "mqueue", MOUNT_MQUEUE },
	{ "cgroup", MOUNT_CGROUP },
	{ "cgroup2", MOUNT_CGROUP },
	{ "overlay", MOUNT_OVERLAY },
};

static const char *const proc_files[] = {
	"/proc/cpuinfo",
	"/proc/diskstats",
	"/proc/loadavg",
	"/proc/meminfo",
	"/proc/net/dev",
	"/proc/slabinfo",
	"/proc/stat",
	"/proc/swaps",
	"/proc/sys/crypto/fips_enabled",
	"/proc/sys/kernel/ns_last_pid",
	"/proc/uptime",
};

/* Words that make sense for one kind of mount only. */
static const struct {
	unsigned own;
	enum mount_kind kind;
	const char *word, *where;
} own_words[] = {
	{ MOUNT_OWN_TMPCOPYUP, MOUNT_TMPFS, "tmpcopyup", "tmpfs" },
	{ MOUNT_OWN_COPY_SYMLINK, MOUNT_BIND, "copy-symlink", "bind" },
	{ MOUNT_OWN_SRC_NOFOLLOW, MOUNT_BIND, "src-nofollow", "bind" },
};

char *mount_clean_path(const char *path)
{
	char *clean = xmalloc(strlen(path) + 2);
	size_t len = 0;

	while (*path) {
		size_t n = strcspn(path, "/");

		if (n == 2 && path[0] == '.' && path[1] == '.') {
			while (len > 0 && clean[--len] != '/')
				;
		} else if (n > 0 && !(n == 1 && path[0] == '.')) {
			clean[len++] = '/';
			memcpy(clean + len, path, n);
			len += n;
		}
		path += n;
		path += strspn(path, "/");
	}
	if (len == 0)
		clean[len++] = '/';
	clean[len] = '\0';
	return clean;
}

bool mount_is_below(const char *path, const char *above)
{
	size_t n = strcmp(above, "/") == 0 ? 0 : strlen(above);

	return strncmp(path, above, n) == 0 && path[n] == '/' && path[n + 1];
}

bool mount_allowed_in_proc(const char *clean)
{
	if (!str_starts(clean, "/proc/"))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(proc_files); i++)
		if (strcmp(clean, proc_files[i]) == 0)
			return true;
	return false;
}

const char *mount_annotation(const struct oci_config *config, const char *key)
{
	for (size_t i = 0; i < config->n_annotations; i++)
		if (strcmp(config->annotations[i].key, key) == 0)
			return config->annotations[i].value;
	return NULL;
}

bool mount_entry_wants_idmap(const struct mount_entry *entry)
{
	return (entry->options.own & MOUNT_OWN_IDMAP) || entry->mount->n_uid_mappings > 0;
}

static int decide_kind(struct mount_entry *entry, struct err *e)
{
	const char *type = entry->mount->type;

	if (entry->options.own & MOUNT_OWN_BIND) {
		entry->kind = MOUNT_BIND;
		return 0;
	}
	if (entry->options.own & MOUNT_OWN_REMOUNT) {
		entry->kind = MOUNT_REMOUNT;
		return 0;
	}
	if (str_empty(type))
		return err_say(e, -EINVAL, "type is missing, and options have neither bind nor rbind");
	/* with fd= somebody else serves it already */
	entry->kind = fuse_program(type) && !mount_options_data(&entry->options, "fd") ? MOUNT_FUSE : MOUNT_FS;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(type, kinds[i].type) == 0)
			entry->kind = kinds[i].kind;
	return 0;
}

/* Options that configs have on all their mounts, binds among them, where mount(2) ignores them; bind.c warns.
   Others may be a misspelt "ro", which must not be ignored. */
static bool is_tmpfs_option(const char *word)
{
	static const char *const keys[] = { "mode=", "uid=", "gid=", "size=", "nr_inodes=" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (str_starts(word, keys[i]))
			return true;
	return false;
}

static int check_bind(struct mount_entry *entry, const char *bundle, struct err *e)
{
	const char *source = entry->mount->source;

	if (str_empty(source))
		return err_say(e, -EINVAL, "source is missing: a bind mount needs one");
	for (size_t i = 0; i < entry->options.data.n; i++)
		if (!is_tmpfs_option(entry->options.data.v[i]))
			return err_say(e, -EINVAL,
				       "option \"%s\" is unknown, and a bind mount has no file system to pass it to",
				       entry->options.data.v[i]);
	entry->source = *source == '/' ? xstrdup(source) : str_printf("%s/%s", bundle, source);
	return 0;
}

static int check_remount(const struct mount_entry *entry, struct err *e)
{
	const struct mount_options *options = &entry->options;

	if (options->data.n > 0 || options->super)
		return err_say(e, -EINVAL, "remount changes attributes of the mount only, and %s%s%s",
			       options->data.n > 0 ? "\"" : "the options of its ",
			       options->data.n > 0 ? options->data.v[0] : "file system",
			       options->data.n > 0 ? "\" is an option of its file system" : " cannot be changed");
	if (mount_entry_wants_idmap(entry))
		return err_say(e, -EINVAL, "a mount that is there already cannot be idmapped");
	return 0;
}

static int check_options(const struct mount_entry *entry, struct err *e)
{
	const struct oci_mount *mount = entry->mount;

	for (size_t i = 0; i < ARRAY_SIZE(own_words); i++)
		if ((entry->options.own & own_words[i].own) && entry->kind != own_words[i].kind)
			return err_say(e, -EINVAL, "option \"%s\" is for %s mounts only", own_words[i].word,
				       own_words[i].where);
	if (!mount->n_uid_mappings != !mount->n_gid_mappings)
		return err_say(e, -EINVAL, "%s is there, but %s is missing: one cannot be without the other",
			       mount->n_uid_mappings ? "uidMappings" : "gidMappings",
			       mount->n_uid_mappings ? "gidMappings" : "uidMappings");
	if (entry->options.idmap && mount->n_uid_mappings > 0)
		return err_say(e, -EINVAL, "both uidMappings and a mapping in the option \"idmap=%s\"",
			       entry->options.idmap);
	return idmap_check(entry, e);
}

/* Only what is evident from the text; target.c looks at what is really there. */
static int check_destination(const struct mount_entry *entry, struct err *e)
{
	if (entry->kind == MOUNT_REMOUNT)
		return 0;
	if (!mount_allowed_in_proc(entry->clean))
		return err_say(e, -EINVAL, "nothing may be mounted inside /proc, except on files like /proc/cpuinfo");
	if (strcmp(entry->clean, "/proc") == 0 && entry->kind != MOUNT_PROC && entry->kind != MOUNT_BIND)
		return err_say(e, -EINVAL, "only type proc, or a bind of a procfs, may be mounted on /proc");
	return 0;
}

static int judge(struct mount_entry *entry, const char *bundle, struct err *e)
{
	int r = decide_kind(entry, e);

	if (r < 0)
		return r;
	if (entry->kind == MOUNT_BIND)
		r = check_bind(entry, bundle, e);
	else if (entry->kind == MOUNT_REMOUNT)
		r = check_remount(entry, e);
	if (r < 0)
		return r;
	r = check_options(entry, e);
	if (r >= 0 && entry->kind == MOUNT_OVERLAY)
		r = overlay_check(entry, e);
	else if (r >= 0 && entry->kind == MOUNT_FUSE)
		r = fuse_server_check(entry, e);
	return r < 0 ? r : check_destination(entry, e);
}

int mount_entry_make(const struct oci_config *config, const char *bundle, size_t index,
		     struct mount_entry *ret_entry, struct err *e)
{
	const struct oci_mount *mount = &config->mounts[index];
	int r;

	*ret_entry = (struct mount_entry){ .index = index, .mount = mount };
	if (str_empty(mount->destination))
		return err_say(e, -EINVAL, "mounts[%zu].destination: is missing or empty", index);
	ret_entry->destination = *mount->destination == '/' ? xstrdup(mount->destination) :
							      str_printf("/%s", mount->destination);
	ret_entry->clean = mount_clean_path(mount->destination);
	mount_options_parse(mount->options, mount->n_options, &ret_entry->options);
	r = judge(ret_entry, bundle, e);
	if (r < 0)
		err_wrap(e, "mounts[%zu] %s", index, mount->destination);
	return r;
}

void mount_entry_done(struct mount_entry *entry)
{
	free(entry->destination);
	free(entry->clean);
	free(entry->source);
	mount_options_done(&entry->options);
	*entry = (struct mount_entry){ .index = 0 };
}

int mount_plan_make(const struct oci_config *config, const char *bundle, struct mount_plan *ret_plan,
		    struct err *e)
{
	*ret_plan = (struct mount_plan){ .entries = xcalloc(config->n_mounts + 1, sizeof(struct mount_entry)) };
	for (size_t i = 0; i < config->n_mounts; i++) {
		int r = mount_entry_make(config, bundle, i, &ret_plan->entries[i], e);

		ret_plan->n_entries++;
		if (r < 0)
			return r;
	}
	return 0;
}

void mount_plan_done(struct mount_plan *plan)
{
	for (size_t i = 0; i < plan->n_entries; i++)
		mount_entry_done(&plan->entries[i]);
	free(plan->entries);
	*plan = (struct mount_plan){ .entries = NULL };
}
