/* SPDX-License-Identifier: Apache-2.0 */
/* One directory of a cgroup v1 hierarchy (cgroups(7), the kernel's admin-guide/cgroup-v1/). */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "cgroup/hierarchy.h"

/* May a container start in it?  -EBUSY when it holds processes, -EAGAIN when it is frozen. `fresh`: we
   have just made it, so only a parent can be frozen. */
int v1_check(const struct hierarchy *h, const char *path, bool fresh, struct err *e);

/* What a new directory needs before a process can join: a cpuset begins without any processor. */
int v1_prepare(const struct hierarchy *h, const char *path, struct err *e);

/* Freeze or thaw by the freezer hierarchy, and wait for it. */
int v1_freeze(const struct hierarchy *h, const char *path, bool frozen, struct err *e);

/* Frozen by its own file. */
int v1_is_frozen(const struct hierarchy *h, bool *ret_frozen);
