/* SPDX-License-Identifier: Apache-2.0 */
/* Events of a container as JSON, in the form that `events` of other runtimes has and engines read. */
#pragma once

#include "cgroup/stats.h"
#include "runtime/netstats.h"

/* {"type":"stats","id":ID,"data":{...}}: new memory; NULL when memory ran out. */
char *stats_json(const char *id, const struct cgroup_stats *stats, const struct netstats *net);

/* {"type":TYPE,"id":ID}: the same. */
char *event_json(const char *type, const char *id);
