/* SPDX-License-Identifier: Apache-2.0 */
/* Runs ps(1) over the whole machine and keeps the lines of one container: see ps.h. */
#include "runtime/ps.h"

#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/str.h"
#include "kernel/spawn.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Far more than a line for each of the 4194304 processes that a kernel can have is no table. */
#define OUTPUT_MAX (1024UL * 1024 * 1024)

#define BLANKS " \t"

struct pids {
	pid_t *v;
	size_t n;
};

/* Absolute path of ps in new memory, or NULL. Engines call some commands without PATH. */
static char *find_ps(void)
{
	_cleanup_(strv_done) struct strv dirs = STRV_INIT;
	const char *path = getenv("PATH");

	strv_split(&dirs, str_empty(path) ? DEFAULT_PATH : path, ':');
	for (size_t i = 0; i < dirs.n; i++) {
		_cleanup_free_ char *ps = str_printf("%s/ps", dirs.v[i]);

		if (ps[0] == '/' && access(ps, X_OK) == 0)
			return TAKE_PTR(ps);
	}
	return NULL;
}

/* Read what was written to a memory file. */
static int read_output(int fd, char **ret_text, struct err *e)
{
	size_t len;
	int r = lseek(fd, 0, SEEK_SET) < 0 ? -errno : fdio_read_all(fd, OUTPUT_MAX, ret_text, &len);

	return r < 0 ? err_set(e, r, "output of ps(1)") : 0;
}

/* Run ps; *ret_text is all of its output. */
static int run_ps(char *const *argv, char **ret_text, struct err *e)
{
	_cleanup_free_ char *path = find_ps();
	_cleanup_close_ int output = memfd_create("ps", MFD_CLOEXEC);
	struct spawn_program program = {
		SPAWN_PROGRAM_INIT,
		.path = path,
		.argv = argv,
		.envp = environ,
	};
	char complaint[1000] = "";
	int status, r;

	if (!path)
		return err_say(e, -ENOENT, "ps(1) is not in $PATH; --format json does without it");
	if (output < 0)
		return err_set(e, -errno, "memory for the output of ps(1)");
	program.stdout_fd = output;
	r = spawn_run(&program, &status, complaint, sizeof(complaint));
	if (r < 0)
		return err_set(e, r, "%s", path);
	complaint[strcspn(complaint, "\n")] = '\0';
	if (status != 0)
		return err_say(e, -EIO, "%s: exit status %d%s%s", path, status, *complaint ? ": " : "", complaint);
	return read_output(output, ret_text, e);
}

/* The n-th word of a line that ends at `end`, or NULL. *ret_len is its length. */
static const char *find_word(const char *line, const char *end, int n, size_t *ret_len)
{
	for (;;) {
		line += strspn(line, BLANKS);
		if (line >= end)
			return NULL;
		*ret_len = strcspn(line, BLANKS "\n");
		if (n-- == 0)
			return line;
		line += *ret_len;
	}
}

/* Which word of the header is "PID": from 0 on, or a negative errno. */
static int find_column(const char *header, const char *end, struct err *e)
{
	const char *word;
	size_t len;

	for (int i = 0; (word = find_word(header, end, i, &len)); i++)
		if (len == 3 && strncmp(word, "PID", 3) == 0)
			return i;
	return err_say(e, -EINVAL, "no column PID in the output of ps(1): its arguments have to ask for one");
}

static bool line_wanted(const char *line, const char *end, int column, const struct pids *pids)
{
	size_t len;
	const char *word = find_word(line, end, column, &len);
	_cleanup_free_ char *text = word ? xstrndup(word, len) : NULL;
	uint32_t pid;

	if (!text || str_to_u32(text, &pid) < 0)
		return false;
	for (size_t i = 0; i < pids->n; i++)
		if ((uint32_t)pids->v[i] == pid)
			return true;
	return false;
}

static const char *line_end(const char *line)
{
	return line + strcspn(line, "\n");
}

static int filter(const char *text, const struct pids *pids, char **ret_table, struct err *e)
{
	_cleanup_(strbuf_done) struct strbuf table = STRBUF_INIT;
	const char *end = line_end(text);
	int column = find_column(text, end, e);

	if (column < 0)
		return column;
	strbuf_add_mem(&table, text, (size_t)(end - text));
	strbuf_add(&table, "\n");
	for (const char *line = end; *line; line = end) {
		line++;
		end = line_end(line);
		if (!line_wanted(line, end, column, pids))
			continue;
		strbuf_add_mem(&table, line, (size_t)(end - line));
		strbuf_add(&table, "\n");
	}
	*ret_table = strbuf_take(&table);
	return 0;
}

int container_ps_table(const struct runtime *rt, const char *id, char *const *ps_args, char **ret_table,
		       struct err *e)
{
	_cleanup_(strv_done) struct strv argv = STRV_INIT;
	_cleanup_free_ char *text = NULL;
	_cleanup_free_ pid_t *v = NULL;
	struct pids pids = { 0 };
	int r = container_ps(rt, id, &v, &pids.n, e);

	if (r < 0)
		return r;
	pids.v = v;
	strv_add(&argv, "ps");
	/* What divides our options from those of ps is no option of ps. */
	if (*ps_args && strcmp(*ps_args, "--") == 0)
		ps_args++;
	if (!*ps_args)
		strv_add(&argv, "-ef");
	for (; *ps_args; ps_args++)
		strv_add(&argv, *ps_args);
	r = run_ps(argv.v, &text, e);
	return text ? filter(text, &pids, ret_table, e) : r;
}
