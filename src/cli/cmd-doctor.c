/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: what works here for this caller, and what would help. */
#include "cli/cmd.h"

#include <string.h>

#include "runtime/doctor.h"

struct doctor_args {
	const char *format;
};

/* What is printed, and whether containers can be made at all. */
struct report {
	struct strbuf out;
	size_t n;
	bool json, unfit;
};

static void add_text(struct report *report, const struct doctor_finding *finding)
{
	strbuf_addf(&report->out, "%-4s%-20s  %s\n", finding->works ? "ok" : "no", finding->name, finding->what);
	if (finding->why)
		strbuf_addf(&report->out, "    %s\n", finding->why);
}

static void add_json(struct report *report, const struct doctor_finding *finding)
{
	strbuf_addf(&report->out, "%s{\"name\":", report->n > 0 ? "," : "");
	strbuf_add_json(&report->out, finding->name);
	strbuf_addf(&report->out, ",\"works\":%s,\"for\":", finding->works ? "true" : "false");
	strbuf_add_json(&report->out, finding->what);
	if (finding->why) {
		strbuf_add(&report->out, ",\"why\":");
		strbuf_add_json(&report->out, finding->why);
	}
	strbuf_add(&report->out, "}");
}

static void add(void *ctx, const struct doctor_finding *finding)
{
	struct report *report = ctx;

	if (report->json)
		add_json(report, finding);
	else
		add_text(report, finding);
	report->unfit |= finding->needed && !finding->works;
	report->n++;
}

static int run(struct call *call, struct err *e)
{
	const struct doctor_args *a = call->options;
	struct report report = { .out = STRBUF_INIT, .json = a->format && strcmp(a->format, "json") == 0 };
	int r;

	if (report.json)
		strbuf_add(&report.out, "[");
	r = runtime_doctor(call->rt, call->args[0], add, &report, e);
	if (report.json)
		strbuf_add(&report.out, "]\n");
	if (r == 0)
		r = cmd_print(report.out.text, e);
	strbuf_done(&report.out);
	call->status = report.unfit ? EXIT_FAILURE : EXIT_SUCCESS;
	return r;
}

static const struct opt options[] = {
	OPT_WORD("format", "f", "table|json", struct doctor_args, format, "how to print it (default: table)"),
	OPT_END,
};

const struct command cmd_doctor = {
	.name = "doctor",
	.synopsis = "[OPTIONS] [DIR]",
	.summary = "try what containers can have here, and say what would help",
	.about = "Some of it depends on the file system of DIR, where the containers of the trial are (default: $TMPDIR, or\n"
		 "/tmp).  The exit status is 1 if no container can be made.",
	.options = options,
	.options_size = sizeof(struct doctor_args),
	.max_args = 1,
	.quiet = true,
	.run = run,
};
