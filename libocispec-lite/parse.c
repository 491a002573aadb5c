/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables and events to structs.  Each object, array and map that is open has a frame on a stack;
 * the stack is also the path in messages.  No recursion, a fixed depth, and work that grows with
 * the text alone, since the text is not to be trusted.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "libocispec-lite/frame.h"
#include "libocispec-lite/json.h"
#include "libocispec-lite/ocispec-lite.h"
#include "libocispec-lite/scalar.h"
#include "libocispec-lite/table.h"

struct parser {
	struct lite_doc *doc;
	struct lite_arena *arena;
	const struct lite_type *type;
	void *root;
	unsigned skip; /* how many brackets deep we are in the value of an unknown property */
	struct message why;
	char why_text[LITE_ERROR_MAX];
	struct frames frames;
};

static bool __attribute__((format(printf, 2, 3))) fail(struct parser *p, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	message_vadd(&p->why, fmt, args);
	va_end(args);
	return false;
}

static bool fail_memory(struct parser *p)
{
	return fail(p, "out of memory");
}

static bool fail_depth(struct parser *p)
{
	return fail(p, "nested deeper than %d levels", FRAMES_MAX);
}

static struct frame *top(struct parser *p)
{
	return &p->frames.frame[p->frames.depth - 1];
}

/* ---- events ---- */

static bool open_object(struct parser *p, const struct lite_type *type, void *base)
{
	struct frame *f = frames_push(&p->frames, FRAME_OBJECT);

	if (!f)
		return fail_depth(p);
	f->type = type;
	f->base = base;
	return true;
}

static bool open_elements(struct parser *p, enum frame_kind kind, const struct lite_field *field)
{
	struct frame *f = frames_push(&p->frames, kind);

	if (!f)
		return fail_depth(p);
	f->field = field;
	return true;
}

static bool store_string(struct parser *p, const struct json_event *event, void *dst)
{
	const char *copy;

	if (memchr(event->text, '\0', event->len))
		return fail(p, "a NUL (\\u0000) in a string");
	copy = arena_string(p->arena, event->text, event->len);
	if (!copy)
		return fail_memory(p);
	memcpy(dst, &copy, sizeof(copy));
	return true;
}

static const char *got(enum json_type type)
{
	static const char *const names[] = {
		[JSON_NULL] = "null",       [JSON_BOOL] = "a boolean",   [JSON_NUMBER] = "a number",
		[JSON_STRING] = "a string", [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array",
	};

	return names[type];
}

static bool expect(struct parser *p, bool matches, const char *expected, enum json_type type)
{
	return matches || fail(p, "expected %s, got %s", expected, got(type));
}

/* One value of the row's kind into dst. */
static bool store(struct parser *p, const struct lite_field *field, const struct json_event *event,
		  void *dst)
{
	if (field->kind == LITE_OBJECT)
		return open_object(p, field->type, dst);
	if (field->kind == LITE_STRING)
		return store_string(p, event, dst);
	return scalar_store(field, event, dst, &p->why);
}

/* Where the value of a member goes that is no array and no map: NULL when memory ran out. */
static void *member_slot(struct parser *p, const struct frame *f)
{
	void *slot = f->base + f->field->offset;

	if (f->field->shape == LITE_POINTER) {
		void *value = arena_zero(p->arena, f->field->size);

		if (!value)
			fail_memory(p);
		else
			memcpy(slot, &value, sizeof(value));
		return value;
	}
	return slot;
}

/* The value of the property whose name came last. */
static bool on_member(struct parser *p, struct frame *f, const struct json_event *event)
{
	const struct lite_field *field = f->field;
	void *slot;

	if (event->type == JSON_NULL)
		return true;
	f->present |= UINT64_C(1) << (field - f->type->fields);

	if (field->shape == LITE_ARRAY)
		return expect(p, event->type == JSON_ARRAY, "an array", event->type) &&
		       open_elements(p, FRAME_ARRAY, field);
	if (field->shape == LITE_MAP)
		return expect(p, event->type == JSON_OBJECT, "an object", event->type) &&
		       open_elements(p, FRAME_MAP, field);

	if (!expect(p, scalar_matches(field->kind, event->type), scalar_expected(field->kind),
		    event->type))
		return false;
	slot = member_slot(p, f);
	return slot && store(p, field, event, slot);
}

/* An element of an array, or the value behind a key of a map. */
static bool on_element(struct parser *p, struct frame *f, const struct json_event *event)
{
	const struct lite_field *field = f->field;
	char *slot;

	if (f->kind == FRAME_ARRAY)
		slot = frame_add_element(f, p->arena);
	else
		slot = f->base + (f->n - 1) * field->size; /* on_key() made it */
	if (!slot)
		return fail_memory(p);
	if (!expect(p, scalar_matches(field->kind, event->type), scalar_expected(field->kind), event->type))
		return false;
	if (f->kind == FRAME_MAP && field->kind == LITE_STRING)
		slot += offsetof(struct oci_pair, value);
	return store(p, field, event, slot);
}

static bool on_value(struct parser *p, const struct json_event *event)
{
	struct frame *f;
	bool opens = event->type == JSON_OBJECT || event->type == JSON_ARRAY;

	if (p->frames.depth == 0)
		return expect(p, event->type == JSON_OBJECT, "an object", event->type) &&
		       open_object(p, p->type, p->root);
	f = top(p);
	if (f->kind != FRAME_OBJECT)
		return on_element(p, f, event);
	if (f->field)
		return on_member(p, f, event);

	p->skip += opens;
	return p->frames.depth + p->skip <= FRAMES_MAX || fail_depth(p);
}

/* Inside the value of an unknown property only its end is of interest. */
static bool on_skipped(struct parser *p, const struct json_event *event)
{
	if (event->type == JSON_OBJECT || event->type == JSON_ARRAY)
		p->skip++;
	else if (event->type == JSON_OBJECT_END || event->type == JSON_ARRAY_END)
		p->skip--;
	return p->frames.depth + p->skip <= FRAMES_MAX || fail_depth(p);
}

/* Remember a name of the document itself in f->name, and find out if it is there twice. */
static bool remember_name(struct parser *p, struct frame *f, const struct json_event *event)
{
	if (memchr(event->text, '\0', event->len))
		return fail(p, "a NUL (\\u0000) in the name of a property");
	f->name = arena_string(p->arena, event->text, event->len);
	if (!f->name)
		return fail_memory(p);
	switch (names_add(&f->names, p->arena, f->name)) {
	case NAMES_NEW:
		return true;
	case NAMES_TWICE:
		return fail(p, "given twice");
	case NAMES_NO_MEMORY:
		break;
	}
	return fail_memory(p);
}

static bool on_key(struct parser *p, struct frame *f, const struct json_event *event)
{
	char *element;

	f->name = NULL;
	if (!remember_name(p, f, event))
		return false;
	if (!*f->name && (f->field->flags & LITE_NAMED))
		return fail(p, "a key must not be empty");
	element = frame_add_element(f, p->arena);
	if (!element)
		return fail_memory(p);
	memcpy(element, &f->name, sizeof(f->name)); /* the key is the first member */
	return true;
}

/* The row of this name.  Programs write properties in one order, so the next one is tried first. */
static const struct lite_field *find_row(const struct frame *f, const struct json_event *event)
{
	const struct lite_type *type = f->type;
	size_t n = type->n_fields, at = f->field ? (size_t)(f->field - type->fields) + 1 : 0;

	for (size_t i = 0; i < n; i++, at++) {
		const struct lite_field *row = &type->fields[at < n ? at : (at = 0)];

		if (row->name_len == event->len && memcmp(row->name, event->text, event->len) == 0)
			return row;
	}
	return NULL;
}

static void tell_unknown(const struct parser *p)
{
	char text[FRAMES_PATH_MAX];
	struct message path;

	message_begin(&path, text, sizeof(text));
	frames_path(&p->frames, &path);
	p->doc->unknown(text, p->doc->unknown_ctx);
}

static bool on_unknown(struct parser *p, struct frame *f, const struct json_event *event)
{
	f->name = NULL;
	f->field = NULL;
	if (!remember_name(p, f, event))
		return false;
	if (p->doc->unknown)
		tell_unknown(p);
	return true;
}

static bool on_name(struct parser *p, struct frame *f, const struct json_event *event)
{
	const struct lite_field *row;
	uint64_t bit;

	if (f->kind == FRAME_MAP)
		return on_key(p, f, event);
	row = find_row(f, event);
	if (!row)
		return on_unknown(p, f, event);
	f->field = row;
	f->name = NULL;
	bit = UINT64_C(1) << (row - f->type->fields);
	if (f->seen & bit)
		return fail(p, "given twice");
	f->seen |= bit;
	return true;
}

static bool on_object_end(struct parser *p, struct frame *f)
{
	for (size_t i = 0; i < f->type->n_fields; i++) {
		const struct lite_field *row = &f->type->fields[i];

		if (!(row->flags & LITE_REQUIRED) || (f->present >> i & 1))
			continue;
		f->field = row; /* for the path */
		return fail(p, "required property is missing");
	}
	p->frames.depth--;
	return true;
}

/* The elements are complete and will not move any more: hand them to the struct. */
static bool on_elements_end(struct parser *p, struct frame *f)
{
	const struct lite_field *field = f->field;
	char *owner = p->frames.frame[p->frames.depth - 2].base; /* only members are arrays and maps */

	p->frames.depth--;
	if (f->n == 0 && (field->flags & LITE_NOT_EMPTY))
		return fail(p, "must not be empty");
	memcpy(owner + field->offset, &f->base, sizeof(f->base));
	memcpy(owner + field->count_offset, &f->n, sizeof(f->n));
	return true;
}

static bool on_event(void *ctx, const struct json_event *event)
{
	struct parser *p = ctx;

	if (p->skip)
		return on_skipped(p, event);
	if (event->type == JSON_NAME)
		return on_name(p, top(p), event);
	if (event->type != JSON_OBJECT_END && event->type != JSON_ARRAY_END)
		return on_value(p, event);
	if (top(p)->kind == FRAME_OBJECT)
		return on_object_end(p, top(p));
	return on_elements_end(p, top(p));
}

/* ---- the document ---- */

static void report(const struct parser *p, const struct json_error *error)
{
	const char *reason = p->why.len ? p->why.text : error->reason;
	char text[FRAMES_PATH_MAX];
	struct message path, all;

	message_begin(&path, text, sizeof(text));
	frames_path(&p->frames, &path);
	message_begin(&all, p->doc->error, sizeof(p->doc->error));
	message_add(&all, "%zu:%zu: %s%s%s", error->line, error->column, text, path.len ? ": " : "",
		    reason);
}

void lite_init(struct lite_doc *doc)
{
	memset(doc, 0, sizeof(*doc));
}

const void *lite_parse(struct lite_doc *doc, const struct lite_type *type, const char *text, size_t len)
{
	struct json_error error = { .line = 1, .column = 1 };
	struct parser p;

	p.doc = doc;
	p.type = type;
	p.frames.depth = 0;
	p.skip = 0;
	message_begin(&p.why, p.why_text, sizeof(p.why_text));

	lite_free(doc);
	doc->error[0] = '\0';
	p.arena = doc->arena = arena_new(len);
	p.root = p.arena ? arena_zero(p.arena, type->size) : NULL;
	if (!p.root)
		fail_memory(&p);
	else if (json_read(text, len, on_event, &p, &error))
		return p.root;
	report(&p, &error);
	return NULL;
}

void lite_free(struct lite_doc *doc)
{
	arena_free(doc->arena);
	doc->arena = NULL;
}
