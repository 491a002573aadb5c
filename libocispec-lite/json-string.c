/* SPDX-License-Identifier: Apache-2.0 */
/* What a JSON string may consist of: UTF-8, and surrogates in pairs. */
#include "libocispec-lite/json-string.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libocispec-lite/json.h"

size_t json_utf8_char(const char *s, size_t n)
{
	/* RFC 3629, section 4: the range of the second byte is what excludes overlong forms,
	   surrogates and everything above U+10FFFF. */
	static const struct {
		unsigned char first_min, first_max, second_min, second_max, bytes;
	} forms[] = {
		{ 0x00, 0x7f, 0x00, 0x00, 1 },
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	const unsigned char *c = (const unsigned char *)s;
	size_t form = 0;

	if (n == 0)
		return 0;
	while (form < sizeof(forms) / sizeof(forms[0]) && c[0] > forms[form].first_max)
		form++;
	if (form == sizeof(forms) / sizeof(forms[0]) || c[0] < forms[form].first_min ||
	    n < forms[form].bytes)
		return 0;
	if (forms[form].bytes > 1 && (c[1] < forms[form].second_min || c[1] > forms[form].second_max))
		return 0;
	for (size_t i = 2; i < forms[form].bytes; i++)
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	return forms[form].bytes;
}

bool json_utf8_valid(const char *s, size_t n)
{
	while (n > 0) {
		uint64_t word;
		size_t bytes = 1;

		if (n >= sizeof(word)) {
			memcpy(&word, s, sizeof(word));
			if (!(word & UINT64_C(0x8080808080808080))) {
				s += sizeof(word);
				n -= sizeof(word);
				continue;
			}
		}
		if ((unsigned char)*s >= 0x80)
			bytes = json_utf8_char(s, n);
		if (!bytes)
			return false;
		s += bytes;
		n -= bytes;
	}
	return true;
}

size_t json_string_start(const char *text, size_t end)
{
	size_t start = end > 0 ? end - 1 : 0;

	while (start > 0) {
		size_t escapes = 0;

		start--;
		if (text[start] != '"')
			continue;
		while (escapes < start && text[start - escapes - 1] == '\\')
			escapes++;
		if (escapes % 2 == 0)
			break;
	}
	return start;
}

static unsigned hex4(const char *s)
{
	char digits[5] = "";

	memcpy(digits, s, 4);
	return (unsigned)strtoul(digits, NULL, 16);
}

bool json_surrogates_paired(const char *s, size_t n)
{
	bool high = false;

	for (size_t i = 0; i < n; i++) {
		bool was_high = high;

		high = false;
		if (s[i] == '\\' && i + 5 < n && s[i + 1] == 'u') {
			unsigned unit = hex4(s + i + 2);

			high = unit >= 0xd800 && unit <= 0xdbff;
			if (was_high != (unit >= 0xdc00 && unit <= 0xdfff))
				return false;
			i += 5;
			continue;
		}
		if (was_high)
			return false;
		if (s[i] == '\\')
			i++;
	}
	return !high;
}
