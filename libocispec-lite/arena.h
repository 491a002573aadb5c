/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of one document: many small pieces that are all freed at once.  It knows nothing of
 * JSON, and a piece is never given back alone.
 */
#pragma once

#include <stddef.h>

struct lite_arena;

/* An arena whose first block has room for about `expected` bytes; NULL when memory ran out. */
struct lite_arena *arena_new(size_t expected);

/* Free the arena and all that came from it. NULL is fine. */
void arena_free(struct lite_arena *arena);

/* `size` zeroed bytes, aligned for any type; NULL when memory ran out. */
void *arena_zero(struct lite_arena *arena, size_t size);

/* A copy of the text with a NUL behind it; NULL when memory ran out. */
char *arena_string(struct lite_arena *arena, const char *text, size_t len);
