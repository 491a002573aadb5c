/* SPDX-License-Identifier: Apache-2.0 */
/* features: what this build can do. */
#include "cli/cmd.h"

static int run(struct call *call, struct err *e)
{
	_cleanup_free_ char *json = runtime_features();

	(void)call;
	if (!json)
		return err_set(e, -ENOMEM, "features");
	return cmd_print_line(json, e);
}

const struct command cmd_features = {
	.name = "features",
	.synopsis = "",
	.summary = "print what this build of ocirun can do as JSON",
	.about = "It tells what is compiled in, whatever the host permits.",
	.options = cmd_no_options,
	.quiet = true,
	.run = run,
};
