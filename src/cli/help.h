/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of --help and --version, made from the tables.  All are new memory and end in a newline. */
#pragma once

#include "cli/cmd.h"

/* `commands` ends with NULL. */
char *help_overview(const struct command *const *commands, const struct opt *globals);
char *help_command(const struct command *command);

/* "ocirun kill [OPTIONS] ID [SIGNAL]"; without a newline. */
char *help_usage(const struct command *command);
char *help_version(void);
