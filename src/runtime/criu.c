/* SPDX-License-Identifier: Apache-2.0 */
/* Talking to CRIU: see criu.h. */
#include "runtime/criu.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/log.h"
#include "base/wire.h"
#include "kernel/interrupt.h"
#include "kernel/sock.h"
#include "kernel/spawn.h"

#define MESSAGE_MAX 65536 /* CRIU's have some hundred bytes */
#define LOG_LEVEL 4       /* all: what it costs is little, and nobody can ask again */

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

/* CRIU writes through symbolic links.  The work path may hold what others have packed (Podman unpacks images into the
   directory that it gives as work path), so nothing may be there under the names of what CRIU writes. */
static int remove_old(const struct criu_call *call, struct err *e)
{
	const char *const names[] = { call->log, call->type == CRIU_RESTORE ? "stats-restore" : "stats-dump" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (unlinkat(call->dirs->work, names[i], 0) < 0 && errno != ENOENT)
			return err_set(e, -errno, "work path %s: remove the old %s", call->dirs->work_path, names[i]);
	return 0;
}

/* What is restored so far goes away with its cgroup.  And while CRIU hands out lazy pages it waits for whoever fetches them,
   not for us: the saved processes are there as they were, and go on when they are traced no more (ptrace(2)). */
static int end_criu(const struct criu *criu, const struct criu_call *call, struct err *e)
{
	int r = spawn_signal(criu->pidfd, SIGKILL);

	if (r < 0)
		return err_set(e, r, "end CRIU");
	return err_say(e, -EINTR, "interrupted%s", call->type == CRIU_RESTORE ? "" : " while pages were fetched: it goes on");
}

/* The next message, or that there will be none. */
static int await_answer(const struct criu *criu, const struct criu_call *call, bool interruptible, struct answer *answer,
			bool *ret_ended, struct err *e)
{
	int r = interruptible ? interrupt_wait(criu->sock) : 0;

	if (r == -EINTR)
		return end_criu(criu, call, e);
	if (r == 0)
		r = receive(criu, answer);
	*ret_ended = r == -EPIPE;
	return r < 0 && r != -EPIPE ? err_set(e, r, "CRIU's answer") : 0;
}

int criu_call(struct criu *criu, const struct criu_call *call, pid_t *ret_pid, struct err *e)
{
	int failed = 0, r = remove_old(call, e);
	bool interruptible = call->type == CRIU_RESTORE;

	if (r < 0)
		return r;
	r = send_request(criu, call);
	if (r < 0 && r != -EPIPE)
		return err_set(e, r, "send a request to CRIU");
	for (;;) {
		_cleanup_(answer_done) struct answer answer = { .fd = -EBADF };
		bool ended = false;

		r = await_answer(criu, call, interruptible, &answer, &ended, e);
		if (r < 0)
			return r;
		if (!ended && answer.type == TYPE_NOTIFY) {
			interruptible |= answer.script && strcmp(answer.script, "status-ready") == 0;
			/* After a failure CRIU undoes what it has done, and may still notify about that. */
			if (failed == 0)
				failed = answer_notice(criu, call, &answer, e);
			else
				(void)send_notified(criu, false);
			continue;
		}
		if (failed < 0)
			return failed;
		if (ended || answer.type != (unsigned)call->type || !answer.success)
			return criu_explain(criu, call, answer.message, e);
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
