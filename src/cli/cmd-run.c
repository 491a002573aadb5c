/* SPDX-License-Identifier: Apache-2.0 */
/* run: create, start, wait, delete. */
#include "cli/cmd.h"

static int run(struct call *call, struct err *e)
{
	struct create_options *o = call->options;

	o->id = call->args[0];
	return container_run(call->rt, o, &call->status, e);
}

static const struct opt options[] = {
	CMD_CREATE_ROWS,
	OPT_FLAG("detach", "d", struct create_options, detach, "return as soon as the program runs"),
	OPT_FLAG("keep", NULL, struct create_options, keep, "keep the container after its program has ended"),
	OPT_END,
};

const struct command cmd_run = {
	.name = "run",
	.synopsis = "[OPTIONS] ID",
	.summary = "make a container, run its program and remove the container",
	.about = "The exit status is that of the program, or 128 + N when signal N ended it.",
	.options = options,
	.options_size = sizeof(struct create_options),
	.min_args = 1,
	.max_args = 1,
	.quiet = true,
	.run = run,
};
