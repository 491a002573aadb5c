/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of one document: a list of blocks, filled from their front, freed together. */
#include "libocispec-lite/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_MIN 4096
#define BLOCK_MAX ((size_t)1 << 20)

struct block {
	struct block *next;
	size_t size; /* of data */
	size_t used;
	alignas(max_align_t) char data[];
};

struct lite_arena {
	struct block *blocks; /* pieces come from the first one */
	size_t next_size;     /* doubles, so that a large document has few blocks */
};

static struct block *block_add(struct lite_arena *arena, size_t size)
{
	struct block *block;

	if (size > SIZE_MAX - sizeof(*block))
		return NULL;
	block = malloc(sizeof(*block) + size);
	if (!block)
		return NULL;
	block->size = size;
	block->used = 0;
	block->next = arena->blocks;
	arena->blocks = block;
	return block;
}

struct lite_arena *arena_new(size_t expected)
{
	struct lite_arena *arena = calloc(1, sizeof(*arena));

	if (!arena)
		return NULL;
	arena->next_size = BLOCK_MIN;
	while (arena->next_size < expected && arena->next_size < BLOCK_MAX)
		arena->next_size *= 2;
	return arena;
}

void arena_free(struct lite_arena *arena)
{
	if (!arena)
		return;
	for (struct block *block = arena->blocks, *next; block; block = next) {
		next = block->next;
		free(block);
	}
	free(arena);
}

/* A piece that would waste much of a block gets a block of its own, behind the one in use. */
static void *large_piece(struct lite_arena *arena, size_t size)
{
	struct block *current = arena->blocks;
	struct block *own = block_add(arena, size);

	if (!own)
		return NULL;
	own->used = size;
	if (current) {
		own->next = current->next;
		current->next = own;
		arena->blocks = current;
	}
	return own->data;
}

static void *piece(struct lite_arena *arena, size_t size, size_t align)
{
	struct block *block = arena->blocks;
	size_t start = 0;

	if (block)
		start = (block->used + align - 1) & ~(align - 1);
	if (!block || start > block->size || size > block->size - start) {
		if (size > arena->next_size / 4)
			return large_piece(arena, size);
		block = block_add(arena, arena->next_size);
		if (!block)
			return NULL;
		if (arena->next_size < BLOCK_MAX)
			arena->next_size *= 2;
		start = 0;
	}
	block->used = start + size;
	return block->data + start;
}

void *arena_zero(struct lite_arena *arena, size_t size)
{
	void *p = piece(arena, size, alignof(max_align_t));

	return p ? memset(p, 0, size) : NULL;
}

char *arena_string(struct lite_arena *arena, const char *text, size_t len)
{
	char *copy;

	if (len == SIZE_MAX)
		return NULL;
	copy = piece(arena, len + 1, 1);
	if (!copy)
		return NULL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}
