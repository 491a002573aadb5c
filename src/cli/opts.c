/* SPDX-License-Identifier: Apache-2.0 */
/* Option tables: see opts.h.  Knows no command, prints nothing. */
#include "cli/opts.h"

#include <string.h>

/* Columns for an option and its argument, so that the rest of 100 is for the help. */
#define LEFT_MAX 32

static const struct opt help_row = { "help", "h", NULL, "show this text", OPT_KIND_FLAG, 0 };

struct parser {
	const struct opt *table, *elsewhere;
	void *target;
	char *const *next; /* the word that follows the one at work */
	struct err *e;
};

/* How an option was written, for messages: "--bundle" or "-b". */
struct spelling {
	const char *dashes;
	const char *name;
	int n_name;
};

#define SPELLING_FMT "'%s%.*s'"
#define SPELLING_ARGS(s) (s)->dashes, (s)->n_name, (s)->name

static const struct opt *find_name(const struct opt *table, const char *name, size_t n)
{
	for (const struct opt *row = table; row->name; row++)
		if (strlen(row->name) == n && strncmp(row->name, name, n) == 0)
			return row;
	return strlen(help_row.name) == n && strncmp(help_row.name, name, n) == 0 ? &help_row : NULL;
}

static const struct opt *find_letter(const struct opt *table, char letter)
{
	for (const struct opt *row = table; row->name; row++)
		if (row->letters && strchr(row->letters, letter))
			return row;
	return letter == help_row.letters[0] ? &help_row : NULL;
}

/* Is the value one of "a|b|c"? */
static bool word_known(const char *words, const char *value)
{
	size_t n = strlen(value);

	for (const char *w = words; *w;) {
		size_t len = strcspn(w, "|");

		if (len == n && strncmp(w, value, n) == 0)
			return true;
		w += len + (w[len] == '|');
	}
	return false;
}

static int set_flag(struct parser *p, const struct opt *row, const struct spelling *s, const char *attached)
{
	bool value = !attached || strcmp(attached, "true") == 0;

	if (attached && !value && strcmp(attached, "false") != 0)
		return err_say(p->e, -EINVAL, "option " SPELLING_FMT " takes no argument, or true or false, not '%s'",
			       SPELLING_ARGS(s), attached);
	if (row->kind == OPT_KIND_FLAG)
		*(bool *)((char *)p->target + row->offset) = value;
	return 0;
}

static int set_value(struct parser *p, const struct opt *row, const struct spelling *s, const char *value)
{
	void *member = (char *)p->target + row->offset;
	uint32_t number;

	switch (row->kind) {
	case OPT_KIND_PATH:
		if (str_empty(value))
			return err_say(p->e, -EINVAL, "option " SPELLING_FMT ": the value is empty", SPELLING_ARGS(s));
		*(const char **)member = value;
		return 0;
	case OPT_KIND_WORD:
		if (!word_known(row->arg, value))
			return err_say(p->e, -EINVAL, "option " SPELLING_FMT ": unknown value '%s' (one of: %s)",
				       SPELLING_ARGS(s), value, row->arg);
		*(const char **)member = value;
		return 0;
	case OPT_KIND_NUMBER:
		if (str_to_u32(value, &number) < 0)
			return err_say(p->e, -EINVAL, "option " SPELLING_FMT ": '%s' is not a number from 0 to %u",
				       SPELLING_ARGS(s), value, UINT32_MAX);
		*(unsigned *)member = number;
		return 0;
	case OPT_KIND_LIST:
		strv_add(member, value);
		return 0;
	case OPT_KIND_COMMAS:
		strv_split(member, value, ',');
		return 0;
	default:
		*(const char **)member = value;
		return 0;
	}
}

/* One option with what was attached to it ("=VALUE"), or NULL. */
static int apply(struct parser *p, const struct opt *row, const struct spelling *s, const char *attached)
{
	if (row == &help_row)
		return OPTS_HELP;
	if (!row->arg)
		return set_flag(p, row, s, attached);
	if (attached)
		return set_value(p, row, s, attached);
	/* Podman 4.3 looks for these words alone to learn whether a container can be restored into a pod. */
	if (!*p->next)
		return err_say(p->e, -EINVAL, "option " SPELLING_FMT ": the flag needs an argument", SPELLING_ARGS(s));
	return set_value(p, row, s, *p->next++);
}

/* "name" or "name=value", with its dashes gone.  `row` was found by the name. */
static int apply_long(struct parser *p, const struct opt *row, const char *dashes, const char *text)
{
	size_t n = strcspn(text, "=");
	struct spelling s = { dashes, text, (int)n };

	return apply(p, row, &s, text[n] ? text + n + 1 : NULL);
}

/* Letters behind one dash: the first that takes an argument takes the rest of the word. */
static int apply_letters(struct parser *p, const char *letters)
{
	for (const char *l = letters; *l; l++) {
		const struct opt *row = find_letter(p->table, *l);
		struct spelling s = { "-", l, 1 };
		const char *attached = NULL;
		int r;

		if (!row && letters[1])
			return err_say(p->e, -EINVAL, "unknown option '-%c' in '-%s'", *l, letters);
		if (!row)
			return err_say(p->e, -EINVAL, "unknown option '-%c'", *l);
		if (row->arg ? l[1] != '\0' : l[1] == '=')
			attached = l + 1 + (l[1] == '=');
		r = apply(p, row, &s, attached);
		if (r != 0 || attached)
			return r;
	}
	return 0;
}

/* A word that begins with a dash and is more than one or two of them. */
static int apply_word(struct parser *p, const char *word)
{
	bool two = word[1] == '-';
	const char *text = word + (two ? 2 : 1);
	const struct opt *row = find_name(p->table, text, strcspn(text, "="));

	/* A single letter is never a name, even if a table had such a short one. */
	if (row && (two || (text[1] && text[1] != '=')))
		return apply_long(p, row, two ? "--" : "-", text);
	if (!two)
		return apply_letters(p, text);
	err_say(p->e, -EINVAL, "unknown option '--%.*s'", (int)strcspn(text, "="), text);
	if (p->elsewhere && find_name(p->elsewhere, text, strcspn(text, "=")))
		err_hint(p->e, "it belongs before the command");
	return p->e->code;
}

static size_t count(char *const *v)
{
	size_t n = 0;

	while (v[n])
		n++;
	return n;
}

int opts_parse(const struct opt *table, const struct opt *elsewhere, bool in_order, char *const *argv, void *target,
	       char ***ret_args, size_t *ret_n_args, struct err *e)
{
	struct parser p = { table, elsewhere, target, argv, e };
	_cleanup_free_ char **args = xcalloc(count(argv) + 1, sizeof(*args));
	size_t n_args = 0;

	while (*p.next) {
		char *word = *p.next++;
		int r;

		if (strcmp(word, "--") == 0)
			break;
		if (word[0] == '-' && word[1]) {
			r = apply_word(&p, word);
			if (r != 0)
				return r;
			continue;
		}
		args[n_args++] = word;
		if (in_order)
			break;
	}
	while (*p.next)
		args[n_args++] = *p.next++;
	*ret_args = TAKE_PTR(args);
	*ret_n_args = n_args;
	return 0;
}

void opts_done(const struct opt *table, void *target)
{
	for (const struct opt *row = table; row->name; row++)
		if (row->kind == OPT_KIND_LIST || row->kind == OPT_KIND_COMMAS)
			strv_done((struct strv *)(void *)((char *)target + row->offset));
}

/* "-b, --bundle DIR" */
static char *describe_left(const struct opt *row)
{
	struct strbuf left = STRBUF_INIT;

	if (row->letters)
		strbuf_addf(&left, "-%c, ", row->letters[0]);
	else
		strbuf_add(&left, "    ");
	strbuf_addf(&left, "--%s", row->name);
	if (row->arg)
		strbuf_addf(&left, " %s", row->arg);
	return strbuf_take(&left);
}

static int row_width(const struct opt *row)
{
	_cleanup_free_ char *left = describe_left(row);

	return (int)strlen(left);
}

/* What is wider than the left column has its help on the next line. */
static void describe_row(const struct opt *row, int width, struct strbuf *out)
{
	_cleanup_free_ char *left = describe_left(row);

	if ((int)strlen(left) > width)
		strbuf_addf(out, "  %s\n  %*s  %s\n", left, width, "", row->help);
	else
		strbuf_addf(out, "  %-*s  %s\n", width, left, row->help);
}

void opts_describe(const struct opt *table, struct strbuf *out)
{
	int width = row_width(&help_row);

	for (const struct opt *row = table; row->name; row++)
		if (row_width(row) > width && row_width(row) <= LEFT_MAX)
			width = row_width(row);
	for (const struct opt *row = table; row->name; row++)
		describe_row(row, width, out);
	describe_row(&help_row, width, out);
}
