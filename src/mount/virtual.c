/* SPDX-License-Identifier: Apache-2.0 */
/* proc, sysfs, mqueue, devpts, tmpfs: see virtual.h. */
#include "mount/virtual.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
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
#include "mount/copyup.h"
#include "mount/explain.h"
#include "mount/fresh.h"
#include "mount/label.h"
#include "mount/target.h"

#define MQUEUE_MAGIC 0x19800202U /* ipc/mqueue.c; no header has it */

/*
 * A new proc or sysfs.  EPERM has two causes in a user namespace: the pid or network namespace is not
 * ours, or the one that is visible is partly covered or read-only (mount_too_revealing() in the
 * kernel); in the last case a read-only one may be had.
 */
static int new_or_read_only(const struct rootfs *rootfs, const struct mount_entry *entry, struct fresh *how)
{
	int fd = fresh_mount(rootfs, entry, how);

	if (fd != -EPERM || (how->attrs & MOUNT_ATTR_RDONLY))
		return fd;
	how->attrs |= MOUNT_ATTR_RDONLY;
	fd = fresh_mount(rootfs, entry, how);
	if (fd >= 0)
		log_warning("%s: only a read-only %s can be mounted here, as the visible one is read-only",
			    entry->destination, how->type);
	return fd;
}

static bool says_revealing(const struct fresh *how)
{
	return strstr(how->words, "revealing") != NULL;
}

/* For the kernel it is too revealing as well when it keeps access times in another way than the visible one, where that
   is locked (mnt_already_visible()): nothing is lost when it does not. */
static int new_like_visible(const struct rootfs *rootfs, const struct mount_entry *entry, const char *visible,
			    struct fresh *how)
{
	const uint64_t asked = how->attrs;
	int fd = new_or_read_only(rootfs, entry, how);
	_cleanup_close_ int there = -EBADF;
	uint64_t flags, times;

	if (fd != -EPERM || !says_revealing(how))
		return fd;
	there = open(visible, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (there < 0 || mnt_flags(there, &flags) < 0)
		return fd;
	times = mount_attrs_times(flags);
	if (times == (asked & (MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME)))
		return fd;
	how->attrs = (asked & ~(uint64_t)(MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME)) | times;
	fd = new_or_read_only(rootfs, entry, how);
	if (fd >= 0)
		log_warning("%s: access times are kept as on the visible %s, which a new one cannot change here: option ignored",
			    entry->destination, how->type);
	return fd;
}

/* A copy of the host's mounts at `path`, which has to be of the type with that number: an empty directory there is no
   stand-in for it. */
static int bind_host(struct rootfs *rootfs, const struct mount_entry *entry, const char *path, unsigned magic,
		     const struct target *target, struct err *e)
{
	_cleanup_close_ int fd = mnt_clone(AT_FDCWD, path, true, false);
	struct statfs fs;
	struct mnt_attr all = { .set = entry->options.top.set & MOUNT_ATTR_RDONLY, .propagation = MS_PRIVATE };
	int r;

	if (fd < 0)
		return explain_path(e, fd, "the host's", path);
	if (fstatfs(fd, &fs) < 0)
		return err_set(e, -errno, "the host's %s", path);
	if ((unsigned)fs.f_type != magic)
		return err_say(e, -EPERM, "a new %s is refused in namespaces that are not the container's own, and the host has "
			       "none at %s", entry->mount->type, path);
	r = mnt_set_attr(fd, &all, true);
	if (r < 0)
		return err_set(e, r, "cannot change the attributes of the host's %s", path);
	r = mount_attrs_apply(fd, &entry->options, true, e);
	if (r >= 0 && entry->options.propagation)
		r = mount_attrs_propagate(fd, &entry->options, true, e);
	if (r < 0)
		return r;
	r = rootfs_attach(rootfs, &fd, target);
	return r < 0 ? err_set(e, r, "cannot attach the host's %s", path) : 0;
}

/* Does the /proc of the host show the pid namespace that we are in?  Then its "self" is our pid. */
static bool host_proc_is_ours(void)
{
	char text[32], pid[32];
	ssize_t n = readlink("/proc/self", text, sizeof(text) - 1);

	if (n < 0)
		return false;
	text[n] = '\0';
	snprintf(pid, sizeof(pid), "%d", getpid());
	return strcmp(text, pid) == 0;
}

int virtual_proc(struct rootfs *rootfs, const struct mount_entry *entry, struct err *e)
{
	_cleanup_(target_done) struct target target = TARGET_INIT;
	_cleanup_close_ int fd = -EBADF;
	struct fresh how = { .type = "proc", .attrs = mount_attrs_fresh(&entry->options), .no_label = true };
	int r = target_open(rootfs, entry, true, true, &target, e);

	if (r < 0)
		return r;
	fd = new_like_visible(rootfs, entry, "/proc", &how);
	if (fd >= 0)
		return fresh_attach(rootfs, entry, &fd, &target, e);
	if (fd == -EPERM && host_proc_is_ours()) {
		log_debug("%s: a new proc is refused, the host's /proc takes its place", entry->destination);
		return bind_host(rootfs, entry, "/proc", PROC_SUPER_MAGIC, &target, e);
	}
	/* fsmount(2) refuses it for nothing else; kernels such as 6.1 say it to their log alone */
	if (fd == -EPERM && how.made)
		return explain_covered(e, fd, "proc", "/proc");
	return fresh_explain(e, fd, entry, &how);
}

int virtual_sysfs(struct rootfs *rootfs, const struct mount_entry *entry, struct err *e)
{
	_cleanup_(target_done) struct target target = TARGET_INIT;
	_cleanup_close_ int fd = -EBADF;
	struct fresh how = { .type = "sysfs", .attrs = mount_attrs_fresh(&entry->options), .no_label = true };
	int r = target_open(rootfs, entry, true, false, &target, e);

	if (r < 0)
		return r;
	fd = new_like_visible(rootfs, entry, "/sys", &how);
	if (fd >= 0)
		return fresh_attach(rootfs, entry, &fd, &target, e);
	if (fd != -EPERM)
		return fresh_explain(e, fd, entry, &how);
	log_debug("%s: a new sysfs is refused, the host's /sys takes its place", entry->destination);
	return bind_host(rootfs, entry, "/sys", SYSFS_MAGIC, &target, e);
}

int virtual_mqueue(struct rootfs *rootfs, const struct mount_entry *entry, struct err *e)
{
	_cleanup_(target_done) struct target target = TARGET_INIT;
	_cleanup_close_ int fd = -EBADF;
	struct fresh how = { .type = "mqueue", .attrs = mount_attrs_fresh(&entry->options), .no_label = true };
	int r = target_open(rootfs, entry, true, false, &target, e);

	if (r < 0)
		return r;
	fd = fresh_mount(rootfs, entry, &how);
	/* the ipc namespace belongs to somebody else: if it is the host's, so is the host's mount */
	if (fd == -EPERM && !(rootfs->env.new_namespaces & CLONE_NEWIPC))
		return bind_host(rootfs, entry, "/dev/mqueue", MQUEUE_MAGIC, &target, e);
	if (fd < 0)
		return fresh_explain(e, fd, entry, &how);
	r = label_root(rootfs, fd, e);
	return r < 0 ? r : fresh_attach(rootfs, entry, &fd, &target, e);
}

/* gid=5 ("tty") is in every engine's default config, also where only one id is mapped: terminals then
   belong to the group of their opener. */
static bool gid_is_unmapped(struct rootfs *rootfs, const struct mount_entry *entry)
{
	const char *gid = mount_options_data(&entry->options, "gid");
	uint32_t value;

	return gid && str_to_u32(gid, &value) >= 0 && !rootfs_has_gid(rootfs, value);
}

int virtual_devpts(struct rootfs *rootfs, const struct mount_entry *entry, struct err *e)
{
	/* newinstance: all are, since Linux 4.7 */
	static const char *const skip[] = { "newinstance", NULL }, *const skip_gid[] = { "newinstance", "gid", NULL };
	_cleanup_(target_done) struct target target = TARGET_INIT;
	_cleanup_close_ int fd = -EBADF;
	struct fresh how = { .type = "devpts", .attrs = mount_attrs_fresh(&entry->options), .skip = skip };
	int r = target_open(rootfs, entry, true, false, &target, e);

	if (r < 0)
		return r;
	if (gid_is_unmapped(rootfs, entry)) {
		log_debug("%s: gid=%s is not mapped in the user namespace, and left out", entry->destination,
			  mount_options_data(&entry->options, "gid"));
		how.skip = skip_gid;
	}
	fd = fresh_mount(rootfs, entry, &how);
	if (fd < 0)
		return fresh_explain(e, fd, entry, &how);
	return fresh_attach(rootfs, entry, &fd, &target, e);
}

/* What a tmpfs inherits: as text for fsconfig(2). */
struct inherited {
	char mode[16], uid[16], gid[16];
	struct fresh_key keys[3];
	size_t n;
};

static bool inherits_id(const char *asked, uint32_t id, bool exists)
{
	/* 0 is the default; the overflow id stands for an owner that does not exist here */
	return !asked && exists && id != 0 && id != 65534;
}

static void inherit_from(struct rootfs *rootfs, const struct mount_options *options, const struct target *target,
			 struct inherited *ret)
{
	uint32_t uid = target->st.st_uid, gid = target->st.st_gid;

	ret->n = 0;
	/* a directory that was just made has nothing to say: the kernel's 1777 is of more use */
	if (target->created || mount_options_data(options, "mode"))
		return;
	snprintf(ret->mode, sizeof(ret->mode), "%o", target->st.st_mode & 07777U);
	ret->keys[ret->n++] = (struct fresh_key){ "mode", ret->mode };
	snprintf(ret->uid, sizeof(ret->uid), "%u", uid);
	if (inherits_id(mount_options_data(options, "uid"), uid, rootfs_has_uid(rootfs, uid)))
		ret->keys[ret->n++] = (struct fresh_key){ "uid", ret->uid };
	snprintf(ret->gid, sizeof(ret->gid), "%u", gid);
	if (inherits_id(mount_options_data(options, "gid"), gid, rootfs_has_gid(rootfs, gid)))
		ret->keys[ret->n++] = (struct fresh_key){ "gid", ret->gid };
}

bool virtual_is_late_read_only(const struct mount_entry *entry)
{
	return entry->kind == MOUNT_TMPFS && (entry->options.top.set & MOUNT_ATTR_RDONLY) &&
	       strcmp(entry->clean, "/dev") == 0;
}

/* The copy has to be written before the mount becomes read-only. */
static int copy_up(const struct mount_entry *entry, int mnt_fd, const struct target *target, struct err *e)
{
	struct mnt_attr ro = { .set = MOUNT_ATTR_RDONLY };
	int r;

	r = copyup_tree(target->fd, mnt_fd, e);
	if (r < 0)
		return r;
	if (!(entry->options.top.set & MOUNT_ATTR_RDONLY) || virtual_is_late_read_only(entry))
		return 0;
	r = mnt_set_attr(mnt_fd, &ro, false);
	return r < 0 ? err_set(e, r, "cannot make the copy read-only") : 0;
}

int virtual_tmpfs(struct rootfs *rootfs, const struct mount_entry *entry, struct err *e)
{
	bool copy = entry->options.own & MOUNT_OWN_TMPCOPYUP;
	_cleanup_(target_done) struct target target = TARGET_INIT;
	_cleanup_close_ int fd = -EBADF;
	struct inherited inherited;
	struct fresh how = { .type = "tmpfs", .attrs = mount_attrs_fresh(&entry->options) };
	int r = target_open(rootfs, entry, true, false, &target, e);

	if (r < 0)
		return r;
	inherit_from(rootfs, &entry->options, &target, &inherited);
	how.extra = inherited.keys;
	how.n_extra = inherited.n;
	if (copy || virtual_is_late_read_only(entry))
		how.attrs &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	fd = fresh_mount(rootfs, entry, &how);
	if (fd < 0)
		return fresh_explain(e, fd, entry, &how);
	if (copy) {
		r = copy_up(entry, fd, &target, e);
		if (r < 0)
			return r;
	}
	return fresh_attach(rootfs, entry, &fd, &target, e);
}
