/* SPDX-License-Identifier: Apache-2.0 */
/* What is behind struct cgroup; for the files of this folder alone. */
#pragma once

#include "cgroup/bus.h"
#include "cgroup/cgroup.h"
#include "cgroup/hierarchy.h"
#include "cgroup/tree.h"

/* How a manager makes and removes cgroups. What is done to living ones is the same for all (fs.h). */
struct manager_ops {
	int (*create)(struct cgroup *cgroup, struct err *e);
	int (*clone_fd)(const struct cgroup *cgroup);
	int (*adopt)(struct cgroup *cgroup, pid_t pid, struct err *e);
	int (*update)(struct cgroup *cgroup, const struct oci_resources *resources, struct err *e);
	int (*remove)(struct cgroup *cgroup, struct err *e);
};

extern const struct manager_ops manager_fs;
extern const struct manager_ops manager_systemd;
extern const struct manager_ops manager_none; /* no cgroup: everything succeeds and does nothing */

struct cgroup {
	const struct manager_ops *ops;
	struct cgroup_record record;
	const struct oci_resources *resources; /* borrowed from the request until adopted; NULL: none */
	const struct oci_pair *annotations;    /* the same */
	size_t n_annotations;
	char *own;   /* v2 cgroup of this process where that matters (rootless), or NULL */
	char *slice; /* systemd: where the scope goes */
	char *below; /* systemd: the container's group below the scope, "/name"; "" for the scope itself */
	char *delegated; /* the group below that which the container manages by itself, or NULL */
	struct bus *bus; /* the connection to systemd while there is one */
	bool rootless;
	bool everywhere; /* in all hierarchies; else in the v2 one alone */
	int joined_fd;   /* a pipe on which the child of cgroup_spawn() says that it has moved itself, or -EBADF */
	pid_t born_inside; /* the child that cgroup_spawn() made in the v2 directory; not above 0: none */
	bool unstarted;  /* systemd: planned, so a unit of this name is somebody else's */
	struct hierarchies hierarchies;
};

/* Let systemd move a process into the scope, where the caller itself may not. */
int systemd_attach(struct cgroup *cgroup, pid_t pid, struct err *e);

/* cgroup_locate() for a scope. */
int systemd_locate(struct cgroup *cgroup, struct err *e);

/* The cgroup turned out to be impossible and nobody needs it: from now on there is none. */
void cgroup_give_up(struct cgroup *cgroup);

/* Where the container has a directory in v2, or NULL. */
const struct hierarchy *cgroup_v2_dir(const struct cgroup *cgroup);

/* Where the container has a directory in the v1 hierarchy of this controller, or NULL. */
const struct hierarchy *cgroup_v1_dir(const struct cgroup *cgroup, const char *controller);

/* The hierarchy that tells which processes belong to the container: v2, or with v1 alone the freezer,
   or any that it is in. NULL: none. */
const struct hierarchy *cgroup_main_dir(const struct cgroup *cgroup);

/* Is it in any v1 hierarchy? */
bool cgroup_has_v1_dir(const struct cgroup *cgroup);
