/* SPDX-License-Identifier: Apache-2.0 */
/* One more process for a living cgroup: `exec`. */
#include "cgroup/fs.h"

int cgroup_enter(struct cgroup *cgroup, pid_t pid, struct err *e)
{
	return fs_join(cgroup, pid, e);
}
