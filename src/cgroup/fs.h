/* SPDX-License-Identifier: Apache-2.0 */
/* Cgroups as directories that we make ourselves; the systemd manager uses parts of it. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "cgroup/internal.h"

/* Make the directories in all hierarchies of the cgroup.  `in_scope`: systemd has made a part of them, with the
   container's process in it.  What is not delegated to a rootless caller is left out, unless a limit needs it. */
int fs_make(struct cgroup *cgroup, bool in_scope, struct err *e);

/* Remove again what fs_make() made. */
void fs_unmake(struct cgroup *cgroup);

/* Put pid into every hierarchy in which the container has a directory. */
int fs_join(struct cgroup *cgroup, pid_t pid, struct err *e);

/* The same for the v1 hierarchies alone; `where` is the text of /proc/PID/cgroup, or "" to move it in any case. */
int fs_join_v1(struct cgroup *cgroup, pid_t pid, const char *where, struct err *e);

/* Kill what is in it, wait for the end, and remove the directories. */
int fs_remove(struct cgroup *cgroup, struct err *e);

/* A container in the v2 hierarchy alone moves into all others too, for a limit that only they have. */
int fs_spread(struct cgroup *cgroup, struct err *e);
