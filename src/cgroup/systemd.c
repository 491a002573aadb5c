/* SPDX-License-Identifier: Apache-2.0 */
/* Being written: a clear refusal. */
#include <errno.h>

#include "cgroup/internal.h"

static int refuse(struct err *e)
{
	return err_say(e, -EOPNOTSUPP, "the systemd cgroup manager is not in this build of ocirun: systemd's bus is not "
				       "spoken yet; use the cgroupfs manager");
}
static int systemd_create(struct cgroup *cgroup, struct err *e)
{
	(void)cgroup;
	return refuse(e);
}
static int systemd_clone_fd(const struct cgroup *cgroup)
{
	(void)cgroup;
	return -EBADF;
}
static int systemd_adopt(struct cgroup *cgroup, pid_t pid, struct err *e)
{
	(void)cgroup;
	(void)pid;
	return refuse(e);
}
static int systemd_update(struct cgroup *cgroup, const struct oci_resources *resources, struct err *e)
{
	(void)cgroup;
	(void)resources;
	return refuse(e);
}
static int systemd_remove(struct cgroup *cgroup, struct err *e)
{
	(void)cgroup;
	return refuse(e);
}
const struct manager_ops manager_systemd = {
	.create = systemd_create, .clone_fd = systemd_clone_fd, .adopt = systemd_adopt,
	.update = systemd_update, .remove = systemd_remove,
};
