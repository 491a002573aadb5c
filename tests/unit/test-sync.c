/* SPDX-License-Identifier: Apache-2.0 */
/* sync: the conversation, with partners that keep to it and such that do not. */
#include "runtime/sync.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "kernel/interrupt.h"
#include "kernel/sock.h"
#include "tests/unit/test.h"

/* What travels, as sync.c lays it out: for packets that it would not write. */
struct head {
	uint32_t type;
	uint32_t n_text;
	int64_t value;
};

struct raw {
	struct head head;
	char text[ERR_TEXT_MAX + 100];
};

static int ours = -EBADF, theirs = -EBADF;

static void connect_pair(void)
{
	int pair[2] = { -EBADF, -EBADF };

	fd_close(&ours);
	fd_close(&theirs);
	if (sock_pair(pair) < 0)
		perror("socketpair");
	ours = pair[0];
	theirs = pair[1];
}

static size_t count_fds(void)
{
	_cleanup_closedir_ DIR *dir = opendir("/proc/self/fd");
	size_t n = 0;

	while (dir && readdir(dir))
		n++;
	return n;
}

/* A packet of our own making: `n` bytes of it, with n_fds descriptors. */
static void send_raw(uint32_t type, uint32_t n_text, int64_t value, size_t n, size_t n_fds)
{
	struct raw raw = { .head = { type, n_text, value } };
	const int fds[] = { STDOUT_FILENO, STDOUT_FILENO };

	memset(raw.text, 'x', sizeof(raw.text));
	CHECK(sock_send(theirs, &raw, n, fds, n_fds) == 0, "a packet of type %u, %zu bytes, is sent", type, n);
}

/* Expect `type`, which does not come. */
static void expect_failure(enum sync_type type, int code, const char *text)
{
	struct sync_msg msg = { .fd = -EBADF };
	struct err e = ERR_INIT;

	CHECK(sync_expect(ours, type, &msg, &e) == code && e.code == code, "that is errno %d", -code);
	CHECK_STR(e.text, text);
}

static void test_messages(void)
{
	const enum sync_type types[] = { SYNC_MOUNTED, SYNC_NEED_SOURCE };
	struct sync_msg msg;
	struct err e = ERR_INIT;

	connect_pair();
	for (enum sync_type t = SYNC_LOG; t <= SYNC_TYPES; t++)
		CHECK(strcmp(sync_name(t), "unknown") != 0, "message %d is '%s'", (int)t, sync_name(t));
	CHECK_STR(sync_name((enum sync_type)0), "unknown");
	CHECK_STR(sync_name((enum sync_type)(SYNC_TYPES + 1)), "unknown");

	CHECK(sync_send(theirs, SYNC_GO, 0, -EBADF, &e) == 0, "send 'go'");
	CHECK(sync_expect(ours, SYNC_GO, NULL, &e) == 0, "and get it");
	sync_send(theirs, SYNC_NEED_SOURCE, INT64_MAX, -EBADF, &e);
	CHECK(sync_expect_one_of(ours, types, ARRAY_SIZE(types), &msg, &e) == 0 && msg.type == SYNC_NEED_SOURCE &&
		      msg.value == INT64_MAX && msg.fd < 0,
	      "one of two, with its value");
	sync_send(theirs, SYNC_MOUNTED, -5, -EBADF, &e);
	CHECK(sync_expect_one_of(ours, types, ARRAY_SIZE(types), &msg, &e) == 0 && msg.type == SYNC_MOUNTED &&
		      msg.value == -5,
	      "the other one");
}

static void test_descriptors(void)
{
	int pipe_fds[2];
	struct sync_msg msg = { .fd = -EBADF };
	struct err e = ERR_INIT;
	size_t before;
	char byte = 0;

	connect_pair();
	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		perror("pipe2");
	CHECK(sync_send(theirs, SYNC_CONSOLE, 0, pipe_fds[1], &e) == 0, "send a descriptor");
	CHECK(sync_expect(ours, SYNC_CONSOLE, &msg, &e) == 0 && msg.fd >= 0, "and get it");
	CHECK(fcntl(msg.fd, F_GETFD) == FD_CLOEXEC, "close-on-exec");
	CHECK(write(msg.fd, "y", 1) == 1 && read(pipe_fds[0], &byte, 1) == 1 && byte == 'y', "it is the same one");
	fd_close(&msg.fd);
	close(pipe_fds[0]);
	close(pipe_fds[1]);

	before = count_fds();
	send_raw(SYNC_GO, 0, 0, sizeof(struct head), 1);
	expect_failure(SYNC_GO, -EBADMSG, "'go' came with a descriptor");
	send_raw(SYNC_SOURCE, 0, 0, sizeof(struct head), 0);
	expect_failure(SYNC_SOURCE, -EBADMSG, "'source' came without a descriptor");
	send_raw(SYNC_CONSOLE, 0, 0, sizeof(struct head), 1);
	expect_failure(SYNC_READY, -EBADMSG, "expected 'ready', got 'console'");
	send_raw(SYNC_SOURCE, 0, 0, sizeof(struct head), 2);
	expect_failure(SYNC_SOURCE, -EMSGSIZE, "waiting for 'source': message too long");
	send_raw(SYNC_ERROR, 1, -EIO, sizeof(struct head) + 1, 1);
	expect_failure(SYNC_READY, -EIO, "x");
	send_raw(SYNC_SOURCE, 7, 0, sizeof(struct head), 1);
	expect_failure(SYNC_SOURCE, -EBADMSG, "waiting for 'source': bad message");
	send_raw(SYNC_CONSOLE, 0, 0, sizeof(struct head), 1);
	CHECK(sync_expect(ours, SYNC_CONSOLE, NULL, &e) == 0, "a message of which only the arrival matters");
	CHECK(count_fds() == before, "what nobody wanted is closed");
}

static void test_wrong_packets(void)
{
	const size_t head = sizeof(struct head);

	connect_pair();
	send_raw(SYNC_READY, 0, 0, head, 0);
	expect_failure(SYNC_MOUNTED, -EBADMSG, "expected 'mounted', got 'ready'");
	send_raw(0, 0, 0, head, 0);
	expect_failure(SYNC_GO, -EBADMSG, "expected 'go', got 'unknown'");
	send_raw(UINT32_MAX, 0, 0, head, 0);
	expect_failure(SYNC_GO, -EBADMSG, "expected 'go', got 'unknown'");
	send_raw(SYNC_GO, 0, 0, 1, 0);
	expect_failure(SYNC_GO, -EBADMSG, "waiting for 'go': bad message");
	send_raw(SYNC_GO, 0, 0, head - 1, 0);
	expect_failure(SYNC_GO, -EBADMSG, "waiting for 'go': bad message");
	send_raw(SYNC_GO, 10, 0, head + 9, 0);
	expect_failure(SYNC_GO, -EBADMSG, "waiting for 'go': bad message");
	send_raw(SYNC_GO, 10, 0, head + 11, 0);
	expect_failure(SYNC_GO, -EBADMSG, "waiting for 'go': bad message");
	send_raw(SYNC_GO, UINT32_MAX - 14, 0, head + 1, 0);
	expect_failure(SYNC_GO, -EBADMSG, "waiting for 'go': bad message");
	send_raw(SYNC_GO, ERR_TEXT_MAX, 0, head + ERR_TEXT_MAX, 0);
	expect_failure(SYNC_GO, -EBADMSG, "waiting for 'go': bad message");
	send_raw(SYNC_GO, ERR_TEXT_MAX + 50, 0, head + ERR_TEXT_MAX + 50, 0);
	expect_failure(SYNC_GO, -EMSGSIZE, "waiting for 'go': message too long");
}

static void test_errors(void)
{
	struct err error = { .code = -ENOSPC, .text = "mounts[3] /srv: no space" }, e = ERR_INIT;
	char longest[ERR_TEXT_MAX];

	connect_pair();
	sync_send_error(theirs, &error);
	expect_failure(SYNC_MOUNTED, -ENOSPC, "mounts[3] /srv: no space");

	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	memcpy(error.text, longest, sizeof(longest));
	sync_send_error(theirs, &error);
	expect_failure(SYNC_MOUNTED, -ENOSPC, longest);

	/* The code must not become 0, nor an errno that nobody has. */
	send_raw(SYNC_ERROR, 1, 0, sizeof(struct head) + 1, 0);
	expect_failure(SYNC_GO, -EBADMSG, "x");
	send_raw(SYNC_ERROR, 1, 5, sizeof(struct head) + 1, 0);
	expect_failure(SYNC_GO, -EBADMSG, "x");
	send_raw(SYNC_ERROR, 1, INT64_MIN, sizeof(struct head) + 1, 0);
	expect_failure(SYNC_GO, -EBADMSG, "x");
	send_raw(SYNC_ERROR, 1, -(1LL << 32), sizeof(struct head) + 1, 0);
	expect_failure(SYNC_GO, -EBADMSG, "x");
	send_raw(SYNC_ERROR, 0, -ENOMEM, sizeof(struct head), 0);
	expect_failure(SYNC_GO, -ENOMEM, "the other side ended with an error: cannot allocate memory");
	/* EPIPE means that there was no message. */
	send_raw(SYNC_ERROR, 1, -EPIPE, sizeof(struct head) + 1, 0);
	expect_failure(SYNC_GO, -EIO, "x");
	send_raw(SYNC_ERROR, 1, -EPIPE, sizeof(struct head) + 1, 0);
	CHECK(sync_expect_end(ours, &e) == -EIO, "an error is not the end");
}

static void test_end(void)
{
	struct err error = { .code = -ENOENT, .text = "last words" }, e = ERR_INIT;

	connect_pair();
	fd_close(&theirs);
	expect_failure(SYNC_MOUNTED, -EPIPE, "the other side died before 'mounted'");
	CHECK(sync_expect_end(ours, &e) == 0, "the end was expected");
	CHECK(sync_send(ours, SYNC_GO, 0, -EBADF, &e) == -EPIPE, "nobody to send to");
	CHECK_STR(e.text, "the other side died before it got 'go'");

	connect_pair();
	sync_send_error(theirs, &error);
	fd_close(&theirs);
	CHECK(sync_send(ours, SYNC_GO, 0, -EBADF, &e) == -ENOENT, "nobody to send to, who has said why");
	CHECK_STR(e.text, "last words");
	sync_send_error(ours, &error);
	CHECK(true, "an error that nobody hears is no error");

	/* Closed with something unread: ECONNRESET. */
	connect_pair();
	sync_send(ours, SYNC_GO, 0, -EBADF, &e);
	fd_close(&theirs);
	expect_failure(SYNC_READY, -EPIPE, "the other side died before 'ready'");

	connect_pair();
	sync_send(theirs, SYNC_READY, 0, -EBADF, &e);
	fd_close(&theirs);
	CHECK(sync_expect_end(ours, &e) == -EBADMSG, "a message instead of the end");
	CHECK_STR(e.text, "expected 'anything', got 'ready'");

	fd_close(&ours);
	CHECK(sync_send(ours, SYNC_GO, 0, -EBADF, &e) == -EBADF, "no socket at all");
	CHECK_STR(e.text, "cannot send 'go': bad file descriptor");
}

/* What arrived at the end of the log. */
static struct {
	enum log_level level;
	char text[ERR_TEXT_MAX];
	int n;
} heard;

static void hear(enum log_level level, const char *text, void *ctx)
{
	(void)ctx;
	heard.level = level;
	snprintf(heard.text, sizeof(heard.text), "%s", text);
	heard.n++;
}

static void test_log(void)
{
	struct sync_msg msg;
	struct err e = ERR_INIT;

	connect_pair();
	/* Two lines and a message through the socket; then the log is ours again. */
	sync_redirect_log(&theirs);
	log_warning("%s is odd", "it");
	log_debug("nobody wants to know");
	log_line(LOG_LEVEL_ERROR, "a second one");
	sync_send(theirs, SYNC_READY, 3, -EBADF, &e);
	log_redirect(hear, NULL);
	CHECK(sync_expect(ours, SYNC_READY, &msg, &e) == 0 && msg.value == 3, "log lines come before the message");
	CHECK(heard.n == 2 && heard.level == LOG_LEVEL_ERROR, "both of them, with their level");
	CHECK_STR(heard.text, "a second one");

	send_raw(SYNC_LOG, 1, LOG_LEVEL_DEBUG + 1, sizeof(struct head) + 1, 0);
	expect_failure(SYNC_READY, -EBADMSG, "expected 'ready', got 'log'");
	send_raw(SYNC_LOG, 1, -1, sizeof(struct head) + 1, 0);
	expect_failure(SYNC_READY, -EBADMSG, "expected 'ready', got 'log'");
	send_raw(SYNC_LOG, 1, 1LL << 32, sizeof(struct head) + 1, 0);
	expect_failure(SYNC_READY, -EBADMSG, "expected 'ready', got 'log'");
	CHECK(heard.n == 2, "levels that there are not are not logged");
	log_redirect(NULL, NULL);
}

static void test_interrupt(void)
{
	struct err e = ERR_INIT;
	struct sync_msg msg;
	sigset_t old, ignored;

	connect_pair();
	CHECK(sync_make_interruptible(ours) == 0, "interruptible");
	interrupt_block(&old);
	raise(SIGTERM);
	CHECK(sync_send(theirs, SYNC_READY, 5, -EBADF, &e) == 0 && sync_expect(ours, SYNC_READY, &msg, &e) == 0,
	      "what is there is taken first");
	expect_failure(SYNC_READY, -EINTR, "interrupted before 'ready'");
	CHECK(interrupt_take() == SIGTERM, "by SIGTERM");
	interrupt_block(&ignored);
	/* Later than anybody waits for it in silence. */
	if (fork() == 0) {
		usleep(300000);
		_exit(sync_send(theirs, SYNC_READY, 7, -EBADF, &e) < 0);
	}
	CHECK(sync_expect(ours, SYNC_READY, &msg, &e) == 0 && msg.value == 7, "a message that takes long");
	interrupt_unblock(&old);
}

int main(void)
{
	test_messages();
	test_descriptors();
	test_wrong_packets();
	test_errors();
	test_end();
	test_log();
	test_interrupt();
	fd_close(&ours);
	fd_close(&theirs);
	return test_done();
}
