/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of resctrl's schemata: "L3:0=f;1=ff", a resource, and a value for each of its domains.  Pure.
 * (config-linux.md, "IntelRdt"; kernel documentation, filesystems/resctrl, "Schemata files - general concepts".)
 */
#pragma once

#include "base/err.h"
#include "libocispec-lite/ocispec-lite.h"

/* What l3CacheSchema and memBwSchema mean together: lines, in new memory; NULL when neither is set.  Lines beginning
   with MB: of the first do not count beside the second. */
char *rdt_schema_combine(const char *l3_cache_schema, const char *mem_bw_schema);

/* The lines of `schemata`, in new memory; NULL when there are none. */
char *rdt_schema_join(const char *const *schemata, size_t n);

/* Does a group whose file reads `actual` have all that `wanted` asks for?  Of what is asked for twice the last counts.
   NULL, or the first value that differs as "L3:0=f", in new memory. */
char *rdt_schema_difference(const char *wanted, const char *actual);

/* The rules for single values, before anything is touched. */
int rdt_schema_check(const struct oci_intel_rdt *rdt, struct err *e);

/* memBwSchema, or what else is `name`, has to be one line that begins with MB:. */
int rdt_schema_check_bandwidth(const char *schema, const char *name, struct err *e);
