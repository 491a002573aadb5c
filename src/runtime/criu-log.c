/* SPDX-License-Identifier: Apache-2.0 */
/* Why CRIU failed, from its log and from what it printed: see criu.h. */
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "kernel/caps.h"
#include "runtime/criu.h"

#define LOG_TAIL 65536
#define ERRORS_MAX 3 /* of the log, in a message */
#define ERROR_LENGTH 300

static bool has_text(const char *line, size_t n, const char *text)
{
	return memmem(line, n, text, strlen(text)) != NULL;
}

/* Not that all has failed, nor that CRIU could not have more descriptors, which it does without. */
static bool tells_anything(const char *line, size_t n)
{
	return !has_text(line, n, "FAILED.") && !has_text(line, n, "Can't setup RLIMIT_NOFILE");
}

/* From "Error (" to the end of the line, if it tells anything. */
static char *error_of_line(const char *line, size_t n)
{
	static const char mark[] = "Error (";
	const char *error = memmem(line, n, mark, strlen(mark));
	char *text;

	if (!error || !tells_anything(line, n))
		return NULL;
	n -= (size_t)(error - line);
	text = xstrndup(error, n < ERROR_LENGTH ? n : ERROR_LENGTH);
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < ' ')
			*p = ' ';
	return text;
}

char *criu_log_errors(const char *text, size_t n)
{
	char *errors[ERRORS_MAX] = { NULL };
	struct strbuf out = STRBUF_INIT;
	size_t count = 0;

	/* backwards: the last ones are wanted */
	while (n > 0 && count < ERRORS_MAX) {
		const char *newline = memrchr(text, '\n', n);
		size_t begin = newline ? (size_t)(newline - text) + 1 : 0;
		char *error = error_of_line(text + begin, n - begin);

		if (error)
			errors[count++] = error;
		n = newline ? begin - 1 : 0;
	}
	while (count > 0) {
		strbuf_addf(&out, "%s%s", out.len > 0 ? " | " : "", errors[--count]);
		free(errors[count]);
	}
	return strbuf_take(&out);
}

/* The end of a file, new memory; "" when there is none. */
static char *read_tail(int fd, size_t *ret_n)
{
	char *text = xmalloc(LOG_TAIL + 1);
	off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	ssize_t n = size <= 0 ? 0 : pread(fd, text, LOG_TAIL, size > LOG_TAIL ? size - LOG_TAIL : 0);

	*ret_n = n < 0 ? 0 : (size_t)n;
	text[*ret_n] = '\0';
	return text;
}

/* What CRIU printed before it had a log, as one line. */
char *criu_said(const struct criu *criu)
{
	size_t n;
	char *text = read_tail(criu->said, &n);

	while (n > 0 && (unsigned char)text[n - 1] <= ' ')
		text[--n] = '\0';
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < ' ')
			*p = *p == '\n' ? '|' : ' ';
	return text;
}

/* What CRIU's words do not say. */
static const struct {
	const char *words, *hint;
	bool privilege; /* only if we lack CAP_SYS_RESOURCE */
} hints[] = {
	{ "rlimit", "root lacks CAP_SYS_RESOURCE here, which CRIU needs for processes of other users", true },
	{ "page-pipe: splice", "root lacks CAP_SYS_RESOURCE here, which CRIU needs for the pipes of --lazy-pages", true },
	{ "Tracking memory", "the kernel does not track memory (CONFIG_MEM_SOFT_DIRTY) for --pre-dump and --parent-path", false },
	{ "Can't fork for", "the pid namespace that the container joins has a process with this number already", false },
	{ "tables-restore\", ...) failed", "CRIU holds the network by iptables: install it, or see --network-lock", false },
	{ "lazy-pages.socket", "'criu lazy-pages' has to run before, with this work path", false },
};

static void add_hints(const char *errors, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(hints); i++)
		if (strstr(errors, hints[i].words) && !(hints[i].privilege && caps_have(CAP_SYS_RESOURCE)))
			err_hint(e, "%s", hints[i].hint);
}

int criu_explain(const struct criu *criu, const struct criu_call *call, const char *message, struct err *e)
{
	_cleanup_close_ int log = openat(call->dirs->work, call->log, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	const char *what = call->type == CRIU_RESTORE ? "restore" : "dump";
	size_t n;
	_cleanup_free_ char *text = read_tail(log, &n);
	_cleanup_free_ char *errors = criu_log_errors(text, n);
	_cleanup_free_ char *said = criu_said(criu);

	if (*errors)
		err_say(e, -EIO, "CRIU's %s failed: %s", what, errors);
	else if (!str_empty(message) && tells_anything(message, strlen(message)))
		err_say(e, -EIO, "CRIU's %s failed: %.300s", what, message);
	else if (*said)
		err_say(e, -EIO, "CRIU's %s failed: it said: %.600s", what, said);
	else
		err_say(e, -EIO, "CRIU's %s failed without a word", what);
	add_hints(errors, e);
	if (log >= 0)
		return err_hint(e, "its log is %s/%s", call->dirs->work_path, call->log);
	return err_hint(e, "'criu check' tells whether it works on this machine");
}
