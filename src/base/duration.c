/* SPDX-License-Identifier: Apache-2.0 */
/* Spans of time: see duration.h. */
#include "base/duration.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/str.h"

/* Longer names before their beginnings. */
static const struct {
	const char *name;
	int64_t ns;
} units[] = {
	{ "ns", 1 },
	{ "us", 1000 },
	{ "\302\265s", 1000 }, /* U+00B5, micro sign */
	{ "\316\274s", 1000 }, /* U+03BC, Greek mu */
	{ "ms", 1000000 },
	{ "s", 1000000000 },
	{ "m", 60 * INT64_C(1000000000) },
	{ "h", 3600 * INT64_C(1000000000) },
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits before the point, in units. */
static int read_whole(const char **text, int64_t *ret_value)
{
	int64_t value = 0;

	for (; is_digit(**text); (*text)++)
		if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, **text - '0', &value))
			return -ERANGE;
	*ret_value = value;
	return 0;
}

/* Digits behind the point: less than a nanosecond does not count. */
static int64_t read_fraction(const char **text, int64_t *ret_scale)
{
	int64_t value = 0;

	for (*ret_scale = 1; is_digit(**text); (*text)++)
		if (*ret_scale < INT64_C(1000000000)) {
			value = value * 10 + (**text - '0');
			*ret_scale *= 10;
		}
	return value;
}

/* The unit that text begins with, and the text behind it; 0: none. */
static int64_t read_unit(const char **text)
{
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (str_starts(*text, units[i].name)) {
			*text += strlen(units[i].name);
			return units[i].ns;
		}
	return 0;
}

/* "1.5h", added to *sum. */
static int add_part(const char **text, int64_t *sum)
{
	int64_t whole, fraction = 0, scale = 1, unit, ns;
	const char *begin = *text;
	bool point = false;
	int r = read_whole(text, &whole);

	if (r < 0)
		return r;
	if (**text == '.') {
		point = true;
		(*text)++;
		fraction = read_fraction(text, &scale);
	}
	if (*text - begin == (point ? 1 : 0))
		return -EINVAL;
	unit = read_unit(text);
	if (unit == 0)
		return -EINVAL;
	if (__builtin_mul_overflow(whole, unit, &ns))
		return -ERANGE;
	/* Less than 10^9 units of at most 3600 * 10^9 are too many for 64 bits. */
	if (__builtin_add_overflow(ns, (int64_t)((__int128)fraction * unit / scale), &ns))
		return -ERANGE;
	return __builtin_add_overflow(*sum, ns, sum) ? -ERANGE : 0;
}

int duration_parse(const char *text, int64_t *ret_ns)
{
	bool negative = *text == '-';
	int64_t sum = 0;

	if (*text == '-' || *text == '+')
		text++;
	if (strcmp(text, "0") == 0) {
		*ret_ns = 0;
		return 0;
	}
	if (!*text)
		return -EINVAL;
	while (*text) {
		int r = add_part(&text, &sum);

		if (r < 0)
			return r;
	}
	*ret_ns = negative ? -sum : sum;
	return 0;
}
