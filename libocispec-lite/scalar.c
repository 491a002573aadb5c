/* SPDX-License-Identifier: Apache-2.0 */
/* Single values: numbers are read from their raw text, whole and in range, or not at all. */
#include "libocispec-lite/scalar.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct kind_info {
	const char *expected;
	size_t size;
	uint64_t max; /* of an integer */
	enum json_type json;
	bool is_signed;
};

static const struct kind_info kinds[] = {
	[LITE_BOOL] = { "a boolean", sizeof(bool), 0, JSON_BOOL, false },
	[LITE_I32] = { "an integer", sizeof(int32_t), INT32_MAX, JSON_NUMBER, true },
	[LITE_I64] = { "an integer", sizeof(int64_t), INT64_MAX, JSON_NUMBER, true },
	[LITE_U16] = { "an integer", sizeof(uint16_t), UINT16_MAX, JSON_NUMBER, false },
	[LITE_U32] = { "an integer", sizeof(uint32_t), UINT32_MAX, JSON_NUMBER, false },
	[LITE_U64] = { "an integer", sizeof(uint64_t), UINT64_MAX, JSON_NUMBER, false },
	[LITE_STRING] = { "a string", sizeof(char *), 0, JSON_STRING, false },
	[LITE_ENUM] = { "a string", sizeof(unsigned), 0, JSON_STRING, false },
	[LITE_OBJECT] = { "an object", 0, 0, JSON_OBJECT, false },
};

const char *scalar_expected(enum lite_kind kind)
{
	return kinds[kind].expected;
}

bool scalar_matches(enum lite_kind kind, enum json_type type)
{
	return kinds[kind].json == type;
}

const char *lite_enum_name(const struct lite_enum *values, unsigned value)
{
	return value < values->n_names && values->names[value] ? values->names[value] : "";
}

/* Little-endian and big-endian machines keep a narrow integer at different ends of a wide one, so
   every width is copied as what it is. */
static void store_integer(size_t size, uint64_t value, void *dst)
{
	const uint32_t u32 = (uint32_t)value;
	const uint16_t u16 = (uint16_t)value;

	memcpy(dst, size == 8 ? (const void *)&value : size == 4 ? (const void *)&u32 : &u16, size);
}

static uint64_t load_integer(size_t size, const void *src)
{
	uint64_t u64 = 0;
	uint32_t u32 = 0;
	uint16_t u16 = 0;

	memcpy(size == 8 ? (void *)&u64 : size == 4 ? (void *)&u32 : &u16, src, size);
	return size == 8 ? u64 : size == 4 ? u32 : u16;
}

static bool out_of_range(const struct kind_info *kind, const struct json_event *event,
			 struct message *why)
{
	message_add_quoted(why, event->text, event->len, 0);
	message_add(why, " is out of range (%s%" PRIu64 " to %" PRIu64 ")",
		    kind->is_signed ? "-" : "", kind->is_signed ? kind->max + 1 : 0, kind->max);
	return false;
}

static bool store_number(const struct lite_field *field, const struct json_event *event, void *dst,
			 struct message *why)
{
	const struct kind_info *kind = &kinds[field->kind];
	bool negative = event->text[0] == '-', fits = true;
	uint64_t limit = !negative ? kind->max : kind->is_signed ? kind->max + 1 : 0;
	uint64_t value = 0;

	for (size_t i = negative; i < event->len; i++) {
		unsigned digit = (unsigned char)event->text[i] - (unsigned)'0';

		if (digit > 9) {
			message_add(why, "expected an integer, got ");
			message_add_quoted(why, event->text, event->len, 0);
			return false;
		}
		fits = fits && value <= (limit - digit) / 10 && digit <= limit;
		value = value * 10 + digit;
	}
	if (!fits)
		return out_of_range(kind, event, why);
	if ((field->flags & LITE_POSITIVE) && (negative || value == 0)) {
		message_add(why, "must be greater than zero");
		return false;
	}
	store_integer(kind->size, negative ? -value : value, dst);
	return true;
}

static bool store_enum(const struct lite_field *field, const struct json_event *event, void *dst,
		       struct message *why)
{
	const struct lite_enum *values = field->values;

	for (unsigned i = 1; i < values->n_names; i++) {
		const char *name = values->names[i];

		if (name && strncmp(name, event->text, event->len) == 0 && !name[event->len]) {
			memcpy(dst, &i, sizeof(i));
			return true;
		}
	}
	message_add(why, "unknown value ");
	message_add_quoted(why, event->text, event->len, '\'');
	for (size_t i = 1, n = 0; i < values->n_names; i++)
		if (values->names[i])
			message_add(why, "%s%s", n++ ? ", " : " (one of: ", values->names[i]);
	message_add(why, ")");
	return false;
}

bool scalar_store(const struct lite_field *field, const struct json_event *event, void *dst,
		  struct message *why)
{
	bool value = event->text[0] == 't';

	if (field->kind == LITE_ENUM)
		return store_enum(field, event, dst, why);
	if (field->kind != LITE_BOOL)
		return store_number(field, event, dst, why);
	memcpy(dst, &value, sizeof(value));
	return true;
}

void scalar_format(enum lite_kind kind, const void *src, char text[SCALAR_TEXT_MAX])
{
	uint64_t value;

	if (kind == LITE_BOOL) {
		snprintf(text, SCALAR_TEXT_MAX, "%s", scalar_is_zero(kind, src) ? "false" : "true");
		return;
	}
	value = load_integer(kinds[kind].size, src);
	if (kind == LITE_I32)
		snprintf(text, SCALAR_TEXT_MAX, "%" PRId32, (int32_t)value);
	else if (kind == LITE_I64)
		snprintf(text, SCALAR_TEXT_MAX, "%" PRId64, (int64_t)value);
	else
		snprintf(text, SCALAR_TEXT_MAX, "%" PRIu64, value);
}

bool scalar_is_zero(enum lite_kind kind, const void *src)
{
	static const char zero[sizeof(uint64_t)];

	return memcmp(src, zero, kinds[kind].size) == 0;
}
