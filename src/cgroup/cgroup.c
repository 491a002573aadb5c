/* SPDX-License-Identifier: Apache-2.0 */
/* The interface of this folder: chooses the manager and the place, see cgroup.h.  Writes no file. */
#include "cgroup/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/str.h"
#include "cgroup/convert.h"
#include "cgroup/internal.h"
#include "cgroup/limits.h"
#include "cgroup/path.h"
#include "kernel/userns.h"

static const struct {
	const char *name;
	enum cgroup_manager manager;
	const struct manager_ops *ops;
} managers[] = {
	{ "cgroupfs", CGROUP_MANAGER_CGROUPFS, &manager_fs },
	{ "systemd", CGROUP_MANAGER_SYSTEMD, &manager_systemd },
	{ "disabled", CGROUP_MANAGER_DISABLED, &manager_none },
};

int cgroup_manager_from_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(managers); i++)
		if (strcmp(name, managers[i].name) == 0)
			return (int)managers[i].manager;
	return -EINVAL;
}

const char *cgroup_manager_name(enum cgroup_manager manager)
{
	for (size_t i = 0; i < ARRAY_SIZE(managers); i++)
		if (manager == managers[i].manager)
			return managers[i].name;
	return "";
}

static const struct manager_ops *ops_of(enum cgroup_manager manager)
{
	for (size_t i = 0; i < ARRAY_SIZE(managers); i++)
		if (manager == managers[i].manager)
			return managers[i].ops;
	return &manager_none;
}

void cgroup_record_done(struct cgroup_record *record)
{
	free(record->manager);
	free(record->path);
	free(record->scope);
	*record = (struct cgroup_record){ NULL, NULL, NULL };
}

static struct cgroup *new_cgroup(void)
{
	struct cgroup *cgroup = xcalloc(1, sizeof(*cgroup));

	cgroup->joined_fd = -EBADF;
	return cgroup;
}

void cgroup_free(struct cgroup *cgroup)
{
	if (!cgroup)
		return;
	cgroup_record_done(&cgroup->record);
	hierarchies_done(&cgroup->hierarchies);
	bus_free(cgroup->bus);
	fd_close(&cgroup->joined_fd);
	free(cgroup->own);
	free(cgroup->slice);
	free(cgroup->below);
	free(cgroup->delegated);
	free(cgroup);
}

void cgroup_freep(struct cgroup **cgroup)
{
	cgroup_free(*cgroup);
}

void cgroup_give_up(struct cgroup *cgroup)
{
	cgroup_record_done(&cgroup->record);
	hierarchies_done(&cgroup->hierarchies);
	cgroup->ops = &manager_none;
}

const struct hierarchy *cgroup_v2_dir(const struct cgroup *cgroup)
{
	const struct hierarchy *h = hierarchies_v2(&cgroup->hierarchies);

	return h && h->dir_fd >= 0 ? h : NULL;
}

const struct hierarchy *cgroup_v1_dir(const struct cgroup *cgroup, const char *controller)
{
	const struct hierarchy *h = hierarchies_v1(&cgroup->hierarchies, controller);

	return h && h->dir_fd >= 0 ? h : NULL;
}

bool cgroup_has_v1_dir(const struct cgroup *cgroup)
{
	for (size_t i = 0; i < cgroup->hierarchies.n; i++)
		if (!cgroup->hierarchies.v[i].v2 && cgroup->hierarchies.v[i].dir_fd >= 0)
			return true;
	return false;
}

/* The cgroup of the caller, if the place depends on it.  -EXDEV: it is outside of the cgroup
   namespace, which /proc shows as "/../x" (cgroup_namespaces(7)). */
static int find_own(struct cgroup *cgroup)
{
	int r = hierarchy_read_v2_path("self", &cgroup->own);

	if (r == 0 && (str_starts(cgroup->own, "/../") || strcmp(cgroup->own, "/..") == 0))
		return -EXDEV;
	return r;
}

static const char *annotation(const struct cgroup_request *request, const char *key)
{
	for (size_t i = 0; i < request->n_annotations; i++)
		if (strcmp(request->annotations[i].key, key) == 0)
			return request->annotations[i].value;
	return NULL;
}

/* Groups below the one that is configured, by annotations. */
static int plan_below(const struct cgroup_request *request, struct cgroup *cgroup, struct err *e)
{
	bool systemd = request->manager == CGROUP_MANAGER_SYSTEMD;
	const char *sub = systemd ? annotation(request, "run.oci.systemd.subgroup") : NULL;
	const char *delegated = annotation(request, "run.oci.delegate-cgroup");
	int r = cgroup_path_below("", sub ? sub : "", "annotations.run.oci.systemd.subgroup", &cgroup->below, e);

	if (r < 0 || str_empty(delegated))
		return r;
	return cgroup_path_below("", delegated, "annotations.run.oci.delegate-cgroup", &cgroup->delegated, e);
}

static int plan_place(const struct cgroup_request *request, struct cgroup *cgroup, struct err *e)
{
	_cleanup_(cgroup_place_done) struct cgroup_place place = { NULL, NULL, NULL };
	struct cgroup_path_request path = {
		.id = request->id,
		.configured = request->path,
		.systemd = request->manager == CGROUP_MANAGER_SYSTEMD,
		.rootless = request->rootless,
	};
	int r;

	if (request->rootless && !path.systemd) {
		r = find_own(cgroup);
		/* No v2 hierarchy, or we are not in the visible part of it: there is nothing that could
		   have been delegated, and making it will fail where it has to. */
		if (r < 0 && r != -ENOENT && r != -EXDEV)
			return err_set(e, r, "cannot read /proc/self/cgroup");
		path.own = r < 0 ? NULL : cgroup->own;
	}
	r = cgroup_path_place(&path, &place, e);
	if (r == 0)
		r = plan_below(request, cgroup, e);
	if (r < 0)
		return r;

	cgroup->record.manager = xstrdup(cgroup_manager_name(request->manager));
	cgroup->record.path = str_printf("%s%s", place.path, cgroup->below);
	cgroup->record.scope = TAKE_PTR(place.scope);
	cgroup->slice = TAKE_PTR(place.slice);
	return 0;
}

static bool asks_for_default_weight(const struct oci_resources *r)
{
	return r && r->cpu && r->cpu->shares && *r->cpu->shares == SHARES_DEFAULT;
}

int cgroup_plan(const struct cgroup_request *request, struct cgroup **ret_cgroup, struct err *e)
{
	_cleanup_(cgroup_freep) struct cgroup *cgroup = new_cgroup();
	bool limits = limits_asked(request->resources);
	int r;

	cgroup->ops = ops_of(request->manager);
	cgroup->rootless = request->rootless;
	cgroup->resources = request->resources;
	cgroup->annotations = request->annotations;
	cgroup->n_annotations = request->n_annotations;
	if (request->manager == CGROUP_MANAGER_DISABLED) {
		if (limits)
			return err_say(e, -EINVAL, "linux.resources.%s: limits need a cgroup, and cgroups are disabled; "
						   "use --cgroup-manager cgroupfs", limits_first(request->resources));
		*ret_cgroup = TAKE_PTR(cgroup);
		return 0;
	}

	/* Without a path that others know and without limits nobody looks for the container in the v1
	   hierarchies, and joining them costs a grace period of RCU (some 10 ms): it starts directly in
	   the v2 hierarchy by CLONE_INTO_CGROUP, where it can be killed, frozen and measured.  Who asks for the default
	   weight gets it where it can be had, but it is no reason to fail. */
	cgroup->unstarted = true;
	cgroup->everywhere = !str_empty(request->path) || limits || asks_for_default_weight(request->resources) ||
			     request->manager == CGROUP_MANAGER_SYSTEMD;
	r = plan_place(request, cgroup, e);
	if (r == 0)
		r = hierarchies_find(cgroup->everywhere, &cgroup->hierarchies, e);
	if (r == 0 && cgroup->delegated && !hierarchies_v2(&cgroup->hierarchies))
		r = err_say(e, -EOPNOTSUPP, "annotations.run.oci.delegate-cgroup: only cgroup v2 can be delegated, and this "
					    "machine has no such hierarchy");
	if (r == 0)
		r = limits_validate(request->resources, &cgroup->hierarchies, e);
	if (r < 0)
		return r;
	*ret_cgroup = TAKE_PTR(cgroup);
	return 0;
}

const struct cgroup_record *cgroup_get_record(const struct cgroup *cgroup)
{
	return &cgroup->record;
}

int cgroup_create(struct cgroup *cgroup, struct err *e)
{
	return cgroup->ops->create(cgroup, e);
}

int cgroup_clone_fd(const struct cgroup *cgroup)
{
	return cgroup->ops->clone_fd(cgroup);
}

int cgroup_adopt(struct cgroup *cgroup, pid_t pid, struct err *e)
{
	return cgroup->ops->adopt(cgroup, pid, e);
}

int cgroup_update(struct cgroup *cgroup, const struct oci_resources *resources, struct err *e)
{
	/* As at create, what takes privilege is done without; the record does not tell who made it, and who calls counts. */
	cgroup->rootless = geteuid() != 0 || userns_inside();
	return cgroup->ops->update(cgroup, resources, e);
}

int cgroup_remove(struct cgroup *cgroup, struct err *e)
{
	return cgroup->ops->remove(cgroup, e);
}

int cgroup_open(const struct cgroup_record *record, struct cgroup **ret_cgroup, struct err *e)
{
	_cleanup_(cgroup_freep) struct cgroup *cgroup = new_cgroup();
	int manager = record->manager ? cgroup_manager_from_name(record->manager) : CGROUP_MANAGER_DISABLED;
	int r;

	if (manager < 0 || (record->manager && !record->path))
		return err_say(e, -EINVAL, "the record of the container's cgroup is damaged: unknown manager \"%s\"",
			       record->manager);
	cgroup->ops = ops_of((enum cgroup_manager)manager);
	if (record->manager) {
		cgroup->record.manager = xstrdup(record->manager);
		cgroup->record.path = xstrdup(record->path);
		cgroup->record.scope = record->scope ? xstrdup(record->scope) : NULL;
		r = hierarchies_find(true, &cgroup->hierarchies, e);
		if (r < 0)
			return r;
	}

	for (size_t i = 0; i < cgroup->hierarchies.n; i++) {
		r = hierarchy_open_dir(&cgroup->hierarchies.v[i], cgroup->record.path);
		/* Gone already, or it never was in this hierarchy. */
		if (r < 0 && r != -ENOENT)
			return err_set(e, r, "cgroup %s%s: cannot open it", cgroup->hierarchies.v[i].mountpoint,
				       cgroup->record.path);
	}
	*ret_cgroup = TAKE_PTR(cgroup);
	return 0;
}

/* Nothing has to be looked up when all hierarchies are known, and the container is in all of them. */
static bool is_in_all(const struct cgroup *cgroup)
{
	for (size_t i = 0; i < cgroup->hierarchies.n; i++)
		if (cgroup->hierarchies.v[i].dir_fd < 0)
			return false;
	return cgroup->hierarchies.all && cgroup->record.path;
}

int cgroup_locate(struct cgroup *cgroup, struct err *e)
{
	return cgroup->record.scope ? systemd_locate(cgroup, e) : 0;
}

int cgroup_hierarchies(struct cgroup *cgroup, struct cgroup_hierarchy **ret, size_t *ret_n, struct err *e)
{
	_cleanup_(hierarchies_done) struct hierarchies found = HIERARCHIES_INIT;
	const struct hierarchies *all = &found;
	_cleanup_free_ char *self = NULL;
	struct cgroup_hierarchy *list;
	bool in_all = is_in_all(cgroup);
	int r = 0;

	if (in_all)
		all = &cgroup->hierarchies;
	else
		r = hierarchies_find(true, &found, e);
	if (r < 0)
		return r;
	list = xcalloc(all->n, sizeof(*list));
	for (size_t i = 0; i < all->n; i++) {
		struct hierarchy *h = &all->v[i];
		const char *path = cgroup->record.path;
		bool joined = in_all || (path && hierarchy_open_dir(h, path) == 0);
		char *where = joined ? xstrdup(path) : NULL;

		/* Where the container did not join, its processes stay with those of their parent. */
		if (!where && str_empty(self))
			r = fdio_read_file(AT_FDCWD, "/proc/self/cgroup", 1 << 20, &self, NULL);
		if (!where && r == 0)
			where = hierarchy_parse_path(h, self);
		list[i] = (struct cgroup_hierarchy){
			.name = xstrdup(h->name),
			.mountpoint = xstrdup(h->mountpoint),
			.options = xstrdup(h->options),
			.path = where ? where : xstrdup("/"),
			.own = joined,
			.v2 = h->v2,
		};
	}
	if (r < 0) {
		cgroup_hierarchies_free(list, all->n);
		return err_set(e, r, "cannot read /proc/self/cgroup");
	}
	*ret = list;
	*ret_n = all->n;
	return 0;
}

void cgroup_hierarchies_free(struct cgroup_hierarchy *hierarchies, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(hierarchies[i].name);
		free(hierarchies[i].mountpoint);
		free(hierarchies[i].options);
		free(hierarchies[i].path);
	}
	free(hierarchies);
}
