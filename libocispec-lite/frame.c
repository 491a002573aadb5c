/* SPDX-License-Identifier: Apache-2.0 */
/* The stack of what is open in a document, and the path that it makes. */
#include "libocispec-lite/frame.h"

#include <string.h>

struct frame *frames_push(struct frames *frames, enum frame_kind kind)
{
	struct frame *f;

	if (frames->depth == FRAMES_MAX)
		return NULL;
	f = &frames->frame[frames->depth++];
	memset(f, 0, sizeof(*f));
	f->kind = kind;
	return f;
}

static bool name_is_plain(const char *name)
{
	return *name && !name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					   "0123456789_-")];
}

/* Names that would make the path ambiguous, and long ones, appear as ["na.me"]. */
static void add_name(struct message *path, const char *name)
{
	size_t len = strlen(name);

	if (name_is_plain(name) && len <= 64) {
		message_add(path, "%s%s", path->len ? "." : "", name);
		return;
	}
	message_add(path, "[");
	message_add_quoted(path, name, len, '"');
	message_add(path, "]");
}

void frames_path(const struct frames *frames, struct message *path)
{
	for (unsigned i = 0; i < frames->depth; i++) {
		const struct frame *f = &frames->frame[i];

		if (f->kind == FRAME_ARRAY && f->n)
			message_add(path, "[%zu]", f->n - 1);
		else if (f->kind == FRAME_OBJECT && f->field)
			add_name(path, f->field->name);
		else if (f->kind != FRAME_ARRAY && f->name)
			add_name(path, f->name);
	}
}

char *frame_add_element(struct frame *f, struct lite_arena *arena)
{
	size_t size = f->field->size;
	/* Arrays of strings end in a NULL: there is always one element more than counted. */
	size_t spare = f->field->shape == LITE_ARRAY && f->field->kind == LITE_STRING;

	if (f->n + spare >= f->room) {
		size_t room = f->room ? f->room * 2 : 4;
		char *grown = room <= SIZE_MAX / size ? arena_zero(arena, room * size) : NULL;

		if (!grown)
			return NULL;
		if (f->n)
			memcpy(grown, f->base, f->n * size);
		f->base = grown;
		f->room = room;
	}
	return f->base + f->n++ * size;
}
