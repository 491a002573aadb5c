/* SPDX-License-Identifier: Apache-2.0 */
/* JSON text from values: commas, indentation and escapes.  It does not check the order of calls. */
#include "libocispec-lite/json.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put(struct json_writer *w, const char *s, size_t n)
{
	if (w->failed)
		return;
	if (n >= w->room - w->len) {
		size_t room = w->room ? w->room : 512;
		char *text;

		while (n >= room - w->len && room <= SIZE_MAX / 2)
			room *= 2;
		text = n < room - w->len ? realloc(w->text, room) : NULL;
		if (!text) {
			w->failed = true;
			return;
		}
		w->text = text;
		w->room = room;
	}
	memcpy(w->text + w->len, s, n);
	w->len += n;
}

static void new_line(struct json_writer *w)
{
	if (!w->pretty)
		return;
	put(w, "\n", 1);
	for (unsigned i = 0; i < w->depth; i++)
		put(w, "  ", 2);
}

/* What stands between the last thing written and the next. */
static void separate(struct json_writer *w)
{
	if (w->after_name) {
		w->after_name = false;
		return;
	}
	if (w->depth == 0)
		return;
	if (!w->first)
		put(w, ",", 1);
	w->first = false;
	new_line(w);
}

void json_write_open(struct json_writer *w, char bracket)
{
	separate(w);
	put(w, &bracket, 1);
	w->depth++;
	w->first = true;
}

void json_write_close(struct json_writer *w, char bracket)
{
	w->depth--;
	if (!w->first)
		new_line(w);
	put(w, &bracket, 1);
	w->first = false;
}

static void put_escaped(struct json_writer *w, unsigned char c)
{
	static const char *const short_forms[0x20] = {
		['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n", ['\f'] = "\\f", ['\r'] = "\\r",
	};
	char text[8];

	if (c == '"' || c == '\\')
		snprintf(text, sizeof(text), "\\%c", c);
	else if (short_forms[c])
		snprintf(text, sizeof(text), "%s", short_forms[c]);
	else
		snprintf(text, sizeof(text), "\\u%04x", c);
	put(w, text, strlen(text));
}

static void put_string(struct json_writer *w, const char *s)
{
	size_t n = strlen(s), plain = 0;

	put(w, "\"", 1);
	while (plain < n) {
		unsigned char c = (unsigned char)s[plain];
		size_t bytes = c < 0x80 ? 1 : json_utf8_char(s + plain, n - plain);

		if (bytes && c >= 0x20 && c != '"' && c != '\\') {
			plain += bytes;
			continue;
		}
		put(w, s, plain);
		if (bytes)
			put_escaped(w, c);
		else
			put(w, "\xef\xbf\xbd", 3);
		s += plain + 1;
		n -= plain + 1;
		plain = 0;
	}
	put(w, s, n);
	put(w, "\"", 1);
}

void json_write_name(struct json_writer *w, const char *name)
{
	separate(w);
	put_string(w, name);
	put(w, ": ", w->pretty ? 2 : 1);
	w->after_name = true;
}

void json_write_string(struct json_writer *w, const char *s)
{
	separate(w);
	put_string(w, s);
}

void json_write_raw(struct json_writer *w, const char *s)
{
	separate(w);
	put(w, s, strlen(s));
}

char *json_write_end(struct json_writer *w, size_t *ret_len)
{
	put(w, "", 1);
	if (w->failed) {
		free(w->text);
		w->text = NULL;
		return NULL;
	}
	if (ret_len)
		*ret_len = w->len - 1;
	return w->text;
}
