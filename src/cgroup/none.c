/* SPDX-License-Identifier: Apache-2.0 */
/* The manager of containers without a cgroup: nothing to make and nothing to remove. */
#include <errno.h>

#include "cgroup/internal.h"
#include "cgroup/limits.h"

static int none_create(struct cgroup *cgroup, struct err *e)
{
	(void)cgroup;
	(void)e;
	return 0;
}

static int none_clone_fd(const struct cgroup *cgroup)
{
	(void)cgroup;
	return -EBADF;
}

static int none_adopt(struct cgroup *cgroup, pid_t pid, struct err *e)
{
	(void)cgroup;
	(void)pid;
	(void)e;
	return 0;
}

static int none_update(struct cgroup *cgroup, const struct oci_resources *resources, struct err *e)
{
	(void)cgroup;
	if (!limits_asked(resources))
		return 0;
	return err_say(e, -EOPNOTSUPP, "linux.resources.%s: the container has no cgroup", limits_first(resources));
}

static int none_remove(struct cgroup *cgroup, struct err *e)
{
	(void)cgroup;
	(void)e;
	return 0;
}

const struct manager_ops manager_none = {
	.create = none_create,
	.clone_fd = none_clone_fd,
	.adopt = none_adopt,
	.update = none_update,
	.remove = none_remove,
};
