/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idmapped mounts (mount_setattr(2), MOUNT_ATTR_IDMAP): ids of files shifted by a user namespace, be it
 * the container's or one made for this mount and thrown away (config.md, uidMappings; the options idmap
 * and ridmap, also as "idmap=uids=0-1000-1;gids=0-1000-1").
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "kernel/userns.h"
#include "mount/plan.h"

/* From where the mapping is applied. */
struct idmap_env {
	const struct userns_map *uids, *gids; /* the container's maps; NULL: it has no user namespace of its own */
	bool inside;   /* we are in the container's user namespace: ids of the host must be translated */
	int userns_fd; /* the container's user namespace as seen from the outside; else -EBADF */
};

/* Can the mapping in the option be read?  Pure. */
int idmap_check(const struct mount_entry *entry, struct err *e);

/* Shift the ids of the detached mount.  `fresh`: its file system was made in the user namespace we are
   in, which is thus where its ids are at home. */
int idmap_apply(int mnt_fd, const struct mount_entry *entry, const struct idmap_env *env, bool fresh,
		struct err *e);
