/* SPDX-License-Identifier: Apache-2.0 */
/* Annotations org.systemd.property.* as properties of units: see properties.h. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup/properties.h"

#define PREFIX "org.systemd.property."

/* A quoted string at *text, which moves behind it. */
static int parse_string(const char **text, char **ret_string)
{
	_cleanup_(strbuf_done) struct strbuf out = STRBUF_INIT;
	const char *p = *text;
	char quote = *p;

	if (quote != '\'' && quote != '"')
		return -EINVAL;
	for (p++; *p != quote; p++) {
		/* A backslash keeps the next character as it is; the letters of C have a meaning. */
		static const char letters[] = "n\nt\tr\r";
		char c = *p == '\\' ? *++p : *p;
		const char *letter = p > *text && p[-1] == '\\' && c ? strchr(letters, c) : NULL;

		if (!c)
			return -EINVAL;
		if (letter && (letter - letters) % 2 == 0)
			c = letter[1];
		strbuf_add_mem(&out, &c, 1);
	}
	*text = p + 1;
	*ret_string = strbuf_take(&out);
	return 0;
}

static const char *skip_spaces(const char *text)
{
	return text + strspn(text, " \t");
}

/* "['a', 'b']", the whole text. */
static int parse_array(const char *text, struct strv *strings)
{
	for (text = skip_spaces(text + 1); *text != ']'; ) {
		char *string;
		int r = parse_string(&text, &string);

		if (r < 0)
			return r;
		strv_take(strings, string);
		text = skip_spaces(text);
		if (*text == ',')
			text = skip_spaces(text + 1);
		else if (*text != ']')
			return -EINVAL;
	}
	return *skip_spaces(text + 1) ? -EINVAL : 0;
}

static const struct {
	const char *prefix;
	enum property_type type;
	int64_t min, max; /* of the integers; uint64 is checked by its parser */
} number_types[] = {
	{ "uint64 ", PROPERTY_UINT64, 0, 0 },
	{ "int64 ", PROPERTY_INT64, INT64_MIN, INT64_MAX },
	{ "uint32 ", PROPERTY_UINT32, 0, UINT32_MAX },
	{ "int32 ", PROPERTY_INT32, INT32_MIN, INT32_MAX },
	{ "", PROPERTY_INT32, INT32_MIN, INT32_MAX }, /* what GVariant takes a bare number for */
};

static int parse_number(const char *text, struct property *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(number_types); i++) {
		const char *digits = text + strlen(number_types[i].prefix);
		uint64_t u;
		int r;

		if (!str_starts(text, number_types[i].prefix))
			continue;
		p->type = number_types[i].type;
		if (p->type == PROPERTY_UINT64) {
			r = str_to_u64(skip_spaces(digits), &u);
			p->integer = r < 0 ? 0 : (int64_t)u;
			return r;
		}
		r = str_to_i64(skip_spaces(digits), &p->integer);
		if (r < 0)
			return r;
		return p->integer < number_types[i].min || p->integer > number_types[i].max ? -ERANGE : 0;
	}
	return -EINVAL;
}

static int parse_value(const char *text, struct property *p)
{
	char *end, *string;
	int r;

	if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0) {
		p->type = PROPERTY_BOOL;
		p->integer = text[0] == 't';
		return 0;
	}
	if (*text == '[') {
		p->type = PROPERTY_STRINGS;
		return parse_array(text, &p->strings);
	}
	if (*text == '\'' || *text == '"') {
		p->type = PROPERTY_STRING;
		r = parse_string(&text, &string);
		if (r == 0)
			strv_take(&p->strings, string);
		return r == 0 && *skip_spaces(text) ? -EINVAL : r;
	}
	if (strchr(text, '.') && isdigit((unsigned char)text[*text == '-'])) {
		p->type = PROPERTY_DOUBLE;
		p->number = strtod(text, &end);
		return *end ? -EINVAL : 0;
	}
	return parse_number(text, p);
}

/* TimeoutStopSec=90 of a unit file is the D-Bus property TimeoutStopUSec of type t. */
static int seconds_to_usec(struct property *p)
{
	size_t n = strlen(p->name);
	double seconds = p->type == PROPERTY_DOUBLE ? p->number : (double)p->integer;
	char *name;

	if (n < 4 || strcmp(p->name + n - 3, "Sec") != 0 || (n > 4 && p->name[n - 4] == 'U'))
		return 0;
	if (p->type == PROPERTY_STRING || p->type == PROPERTY_STRINGS || p->type == PROPERTY_BOOL || seconds < 0 ||
	    seconds > 1e12)
		return -EINVAL;
	name = str_printf("%.*sUSec", (int)(n - 3), p->name);
	free(p->name);
	p->name = name;
	p->type = PROPERTY_UINT64;
	p->integer = (int64_t)(seconds * 1e6);
	return 0;
}

/* systemd's names are words of letters. */
static bool is_name(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

	return n >= 3 && !name[n];
}

int properties_from_annotations(const struct oci_pair *annotations, size_t n, struct property_list *list,
				struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		const char *name = annotations[i].key + strlen(PREFIX);
		struct property *p;
		int r;

		if (!str_starts(annotations[i].key, PREFIX))
			continue;
		if (!is_name(name))
			return err_say(e, -EINVAL, "annotations.%s: \"%s\" is no name of a property of a systemd unit",
				       annotations[i].key, name);
		p = property_add(list, name, PROPERTY_STRING);
		r = parse_value(skip_spaces(annotations[i].value), p);
		if (r == 0)
			r = seconds_to_usec(p);
		if (r < 0)
			return err_say(e, -EINVAL, "annotations.%s: cannot understand \"%s\" as a value in GVariant's text "
						   "format, such as true, 5, uint64 5 or 'text'", annotations[i].key,
				       annotations[i].value);
	}
	return 0;
}
