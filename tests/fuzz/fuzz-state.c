/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as state.json: refused with a reason, or a document that is written as it was read. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "runtime/bundle.h"
#include "runtime/state-document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *print(const void *document, size_t *ret_n)
{
	char *text = lite_print(STATE_DOCUMENT, document, LITE_COMPACT, ret_n);

	if (!text)
		abort();
	return text;
}

/* The state of the specification is made of whatever is in there. */
static void check_state(const struct state_document *d)
{
	_cleanup_(bundle_document_done) struct bundle_document state = { .root = NULL };
	_cleanup_free_ char *text = NULL;
	struct err e = ERR_INIT;
	size_t n;

	text = state_print(d, OCI_STATUS_STOPPED, 0, LITE_PRETTY, &n);
	if (!text || bundle_parse(text, n, "state", LITE_STATE, &state, &e) < 0) {
		puts(e.text);
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(bundle_document_done) struct bundle_document first = { .root = NULL }, second = { .root = NULL };
	_cleanup_free_ char *once = NULL, *twice = NULL;
	struct err e = ERR_INIT;
	size_t n_once, n_twice;

	if (bundle_parse((const char *)data, size, "state.json", STATE_DOCUMENT, &first, &e) < 0) {
		if (!*e.text)
			abort();
		return 0;
	}
	once = print(first.root, &n_once);
	if (bundle_parse(once, n_once, "state.json", STATE_DOCUMENT, &second, &e) < 0)
		abort();
	twice = print(second.root, &n_twice);
	if (n_once != n_twice || memcmp(once, twice, n_once) != 0)
		abort();
	check_state(first.root);
	return 0;
}
