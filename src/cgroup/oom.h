/* SPDX-License-Identifier: Apache-2.0 */
/* To be told when the kernel ends processes of a cgroup for want of memory. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "cgroup/cgroup.h"

struct cgroup_oom {
	int fd;           /* for poll(2); -EBADF: there is nobody to tell, since the container has no memory cgroup */
	short poll_events; /* what to poll for */
	int dir_fd;       /* v1: the cgroup's directory */
	uint64_t n_kills; /* v2: as many as have been told */
};

#define CGROUP_OOM_INIT { .fd = -EBADF, .dir_fd = -EBADF }

/* Begin to watch; *ret_oom is for cgroup_oom_done(), and does not need the cgroup any more. */
int cgroup_oom_watch(struct cgroup *cgroup, struct cgroup_oom *ret_oom, struct err *e);

/* Has it happened since the last call?  Never waits; false also when the cgroup is gone.  0 or -errno. */
int cgroup_oom_happened(struct cgroup_oom *oom, bool *ret_happened);

void cgroup_oom_done(struct cgroup_oom *oom);
