/* SPDX-License-Identifier: Apache-2.0 */
/* resume: let the processes of a paused container go on. */
#include "cli/cmd.h"

static int run(struct call *call, struct err *e)
{
	return container_resume(call->rt, call->args[0], e);
}

const struct command cmd_resume = {
	.name = "resume",
	.synopsis = "ID",
	.summary = "let the processes of a paused container go on",
	.options = cmd_no_options,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
