/* SPDX-License-Identifier: Apache-2.0 */
/* What several commands share: see cmd.h. */
#include "cli/cmd.h"

#include <string.h>
#include <unistd.h>

#include "base/fdio.h"

const struct opt cmd_no_options[] = { OPT_END };

int cmd_print(const char *text, struct err *e)
{
	int r = fdio_write_all(STDOUT_FILENO, text, strlen(text));

	return r < 0 ? err_set(e, r, "standard output") : 0;
}

int cmd_print_line(const char *text, struct err *e)
{
	_cleanup_free_ char *line = str_printf("%s\n", text);

	return cmd_print(line, e);
}
