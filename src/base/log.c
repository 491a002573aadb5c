/* SPDX-License-Identifier: Apache-2.0 */
/* The log's only state is its target.  One line is one write(2), so that lines never interleave. */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fdio.h"
#include "base/str.h"

static struct {
	int fd; /* the --log file, or -1 */
	bool json;
	enum log_level level;
	void (*redirect)(enum log_level, const char *, void *);
	void *redirect_ctx;
	bool outlives; /* log_outlive() */
	char path[PATH_MAX];
	struct stat st;
} target = { .fd = -1, .level = LOG_LEVEL_WARNING };

static const char *const level_names[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

int log_open(const struct log_target *t)
{
	target.json = t->json;
	target.level = t->level;
	if (!t->path)
		return 0;

	/* Engines parse the whole file as one JSON object: what an earlier command said must not stay. */
	target.fd = open(t->path, O_WRONLY | O_CREAT | (t->json ? O_TRUNC : O_APPEND) | O_CLOEXEC, 0644);
	return target.fd < 0 ? -errno : 0;
}

void log_outlive(void)
{
	char link[32];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", target.fd);
	n = target.fd < 0 ? -1 : readlink(link, target.path, sizeof(target.path) - 1);
	target.path[n < 0 ? 0 : n] = '\0';
	if (n < 0 || fstat(target.fd, &target.st) < 0 || !S_ISREG(target.st.st_mode))
		target.path[0] = '\0';
	fd_close(&target.fd);
	target.outlives = true;
}

/* The file that it was, opened for one line; without waiting for anything that was put in its place. */
static int open_again(void)
{
	_cleanup_close_ int fd = *target.path ? open(target.path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) :
						-1;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_ino != target.st.st_ino || st.st_dev != target.st.st_dev)
		return -ENOENT;
	return TAKE_FD(fd);
}

void log_redirect(void (*fn)(enum log_level, const char *, void *), void *ctx)
{
	target.redirect = fn;
	target.redirect_ctx = ctx;
}

bool log_wants(enum log_level level)
{
	return level <= target.level;
}

int log_level_from_name(const char *name)
{
	for (int i = 0; i < (int)(sizeof(level_names) / sizeof(level_names[0])); i++)
		if (strcmp(name, level_names[i]) == 0)
			return i;
	return -1;
}

/* Whoever reads the log may have gone: that must not end us in the middle of what we do.  Nobody can be told that the
   log itself is full, either. */
static void write_quietly(int fd, const struct strbuf *line)
{
	const struct timespec at_once = { 0, 0 };
	sigset_t pipe_signal, pending, old;

	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	sigpending(&pending);
	sigprocmask(SIG_BLOCK, &pipe_signal, &old);
	if (fdio_write_all(fd, line->text, line->len) == -EPIPE && !sigismember(&pending, SIGPIPE))
		(void)sigtimedwait(&pipe_signal, NULL, &at_once); /* ours */
	sigprocmask(SIG_SETMASK, &old, NULL);
}

static void write_file(enum log_level level, const char *text)
{
	_cleanup_(strbuf_done) struct strbuf line = STRBUF_INIT;
	char now[CLOCK_TEXT_MAX];

	/* containerd refuses the whole log when the time does not parse as RFC 3339. */
	clock_now_text(now);
	if (target.json) {
		strbuf_addf(&line, "{\"level\":\"%s\",\"msg\":", level_names[level]);
		strbuf_add_json(&line, text);
		strbuf_addf(&line, ",\"time\":\"%s\"}\n", now);
	} else {
		strbuf_addf(&line, "time=\"%s\" level=%s msg=", now, level_names[level]);
		strbuf_add_json(&line, text);
		strbuf_add(&line, "\n");
	}
	write_quietly(target.fd, &line);
}

static void write_stderr(enum log_level level, const char *text)
{
	_cleanup_(strbuf_done) struct strbuf line = STRBUF_INIT;

	strbuf_add(&line, "ocirun: ");
	if (level != LOG_LEVEL_ERROR)
		strbuf_addf(&line, "%s: ", level_names[level]);
	strbuf_add_printable(&line, text);
	strbuf_add(&line, "\n");
	write_quietly(STDERR_FILENO, &line);
}

void log_line(enum log_level level, const char *text)
{
	if (target.redirect) {
		target.redirect(level, text, target.redirect_ctx);
		return;
	}
	if (target.outlives) {
		target.fd = open_again();
		if (target.fd >= 0)
			write_file(level, text);
		fd_close(&target.fd);
		return;
	}
	if (target.fd >= 0)
		write_file(level, text);
	/* An error is always shown; the rest goes to the file where there is one. */
	if (target.fd < 0 || level == LOG_LEVEL_ERROR)
		write_stderr(level, text);
}

static void __attribute__((format(printf, 2, 0))) log_v(enum log_level level, const char *fmt, va_list args)
{
	_cleanup_free_ char *text = NULL;

	if (!log_wants(level))
		return;
	text = str_vprintf(fmt, args);
	log_line(level, text);
}

#define DEFINE_LOG(name, level)                       \
	void name(const char *fmt, ...)               \
	{                                             \
		va_list args;                         \
                                                      \
		va_start(args, fmt);                  \
		log_v(level, fmt, args);              \
		va_end(args);                         \
	}

DEFINE_LOG(log_debug, LOG_LEVEL_DEBUG)
DEFINE_LOG(log_info, LOG_LEVEL_INFO)
DEFINE_LOG(log_warning, LOG_LEVEL_WARNING)

void log_error(const char *text)
{
	log_line(LOG_LEVEL_ERROR, text);
}
