/* SPDX-License-Identifier: Apache-2.0 */
/* A set of names: a crit-bit tree. Inner nodes say in which bit the names below differ first. */
#include "libocispec-lite/names.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>

#include "libocispec-lite/arena.h"

struct names_node {
	const char *name; /* a leaf if not NULL */
	size_t byte;      /* the names below are equal up to here ... */
	unsigned bit;     /* ... and differ in this bit, the higher ones being equal */
	struct names_node *child[2];
};

/* Bits behind the end of a name are those of its NUL, which no name contains otherwise. */
static unsigned side(const struct names_node *node, const char *name, size_t len)
{
	unsigned char c = node->byte < len ? (unsigned char)name[node->byte] : 0;

	return (c >> node->bit) & 1;
}

static struct names_node *leaf_new(struct lite_arena *arena, const char *name)
{
	struct names_node *leaf = arena_zero(arena, sizeof(*leaf));

	if (leaf)
		leaf->name = name;
	return leaf;
}

/* Put the name where its path leaves the tree: at bit `bit` of byte `byte`. */
static enum names_result insert(struct names *names, struct lite_arena *arena, const char *name,
				size_t byte, unsigned bit)
{
	size_t len = strlen(name);
	struct names_node *inner = arena_zero(arena, sizeof(*inner));
	struct names_node *leaf = leaf_new(arena, name);
	struct names_node **at = &names->root;
	unsigned ours;

	if (!inner || !leaf)
		return NAMES_NO_MEMORY;
	while (!(*at)->name) {
		if ((*at)->byte > byte || ((*at)->byte == byte && (*at)->bit < bit))
			break;
		at = &(*at)->child[side(*at, name, len)];
	}
	inner->byte = byte;
	inner->bit = bit;
	ours = side(inner, name, len);
	inner->child[ours] = leaf;
	inner->child[!ours] = *at;
	*at = inner;
	return NAMES_NEW;
}

enum names_result names_add(struct names *names, struct lite_arena *arena, const char *name)
{
	const struct names_node *node = names->root;
	size_t len = strlen(name), byte = 0;
	unsigned bit = CHAR_BIT - 1, differ;

	if (!node) {
		names->root = leaf_new(arena, name);
		return names->root ? NAMES_NEW : NAMES_NO_MEMORY;
	}
	while (!node->name)
		node = node->child[side(node, name, len)];

	while (name[byte] && name[byte] == node->name[byte])
		byte++;
	differ = (unsigned char)name[byte] ^ (unsigned char)node->name[byte];
	if (!differ)
		return NAMES_TWICE;
	while (!(differ >> bit))
		bit--;
	return insert(names, arena, name, byte, bit);
}
