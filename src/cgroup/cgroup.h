/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control groups of a container: one interface over cgroup v2, v1 and hybrid hierarchies (and
 * systemd scopes).  Everything here has explained its errors (struct err).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "libocispec-lite/ocispec-lite.h"

enum cgroup_manager { CGROUP_MANAGER_CGROUPFS = 1, CGROUP_MANAGER_SYSTEMD, CGROUP_MANAGER_DISABLED };

/* The manager of that name ("cgroupfs", "systemd", "disabled"), or -EINVAL; and back. */
int cgroup_manager_from_name(const char *name);
const char *cgroup_manager_name(enum cgroup_manager manager);

struct cgroup_request {
	enum cgroup_manager manager;
	const char *id;   /* the container's */
	const char *path; /* linux.cgroupsPath as configured; NULL or "": a default */
	bool rootless;    /* not root of the initial user namespace: what is not delegated is done without */
	const struct oci_resources *resources; /* NULL: none; borrowed until cgroup_adopt() has returned */
	const struct oci_pair *annotations;    /* the same */
	size_t n_annotations;
};

/* What has to be remembered to find the cgroup again: it goes into the state document.  Strings
   are owned. */
struct cgroup_record {
	char *manager; /* cgroup_manager_name(); NULL: the container has no cgroup */
	char *path;    /* relative to the mount point of each hierarchy, with a leading slash */
	char *scope;   /* systemd's unit, or NULL */
};

void cgroup_record_done(struct cgroup_record *record);

struct cgroup; /* opaque */

/* Decide where the cgroup goes, and touch nothing yet: the record can be saved before anything
   is made, so that a crash leaves nothing that `delete --force` does not find.
   *ret_cgroup is freed by cgroup_free(). */
int cgroup_plan(const struct cgroup_request *request, struct cgroup **ret_cgroup, struct err *e);

/* The record of a planned or opened cgroup, owned by it. */
const struct cgroup_record *cgroup_get_record(const struct cgroup *cgroup);

/* Make it.  -EBUSY when it exists and holds processes, or is frozen. */
int cgroup_create(struct cgroup *cgroup, struct err *e);

/* A descriptor of the cgroup v2 directory for CLONE_INTO_CGROUP, borrowed, or -EBADF when there
   is none (no v2 hierarchy, or systemd has to place the process). */
int cgroup_clone_fd(const struct cgroup *cgroup);

/*
 * spawn_clone() into the cgroup: CLONE_INTO_CGROUP for v2, as long as the kernel permits it from where we are,
 * and into the v1 hierarchies the child moves itself before this returns 0 in it, which costs some 10 us each,
 * where a move from outside waits for a grace period of RCU (some 10 ms).  cgroup_adopt() or cgroup_enter() has
 * to follow: they see to what did not work out.  The child must have one thread.
 */
pid_t cgroup_spawn(struct cgroup *cgroup, uint64_t flags, int *ret_pidfd);

/* Put a process, which cgroup_spawn() may have placed already, into all hierarchies, and apply the
   resources.  For systemd: make the scope around it. */
int cgroup_adopt(struct cgroup *cgroup, pid_t pid, struct err *e);

/* In a process that cgroup_adopt() has placed from outside, before a cgroup namespace hides it: where that is.  Of a
   scope only systemd knows it, after the process was made. */
int cgroup_locate(struct cgroup *cgroup, struct err *e);

/* Put one more process, which cgroup_spawn() may have placed already, into all hierarchies of a living
   container. */
int cgroup_enter(struct cgroup *cgroup, pid_t pid, struct err *e);

/*
 * Before cgroup_spawn() and cgroup_enter(): choose where in the container's cgroup the process goes.  With
 * `sub` (a path below it) into that sub-group; without, where init is, if the cgroup itself takes no processes
 * because somebody inside (systemd) has enabled controllers for sub-groups.
 */
int cgroup_descend(struct cgroup *cgroup, pid_t init, const char *sub, struct err *e);

/* Give the cgroup's files to the root of a user namespace (host ids), as config-linux.md, "Cgroup
   ownership" says. */
int cgroup_chown(struct cgroup *cgroup, uid_t uid, gid_t gid, struct err *e);

/* Does an annotation ask for a group below the cgroup that the container manages by itself? */
bool cgroup_has_delegated(const struct cgroup *cgroup);

/* Make that group and move the process there, which is alone in the cgroup and has left for the cgroup namespace
   that it is to be in; owned by these host ids, or uid -1: as it is. */
int cgroup_delegate(struct cgroup *cgroup, pid_t pid, uid_t uid, gid_t gid, struct err *e);

/* Change the limits of a live container; on failure the old values are back. */
int cgroup_update(struct cgroup *cgroup, const struct oci_resources *resources, struct err *e);

/* Find the cgroup of a container again. A record without manager gives an object on which every
   operation succeeds and does nothing, except freezing, which is an error. */
int cgroup_open(const struct cgroup_record *record, struct cgroup **ret_cgroup, struct err *e);
void cgroup_free(struct cgroup *cgroup);
void cgroup_freep(struct cgroup **cgroup);

/* Signal every process in it (SIGKILL: cgroup.kill where there is one). 0 also when it is empty or gone. */
int cgroup_signal(struct cgroup *cgroup, int sig, struct err *e);

/* Freeze or thaw, and wait until it is so. To thaw what is gone is no error. */
int cgroup_freeze(struct cgroup *cgroup, bool frozen, struct err *e);
int cgroup_is_frozen(struct cgroup *cgroup, bool *ret_frozen, struct err *e);

/* The same without opening it: what `list` asks of a thousand containers. */
int cgroup_record_is_frozen(const struct cgroup_record *record, bool *ret_frozen, struct err *e);

/* Is there a directory of it in any hierarchy?  Somebody may have moved its processes away and removed it. */
bool cgroup_exists(const struct cgroup *cgroup);

/* All processes, those of sub-groups too, as this process sees their pids; *ret_pids is new memory. */
int cgroup_pids(struct cgroup *cgroup, pid_t **ret_pids, size_t *ret_n_pids, struct err *e);

/* Remove it and its children, killing what is left in it. 0 also when it is gone already. */
int cgroup_remove(struct cgroup *cgroup, struct err *e);

/* One hierarchy of this machine as a container should see it: for mounts of type cgroup. */
struct cgroup_hierarchy {
	char *name;       /* directory name below /sys/fs/cgroup: "cpu,cpuacct", "systemd", "unified"; "" for pure v2 */
	char *mountpoint; /* on the host */
	char *options;    /* of the mount: "cpu,cpuacct", "name=systemd" */
	char *path;       /* the container's cgroup in this hierarchy, relative to its root */
	bool own;         /* which nobody else is in; else it did not join, and is where its parent is */
	bool v2;
};

/* The hierarchies, with the container's path in each; *ret is new memory for cgroup_hierarchies_free(). */
int cgroup_hierarchies(struct cgroup *cgroup, struct cgroup_hierarchy **ret, size_t *ret_n, struct err *e);
void cgroup_hierarchies_free(struct cgroup_hierarchy *hierarchies, size_t n);
