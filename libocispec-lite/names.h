/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of names, to notice one that is given twice.  The names come from an untrusted document, so
 * this is a crit-bit tree: the work of adding a name is bounded by its own length, there is no hash
 * for which someone could prepare collisions.
 */
#pragma once

#include <stdbool.h>

struct lite_arena;
struct names_node;

struct names {
	struct names_node *root;
};

enum names_result { NAMES_NEW, NAMES_TWICE, NAMES_NO_MEMORY };

/* Add a NUL-terminated name, which has to live as long as the set. */
enum names_result names_add(struct names *names, struct lite_arena *arena, const char *name);
