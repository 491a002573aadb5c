/* SPDX-License-Identifier: Apache-2.0 */
/* The whole of our unit test framework: checks that print TAP (testanything.org). */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int test_count, test_failed;

static inline void __attribute__((format(printf, 2, 3))) test_report(bool ok, const char *fmt, ...)
{
	va_list args;

	printf("%sok %d - ", ok ? "" : "not ", ++test_count);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	test_failed += !ok;
}

/* CHECK(condition, "what is promised: %d", n) */
#define CHECK(condition, ...)                                                       \
	do {                                                                        \
		bool ok_ = (condition);                                             \
		test_report(ok_, __VA_ARGS__);                                      \
		if (!ok_)                                                           \
			printf("# %s:%d: %s\n", __FILE__, __LINE__, #condition);    \
	} while (0)

/* The text is exactly what is expected. */
#define CHECK_STR(actual, expected)                                                          \
	do {                                                                                 \
		const char *a_ = (actual), *e_ = (expected);                                 \
		bool ok_ = a_ && strcmp(a_, e_) == 0;                                        \
		test_report(ok_, "\"%s\"", e_);                                              \
		if (!ok_)                                                                    \
			printf("# %s:%d: got \"%s\"\n", __FILE__, __LINE__, a_ ? a_ : "NULL"); \
	} while (0)

/* Something that cannot be tested here, and why. */
#define SKIP(reason) printf("ok %d # SKIP %s\n", ++test_count, reason)

static inline int test_done(void)
{
	printf("1..%d\n", test_count);
	return test_failed ? 1 : 0;
}
