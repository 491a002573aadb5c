/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which file is the program: execvp(3)'s search in the container's PATH, and the sentences for what can be wrong
 * with it.  Engines turn exactly these words into exit codes 126 and 127.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "runtime/process-attributes.h"
#include "runtime/process.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static const char *search_path(const struct oci_process *process)
{
	const char *path = DEFAULT_PATH;

	for (size_t i = 0; i < process->n_env; i++)
		if (str_starts(process->env[i], "PATH="))
			path = process->env[i] + 5;
	return path;
}

/* 0 when the file could be executed by root, or -ENOENT, -EISDIR, -EACCES, ... */
static int judge(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode) || !(st.st_mode & 0111))
		return -EACCES;
	return 0;
}

static int explain(const char *name, int r, struct err *e)
{
	if (r == -EISDIR)
		return err_say(e, r, "exec: \"%s\": is a directory: permission denied", name);
	if (r == -EACCES)
		return err_say(e, r, "exec: \"%s\": permission denied", name);
	return err_set(e, r, "exec: \"%s\": stat %s", name, name);
}

/* The file a name without slash means, or -ENOENT; -EACCES when only files that nobody may execute
   were found (execvp(3)). */
static int search(const struct oci_process *process, const char *name, char **ret_path)
{
	_cleanup_(strv_done) struct strv folders = STRV_INIT;
	int result = -ENOENT;

	strv_split(&folders, search_path(process), ':');
	for (size_t i = 0; i < folders.n; i++) {
		_cleanup_free_ char *path = str_printf("%s/%s", folders.v[i], name);
		int r = judge(path);

		if (r == 0) {
			*ret_path = TAKE_PTR(path);
			return 0;
		}
		if (r == -EACCES)
			result = -EACCES;
	}
	return result;
}

int process_find_program(const struct oci_process *process, char **ret_path, struct err *e)
{
	const char *name = process->args[0];
	int r;

	if (strchr(name, '/')) {
		r = judge(name);
		if (r < 0)
			return explain(name, r, e);
		*ret_path = xstrdup(name);
		return 0;
	}
	r = search(process, name, ret_path);
	if (r == -ENOENT)
		return err_say(e, r, "exec: \"%s\": executable file not found in $PATH", name);
	return r < 0 ? explain(name, r, e) : 0;
}

/* The interpreter that a script's first line names, or NULL. New memory. */
static char *interpreter(const char *program)
{
	_cleanup_close_ int fd = open(program, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char line[256];
	ssize_t n = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);
	char *start;

	if (n < 3)
		return NULL;
	line[n] = '\0';
	if (line[0] != '#' || line[1] != '!')
		return NULL;
	line[strcspn(line, "\n")] = '\0';
	start = line + 2 + strspn(line + 2, " \t");
	start[strcspn(start, " \t")] = '\0';
	return xstrdup(start);
}

int process_explain_exec(const struct oci_process *process, const char *program, int error, struct err *e)
{
	_cleanup_free_ char *script_of = error == ENOENT ? interpreter(program) : NULL;

	if (error == EACCES)
		return explain(process->args[0], -EACCES, e);
	err_set(e, -error, "exec: \"%s\"", process->args[0]);
	if (script_of)
		err_hint(e, "its first line asks for %s, which is missing", script_of);
	else if (error == ENOENT)
		err_hint(e, "the dynamic loader that it asks for is missing");
	else if (error == ENOEXEC)
		err_hint(e, "neither a program for this machine nor a script that begins with #!");
	return e->code;
}
