/* SPDX-License-Identifier: Apache-2.0 */
/* See help.h. */
#include "cli/help.h"

#include "runtime/version.h"

char *help_overview(const struct command *const *commands, const struct opt *globals)
{
	struct strbuf out = STRBUF_INIT;

	strbuf_add(&out, "Usage: ocirun [OPTIONS] COMMAND [ARGUMENTS]\n\n"
			 "Run containers as the OCI runtime specification describes them.\n\nCommands:\n");
	for (; *commands; commands++)
		strbuf_addf(&out, "  %-12s%s\n", (*commands)->name, (*commands)->summary);
	strbuf_add(&out, "  help      show what a command does and takes\n\nOptions, before the command:\n");
	opts_describe(globals, &out);
	return strbuf_take(&out);
}

char *help_usage(const struct command *command)
{
	return str_printf("ocirun %s%s%s", command->name, *command->synopsis ? " " : "", command->synopsis);
}

char *help_command(const struct command *command)
{
	_cleanup_free_ char *usage = help_usage(command);
	struct strbuf out = STRBUF_INIT;

	strbuf_addf(&out, "Usage: %s\n\n%c%s.\n", usage, command->summary[0] - 'a' + 'A',
		    command->summary + 1);
	if (command->about)
		strbuf_addf(&out, "%s\n", command->about);
	strbuf_add(&out, "\nOptions:\n");
	opts_describe(command->options, &out);
	return strbuf_take(&out);
}

/* Engines take the version from the first line and look for "commit: " and "spec: ". */
char *help_version(void)
{
	return str_printf("ocirun version %s\ncommit: %s\nspec: %s\n%s\n", PACKAGE_VERSION, OCIRUN_COMMIT,
			  RUNTIME_SPEC_VERSION, runtime_build());
}
