/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of a container's tree comes from outside: for a program that saves a container's processes and brings
 * them back (CRIU), which has to be told.  Decides from the config; only outside_stage() and
 * outside_make_targets() touch anything.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "libocispec-lite/ocispec-lite.h"
#include "mount/plan.h"
#include "mount/rootfs.h"

struct outside_mount {
	char *place;     /* in the container, absolute and clean; symbolic links of the image are not followed yet */
	char *name;      /* what it is called when it is saved; several may have the same name and source */
	char *source;    /* on the host */
	bool file_only;  /* a masked path: a directory at this place is not meant */
	const struct mount_options *options; /* of mounts[]; NULL: `attrs` instead */
	uint64_t attrs;  /* MOUNT_ATTR_* */
};

struct outside {
	struct mount_plan plan;
	struct outside_mount *mounts;
	size_t n_mounts;
};

/* -ENOTSUP when the tree has something that cannot be saved or brought back. */
int outside_check(const struct oci_config *config, const char *bundle, struct err *e);

/* All mounts that may come from outside; some of the places may have none.  Binds, cgroup hierarchies (as the
   host sees them), devices and masked files.  outside_done() also after a failure. */
int outside_list(const struct oci_config *config, const char *bundle, const struct rootfs_cgroup *cgroups,
		 size_t n_cgroups, struct outside *ret_outside, struct err *e);
void outside_done(struct outside *outside);

/* True for the first one of its name. */
bool outside_is_first(const struct outside *outside, size_t index);

/*
 * In a mount namespace of our own: cover the directory by an empty file system in which each first one (of the
 * number N) is a mount called N, with the attributes that it is to have.  CRIU clones from there: what it takes from
 * the host's tree it makes read-only only where it thinks that it has to, and two binds of one file system are such
 * a place.
 */
int outside_stage(const struct outside *outside, const char *directory, struct err *e);

/* Make the places on which mounts[] go, where root.path does not have them (any more). */
int outside_make_targets(const struct oci_config *config, const char *bundle, struct err *e);
