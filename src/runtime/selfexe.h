/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own binary, safe from the containers (CVE-2019-5736).  What runs in a container for a moment, or is made to
 * run there ("#!/proc/self/exe"), shows the container a way to our file.  Where the ids of the container may write
 * that file, we run from a place that nobody can write: a read-only mount of it, or a sealed copy in memory.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "kernel/userns.h"

/* Decide, and if it has to be, move there, or execute ourselves once more: then this does not return.  Called when it is known
   which ids the container has, and before anything is made.  uids: the map of the container's user namespace;
   NULL: it has none of its own. */
int selfexe_protect(const struct userns_map *uids, struct err *e);
