/* SPDX-License-Identifier: Apache-2.0 */
/* One device node of the container: made by mknod(2) or, where that is refused, the host's one bound in its place. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "mount/tree.h"

/* A node to make, whoever wants it. */
struct mount_node {
	const char *path;
	mode_t mode; /* with the type */
	dev_t number;
	uid_t uid;
	gid_t gid;
	bool explicit; /* of linux.devices */
	const struct oci_device *device;
};

/* Say that it, or a link among the devices, cannot be made.  Returns code. */
int mount_node_explain(struct err *e, int code);

/* Make it as `name` in dir, an O_PATH descriptor.  0 also when it is there already; something else that is there stays,
   and is an error if the node is explicit. */
int mount_node_make(struct rootfs *rootfs, int dir, const char *name, const struct mount_node *node, struct err *e);
