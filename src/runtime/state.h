/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is remembered about a container: one directory per container below the state root, mode 0700, with
 *
 *	state.json   who it is: pid and its start time, bundle, cgroup, ...
 *	config.json  the configuration as it was at create; later changes have no effect (runtime.md)
 *	fuse.log     what the servers of its FUSE mounts said, if it has such
 *	start.sock   init listens here until `start` connects; its presence means "created"
 *
 * The directory itself is the lock (flock(2)); mkdir(2) is what claims an id.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "libocispec-lite/ocispec-lite.h"
#include "runtime/bundle.h"

#define STATE_START_SOCKET "start.sock"
#define STATE_NOTIFY_SOCKET "notify.sock"
#define STATE_FUSE_LOG "fuse.log" /* what the servers said, and how they ended */

/* A process that holds FUSE servers (fuse-monitor.h). */
struct state_monitor {
	int64_t pid;
	uint64_t pid_start_time;
};

/* One of the mounts that were added to a running container. */
struct state_mount {
	uint64_t id; /* as in mountinfo */
	const char *destination; /* as it was given */
};

/* state.json. */
struct state_document {
	const char *oci_version;
	const char *id;
	int64_t pid;             /* of init; 0: there is none yet */
	uint64_t pid_start_time; /* clock ticks since boot: a pid alone may be somebody else's by now */
	bool creating;           /* create has not finished; when nobody holds the lock it died */
	const char *bundle;
	const char *rootfs;
	const char *created; /* RFC 3339 */
	uint32_t owner_uid;
	const char *cgroup_manager; /* cgroup/cgroup.h, struct cgroup_record */
	const char *cgroup_path;
	const char *cgroup_scope;
	uint64_t root_mount_id; /* the tree hangs at rootfs in a mount namespace that is not its own: rootfs_mount_id() */
	const struct state_monitor *fuse_monitors; /* who holds the servers of its FUSE mounts */
	size_t n_fuse_monitors;
	bool no_new_keyring;
	const char *seccomp_receiver; /* filter.h; NULL: none */
	const char *rdt_group; /* rdt.h: its group of resctrl; NULL: none */
	bool rdt_made;         /* create makes the group */
	bool rdt_monitored;    /* create makes a monitoring group named as the container */
	const struct state_mount *mounts; /* added while it ran */
	size_t n_mounts;
	const struct oci_pair *annotations;
	size_t n_annotations;
};

/* A container's directory and what was read from it. */
struct state {
	char *id;
	char *path; /* of the directory */
	int dir_fd; /* also the lock, while it is held */
	struct bundle_document document; /* root is a const struct state_document * */
};

/* The id's alphabet and length, or an error that says what is wrong with it. */
int state_check_id(const char *id, struct err *e);

/* Make the container's directory and lock it.  -EEXIST: "container with given ID already exists". */
int state_claim(const char *root, const char *id, struct state *ret_state, struct err *e);

/* Open an existing one.  -ENOENT: "container does not exist".  The document may be missing when create
   died early: state_document() is NULL then.  With `lock` it waits for the lock first. */
int state_open(const char *root, const char *id, bool lock, struct state *ret_state, struct err *e);

/* Open and lock one without reading its document, which may be damaged. */
int state_open_unread(const char *root, const char *id, struct state *ret_state, struct err *e);

/* Take or leave the lock of an open one. -ENOENT: it was removed meanwhile. */
int state_lock(struct state *state, struct err *e);
void state_unlock(struct state *state);
void state_done(struct state *state);

static inline const struct state_document *state_document(const struct state *state)
{
	return state->document.root;
}

/* Write state.json at once, so that a reader sees the old or the new one. */
int state_write(struct state *state, const struct state_document *document, struct err *e);

/* Remove the directory and what ocirun puts into one; 0 also when it is gone.  When it holds anything else, what
   is not ours stays, and it is -ENOTEMPTY; without a record nothing is removed then. */
int state_remove(struct state *state, struct err *e);

/* The configuration as it was at create. */
int state_read_config(const struct state *state, struct bundle_document *ret_config, struct err *e);

/* How a container is, and init's pidfd while it lives. */
struct state_now {
	enum oci_status status;
	pid_t pid;  /* 0 when stopped */
	int pidfd;  /* -EBADF when stopped; owned */
};

/* Look. A zombie counts as stopped, and so does a foreign process with init's number. */
int state_look(const struct state *state, struct state_now *ret_now, struct err *e);
void state_now_done(struct state_now *now);

/* The state document of the specification, as JSON in new memory; status and pid are given. */
char *state_print(const struct state_document *document, enum oci_status status, pid_t pid, enum lite_style style,
		  size_t *ret_len);

/* Ids below root, sorted; an absent root has none. */
int state_list(const char *root, char ***ret_ids, size_t *ret_n, struct err *e);
