/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.intelRdt (config-linux.md, "IntelRdt"): in which group of resctrl a container is, and who removes it.  What was
 * decided is in state.json, so that delete, exec and update need no more than that.  A config without intelRdt touches
 * nothing of resctrl, and none of these functions then asks the host anything.
 */
#pragma once

#include <sys/types.h>

#include "base/err.h"
#include "libocispec-lite/ocispec-lite.h"
#include "runtime/state.h"

/* Judge the config and what resctrl has, and write into *record which group it will be and which directories create
   makes.  Changes nothing of the host; all that can be refused is refused here. */
int rdt_plan(const struct oci_config *config, struct state_document *record, struct err *e);

/* Make the group and write its schemata.  What turns out to be somebody else's is no longer in the record. */
int rdt_make(const struct oci_config *config, struct state_document *record, struct err *e);

/* Put a process with one thread into the container's group. */
int rdt_adopt(const struct state_document *record, pid_t pid, struct err *e);

/* Remove what rdt_make() made, when its processes have ended.  A group of a closID in which others live stays. */
int rdt_remove(const struct state_document *record, struct err *e);

/* Change the schemata of a container's own group: l3CacheSchema and memBwSchema, NULL: as it is.  *ret_old is what
   rdt_restore() puts back, in new memory. */
int rdt_update(const struct state_document *record, const char *l3_cache_schema, const char *mem_bw_schema,
	       char **ret_old, struct err *e);
int rdt_restore(const struct state_document *record, const char *old, struct err *e);
