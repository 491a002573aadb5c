/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of a container as a table of ps(1). */
#pragma once

#include "base/err.h"
#include "runtime/runtime.h"

/*
 * Run ps(1), found by PATH, with these arguments (NULL-terminated; none: -ef) and keep its header and
 * the lines of the container's processes.  The output needs a column called PID.
 * *ret_table is new memory.
 */
int container_ps_table(const struct runtime *rt, const char *id, char *const *ps_args, char **ret_table,
		       struct err *e);
