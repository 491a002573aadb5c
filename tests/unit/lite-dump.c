/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libocispec-lite knows, as text, for the tests that compare it with something else:
 *
 *	lite-dump                 each row of each document: path, kind, what is required, values
 *	lite-dump DOCUMENT FILE   the file parsed and printed; unknown properties on stderr
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libocispec-lite/ocispec-lite.h"
#include "libocispec-lite/table.h"

struct document {
	const char *name;
	const struct lite_type *type;
};

static void dump_type(const char *prefix, const struct lite_type *type);

static const char *kind_name(enum lite_kind kind)
{
	static const char *const names[] = {
		[LITE_BOOL] = "bool", [LITE_I32] = "int32",   [LITE_I64] = "int64",
		[LITE_U16] = "uint16", [LITE_U32] = "uint32", [LITE_U64] = "uint64",
		[LITE_STRING] = "string", [LITE_ENUM] = "enum", [LITE_OBJECT] = "object",
	};

	return names[kind];
}

static void dump_row(const char *prefix, const struct lite_field *row)
{
	static const char *const suffixes[] = {
		[LITE_ONE] = "", [LITE_POINTER] = "", [LITE_ARRAY] = "[]", [LITE_MAP] = "{}",
	};
	char path[512];

	snprintf(path, sizeof(path), "%s.%s%s", prefix, row->name, suffixes[row->shape]);
	printf("%s\t%s\t%s\t", path, kind_name(row->kind),
	       row->flags & LITE_REQUIRED ? "required" : "optional");
	for (size_t i = 1; row->values && i < row->values->n_names; i++)
		printf("%s%s", i > 1 ? "|" : "", lite_enum_name(row->values, (unsigned)i));
	putchar('\n');
	if (row->type)
		dump_type(path, row->type);
}

static void dump_type(const char *prefix, const struct lite_type *type)
{
	for (size_t i = 0; i < type->n_fields; i++)
		dump_row(prefix, &type->fields[i]);
}

static void print_unknown(const char *path, void *ctx)
{
	(void)ctx;
	fprintf(stderr, "unknown %s\n", path);
}

static char *read_file(const char *path, size_t *ret_len)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t len = 0, got;

	if (!file)
		return NULL;
	do {
		char *grown = realloc(text, len + 65536);

		if (!grown)
			abort();
		text = grown;
		got = fread(text + len, 1, 65536, file);
		len += got;
	} while (got > 0);
	fclose(file);
	*ret_len = len;
	return text;
}

static int round_trip(const struct lite_type *type, const char *path)
{
	struct lite_doc doc;
	const void *value;
	size_t len = 0;
	char *text = read_file(path, &len), *printed = NULL;

	if (!text) {
		perror(path);
		return 1;
	}
	lite_init(&doc);
	doc.unknown = print_unknown;
	value = lite_parse(&doc, type, text, len);
	if (value)
		printed = lite_print(type, value, LITE_PRETTY, NULL);
	if (printed)
		puts(printed);
	else
		fprintf(stderr, "%s:%s\n", path, value ? " out of memory" : doc.error);
	free(printed);
	free(text);
	lite_free(&doc);
	return value ? 0 : 1;
}

int main(int argc, char **argv)
{
	const struct document documents[] = {
		{ "config", LITE_CONFIG },
		{ "process", LITE_PROCESS },
		{ "resources", LITE_RESOURCES },
		{ "state", LITE_STATE },
		{ "container-process-state", LITE_CONTAINER_PROCESS_STATE },
		{ "features", LITE_FEATURES },
	};

	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
		if (argc == 1)
			dump_type(documents[i].name, documents[i].type);
		else if (argc == 3 && strcmp(argv[1], documents[i].name) == 0)
			return round_trip(documents[i].type, argv[2]);
	}
	if (argc != 1)
		fprintf(stderr, "usage: lite-dump [DOCUMENT FILE]\n");
	return argc != 1;
}
