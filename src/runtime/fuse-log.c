/* SPDX-License-Identifier: Apache-2.0 */
/* The log of FUSE servers: see fuse-log.h. */
#include "runtime/fuse-log.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fdio.h"
#include "base/str.h"
#include "runtime/fuse-monitor.h"

#define PIPE_READ 16384
#define PIPE_READS 4 /* 64 KiB, what a pipe holds (pipe(7)) */

/* A server that never stops talking fills neither a disk nor the memory of a tmpfs: the log begins anew. */
static void add(struct fuse_log *log, const char *text, size_t n)
{
	static const char cut[] = "(earlier lines were left out)\n";

	if (log->n + n > FUSE_LOG_MAX && ftruncate(log->fd, 0) == 0) {
		log->n = sizeof(cut) - 1;
		(void)fdio_write_all(log->fd, cut, sizeof(cut) - 1);
	}
	log->n += n;
	/* nobody can be told that the log is full */
	(void)fdio_write_all(log->fd, text, n);
}

void fuse_log_take(struct fuse_log *log)
{
	char text[PIPE_READ];

	for (int i = 0; i < PIPE_READS; i++) {
		ssize_t n = read(log->said, text, sizeof(text));

		if (n <= 0)
			return;
		add(log, text, (size_t)n);
	}
}

void fuse_log_say(struct fuse_log *log, const char *fmt, ...)
{
	_cleanup_free_ char *text = NULL, *line = NULL;
	char now[CLOCK_TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	text = str_vprintf(fmt, args);
	va_end(args);
	clock_now_text(now);
	line = str_printf("%s %s\n", now, text);
	add(log, line, strlen(line));
}
