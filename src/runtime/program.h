/* SPDX-License-Identifier: Apache-2.0 */
/* Programs of the host that ocirun calls: where they are. */
#pragma once

#include <stdbool.h>

/* What PATH is when the caller has none: engines call some commands with an empty environment. */
#define PROGRAM_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Is there a file that can be executed? */
bool program_is(const char *path);

/* The program of that name in PATH, as an absolute path in new memory; NULL: there is none. */
char *program_find(const char *name);
