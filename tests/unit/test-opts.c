/* SPDX-License-Identifier: Apache-2.0 */
/* Option tables: every way to write an option, and what is refused. */
#include "cli/opts.h"

#include "tests/unit/test.h"

struct target {
	bool force, detach;
	const char *bundle, *format;
	unsigned n;
	struct strv env, caps;
};

static const struct opt table[] = {
	OPT_FLAG("force", "f", struct target, force, "kill first"),
	OPT_FLAG("detach", "dD", struct target, detach, "return at once"),
	OPT_PATH("bundle", "b", "DIR", struct target, bundle, "where"),
	OPT_WORD("format", NULL, "table|json", struct target, format, "how"),
	OPT_NUMBER("preserve-fds", NULL, "N", struct target, n, "descriptors"),
	OPT_LIST("env", "e", "NAME=VALUE", struct target, env, "variable"),
	OPT_COMMAS("cap", "c", "CAP,...", struct target, caps, "capabilities"),
	OPT_IGNORED("no-subreaper", "nothing"),
	OPT_END,
};

/* As main.c's are to a command. */
static const struct opt elsewhere[] = {
	OPT_STRING("root", NULL, "DIR", struct target, bundle, "where"),
	OPT_END,
};

#define WORDS_MAX 16

/* The result of parsing one line of words. */
struct parsed {
	struct target t;
	char *words[WORDS_MAX];
	char **args;
	size_t n_args;
	struct err e;
	int r;
};

static void parse(struct parsed *p, bool in_order, const char *line)
{
	static struct strv words;

	strv_done(&words);
	strv_split(&words, line, ' ');
	memset(p, 0, sizeof(*p));
	for (size_t i = 0; i < words.n && i < WORDS_MAX - 1; i++)
		p->words[i] = words.v[i];
	p->r = opts_parse(table, elsewhere, in_order, p->words, &p->t, &p->args, &p->n_args, &p->e);
}

static void done(struct parsed *p)
{
	opts_done(table, &p->t);
	free(p->args);
}

static void expect_error(const char *line, const char *text)
{
	struct parsed p;

	parse(&p, false, line);
	CHECK(p.r == -EINVAL, "'%s' is refused", line);
	CHECK_STR(p.e.text, text);
	done(&p);
}

static void test_values(void)
{
	static const char *const lines[] = {
		"--bundle x id", "--bundle=x id", "-b x id", "-bx id", "-b=x id",
		"-bundle x id",  "-bundle=x id",  "id -b x", "-fb x id", "-b y --bundle x id",
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct parsed p;

		parse(&p, false, lines[i]);
		CHECK(p.r == 0 && p.t.bundle && strcmp(p.t.bundle, "x") == 0, "'%s' is bundle x", lines[i]);
		CHECK(p.n_args == 1 && strcmp(p.args[0], "id") == 0 && !p.args[1], "'%s' leaves id", lines[i]);
		done(&p);
	}
}

static void test_flags(void)
{
	struct parsed p;

	parse(&p, false, "-fd");
	CHECK(p.r == 0 && p.t.force && p.t.detach, "a cluster of letters");
	done(&p);
	parse(&p, false, "-D");
	CHECK(p.r == 0 && p.t.detach && !p.t.force, "a second letter for the same option");
	done(&p);
	parse(&p, false, "-no-subreaper --no-subreaper -force=true --detach=false");
	CHECK(p.r == 0 && p.t.force && !p.t.detach, "long names with one dash, and =true and =false");
	done(&p);
	parse(&p, false, "--detach -d --detach=false");
	CHECK(p.r == 0 && !p.t.detach, "the last of several counts");
	done(&p);
}

static void test_kinds(void)
{
	struct parsed p;

	parse(&p, false, "--format json --preserve-fds 4294967295");
	CHECK(p.r == 0 && p.t.n == UINT32_MAX, "the greatest number");
	CHECK_STR(p.t.format, "json");
	done(&p);
	parse(&p, false, "-eA=1 --env=B=2,3 -e C -c CAP_X,CAP_Y --cap CAP_Z");
	CHECK(p.r == 0 && p.t.env.n == 3 && p.t.caps.n == 3, "lists grow, and split where they say so");
	CHECK_STR(p.t.env.v[1], "B=2,3");
	CHECK_STR(p.t.caps.v[1], "CAP_Y");
	done(&p);
	parse(&p, false, "--preserve-fds -- id");
	CHECK(p.r == -EINVAL, "the argument of an option is the next word, whatever it is");
	done(&p);
}

static void test_words(void)
{
	struct parsed p;

	parse(&p, true, "-f id -d -- x");
	CHECK(p.r == 0 && p.n_args == 4 && !p.t.detach, "in order, options end at the first word");
	CHECK_STR(p.args[1], "-d");
	CHECK_STR(p.args[2], "--");
	done(&p);
	parse(&p, false, "id -d - -- -f");
	CHECK(p.r == 0 && p.t.detach && !p.t.force && p.n_args == 3, "'-' is a word, '--' ends options");
	CHECK_STR(p.args[2], "-f");
	done(&p);
	parse(&p, false, "");
	CHECK(p.r == 0 && p.n_args == 0 && p.args && !p.args[0], "nothing at all");
	done(&p);
	parse(&p, false, "-f --help --bogus");
	CHECK(p.r == OPTS_HELP, "--help counts before what follows it");
	done(&p);
	parse(&p, false, "-fh");
	CHECK(p.r == OPTS_HELP, "-h in a cluster");
	done(&p);
}

static void test_errors(void)
{
	expect_error("--bundle", "option '--bundle': the flag needs an argument");
	expect_error("-bundle", "option '-bundle': the flag needs an argument");
	expect_error("-fb", "option '-b': the flag needs an argument");
	expect_error("--bundles x", "unknown option '--bundles'");
	expect_error("--bund x", "unknown option '--bund'");
	expect_error("---force", "unknown option '---force'");
	expect_error("--root=/x", "unknown option '--root'; it belongs before the command");
	expect_error("--bundle=", "option '--bundle': the value is empty");
	expect_error("-b=", "option '-b': the value is empty");
	expect_error("-x", "unknown option '-x'");
	expect_error("-fx", "unknown option '-x' in '-fx'");
	expect_error("-f=maybe", "option '-f' takes no argument, or true or false, not 'maybe'");
	expect_error("--force=", "option '--force' takes no argument, or true or false, not ''");
	expect_error("--format xml", "option '--format': unknown value 'xml' (one of: table|json)");
	expect_error("--format tab", "option '--format': unknown value 'tab' (one of: table|json)");
	expect_error("--format=", "option '--format': unknown value '' (one of: table|json)");
	expect_error("--preserve-fds 3x", "option '--preserve-fds': '3x' is not a number from 0 to 4294967295");
	expect_error("--preserve-fds=-1", "option '--preserve-fds': '-1' is not a number from 0 to 4294967295");
}

static void test_describe(void)
{
	static const struct opt small[] = {
		OPT_FLAG("force", "f", struct target, force, "kill first"),
		OPT_WORD("format", NULL, "table|json", struct target, format, "how"),
		OPT_END,
	};
	_cleanup_(strbuf_done) struct strbuf out = STRBUF_INIT;

	opts_describe(small, &out);
	CHECK(strcmp(out.text, "  -f, --force              kill first\n"
			       "      --format table|json  how\n"
			       "  -h, --help               show this text\n") == 0,
	      "help has one line per option, in columns");
}

int main(void)
{
	test_values();
	test_flags();
	test_kinds();
	test_words();
	test_errors();
	test_describe();
	return test_done();
}
