/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON reader, and the only file that knows yajl.  Of yajl only the streaming parser is used,
 * never its tree; what yajl lets pass (bad UTF-8 of some kinds, unpaired surrogates, a failed
 * malloc) is caught here.
 */
#include "libocispec-lite/json.h"

#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yajl/yajl_parse.h>

#include "libocispec-lite/json-string.h"

/* yajl never looks at what malloc returns: its memory is ours, so that running out is an error. */
struct link {
	struct link *next, *prev;
};

struct block {
	struct link link;
	max_align_t data[];
};

struct reader {
	const char *text;
	size_t len;
	json_handler *handler;
	void *ctx;
	yajl_handle yajl;
	struct json_error *error;
	size_t end;         /* of the last event's text */
	bool whole;         /* yajl has been given all text */
	bool stopped;       /* not by yajl, but at an event */
	struct link blocks; /* the ring of yajl's memory */
	jmp_buf no_memory;
};

static struct block *block_of(void *data)
{
	return (struct block *)((char *)data - offsetof(struct block, data));
}

static void block_link(struct reader *r, struct block *block)
{
	block->link.next = &r->blocks;
	block->link.prev = r->blocks.prev;
	r->blocks.prev->next = &block->link;
	r->blocks.prev = &block->link;
}

static void block_unlink(struct block *block)
{
	block->link.next->prev = block->link.prev;
	block->link.prev->next = block->link.next;
}

static void *block_realloc(void *ctx, void *data, size_t size)
{
	struct reader *r = ctx;
	struct block *old = data ? block_of(data) : NULL, *block = NULL;

	if (old)
		block_unlink(old);
	if (size <= SIZE_MAX - sizeof(*block))
		block = realloc(old, sizeof(*block) + size);
	if (!block) {
		if (old)
			block_link(r, old);
		longjmp(r->no_memory, 1);
	}
	block_link(r, block);
	return block->data;
}

static void *block_alloc(void *ctx, size_t size)
{
	return block_realloc(ctx, NULL, size);
}

static void block_free(void *ctx, void *data)
{
	(void)ctx;
	if (!data)
		return;
	block_unlink(block_of(data));
	free(block_of(data));
}

static void blocks_free(struct reader *r)
{
	for (struct link *link = r->blocks.next, *next; link != &r->blocks; link = next) {
		next = link->next;
		free((struct block *)link);
	}
}

/* ---- events ---- */

/* What yajl does not check. */
static bool string_valid(struct reader *r, const char *s, size_t n)
{
	uintptr_t at = (uintptr_t)s, text = (uintptr_t)r->text;

	if (at < text || at >= text + r->len) { /* yajl decoded escapes into memory of its own */
		size_t start = json_string_start(r->text, r->end);

		if (!json_surrogates_paired(r->text + start + 1, r->end - start - 2)) {
			snprintf(r->error->reason, sizeof(r->error->reason),
				 "a \\u escape is half of a surrogate pair");
			return false;
		}
	}
	if (!json_utf8_valid(s, n)) {
		snprintf(r->error->reason, sizeof(r->error->reason), "invalid UTF-8 in a string");
		return false;
	}
	return true;
}

static int deliver(struct reader *r, enum json_type type, const char *text, size_t len)
{
	const struct json_event event = { type, text, len };

	r->end = r->whole ? r->len : yajl_get_bytes_consumed(r->yajl);
	if (((type != JSON_STRING && type != JSON_NAME) || string_valid(r, text, len)) &&
	    r->handler(r->ctx, &event))
		return 1;
	r->stopped = true;
	return 0;
}

static int on_null(void *ctx)
{
	return deliver(ctx, JSON_NULL, "null", 4);
}

static int on_bool(void *ctx, int value)
{
	return deliver(ctx, JSON_BOOL, value ? "true" : "false", value ? 4 : 5);
}

static int on_number(void *ctx, const char *text, size_t len)
{
	return deliver(ctx, JSON_NUMBER, text, len);
}

static int on_string(void *ctx, const unsigned char *text, size_t len)
{
	return deliver(ctx, JSON_STRING, (const char *)text, len);
}

static int on_name(void *ctx, const unsigned char *text, size_t len)
{
	return deliver(ctx, JSON_NAME, (const char *)text, len);
}

static int on_object(void *ctx)
{
	return deliver(ctx, JSON_OBJECT, "{", 1);
}

static int on_object_end(void *ctx)
{
	return deliver(ctx, JSON_OBJECT_END, "}", 1);
}

static int on_array(void *ctx)
{
	return deliver(ctx, JSON_ARRAY, "[", 1);
}

static int on_array_end(void *ctx)
{
	return deliver(ctx, JSON_ARRAY_END, "]", 1);
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_bool,
	.yajl_number = on_number, /* raw text: 2^64-1 must not become a double */
	.yajl_string = on_string,
	.yajl_map_key = on_name,
	.yajl_start_map = on_object,
	.yajl_end_map = on_object_end,
	.yajl_start_array = on_array,
	.yajl_end_array = on_array_end,
};

/* ---- errors ---- */

static void position(const char *text, size_t at, struct json_error *error)
{
	error->line = 1;
	error->column = 1;
	for (size_t i = 0; i < at; i++) {
		if (text[i] == '\n') {
			error->line++;
			error->column = 1;
		} else if (((unsigned char)text[i] & 0xc0) != 0x80) {
			error->column++;
		}
	}
}

/* Where the token that ends in front of `end` begins, judged by its last character. */
static size_t token_start(const char *text, size_t end)
{
	static const char words[] = "+-.0123456789abcdefghijklmnopqrstuvwxyzE";

	if (end == 0)
		return 0;
	if (text[end - 1] == '"')
		return json_string_start(text, end);
	end--;
	while (end > 0 && memchr(words, text[end], sizeof(words) - 1) &&
	       memchr(words, text[end - 1], sizeof(words) - 1))
		end--;
	return end;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t blank_end(const char *text, size_t len, size_t at)
{
	while (at < len && is_blank(text[at]))
		at++;
	return at;
}

/* Our words for those of yajl's errors that need better ones, and how what is wrong is found: yajl
   stops at it, or behind it, or somewhere behind the last event while it is what follows that. */
enum stop { STOP_AT, STOP_BEHIND, STOP_NEXT };

static const struct {
	const char *theirs, *ours;
	enum stop stop;
} syntax_errors[] = {
	{ "premature EOF", "the document ends too early", STOP_AT },
	{ "trailing garbage", "more text behind the end of the document", STOP_NEXT },
	{ "probable comment", "a comment, which JSON does not have", STOP_AT },
	{ "unallowed token", "a value is expected here", STOP_BEHIND },
	{ "invalid object key", "a name in quotes is expected here", STOP_BEHIND },
	{ "object key and value must be separated", "':' is expected here", STOP_NEXT },
	{ "after key and value", "',' or '}' is expected here", STOP_NEXT },
	{ "after array element", "',' or ']' is expected here", STOP_NEXT },
	{ "invalid character inside string", "a control character inside a string", STOP_AT },
	{ "invalid char in json text", "an unexpected character", STOP_BEHIND },
	{ "invalid string in json text", "a word other than true, false and null", STOP_AT },
};

/* Say what yajl found wrong, and return where. */
static size_t explain(struct reader *r, size_t at)
{
	unsigned char *theirs = yajl_get_error(r->yajl, 0, NULL, 0);
	const char *reason = (const char *)theirs, *colon = strstr(reason, ": ");
	enum stop stop = STOP_AT;

	if (colon)
		reason = colon + 2;
	for (size_t i = 0; i < sizeof(syntax_errors) / sizeof(syntax_errors[0]); i++) {
		const char *theirs_begins = syntax_errors[i].theirs;

		if (strncmp(reason, theirs_begins, strlen(theirs_begins)) == 0) {
			reason = syntax_errors[i].ours;
			stop = syntax_errors[i].stop;
			break;
		}
	}
	snprintf(r->error->reason, sizeof(r->error->reason), "not JSON: %.*s",
		 (int)strcspn(reason, ".\n"), reason);
	yajl_free_error(r->yajl, theirs);

	if (stop == STOP_NEXT)
		return blank_end(r->text, r->len, r->end);
	return stop == STOP_BEHIND ? token_start(r->text, at) : at;
}

static bool fail_at(struct reader *r, size_t at, const char *reason)
{
	position(r->text, at, r->error);
	if (reason)
		snprintf(r->error->reason, sizeof(r->error->reason), "%s", reason);
	return false;
}

static bool read_all(struct reader *r)
{
	yajl_alloc_funcs memory = { block_alloc, block_realloc, block_free, r };
	yajl_status status;
	size_t at;

	if (setjmp(r->no_memory))
		return fail_at(r, 0, "out of memory");
	r->yajl = yajl_alloc(&callbacks, &memory, r);
	yajl_config(r->yajl, yajl_allow_comments, 0);
	yajl_config(r->yajl, yajl_dont_validate_strings, 1); /* string_valid() is stricter */

	status = yajl_parse(r->yajl, (const unsigned char *)r->text, r->len);
	at = yajl_get_bytes_consumed(r->yajl);
	if (status == yajl_status_ok) {
		r->whole = true;
		at = r->len;
		status = yajl_complete_parse(r->yajl);
	}
	if (status == yajl_status_ok)
		return true;
	if (r->stopped)
		return fail_at(r, token_start(r->text, r->end), NULL);
	return fail_at(r, explain(r, at), NULL);
}

bool json_read(const char *text, size_t len, json_handler *handler, void *ctx,
	       struct json_error *error)
{
	struct reader r = {
		.text = text, .len = len, .handler = handler, .ctx = ctx, .error = error,
	};
	bool done;

	error->reason[0] = '\0';
	if (blank_end(text, len, 0) == len)
		return fail_at(&r, len, "the document is empty");
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		return fail_at(&r, 0, "the document begins with a byte order mark");

	r.blocks.next = r.blocks.prev = &r.blocks;
	done = read_all(&r);
	blocks_free(&r);
	return done;
}
