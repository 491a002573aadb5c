/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log: what ocirun says besides its result and its one error.
 *
 * Targets and levels are set once, by cli/main.c.  Engines read the whole --log file as a single
 * JSON object, so at the default level nothing but the error goes into that file: warnings go to
 * stderr of the commands whose stderr is not the container's, and into the file with --debug or
 * --log-level.  The process that becomes the container never holds the log's descriptor: it sends
 * its lines to the runtime (log_redirect()).
 */
#pragma once

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

struct log_target {
	const char *path;          /* the --log file; NULL: stderr only */
	bool json;                 /* --log-format json */
	enum log_level level;      /* what goes into the log */
};

/* Open the log.  Returns 0 or a negative errno for the file. The path is not kept. */
int log_open(const struct log_target *target);

/* For a process that outlives the command: from now on each line is appended to the --log file if that is still the
   same one at its path, which later commands may have emptied, or else to nothing; stderr gets none.  A log that
   is no regular file is given up.  The descriptor is closed. */
void log_outlive(void);

/* Hand each line to fn instead of writing it; used by the processes that become the container. */
void log_redirect(void (*fn)(enum log_level level, const char *text, void *ctx), void *ctx);

/* Write one finished line; used for lines that another process sent. */
void log_line(enum log_level level, const char *text);

/* True if lines of this level are wanted, to save the work of making them. */
bool log_wants(enum log_level level);

void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Print the one error of this process: to stderr as "ocirun: text", and to the log file. */
void log_error(const char *text);

/* The level called `name` (error, warning, info, debug), or -1. */
int log_level_from_name(const char *name);
