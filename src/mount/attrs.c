/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes and propagation of mounts: see attrs.h. */
#include "mount/attrs.h"

#include <errno.h>
#include <sys/statvfs.h>

#include "base/log.h"
#include "base/str.h"
#include "kernel/mnt.h"
#include "kernel/syscalls.h"

#ifndef ST_NOSYMFOLLOW
#define ST_NOSYMFOLLOW 0x2000 /* statfs(2), Linux 5.10; glibc lacks it */
#endif
#ifndef ST_RELATIME
#define ST_RELATIME 4096
#endif

/* What fstatfs(2) shows, and the attribute that makes it. */
static const struct {
	uint64_t attr, st;
} attrs[] = {
	{ MOUNT_ATTR_RDONLY, ST_RDONLY },         { MOUNT_ATTR_NOSUID, ST_NOSUID },
	{ MOUNT_ATTR_NODEV, ST_NODEV },           { MOUNT_ATTR_NOEXEC, ST_NOEXEC },
	{ MOUNT_ATTR_NODIRATIME, ST_NODIRATIME }, { MOUNT_ATTR_NOSYMFOLLOW, ST_NOSYMFOLLOW },
};

static uint64_t atime_attr(enum mount_atime mode)
{
	if (mode == MOUNT_ATIME_NOATIME)
		return MOUNT_ATTR_NOATIME;
	return mode == MOUNT_ATIME_STRICTATIME ? MOUNT_ATTR_STRICTATIME : MOUNT_ATTR_RELATIME;
}

uint64_t mount_attrs_fresh(const struct mount_options *options)
{
	return options->top.set | atime_attr(options->top.atime);
}

/* Which of the attributes in `clear` does the mount have? */
static uint64_t present(uint64_t st_flags, uint64_t clear)
{
	uint64_t found = 0;

	for (size_t i = 0; i < ARRAY_SIZE(attrs); i++)
		if ((clear & attrs[i].attr) && (st_flags & attrs[i].st))
			found |= attrs[i].attr;
	return found;
}

/* Name the first attribute that cannot be cleared alone. */
static int explain_locked(int mnt_fd, uint64_t clear, bool recursive, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(attrs); i++) {
		struct mnt_attr attr = { .clear = clear & attrs[i].attr };

		if (attr.clear && mnt_set_attr(mnt_fd, &attr, recursive) == -EPERM) {
			const char *name = mount_attr_name(attr.clear);

			err_set(e, -EPERM, "%s is %s on the host, and locked", recursive ? "a mount of the source" :
									       "the source", name);
			return err_hint(e, "a container in a user namespace cannot take it away: leave out the option "
					   "that undoes \"%s\", or mount the source on the host without it", name);
		}
	}
	return err_set(e, -EPERM, "cannot change the attributes");
}

static int change(int mnt_fd, uint64_t set, uint64_t clear, bool recursive, struct err *e)
{
	struct mnt_attr attr = { .set = set, .clear = clear };
	int r;

	if (!set && !clear)
		return 0;
	r = mnt_set_attr(mnt_fd, &attr, recursive);
	if (r == -EPERM && clear)
		return explain_locked(mnt_fd, clear, recursive, e);
	if (r == -EBUSY)
		return err_set(e, r, "cannot become read-only while a file of it is open for writing");
	if (r == -EINVAL && (set & MOUNT_ATTR_NOSYMFOLLOW))
		return err_set(e, r, "cannot set nosymfollow (the kernel knows it since Linux 5.14)");
	return r < 0 ? err_set(e, r, "cannot change the attributes") : 0;
}

/* The mode that the mount has now. */
static enum mount_atime present_atime(uint64_t st_flags)
{
	if (st_flags & ST_NOATIME)
		return MOUNT_ATIME_NOATIME;
	return (st_flags & ST_RELATIME) ? MOUNT_ATIME_RELATIME : MOUNT_ATIME_STRICTATIME;
}

uint64_t mount_attrs_times(uint64_t st_flags)
{
	return atime_attr(present_atime(st_flags)) | ((st_flags & ST_NODIRATIME) ? MOUNT_ATTR_NODIRATIME : 0);
}

/* What the words mean for a mount that keeps access times in this way now; of a tree nobody knows, so that
   there "atime" is the kernel's default. */
static enum mount_atime resolve_atime(enum mount_atime wanted, enum mount_atime now, bool recursive)
{
	if (recursive && (wanted == MOUNT_ATIME_NOT_NOATIME || wanted == MOUNT_ATIME_NOT_STRICTATIME))
		return MOUNT_ATIME_RELATIME;
	if (wanted == MOUNT_ATIME_NOT_NOATIME)
		return now == MOUNT_ATIME_NOATIME ? MOUNT_ATIME_RELATIME : MOUNT_ATIME_KEEP;
	if (wanted == MOUNT_ATIME_NOT_STRICTATIME)
		return now == MOUNT_ATIME_STRICTATIME ? MOUNT_ATIME_RELATIME : MOUNT_ATIME_KEEP;
	return wanted;
}

/* Apart from the other attributes, since here a lock is forgiven: engines ask for relatime everywhere, and
   nothing is lost where it cannot be had.  nodiratime is locked together with the modes. */
static int change_times(int mnt_fd, const struct mount_scope *scope, uint64_t st_flags, bool recursive,
			struct err *e)
{
	enum mount_atime now = present_atime(st_flags), wanted = resolve_atime(scope->atime, now, recursive);
	bool has = st_flags & ST_NODIRATIME;
	struct mnt_attr attr = { .set = scope->set & MOUNT_ATTR_NODIRATIME,
				 .clear = scope->clear & MOUNT_ATTR_NODIRATIME };
	int r;

	if (!recursive && has == (attr.set != 0))
		attr.set = attr.clear = 0;
	if (wanted != MOUNT_ATIME_KEEP && (recursive || wanted != now)) {
		attr.set |= atime_attr(wanted);
		attr.clear |= MOUNT_ATTR__ATIME;
	}
	if (!attr.set && !attr.clear)
		return 0;
	r = mnt_set_attr(mnt_fd, &attr, recursive);
	if (r == -EPERM) {
		log_warning("how access times are kept on a mount of the host cannot be changed in a user namespace: "
			    "option ignored");
		return 0;
	}
	return r < 0 ? err_set(e, r, "cannot change how access times are kept") : 0;
}

/* What is there already does not matter. */
static bool adds_only(const struct mount_scope *scope)
{
	return !scope->clear && !(scope->set & MOUNT_ATTR_NODIRATIME) && scope->atime == MOUNT_ATIME_KEEP;
}

static int apply_scope(int mnt_fd, const struct mount_scope *scope, bool recursive, struct err *e)
{
	uint64_t st_flags = 0;
	uint64_t clear = scope->clear & ~(uint64_t)MOUNT_ATTR_NODIRATIME;
	int r;

	if (adds_only(scope))
		return change(mnt_fd, scope->set, 0, recursive, e);
	r = mnt_flags(mnt_fd, &st_flags);
	if (r < 0)
		return err_set(e, r, "cannot read the attributes");
	/* of a tree only the kernel knows what there is to clear */
	if (!recursive)
		clear = present(st_flags, clear);
	r = change(mnt_fd, scope->set & ~(uint64_t)MOUNT_ATTR_NODIRATIME, clear, recursive, e);
	return r < 0 ? r : change_times(mnt_fd, scope, st_flags, recursive, e);
}

int mount_attrs_apply(int mnt_fd, const struct mount_options *options, bool recursive, struct err *e)
{
	const struct mount_scope *top = &options->top, *tree = &options->tree;
	int r = 0;

	if (recursive)
		r = apply_scope(mnt_fd, tree, true, e);
	if (r < 0 || (recursive && top->set == tree->set && top->clear == tree->clear && top->atime == tree->atime))
		return r;
	return apply_scope(mnt_fd, top, false, e);
}

static int propagate(int mnt_fd, uint64_t propagation, bool recursive, struct err *e)
{
	struct mnt_attr attr = { .propagation = propagation };
	int r = mnt_set_attr(mnt_fd, &attr, recursive);

	return r < 0 ? err_set(e, r, "cannot set the propagation") : 0;
}

/*
 * The mounts below follow the word with "r".  Without one they become private, as everything by default;
 * but "slave" leaves them slaves, and "shared" leaves them alone, for there is no way to name them
 * without the mount above, which must keep its peers.
 */
int mount_attrs_propagate(int mnt_fd, const struct mount_options *options, bool recursive, struct err *e)
{
	uint64_t wanted = options->propagation ? options->propagation : MS_PRIVATE;
	uint64_t below = MS_PRIVATE;
	int r = 0;

	if (!recursive || options->propagation_recursive || wanted == MS_PRIVATE)
		return propagate(mnt_fd, wanted, recursive, e);
	if (wanted == MS_SLAVE)
		below = MS_SLAVE;
	if (wanted != MS_SHARED)
		r = propagate(mnt_fd, below, true, e);
	return r < 0 || wanted == below ? r : propagate(mnt_fd, wanted, false, e);
}

/* One call where one will do.  If it is refused nothing has happened, and the single steps tell what it was. */
int mount_attrs_finish(int mnt_fd, const struct mount_options *options, bool recursive, struct err *e)
{
	uint64_t propagation = options->propagation ? options->propagation : MS_PRIVATE;
	const struct mnt_attr all = { .set = options->top.set, .propagation = propagation };
	bool alike = !recursive || (options->tree.set == options->top.set &&
				    (options->propagation_recursive || propagation == MS_PRIVATE));
	int r;

	if (adds_only(&options->top) && adds_only(&options->tree) && alike && mnt_set_attr(mnt_fd, &all, recursive) == 0)
		return 0;
	r = mount_attrs_propagate(mnt_fd, options, recursive, e);
	return r < 0 ? r : mount_attrs_apply(mnt_fd, options, recursive, e);
}
