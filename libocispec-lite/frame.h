/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stack of the objects, arrays and maps of a document that are open.  It is also the path that
 * messages begin with.  For the parser alone.
 */
#pragma once

#include <stdint.h>

#include "libocispec-lite/arena.h"
#include "libocispec-lite/message.h"
#include "libocispec-lite/names.h"
#include "libocispec-lite/table.h"

#define FRAMES_MAX 64
#define FRAMES_PATH_MAX 400 /* bytes of a path in a message */

enum frame_kind { FRAME_OBJECT, FRAME_ARRAY, FRAME_MAP };

struct frame {
	enum frame_kind kind;
	const struct lite_type *type;   /* OBJECT: its rows */
	const struct lite_field *field; /* OBJECT: the row of the last name, NULL if unknown;
					   ARRAY, MAP: the row they are the value of */
	char *base;         /* OBJECT: the struct; ARRAY, MAP: the elements */
	size_t n, room;     /* ARRAY, MAP: elements, and how many would fit */
	uint64_t seen;      /* OBJECT: bits of the rows whose names were there */
	uint64_t present;   /* OBJECT: ... with a value other than null */
	const char *name;   /* OBJECT: the last name if unknown; MAP: the last key */
	struct names names; /* OBJECT: the unknown ones; MAP: the keys */
};

struct frames {
	unsigned depth;
	struct frame frame[FRAMES_MAX];
};

/* A new, zeroed frame, or NULL where the stack is full. */
struct frame *frames_push(struct frames *frames, enum frame_kind kind);

/* The path of what is being read: linux.namespaces[1].type */
void frames_path(const struct frames *frames, struct message *path);

/* A new zeroed element at the end of an array or map, or NULL when memory ran out.  The elements
   may move, so none may be in work. */
char *frame_add_element(struct frame *f, struct lite_arena *arena);
