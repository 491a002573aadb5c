/* SPDX-License-Identifier: Apache-2.0 */
/* Talking to CRIU: see criu.h. */
#include "runtime/criu.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/log.h"
#include "base/wire.h"
#include "kernel/caps.h"
#include "kernel/sock.h"
#include "kernel/spawn.h"

#define MESSAGE_MAX 65536 /* CRIU's have some hundred bytes */
#define LOG_LEVEL 4       /* all: what it costs is little, and nobody can ask again */
#define LOG_TAIL 65536
#define ERRORS_MAX 3      /* of the log, in a message */
#define ERROR_LENGTH 300

/* Messages of rpc.proto; enum criu_req_type has more than criu.h's. */
enum { REQ_TYPE = 1, REQ_OPTS = 2, REQ_NOTIFY_SUCCESS = 3, REQ_KEEP_OPEN = 4 };
enum { RESP_TYPE = 1, RESP_SUCCESS = 2, RESP_RESTORE = 4, RESP_NOTIFY = 5, RESP_ERRMSG = 9, RESP_VERSION = 10 };
enum { TYPE_NOTIFY = 6, TYPE_VERSION = 10 };

/* One message of CRIU. */
struct answer {
	unsigned type;
	bool success;
	pid_t pid;
	char *script;
	char *message;
	unsigned version;
	int fd;
};

static void answer_done(struct answer *answer)
{
	free(answer->script);
	free(answer->message);
	fd_close(&answer->fd);
}

/* A field that is a number has no bytes: nothing is nested in it. */
static struct wire_reader read_nested(const struct wire_field *message)
{
	return (struct wire_reader){ message->bytes, message->bytes ? message->bytes + message->n : NULL };
}

/* The number in a field of a nested message; 0 without it. */
static uint64_t nested_number(const struct wire_field *message, unsigned number)
{
	struct wire_reader reader = read_nested(message);
	struct wire_field field;
	uint64_t value = 0;

	while (wire_next(&reader, &field) > 0)
		if (field.number == number)
			value = field.value;
	return value;
}

static char *nested_text(const struct wire_field *message, unsigned number)
{
	struct wire_reader reader = read_nested(message);
	struct wire_field field;

	while (wire_next(&reader, &field) > 0)
		if (field.number == number && field.bytes)
			return xstrndup(field.bytes, field.n);
	return xstrdup("");
}

static void take_field(struct answer *answer, const struct wire_field *field)
{
	switch (field->number) {
	case RESP_TYPE:
		answer->type = (unsigned)field->value;
		break;
	case RESP_SUCCESS:
		answer->success = field->value;
		break;
	case RESP_RESTORE:
		answer->pid = (pid_t)nested_number(field, 1);
		break;
	case RESP_NOTIFY:
		free(answer->script);
		answer->script = nested_text(field, 1);
		answer->pid = (pid_t)nested_number(field, 2);
		break;
	case RESP_ERRMSG:
		free(answer->message);
		answer->message = field->bytes ? xstrndup(field->bytes, field->n) : NULL;
		break;
	case RESP_VERSION:
		answer->version = (unsigned)(nested_number(field, 1) * 10000 + nested_number(field, 2) * 100 +
					     nested_number(field, 4));
		break;
	default:
		break; /* newer than we are */
	}
}

/* 0, or -EPIPE when CRIU has ended. */
static int receive(const struct criu *criu, struct answer *ret_answer)
{
	_cleanup_free_ char *buffer = xmalloc(MESSAGE_MAX);
	struct answer answer = { .fd = -EBADF };
	struct wire_reader reader;
	struct wire_field field;
	size_t n_fds;
	ssize_t n = sock_recv(criu->sock, buffer, MESSAGE_MAX, &answer.fd, 1, &n_fds);
	int r;

	if (n == 0 || n == -ECONNRESET)
		return -EPIPE;
	if (n < 0)
		return (int)n;
	if (n_fds == 0)
		answer.fd = -EBADF;
	reader = (struct wire_reader){ buffer, buffer + n };
	while ((r = wire_next(&reader, &field)) > 0)
		take_field(&answer, &field);
	if (r < 0)
		answer_done(&answer);
	else
		*ret_answer = answer;
	return r;
}

static int send_notified(const struct criu *criu, bool success)
{
	struct strbuf request = STRBUF_INIT;
	int r;

	wire_add_number(&request, REQ_TYPE, TYPE_NOTIFY);
	wire_add_number(&request, REQ_NOTIFY_SUCCESS, success);
	r = sock_send(criu->sock, request.text, request.len, NULL, 0);
	strbuf_done(&request);
	return r;
}

/* ---- why it failed ---- */

static bool has_text(const char *line, size_t n, const char *text)
{
	return memmem(line, n, text, strlen(text)) != NULL;
}

/* From "Error (" to the end of the line, if it tells anything: not that all has failed, nor that CRIU could not have
   more descriptors, which it does without. */
static char *error_of_line(const char *line, size_t n)
{
	static const char mark[] = "Error (";
	const char *error = memmem(line, n, mark, strlen(mark));
	char *text;

	if (!error || has_text(line, n, "FAILED.") || has_text(line, n, "Can't setup RLIMIT_NOFILE"))
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

static int explain(const struct criu *criu, const struct criu_call *call, const char *message, struct err *e)
{
	_cleanup_close_ int log = openat(call->dirs->work, call->log, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	const char *what = call->type == CRIU_RESTORE ? "restore" : "dump";
	size_t n;
	_cleanup_free_ char *text = read_tail(log, &n);
	_cleanup_free_ char *errors = criu_log_errors(text, n);
	_cleanup_free_ char *said = criu_said(criu);

	if (*errors)
		err_say(e, -EIO, "CRIU's %s failed: %s", what, errors);
	else if (!str_empty(message))
		err_say(e, -EIO, "CRIU's %s failed: %.300s", what, message);
	else if (*said)
		err_say(e, -EIO, "CRIU's %s failed: it said: %.600s", what, said);
	else
		err_say(e, -EIO, "CRIU's %s failed without a word", what);
	if (strstr(errors, "rlimit") && !caps_have(CAP_SYS_RESOURCE))
		err_hint(e, "root lacks CAP_SYS_RESOURCE here, which CRIU needs for processes of other users");
	if (log >= 0)
		return err_hint(e, "its log is %s/%s", call->dirs->work_path, call->log);
	return err_hint(e, "'criu check' tells whether it works on this machine");
}

/* ---- the conversation ---- */

static int answer_notice(const struct criu *criu, const struct criu_call *call, struct answer *answer, struct err *e)
{
	struct criu_notice notice = {
		.script = answer->script ? answer->script : "",
		.pid = answer->pid,
		.fd = TAKE_FD(answer->fd),
	};
	int r, sent;

	log_debug("criu: %s", notice.script);
	r = call->notify ? call->notify(call->ctx, &notice, e) : 0;
	fd_close(&notice.fd);
	sent = send_notified(criu, r == 0);
	return r == 0 && sent < 0 ? err_set(e, sent, "answer CRIU") : r;
}

static int send_request(const struct criu *criu, const struct criu_call *call)
{
	struct strbuf opts = STRBUF_INIT, request = STRBUF_INIT;
	int r;

	strbuf_add_mem(&opts, call->opts->text, call->opts->len);
	wire_add_number(&opts, CRIU_IMAGES_DIR_FD, CRIU_IMAGES_FD);
	wire_add_number(&opts, CRIU_WORK_DIR_FD, CRIU_WORK_FD);
	wire_add_number(&opts, CRIU_LOG_LEVEL, LOG_LEVEL);
	wire_add_text(&opts, CRIU_LOG_FILE, call->log);
	wire_add_number(&opts, CRIU_NOTIFY_SCRIPTS, call->notify != NULL);
	wire_add_number(&request, REQ_TYPE, call->type);
	wire_add_bytes(&request, REQ_OPTS, opts.text, opts.len);
	r = sock_send(criu->sock, request.text, request.len, NULL, 0);
	strbuf_done(&opts);
	strbuf_done(&request);
	return r;
}

int criu_call(struct criu *criu, const struct criu_call *call, pid_t *ret_pid, struct err *e)
{
	int failed = 0, r = send_request(criu, call);

	if (r < 0 && r != -EPIPE)
		return err_set(e, r, "send a request to CRIU");
	for (;;) {
		_cleanup_(answer_done) struct answer answer = { .fd = -EBADF };

		r = receive(criu, &answer);
		if (r < 0 && r != -EPIPE)
			return err_set(e, r, "CRIU's answer");
		if (r == 0 && answer.type == TYPE_NOTIFY) {
			/* After a failure CRIU undoes what it has done, and may still notify about that. */
			if (failed == 0)
				failed = answer_notice(criu, call, &answer, e);
			else
				(void)send_notified(criu, false);
			continue;
		}
		if (failed < 0)
			return failed;
		if (r < 0 || answer.type != (unsigned)call->type || !answer.success)
			return explain(criu, call, answer.message, e);
		*ret_pid = answer.pid;
		return 0;
	}
}

int criu_ask_version(const struct criu *criu, unsigned *ret_version)
{
	_cleanup_(answer_done) struct answer answer = { .fd = -EBADF };
	struct strbuf request = STRBUF_INIT;
	int r;

	wire_add_number(&request, REQ_TYPE, TYPE_VERSION);
	wire_add_number(&request, REQ_KEEP_OPEN, true);
	r = sock_send(criu->sock, request.text, request.len, NULL, 0);
	strbuf_done(&request);
	if (r == 0)
		r = receive(criu, &answer);
	if (r == 0)
		*ret_version = answer.version;
	return r;
}
