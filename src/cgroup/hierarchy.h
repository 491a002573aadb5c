/* SPDX-License-Identifier: Apache-2.0 */
/* The mounted cgroup hierarchies of this machine, and one container's directory in each of them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

struct hierarchy {
	char *name;        /* directory name below /sys/fs/cgroup; "" for pure v2 */
	char *mountpoint;
	char *options;     /* v1: "cpu,cpuacct" or "name=systemd"; v2: "" */
	bool v2;
	int root_fd;       /* O_PATH of the mount point */
	int dir_fd;        /* O_PATH of the container's directory in it, or -EBADF */
	size_t n_made;     /* how many of the last components of the container's path we made */
	bool fresh;        /* we made the directory, and nothing was configured in it yet */
};

struct hierarchies {
	struct hierarchy *v;
	size_t n;
	bool all; /* of this machine */
};

#define HIERARCHIES_INIT { .v = NULL, .n = 0, .all = false }

/*
 * Find them where every distribution mounts them, below /sys/fs/cgroup, told by the type of the
 * filesystem (statfs(2)); the mount table is read only when nothing is there.  Without `all` only the
 * v2 hierarchy is looked for, as long as there is one.  No hierarchy at all is no error: n is 0.
 */
int hierarchies_find(bool all, struct hierarchies *ret_list, struct err *e);
void hierarchies_done(struct hierarchies *list);

/* The v2 hierarchy, or NULL. */
struct hierarchy *hierarchies_v2(const struct hierarchies *list);

/* The v1 hierarchy with this controller ("memory"), or NULL. */
struct hierarchy *hierarchies_v1(const struct hierarchies *list, const char *controller);

/* True if the comma separated list of a v1 hierarchy holds the controller. */
bool hierarchy_has(const struct hierarchy *h, const char *controller);

/* Open the container's directory at path (leading slash) as dir_fd. -ENOENT: not there. */
int hierarchy_open_dir(struct hierarchy *h, const char *path);

/* The path of this hierarchy's line in the text of a /proc/PID/cgroup: new memory, or NULL. */
char *hierarchy_parse_path(const struct hierarchy *h, const char *text);

/* The cgroup of a process ("self" or a pid) in the v2 hierarchy, as /proc/PID/cgroup shows it: new memory. */
int hierarchy_read_v2_path(const char *pid, char **ret_path);
