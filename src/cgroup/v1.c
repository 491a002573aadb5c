/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup v1 directories: see v1.h.  Limits are in v1-limits.c. */
#include "cgroup/v1.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "base/fdio.h"
#include "base/str.h"
#include "cgroup/tree.h"

/* The freezer of v1 has no event, so its state is asked for, at growing intervals. */
#define FREEZE_TRIES 1000
#define FREEZE_FIRST_NS 50000L
#define FREEZE_MAX_NS 10000000L

int v1_check(const struct hierarchy *h, const char *path, bool fresh, struct err *e)
{
	_cleanup_(pid_list_done) struct pid_list pids = PID_LIST_INIT;
	_cleanup_free_ char *state = NULL;
	int r;

	r = fresh ? 0 : tree_pids(h->dir_fd, true, &pids);
	if (r < 0)
		return err_set(e, r, "cgroup %s%s: cannot read its processes", h->mountpoint, path);
	if (pids.n > 0)
		return err_say(e, -EBUSY, "cgroup %s%s: not empty (it holds process %d)", h->mountpoint, path, pids.v[0]);
	if (!hierarchy_has(h, "freezer"))
		return 0;
	/* The root has no such file; a new directory has its parent's state. */
	r = tree_read(h->dir_fd, "freezer.state", &state);
	if (r < 0)
		return err_set(e, r, "cgroup %s%s: cannot read freezer.state", h->mountpoint, path);
	if (strcmp(state, "THAWED") != 0)
		return err_say(e, -EAGAIN, "cgroup %s%s: it is frozen, or a parent of it is", h->mountpoint, path);
	return 0;
}

/* Copy a file from the parent, if the directory's own is empty. */
static int inherit(int parent, int dir, const char *file)
{
	_cleanup_free_ char *own = NULL, *theirs = NULL;
	int r = tree_read(dir, file, &own);

	if (r < 0 || *own)
		return r;
	r = tree_read(parent, file, &theirs);
	return r < 0 ? r : fdio_write_file(dir, file, theirs);
}

static int prepare_cpuset(const struct hierarchy *h, const char *path, struct err *e)
{
	_cleanup_free_ char *prefix = xstrdup(path + 1);
	_cleanup_close_ int parent = openat(h->root_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (parent < 0)
		return err_set(e, -errno, "cgroup %s: cannot open it", h->mountpoint);
	for (char *next = prefix; next;) {
		char *slash = strchr(next, '/');
		int dir, r;

		if (slash)
			*slash = '\0';
		dir = openat(h->root_fd, prefix, O_PATH | O_DIRECTORY | O_CLOEXEC);
		r = dir < 0 ? -errno : inherit(parent, dir, "cpuset.cpus");
		if (r == 0)
			r = inherit(parent, dir, "cpuset.mems");
		fd_close(&parent);
		parent = dir;
		if (r < 0)
			return err_set(e, r, "cgroup %s/%s: cannot inherit the processors of its parent", h->mountpoint,
				       prefix);
		if (slash)
			*slash = '/';
		next = slash ? slash + 1 : NULL;
	}
	return 0;
}

int v1_prepare(const struct hierarchy *h, const char *path, struct err *e)
{
	return hierarchy_has(h, "cpuset") ? prepare_cpuset(h, path, e) : 0;
}

int v1_is_frozen(const struct hierarchy *h, bool *ret_frozen)
{
	_cleanup_free_ char *text = NULL;
	int r = tree_read(h->dir_fd, "freezer.self_freezing", &text);

	if (r == 0)
		*ret_frozen = text[0] == '1';
	return r;
}

int v1_freeze(const struct hierarchy *h, const char *path, bool frozen, struct err *e)
{
	const char *state = frozen ? "FROZEN" : "THAWED", *act = frozen ? "freeze" : "thaw";
	struct timespec pause = { .tv_sec = 0, .tv_nsec = FREEZE_FIRST_NS };

	for (int i = 0; i < FREEZE_TRIES; i++) {
		_cleanup_free_ char *text = NULL;
		/* Written again each time: a task that forks while it is being frozen can keep the group
		   in FREEZING until it is told once more (cgroup-v1/freezer-subsystem.rst). */
		int r = fdio_write_file(h->dir_fd, "freezer.state", state);

		if (r >= 0)
			r = tree_read(h->dir_fd, "freezer.state", &text);
		if (r < 0)
			return err_set(e, r, "cgroup %s%s: cannot %s it", h->mountpoint, path, act);
		/* Thawed by our file, it may still be frozen by that of a parent. */
		if (!frozen || strcmp(text, state) == 0)
			return 0;
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < FREEZE_MAX_NS)
			pause.tv_nsec *= 2;
	}
	/* Half frozen is worse than running. */
	(void)fdio_write_file(h->dir_fd, "freezer.state", "THAWED");
	return err_set(e, -ETIMEDOUT, "cgroup %s%s: cannot %s it", h->mountpoint, path, act);
}
