/* SPDX-License-Identifier: Apache-2.0 */
/* list: all containers below the root directory. */
#include "cli/cmd.h"

#include <string.h>

struct list_args {
	const char *format;
	bool quiet;
};

enum { COL_ID, COL_PID, COL_STATUS, COL_BUNDLE, COL_CREATED, COL_OWNER, N_COLS };

static const char *const titles[N_COLS] = { "ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER" };

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

/* The cells of one row; `pid` is its number as text. */
static void fill_row(const struct container_info *info, const char *pid, const char *cells[static N_COLS])
{
	cells[COL_ID] = or_empty(info->id);
	cells[COL_PID] = pid;
	cells[COL_STATUS] = or_empty(info->status);
	cells[COL_BUNDLE] = or_empty(info->bundle);
	cells[COL_CREATED] = or_empty(info->created);
	cells[COL_OWNER] = or_empty(info->owner);
}

static char *make_table(const struct container_info *infos, size_t n)
{
	_cleanup_free_ const char **cells = xcalloc((n + 1) * N_COLS, sizeof(*cells));
	_cleanup_(strv_done) struct strv pids = STRV_INIT;

	memcpy(cells, titles, sizeof(titles));
	for (size_t i = 0; i < n; i++) {
		strv_take(&pids, str_printf("%d", (int)infos[i].pid));
		fill_row(&infos[i], pids.v[i], cells + (i + 1) * N_COLS);
	}
	return cmd_make_table(cells, n + 1, N_COLS);
}

static char *make_ids(const struct container_info *infos, size_t n)
{
	struct strbuf out = STRBUF_INIT;

	for (size_t i = 0; i < n; i++)
		strbuf_addf(&out, "%s\n", infos[i].id);
	return strbuf_take(&out);
}

static int run(struct call *call, struct err *e)
{
	const struct list_args *a = call->options;
	bool json = !a->quiet && a->format && strcmp(a->format, "json") == 0;
	_cleanup_free_ char *text = NULL;
	struct container_info *infos = NULL;
	size_t n = 0;
	int r = container_list(call->rt, &infos, &n, json ? &text : NULL, e);

	if (r < 0)
		return r;
	if (!json)
		text = a->quiet ? make_ids(infos, n) : make_table(infos, n);
	container_list_free(infos, n);
	return json ? cmd_print_line(text, e) : cmd_print(text, e);
}

static const struct opt options[] = {
	OPT_WORD("format", "f", "table|json", struct list_args, format, "how to print them (default: table)"),
	OPT_FLAG("quiet", "q", struct list_args, quiet, "print only the ids"),
	OPT_END,
};

const struct command cmd_list = {
	.name = "list",
	.synopsis = "[OPTIONS]",
	.summary = "print the containers below the root directory",
	.options = options,
	.options_size = sizeof(struct list_args),
	.quiet = true,
	.run = run,
};
