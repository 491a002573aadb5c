/* SPDX-License-Identifier: Apache-2.0 */
/* start: run the program of a created container. */
#include "cli/cmd.h"

static int run(struct call *call, struct err *e)
{
	return container_start(call->rt, call->args[0], e);
}

const struct command cmd_start = {
	.name = "start",
	.synopsis = "ID",
	.summary = "run the program of a created container",
	.options = cmd_no_options,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
