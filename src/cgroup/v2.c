/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup v2 directories: see v2.h.  Limits are in v2-limits.c. */
#include "cgroup/v2.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "base/fdio.h"
#include "base/log.h"
#include "cgroup/path.h"
#include "cgroup/tree.h"

/* Freezing waits for every task to reach user space; a task in uninterruptible sleep may never. */
#define FREEZE_TIMEOUT_MS 10000

int v2_check(const struct hierarchy *h, const char *path, struct err *e)
{
	_cleanup_(pid_list_done) struct pid_list pids = PID_LIST_INIT;
	_cleanup_free_ char *events = NULL;
	unsigned long long populated = 0, frozen = 0;
	int r;

	if (h->fresh && !strchr(path + 1, '/'))
		return 0;
	r = tree_read(h->dir_fd, "cgroup.events", &events);
	if (r == 0)
		r = tree_find_key(events, "populated", &populated);
	if (r == 0)
		r = tree_find_key(events, "frozen", &frozen);
	if (r < 0)
		return err_set(e, r, "cgroup %s%s: cannot read cgroup.events", h->mountpoint, path);
	if (populated) {
		r = tree_pids(h->dir_fd, true, &pids);
		if (r < 0 || pids.n == 0)
			return err_say(e, -EBUSY, "cgroup %s: not empty", path);
		return err_say(e, -EBUSY, "cgroup %s: not empty (it holds process %d)", path, pids.v[0]);
	}
	/* A new cgroup inherits the state of its parent. */
	if (frozen)
		return err_say(e, -EAGAIN, "cgroup %s: it is frozen, or a parent of it is", path);
	return 0;
}

static bool strv_has(const struct strv *s, const char *word)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i], word) == 0)
			return true;
	return false;
}

/* The words of a file of one line, e.g. cgroup.controllers. */
static int read_words(int dirfd, const char *file, struct strv *words)
{
	_cleanup_free_ char *text = NULL;
	int r = tree_read(dirfd, file, &text);

	if (r == 0)
		strv_split(words, text, ' ');
	return r;
}

void v2_needs_done(struct v2_needs *needs)
{
	strv_done(&needs->controllers);
	strv_done(&needs->properties);
}

/* Why the i-th needed controller cannot be enabled for the children of `level`. */
static int explain_enable(const char *level, const struct v2_needs *needs, size_t i, int code, struct err *e)
{
	const char *controller = needs->controllers.v[i], *property = needs->properties.v[i];
	const char *name = *level ? level : "/";

	switch (code) {
	case -ENOENT:
		err_say(e, -EOPNOTSUPP, "%s: the %s controller is not available in the cgroup %s", property, controller, name);
		return err_hint(e, "it was not delegated, is disabled, or belongs to a cgroup v1 hierarchy; with systemd "
				   "see Delegate= in systemd.resource-control(5)");
	case -EBUSY:
		err_say(e, code, "%s: the %s controller cannot be enabled for children of the cgroup %s: it holds processes",
			property, controller, name);
		return err_hint(e, "choose a linux.cgroupsPath whose parents are empty, or use the systemd cgroup manager");
	case -EOPNOTSUPP:
		err_say(e, code, "%s: the %s controller cannot be enabled for children of the cgroup %s: it is in thread mode, "
				 "where this controller does not exist (cgroups(7))", property, controller, name);
		return err_hint(e, "choose another linux.cgroupsPath, or use the systemd cgroup manager");
	case -EACCES:
	case -EPERM:
	case -EROFS:
		err_say(e, code, "%s: the %s controller is not delegated: cgroup.subtree_control of the cgroup %s is not "
				 "writable for this user", property, controller, name);
		return err_hint(e, "with systemd: set Delegate=%s for user@.service", controller);
	default:
		return err_set(e, code, "%s: the %s controller cannot be enabled for children of the cgroup %s", property,
			       controller, name);
	}
}

/* The index of the controller among those that are needed, or -1. */
static ssize_t find_need(const struct v2_needs *needs, const char *controller)
{
	for (size_t i = 0; i < needs->controllers.n; i++)
		if (strcmp(needs->controllers.v[i], controller) == 0)
			return (ssize_t)i;
	return -1;
}

/* Enable `missing` for the children of the level. Only the needed ones may fail. */
static int enable_at(int dirfd, const char *level, const struct strv *missing, const struct v2_needs *needs, struct err *e)
{
	_cleanup_(strbuf_done) struct strbuf line = STRBUF_INIT;
	_cleanup_close_ int fd = openat(dirfd, "cgroup.subtree_control", O_WRONLY | O_CLOEXEC);
	int whole = fd < 0 ? -errno : 0;

	for (size_t i = 0; i < missing->n; i++)
		strbuf_addf(&line, "%s+%s", i ? " " : "", missing->v[i]);
	if (whole == 0)
		whole = fdio_write_all(fd, line.text, line.len);
	if (whole == 0)
		return 0;

	/* All in one write, or none: find out which of them it is.  Not when the cgroup holds processes (EBUSY): then
	   the kernel still enables those that know threads (pids, cpu), which makes it the root of a threaded subtree,
	   and no process can be put into a group below (cgroup-v2.rst, "Threads"). */
	for (size_t i = 0; i < missing->n; i++) {
		_cleanup_free_ char *word = str_printf("+%s", missing->v[i]);
		int r = fd >= 0 && whole != -EBUSY ? fdio_write_all(fd, word, strlen(word)) : whole;
		ssize_t need = find_need(needs, missing->v[i]);

		if (r < 0 && need >= 0)
			return explain_enable(level, needs, (size_t)need, r, e);
		if (r < 0)
			log_debug("cgroup %s: the %s controller cannot be enabled for its children: %s", level,
				  missing->v[i], err_reason(r));
	}
	return 0;
}

/* One level on the way down: what is wanted and not yet enabled. */
static int enable_level(const struct hierarchy *h, const char *level, const struct v2_needs *needs,
			const struct strv *wanted, struct err *e)
{
	_cleanup_close_ int fd = openat(h->root_fd, *level ? level + 1 : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(strv_done) struct strv enabled = STRV_INIT, available = STRV_INIT, missing = STRV_INIT;
	int r = fd < 0 ? -errno : read_words(fd, "cgroup.subtree_control", &enabled);

	if (r == 0)
		r = read_words(fd, "cgroup.controllers", &available);
	if (r < 0)
		return err_set(e, r, "cgroup %s%s: cannot read its controllers", h->mountpoint, level);

	for (size_t i = 0; i < needs->controllers.n; i++)
		if (!strv_has(&available, needs->controllers.v[i]))
			return explain_enable(level, needs, i, -ENOENT, e);
	for (size_t i = 0; i < wanted->n; i++)
		if (strv_has(&available, wanted->v[i]) && !strv_has(&enabled, wanted->v[i]))
			strv_add(&missing, wanted->v[i]);
	return missing.n > 0 ? enable_at(fd, level, &missing, needs, e) : 0;
}

int v2_enable(const struct hierarchy *h, const char *path, const struct v2_needs *needs, bool all, struct err *e)
{
	_cleanup_(strv_done) struct strv wanted = STRV_INIT, have = STRV_INIT;
	_cleanup_free_ char *level = xstrdup(path);
	bool complete = true;
	int r = 0;

	if (all)
		r = read_words(h->root_fd, "cgroup.controllers", &wanted);
	if (r < 0)
		return err_set(e, r, "%s: cannot read cgroup.controllers", h->mountpoint);
	for (size_t i = 0; i < needs->controllers.n; i++)
		if (!strv_has(&wanted, needs->controllers.v[i]))
			strv_add(&wanted, needs->controllers.v[i]);
	if (wanted.n == 0)
		return 0;

	/* In most cases the parents have it all already. */
	r = read_words(h->dir_fd, "cgroup.controllers", &have);
	if (r < 0)
		return err_set(e, r, "cgroup %s%s: cannot read its controllers", h->mountpoint, path);
	for (size_t i = 0; i < wanted.n; i++)
		complete = complete && strv_has(&have, wanted.v[i]);
	if (complete)
		return 0;

	for (char *slash = level; slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		r = enable_level(h, level, needs, &wanted, e);
		if (r < 0)
			return r;
		*slash = '/';
	}
	return 0;
}

int v2_enable_below(const struct hierarchy *h, const char *path, struct err *e)
{
	_cleanup_(strv_done) struct strv wanted = STRV_INIT;
	const struct v2_needs none = V2_NEEDS_INIT;
	_cleanup_close_ int fd = openat(h->root_fd, path + 1, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = fd < 0 ? -errno : read_words(fd, "cgroup.controllers", &wanted);

	if (r < 0)
		return err_set(e, r, "cgroup %s%s: cannot read its controllers", h->mountpoint, path);
	return enable_level(h, path, &none, &wanted, e);
}

int v2_may_join(const struct hierarchy *h, const char *own, const char *path)
{
	size_t n = cgroup_path_common(own, path);
	_cleanup_free_ char *file = str_printf("%.*s/cgroup.procs", (int)n, path);
	_cleanup_close_ int fd = openat(h->root_fd, file + 1, O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -errno : 0;
}

int v2_join(const struct hierarchy *h, const char *path, pid_t pid, struct err *e)
{
	_cleanup_(pid_list_done) struct pid_list pids = PID_LIST_INIT;
	_cleanup_free_ char *text = str_printf("%d", pid);
	int r = tree_pids(h->dir_fd, false, &pids);

	if (r == 0 && pid_list_has(&pids, pid))
		return 0;
	r = fdio_write_file(h->dir_fd, "cgroup.procs", text);
	if (r == -EBUSY)
		return err_say(e, r, "cgroup %s: process %d cannot join: it has controllers enabled for its sub-groups "
				     "(cgroups(7), \"no internal processes\")", path, pid);
	if (r == -EACCES)
		return err_say(e, r, "cgroup %s: process %d cannot be moved there: this user may write cgroup.procs of it, "
				     "but not that of the common ancestor with the present cgroup", path, pid);
	if (r == -EOPNOTSUPP)
		return err_say(e, r, "cgroup %s: process %d cannot join: it is in thread mode, or below a cgroup that has both "
				     "processes and controllers (cgroups(7), \"domain invalid\")", path, pid);
	return r < 0 ? err_set(e, r, "cgroup %s: process %d cannot join", path, pid) : 0;
}

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Wait until `key` in cgroup.events is `value`: the kernel tells of every change by POLLPRI. */
static int wait_event(int dirfd, const char *key, unsigned long long value, int timeout_ms)
{
	_cleanup_close_ int fd = openat(dirfd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	long long deadline = now_ms() + timeout_ms;

	/* The cgroup is gone: nothing is in it. */
	if (fd < 0)
		return errno == ENOENT || errno == ENODEV ? 0 : -errno;
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLPRI };
		unsigned long long present;
		char text[256];
		long long left;
		ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

		if (n < 0)
			return errno == ENODEV ? 0 : -errno;
		text[n] = '\0';
		if (tree_find_key(text, key, &present) < 0)
			return -EOPNOTSUPP;
		if (present == value)
			return 0;
		left = deadline - now_ms();
		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(&p, 1, (int)left) < 0 && errno != EINTR)
			return -errno;
	}
}

int v2_freeze(const struct hierarchy *h, const char *path, bool frozen, struct err *e)
{
	const char *act = frozen ? "freeze" : "thaw";
	int r = fdio_write_file(h->dir_fd, "cgroup.freeze", frozen ? "1" : "0");

	if (r < 0)
		return err_set(e, r, "cgroup %s: cannot %s it", path, act);
	/* Thawed by our file, it may still be frozen by that of a parent. */
	if (!frozen)
		return 0;
	r = wait_event(h->dir_fd, "frozen", 1, FREEZE_TIMEOUT_MS);
	if (r < 0) {
		/* Half frozen is worse than running. */
		(void)fdio_write_file(h->dir_fd, "cgroup.freeze", "0");
		return err_set(e, r, "cgroup %s: cannot %s it", path, act);
	}
	return 0;
}

int v2_is_frozen(const struct hierarchy *h, bool *ret_frozen)
{
	_cleanup_free_ char *text = NULL;
	int r = tree_read(h->dir_fd, "cgroup.freeze", &text);

	if (r == 0)
		*ret_frozen = text[0] == '1';
	return r;
}

int v2_kill(const struct hierarchy *h)
{
	int r = fdio_write_file(h->dir_fd, "cgroup.kill", "1");

	/* The file came with Linux 5.14.  ENODEV: the cgroup is gone.  EOPNOTSUPP: a threaded one. */
	if (r == -ENODEV)
		return 0;
	return r == -ENOENT ? -EOPNOTSUPP : r;
}

int v2_wait_empty(const struct hierarchy *h, int timeout_ms)
{
	return wait_event(h->dir_fd, "populated", 0, timeout_ms);
}
