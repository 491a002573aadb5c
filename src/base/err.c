/* SPDX-License-Identifier: Apache-2.0 */
/* Errors as values: see err.h.  Nothing here prints, and nothing here allocates. */
#include "base/err.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

const char *err_reason(int code)
{
	static char text[128];
	const char *words = strerror(-code);
	size_t n = strnlen(words, sizeof(text) - 1);

	memcpy(text, words, n);
	text[n] = '\0';
	/* "Input/output error" becomes lower case, "RFS specific error" stays as it is. */
	if (n > 1 && islower((unsigned char)text[1]))
		text[0] = (char)tolower((unsigned char)text[0]);
	return text;
}

/* Before it is made to fit: paths are up to 4096 bytes long, and a sentence may name one more than once. */
#define DRAFT_MAX 16384

/* Never in the middle of a UTF-8 sequence. */
static bool continues(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* What stands at the begin is the user's thing, and at the end the reason: what is too long loses its middle. */
static void keep(struct err *e, const char *draft)
{
	size_t n = strlen(draft), head = ERR_TEXT_MAX / 2, tail = n - (ERR_TEXT_MAX - head - sizeof("..."));

	if (n < ERR_TEXT_MAX) {
		memcpy(e->text, draft, n + 1);
		return;
	}
	while (continues(draft[head]))
		head--;
	while (continues(draft[tail]))
		tail++;
	snprintf(e->text, sizeof(e->text), "%.*s...%s", (int)head, draft, draft + tail);
}

int err_set(struct err *e, int code, const char *fmt, ...)
{
	char draft[DRAFT_MAX], text[DRAFT_MAX - 160];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	snprintf(draft, sizeof(draft), "%s: %s", text, err_reason(code));
	e->code = code;
	keep(e, draft);
	return code;
}

int err_say(struct err *e, int code, const char *fmt, ...)
{
	char draft[DRAFT_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(draft, sizeof(draft), fmt, args);
	va_end(args);
	e->code = code;
	keep(e, draft);
	return code;
}

int err_wrap(struct err *e, const char *fmt, ...)
{
	char draft[DRAFT_MAX], text[DRAFT_MAX - ERR_TEXT_MAX - 2];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	snprintf(draft, sizeof(draft), "%s: %s", text, e->text);
	keep(e, draft);
	return e->code;
}

int err_hint(struct err *e, const char *fmt, ...)
{
	char draft[DRAFT_MAX], text[DRAFT_MAX - ERR_TEXT_MAX - 2];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	snprintf(draft, sizeof(draft), "%s; %s", e->text, text);
	keep(e, draft);
	return e->code;
}
