/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One change of the mounts of a container that runs: what the runtime (mounts.c) and the process that goes to the
 * container (mounts-join.c) share.  The latter makes or removes what `documents` say, and tells of each new mount
 * (sync.h: mount-id); it takes all back unless it is told that they are recorded (committed).
 */
#pragma once

#include "base/err.h"
#include "libocispec-lite/ocispec-lite.h"
#include "runtime/ids.h"
#include "runtime/state.h"

struct mounts_change {
	const struct oci_config *config; /* the container's, with the mounts to add in place of its own */
	const struct state_document *record;
	const struct state_mount *remove; /* these, instead of adding */
	size_t n_remove;
	pid_t pid;       /* of init */
	int pidfd;
	int namespaces;  /* CLONE_NEW* in which the container differs from us */
	struct ids_caller caller;
	int sync, join_sync; /* the runtime's end, and that of the process that goes there */
};

/* The process that goes to the container: entered by the child of a fork; never returns. */
void mounts_join_main(struct mounts_change *change) __attribute__((noreturn));
