/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why something was refused, and what would help: for the error path only, so that looking further is
 * free.  All of them write *e and return the code they were given.
 */
#pragma once

#include "base/err.h"
#include "mount/plan.h"

/* A path of the host could not be opened: which of its components is at fault? `what`: "source". */
int explain_path(struct err *e, int code, const char *what, const char *path);

/* A target beneath the root could not be opened or made. */
int explain_target(struct err *e, int code, const struct mount_entry *entry, bool directory);

/* A new file system was refused; `words` is what the kernel said on its context, or "". */
int explain_fs(struct err *e, int code, const char *type, const char *words);

/* A new proc or sysfs was refused since the visible one is partly covered: name the covers.
   `where` is "/proc" or "/sys". */
int explain_covered(struct err *e, int code, const char *type, const char *where);
