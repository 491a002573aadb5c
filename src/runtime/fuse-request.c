/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime's side of the talk with the monitor of FUSE servers: see fuse-monitor.h. */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "kernel/sock.h"
#include "runtime/fuse-monitor.h"
#include "runtime/fuse-packet.h"

static void add_string(struct strbuf *b, const char *s)
{
	strbuf_add_mem(b, s, strlen(s) + 1);
}

int fuse_packet_answer(int sock, struct err *e)
{
	struct err answer = ERR_INIT;
	size_t n_fds = 0;
	ssize_t n = sock_recv(sock, &answer, sizeof(answer), NULL, 0, &n_fds);

	if (n != (ssize_t)sizeof(answer))
		return n < 0 ? err_set(e, (int)n, "the FUSE monitor") : err_say(e, -EIO, "the FUSE monitor died");
	answer.text[sizeof(answer.text) - 1] = '\0';
	return answer.code < 0 ? err_say(e, answer.code, "%s", answer.text) : answer.code;
}

int fuse_monitor_request(int sock, const struct fuse_request *request, struct err *e)
{
	struct strbuf b = STRBUF_INIT;
	int fds[3], r;
	size_t n = 0;
	char flags = 0;

	fds[n++] = request->device_fd;
	if (request->source_fd >= 0) {
		flags |= FUSE_PACKET_SOURCE;
		fds[n++] = request->source_fd;
	}
	if (request->userns_fd >= 0) {
		flags |= FUSE_PACKET_USERNS;
		fds[n++] = request->userns_fd;
	}
	strbuf_add_mem(&b, &flags, 1);
	add_string(&b, request->what);
	add_string(&b, request->path);
	for (char *const *word = request->argv; *word; word++)
		add_string(&b, *word);
	r = b.len > FUSE_PACKET_MAX ? -E2BIG : sock_send(sock, b.text, b.len, fds, n);
	strbuf_done(&b);
	if (r < 0)
		return err_set(e, r, "tell the FUSE monitor about %s", request->what);
	r = fuse_packet_answer(sock, e);
	return r < 0 ? r : 0;
}

int fuse_monitor_flush(int sock, struct err *e)
{
	char nothing = 0;
	int r = sock_send(sock, &nothing, 1, NULL, 0);

	return r < 0 ? err_set(e, r, "tell the FUSE monitor") : fuse_packet_answer(sock, e);
}
