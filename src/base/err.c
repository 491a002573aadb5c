/* SPDX-License-Identifier: Apache-2.0 */
/* Errors as values: see err.h.  Nothing here prints, and nothing here allocates. */
#include "base/err.h"

#include <ctype.h>
#include <stdarg.h>
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

/* Append to e->text; what does not fit is cut, never overrun. */
static void __attribute__((format(printf, 2, 0))) append(struct err *e, const char *fmt, va_list args)
{
	size_t n = strlen(e->text);

	vsnprintf(e->text + n, sizeof(e->text) - n, fmt, args);
}

int err_set(struct err *e, int code, const char *fmt, ...)
{
	va_list args;
	size_t n;

	e->code = code;
	e->text[0] = '\0';
	va_start(args, fmt);
	append(e, fmt, args);
	va_end(args);
	n = strlen(e->text);
	snprintf(e->text + n, sizeof(e->text) - n, ": %s", err_reason(code));
	return code;
}

int err_say(struct err *e, int code, const char *fmt, ...)
{
	va_list args;

	e->code = code;
	e->text[0] = '\0';
	va_start(args, fmt);
	append(e, fmt, args);
	va_end(args);
	return code;
}

int err_wrap(struct err *e, const char *fmt, ...)
{
	char old[ERR_TEXT_MAX];
	va_list args;
	size_t n;

	memcpy(old, e->text, sizeof(old));
	e->text[0] = '\0';
	va_start(args, fmt);
	append(e, fmt, args);
	va_end(args);
	n = strlen(e->text);
	snprintf(e->text + n, sizeof(e->text) - n, ": %s", old);
	return e->code;
}

int err_hint(struct err *e, const char *fmt, ...)
{
	va_list args;
	size_t n = strlen(e->text);

	snprintf(e->text + n, sizeof(e->text) - n, "; ");
	va_start(args, fmt);
	append(e, fmt, args);
	va_end(args);
	return e->code;
}
