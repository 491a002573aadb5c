/* SPDX-License-Identifier: Apache-2.0 */
/* pause: freeze all processes of a container. */
#include "cli/cmd.h"

static int run(struct call *call, struct err *e)
{
	return container_pause(call->rt, call->args[0], e);
}

const struct command cmd_pause = {
	.name = "pause",
	.synopsis = "ID",
	.summary = "freeze all processes of a container",
	.options = cmd_no_options,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
