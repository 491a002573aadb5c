/* SPDX-License-Identifier: Apache-2.0 */
/* The cgroupfs manager: see fs.h.  Living cgroups are in alive.c. */
#include "cgroup/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/log.h"
#include "base/str.h"
#include "cgroup/limits.h"
#include "cgroup/v1.h"
#include "cgroup/v2.h"

/* After SIGKILL: time for the kernel to take down what was there. */
#define KILL_TIMEOUT_MS 10000

/* What a caller without privilege gets where nothing was delegated to it: not its directory, a
   read-only mount, or (ENOENT) a cgroup namespace whose root is elsewhere. */
static bool is_not_delegated(int r)
{
	return r == -EACCES || r == -EPERM || r == -EROFS || r == -ENOENT;
}

/* Make and open one directory.  *ret_skip: not for this caller. */
static int make_dir(struct cgroup *cgroup, struct hierarchy *h, bool *ret_skip, struct err *e)
{
	const char *path = cgroup->record.path;
	int r = 0;

	*ret_skip = false;
	if (h->v2 && cgroup->rootless && cgroup->own)
		r = v2_may_join(h, cgroup->own, path);
	if (r == 0)
		r = tree_make(h->root_fd, path, &h->n_made);
	if (r < 0 && cgroup->rootless && is_not_delegated(r)) {
		log_debug("no cgroup %s%s: not delegated: %s", h->mountpoint, path, err_reason(r));
		*ret_skip = true;
		return 0;
	}
	if (r == -EROFS)
		return err_say(e, r, "cgroup %s%s: cannot be made: %s is mounted read-only; mount it writable, or use "
				     "--cgroup-manager disabled", h->mountpoint, path, h->mountpoint);
	if (r == 0)
		r = hierarchy_open_dir(h, path);
	h->fresh = h->n_made > 0;
	return r < 0 ? err_set(e, r, "cgroup %s%s: cannot be made", h->mountpoint, path) : 0;
}

static int check_and_prepare(struct cgroup *cgroup, struct hierarchy *h, bool in_scope, struct err *e)
{
	const char *path = cgroup->record.path;
	int r = 0;

	if (!in_scope)
		r = h->v2 ? v2_check(h, path, e) : v1_check(h, path, h->fresh, e);
	if (r < 0 || h->v2)
		return r;
	return v1_prepare(h, path, e);
}

int fs_make(struct cgroup *cgroup, bool in_scope, struct err *e)
{
	for (size_t i = 0; i < cgroup->hierarchies.n; i++) {
		struct hierarchy *h = &cgroup->hierarchies.v[i];
		bool skip;
		int r = make_dir(cgroup, h, &skip, e);

		if (r == 0 && !skip)
			r = check_and_prepare(cgroup, h, in_scope, e);
		if (r < 0) {
			fs_unmake(cgroup);
			return r;
		}
	}
	return 0;
}

void fs_unmake(struct cgroup *cgroup)
{
	for (size_t i = 0; i < cgroup->hierarchies.n; i++) {
		struct hierarchy *h = &cgroup->hierarchies.v[i];

		fd_close(&h->dir_fd);
		tree_unmake(h->root_fd, cgroup->record.path, h->n_made);
		h->n_made = 0;
	}
}

static bool has_any_dir(const struct cgroup *cgroup)
{
	for (size_t i = 0; i < cgroup->hierarchies.n; i++)
		if (cgroup->hierarchies.v[i].dir_fd >= 0)
			return true;
	return false;
}

/* Nothing is mounted, or nothing was delegated; and there are no limits that would need it. */
static int without_any(struct cgroup *cgroup, struct err *e)
{
	const char *path = cgroup->record.path;

	if (!cgroup->rootless && cgroup->hierarchies.n == 0)
		return err_say(e, -EOPNOTSUPP, "cgroup %s: no cgroup filesystem is mounted on this machine; mount one on "
					       "/sys/fs/cgroup, or use --cgroup-manager disabled", path);
	log_debug("the container has no cgroup: %s could not be made by this user", path);
	cgroup_give_up(cgroup);
	return 0;
}

/* Controllers of v2 for the limits that were asked, and all others where an engine has chosen the path: it will
   look for statistics, on a hybrid in v1. */
static int enable_controllers(struct cgroup *cgroup, struct err *e)
{
	const struct hierarchy *h = cgroup_v2_dir(cgroup);
	_cleanup_(v2_needs_done) struct v2_needs needs = limits_v2_needs(cgroup->resources, &cgroup->hierarchies);

	bool all = cgroup->everywhere && !cgroup_has_v1_dir(cgroup);

	return h ? v2_enable(h, cgroup->record.path, &needs, all, e) : 0;
}

static int fs_create(struct cgroup *cgroup, struct err *e)
{
	int r = fs_make(cgroup, false, e);

	if (r < 0)
		return r;
	r = limits_reachable(cgroup, e);
	if (r == 0 && !has_any_dir(cgroup))
		return without_any(cgroup, e);
	if (r == 0)
		r = enable_controllers(cgroup, e);
	if (r < 0)
		fs_unmake(cgroup);
	return r;
}

static int fs_clone_fd(const struct cgroup *cgroup)
{
	const struct hierarchy *h = cgroup_v2_dir(cgroup);

	return h ? h->dir_fd : -EBADF;
}

/* Everybody, until nobody new turns up. */
static int join_v1_all(struct cgroup *cgroup, const struct hierarchy *h, struct err *e)
{
	_cleanup_(pid_list_done) struct pid_list pids = PID_LIST_INIT;
	int r = tree_pids(h->dir_fd, true, &pids);

	if (r < 0)
		return err_set(e, r, "cgroup %s: cannot read its processes", cgroup->record.path);
	for (size_t i = 0; i < pids.n; i++) {
		r = fs_join_v1(cgroup, pids.v[i], "", e);
		/* It ended in the meantime. */
		if (r < 0 && r != -ESRCH)
			return r;
	}
	return 0;
}

int fs_spread(struct cgroup *cgroup, struct err *e)
{
	const struct hierarchy *v2 = cgroup_v2_dir(cgroup);
	bool was_frozen = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < cgroup->hierarchies.n; i++) {
		struct hierarchy *h = &cgroup->hierarchies.v[i];
		bool skip;

		if (h->v2 || h->dir_fd >= 0)
			continue;
		r = make_dir(cgroup, h, &skip, e);
		if (r == 0 && !skip)
			r = check_and_prepare(cgroup, h, false, e);
	}
	if (r < 0 || !v2)
		return r;

	/* Nobody forks while all are moved. */
	r = cgroup_is_frozen(cgroup, &was_frozen, e);
	if (r == 0 && !was_frozen)
		r = v2_freeze(v2, cgroup->record.path, true, e);
	if (r < 0)
		return r;
	r = join_v1_all(cgroup, v2, e);
	if (!was_frozen) {
		struct err ignored = ERR_INIT;
		int thawed = v2_freeze(v2, cgroup->record.path, false, r < 0 ? &ignored : e);

		r = r < 0 ? r : thawed;
	}
	return r;
}

/* The device rules of a container that began in v2 alone, on a machine where bpf(2) is forbidden (a seccomp
   filter around us: EPERM, ENOSYS) or has no such programs (EINVAL): v1 may have a controller for them. */
static int apply_everywhere(struct cgroup *cgroup, struct err *e)
{
	struct hierarchies all = HIERARCHIES_INIT;
	int r = hierarchies_find(true, &all, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < all.n; i++)
		if (all.v[i].v2)
			r = hierarchy_open_dir(&all.v[i], cgroup->record.path);
	hierarchies_done(&cgroup->hierarchies);
	cgroup->hierarchies = all;
	cgroup->everywhere = true;
	if (r < 0)
		return err_set(e, r, "cgroup %s: cannot open it", cgroup->record.path);
	r = fs_spread(cgroup, e);
	return r < 0 ? r : limits_apply(cgroup, cgroup->resources, e);
}

static int fs_adopt(struct cgroup *cgroup, pid_t pid, struct err *e)
{
	int r = fs_join(cgroup, pid, e);

	if (r == 0 && cgroup->resources)
		r = limits_apply(cgroup, cgroup->resources, e);
	if (!cgroup->everywhere && (r == -EPERM || r == -ENOSYS || r == -EINVAL))
		r = apply_everywhere(cgroup, e);
	cgroup->resources = NULL;
	for (size_t i = 0; i < cgroup->hierarchies.n; i++)
		cgroup->hierarchies.v[i].fresh = false;
	return r;
}

/* Wait for what was killed, and remove the directory; more may have been forked meanwhile where there
   is no cgroup.kill, so the caller comes again. */
static int remove_dir(const struct hierarchy *h, const char *path)
{
	_cleanup_(pid_list_done) struct pid_list pids = PID_LIST_INIT;
	int r = tree_remove(h->root_fd, path + 1);

	if (r != -EBUSY || h->dir_fd < 0)
		return r;
	if (h->v2) {
		r = v2_wait_empty(h, KILL_TIMEOUT_MS);
	} else {
		r = tree_pids(h->dir_fd, true, &pids);
		if (r == 0)
			r = tree_wait(&pids, KILL_TIMEOUT_MS);
	}
	return r < 0 ? r : tree_remove(h->root_fd, path + 1);
}

static int explain_busy(struct cgroup *cgroup, const struct hierarchy *h, int code, struct err *e)
{
	_cleanup_(pid_list_done) struct pid_list pids = PID_LIST_INIT;

	if (h->dir_fd >= 0 && tree_pids(h->dir_fd, true, &pids) == 0 && pids.n > 0)
		return err_say(e, code, "cgroup %s%s: cannot be removed: process %d does not end", h->mountpoint,
			       cgroup->record.path, pids.v[0]);
	return err_set(e, code, "cgroup %s%s: cannot be removed", h->mountpoint, cgroup->record.path);
}

/* The directory is gone.  Parents stay, as engines expect it of a container that has lived; only the same
   process that made them, when a launch failed or a foreground run ended, takes them back. */
static void removed(struct cgroup *cgroup, struct hierarchy *h)
{
	fd_close(&h->dir_fd);
	tree_unmake(h->root_fd, cgroup->record.path, h->n_made);
	h->n_made = 0;
}

/* Usually everybody has left, and this is one rmdir(2) for each hierarchy. */
static bool remove_empty(struct cgroup *cgroup)
{
	bool all = true;

	for (size_t i = 0; i < cgroup->hierarchies.n; i++) {
		struct hierarchy *h = &cgroup->hierarchies.v[i];

		if (h->dir_fd < 0)
			continue;
		if (unlinkat(h->root_fd, cgroup->record.path + 1, AT_REMOVEDIR) == 0 || errno == ENOENT)
			removed(cgroup, h);
		else
			all = false;
	}
	return all;
}

int fs_remove(struct cgroup *cgroup, struct err *e)
{
	/* A fork bomb can outrun a round of signals where there is no cgroup.kill, but not many of them:
	   each one freezes first. */
	const int rounds = 100;
	const struct timespec pause = { .tv_nsec = 1000000 };

	if (remove_empty(cgroup))
		return 0;
	for (int round = 0; round < rounds; round++) {
		bool busy = false;
		int r = cgroup_signal(cgroup, SIGKILL, e);

		if (r < 0)
			return r;
		for (size_t i = 0; i < cgroup->hierarchies.n; i++) {
			struct hierarchy *h = &cgroup->hierarchies.v[i];

			if (h->dir_fd < 0)
				continue;
			r = remove_dir(h, cgroup->record.path);
			if (r == -EBUSY && round < rounds - 1)
				busy = true;
			else if (r < 0)
				return explain_busy(cgroup, h, r, e);
			else
				removed(cgroup, h);
		}
		if (!busy)
			return 0;
		/* Nobody is listed any more, and the last one is still on its way out. */
		nanosleep(&pause, NULL);
	}
	return 0;
}

const struct manager_ops manager_fs = {
	.create = fs_create,
	.clone_fd = fs_clone_fd,
	.adopt = fs_adopt,
	.update = limits_update,
	.remove = fs_remove,
};
