/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces: which are joined, which are made, by whom, and whether that takes a fork. */
#include "runtime/plan.h"

#include <errno.h>
#include <sched.h>

#include "base/str.h"
#include "kernel/syscalls.h"

/* The order in which namespaces are joined, and their flags. */
static const struct {
	enum oci_namespace_type type;
	unsigned flag;
} order[] = {
	{ OCI_NS_IPC, CLONE_NEWIPC },       { OCI_NS_UTS, CLONE_NEWUTS },   { OCI_NS_NETWORK, CLONE_NEWNET },
	{ OCI_NS_PID, CLONE_NEWPID },       { OCI_NS_TIME, CLONE_NEWTIME }, { OCI_NS_CGROUP, CLONE_NEWCGROUP },
	{ OCI_NS_USER, CLONE_NEWUSER },     { OCI_NS_MOUNT, CLONE_NEWNS },
};

unsigned plan_namespace_flag(enum oci_namespace_type type)
{
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (order[i].type == type)
			return order[i].flag;
	return 0;
}

static const struct oci_namespace *find(const struct oci_linux *lx, enum oci_namespace_type type)
{
	for (size_t i = 0; lx && i < lx->n_namespaces; i++)
		if (lx->namespaces[i].type == type)
			return &lx->namespaces[i];
	return NULL;
}

int plan_namespaces(const struct oci_config *config, bool add_user, struct ns_plan *ret_plan, struct err *e)
{
	const struct oci_linux *lx = config->linux_;
	struct ns_plan plan = { .n_join = 0 };

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		const struct oci_namespace *ns = find(lx, order[i].type);

		if (!ns)
			continue;
		if (ns->path) {
			plan.join[plan.n_join++] =
				(struct ns_join){ ns->type, ns->path, (size_t)(ns - lx->namespaces) };
			plan.user_joined |= ns->type == OCI_NS_USER;
		} else {
			plan.made |= order[i].flag;
		}
	}

	if (add_user && plan.user_joined)
		return err_say(e, -EINVAL, "linux.namespaces: a user namespace cannot be both joined and added");
	if (add_user)
		plan.made |= CLONE_NEWUSER;
	plan.user_made = plan.made & CLONE_NEWUSER;

	/* clone3 would root the cgroup namespace at the parent's cgroup, and enter a time namespace before its
	   offsets are there (cgroup_namespaces(7), time_namespaces(7)); before Linux 6.3 it refuses the latter. */
	plan.unshare = plan.made & CLONE_NEWCGROUP;
	plan.unshare_time = plan.made & CLONE_NEWTIME;
	/* clone3 makes the file system of an ipc namespace as well (mqueue), which belongs to who calls: an id that the
	   container does not know, and only the owner may label it. */
	if (lx && (plan.user_made || plan.user_joined) && !str_empty(lx->mount_label))
		plan.unshare |= plan.made & CLONE_NEWIPC;
	plan.clone = plan.made & ~(plan.unshare | (unsigned)CLONE_NEWTIME);

	/* Only children are in a joined pid namespace; what is made has to belong to a joined user
	   namespace; what is joined has to be joined before a new user namespace takes the privilege. */
	plan.fork = plan.user_joined || (plan.user_made && plan.n_join > 0);
	for (size_t i = 0; i < plan.n_join; i++)
		plan.fork |= plan.join[i].type == OCI_NS_PID;

	*ret_plan = plan;
	return 0;
}
