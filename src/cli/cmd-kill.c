/* SPDX-License-Identifier: Apache-2.0 */
/* kill: signal a container. */
#include "cli/cmd.h"

struct kill_args {
	bool all;
};

static int run(struct call *call, struct err *e)
{
	const struct kill_args *a = call->options;

	return container_kill(call->rt, call->args[0], call->n_args > 1 ? call->args[1] : NULL, a->all, e);
}

static const struct opt options[] = {
	OPT_FLAG("all", "a", struct kill_args, all, "signal every process of the container"),
	OPT_END,
};

const struct command cmd_kill = {
	.name = "kill",
	.synopsis = "[OPTIONS] ID [SIGNAL]",
	.summary = "send a signal to the first process of a container",
	.about = "SIGNAL is a name or a number: KILL, SIGKILL, 9, RTMIN+1.  0 sends nothing, and fails if the\n"
		 "container does not run.  Without SIGNAL it is SIGTERM, or the stop signal that the container's\n"
		 "annotation org.opencontainers.image.stopSignal names.",
	.options = options,
	.options_size = sizeof(struct kill_args),
	.min_args = 1,
	.max_args = 2,
	.run = run,
};
