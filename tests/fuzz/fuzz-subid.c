/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a subuid(5) file: the ranges that come out are sound. */
#include <stdint.h>
#include <stdlib.h>

#include "base/str.h"
#include "kernel/userns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Not empty, within 32 bits, counted on inside, apart from each other outside. */
static void check(const struct userns_map *map)
{
	uint64_t inside = 1;

	for (size_t i = 0; i < map->n_extents; i++) {
		const struct userns_extent *a = &map->extents[i];

		if (a->count == 0 || a->inside != inside || (uint64_t)a->outside + a->count > UINT32_MAX)
			abort();
		inside += a->count;
		if (inside > UINT32_MAX)
			abort();
		for (size_t j = 0; j < i; j++) {
			const struct userns_extent *b = &map->extents[j];

			if (a->outside < (uint64_t)b->outside + b->count && b->outside < (uint64_t)a->outside + a->count)
				abort();
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(userns_map_done) struct userns_map map = { NULL, 0 };
	_cleanup_free_ char *text = xstrndup((const char *)data, size);
	int n = userns_parse_subids(text, "kern", 1000, 1, &map);

	if (n < 0 || (size_t)n != map.n_extents)
		abort();
	check(&map);
	return 0;
}
