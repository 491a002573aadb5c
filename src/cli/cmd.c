/* SPDX-License-Identifier: Apache-2.0 */
/* What several commands share: see cmd.h. */
#include "cli/cmd.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fdio.h"

#define DOCUMENT_MAX (1U << 20)

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

int cmd_read_document(const char *path, char **ret_text, size_t *ret_len, struct err *e)
{
	int r;

	if (strcmp(path, "-") == 0) {
		r = fdio_read_all(STDIN_FILENO, DOCUMENT_MAX, ret_text, ret_len);
		return r < 0 ? err_set(e, r, "standard input") : 0;
	}
	r = fdio_read_file(AT_FDCWD, path, DOCUMENT_MAX, ret_text, ret_len);
	return r < 0 ? err_set(e, r, "%s", path) : 0;
}

char *cmd_make_table(const char *const *cells, size_t n_rows, size_t n_columns)
{
	_cleanup_free_ size_t *widths = xcalloc(n_columns, sizeof(*widths));
	_cleanup_(strv_done) struct strv shown = STRV_INIT;
	struct strbuf out = STRBUF_INIT;

	for (size_t i = 0; i < n_rows * n_columns; i++) {
		struct strbuf cell = STRBUF_INIT;

		strbuf_add_printable(&cell, cells[i]);
		if (cell.len > widths[i % n_columns])
			widths[i % n_columns] = cell.len;
		strv_take(&shown, strbuf_take(&cell));
	}
	for (size_t i = 0; i < shown.n; i++) {
		if ((i + 1) % n_columns == 0)
			strbuf_addf(&out, "%s\n", shown.v[i]); /* no blanks behind it */
		else
			strbuf_addf(&out, "%-*s  ", (int)widths[i % n_columns], shown.v[i]);
	}
	return strbuf_take(&out);
}
