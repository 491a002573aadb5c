/* SPDX-License-Identifier: Apache-2.0 */
/* create: make a container whose program waits. */
#include "cli/cmd.h"

static int run(struct call *call, struct err *e)
{
	struct create_options *o = call->options;

	o->id = call->args[0];
	return container_create(call->rt, o, e);
}

static const struct opt options[] = {
	CMD_CREATE_ROWS,
	OPT_END,
};

const struct command cmd_create = {
	.name = "create",
	.synopsis = "[OPTIONS] ID",
	.summary = "make a container; its program waits for 'ocirun start'",
	.options = options,
	.options_size = sizeof(struct create_options),
	.min_args = 1,
	.max_args = 1,
	.quiet = true,
	.run = run,
};
