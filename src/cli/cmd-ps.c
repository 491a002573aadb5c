/* SPDX-License-Identifier: Apache-2.0 */
/* ps: the processes of a container. */
#include "cli/cmd.h"

#include <string.h>

#include "runtime/ps.h"

struct ps_args {
	const char *format;
};

static int print_json(struct call *call, struct err *e)
{
	_cleanup_(strbuf_done) struct strbuf out = STRBUF_INIT;
	_cleanup_free_ pid_t *pids = NULL;
	size_t n = 0;
	int r;

	if (call->n_args > 1)
		return err_say(e, -EINVAL, "arguments of ps(1) have no effect on --format json: '%s'", call->args[1]);
	r = container_ps(call->rt, call->args[0], &pids, &n, e);
	if (r < 0)
		return r;
	strbuf_add(&out, "[");
	for (size_t i = 0; i < n; i++)
		strbuf_addf(&out, "%s%d", i ? "," : "", (int)pids[i]);
	strbuf_add(&out, "]\n");
	return cmd_print(out.text, e);
}

static int run(struct call *call, struct err *e)
{
	const struct ps_args *a = call->options;
	_cleanup_free_ char *table = NULL;
	int r;

	if (a->format && strcmp(a->format, "json") == 0)
		return print_json(call, e);
	r = container_ps_table(call->rt, call->args[0], call->args + 1, &table, e);
	return r < 0 ? r : cmd_print(table, e);
}

static const struct opt options[] = {
	OPT_WORD("format", "f", "table|json", struct ps_args, format, "how to print them (default: table)"),
	OPT_END,
};

const struct command cmd_ps = {
	.name = "ps",
	.synopsis = "[OPTIONS] ID [PS-ARGUMENTS]",
	.summary = "print the processes of a container",
	.about = "The table is that of ps(1), which gets PS-ARGUMENTS (default: -ef) and has to print a column\n"
		 "called PID; json is an array of process ids.",
	.options = options,
	.options_size = sizeof(struct ps_args),
	.min_args = 1,
	.max_args = ARGS_ANY,
	.in_order = true,
	.quiet = true,
	.run = run,
};
