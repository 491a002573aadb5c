/* SPDX-License-Identifier: Apache-2.0 */
/* mounts: list, add and remove those of a running container.  One mount that is told by options becomes a document. */
#include "cli/cmd.h"

#include <string.h>
#include <unistd.h>

struct mounts_args {
	const char *destination, *source, *type;
	struct strv options;
	const char *format;
};

/* ---- add and remove ---- */

static bool has_word(const struct strv *words, const char *word)
{
	for (size_t i = 0; i < words->n; i++)
		if (strcmp(words->v[i], word) == 0)
			return true;
	return false;
}

static void add_member(struct strbuf *out, const char *name, const char *value)
{
	strbuf_addf(out, ",\"%s\":", name);
	strbuf_add_json(out, value);
}

/* A bind mount unless a type says else, with all that is mounted below its source unless an option says else; what the
   caller calls by a relative path is his, not the bundle's. */
static void add_source(struct strbuf *out, const struct mounts_args *a)
{
	bool bind = !a->type || strcmp(a->type, "bind") == 0 || has_word(&a->options, "bind") ||
		    has_word(&a->options, "rbind");
	_cleanup_free_ char *here = bind && *a->source != '/' ? getcwd(NULL, 0) : NULL;
	_cleanup_free_ char *path = here ? str_printf("%s/%s", here, a->source) : xstrdup(a->source);

	add_member(out, "source", path);
	if (!a->type)
		add_member(out, "type", "bind");
}

static void add_options(struct strbuf *out, const struct mounts_args *a)
{
	bool needs_word = !a->type && !has_word(&a->options, "bind") && !has_word(&a->options, "rbind");

	strbuf_addf(out, ",\"options\":[%s", needs_word ? "\"rbind\"" : "");
	for (size_t i = 0; i < a->options.n; i++) {
		strbuf_add(out, i > 0 || needs_word ? "," : "");
		strbuf_add_json(out, a->options.v[i]);
	}
	strbuf_add(out, "]");
}

/* {"mounts":[{"destination":"/data","source":"/srv/data","type":"bind","options":["rbind","ro"]}]} */
static char *make_document(const struct mounts_args *a)
{
	struct strbuf out = STRBUF_INIT;

	strbuf_add(&out, "{\"mounts\":[{\"destination\":");
	strbuf_add_json(&out, a->destination);
	if (a->type)
		add_member(&out, "type", a->type);
	if (a->source)
		add_source(&out, a);
	add_options(&out, a);
	strbuf_add(&out, "}]}");
	return strbuf_take(&out);
}

static int read_or_make(const struct call *call, bool adds, char **ret_text, size_t *ret_len, struct err *e)
{
	const struct mounts_args *a = call->options;
	bool has_options = a->destination || a->source || a->type || a->options.n > 0;

	if ((call->n_args == 3) == has_options)
		return err_say(e, -EINVAL, "mounts %s: takes either a FILE, or the option '--destination'%s", call->args[0],
			       adds ? " and others" : "");
	if (call->n_args == 3)
		return cmd_read_document(call->args[2], ret_text, ret_len, e);
	if (!a->destination)
		return err_say(e, -EINVAL, "mounts %s: option '--destination' is missing", call->args[0]);
	if (!adds && (a->source || a->type || a->options.n > 0))
		return err_say(e, -EINVAL, "mounts remove: takes no option but '--destination'");
	if (adds && !a->source && !a->type)
		return err_say(e, -EINVAL, "mounts add: neither '--source' nor '--type' was given");
	*ret_text = make_document(a);
	*ret_len = strlen(*ret_text);
	return 0;
}

static int change(struct call *call, bool adds, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	size_t n = 0;
	int r = read_or_make(call, adds, &text, &n, e);

	if (r < 0)
		return r;
	return adds ? container_mounts_add(call->rt, call->args[1], text, n, e) :
		      container_mounts_remove(call->rt, call->args[1], text, n, e);
}

/* ---- list ---- */

enum { COL_DESTINATION, COL_TYPE, COL_SOURCE, COL_OPTIONS, COL_PROPAGATION, COL_FROM, N_COLS };

static const char *const titles[N_COLS] = { "DESTINATION", "TYPE", "SOURCE", "OPTIONS", "PROPAGATION", "FROM" };

static char *print_table(const struct container_mount *mounts, size_t n)
{
	_cleanup_free_ const char **cells = xcalloc((n + 1) * N_COLS, sizeof(*cells));

	memcpy(cells, titles, sizeof(titles));
	for (size_t i = 0; i < n; i++) {
		const char **row = cells + (i + 1) * N_COLS;

		row[COL_DESTINATION] = mounts[i].destination;
		row[COL_TYPE] = mounts[i].type;
		row[COL_SOURCE] = mounts[i].source;
		row[COL_OPTIONS] = mounts[i].options;
		row[COL_PROPAGATION] = mounts[i].propagation;
		row[COL_FROM] = *mounts[i].from ? mounts[i].from : "-";
	}
	return cmd_make_table(cells, n + 1, N_COLS);
}

static char *print_json(const struct container_mount *mounts, size_t n)
{
	struct strbuf out = STRBUF_INIT;

	strbuf_add(&out, "[");
	for (size_t i = 0; i < n; i++) {
		strbuf_addf(&out, "%s{\"destination\":", i > 0 ? "," : "");
		strbuf_add_json(&out, mounts[i].destination);
		add_member(&out, "type", mounts[i].type);
		add_member(&out, "source", mounts[i].source);
		add_member(&out, "options", mounts[i].options);
		add_member(&out, "fsOptions", mounts[i].fs_options);
		add_member(&out, "propagation", mounts[i].propagation);
		add_member(&out, "from", mounts[i].from);
		strbuf_add(&out, "}");
	}
	strbuf_add(&out, "]\n");
	return strbuf_take(&out);
}

static int list(struct call *call, struct err *e)
{
	const struct mounts_args *a = call->options;
	struct container_mount *mounts = NULL;
	_cleanup_free_ char *text = NULL;
	size_t n = 0;
	int r;

	if (call->n_args == 3)
		return err_say(e, -EINVAL, "mounts list: unexpected argument '%s'", call->args[2]);
	r = container_mounts_list(call->rt, call->args[1], &mounts, &n, e);
	if (r < 0)
		return r;
	text = a->format && strcmp(a->format, "json") == 0 ? print_json(mounts, n) : print_table(mounts, n);
	container_mounts_free(mounts, n);
	return cmd_print(text, e);
}

static int run(struct call *call, struct err *e)
{
	const char *verb = call->args[0];

	if (strcmp(verb, "list") == 0)
		return list(call, e);
	if (strcmp(verb, "add") == 0 || strcmp(verb, "remove") == 0)
		return change(call, verb[0] == 'a', e);
	return err_say(e, -EINVAL, "mounts: unknown word '%s' (one of: list, add, remove)", verb);
}

static const struct opt options[] = {
	OPT_PATH("destination", "d", "PATH", struct mounts_args, destination, "where in the container"),
	OPT_PATH("source", "s", "SOURCE", struct mounts_args, source, "add: what to mount, a path for bind mounts"),
	OPT_STRING("type", "t", "TYPE", struct mounts_args, type, "add: bind, tmpfs, overlay, ... (default: bind)"),
	OPT_COMMAS("options", "o", "OPTIONS", struct mounts_args, options, "add: as in mounts[], separated by commas"),
	OPT_WORD("format", "f", "table|json", struct mounts_args, format, "list: how to print them (default: table)"),
	OPT_END,
};

const struct command cmd_mounts = {
	.name = "mounts",
	.synopsis = "list|add|remove ID [OPTIONS | FILE]",
	.summary = "show the mounts of a container, add to them or remove what was added",
	.about = "FILE, or - for standard input, is an object with \"mounts\" as in config.json; remove looks at the\n"
		 "destinations only.",
	.options = options,
	.options_size = sizeof(struct mounts_args),
	.min_args = 2,
	.max_args = 3,
	.run = run,
};
