/* SPDX-License-Identifier: Apache-2.0 */
/* What can be done to a living cgroup, whoever made it: signals, freezing, lists of processes. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/log.h"
#include "base/str.h"
#include "cgroup/internal.h"
#include "cgroup/v1.h"
#include "cgroup/v2.h"

/* Rounds of freezing and signalling where cgroup.kill is missing. */
#define KILL_ROUNDS 100

const struct hierarchy *cgroup_main_dir(const struct cgroup *cgroup)
{
	const struct hierarchy *h = cgroup_v2_dir(cgroup);

	if (!h)
		h = cgroup_v1_dir(cgroup, "freezer");
	for (size_t i = 0; !h && i < cgroup->hierarchies.n; i++)
		if (cgroup->hierarchies.v[i].dir_fd >= 0)
			h = &cgroup->hierarchies.v[i];
	return h;
}

bool cgroup_exists(const struct cgroup *cgroup)
{
	return cgroup_main_dir(cgroup) != NULL;
}

int cgroup_pids(struct cgroup *cgroup, pid_t **ret_pids, size_t *ret_n_pids, struct err *e)
{
	const struct hierarchy *h = cgroup_main_dir(cgroup);
	struct pid_list pids = PID_LIST_INIT;
	int r = h ? tree_pids(h->dir_fd, true, &pids) : 0;

	if (r < 0) {
		pid_list_done(&pids);
		return err_set(e, r, "cgroup %s: cannot read its processes", cgroup->record.path);
	}
	*ret_pids = pids.v;
	*ret_n_pids = pids.n;
	return 0;
}

int cgroup_is_frozen(struct cgroup *cgroup, bool *ret_frozen, struct err *e)
{
	const struct hierarchy *v2 = cgroup_v2_dir(cgroup), *v1 = cgroup_v1_dir(cgroup, "freezer");
	bool frozen = false;
	int r = v2 ? v2_is_frozen(v2, &frozen) : 0;

	/* Somebody else may have used the other of the two freezers. */
	if (r == 0 && !frozen && v1)
		r = v1_is_frozen(v1, &frozen);
	/* The cgroup went away. */
	if (r == -ENOENT || r == -ENODEV)
		r = 0;
	if (r < 0)
		return err_set(e, r, "cgroup %s: cannot tell whether it is frozen", cgroup->record.path);
	*ret_frozen = frozen;
	return 0;
}

int cgroup_record_is_frozen(const struct cgroup_record *record, bool *ret_frozen, struct err *e)
{
	/* Where every distribution has them; a file that is not there says no.  ENAMETOOLONG: the tmpfs that others are
	   mounted in takes shorter names than cgroups do. */
	static const struct {
		const char *mountpoint, *file;
	} places[] = {
		{ "/sys/fs/cgroup", "cgroup.freeze" },
		{ "/sys/fs/cgroup/unified", "cgroup.freeze" },
		{ "/sys/fs/cgroup/freezer", "freezer.self_freezing" },
	};

	*ret_frozen = false;
	for (size_t i = 0; record->manager && !*ret_frozen && i < ARRAY_SIZE(places); i++) {
		_cleanup_free_ char *file = str_printf("%s%s/%s", places[i].mountpoint, record->path, places[i].file);
		_cleanup_free_ char *text = NULL;
		int r = tree_read(AT_FDCWD, file, &text);

		if (r < 0 && r != -ENOENT && r != -ENODEV && r != -ENAMETOOLONG)
			return err_set(e, r, "cannot read %s", file);
		*ret_frozen = r == 0 && text[0] == '1';
	}
	return 0;
}

static int thaw(struct cgroup *cgroup, const struct hierarchy *v2, const struct hierarchy *v1, struct err *e)
{
	int r = v2 ? v2_freeze(v2, cgroup->record.path, false, e) : 0;
	bool frozen = false;

	if (r == 0 && v1 && v1_is_frozen(v1, &frozen) == 0 && frozen)
		r = v1_freeze(v1, cgroup->record.path, false, e);
	return r;
}

int cgroup_freeze(struct cgroup *cgroup, bool frozen, struct err *e)
{
	const struct hierarchy *v2 = cgroup_v2_dir(cgroup), *v1 = cgroup_v1_dir(cgroup, "freezer");

	if (!cgroup->record.manager)
		return err_say(e, -EOPNOTSUPP, "the container has no cgroup, and without one it can be neither paused nor "
					       "resumed");
	if (!frozen)
		return thaw(cgroup, v2, v1, e);
	if (!v2 && !v1)
		return err_say(e, -EOPNOTSUPP, "cgroup %s: it is gone, or there is no freezer on this machine",
			       cgroup->record.path);
	return v2 ? v2_freeze(v2, cgroup->record.path, true, e) : v1_freeze(v1, cgroup->record.path, true, e);
}

/* Signal while nothing can run, fork or end, so that nobody is missed and no pid changes its owner.  A
   cgroup that cannot be frozen (no freezer on this machine) is signalled as it is. */
static int signal_frozen(struct cgroup *cgroup, const struct hierarchy *h, int sig, struct pid_list *pids, struct err *e)
{
	struct err ignored = ERR_INIT;
	bool was_frozen = false, frozen;
	int r = cgroup_is_frozen(cgroup, &was_frozen, e);

	if (r < 0)
		return r;
	frozen = !was_frozen && cgroup_freeze(cgroup, true, &ignored) == 0;
	r = tree_pids(h->dir_fd, true, pids);
	if (r == 0)
		r = tree_signal(pids, sig);
	if (r < 0)
		err_set(e, r, "cgroup %s: cannot signal its processes", cgroup->record.path);
	/* SIGKILL takes effect in the v1 freezer only after thawing. */
	if (frozen || (was_frozen && sig == SIGKILL)) {
		int thawed = cgroup_freeze(cgroup, false, r < 0 ? &ignored : e);

		r = r < 0 ? r : thawed;
	}
	return r;
}

/* SIGKILL until nobody is left to be signalled. */
static int kill_rounds(struct cgroup *cgroup, const struct hierarchy *h, struct err *e)
{
	for (int i = 0; i < KILL_ROUNDS; i++) {
		_cleanup_(pid_list_done) struct pid_list pids = PID_LIST_INIT;
		int r = signal_frozen(cgroup, h, SIGKILL, &pids, e);

		if (r < 0 || pids.n == 0)
			return r;
		r = tree_wait(&pids, 10000);
		if (r < 0)
			return err_set(e, r, "cgroup %s: process %d does not end", cgroup->record.path, pids.v[0]);
	}
	return err_say(e, -EBUSY, "cgroup %s: new processes keep coming", cgroup->record.path);
}

int cgroup_signal(struct cgroup *cgroup, int sig, struct err *e)
{
	const struct hierarchy *h = cgroup_main_dir(cgroup), *v1 = cgroup_v1_dir(cgroup, "freezer");
	_cleanup_(pid_list_done) struct pid_list pids = PID_LIST_INIT;
	bool v1_frozen = false;
	int r;

	if (!h)
		return 0;
	if (sig != SIGKILL)
		return signal_frozen(cgroup, h, sig, &pids, e);

	r = h->v2 ? v2_kill(h) : -EOPNOTSUPP;
	if (r == -EOPNOTSUPP)
		return kill_rounds(cgroup, h, e);
	if (r < 0)
		return err_set(e, r, "cgroup %s: cannot kill its processes", cgroup->record.path);
	/* The v2 freezer lets a killed task go, that of v1 does not. */
	if (v1 && v1_is_frozen(v1, &v1_frozen) == 0 && v1_frozen)
		r = v1_freeze(v1, cgroup->record.path, false, e);
	return r;
}
