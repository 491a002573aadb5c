/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who we are and which user namespace the container gets: the decision, and the writing of the maps.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "kernel/userns.h"
#include "libocispec-lite/ocispec-lite.h"
#include "runtime/runtime.h"

/* Facts about the caller, probed once. */
struct ids_caller {
	uid_t euid;
	gid_t egid;
	bool privileged; /* CAP_SYS_ADMIN in the present user namespace */
	bool inside;     /* not in the initial user namespace */
	bool rootless;   /* not the host's root: state below XDG_RUNTIME_DIR, cgroups only as delegated */
};

void ids_probe(enum rootless_mode mode, struct ids_caller *ret_caller);

/* runtime_root() for a caller that is known already. */
int runtime_root_of(const struct runtime *rt, const struct ids_caller *caller, char **ret_path, struct err *e);

/* How the ids of the container are to be mapped. */
struct ids_plan {
	bool add_user;         /* the config names no user namespace, but one is needed */
	bool use_helpers;      /* newuidmap and newgidmap have to write the maps */
	bool deny_setgroups;   /* the kernel wants that before an unprivileged gid_map */
	struct userns_map uids, gids; /* empty: no new user namespace */
};

/* Decide. What was chosen, and why, goes to the debug log. */
int ids_make_plan(const struct oci_config *config, const struct ids_caller *caller, struct ids_plan *ret_plan,
		  struct err *e);
void ids_plan_done(struct ids_plan *plan);

/* Write the maps of the user namespace that the process is in. */
int ids_write(const struct ids_plan *plan, pid_t pid, struct err *e);
