/* SPDX-License-Identifier: Apache-2.0 */
/* Which controllers a linux.resources really asks for; pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "cgroup/hierarchy.h"
#include "libocispec-lite/ocispec-lite.h"

struct use {
	const char *property; /* "memory.limit", below linux.resources; "unified" */
	const char *key;      /* of unified, or NULL */
	const char *v1;       /* its controller in v1, or NULL */
	char v2[32];          /* its controller in v2; "": none, or part of the core (cgroup.*) */
};

struct use_list {
	struct use *v;
	size_t n;
};

#define USE_LIST_INIT { .v = NULL, .n = 0 }

/*
 * Every property that asks for more than what is so anyway.  Not counted are therefore: empty objects,
 * limits of -1 (and 0, where that means none), the default cpu.shares (which `ctr run' sends unasked),
 * disableOOMKiller false, and rules for devices, which need no controller on v2.  r may be NULL.
 */
void use_list_collect(struct use_list *list, const struct oci_resources *r);
void use_list_done(struct use_list *list);

/* True if a v1 hierarchy of this machine has the controller. */
bool use_in_v1(const struct use *use, const struct hierarchies *hierarchies);
