/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which hierarchy has which limit, and the order of writing, checking and undoing: see limits.h.  The files
 * themselves are in v1-limits.c and v2-limits.c.
 */
#include "cgroup/limits.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "cgroup/check.h"
#include "cgroup/devices.h"
#include "cgroup/fs.h"
#include "cgroup/internal.h"
#include "cgroup/limit-list.h"
#include "cgroup/uses.h"
#include "cgroup/v1-limits.h"
#include "cgroup/v2-limits.h"

bool limits_asked(const struct oci_resources *r)
{
	return limits_first(r) != NULL;
}

const char *limits_first(const struct oci_resources *r)
{
	_cleanup_(use_list_done) struct use_list uses = USE_LIST_INIT;

	use_list_collect(&uses, r);
	return uses.n > 0 ? uses.v[0].property : NULL;
}

/* One side of the resources: what belongs to v1 hierarchies of this machine, or the rest. */
struct side {
	struct oci_resources r;
	struct oci_cpu cpu;
	struct oci_network network;
};

static void take_side(const struct oci_resources *r, const struct hierarchies *hierarchies, bool v1, struct side *side)
{
	*side = (struct side){ .r = *r };
	if ((hierarchies_v1(hierarchies, "memory") != NULL) != v1)
		side->r.memory = NULL;
	if ((hierarchies_v1(hierarchies, "pids") != NULL) != v1)
		side->r.pids = NULL;
	if ((hierarchies_v1(hierarchies, "blkio") != NULL) != v1)
		side->r.block_io = NULL;
	if ((hierarchies_v1(hierarchies, "hugetlb") != NULL) != v1)
		side->r.n_hugepage_limits = 0;
	if ((hierarchies_v1(hierarchies, "rdma") != NULL) != v1)
		side->r.n_rdma = 0;
	if (v1)
		side->r.n_unified = 0;
	if (r->cpu) {
		side->cpu = *r->cpu;
		side->r.cpu = &side->cpu;
		if ((hierarchies_v1(hierarchies, "cpuset") != NULL) != v1)
			side->cpu.cpus = side->cpu.mems = NULL;
		if ((hierarchies_v1(hierarchies, "cpu") != NULL) != v1)
			side->cpu = (struct oci_cpu){ .cpus = side->cpu.cpus, .mems = side->cpu.mems };
	}
	if (r->network) {
		side->network = *r->network;
		side->r.network = &side->network;
		if ((hierarchies_v1(hierarchies, "net_cls") != NULL) != v1)
			side->network.class_id = NULL;
		if ((hierarchies_v1(hierarchies, "net_prio") != NULL) != v1)
			side->network.n_priorities = 0;
	}
}

/* Is there a hierarchy for each limit at all? */
static int check_uses(const struct oci_resources *r, const struct hierarchies *hierarchies, struct err *e)
{
	_cleanup_(use_list_done) struct use_list uses = USE_LIST_INIT;
	bool v2 = hierarchies_v2(hierarchies) != NULL;

	use_list_collect(&uses, r);
	for (size_t i = 0; i < uses.n; i++) {
		const struct use *u = &uses.v[i];

		if (u->key && hierarchies_v1(hierarchies, u->v2))
			return err_say(e, -EOPNOTSUPP, "linux.resources.unified.%s: the %s controller belongs to cgroup v1 on "
						       "this machine, and `unified` is for v2; use the properties of "
						       "linux.resources", u->key, u->v2);
		if (use_in_v1(u, hierarchies) || (v2 && (u->v2[0] || u->key)))
			continue;
		if (v2)
			return err_say(e, -EOPNOTSUPP, "linux.resources.%s: only cgroup v1 knows it, and no v1 hierarchy with "
						       "the %s controller is mounted", u->property, u->v1);
		if (u->key)
			return err_say(e, -EOPNOTSUPP, "linux.resources.unified.%s: this machine has no cgroup v2 hierarchy",
				       u->key);
		if (hierarchies->n > 0)
			return err_say(e, -EOPNOTSUPP, "linux.resources.%s: no cgroup hierarchy with the %s controller is "
						       "mounted", u->property, u->v1 ? u->v1 : u->v2);
	}
	return 0;
}

int limits_validate(const struct oci_resources *r, const struct hierarchies *hierarchies, struct err *e)
{
	const struct v1_facts v1_facts = V1_FACTS_OF_NEW;
	const struct v2_facts v2_facts = V2_FACTS_OF_NEW;
	_cleanup_(limit_list_done) struct limit_list list = LIMIT_LIST_INIT;
	struct side side;
	int code;

	if (!r)
		return 0;
	code = check_resources(r, e);
	if (code == 0)
		code = devices_check(r, e);
	if (code == 0)
		code = check_uses(r, hierarchies, e);
	if (code < 0)
		return code;
	take_side(r, hierarchies, true, &side);
	code = v1_limits_plan(&side.r, &v1_facts, &list, e);
	if (code < 0 || !hierarchies_v2(hierarchies))
		return code;
	take_side(r, hierarchies, false, &side);
	return v2_limits_plan(&side.r, &v2_facts, &list, e);
}

struct v2_needs limits_v2_needs(const struct oci_resources *r, const struct hierarchies *hierarchies)
{
	_cleanup_(use_list_done) struct use_list uses = USE_LIST_INIT;
	struct v2_needs needs = V2_NEEDS_INIT;

	use_list_collect(&uses, r);
	for (size_t i = 0; i < uses.n; i++) {
		const struct use *u = &uses.v[i];
		bool known = false;

		for (size_t k = 0; k < needs.controllers.n; k++)
			known = known || strcmp(needs.controllers.v[k], u->v2) == 0;
		if (known || !u->v2[0] || use_in_v1(u, hierarchies))
			continue;
		strv_add(&needs.controllers, u->v2);
		strv_take(&needs.properties, str_printf("linux.resources.%s%s%s", u->property, u->key ? "." : "",
							u->key ? u->key : ""));
	}
	return needs;
}

static int explain_unreachable(const struct cgroup *cgroup, const struct use *u, const struct hierarchy *h, struct err *e)
{
	const char *controller = h && h->v2 && u->v2[0] ? u->v2 : u->v1;

	if (!h)
		return err_say(e, -EOPNOTSUPP, "linux.resources.%s: cannot be applied: no cgroup filesystem is mounted on this "
					       "machine; mount one on /sys/fs/cgroup", u->property);
	err_say(e, -EOPNOTSUPP, "linux.resources.%s: cannot be applied: %s%s needs the cgroup %s%s, and this user may not make "
				"it", u->property, controller ? "the controller " : "it", controller ? controller : "",
		h->mountpoint, cgroup->record.path);
	if (h->v2)
		return err_hint(e, "have a cgroup delegated: --systemd-cgroup in a session with a user bus (`loginctl "
				   "enable-linger` keeps it), or `systemd-run --user --scope -p Delegate=yes`");
	return err_hint(e, "cgroup v1 is delegated by root alone: a directory in %s that belongs to this user, "
			   "with its files, as the beginning of linux.cgroupsPath", h->mountpoint);
}

int limits_reachable(const struct cgroup *cgroup, struct err *e)
{
	_cleanup_(use_list_done) struct use_list uses = USE_LIST_INIT;

	use_list_collect(&uses, cgroup->resources);
	for (size_t i = 0; i < uses.n; i++) {
		const struct use *u = &uses.v[i];
		const struct hierarchy *h = u->v1 ? hierarchies_v1(&cgroup->hierarchies, u->v1) : NULL;

		if (!h)
			h = hierarchies_v2(&cgroup->hierarchies);
		if (!h || h->dir_fd < 0)
			return explain_unreachable(cgroup, u, h, e);
	}
	return 0;
}

/* Where the limits of each side are written. */
static int v1_dir(const void *ctx, const struct limit *limit)
{
	const struct hierarchy *h = cgroup_v1_dir(ctx, limit->controller);

	return h ? h->dir_fd : -EBADF;
}

static int v2_dir(const void *ctx, const struct limit *limit)
{
	const struct hierarchy *h = cgroup_v2_dir(ctx);

	(void)limit;
	return h ? h->dir_fd : -EBADF;
}

static int plan_v1(const struct cgroup *cgroup, const struct oci_resources *r, struct limit_list *list, struct err *e)
{
	const struct hierarchy *memory = cgroup_v1_dir(cgroup, "memory"), *blkio = cgroup_v1_dir(cgroup, "blkio");
	struct v1_facts facts;
	struct side side;
	int code;

	take_side(r, &cgroup->hierarchies, true, &side);
	code = v1_limits_facts(&side.r, memory ? memory->dir_fd : -EBADF, blkio ? blkio->dir_fd : -EBADF, &facts, e);
	return code == 0 ? v1_limits_plan(&side.r, &facts, list, e) : code;
}

static int plan_v2(const struct cgroup *cgroup, const struct oci_resources *r, struct limit_list *list, struct err *e)
{
	const struct hierarchy *h = cgroup_v2_dir(cgroup);
	struct v2_facts facts = V2_FACTS_OF_NEW;
	struct side side;
	int code;

	if (!hierarchies_v2(&cgroup->hierarchies))
		return 0;
	take_side(r, &cgroup->hierarchies, false, &side);
	code = h ? v2_limits_facts(&side.r, h->dir_fd, &facts, e) : 0;
	return code == 0 ? v2_limits_plan(&side.r, &facts, list, e) : code;
}

int limits_plan(const struct cgroup *cgroup, const struct oci_resources *r, struct limit_list *list, struct err *e)
{
	int code = plan_v1(cgroup, r, list, e);

	return code == 0 ? plan_v2(cgroup, r, list, e) : code;
}

typedef int commit_fn(struct cgroup *cgroup, const struct oci_resources *r, struct err *e);

/* Plan both sides, then write both and the device rules; with `undo` a failure leaves no trace. */
static int write_all(struct cgroup *cgroup, const struct oci_resources *r, bool undo, commit_fn *commit, struct err *e)
{
	_cleanup_(limit_list_done) struct limit_list v1 = LIMIT_LIST_INIT, v2 = LIMIT_LIST_INIT;
	_cleanup_(limit_list_done) struct limit_list v1_old = LIMIT_LIST_INIT, v2_old = LIMIT_LIST_INIT;
	_cleanup_(devices_before_done) struct devices_before devices = DEVICES_BEFORE_INIT;
	const char *path = cgroup->record.path;
	int code = plan_v1(cgroup, r, &v1, e);

	if (code == 0)
		code = plan_v2(cgroup, r, &v2, e);
	if (code == 0)
		code = limit_list_write(&v1, path, v1_dir, cgroup, undo ? &v1_old : NULL, e);
	if (code == 0)
		code = limit_list_write(&v2, path, v2_dir, cgroup, undo ? &v2_old : NULL, e);
	if (code == 0 && undo)
		code = devices_remember(cgroup, r, &devices, e);
	if (code == 0)
		code = devices_apply(cgroup, r, e);
	if (code == 0 && commit)
		code = commit(cgroup, r, e);
	/* Whoever is told of devices on v1 writes a list of his own; ours, which has just been taken, is the finer one. */
	if (code == 0 && commit && cgroup_v1_dir(cgroup, "devices"))
		code = devices_apply(cgroup, r, e);
	if (code < 0) {
		devices_restore(cgroup, &devices);
		limit_list_undo(&v2_old, v2_dir, cgroup);
		limit_list_undo(&v1_old, v1_dir, cgroup);
	}
	return code;
}

int limits_apply(struct cgroup *cgroup, const struct oci_resources *r, struct err *e)
{
	return write_all(cgroup, r, false, NULL, e);
}

/* A container that began in the v2 hierarchy alone may now need one of v1. */
static bool needs_v1(const struct cgroup *cgroup, const struct oci_resources *r)
{
	_cleanup_(use_list_done) struct use_list uses = USE_LIST_INIT;

	use_list_collect(&uses, r);
	for (size_t i = 0; i < uses.n; i++)
		if (use_in_v1(&uses.v[i], &cgroup->hierarchies) && !cgroup_v1_dir(cgroup, uses.v[i].v1))
			return true;
	return false;
}

int limits_update_then(struct cgroup *cgroup, const struct oci_resources *r, commit_fn *commit, struct err *e)
{
	_cleanup_(v2_needs_done) struct v2_needs needs = limits_v2_needs(r, &cgroup->hierarchies);
	const struct hierarchy *v2 = cgroup_v2_dir(cgroup);
	int code;

	if (!cgroup_exists(cgroup))
		return err_say(e, -ESRCH, "cgroup %s: it is gone, and with it what could be limited", cgroup->record.path);
	code = check_resources(r, e);
	if (code == 0)
		code = devices_check(r, e);
	if (code == 0)
		code = check_uses(r, &cgroup->hierarchies, e);
	if (code == 0 && needs_v1(cgroup, r))
		code = fs_spread(cgroup, e);
	if (code == 0 && v2)
		code = v2_enable(v2, cgroup->record.path, &needs, false, e);
	return code == 0 ? write_all(cgroup, r, true, commit, e) : code;
}

int limits_update(struct cgroup *cgroup, const struct oci_resources *r, struct err *e)
{
	return limits_update_then(cgroup, r, NULL, e);
}
