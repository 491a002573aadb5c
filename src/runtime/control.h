/* SPDX-License-Identifier: Apache-2.0 */
/* A live container, for commands that act on it through its cgroup. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "cgroup/cgroup.h"
#include "runtime/runtime.h"
#include "runtime/state.h"

struct control {
	struct state state;
	struct state_now now;
	struct cgroup *cgroup;
};

/* Open it, locked if asked for; -ESRCH when it does not run.  *t is for control_close(). */
int control_open(const struct runtime *rt, const char *id, bool lock, struct control *t, struct err *e);
void control_close(struct control *t);
