/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.resources (config-linux.md, "Control groups") to files of cgroups: which controllers are
 * needed, which values are written in which order, and how to undo them.  Devices are in devices.h.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "cgroup/hierarchy.h"
#include "cgroup/limit-list.h"
#include "cgroup/v2.h"
#include "libocispec-lite/ocispec-lite.h"

struct cgroup;

/* True when a limit is asked for.  Empty objects, rules for devices and values that ask for what is so
   anyway (disableOOMKiller: false) do not count: engines always send them. */
bool limits_asked(const struct oci_resources *r);

/* The first property that makes limits_asked() true, for messages: "memory.limit". */
const char *limits_first(const struct oci_resources *r);

/* Errors that need no file: values out of range, contradictions, what v1 alone knows on v2. */
int limits_validate(const struct oci_resources *r, const struct hierarchies *hierarchies, struct err *e);

/* The v2 controllers that the limits need; for v2_needs_done(). */
struct v2_needs limits_v2_needs(const struct oci_resources *r, const struct hierarchies *hierarchies);

/* -EOPNOTSUPP when a limit needs a hierarchy in which the container could not get a directory. */
int limits_reachable(const struct cgroup *cgroup, struct err *e);

/* Write all of them, and the device rules. */
int limits_apply(struct cgroup *cgroup, const struct oci_resources *r, struct err *e);

/* The files and values that r amounts to in this cgroup, v1's and v2's; appended to list. */
int limits_plan(const struct cgroup *cgroup, const struct oci_resources *r, struct limit_list *list, struct err *e);

/* As limits_apply(), but on a failure the old values are back. */
int limits_update(struct cgroup *cgroup, const struct oci_resources *r, struct err *e);

/* The same; `commit`, if not NULL, is called when all files are written, and its failure undoes them. */
int limits_update_then(struct cgroup *cgroup, const struct oci_resources *r,
		       int (*commit)(struct cgroup *cgroup, const struct oci_resources *r, struct err *e), struct err *e);
