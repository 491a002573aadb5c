/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line as tables: one row per option, and the rows are also what --help prints.
 *
 *	static const struct opt options[] = {
 *		OPT_FLAG("force", "f", struct delete_args, force, "kill the container first"),
 *		OPT_PATH("bundle", "b", "DIR", struct create_options, bundle, "..."),
 *		OPT_END,
 *	};
 *
 * A row names the member that takes the value; it does not compile when the member's type is not
 * that of the row.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

enum opt_kind {
	OPT_KIND_FLAG = 1, /* bool: true, or what --x=true|false says */
	OPT_KIND_STRING,   /* const char *: points into argv */
	OPT_KIND_PATH,     /* the same, and not empty: what a script's unset variable leaves is no file */
	OPT_KIND_WORD,     /* const char *: one of the words of `arg`, "a|b|c" */
	OPT_KIND_NUMBER,   /* unsigned */
	OPT_KIND_LIST,     /* struct strv: one more string each time */
	OPT_KIND_COMMAS,   /* struct strv: as LIST, and each value is split at its commas */
	OPT_KIND_IGNORED,  /* a flag that is accepted for compatibility and does nothing */
};

struct opt {
	const char *name;    /* without dashes; NULL ends the table */
	const char *letters; /* short forms, the first is shown; NULL: none */
	const char *arg;     /* what its argument is called; NULL for flags */
	const char *help;
	enum opt_kind kind;
	size_t offset;
};

/* The offset of a member, provided that it has this type. */
#define OPT_MEMBER(type, strct, member)                                                         \
	(offsetof(strct, member) +                                                              \
	 0 * sizeof(char[__builtin_types_compatible_p(__typeof__(((strct *)0)->member), type) ? 1 : -1]))

#define OPT_ROW(name, letters, arg, help, kind, type, strct, member) \
	{ name, letters, arg, help, kind, OPT_MEMBER(type, strct, member) }

#define OPT_FLAG(name, letters, strct, member, help) \
	OPT_ROW(name, letters, NULL, help, OPT_KIND_FLAG, bool, strct, member)
#define OPT_STRING(name, letters, arg, strct, member, help) \
	OPT_ROW(name, letters, arg, help, OPT_KIND_STRING, const char *, strct, member)
#define OPT_PATH(name, letters, arg, strct, member, help) \
	OPT_ROW(name, letters, arg, help, OPT_KIND_PATH, const char *, strct, member)
#define OPT_WORD(name, letters, words, strct, member, help) \
	OPT_ROW(name, letters, words, help, OPT_KIND_WORD, const char *, strct, member)
#define OPT_NUMBER(name, letters, arg, strct, member, help) \
	OPT_ROW(name, letters, arg, help, OPT_KIND_NUMBER, unsigned, strct, member)
#define OPT_LIST(name, letters, arg, strct, member, help) \
	OPT_ROW(name, letters, arg, help, OPT_KIND_LIST, struct strv, strct, member)
#define OPT_COMMAS(name, letters, arg, strct, member, help) \
	OPT_ROW(name, letters, arg, help, OPT_KIND_COMMAS, struct strv, strct, member)
#define OPT_IGNORED(name, help) { name, NULL, NULL, help, OPT_KIND_IGNORED, 0 }
#define OPT_END { NULL, NULL, NULL, NULL, 0, 0 }

/* What opts_parse() returns when it met --help or -h, which every table has. */
#define OPTS_HELP 1

/*
 * Read the words of argv (NULL-terminated, without the name of the program or command) into
 * `target`, the struct that the rows are about.
 *
 * Understood are --name VALUE, --name=VALUE, the same with one dash (Go programs write
 * "-no-subreaper"), -n VALUE, -nVALUE, -n=VALUE, clusters of letters (-td) and "--".  An option
 * that is given again replaces its value.  With in_order the first word that is no option ends the
 * options; without, options may also follow it.
 *
 * `elsewhere` is a table of options that are not understood here, only told about; NULL: none.
 *
 * *ret_args: the remaining words, NULL-terminated; the array is new memory, the strings are argv's.
 * Returns 0, OPTS_HELP, or -EINVAL with the explanation.
 */
int opts_parse(const struct opt *table, const struct opt *elsewhere, bool in_order, char *const *argv, void *target,
	       char ***ret_args, size_t *ret_n_args, struct err *e);

/* Free what lists in `target` own. */
void opts_done(const struct opt *table, void *target);

/* Add one line per option, as --help shows them. */
void opts_describe(const struct opt *table, struct strbuf *out);
