/* SPDX-License-Identifier: Apache-2.0 */
/* linux.cgroupsPath (config-linux.md, "Cgroups Path") to a place; pure, nothing is touched. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct cgroup_path_request {
	const char *id;         /* the container's */
	const char *configured; /* linux.cgroupsPath; NULL or "": none */
	bool systemd;           /* for the systemd manager: "slice:prefix:name" */
	bool rootless;
	const char *own;        /* the v2 cgroup of this process; needed when cgroup_path_needs_own() says so */
};

/* Where it goes. Strings are owned; cgroup_place_done(). */
struct cgroup_place {
	char *path;  /* with a leading slash, clean, not "/"; for systemd below its manager's own cgroup */
	char *slice; /* systemd: "machine.slice" */
	char *scope; /* systemd: "libpod-ID.scope" */
};

/* True if the place is relative to the cgroup of the caller: rootless, with the cgroupfs manager, and a
   path that is relative or not configured. */
bool cgroup_path_needs_own(const struct cgroup_path_request *request);

/*
 * Absolute paths are relative to the mount points of the hierarchies.  Relative ones, and the default
 * "ocirun-ID", lie in the root, or for a rootless caller in its own cgroup, which is all that may
 * have been delegated to it.  -EINVAL for "..", for "/" and for a form of the other manager.
 */
int cgroup_path_place(const struct cgroup_path_request *request, struct cgroup_place *ret_place, struct err *e);
void cgroup_place_done(struct cgroup_place *place);

/* The group `below` that of `path`, clean, in new memory; "" and "/" are path itself.  `what` said so, and is named
   by -EINVAL for "..". */
int cgroup_path_below(const char *path, const char *below, const char *what, char **ret_path, struct err *e);

/* Length of the deepest cgroup that both absolute paths lie in; 0 for the root. */
size_t cgroup_path_common(const char *a, const char *b);

/* The directory of a systemd slice: "a-b.slice" is /a.slice/a-b.slice (systemd.slice(5)); "-.slice" is
   "".  New memory; NULL when it is no valid name of a slice. */
char *cgroup_path_of_slice(const char *slice);
