/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces at work: see namespaces.h.  Which ones, plan.c has decided. */
#include "runtime/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/str.h"
#include "kernel/procfs.h"

/* The type that a namespace file has, or "" when it is something else. */
static const char *type_of(int fd)
{
	int flag = ioctl(fd, NS_GET_NSTYPE);

	for (int t = OCI_NS_PID; flag > 0 && t <= OCI_NS_TYPES; t++)
		if (plan_namespace_flag((enum oci_namespace_type)t) == (unsigned)flag)
			return oci_namespace_name((enum oci_namespace_type)t);
	return "";
}

static int open_one(const struct ns_join *join, struct err *e)
{
	_cleanup_close_ int fd = open(join->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	const char *wanted = oci_namespace_name(join->type), *type;

	if (fd < 0)
		return err_set(e, -errno, "linux.namespaces[%zu].path: %s", join->index, join->path);
	type = type_of(fd);
	if (!*type)
		return err_say(e, -EINVAL, "linux.namespaces[%zu].path: %s is not a namespace", join->index, join->path);
	if (type != wanted)
		return err_say(e, -EINVAL, "linux.namespaces[%zu].path: %s is a %s namespace, not a %s namespace",
			       join->index, join->path, type, wanted);
	return TAKE_FD(fd);
}

int namespaces_open(const struct ns_plan *plan, int *fds, struct err *e)
{
	for (size_t i = 0; i < plan->n_join; i++) {
		fds[i] = open_one(&plan->join[i], e);
		if (fds[i] < 0)
			return fds[i];
	}
	return 0;
}

/* Their names in /proc/PID/ns. */
static const struct {
	const char *name;
	unsigned flag;
} files[] = {
	{ "user", CLONE_NEWUSER }, { "mnt", CLONE_NEWNS },  { "pid", CLONE_NEWPID },       { "net", CLONE_NEWNET },
	{ "ipc", CLONE_NEWIPC },   { "uts", CLONE_NEWUTS }, { "cgroup", CLONE_NEWCGROUP }, { "time", CLONE_NEWTIME },
};

int namespaces_compare(pid_t pid, int *ret_flags, struct err *e)
{
	*ret_flags = 0;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_free_ char *theirs = str_printf("/proc/%d/ns/%s", pid, files[i].name);
		_cleanup_free_ char *ours = str_printf("/proc/self/ns/%s", files[i].name);
		struct stat a, b;

		if (stat(theirs, &a) < 0 || stat(ours, &b) < 0) {
			/* A kernel without time namespaces has no such file. */
			if (errno == ENOENT && files[i].flag == CLONE_NEWTIME)
				continue;
			/* a process that ends gives them up before it is gone */
			return err_set(e, errno == ENOENT ? -ESRCH : -errno, "%s", theirs);
		}
		if (a.st_ino != b.st_ino || a.st_dev != b.st_dev)
			*ret_flags |= (int)files[i].flag;
	}
	return 0;
}

int namespaces_opened(const struct ns_plan *plan, const int *fds, enum oci_namespace_type type)
{
	for (size_t i = 0; i < plan->n_join; i++)
		if (plan->join[i].type == type)
			return fds[i];
	return -EBADF;
}

static bool is_own_namespace(enum oci_namespace_type type, int fd)
{
	struct stat own, other;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_free_ char *path = str_printf("/proc/self/ns/%s", files[i].name);

		if (files[i].flag == plan_namespace_flag(type))
			return stat(path, &own) == 0 && fstat(fd, &other) == 0 && own.st_ino == other.st_ino &&
			       own.st_dev == other.st_dev;
	}
	return false;
}

/* A namespace that we are in already needs no right to be joined: a pod of the host's network has the host's uts
   namespace, which is not ours to join where an engine runs in a user namespace.  The kernel refuses (setns(2)) a
   user namespace that is our own with EINVAL, one that belongs to another user namespace with EPERM.  Returns 1 when
   we have entered it, 0 when we are in it. */
static int join_one(const struct ns_join *join, int fd)
{
	int r;

	if (join->type == OCI_NS_USER && is_own_namespace(OCI_NS_USER, fd))
		return 0;
	r = setns(fd, (int)plan_namespace_flag(join->type)) < 0 ? -errno : 1;
	return r == -EPERM && is_own_namespace(join->type, fd) ? 0 : r;
}

static int explain_join(const struct ns_join *join, int r, struct err *e)
{
	return err_set(e, r, "linux.namespaces[%zu]: join the %s namespace %s", join->index,
		       oci_namespace_name(join->type), join->path);
}

int namespaces_join(const struct ns_plan *plan, const int *fds, struct err *e)
{
	bool later[OCI_NS_TYPES] = { false };
	int r, entered = 0;

	for (size_t i = 0; i < plan->n_join; i++) {
		r = join_one(&plan->join[i], fds[i]);
		/* It belongs to the user namespace that comes later in the list, and so does the right
		   to join it. */
		if (r == -EPERM && plan->user_joined && plan->join[i].type != OCI_NS_USER)
			later[i] = true;
		else if (r < 0)
			return explain_join(&plan->join[i], r, e);
		else
			entered += r;
		if (plan->join[i].type == OCI_NS_USER) {
			r = namespaces_become_root(NULL, NULL, e);
			if (r < 0)
				return r;
		}
	}
	for (size_t i = 0; i < plan->n_join; i++) {
		r = later[i] ? join_one(&plan->join[i], fds[i]) : 0;
		if (r < 0)
			return explain_join(&plan->join[i], r, e);
		entered += r;
	}
	return entered;
}

/* 0, or the first id that is mapped, or the present one where nothing is known. */
static uint32_t root_id(const struct userns_map *map, uint32_t present)
{
	uint32_t outside;

	if (!map)
		return present;
	if (userns_map_to_outside(map, 0, &outside) || map->n_extents == 0)
		return 0;
	return map->extents[0].inside;
}

int namespaces_become_root(const struct userns_map *uids, const struct userns_map *gids, struct err *e)
{
	uid_t uid = 0;
	gid_t gid = 0;

	/* EPERM: setgroups is denied here, and the caller's groups stay, as the kernel wants it. */
	if (setgroups(0, NULL) < 0 && errno != EPERM)
		return err_set(e, -errno, "drop the caller's groups");
	if (setresgid(gid, gid, gid) < 0) {
		gid = root_id(gids, getegid());
		if (errno != EINVAL || setresgid(gid, gid, gid) < 0)
			return err_set(e, -errno, "become group %u of the user namespace", gid);
	}
	if (setresuid(uid, uid, uid) < 0) {
		uid = root_id(uids, geteuid());
		if (errno != EINVAL || setresuid(uid, uid, uid) < 0)
			return err_set(e, -errno, "become user %u of the user namespace", uid);
	}
	return 0;
}

static void add_offset(struct strbuf *text, const char *clock, const struct oci_time_offset *offset)
{
	if (offset)
		strbuf_addf(text, "%s %lld %u\n", clock, (long long)offset->secs, offset->nanosecs);
}

/* The file belongs to us only while we are dumpable (proc(5)); nobody else is in the namespace yet. */
static int write_offsets(const struct oci_time_offsets *offsets, struct err *e)
{
	_cleanup_(strbuf_done) struct strbuf text = STRBUF_INIT;
	_cleanup_close_ int proc = -EBADF;
	int r;

	add_offset(&text, "monotonic", offsets->monotonic);
	add_offset(&text, "boottime", offsets->boottime);
	if (text.len == 0)
		return 0;
	proc = procfs_open();
	if (proc < 0)
		return err_set(e, proc, "linux.timeOffsets: /proc");
	prctl(PR_SET_DUMPABLE, 1);
	r = procfs_write(proc, "self/timens_offsets", text.text);
	prctl(PR_SET_DUMPABLE, 0);
	if (r == -ERANGE)
		return err_say(e, r, "linux.timeOffsets: a clock would be negative or overflow");
	return r < 0 ? err_set(e, r, "linux.timeOffsets: write /proc/self/timens_offsets") : 0;
}

int namespaces_make_time(const struct oci_time_offsets *offsets, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (unshare(CLONE_NEWTIME) < 0)
		return err_set(e, -errno, "linux.namespaces: make a time namespace");
	r = offsets ? write_offsets(offsets, e) : 0;
	if (r < 0)
		return r;

	/* unshare(2) moves only children; setns(2) moves ourselves. */
	fd = open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWTIME) < 0)
		return err_set(e, -errno, "linux.namespaces: enter the new time namespace");
	return 0;
}
