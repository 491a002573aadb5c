/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzer of mounts[]: lines of the input are destination, type, source, and one option each.  Whatever they
 * say, the plan is made or refused with a message, and a recognised word never lands in both sets.
 *
 *	clang -fsanitize=fuzzer,address,undefined ... && ./fuzz-mountopts tests/fuzz/corpus/mountopts
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mount/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition)                                                           \
	do {                                                                         \
		if (!(condition)) {                                                  \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                     \
		}                                                                    \
	} while (0)

static void check_path(const char *path)
{
	_cleanup_free_ char *clean = mount_clean_path(path), *again = mount_clean_path(clean);

	REQUIRE(*clean == '/' && strcmp(clean, again) == 0);
	REQUIRE(!strstr(clean, "//") && !strstr(clean, "/../") && !strstr(clean, "/./"));
	mount_allowed_in_proc(clean);
}

static void check_options(const struct mount_options *options)
{
	REQUIRE(!(options->top.set & options->top.clear));
	REQUIRE(!(options->tree.set & options->tree.clear));
	REQUIRE(!(options->own & MOUNT_OWN_RBIND) || (options->own & MOUNT_OWN_BIND));
	for (size_t i = 0; i < options->data.n; i++)
		REQUIRE(mount_options_data(options, options->data.v[i]) || strchr(options->data.v[i], '='));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = xstrndup((const char *)data, size);
	struct strv lines = STRV_INIT;
	struct err e = ERR_INIT;
	struct mount_plan plan;
	struct oci_mount mount = { .destination = NULL };
	struct oci_config config = { .mounts = &mount, .n_mounts = 1 };

	check_path(text);
	strv_split(&lines, text, '\n');
	if (lines.n >= 3) {
		mount = (struct oci_mount){ .destination = lines.v[0], .type = lines.v[1], .source = lines.v[2],
					    .options = (const char *const *)lines.v + 3, .n_options = lines.n - 3 };
		if (mount_plan_make(&config, "/bundle", &plan, &e) < 0)
			REQUIRE(e.code < 0 && *e.text);
		else
			check_options(&plan.entries[0].options);
		mount_plan_done(&plan);
	}
	strv_done(&lines);
	return 0;
}
