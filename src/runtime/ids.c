/* SPDX-License-Identifier: Apache-2.0 */
/* User namespaces as policy: see ids.h.  How a map is written is kernel/userns.c's business. */
#include "runtime/ids.h"

#include <linux/capability.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/str.h"
#include "kernel/caps.h"
#include "kernel/procfs.h"
#include "runtime/users.h"

void ids_probe(enum rootless_mode mode, struct ids_caller *ret_caller)
{
	struct ids_caller c = {
		.euid = geteuid(),
		.egid = getegid(),
		.privileged = caps_have(CAP_SYS_ADMIN),
		.inside = userns_inside(),
	};

	c.rootless = mode == ROOTLESS_AUTO ? c.euid != 0 || c.inside : mode == ROOTLESS_TRUE;
	*ret_caller = c;
}

static const struct oci_namespace *user_namespace(const struct oci_config *config)
{
	const struct oci_linux *lx = config->linux_;

	for (size_t i = 0; lx && i < lx->n_namespaces; i++)
		if (lx->namespaces[i].type == OCI_NS_USER)
			return &lx->namespaces[i];
	return NULL;
}

static void copy_map(struct userns_map *map, const struct oci_id_mapping *from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		userns_map_add(map, from[i].container_id, from[i].host_id, from[i].size);
}

/* One line that maps the caller's own id: what a process without privilege may write itself. */
static bool is_own_id(const struct userns_map *map, uint32_t id)
{
	return map->n_extents == 1 && map->extents[0].count == 1 && map->extents[0].outside == id;
}

static bool have_helpers(void)
{
	/* The kernel layer searches PATH and then the same folder. */
	return (access("/usr/bin/newuidmap", X_OK) == 0 && access("/usr/bin/newgidmap", X_OK) == 0) ||
	       (access("/bin/newuidmap", X_OK) == 0 && access("/bin/newgidmap", X_OK) == 0) ||
	       (access("/usr/local/bin/newuidmap", X_OK) == 0 && access("/usr/local/bin/newgidmap", X_OK) == 0);
}

/* Map 0 to the caller and what follows to the subordinate ranges; false when there are none to use. */
static bool add_subordinate_ids(const struct ids_caller *caller, struct ids_plan *plan)
{
	_cleanup_free_ char *name = users_host_name(caller->euid);
	struct userns_map uids = { NULL, 0 }, gids = { NULL, 0 };

	if (!have_helpers()) {
		log_debug("ids: newuidmap or newgidmap is not installed: only the own id is mapped");
		return false;
	}
	userns_map_add(&uids, 0, caller->euid, 1);
	userns_map_add(&gids, 0, caller->egid, 1);
	if (userns_read_subids("/etc/subuid", name, caller->euid, 1, &uids) <= 0 ||
	    userns_read_subids("/etc/subgid", name, caller->euid, 1, &gids) <= 0) {
		log_debug("ids: /etc/subuid and /etc/subgid lend %s no range: only the own id is mapped", name);
		userns_map_done(&uids);
		userns_map_done(&gids);
		return false;
	}
	plan->uids = uids;
	plan->gids = gids;
	return true;
}

static void choose_automatic(const struct ids_caller *caller, struct ids_plan *plan)
{
	if (add_subordinate_ids(caller, plan)) {
		log_debug("ids: 0 is uid %u, and ids from 1 on are the subordinate ranges", caller->euid);
		return;
	}
	userns_map_add(&plan->uids, 0, caller->euid, 1);
	userns_map_add(&plan->gids, 0, caller->egid, 1);
}

/* Whether the kernel lets us write the maps, and with which preparation. */
static void choose_writer(const struct ids_caller *caller, struct ids_plan *plan)
{
	if (caps_have(CAP_SETUID) && caps_have(CAP_SETGID))
		return;
	if (is_own_id(&plan->uids, caller->euid) && is_own_id(&plan->gids, caller->egid))
		plan->deny_setgroups = true;
	else
		plan->use_helpers = true;
}

int ids_make_plan(const struct oci_config *config, const struct ids_caller *caller, struct ids_plan *ret_plan,
		  struct err *e)
{
	const struct oci_namespace *ns = user_namespace(config);
	const struct oci_linux *lx = config->linux_;
	struct ids_plan plan = { .add_user = false };

	if (ns && ns->path) {
		*ret_plan = plan;
		return 0;
	}
	if (!ns && caller->privileged) {
		log_debug("ids: no user namespace in the config, and none is needed");
		*ret_plan = plan;
		return 0;
	}

	plan.add_user = !ns;
	if (lx && (lx->n_uid_mappings > 0 || lx->n_gid_mappings > 0)) {
		copy_map(&plan.uids, lx->uid_mappings, lx->n_uid_mappings);
		copy_map(&plan.gids, lx->gid_mappings, lx->n_gid_mappings);
		log_debug("ids: the config's own mappings are used");
	} else if (ns && caller->privileged) {
		return err_say(e, -EINVAL,
			       "linux.uidMappings: a new user namespace needs uidMappings and gidMappings");
	} else {
		choose_automatic(caller, &plan);
	}
	choose_writer(caller, &plan);
	log_debug("ids: the maps are written %s", plan.use_helpers    ? "by newuidmap and newgidmap"
						  : plan.deny_setgroups ? "directly, with setgroups denied"
									: "directly");
	*ret_plan = plan;
	return 0;
}

void ids_plan_done(struct ids_plan *plan)
{
	userns_map_done(&plan->uids);
	userns_map_done(&plan->gids);
}

static int write_with_helpers(const struct ids_plan *plan, pid_t pid, struct err *e)
{
	char words[512] = "";
	int r = userns_run_helpers(pid, &plan->uids, &plan->gids, words, sizeof(words));

	if (r == -ENOENT)
		return err_say(e, r,
			       "linux.uidMappings: only newuidmap and newgidmap may write these maps: %s; install the "
			       "uidmap package, or map nothing but your own id",
			       words);
	if (r < 0)
		return err_say(e, r,
			       "linux.uidMappings: %s; the ranges have to be yours in /etc/subuid and /etc/subgid, and "
			       "newuidmap has to be set-uid root or to have its file capabilities",
			       *words ? words : err_reason(r));
	return 0;
}

/* user_namespaces(7), "User and group ID mappings". */
static int explain_map(const char *name, int r, struct err *e)
{
	err_set(e, r, "%s: the kernel refuses the map", name);
	if (r == -EINVAL)
		return err_hint(e, "each id may be mapped once, and all lines together have to be shorter than a page");
	if (r == -EPERM)
		return err_hint(e, "only ids that exist in the present user namespace can be mapped");
	return r;
}

int ids_write(const struct ids_plan *plan, pid_t pid, struct err *e)
{
	_cleanup_close_ int proc = -EBADF, dir = -EBADF;
	int r;

	if (plan->use_helpers)
		return write_with_helpers(plan, pid, e);

	proc = procfs_open();
	if (proc < 0)
		return err_set(e, proc, "/proc");
	dir = procfs_open_pid(proc, pid);
	if (dir < 0)
		return err_set(e, dir, "/proc/%d", pid);

	if (plan->deny_setgroups) {
		r = userns_deny_setgroups(dir);
		if (r < 0)
			return err_set(e, r, "deny setgroups in the user namespace");
	}
	r = userns_write_map(dir, "gid_map", &plan->gids);
	if (r < 0)
		return explain_map("linux.gidMappings", r, e);
	r = userns_write_map(dir, "uid_map", &plan->uids);
	return r < 0 ? explain_map("linux.uidMappings", r, e) : 0;
}
