/* SPDX-License-Identifier: Apache-2.0 */
/* Capability sets and their names (capabilities(7)).  What fails returns a negative errno. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct caps_sets {
	uint64_t bounding, effective, inheritable, permitted, ambient; /* bit n: capability n */
};

/* The capability called "CAP_CHOWN" (any case, "CAP_" may lack), or -EINVAL. */
int caps_from_name(const char *name);

/* Its name in capitals with CAP_, or NULL for a number that has none. */
const char *caps_name(int cap);

/* The highest number that the running kernel knows. */
int caps_last(void);

/* The sets of this thread. More than eighty system calls: not for each start of a container. */
int caps_get(struct caps_sets *ret_sets);

/* The permitted set alone, which one system call tells. */
int caps_get_permitted(uint64_t *ret_permitted);

/* Is it in the bounding set of this thread? False for a capability that the kernel does not know. */
bool caps_in_bounding(int cap);

/* True when this thread has the capability effective. */
bool caps_have(int cap);

/* Step 1, before the user is changed: drop what is not in `bounding` from the bounding set, and set
   PR_SET_KEEPCAPS so that setresuid() keeps the permitted set. */
int caps_drop_bounding(uint64_t bounding);
int caps_keep(bool keep);

/* Step 2, after the user was changed: set effective, permitted, inheritable, then ambient, exactly.
   -EPERM where a set is more than the kernel allows (capabilities(7)). `bounding` is not looked at. */
int caps_apply(const struct caps_sets *sets);
