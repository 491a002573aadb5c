/* SPDX-License-Identifier: Apache-2.0 */
/* Words for error messages. */
#include "libocispec-lite/message.h"

#include <stdio.h>
#include <string.h>

#define QUOTED_MAX 64 /* bytes of the document in one message */

void message_begin(struct message *m, char *text, size_t size)
{
	m->text = text;
	m->size = size;
	m->len = 0;
	text[0] = '\0';
}

void message_vadd(struct message *m, const char *fmt, va_list args)
{
	int n = vsnprintf(m->text + m->len, m->size - m->len, fmt, args);

	if (n < 0)
		return;
	if ((size_t)n < m->size - m->len) {
		m->len += (size_t)n;
		return;
	}
	m->len = m->size - 1;
	memcpy(m->text + m->size - 4, "...", 4);
}

void message_add(struct message *m, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	message_vadd(m, fmt, args);
	va_end(args);
}

void message_add_quoted(struct message *m, const char *s, size_t len, char quote)
{
	if (quote)
		message_add(m, "%c", quote);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (i >= QUOTED_MAX && (c & 0xc0) != 0x80) {
			message_add(m, "...");
			break;
		}
		if (c < 0x20 || c == 0x7f)
			message_add(m, "\\x%02x", c);
		else
			message_add(m, "%c", c);
	}
	if (quote)
		message_add(m, "%c", quote);
}
