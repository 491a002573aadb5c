/* SPDX-License-Identifier: Apache-2.0 */
/* Packets on a SOCK_SEQPACKET pair.  Knows nothing of what the messages are about. */
#include "runtime/sync.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/log.h"
#include "base/str.h"
#include "kernel/interrupt.h"
#include "kernel/sock.h"

/* What travels: the text is cut to its length. */
struct packet {
	uint32_t type;
	uint32_t n_text;
	int64_t value;
	char text[ERR_TEXT_MAX];
};

#define PACKET_HEAD offsetof(struct packet, text)

static const struct {
	const char *name;
	bool has_fd;
} types_known[] = {
	[SYNC_LOG] = { "log", false },
	[SYNC_ERROR] = { "error", false },
	[SYNC_INIT_PID] = { "init-pid", true },
	[SYNC_IDS_MAPPED] = { "ids-mapped", false },
	[SYNC_GO] = { "go", false },
	[SYNC_NEED_SOURCE] = { "need-source", false },
	[SYNC_SOURCE] = { "source", true },
	[SYNC_USERNS] = { "userns", true },
	[SYNC_FUSE] = { "fuse", true },
	[SYNC_FUSE_SERVED] = { "fuse-served", false },
	[SYNC_MOUNTED] = { "mounted", false },
	[SYNC_HOOKS_DONE] = { "hooks-done", false },
	[SYNC_CONSOLE] = { "console", true },
	[SYNC_NOTIFY_FD] = { "notify-fd", true },
	[SYNC_NOTIFY_SENT] = { "notify-sent", false },
	[SYNC_READY] = { "ready", false },
	[SYNC_COMMITTED] = { "committed", false },
	[SYNC_MOUNT_ID] = { "mount-id", false },
	[SYNC_EXEC] = { "exec", false },
};

const char *sync_name(enum sync_type type)
{
	return type >= SYNC_LOG && type <= SYNC_TYPES ? types_known[type].name : "unknown";
}

static int send_packet(int sock, enum sync_type type, int64_t value, const char *text, int fd)
{
	struct packet p = { .type = (uint32_t)type, .value = value };

	p.n_text = (uint32_t)strnlen(text, sizeof(p.text) - 1);
	memcpy(p.text, text, p.n_text);
	return sock_send(sock, &p, PACKET_HEAD + p.n_text, &fd, fd >= 0);
}

int sync_send(int sock, enum sync_type type, int64_t value, int fd, struct err *e)
{
	int r = send_packet(sock, type, value, "", fd);

	if (r == -EPIPE || r == -ECONNRESET) {
		r = sync_expect_end(sock, e);
		return r < 0 ? r : err_say(e, -EPIPE, "the other side died before it got '%s'", sync_name(type));
	}
	if (r < 0)
		return err_set(e, r, "cannot send '%s'", sync_name(type));
	return 0;
}

int sync_send_exec(int sock, struct err *e)
{
	const struct packet p = { .type = SYNC_EXEC };
	int r = fdio_write_all(sock, &p, PACKET_HEAD);

	return r < 0 ? err_set(e, r, "cannot send '%s'", sync_name(SYNC_EXEC)) : 0;
}

void sync_send_error(int sock, const struct err *error)
{
	(void)send_packet(sock, SYNC_ERROR, error->code, error->text, -EBADF);
}

/* So long nobody minds; what is shorter, as nearly all is, costs one system call for the whole conversation. */
#define PATIENCE_MS 100

int sync_make_interruptible(int sock)
{
	return sock_set_patience(sock, PATIENCE_MS);
}

/* Read one packet and check that its length is what it says.  1, 0 at end of file, or -errno. */
static int recv_packet(int sock, struct packet *p, int *ret_fd)
{
	size_t n_fds = 0;
	ssize_t n;

	*ret_fd = -EBADF;
	while ((n = sock_recv(sock, p, sizeof(*p), ret_fd, 1, &n_fds)) == -EAGAIN) {
		/* It takes long, and somebody wants to be able to interrupt it: sync_make_interruptible(). */
		int r = interrupt_wait(sock);

		if (r < 0)
			return r;
	}
	if (n <= 0)
		return (int)n;
	if ((size_t)n < PACKET_HEAD || (size_t)n != PACKET_HEAD + p->n_text || p->n_text >= sizeof(p->text)) {
		fd_close(ret_fd);
		return -EBADMSG;
	}
	p->text[p->n_text] = '\0';
	return 1;
}

/* The other side's last words.  -EPIPE is ours to say: it means that there were none. */
static int take_error(const struct packet *p, struct err *e)
{
	int code = p->value < 0 && p->value > -4096 ? (int)p->value : -EBADMSG;

	if (code == -EPIPE)
		code = -EIO;
	return *p->text ? err_say(e, code, "%s", p->text) : err_set(e, code, "the other side ended with an error");
}

/* A message that was waited for: with its descriptor, if its type has one, and with none otherwise. */
static int take_message(const struct packet *p, int fd, struct sync_msg *ret_msg, struct err *e)
{
	bool has_fd = types_known[p->type].has_fd;

	if (has_fd != (fd >= 0)) {
		fd_close(&fd);
		return err_say(e, -EBADMSG, "'%s' came %s a descriptor", sync_name(p->type), has_fd ? "without" : "with");
	}
	*ret_msg = (struct sync_msg){ p->type, p->value, fd };
	return 0;
}

/* The name of what was waited for, for messages. */
static const char *expected(const enum sync_type *types, size_t n_types)
{
	return n_types > 0 ? sync_name(types[0]) : "anything";
}

int sync_expect_one_of(int sock, const enum sync_type *types, size_t n_types, struct sync_msg *ret_msg,
		       struct err *e)
{
	struct packet p;
	int fd, r;

	for (;;) {
		r = recv_packet(sock, &p, &fd);
		if (r == 0 || r == -ECONNRESET)
			return err_say(e, -EPIPE, "the other side died before '%s'", expected(types, n_types));
		if (r == -EINTR)
			return err_say(e, r, "interrupted before '%s'", n_types > 0 ? sync_name(types[0]) : "end");
		if (r < 0)
			return err_set(e, r, "waiting for '%s'", expected(types, n_types));
		for (size_t i = 0; i < n_types; i++)
			if (p.type == types[i])
				return take_message(&p, fd, ret_msg, e);
		fd_close(&fd);
		if (p.type == SYNC_ERROR)
			return take_error(&p, e);
		if (p.type != SYNC_LOG || p.value < LOG_LEVEL_ERROR || p.value > LOG_LEVEL_DEBUG)
			return err_say(e, -EBADMSG, "expected '%s', got '%s'", expected(types, n_types),
				       sync_name(p.type));
		log_line((enum log_level)p.value, p.text);
	}
}

int sync_expect(int sock, enum sync_type type, struct sync_msg *ret_msg, struct err *e)
{
	struct sync_msg ignored = { .fd = -EBADF };
	int r = sync_expect_one_of(sock, &type, 1, ret_msg ? ret_msg : &ignored, e);

	fd_close(&ignored.fd);
	return r;
}

int sync_expect_end(int sock, struct err *e)
{
	struct sync_msg msg;
	int r = sync_expect_one_of(sock, NULL, 0, &msg, e);

	return r == -EPIPE ? 0 : r;
}

static void forward(enum log_level level, const char *text, void *ctx)
{
	(void)send_packet(*(int *)ctx, SYNC_LOG, level, text, -EBADF);
}

void sync_redirect_log(int *sock)
{
	log_redirect(forward, sock);
}
