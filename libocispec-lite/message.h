/* SPDX-License-Identifier: Apache-2.0 */
/* Words for error messages: text of fixed size that ends in "..." instead of overflowing. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

struct message {
	char *text; /* always terminated; size is at least 4 */
	size_t size;
	size_t len;
};

void message_begin(struct message *m, char *text, size_t size);
void message_add(struct message *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void message_vadd(struct message *m, const char *fmt, va_list args) __attribute__((format(printf, 2, 0)));

/* Words of the document: whatever they are they fill no more than a line and hold no control
   characters, so that a terminal or a log is safe from them.  No quotes if quote is 0. */
void message_add_quoted(struct message *m, const char *s, size_t len, char quote);
