/* SPDX-License-Identifier: Apache-2.0 */
/* Causes and remedies of refused mounts: see explain.h. */
#include "mount/explain.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "kernel/mntinfo.h"
#include "kernel/userns.h"

/* Cut the path behind its next component; false at the end. `*pos` starts at 0. */
static bool next_prefix(const char *path, size_t *pos, char **prefix)
{
	size_t p = *pos + strspn(path + *pos, "/");

	if (!path[p])
		return false;
	p += strcspn(path + p, "/");
	free(*prefix);
	*prefix = xstrndup(path, p);
	*pos = p;
	return true;
}

static int explain_missing(struct err *e, int code, const char *what, const char *path, const char *prefix)
{
	struct stat st;

	if (lstat(prefix, &st) == 0 && S_ISLNK(st.st_mode))
		return err_set(e, code, "%s %s (%s is a symbolic link to nowhere)", what, path, prefix);
	if (strcmp(path, prefix) == 0)
		return err_set(e, code, "%s %s", what, path);
	return err_set(e, code, "%s %s (%s is missing)", what, path, prefix);
}

/* An id that our user namespace lacks is shown as this one (user_namespaces(7), overflowuid). */
#define OVERFLOW_ID 65534

static void describe_owner(const struct stat *st, char *text, size_t n_text)
{
	if (st->st_uid == OVERFLOW_ID)
		snprintf(text, n_text, "an owner that the container does not have");
	else
		snprintf(text, n_text, "%u:%u", st->st_uid, st->st_gid);
}

/* Who we are for the file systems of the host: the owner that a directory would have to let in. */
static void describe_us(char *text, size_t n_text)
{
	struct userns_map map = { .n_extents = 0 };
	uint32_t host = geteuid();

	if (userns_map_read("/proc/self/uid_map", &map) >= 0 && userns_map_to_outside(&map, geteuid(), &host) &&
	    host != geteuid())
		snprintf(text, n_text, "the container's root, which is user %u outside", host);
	else
		snprintf(text, n_text, "the container's root");
	userns_map_done(&map);
}

static int explain_search(struct err *e, int code, const char *what, const char *path, const char *prefix,
			  const struct stat *st)
{
	char owner[64], us[64];

	describe_owner(st, owner, sizeof(owner));
	describe_us(us, sizeof(us));
	err_set(e, code, "%s %s (%s, mode %04o of %s, cannot be searched by %s)", what, path, prefix,
		(unsigned)st->st_mode & 07777U, owner, us);
	return err_hint(e, "chmod o+x %s, or move the data elsewhere", prefix);
}

/* The way to it is open, and it is not. */
static int explain_closed(struct err *e, int code, const char *what, const char *path, const struct stat *st)
{
	char owner[64];

	describe_owner(st, owner, sizeof(owner));
	err_set(e, code, "%s %s (mode %04o of %s)", what, path, (unsigned)st->st_mode & 07777U, owner);
	return err_hint(e, "let it be readable");
}

int explain_path(struct err *e, int code, const char *what, const char *path)
{
	_cleanup_free_ char *prefix = NULL;
	struct stat st;
	size_t pos = 0;

	while (next_prefix(path, &pos, &prefix)) {
		if (stat(prefix, &st) < 0) {
			if (errno == ENOENT && code == -ENOENT)
				return explain_missing(e, code, what, path, prefix);
			break;
		}
		if (code == -ENOTDIR && !S_ISDIR(st.st_mode))
			return err_set(e, code, "%s %s (%s is not a directory)", what, path, prefix);
		if (code == -EACCES && S_ISDIR(st.st_mode) && faccessat(AT_FDCWD, prefix, X_OK, AT_EACCESS) < 0)
			return explain_search(e, code, what, path, prefix, &st);
	}
	if (code == -EACCES && stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
		return explain_closed(e, code, what, path, &st);
	return err_set(e, code, "%s %s", what, path);
}

int explain_target(struct err *e, int code, const struct mount_entry *entry, bool directory)
{
	const char *kind = directory ? "directory" : "file";

	switch (code) {
	case -EROFS:
		err_set(e, code, "the %s to mount on is missing and cannot be made", kind);
		return err_hint(e, "create %s in the image", entry->destination);
	case -EACCES:
	case -EPERM:
		err_set(e, code, "the %s to mount on cannot be opened or made by the container's root", kind);
		return err_hint(e, "create %s in the image, and let it be searchable", entry->destination);
	case -ENOTDIR:
		return err_set(e, code, "the source is a %s, and what is there, or a part of its path, is no directory",
			       kind);
	case -EISDIR:
		return err_set(e, code, "the source is a file, and what is there is a directory");
	case -ELOOP:
		return err_set(e, code, "the path runs in a circle of symbolic links, or through one of /proc");
	default:
		return err_set(e, code, "cannot open or make the %s to mount on", kind);
	}
}

/* What to do about a type that cannot be mounted in a user namespace. */
static const struct {
	const char *type, *what;
} remedies[] = {
	{ "proc", "it takes a pid namespace of the container's own" },
	{ "sysfs", "it takes a network namespace of the container's own" },
	{ "mqueue", "it takes an ipc namespace of the container's own" },
	{ "cgroup", "it takes a cgroup namespace of the container's own" },
	{ "cgroup2", "it takes a cgroup namespace of the container's own" },
	{ "overlay", "it takes Linux 5.11, the option userxattr, and neither metacopy=on nor redirect_dir=on" },
	{ "ext2", "the type fuse.fuse2fs reads it without privilege" },
	{ "ext3", "the type fuse.fuse2fs reads it without privilege" },
	{ "ext4", "the type fuse.fuse2fs reads it without privilege" },
	{ "squashfs", "the type fuse.squashfuse reads it without privilege" },
	{ "erofs", "the type fuse.erofsfuse reads it without privilege" },
};

static int explain_type(struct err *e, const char *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(remedies); i++)
		if (strcmp(type, remedies[i].type) == 0)
			return err_hint(e, "in a user namespace %s", remedies[i].what);
	err_hint(e, "in a user namespace most types cannot be mounted");
	return err_hint(e, "bind what the host has of it, or start the container as root without a user namespace");
}

int explain_fs(struct err *e, int code, const char *type, const char *words)
{
	if (code == -ENODEV) {
		err_set(e, code, "the kernel knows no file system of type \"%s\"", type);
		return strcmp(type, "none") == 0 ? err_hint(e, "for a bind mount options need \"bind\" or \"rbind\"") : code;
	}
	if (!str_empty(words))
		err_set(e, code, "cannot make a file system of type %s (the kernel says: %s)", type, words);
	else
		err_set(e, code, "cannot make a file system of type %s", type);
	if (code == -EINVAL && strcmp(type, "fuse") == 0 && str_empty(words))
		return err_hint(e, "it needs the options fd, rootmode, user_id and group_id of a server that runs; the type "
				   "fuse.PROGRAM starts one");
	return code == -EPERM ? explain_type(e, type) : code;
}

int explain_covered(struct err *e, int code, const char *type, const char *where)
{
	struct err ignored = ERR_INIT;
	struct mntinfo info = { .n_entries = 0 };
	char covers[600] = "";
	size_t len = 0;

	/* the list only decorates the message: without it the message stands as it is */
	if (mntinfo_read("/proc/self/mountinfo", &info, &ignored) >= 0)
		for (size_t i = 0; i < info.n_entries && len < sizeof(covers) - 1; i++)
			if (mount_is_below(info.entries[i].target, where))
				len += (size_t)snprintf(covers + len, sizeof(covers) - len, "%s%s",
							len ? ", " : "", info.entries[i].target);
	mntinfo_done(&info);
	err_set(e, code, "a new %s is refused, since the %s that is visible here is partly covered%s%s%s", type, where,
		*covers ? " (by " : "", covers, *covers ? ")" : "");
	return err_hint(e, "unmask these paths in the container around this one, or make an uncovered %s visible "
			   "anywhere in it", type);
}
