/* SPDX-License-Identifier: Apache-2.0 */
/* events: what a container uses, and when it ran out of memory. */
#include "cli/cmd.h"

#include <unistd.h>

#include "base/duration.h"

#define DEFAULT_INTERVAL "5s"

struct events_args {
	const char *interval;
	bool stats;
};

static int print(const char *json, void *ctx, struct err *e)
{
	(void)ctx;
	return cmd_print_line(json, e);
}

static int run(struct call *call, struct err *e)
{
	const struct events_args *a = call->options;
	const char *interval = a->interval ? a->interval : DEFAULT_INTERVAL;
	struct events_options options = { .id = call->args[0], .emit = print, .reader_fd = STDOUT_FILENO };

	if (duration_parse(interval, &options.interval_ns) < 0)
		return err_say(e, -EINVAL, "option '--interval': '%s' is not a time such as 5s, 1m30s or 500ms", interval);
	if (options.interval_ns <= 0)
		return err_say(e, -EINVAL, "option '--interval': '%s' is not more than 0", interval);
	if (a->stats)
		options.interval_ns = 0;
	return container_events(call->rt, &options, e);
}

static const struct opt options[] = {
	OPT_STRING("interval", NULL, "TIME", struct events_args, interval,
		   "time between two statistics: 5s (the default), 1m30s, 500ms"),
	OPT_FLAG("stats", NULL, struct events_args, stats, "print the statistics once, and nothing else"),
	OPT_END,
};

const struct command cmd_events = {
	.name = "events",
	.synopsis = "[OPTIONS] ID",
	.summary = "print what a container uses, and when it ran out of memory",
	.about = "One JSON object on each line, until the container ends.",
	.options = options,
	.options_size = sizeof(struct events_args),
	.min_args = 1,
	.max_args = 1,
	.quiet = true,
	.run = run,
};
