/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What will be done about namespaces, decided before anything is done: a pure function of config.json
 * and of one fact (whether a user namespace has to be added).  No system call, no descriptor.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "libocispec-lite/ocispec-lite.h"

/* One namespace with a path: it is joined. */
struct ns_join {
	enum oci_namespace_type type;
	const char *path; /* of the config */
	size_t index;     /* in linux.namespaces, for messages */
};

struct ns_plan {
	/* In the order of setns(2): the user namespace stands behind those that may belong to the present
	   one, the mount namespace at the end, since it changes what paths mean. */
	struct ns_join join[OCI_NS_TYPES];
	size_t n_join;

	unsigned clone;      /* CLONE_NEW* made by clone3(2) */
	unsigned unshare;    /* made by init, once it is in its cgroup, which becomes the root, and has the ids of its own */
	bool unshare_time;   /* made by init, since offsets must be written before anybody is in it */
	unsigned made;       /* all CLONE_NEW* that are made, by whichever way */
	bool user_made;      /* the runtime has to write the id maps */
	bool user_joined;
	bool fork; /* only a child of the launcher can be in all of them: it joins, then forks init */
};

/* The CLONE_NEW* flag of a type. */
unsigned plan_namespace_flag(enum oci_namespace_type type);

/* `add_user`: make a user namespace although the config names none.  -EINVAL for a config whose
   namespaces contradict each other. */
int plan_namespaces(const struct oci_config *config, bool add_user, struct ns_plan *ret_plan, struct err *e);
