/* SPDX-License-Identifier: Apache-2.0 */
/* Mount targets beneath the root: see target.h. */
#include "mount/target.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/str.h"
#include "kernel/pathat.h"
#include "mount/explain.h"
#include "mount/live.h"

#define PROC_ROOT_INO 1 /* <linux/proc_ns.h>: the same in every procfs */

void target_done(struct target *target)
{
	fd_close(&target->fd);
}

/* One component without following it; tells a link from another file, both of which are ENOTDIR. */
static int open_component(int dir_fd, const char *name, bool *ret_created)
{
	struct stat st;
	int fd = openat(dir_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT) {
		if (mkdirat(dir_fd, name, 0755) < 0 && errno != EEXIST)
			return -errno;
		*ret_created = true;
		fd = openat(dir_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	}
	if (fd >= 0)
		return fd;
	if (errno == ENOTDIR && fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode))
		return -ELOOP;
	return errno == ENOTDIR ? -ENOTDIR : -errno;
}

int target_open_strict(int dir_fd, const char *clean, bool *ret_created)
{
	_cleanup_(strv_done) struct strv names = STRV_INIT;
	_cleanup_close_ int fd = -EBADF;

	strv_split(&names, clean, '/');
	for (size_t i = 0; i < names.n; i++) {
		int next = open_component(i == 0 ? dir_fd : fd, names.v[i], ret_created);

		if (next < 0)
			return next;
		fd_close(&fd);
		fd = next;
	}
	if (names.n == 0)
		fd = openat(dir_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : TAKE_FD(fd);
}

/* Where the target lies in the container, for a target on procfs. New memory. */
static char *path_inside(const struct rootfs *rootfs, int fd)
{
	_cleanup_free_ char *root = pathat_describe(rootfs->fd);
	_cleanup_free_ char *path = pathat_describe(fd);
	size_t n = strcmp(root, "/") == 0 ? 0 : strlen(root);

	return xstrdup(strncmp(path, root, n) == 0 ? path + n : path);
}

/* /proc/net is a link into the directory of a process. */
static bool is_net_dev(const char *path)
{
	if (!str_starts(path, "/proc/"))
		return false;
	path += strlen("/proc/");
	if (!isdigit((unsigned char)*path))
		return false;
	return strcmp(path + strspn(path, "0123456789"), "/net/dev") == 0;
}

/* The names in the config say nothing about where a symbolic link of the image or of a volume led:
   ask the file system that was reached. */
static int check_procfs(const struct rootfs *rootfs, const struct target *target, bool procfs, struct err *e)
{
	_cleanup_free_ char *path = NULL;
	struct statfs fs;

	/* the same file system as the root, which is none: a procfs has a device number of its own (proc(5), stat(2)) */
	if (target->st.st_dev == rootfs->st.st_dev && !rootfs->is_procfs)
		return 0;
	if (fstatfs(target->fd, &fs) < 0)
		return err_set(e, -errno, "cannot look at what is mounted on");
	if (fs.f_type != PROC_SUPER_MAGIC)
		return 0;
	if (target->st.st_ino == PROC_ROOT_INO)
		return procfs ? 0 : err_say(e, -EINVAL, "only a procfs may be mounted over a procfs");
	path = path_inside(rootfs, target->fd);
	if (mount_allowed_in_proc(path) && str_starts(path, "/proc/"))
		return 0;
	if (is_net_dev(path))
		return 0;
	return err_say(e, -EINVAL, "leads to %s in a procfs, where nothing may be mounted except on files like "
		       "/proc/cpuinfo", path);
}

static int make(int root_fd, const struct mount_entry *entry, bool directory)
{
	return directory ? pathat_mkdir_p(root_fd, entry->destination, 0755) :
			   pathat_create_file(root_fd, entry->destination, 0644);
}

/* EROFS: the container runs already, and its root has become read-only, or something else on the way is. */
static int make_in_read_only_root(const struct rootfs *rootfs, const struct mount_entry *entry, bool directory)
{
	_cleanup_close_ int root = live_clone_root(rootfs->live), made = -EBADF;

	made = root < 0 ? root : make(root, entry, directory);
	return made < 0 ? -EROFS : pathat_open(rootfs->fd, entry->destination, O_PATH | O_CLOEXEC);
}

static int open_link_or_make(const struct rootfs *rootfs, const struct mount_entry *entry, bool directory,
			     bool *ret_created)
{
	int nofollow = entry->options.own & MOUNT_OWN_DEST_NOFOLLOW ? O_NOFOLLOW : 0;
	int fd = pathat_open(rootfs->fd, entry->destination, O_PATH | nofollow | O_CLOEXEC);

	if (fd != -ENOENT)
		return fd;
	*ret_created = true;
	fd = make(rootfs->fd, entry, directory);
	if (fd == -EROFS && rootfs->live && rootfs->env.config->root->readonly)
		fd = make_in_read_only_root(rootfs, entry, directory);
	return fd;
}

static int check_kind(const struct target *target, bool directory, struct err *e)
{
	bool is_directory = S_ISDIR(target->st.st_mode);

	if (is_directory == directory)
		return 0;
	return err_say(e, directory ? -ENOTDIR : -EISDIR, "the source is a %s, and the destination is a %s: %s",
		       directory ? "directory" : "file", is_directory ? "directory" : "file",
		       err_reason(directory ? -ENOTDIR : -EISDIR));
}

static int explain_strict(struct err *e, int code, const struct mount_entry *entry)
{
	if (code == -ELOOP)
		return err_set(e, code, "a part of the path is a symbolic link, which %s may not be reached through",
			       entry->mount->type);
	return explain_target(e, code, entry, true);
}

/* The earlier mount that lies over the place of this one, or NULL. */
static const struct mount_entry *find_covering(const struct rootfs *rootfs, const struct mount_entry *entry)
{
	const struct mount_entry *over = NULL;

	for (size_t i = 0; i < rootfs->plan.n_entries && i < entry->index; i++)
		if (mount_is_below(entry->clean, rootfs->plan.entries[i].clean) &&
		    strcmp(rootfs->plan.entries[i].clean, "/") != 0)
			over = &rootfs->plan.entries[i];
	return over;
}

/* It is not the image that lacks the target, but what an earlier mount has put there. */
static int explain_covered_target(struct err *e, int code, const struct mount_entry *entry,
				  const struct mount_entry *over, bool directory)
{
	const char *kind = directory ? "directory" : "file";

	err_set(e, code, "the %s to mount on cannot be opened or made in mounts[%zu] %s", kind, over->index,
		over->destination);
	if (over->kind == MOUNT_BIND)
		return err_hint(e, "create %s in %s", entry->clean + strlen(over->clean) + 1, over->source);
	return err_hint(e, "a %s has no place for it: choose another destination", over->mount->type);
}

static int explain(const struct rootfs *rootfs, int code, const struct mount_entry *entry, bool directory, struct err *e)
{
	const struct mount_entry *over = NULL;

	if (code == -EROFS || code == -EACCES || code == -EPERM)
		over = find_covering(rootfs, entry);
	if (over)
		return explain_covered_target(e, code, entry, over, directory);
	if (entry->kind == MOUNT_PROC || entry->kind == MOUNT_SYSFS)
		return explain_strict(e, code, entry);
	return explain_target(e, code, entry, directory);
}

int target_open(struct rootfs *rootfs, const struct mount_entry *entry, bool directory, bool procfs,
		struct target *ret_target, struct err *e)
{
	bool strict = entry->kind == MOUNT_PROC || entry->kind == MOUNT_SYSFS;
	int r;

	*ret_target = (struct target)TARGET_INIT;
	if (strict)
		r = target_open_strict(rootfs->fd, entry->clean, &ret_target->created);
	else
		r = open_link_or_make(rootfs, entry, directory, &ret_target->created);
	if (r < 0)
		return explain(rootfs, r, entry, directory, e);
	ret_target->fd = r;
	if (fstat(ret_target->fd, &ret_target->st) < 0)
		return err_set(e, -errno, "cannot look at what is mounted on");
	r = check_kind(ret_target, directory, e);
	return r < 0 ? r : check_procfs(rootfs, ret_target, procfs, e);
}
