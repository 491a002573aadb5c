/* SPDX-License-Identifier: Apache-2.0 */
/* Strings and memory: see str.h. */
#include "base/str.h"

#include <stdio.h>
#include <string.h>

static void __attribute__((noreturn)) out_of_memory(void)
{
	static const char text[] = "ocirun: out of memory\n";

	/* Nothing more can be done if even this cannot be written. */
	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	_exit(1);
}

static void *check(void *p)
{
	if (!p)
		out_of_memory();
	return p;
}

void *xmalloc(size_t size)
{
	return check(malloc(size ? size : 1));
}

void *xcalloc(size_t n, size_t size)
{
	return check(calloc(n ? n : 1, size ? size : 1));
}

void *xrealloc(void *p, size_t n, size_t size)
{
	return check(reallocarray(p, n ? n : 1, size ? size : 1));
}

char *xstrdup(const char *s)
{
	return check(strdup(s));
}

char *xstrndup(const char *s, size_t n)
{
	return check(strndup(s, n));
}

char *str_vprintf(const char *fmt, va_list args)
{
	char *text;

	if (vasprintf(&text, fmt, args) < 0)
		out_of_memory();
	return text;
}

char *str_printf(const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	text = str_vprintf(fmt, args);
	va_end(args);
	return text;
}

/* Digits of `base` and nothing else, up to max. */
static int parse_digits(const char *s, unsigned base, uint64_t max, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (!*s)
		return -EINVAL;
	for (; *s; s++) {
		unsigned digit = (unsigned)(*s - '0');

		if (*s < '0' || digit >= base)
			return -EINVAL;
		if (value > (max - digit) / base)
			return -ERANGE;
		value = value * base + digit;
	}
	*ret_value = value;
	return 0;
}

int str_to_u64(const char *s, uint64_t *ret_value)
{
	return parse_digits(s, 10, UINT64_MAX, ret_value);
}

int str_to_u32(const char *s, uint32_t *ret_value)
{
	uint64_t value;
	int r = parse_digits(s, 10, UINT32_MAX, &value);

	if (r == 0)
		*ret_value = (uint32_t)value;
	return r;
}

int str_to_i64(const char *s, int64_t *ret_value)
{
	bool negative = *s == '-';
	uint64_t value;
	int r;

	r = parse_digits(s + negative, 10, (uint64_t)INT64_MAX + negative, &value);
	if (r == 0)
		*ret_value = negative ? (int64_t)(0 - value) : (int64_t)value;
	return r;
}

int str_to_mode(const char *s, uint32_t *ret_value)
{
	uint64_t value;
	int r = parse_digits(s, 8, 07777, &value);

	if (r == 0)
		*ret_value = (uint32_t)value;
	return r;
}

/* Room for n more bytes and the NUL. */
static void reserve(struct strbuf *b, size_t n)
{
	size_t need = b->len + n + 1;

	if (need <= b->size)
		return;
	if (need < 2 * b->size)
		need = 2 * b->size;
	b->text = xrealloc(b->text, need, 1);
	b->size = need;
}

void strbuf_add_mem(struct strbuf *b, const void *p, size_t n)
{
	reserve(b, n);
	memcpy(b->text + b->len, p, n);
	b->len += n;
	b->text[b->len] = '\0';
}

void strbuf_add(struct strbuf *b, const char *s)
{
	strbuf_add_mem(b, s, strlen(s));
}

void strbuf_addf(struct strbuf *b, const char *fmt, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list args;

	va_start(args, fmt);
	text = str_vprintf(fmt, args);
	va_end(args);
	strbuf_add(b, text);
}

/* Well-formed UTF-8 by first byte: how long, and between which bounds the second byte lies (the Unicode Standard,
   table 3-7: no surrogates, nothing overlong). */
static const struct {
	unsigned char first, last, length, second_min, second_max;
} utf8[] = {
	{ 0x01, 0x7f, 1, 0x00, 0xff }, { 0xc2, 0xdf, 2, 0x80, 0xbf }, { 0xe0, 0xe0, 3, 0xa0, 0xbf },
	{ 0xe1, 0xec, 3, 0x80, 0xbf }, { 0xed, 0xed, 3, 0x80, 0x9f }, { 0xee, 0xef, 3, 0x80, 0xbf },
	{ 0xf0, 0xf0, 4, 0x90, 0xbf }, { 0xf1, 0xf3, 4, 0x80, 0xbf }, { 0xf4, 0xf4, 4, 0x80, 0x8f },
};

/* Length of the well-formed sequence at s, or 0. The NUL at the end of s ends every loop in time. */
static size_t utf8_length(const unsigned char *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(utf8); i++) {
		if (s[0] < utf8[i].first || s[0] > utf8[i].last)
			continue;
		if (utf8[i].length > 1 && (s[1] < utf8[i].second_min || s[1] > utf8[i].second_max))
			return 0;
		for (size_t n = 2; n < utf8[i].length; n++)
			if ((s[n] & 0xc0) != 0x80)
				return 0;
		return utf8[i].length;
	}
	return 0;
}

void strbuf_add_json(struct strbuf *b, const char *s)
{
	strbuf_add(b, "\"");
	while (*s) {
		size_t n = utf8_length((const unsigned char *)s);

		if (n == 0)
			strbuf_add(b, "\\ufffd");
		else if (*s == '"' || *s == '\\')
			strbuf_addf(b, "\\%c", *s);
		else if (*s == '\n')
			strbuf_add(b, "\\n");
		else if ((unsigned char)*s < 0x20)
			strbuf_addf(b, "\\u%04x", *s);
		else
			strbuf_add_mem(b, s, n);
		s += n ? n : 1;
	}
	strbuf_add(b, "\"");
}

/* The bytes of a control character, also of those of ISO 8859 (U+0080 to U+009F); 0: it is none. */
static size_t control_length(const char *text)
{
	const unsigned char *c = (const unsigned char *)text;

	if (c[0] < 0x20 || c[0] == 0x7f)
		return 1;
	return c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0 ? 2 : 0;
}

void strbuf_add_printable(struct strbuf *b, const char *s)
{
	while (*s) {
		size_t n = control_length(s);

		if (n == 0)
			strbuf_add_mem(b, s++, 1);
		for (; n > 0; n--)
			strbuf_addf(b, "\\x%02x", (unsigned char)*s++);
	}
}

void strbuf_done(struct strbuf *b)
{
	free(b->text);
	*b = (struct strbuf)STRBUF_INIT;
}

char *strbuf_take(struct strbuf *b)
{
	char *text = b->text ? b->text : xstrdup("");

	*b = (struct strbuf)STRBUF_INIT;
	return text;
}

void strv_take(struct strv *s, char *text)
{
	/* Grow at powers of two; one slot is always kept for the NULL. */
	if (((s->n + 1) & s->n) == 0)
		s->v = xrealloc(s->v, 2 * (s->n + 1), sizeof(char *));
	s->v[s->n++] = text;
	s->v[s->n] = NULL;
}

void strv_add(struct strv *s, const char *text)
{
	strv_take(s, xstrdup(text));
}

void strv_done(struct strv *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i]);
	free(s->v);
	*s = (struct strv)STRV_INIT;
}

void strv_split(struct strv *s, const char *text, char separator)
{
	while (*text) {
		const char *end = strchrnul(text, separator);

		if (end > text)
			strv_take(s, xstrndup(text, (size_t)(end - text)));
		text = *end ? end + 1 : end;
	}
}
