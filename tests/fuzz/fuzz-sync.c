/* SPDX-License-Identifier: Apache-2.0 */
/* Any packets from the other side: a message that was asked for, or an explained error; and no descriptor stays. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "kernel/sock.h"
#include "runtime/sync.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_line(enum log_level level, const char *text, void *ctx)
{
	(void)ctx;
	if (level > LOG_LEVEL_DEBUG || strlen(text) >= ERR_TEXT_MAX)
		abort();
}

/* Each packet is a length and a number of descriptors, then as many bytes. */
static void send_packets(int sock, const uint8_t *data, size_t size)
{
	const int fds[] = { STDIN_FILENO, STDIN_FILENO };

	for (int i = 0; i < 8 && size > 3; i++) {
		size_t n = (size_t)data[0] | (size_t)data[1] << 8, n_fds = data[2] % 3;

		data += 3;
		size -= 3;
		if (n > size)
			n = size;
		/* An empty packet is the end of file. */
		if (n == 0 || sock_send(sock, data, n, fds, n_fds) < 0)
			return;
		data += n;
		size -= n;
	}
}

static void check(int r, const struct err *e)
{
	if (r > 0 || (r < 0 && (e->code != r || strnlen(e->text, ERR_TEXT_MAX) == 0)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum sync_type types[] = { SYNC_READY, SYNC_SOURCE, SYNC_CONSOLE };
	struct sync_msg msg = { .fd = -EBADF };
	int pair[2], lowest, r = 0;

	if (sock_pair(pair) < 0)
		abort();
	log_redirect(check_line, NULL);
	send_packets(pair[1], data, size);
	close(pair[1]);
	while (r == 0) {
		struct err e = ERR_INIT;

		r = sync_expect_one_of(pair[0], types, ARRAY_SIZE(types), &msg, &e);
		check(r, &e);
		if (r == 0 && (msg.type == SYNC_READY) != (msg.fd < 0))
			abort();
		if (r == 0)
			fd_close(&msg.fd);
	}
	close(pair[0]);
	/* The next descriptor has the number that the pair had: none is left open below it. */
	lowest = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
	if (lowest != (pair[0] < pair[1] ? pair[0] : pair[1]))
		abort();
	close(lowest);
	return 0;
}
