/* SPDX-License-Identifier: Apache-2.0 */
/* The table of state.json, and the way from it back to the container's cgroup. */
#pragma once

#include "cgroup/cgroup.h"
#include "runtime/state.h"

extern const struct lite_type *const STATE_DOCUMENT;

/* The cgroup's part of it; the strings stay the document's. */
struct cgroup_record state_cgroup_record(const struct state_document *document);

/* The container's cgroup, for cgroup_free(). */
int state_open_cgroup(const struct state_document *document, struct cgroup **ret_cgroup, struct err *e);
