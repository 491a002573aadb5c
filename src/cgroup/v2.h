/* SPDX-License-Identifier: Apache-2.0 */
/* One directory of a cgroup v2 hierarchy (cgroups(7), the kernel's admin-guide/cgroup-v2.rst). */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"
#include "cgroup/hierarchy.h"

/* May a container start in it?  -EBUSY when it holds processes, -EAGAIN when it is frozen: by itself, or by
   a parent, which a new one that is a child of the root does not have. */
int v2_check(const struct hierarchy *h, const char *path, struct err *e);

/* Controllers that have to be there, and which property asks for each: "linux.resources.pids.limit". */
struct v2_needs {
	struct strv controllers;
	struct strv properties;
};

#define V2_NEEDS_INIT { .controllers = STRV_INIT, .properties = STRV_INIT }

void v2_needs_done(struct v2_needs *needs);

/*
 * Enable controllers on the way from the root down to the parent of path.  All of `needs` or it is an
 * error; with `all` whatever else the root has, as far as it can be had: engines read statistics from
 * these files even where no limit was asked for.
 */
int v2_enable(const struct hierarchy *h, const char *path, const struct v2_needs *needs, bool all, struct err *e);

/* Enable for the children of path whatever it has itself, as far as it can be had. */
int v2_enable_below(const struct hierarchy *h, const char *path, struct err *e);

/* May this process move others into path?  The common ancestor's cgroup.procs has to be writable
   (cgroups(7), "Cgroups delegation").  0 or -errno of the open. */
int v2_may_join(const struct hierarchy *h, const char *own, const char *path);

/* Put pid into it, unless it is there already: every write costs an RCU grace period. */
int v2_join(const struct hierarchy *h, const char *path, pid_t pid, struct err *e);

/* Freeze or thaw and wait for it. */
int v2_freeze(const struct hierarchy *h, const char *path, bool frozen, struct err *e);

/* Frozen by its own file: cgroup.freeze. */
int v2_is_frozen(const struct hierarchy *h, bool *ret_frozen);

/* SIGKILL for all in it, forks included: cgroup.kill.  -EOPNOTSUPP before Linux 5.14. */
int v2_kill(const struct hierarchy *h);

/* Wait until nothing runs in it or below. 0 or -ETIMEDOUT. */
int v2_wait_empty(const struct hierarchy *h, int timeout_ms);
