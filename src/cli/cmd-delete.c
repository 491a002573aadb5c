/* SPDX-License-Identifier: Apache-2.0 */
/* delete: remove a container. */
#include "cli/cmd.h"

struct delete_args {
	bool force;
};

static int run(struct call *call, struct err *e)
{
	const struct delete_args *a = call->options;

	return container_delete(call->rt, call->args[0], a->force, e);
}

static const struct opt options[] = {
	OPT_FLAG("force", "f", struct delete_args, force, "kill what runs first; no error if there is no container"),
	OPT_END,
};

const struct command cmd_delete = {
	.name = "delete",
	.synopsis = "[OPTIONS] ID",
	.summary = "remove a container that does not run, and all that was made for it",
	.options = options,
	.options_size = sizeof(struct delete_args),
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
