/* SPDX-License-Identifier: Apache-2.0 */
/* state: the state document of a container. */
#include "cli/cmd.h"

static int run(struct call *call, struct err *e)
{
	_cleanup_free_ char *json = NULL;
	int r = container_state(call->rt, call->args[0], &json, e);

	return r < 0 ? r : cmd_print_line(json, e);
}

const struct command cmd_state = {
	.name = "state",
	.synopsis = "ID",
	.summary = "print the state of a container as JSON",
	.options = cmd_no_options,
	.min_args = 1,
	.max_args = 1,
	.quiet = true,
	.run = run,
};
