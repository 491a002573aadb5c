/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One error: a code and a sentence.
 *
 * The signature of a function tells who explains a failure.  `int f(...)` returns a negative errno
 * and has said nothing: its caller owes the sentence.  `int f(..., struct err *e)` has already
 * written it: its caller passes the code on, or adds context with err_wrap().  An error is printed
 * once, by cli/main.c.
 *
 * struct err needs no memory, so it works after fork, and it is what travels between the two
 * processes of a launch.
 */
#pragma once

#define ERR_TEXT_MAX 2000

struct err {
	int code;                /* a negative errno, 0 while nothing went wrong */
	char text[ERR_TEXT_MAX]; /* one sentence, without a newline at its end */
};

#define ERR_INIT { .code = 0, .text = "" }

/* What does not fit into the text loses its middle: its begin names the user's thing, its end the reason. */

/* Say what failed and why: "fmt: reason of code" in Go's lower-case words (err_reason()).
   Returns code, which is a negative errno. */
int err_set(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* As err_set(), but the sentence is complete: nothing is added for the code. */
int err_say(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Put the context in front: "fmt: old text".  Returns e->code. */
int err_wrap(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Add what the user can do about it: "old text; fmt".  Returns e->code. */
int err_hint(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The words for a negative errno: strerror's, with a lower-case first letter, since engines match
   "no such file or directory" and "permission denied" in exactly that form. Static memory. */
const char *err_reason(int code);
