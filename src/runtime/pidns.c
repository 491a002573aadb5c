/* SPDX-License-Identifier: Apache-2.0 */
/* Looks through /proc for the members of a pid namespace: see pidns.h.  Nothing is joined and nobody is signalled. */
#include "runtime/pidns.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "kernel/spawn.h"

struct list {
	pid_t *v;
	size_t n;
};

static void list_add(struct list *list, pid_t pid)
{
	list->v = xrealloc(list->v, list->n + 1, sizeof(list->v[0]));
	list->v[list->n++] = pid;
}

/* Which pid namespace a process is in; namespaces(7): device and inode tell them apart. */
static int look(int proc, const char *name, struct stat *ret_st)
{
	_cleanup_free_ char *path = str_printf("%s/ns/pid", name);

	return fstatat(proc, path, ret_st, 0) < 0 ? -errno : 0;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static int collect(DIR *proc, const struct stat *wanted, struct list *list)
{
	for (;;) {
		struct dirent *d;
		struct stat st;
		uint32_t pid;
		int r;

		errno = 0;
		d = readdir(proc);
		if (!d)
			return -errno;
		if (str_to_u32(d->d_name, &pid) < 0)
			continue;
		r = look(dirfd(proc), d->d_name, &st);
		if (r == 0 && is_same(&st, wanted))
			list_add(list, (pid_t)pid);
		/* ENOENT, ESRCH: it has just ended.  EACCES, EPERM: somebody else's, since those in namespaces that
		   are ours we may look at (ptrace(2), "Ptrace access mode checking"). */
		else if (r < 0 && r != -ENOENT && r != -ESRCH && r != -EACCES && r != -EPERM)
			return r;
	}
}

int pidns_list(const struct state_now *now, pid_t **ret_pids, size_t *ret_n, struct err *e)
{
	_cleanup_closedir_ DIR *proc = opendir("/proc");
	_cleanup_free_ char *init = str_printf("%d", now->pid);
	struct list list = { .n = 0 };
	struct stat own, theirs;
	int r;

	if (!proc)
		return err_set(e, -errno, "/proc");
	r = look(dirfd(proc), "self", &own);
	if (r < 0)
		return err_set(e, r, "/proc/self/ns/pid");
	r = look(dirfd(proc), init, &theirs);
	/* Asked afterwards: if it lives, what was looked at was its own and not that of a later process. */
	if (spawn_signal(now->pidfd, 0) == -ESRCH)
		return err_say(e, -ESRCH, "container not running: process %d has ended", now->pid);
	if (r < 0)
		return err_set(e, r, "/proc/%s/ns/pid", init);

	if (is_same(&own, &theirs))
		list_add(&list, now->pid);
	else
		r = collect(proc, &theirs, &list);
	if (r < 0) {
		free(list.v);
		return err_set(e, r, "/proc");
	}
	*ret_pids = list.v;
	*ret_n = list.n;
	return 0;
}
