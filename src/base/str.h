/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strings: growing buffers, printing to the heap, strict numbers, vectors of strings.
 *
 * Running out of memory ends the process with one message and status 1: no caller has to test for
 * it.  Numbers are read whole or not at all, since half-read ones gave peers the wrong user
 * (CVE-2026-30892).
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);

/* sprintf to new memory, which the caller frees. */
char *str_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *str_vprintf(const char *fmt, va_list args) __attribute__((format(printf, 1, 0)));

static inline bool str_starts(const char *s, const char *prefix)
{
	return __builtin_strncmp(s, prefix, __builtin_strlen(prefix)) == 0;
}

/* True if s is NULL or "": engines set variables to the empty string where they mean unset. */
static inline bool str_empty(const char *s)
{
	return !s || !*s;
}

/* The whole of s as a decimal number: 0, or -EINVAL (no number, or something behind it) or -ERANGE. */
int str_to_u32(const char *s, uint32_t *ret_value);
int str_to_u64(const char *s, uint64_t *ret_value);
int str_to_i64(const char *s, int64_t *ret_value);

/* The whole of s as an octal number of permission bits, at most 07777; errors as above. */
int str_to_mode(const char *s, uint32_t *ret_value);

struct strbuf {
	char *text; /* always ends in a NUL once something was added; NULL before */
	size_t len; /* without the NUL */
	size_t size;
};

#define STRBUF_INIT { .text = NULL, .len = 0, .size = 0 }

void strbuf_add(struct strbuf *b, const char *s);
void strbuf_add_mem(struct strbuf *b, const void *p, size_t n);
void strbuf_addf(struct strbuf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Add s as a JSON string in quotes; bytes that are no UTF-8 become U+FFFD. */
void strbuf_add_json(struct strbuf *b, const char *s);
/* Names come from configurations, images and containers: what would steer a terminal is shown (\x1b), not done, and one
   line stays one line. */
void strbuf_add_printable(struct strbuf *b, const char *s);
void strbuf_done(struct strbuf *b);

/* The text, never NULL, which the caller now owns; the buffer is empty again. */
char *strbuf_take(struct strbuf *b);

/* A vector of strings that it owns, ended by NULL as execve(2) wants it. */
struct strv {
	char **v; /* NULL while empty */
	size_t n;
};

#define STRV_INIT { .v = NULL, .n = 0 }

void strv_add(struct strv *s, const char *text);          /* copies text */
void strv_take(struct strv *s, char *text);               /* owns text from now on */
void strv_done(struct strv *s);

/* Split text at each `separator` into new strings; empty pieces are left out. */
void strv_split(struct strv *s, const char *text, char separator);
