/* SPDX-License-Identifier: Apache-2.0 */
/* Bind mounts: see bind.h. */
#include "mount/bind.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "kernel/mnt.h"
#include "kernel/pathat.h"
#include "kernel/syscalls.h"
#include "mount/attrs.h"
#include "mount/explain.h"
#include "mount/idmap.h"
#include "mount/target.h"

static bool has_own(const struct mount_entry *entry, enum mount_own word)
{
	return entry->options.own & word;
}

static int explain_clone(int code, const struct mount_entry *entry, struct err *e)
{
	/* A path that can be opened was found: then it is about mounts. */
	if (code == -EINVAL && !has_own(entry, MOUNT_OWN_RBIND)) {
		err_set(e, code, "cannot bind %s without what is mounted below it, or it is unbindable", entry->source);
		return err_hint(e, "in a user namespace such mounts are locked together: use \"rbind\"");
	}
	if (code == -EINVAL)
		return err_set(e, code, "cannot bind %s: it is on an unbindable mount, or in another mount namespace",
			       entry->source);
	return explain_path(e, code, "source", entry->source);
}

int bind_clone(const struct mount_entry *entry, struct err *e)
{
	bool nofollow = has_own(entry, MOUNT_OWN_SRC_NOFOLLOW) || has_own(entry, MOUNT_OWN_COPY_SYMLINK);
	int fd = mnt_clone(AT_FDCWD, entry->source, has_own(entry, MOUNT_OWN_RBIND), nofollow);

	return fd < 0 ? explain_clone(fd, entry, e) : fd;
}

static bool wants_shared(const struct mount_entry *entry)
{
	return entry->kind == MOUNT_BIND && entry->options.propagation == MS_SHARED;
}

int bind_open_early(struct rootfs *rootfs, struct err *e)
{
	for (size_t i = 0; i < rootfs->plan.n_entries; i++) {
		const struct mount_entry *entry = &rootfs->plan.entries[i];
		int fd;

		/* in a user namespace our copies are no peers of the host's mounts any more */
		if (!wants_shared(entry) || rootfs->env.userns || rootfs_holds_path(rootfs, entry->source))
			continue;
		fd = bind_clone(entry, e);
		if (fd < 0)
			return err_wrap(e, "mounts[%zu] %s", entry->index, entry->destination);
		rootfs->early[i] = fd;
	}
	return 0;
}

/* Only the runtime is privileged on the host: needed to be a peer of a mount of the host, or to shift the
   ids of a file system of the host. */
static bool needs_host(const struct rootfs *rootfs, const struct mount_entry *entry)
{
	if (!rootfs->env.ask_source || !rootfs->env.userns || rootfs_holds_path(rootfs, entry->source))
		return false;
	return wants_shared(entry) || mount_entry_wants_idmap(entry);
}

static int ask(const struct rootfs *rootfs, const struct mount_entry *entry, struct err *e)
{
	return rootfs->env.ask_source(rootfs->env.ask_ctx, entry->index, e);
}

/* A runtime without privilege on the host answers EPERM: then there is only what we can do ourselves. */
static int ask_or_try(const struct rootfs *rootfs, const struct mount_entry *entry, bool *ret_asked, struct err *e)
{
	int fd = ask(rootfs, entry, e);

	*ret_asked = fd >= 0;
	if (fd != -EPERM)
		return fd;
	if (wants_shared(entry))
		log_warning("mounts[%zu] %s: without privilege on the host nothing that is mounted in the container "
			    "appears on the host", entry->index, entry->destination);
	return bind_clone(entry, e);
}

/* Since Linux 6.8 mountinfo is sorted by the time when a mount was made, and should show the order of mounts[]:
   clone it again.  EINVAL: before Linux 6.15 a detached mount cannot be cloned, and the early one serves. */
static int take_early(struct rootfs *rootfs, const struct mount_entry *entry)
{
	_cleanup_close_ int early = TAKE_FD(rootfs->early[entry->index]);
	int fd = mnt_clone(early, "", has_own(entry, MOUNT_OWN_RBIND), false);

	return fd == -EINVAL ? TAKE_FD(early) : fd;
}

/* The clone of the source; *ret_asked: it comes from the runtime, which has shifted its ids. */
static int open_source(struct rootfs *rootfs, const struct mount_entry *entry, bool *ret_asked, struct err *e)
{
	struct err asked = ERR_INIT;
	int fd;

	*ret_asked = false;
	if (rootfs->early[entry->index] >= 0) {
		fd = take_early(rootfs, entry);
		return fd < 0 ? err_set(e, fd, "cannot bind %s", entry->source) : fd;
	}
	if (needs_host(rootfs, entry))
		return ask_or_try(rootfs, entry, ret_asked, e);
	fd = bind_clone(entry, e);
	/* EACCES: the ids of the container cannot search a directory on the way; whoever started the runtime
	   could, and asked for this mount. */
	if (fd != -EACCES || !rootfs->env.ask_source || !rootfs->env.userns ||
	    rootfs_holds_path(rootfs, entry->source))
		return fd;
	fd = ask(rootfs, entry, &asked);
	*ret_asked = fd >= 0;
	return fd >= 0 ? fd : e->code;
}

/* copy-symlink: a link is made again in the container. Its text, or NULL when the source is none. */
static char *link_text(const struct mount_entry *entry, int fd)
{
	char text[4096];
	ssize_t n;

	if (!has_own(entry, MOUNT_OWN_COPY_SYMLINK))
		return NULL;
	n = readlinkat(fd, "", text, sizeof(text) - 1);
	return n < 0 ? NULL : xstrndup(text, (size_t)n);
}

static int copy_link(const struct rootfs *rootfs, const struct mount_entry *entry, const char *text, struct err *e)
{
	_cleanup_free_ char *name = NULL;
	char there[4096];
	_cleanup_close_ int dir = pathat_open_parent(rootfs->fd, entry->destination, &name);
	ssize_t n;

	if (dir < 0)
		return explain_target(e, dir, entry, false);
	if (symlinkat(text, dir, name) == 0)
		return 0;
	if (errno != EEXIST)
		return err_set(e, -errno, "cannot make a symbolic link to %s", text);
	n = readlinkat(dir, name, there, sizeof(there) - 1);
	if (n >= 0 && (size_t)n == strlen(text) && memcmp(text, there, (size_t)n) == 0)
		return 0;
	return err_set(e, -EEXIST, "cannot make a symbolic link to %s, something else is there", text);
}

/* The root of a procfs: 1 is its inode in each (<linux/proc_ns.h>). */
static bool is_procfs(int fd, const struct stat *st)
{
	struct statfs fs;

	return st->st_ino == 1 && fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

static void warn_ignored(const struct mount_entry *entry)
{
	if (entry->options.super & ~(unsigned)MOUNT_SUPER_SILENT)
		log_warning("mounts[%zu] %s: sync, dirsync, lazytime, mand and iversion belong to the file system, and do "
			    "nothing on a bind mount", entry->index, entry->destination);
	for (size_t i = 0; i < entry->options.data.n; i++)
		log_warning("mounts[%zu] %s: option \"%s\" belongs to the file system, and does nothing on a bind mount",
			    entry->index, entry->destination, entry->options.data.v[i]);
	if ((entry->options.tree.set & MOUNT_ATTR_RDONLY) &&
	    (entry->options.propagation == MS_SLAVE || entry->options.propagation == MS_SHARED))
		log_warning("mounts[%zu] %s: what is mounted below its source later arrives as it is there, be it writable: "
			    "rro is about the mounts that there are, and rprivate keeps out others", entry->index,
			    entry->destination);
}

static int shift_ids(const struct rootfs *rootfs, const struct mount_entry *entry, int fd, struct err *e)
{
	const struct idmap_env idmap = rootfs_idmap_env(rootfs);

	return idmap_apply(fd, entry, &idmap, false, e);
}

/* Give the clone its ids, attributes and propagation, and put it in its place. */
static int place(struct rootfs *rootfs, const struct mount_entry *entry, int *owned, bool asked, struct err *e)
{
	const int fd = *owned;
	_cleanup_(target_done) struct target target = TARGET_INIT;
	bool recursive = has_own(entry, MOUNT_OWN_RBIND);
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return err_set(e, -errno, "cannot look at the source %s", entry->source);
	r = target_open(rootfs, entry, S_ISDIR(st.st_mode), is_procfs(fd, &st), &target, e);
	if (r < 0)
		return r;
	if (strcmp(entry->clean, "/proc") == 0 && !is_procfs(fd, &st))
		return err_say(e, -EINVAL, "only a procfs may be mounted on /proc, and %s is none", entry->source);
	if (mount_entry_wants_idmap(entry) && !asked)
		r = shift_ids(rootfs, entry, fd, e);
	if (r >= 0)
		r = mount_attrs_finish(fd, &entry->options, recursive, e);
	if (r < 0)
		return r;
	r = rootfs_attach(rootfs, owned, &target);
	return r < 0 ? err_set(e, r, "cannot attach %s", entry->source) : 0;
}

int bind_mount(struct rootfs *rootfs, const struct mount_entry *entry, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_close_ int fd = -EBADF;
	bool asked;

	warn_ignored(entry);
	fd = open_source(rootfs, entry, &asked, e);
	if (fd < 0)
		return fd;
	text = link_text(entry, fd);
	return text ? copy_link(rootfs, entry, text, e) : place(rootfs, entry, &fd, asked, e);
}

int bind_remount(struct rootfs *rootfs, const struct mount_entry *entry, struct err *e)
{
	_cleanup_close_ int fd = rootfs_open(rootfs, entry->destination);
	struct mount_options options = entry->options;
	int r;

	if (fd < 0)
		return err_set(e, fd, "remount: cannot open it");
	/* asked first: there may be nothing to change */
	r = mnt_is_root(fd);
	if (r < 0)
		return err_set(e, r, "remount: cannot look at it");
	if (r == 0)
		return err_say(e, -EINVAL, "remount needs a mount that is there, and %s is no mount point", entry->destination);
	r = mount_attrs_apply(fd, &options, true, e);
	if (r >= 0 && options.propagation)
		r = mount_attrs_propagate(fd, &options, options.propagation_recursive, e);
	return r;
}
