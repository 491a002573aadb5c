/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands: what each file cmd-NAME.c exports, and what main.c gives to it.  A command turns its
 * options into one call of the runtime and prints the result; it never prints an error.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "cli/opts.h"
#include "runtime/runtime.h"

/* One use of a command.  options and args are main.c's and live until the command returns. */
struct call {
	const struct runtime *rt;
	void *options;     /* the struct that the command's rows are about */
	char *const *args; /* what is no option, NULL-terminated */
	size_t n_args;
	int status;        /* exit status if the command returns 0; 0 unless it sets it */
};

#define ARGS_ANY ((size_t)-1)

struct command {
	const char *name;
	const char *synopsis;       /* what follows the name: "[OPTIONS] ID" */
	const char *summary;        /* one line, for the list of commands */
	const char *about;          /* more lines for its --help, or NULL */
	const struct opt *options;
	size_t options_size;        /* of the struct, which is zeroed first; 0: none */
	size_t min_args, max_args;
	bool in_order;              /* options end at the first other word */
	bool quiet;                 /* its stderr is the container's, or is read by a program: no warnings there */
	int failure;                /* exit status of an error; 0: 1 */
	int (*run)(struct call *call, struct err *e);
};

extern const struct command cmd_checkpoint, cmd_create, cmd_delete, cmd_doctor, cmd_events, cmd_exec, cmd_features, cmd_kill,
	cmd_list, cmd_mounts, cmd_pause, cmd_ps, cmd_restore, cmd_resume, cmd_run, cmd_spec, cmd_start, cmd_state, cmd_update;

/* For commands without options of their own. */
extern const struct opt cmd_no_options[];

/* Write to stdout.  A full disk or a closed pipe is an error, like any other. */
int cmd_print(const char *text, struct err *e);

/* The same, and a newline. */
int cmd_print_line(const char *text, struct err *e);

/* Read a document of some kilobytes: a file, or "-" for standard input.  *ret_text is new memory. */
int cmd_read_document(const char *path, char **ret_text, size_t *ret_len, struct err *e);

/* A table as text, new memory.  cells: n_rows rows of n_columns each, the titles first. */
char *cmd_make_table(const char *const *cells, size_t n_rows, size_t n_columns);

/* The rows that create and run share. */
#define CMD_CREATE_ROWS                                                                              \
	OPT_PATH("bundle", "b", "DIR", struct create_options, bundle,                              \
		   "directory of the container (default: the current one)"),                         \
	OPT_PATH("config", "f", "FILE", struct create_options, config,                             \
		   "configuration to use instead of config.json in the bundle"),                     \
	OPT_PATH("console-socket", NULL, "SOCKET", struct create_options, console_socket,          \
		   "unix socket that receives the terminal"),                                        \
	OPT_PATH("pid-file", NULL, "FILE", struct create_options, pid_file,                        \
		   "write the process id of the container to this file"),                            \
	OPT_PATH("pidfd-socket", NULL, "SOCKET", struct create_options, pidfd_socket,              \
		   "unix socket that receives a pidfd of the container"),                            \
	OPT_NUMBER("preserve-fds", NULL, "N", struct create_options, preserve_fds,                   \
		   "hand N descriptors, from 3 on, to the container"),                               \
	OPT_FLAG("no-pivot", NULL, struct create_options, no_pivot,                                  \
		 "do not use pivot_root(2)"),                                                        \
	OPT_FLAG("no-new-keyring", NULL, struct create_options, no_new_keyring,                      \
		 "keep the session keyring of the caller"),                                          \
	OPT_IGNORED("no-subreaper", "accepted and without effect")

/* The rows that checkpoint and restore share. */
#define CMD_CRIU_ROWS(strct)                                                                         \
	OPT_PATH("image-path", NULL, "DIR", strct, criu.image_path,                                \
		   "directory of the saved files (default: checkpoint)"),                            \
	OPT_PATH("work-path", NULL, "DIR", strct, criu.work_path,                                  \
		   "directory of CRIU's log (default: the image path)"),                             \
	OPT_FLAG("tcp-established", NULL, strct, criu.tcp_established,                               \
		 "keep open TCP connections"),                                                       \
	OPT_FLAG("tcp-skip-in-flight", NULL, strct, criu.tcp_skip_in_flight,                         \
		 "leave out TCP connections that are being made"),                                   \
	OPT_FLAG("ext-unix-sk", NULL, strct, criu.ext_unix_sk,                                       \
		 "keep unix sockets that lead out of the container"),                                \
	OPT_FLAG("shell-job", NULL, strct, criu.shell_job,                                           \
		 "the program uses the terminal of the caller"),                                     \
	OPT_FLAG("file-locks", NULL, strct, criu.file_locks, "keep file locks"),                     \
	OPT_WORD("manage-cgroups-mode", NULL, "soft|full|strict|ignore|none|props", strct,           \
		 criu.manage_cgroups_mode, "what CRIU does about cgroups (default: soft, or ignore)"),          \
	OPT_WORD("network-lock", NULL, "iptables|nftables|skip", strct, criu.network_lock,           \
		 "how the network is held meanwhile (default: CRIU's)"),                             \
	OPT_WORD("empty-ns", NULL, "network", strct, criu.empty_ns,                                  \
		 "make this namespace, but leave it empty"),                                         \
	OPT_FLAG("lazy-pages", NULL, strct, criu.lazy_pages, "move memory when it is used"),         \
	OPT_FLAG("auto-dedup", NULL, strct, criu.auto_dedup, "free pages of parent images"),         \
	OPT_FLAG("link-remap", NULL, strct, criu.link_remap,                                         \
		 "keep open files that have no name any more")
