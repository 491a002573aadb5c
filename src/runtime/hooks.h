/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks (config.md, "POSIX-platform Hooks"): programs that get the container's state on stdin. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "libocispec-lite/ocispec-lite.h"
#include "runtime/state.h"

enum hook_kind {
	HOOK_PRESTART,
	HOOK_CREATE_RUNTIME,
	HOOK_CREATE_CONTAINER,
	HOOK_START_CONTAINER,
	HOOK_POSTSTART,
	HOOK_POSTSTOP,
};

struct hooks_run {
	const struct oci_config *config;
	const struct state_document *document; /* the container, for the state on stdin */
	pid_t pid;       /* of init, as the hook sees it */
	int watch_pidfd; /* when that process ends, the hook is killed; -EBADF: none */
	bool interruptible; /* by SIGINT and the like, where they are blocked: the hook is killed, -EINTR (interrupt.h) */
	char *const *default_env; /* for a hook without env; NULL: an empty one */
};

/* True if there is a hook of that kind. */
bool hooks_any(const struct oci_config *config, enum hook_kind kind);

/* Run all of a kind, in order.  The first failure ends it: "error running createRuntime hook #1: ...". */
int hooks_run(const struct hooks_run *run, enum hook_kind kind, struct err *e);

/* poststop: each is run whatever the others did, and a failure is a warning (runtime.md, Lifecycle 13). */
void hooks_run_poststop(const struct hooks_run *run);
