/* SPDX-License-Identifier: Apache-2.0 */
/* Any annotation org.systemd.property.NAME, with the name on the first line and the value behind it: one property
   that is as its type says, none, or an explained refusal. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cgroup/properties.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void check_property(const struct property *p)
{
	require(*p->name && !strpbrk(p->name, " \n/"));
	switch (p->type) {
	case PROPERTY_BOOL:
		require(p->integer == 0 || p->integer == 1);
		break;
	case PROPERTY_INT32:
		require(p->integer >= INT32_MIN && p->integer <= INT32_MAX);
		break;
	case PROPERTY_UINT32:
		require(p->integer >= 0 && p->integer <= UINT32_MAX);
		break;
	case PROPERTY_STRING:
		require(p->strings.n == 1);
		break;
	case PROPERTY_INT64:
	case PROPERTY_UINT64:
	case PROPERTY_DOUBLE:
	case PROPERTY_STRINGS:
		break;
	default:
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = xstrndup((const char *)data, size);
	size_t n = strcspn(text, "\n");
	_cleanup_free_ char *key = str_printf("org.systemd.property.%.*s", (int)n, text);
	const struct oci_pair pair = { .key = key, .value = text + n + (text[n] == '\n') };
	_cleanup_(property_list_done) struct property_list list = PROPERTY_LIST_INIT;
	struct err e = ERR_INIT;
	int r = properties_from_annotations(&pair, 1, &list, &e);

	require(r == 0 ? list.n == 1 : r == -EINVAL && e.code == r && *e.text);
	for (size_t i = 0; r == 0 && i < list.n; i++)
		check_property(&list.v[i]);
	return 0;
}
