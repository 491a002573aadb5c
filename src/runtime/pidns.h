/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of a container that has no cgroup to list them. */
#pragma once

#include <sys/types.h>

#include "base/err.h"
#include "runtime/state.h"

/* All processes in the pid namespace of init, if that is not our own, and else init alone: what others in our
   namespace it has started, nothing tells.  `now`: of a living container.  *ret_pids is new memory; the pids are as
   we see them, in ascending order.  -ESRCH: init has ended meanwhile. */
int pidns_list(const struct state_now *now, pid_t **ret_pids, size_t *ret_n, struct err *e);
