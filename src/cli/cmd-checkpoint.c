/* SPDX-License-Identifier: Apache-2.0 */
/* checkpoint: save a running container. */
#include "cli/cmd.h"

static int run(struct call *call, struct err *e)
{
	struct checkpoint_options *o = call->options;

	o->id = call->args[0];
	return container_checkpoint(call->rt, o, e);
}

static const struct opt options[] = {
	CMD_CRIU_ROWS(struct checkpoint_options),
	OPT_FLAG("leave-running", NULL, struct checkpoint_options, criu.leave_running,
		 "let the container go on (default: it is stopped and removed)"),
	OPT_FLAG("pre-dump", NULL, struct checkpoint_options, criu.pre_dump,
		 "save only memory, for a later checkpoint; the container goes on"),
	OPT_PATH("parent-path", NULL, "DIR", struct checkpoint_options, criu.parent_path,
		   "images of an earlier pre-dump, relative to the image path"),
	OPT_STRING("page-server", NULL, "ADDRESS:PORT", struct checkpoint_options, criu.page_server,
		   "send memory to a page server of CRIU"),
	OPT_NUMBER("status-fd", NULL, "FD", struct checkpoint_options, criu.status_fd,
		   "descriptor that gets a NUL when lazy pages can be fetched"),
	OPT_END,
};

const struct command cmd_checkpoint = {
	.name = "checkpoint",
	.synopsis = "[OPTIONS] ID",
	.summary = "save a running container as files, with CRIU",
	.options = options,
	.options_size = sizeof(struct checkpoint_options),
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
