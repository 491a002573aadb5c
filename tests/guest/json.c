/* SPDX-License-Identifier: Apache-2.0 */
/* Writes JSON to standard output.  Never reads any. */
#include "guest.h"

#include <string.h>

static void json_char(unsigned char c)
{
	if (c == '"' || c == '\\')
		printf("\\%c", c);
	else if (c < 0x20 || c == 0x7f)
		printf("\\u%04x", c);
	else
		putchar(c);
}

void json_string_n(const char *text, size_t n)
{
	putchar('"');
	for (size_t i = 0; i < n; i++)
		json_char((unsigned char)text[i]);
	putchar('"');
}

void json_string(const char *text)
{
	json_string_n(text, strlen(text));
}

void json_comma(bool *first)
{
	if (!*first)
		putchar(',');
	*first = false;
}

void json_key(bool *first, const char *key)
{
	json_comma(first);
	json_string(key);
	putchar(':');
}

void json_key_string(bool *first, const char *key, const char *value)
{
	json_key(first, key);
	json_string(value);
}

void json_key_number(bool *first, const char *key, long long value)
{
	json_key(first, key);
	printf("%lld", value);
}
