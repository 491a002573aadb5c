/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One launch: what the runtime (create.c) and the process that becomes the container (init.c) share.  Init is a
 * fork of the runtime, so what was set before `spawn` is there on both sides; what comes later travels as
 * messages (sync.h).
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/clock.h"
#include "base/err.h"
#include "cgroup/cgroup.h"
#include "mount/rootfs.h"
#include "runtime/bundle.h"
#include "runtime/fuse-server.h"
#include "runtime/ids.h"
#include "runtime/plan.h"
#include "runtime/runtime.h"
#include "runtime/state.h"
#include "seccomp/seccomp.h"

struct netdevices;

struct launch {
	/* given */
	const struct runtime *rt;
	const struct create_options *options;
	bool running;    /* this is `run` */
	bool foreground; /* run without --detach: the terminal, if there is one, is the runtime's to proxy */

	/* set by the stages "load" to "plan" */
	struct ids_caller caller;
	char *root;   /* of all state directories */
	char *bundle; /* absolute */
	char *rootfs; /* absolute path of root.path */
	struct bundle_document document; /* config.json */
	const struct oci_config *config;
	struct ids_plan ids;
	struct ns_plan namespaces;
	struct seccomp_program seccomp;
	bool have_seccomp;
	unsigned listen_fds;
	struct cgroup *cgroup;

	/* set by "claim" and "open" */
	struct state state;
	bool claimed;
	struct state_document record; /* what state.json says; borrows from this struct */
	char created[CLOCK_TEXT_MAX];
	bool cgroup_made;
	int join_fds[OCI_NS_TYPES];
	int console_socket; /* connected */
	int start_socket;   /* init's listening end; none for `run`, which stays in touch by `sync` */
	int old_oom;        /* process_restore_oom() */
	int notify_socket;  /* notify.h; `run` only */
	struct notify_config *notify;

	/* set by "spawn" */
	int sync;      /* the runtime's end */
	int init_sync; /* init's end */
	pid_t pid;     /* of init, as the runtime sees it */
	int pidfd;
	struct netdevices *net_devices; /* in init's namespace; NULL: none */
	int interrupted; /* by which signal; 0: it was not */
	bool hooks_begun; /* from now on a failure runs the poststop hooks */

	struct fuse_servers fuse;
	struct state_monitor fuse_monitor; /* what the record says of it */

	/* set by "ready" */
	int console; /* the terminal's master, foreground only */

	/* init's own */
	struct rootfs *tree;
	int terminal; /* the slave */
};

/* Init's side, entered by the child of clone3; never returns. */
void init_main(struct launch *l) __attribute__((noreturn));

/* No descriptor is open yet.  launch_prepare() does it. */
void launch_init(struct launch *l);

/* Load, judge, decide; nothing outside of this process is changed.  It may execute itself once more
   (selfexe.h). */
int launch_prepare(struct launch *l, struct err *e);

/* Take the id of what is prepared; the record is on disk then, for `delete --force`. */
int launch_claim(struct launch *l, struct err *e);

/* What create and restore have in common besides: the hooks of the runtime, prestart and createRuntime, when the
   container's namespaces are there; and the end, when it is there, told by state.json, --pid-file and --pidfd-socket. */
int launch_run_hooks(struct launch *l, struct err *e);
int launch_commit(struct launch *l, struct err *e);

/* The create stages, for `create` and `run`.  On failure everything is undone. launch_done() frees
   what the struct holds in both cases. */
int launch_create(struct launch *l, struct err *e);
void launch_done(struct launch *l);

/* After a failed stage: end init and remove what was made.  *e becomes clearer where init's end tells why. */
void launch_undo(struct launch *l, struct err *e);

/* After a failure: when it was a signal, take it, and say so.  It ends us when all is undone and told (launch_done(), main()). */
void launch_note_interrupt(struct launch *l, struct err *e);

/* In the foreground, when the program has ended, or r tells of a failure: remove all.  An error that is there
   already stays the one that is told. */
int launch_finish(struct launch *l, int r, struct err *e);

/* Connect to a created container's init and wait until its program runs; then the poststart hooks. */
int launch_start(struct state *state, const struct oci_config *config, struct err *e);

/* The same for who has held the lock since it was "created".  pidfd is init's, and sock is connected to it. */
int launch_start_created(struct state *state, const struct oci_config *config, int pidfd, int sock, struct err *e);

/* Kill init and everything in the cgroup, and remove all traces; used by delete and by failures.  Steps that
   fail are named in *e, and the rest is done all the same. */
int launch_destroy(struct state *state, const struct oci_config *config, struct err *e);
