/* SPDX-License-Identifier: Apache-2.0 */
/* Any answer, log and image of CRIU: an explained error or a version, one line of text, and no descriptor stays. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "kernel/sock.h"
#include "runtime/criu.h"

enum { MOST_PACKETS = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void quiet(enum log_level level, const char *text, void *ctx)
{
	(void)level;
	(void)text;
	(void)ctx;
}

static void check_log(const char *text, size_t size)
{
	_cleanup_free_ char *errors = criu_log_errors(text, size);

	for (const char *p = errors; *p; p++)
		if ((unsigned char)*p < ' ')
			abort();
}

static int count_notices(void *ctx, struct criu_notice *notice, struct err *e)
{
	(void)e;
	if (!notice->script || notice->fd >= 0)
		abort();
	return ++*(int *)ctx > 1 ? -ECANCELED : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct criu_dirs dirs = { .work_path = (char[]){ "/" }, .images = -EBADF, .work = -EBADF };
	const struct strbuf opts = { .text = (char[]){ "" }, .len = 0 };
	struct criu criu = CRIU_INIT;
	struct err e = ERR_INIT;
	int pair[2], notices = 0, r;
	uint64_t id, pages;
	pid_t pid;
	const struct criu_call call = {
		.type = CRIU_DUMP, .opts = &opts, .dirs = &dirs, .log = "none.log", .notify = count_notices, .ctx = &notices,
	};

	log_redirect(quiet, NULL);
	check_log((const char *)data, size);
	(void)criu_count_pages((const char *)data, size, &id, &pages);
	if (sock_pair(pair) < 0)
		abort();
	criu.sock = pair[0];
	/* Packets are of the length that their first byte says; more than these could fill the socket, and nobody reads yet. */
	for (int i = 0; i < MOST_PACKETS && size > 1; i++) {
		size_t n = data[0] < size ? data[0] : size - 1;

		if (n > 0 && sock_send(pair[1], data + 1, n, NULL, 0) < 0)
			break;
		data += n + 1;
		size -= n + 1;
	}
	/* what it is told is not read: only its sending is over */
	shutdown(pair[1], SHUT_WR);
	r = criu_call(&criu, &call, &pid, &e);
	if (r > 0 || (r < 0 && notices < 2 && (e.code != r || !e.text[0])))
		abort();
	close(pair[1]);
	criu_done(&criu);
	return 0;
}
