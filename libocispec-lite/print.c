/* SPDX-License-Identifier: Apache-2.0 */
/* Structs to JSON: the walk over the same tables that parse.c fills structs by. */
#include <string.h>

#include "libocispec-lite/json.h"
#include "libocispec-lite/ocispec-lite.h"
#include "libocispec-lite/scalar.h"
#include "libocispec-lite/table.h"

static void print_object(struct json_writer *w, const struct lite_type *type, const char *base);

static const char *load_pointer(const char *at)
{
	const char *p;

	memcpy(&p, at, sizeof(p));
	return p;
}

static void print_value(struct json_writer *w, const struct lite_field *field, const char *value)
{
	char text[SCALAR_TEXT_MAX];
	unsigned number;

	switch (field->kind) {
	case LITE_OBJECT:
		print_object(w, field->type, value);
		break;
	case LITE_STRING:
		value = load_pointer(value);
		json_write_string(w, value ? value : "");
		break;
	case LITE_ENUM:
		memcpy(&number, value, sizeof(number));
		json_write_string(w, lite_enum_name(field->values, number));
		break;
	default:
		scalar_format(field->kind, value, text);
		json_write_raw(w, text);
	}
}

static void print_array(struct json_writer *w, const struct lite_field *field, const char *elements,
			size_t n)
{
	json_write_open(w, '[');
	for (size_t i = 0; i < n; i++)
		print_value(w, field, elements + i * field->size);
	json_write_close(w, ']');
}

static void print_map(struct json_writer *w, const struct lite_field *field, const char *elements,
		      size_t n)
{
	json_write_open(w, '{');
	for (size_t i = 0; i < n; i++) {
		const char *element = elements + i * field->size;

		json_write_name(w, load_pointer(element));
		if (field->kind == LITE_STRING)
			element += offsetof(struct oci_pair, value);
		print_value(w, field, element);
	}
	json_write_close(w, '}');
}

/* Is there nothing to print?  `value` is the member, or what it points to. */
static bool is_absent(const struct lite_field *field, const char *value, size_t n)
{
	bool always = field->flags & (LITE_REQUIRED | LITE_KEEP);

	switch (field->shape) {
	case LITE_POINTER:
		return !value;
	case LITE_ARRAY:
	case LITE_MAP:
		return n == 0 && !always;
	case LITE_ONE:
		break;
	}
	if (field->kind == LITE_OBJECT)
		return false;
	/* There is no empty form of a string or of an enumeration. */
	if (field->kind == LITE_STRING || field->kind == LITE_ENUM)
		always = false;
	return !always && scalar_is_zero(field->kind, value);
}

static void print_object(struct json_writer *w, const struct lite_type *type, const char *base)
{
	json_write_open(w, '{');
	for (size_t i = 0; i < type->n_fields; i++) {
		const struct lite_field *field = &type->fields[i];
		const char *value = base + field->offset;
		size_t n = 0;

		if (field->shape != LITE_ONE)
			value = load_pointer(value);
		if (field->shape == LITE_ARRAY || field->shape == LITE_MAP)
			memcpy(&n, base + field->count_offset, sizeof(n));
		if (is_absent(field, value, n))
			continue;

		json_write_name(w, field->name);
		if (field->shape == LITE_ARRAY)
			print_array(w, field, value, n);
		else if (field->shape == LITE_MAP)
			print_map(w, field, value, n);
		else
			print_value(w, field, value);
	}
	json_write_close(w, '}');
}

char *lite_print(const struct lite_type *type, const void *value, enum lite_style style, size_t *ret_len)
{
	struct json_writer w = { .pretty = style == LITE_PRETTY };

	print_object(&w, type, value);
	return json_write_end(&w, ret_len);
}
