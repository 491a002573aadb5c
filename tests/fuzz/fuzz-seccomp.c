/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzer of the seccomp compiler.  The input is a seccomp object in JSON, or the rest of one behind
 * its defaultAction.  What passes the check must compile to a program that the kernel would take and
 * that ends, whatever the call.
 *
 *	clang -fsanitize=fuzzer,address,undefined ... && ./fuzz-seccomp tests/fuzz/corpus/seccomp
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/audit.h>

#include "base/str.h"
#include "libocispec-lite/ocispec-lite.h"
#include "seccomp/names.h"
#include "seccomp/seccomp.h"
#include "tests/unit/seccomp-vm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition)                                                              \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                        \
		}                                                                       \
	} while (0)

/* The search is balanced: it may be long only where a call has many conditions. */
static void run_some(const struct seccomp_program *program)
{
	static const uint32_t archs[] = { AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64, 0 };
	static const uint32_t numbers[] = { 0,   1,   41,  102, 117, 135, 359, 435, 451, 600,
					    NAMES_X32_BIT, NAMES_X32_BIT + 45, UINT32_MAX };

	for (size_t a = 0; a < ARRAY_SIZE(archs); a++)
		for (size_t n = 0; n < ARRAY_SIZE(numbers); n++) {
			struct seccomp_data call = { .arch = archs[a], .nr = (int)numbers[n] };
			unsigned steps = 0;

			vm_run(program->filter, &call, &steps);
			REQUIRE(steps <= program->n_filter);
		}
}

static void compile(const struct oci_seccomp *profile)
{
	struct seccomp_program program;
	struct err e = ERR_INIT;
	int r;

	if (seccomp_check(profile, "linux.seccomp", &e) < 0) {
		REQUIRE(*e.text && e.code < 0);
		return;
	}
	r = seccomp_compile(profile, false, &program, &e);
	if (r < 0) {
		REQUIRE(r == -E2BIG && *e.text && !program.filter);
		return;
	}
	REQUIRE(vm_valid(program.filter, program.n_filter));
	run_some(&program);
	seccomp_program_done(&program);
}

static void raw(const char *text)
{
	struct seccomp_program program;
	struct err e = ERR_INIT;

	if (seccomp_from_base64(NULL, text, &program, &e) < 0) {
		REQUIRE(*e.text && !program.filter);
		return;
	}
	REQUIRE(program.n_filter > 0 && program.n_filter <= BPF_MAXINSNS);
	seccomp_program_done(&program);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *input = xstrndup((const char *)data, size);
	_cleanup_free_ char *text = str_printf(
		"{\"ociVersion\":\"1.2.0\",\"linux\":{\"seccomp\":%s%s}}",
		*input == '{' ? "" : "{\"defaultAction\":\"SCMP_ACT_ERRNO\",", input);
	const struct oci_config *config;
	struct lite_doc doc;

	raw(input);
	lite_init(&doc);
	config = lite_parse(&doc, LITE_CONFIG, text, strlen(text));
	if (config && config->linux_ && config->linux_->seccomp)
		compile(config->linux_->seccomp);
	lite_free(&doc);
	return 0;
}
