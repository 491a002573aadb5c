/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzer of the JSON layer.  The first byte of the input chooses the document, the rest is its
 * text.  What parses must print, parse again and print the same; what does not parse must say why.
 *
 *	clang -fsanitize=fuzzer,address,undefined ... && ./fuzz-config tests/fuzz/corpus/config
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libocispec-lite/ocispec-lite.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition)                                                           \
	do {                                                                         \
		if (!(condition)) {                                                  \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                     \
		}                                                                    \
	} while (0)

static void on_unknown(const char *path, void *ctx)
{
	REQUIRE(*path);
	++*(size_t *)ctx;
}

static void check_stable(const struct lite_type *type, const void *value, enum lite_style style)
{
	struct lite_doc again;
	const void *second;
	size_t n_first, n_second, n_unknown = 0;
	char *first = lite_print(type, value, style, &n_first), *printed;

	REQUIRE(first && strlen(first) == n_first);
	lite_init(&again);
	again.unknown = on_unknown;
	again.unknown_ctx = &n_unknown;
	second = lite_parse(&again, type, first, n_first);
	REQUIRE(second && n_unknown == 0);

	printed = lite_print(type, second, style, &n_second);
	REQUIRE(printed && n_first == n_second && memcmp(first, printed, n_first) == 0);
	free(printed);
	free(first);
	lite_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct lite_type *const types[] = {
		LITE_CONFIG, LITE_PROCESS,  LITE_RESOURCES,
		LITE_STATE,  LITE_FEATURES, LITE_CONTAINER_PROCESS_STATE,
	};
	const struct lite_type *type;
	struct lite_doc doc;
	const void *value;
	size_t n_unknown = 0;

	if (size == 0)
		return 0;
	type = types[data[0] % (sizeof(types) / sizeof(types[0]))];

	lite_init(&doc);
	doc.unknown = on_unknown;
	doc.unknown_ctx = &n_unknown;
	value = lite_parse(&doc, type, (const char *)data + 1, size - 1);
	if (value) {
		check_stable(type, value, LITE_COMPACT);
		check_stable(type, value, LITE_PRETTY);
	} else {
		REQUIRE(*doc.error && strlen(doc.error) < sizeof(doc.error));
	}
	lite_free(&doc);
	return 0;
}
