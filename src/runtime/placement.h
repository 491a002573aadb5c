/* SPDX-License-Identifier: Apache-2.0 */
/* On which processors and memory nodes a process runs: lists as "0-3,7" (cpuset(7), "List format"). */
#pragma once

#include "base/err.h"
#include "libocispec-lite/ocispec-lite.h"

/* sched_setaffinity(2) of this thread; `path` names the list in messages. NULL or "": unchanged. */
int placement_set_cpus(const char *list, const char *path, struct err *e);

/* set_mempolicy(2) of this thread, kept over execve (config-linux.md, "Memory policy"). NULL: unchanged. */
int placement_set_memory(const struct oci_memory_policy *policy, struct err *e);

/* Parse only, for checks before anything is made: is it a list? */
int placement_check_list(const char *list, const char *path, struct err *e);
