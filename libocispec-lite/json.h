/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON text to events and back (RFC 8259).  It knows neither tables nor documents.  The reader is
 * strict: UTF-8 only, no comments, no byte order mark, no unpaired surrogates, nothing behind the
 * document.  What the reader is made of (yajl) is known to json.c alone.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum json_type {
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_STRING,
	JSON_OBJECT,
	JSON_ARRAY,
	JSON_NAME, /* of an object's member; its value is the next event */
	JSON_OBJECT_END,
	JSON_ARRAY_END,
};

/*
 * text is decoded for strings and names and as written for numbers and booleans; it is not
 * terminated, may contain NULs and is gone when the handler returns.
 */
struct json_event {
	enum json_type type;
	const char *text;
	size_t len;
};

/* Returns false to stop reading. */
typedef bool json_handler(void *ctx, const struct json_event *event);

/* Where reading stopped (1-based; columns count characters), and why unless the handler knows. */
struct json_error {
	size_t line;
	size_t column;
	char reason[160];
};

/* Read one document.  True if it was read whole; false with *error set. */
bool json_read(const char *text, size_t len, json_handler *handler, void *ctx,
	       struct json_error *error);

/* Bytes of the character at s (at most n): 1 to 4, or 0 if that is no UTF-8 (RFC 3629). */
size_t json_utf8_char(const char *s, size_t n);

/* Text under construction.  Zeroed but for `pretty`. */
struct json_writer {
	char *text;
	size_t len;
	size_t room;
	unsigned depth;
	bool pretty;     /* indented by two spaces */
	bool first;      /* nothing since the bracket was opened */
	bool after_name; /* a value belongs on this line */
	bool failed;     /* out of memory; all further writing is void */
};

/* bracket is '{', '[' and so on. */
void json_write_open(struct json_writer *w, char bracket);
void json_write_close(struct json_writer *w, char bracket);

void json_write_name(struct json_writer *w, const char *name);

/* Slashes are not escaped; bytes that are no UTF-8, for which JSON has no words, become U+FFFD. */
void json_write_string(struct json_writer *w, const char *s);

/* true, false, null or a number. */
void json_write_raw(struct json_writer *w, const char *s);

/* The text, with a NUL behind it, for free(3); NULL when memory ran out. */
char *json_write_end(struct json_writer *w, size_t *ret_len);
