/* SPDX-License-Identifier: Apache-2.0 */
/* What this caller can have on this machine: found out by making containers, not by asking for versions. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "runtime/runtime.h"

/* One answer. Strings are valid during the call that gets it. */
struct doctor_finding {
	const char *name; /* "overlay" */
	const char *what; /* what it is good for */
	bool works;
	bool needed;      /* without it there is no container at all, and nothing more is asked */
	const char *why;  /* when it does not work: the error of create, or NULL */
};

/*
 * Try everything in a new directory below `directory` (NULL: $TMPDIR, or /tmp), on whose file system some of it depends,
 * with a state root of its own; nothing stays.  `tell` gets each finding at once.  -errno when nothing can be tried;
 * what does not work is no failure.
 */
int runtime_doctor(const struct runtime *rt, const char *directory, void (*tell)(void *ctx, const struct doctor_finding *),
		   void *ctx, struct err *e);
