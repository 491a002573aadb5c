/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that act on a live container through its cgroup: pause, resume, ps, update. */
#include "runtime/control.h"

#include <errno.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "runtime/bundle.h"
#include "runtime/pidns.h"
#include "runtime/rdt.h"
#include "runtime/state-document.h"

void control_close(struct control *t)
{
	cgroup_freep(&t->cgroup);
	state_now_done(&t->now);
	state_done(&t->state);
}

static int not_running(const char *id, struct err *e)
{
	return err_say(e, -ESRCH, "container not running: %s", id);
}

/* Also one that has ended: t->now.pidfd is -EBADF then. */
static int find(const struct runtime *rt, const char *id, bool lock, struct control *t, struct err *e)
{
	_cleanup_free_ char *root = NULL;
	int r;

	*t = (struct control){ .now.pidfd = -EBADF };
	r = runtime_root(rt, &root, e);
	if (r == 0)
		r = state_open(root, id, lock, &t->state, e);
	if (r < 0)
		return r;
	r = state_look(&t->state, &t->now, e);
	/* its create has not come so far, or died before it did */
	if (r == 0 && !state_document(&t->state))
		r = not_running(id, e);
	if (r == 0)
		r = state_open_cgroup(state_document(&t->state), &t->cgroup, e);
	if (r < 0)
		control_close(t);
	return r;
}

int control_open(const struct runtime *rt, const char *id, bool lock, struct control *t, struct err *e)
{
	int r = find(rt, id, lock, t, e);

	if (r == 0 && t->now.pidfd < 0) {
		r = not_running(id, e);
		control_close(t);
	}
	return r;
}

static int set_frozen(const struct runtime *rt, const char *id, bool frozen, struct err *e)
{
	struct control t;
	int r;

	r = control_open(rt, id, true, &t, e);
	if (r < 0)
		return r;
	if (frozen && t.now.status == OCI_STATUS_PAUSED)
		r = err_say(e, -EINVAL, "cannot pause container %s: it is paused already", id);
	else if (!frozen && t.now.status != OCI_STATUS_PAUSED)
		r = err_say(e, -EINVAL, "cannot resume container %s: it is not paused", id);
	else
		r = cgroup_freeze(t.cgroup, frozen, e);
	control_close(&t);
	return r;
}

int container_pause(const struct runtime *rt, const char *id, struct err *e)
{
	return set_frozen(rt, id, true, e);
}

int container_resume(const struct runtime *rt, const char *id, struct err *e)
{
	return set_frozen(rt, id, false, e);
}

/* Where the pid namespace is shared, processes may outlive init: what `kill --all` would reach is listed. */
int container_ps(const struct runtime *rt, const char *id, pid_t **ret_pids, size_t *ret_n, struct err *e)
{
	struct control t;
	size_t n = 0;
	int r;

	r = find(rt, id, false, &t, e);
	if (r < 0)
		return r;
	if (cgroup_exists(t.cgroup))
		r = cgroup_pids(t.cgroup, ret_pids, &n, e);
	else if (t.now.pidfd >= 0)
		r = pidns_list(&t.now, ret_pids, &n, e);
	if (r == 0 && n == 0 && t.now.pidfd < 0)
		r = not_running(id, e);
	*ret_n = n;
	control_close(&t);
	return r;
}

/* The group of resctrl first, since it can be put back. */
static int change(struct control *t, const struct update_request *request, const struct oci_resources *resources,
		  struct err *e)
{
	const struct state_document *d = state_document(&t->state);
	_cleanup_free_ char *old = NULL;
	struct err second = ERR_INIT;
	int r;

	r = rdt_update(d, request->l3_cache_schema, request->mem_bw_schema, &old, e);
	if (r == 0 && resources)
		r = cgroup_update(t->cgroup, resources, e);
	if (r < 0 && old && rdt_restore(d, old, &second) < 0)
		log_warning("%s", second.text);
	return r;
}

int container_update(const struct runtime *rt, const char *id, const struct update_request *request, struct err *e)
{
	_cleanup_(bundle_document_done) struct bundle_document document = { .root = NULL };
	struct control t;
	int r = 0;

	if (request->resources)
		r = bundle_parse(request->resources, request->n_resources, "resources", LITE_RESOURCES, &document, e);
	if (r == 0)
		r = control_open(rt, id, true, &t, e);
	if (r != 0)
		return r;
	r = change(&t, request, document.root, e);
	control_close(&t);
	return r;
}
