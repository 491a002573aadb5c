/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program: global options, the choice of the command, the one error message, the exit status.
 * What a command does is in cmd-NAME.c.
 */
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/cmd.h"
#include "cli/help.h"
#include "runtime/fuse-exec.h"

struct globals {
	const char *root;
	const char *log, *log_format, *log_level;
	const char *cgroup_manager;
	const char *rootless;
	bool debug, systemd_cgroup, version;
};

static const struct opt global_options[] = {
	OPT_STRING("root", NULL, "DIR", struct globals, root,
		   "where states are kept (default: /run/ocirun, or below $XDG_RUNTIME_DIR)"),
	OPT_STRING("log", NULL, "FILE", struct globals, log, "write errors to this file, too"),
	OPT_WORD("log-format", NULL, "text|json", struct globals, log_format, "of the log file (default: text)"),
	OPT_WORD("log-level", NULL, "error|warning|info|debug", struct globals, log_level, "how much to log"),
	OPT_FLAG("debug", NULL, struct globals, debug, "the same as --log-level debug"),
	OPT_WORD("cgroup-manager", NULL, "cgroupfs|systemd|disabled", struct globals, cgroup_manager,
		 "who makes cgroups (default: cgroupfs)"),
	OPT_FLAG("systemd-cgroup", NULL, struct globals, systemd_cgroup, "the same as --cgroup-manager systemd"),
	OPT_WORD("rootless", NULL, "true|false|auto", struct globals, rootless,
		 "act as for a caller without privileges (default: auto)"),
	OPT_FLAG("version", "vV", struct globals, version, "show the version and what was compiled in"),
	OPT_END,
};

static const struct command *const commands[] = {
	&cmd_create, &cmd_start, &cmd_run,    &cmd_state,  &cmd_kill, &cmd_delete,   &cmd_exec, &cmd_list,
	&cmd_ps,     &cmd_pause, &cmd_resume, &cmd_update, &cmd_mounts, &cmd_events, &cmd_checkpoint, &cmd_restore,
	&cmd_spec,   &cmd_features, &cmd_doctor, NULL,
};

static const struct command *find_command(const char *name, struct err *e)
{
	for (const struct command *const *c = commands; *c; c++)
		if (strcmp((*c)->name, name) == 0)
			return *c;
	err_say(e, -EINVAL, "unknown command '%s'; see 'ocirun --help'", name);
	return NULL;
}

/* A caller may have closed the standard descriptors: what is opened next must not become one of them. */
static int open_missing_fds(struct err *e)
{
	struct pollfd fds[] = { { .fd = STDIN_FILENO }, { .fd = STDOUT_FILENO }, { .fd = STDERR_FILENO } };

	/* Asked all at once.  POLLNVAL may also be an O_PATH descriptor; an error, a limit that is below three. */
	if (poll(fds, ARRAY_SIZE(fds), 0) >= 0 && !((fds[0].revents | fds[1].revents | fds[2].revents) & POLLNVAL))
		return 0;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0) /* takes the lowest number */
			return err_set(e, -errno, "/dev/null");
	return 0;
}

/* Engines read the whole log file as one error, and stderr of a quiet command is not ours to talk on. */
static enum log_level pick_level(const struct globals *g, const struct command *command)
{
	if (g->debug)
		return LOG_LEVEL_DEBUG;
	if (g->log_level)
		return (enum log_level)log_level_from_name(g->log_level);
	return g->log || !command || command->quiet ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING;
}

/* FILE or file:FILE.  The command may be unknown: NULL. */
static int open_log(const struct globals *g, const struct command *command, struct err *e)
{
	const char *path = str_empty(g->log) ? NULL : g->log;
	struct log_target target = {
		.json = g->log_format && strcmp(g->log_format, "json") == 0,
		.level = pick_level(g, command),
	};
	int r;

	if (path && (str_starts(path, "journald:") || str_starts(path, "syslog:")))
		return err_say(e, -EINVAL, "option '--log': '%s': only a file is supported", path);
	if (path && str_starts(path, "file:"))
		path += strlen("file:");
	target.path = path;
	r = log_open(&target);
	return r < 0 ? err_set(e, r, "option '--log': %s", path) : 0;
}

static void set_runtime(const struct globals *g, struct runtime *rt)
{
	rt->root = g->root;
	rt->cgroup_manager = g->cgroup_manager;
	if (!rt->cgroup_manager && g->systemd_cgroup)
		rt->cgroup_manager = "systemd";
	if (g->rootless && strcmp(g->rootless, "true") == 0)
		rt->rootless = ROOTLESS_TRUE;
	else if (g->rootless && strcmp(g->rootless, "false") == 0)
		rt->rootless = ROOTLESS_FALSE;
}

static int print_overview(struct err *e)
{
	_cleanup_free_ char *text = help_overview(commands, global_options);

	return cmd_print(text, e);
}

static int print_command_help(const struct command *command, struct err *e)
{
	_cleanup_free_ char *text = help_command(command);

	return cmd_print(text, e);
}

static int print_version(struct err *e)
{
	_cleanup_free_ char *text = help_version();

	return cmd_print(text, e);
}

/* ocirun help [COMMAND] */
static int run_help(const char *name, struct err *e)
{
	const struct command *command;

	if (!name || name[0] == '-' || strcmp(name, "help") == 0)
		return print_overview(e);
	command = find_command(name, e);
	return command ? print_command_help(command, e) : e->code;
}

static int check_args(const struct command *command, const struct call *call, struct err *e)
{
	_cleanup_free_ char *usage = help_usage(command);

	if (call->n_args < command->min_args)
		return err_say(e, -EINVAL, "%s: an argument is missing; usage: %s", command->name, usage);
	if (call->n_args > command->max_args)
		return err_say(e, -EINVAL, "%s: unexpected argument '%s'; usage: %s", command->name,
			       call->args[command->max_args], usage);
	return 0;
}

static int failure_status(const struct command *command)
{
	return command->failure ? command->failure : EXIT_FAILURE;
}

static int run_command(const struct command *command, const struct runtime *rt, char *const *words, int *ret_status,
		       struct err *e)
{
	_cleanup_free_ void *options = xcalloc(1, command->options_size);
	_cleanup_free_ char **args = NULL;
	struct call call = { .rt = rt, .options = options };
	int r = opts_parse(command->options, global_options, command->in_order, words, options, &args, &call.n_args, e);

	if (r < 0)
		err_hint(e, "see 'ocirun %s --help'", command->name);
	else if (r == OPTS_HELP)
		r = print_command_help(command, e);
	else {
		call.args = args;
		r = check_args(command, &call, e);
		if (r == 0)
			r = command->run(&call, e);
	}
	opts_done(command->options, options);
	*ret_status = r == 0 ? call.status : failure_status(command);
	return r;
}

/* The command line is wrong: that is said in the log, too, which may have been named before the mistake.  Of two
   errors it is the first that is told. */
static int refuse_words(const struct globals *g, struct err *e)
{
	struct err second = ERR_INIT;

	(void)open_log(g, NULL, &second);
	return e->code;
}

/* Everything between argv and the exit status.  *ret_status is also set on errors. */
static int run_program(char *const *words, int *ret_status, struct err *e)
{
	struct globals g = { 0 };
	struct runtime rt = { 0 };
	_cleanup_free_ char **args = NULL;
	const struct command *command;
	size_t n_args;
	int r = opts_parse(global_options, NULL, true, words, &g, &args, &n_args, e);

	*ret_status = EXIT_FAILURE;
	if (r < 0) {
		err_hint(e, "see 'ocirun --help'");
		return refuse_words(&g, e);
	}
	if (r == OPTS_HELP || g.version || (n_args > 0 && strcmp(args[0], "help") == 0)) {
		r = r == OPTS_HELP ? print_overview(e) : g.version ? print_version(e) : run_help(args[1], e);
		*ret_status = r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
		return r;
	}
	if (n_args == 0)
		err_say(e, -EINVAL, "no command given; usage: ocirun [OPTIONS] COMMAND [ARGUMENTS]; "
				    "see 'ocirun --help'");
	command = n_args > 0 ? find_command(args[0], e) : NULL;
	if (!command)
		return refuse_words(&g, e);
	*ret_status = failure_status(command);
	r = open_log(&g, command, e);
	if (r < 0)
		return r;
	set_runtime(&g, &rt);
	return run_command(command, &rt, args + 1, ret_status, e);
}

int main(int argc, char **argv)
{
	struct err e = ERR_INIT;
	int status = EXIT_FAILURE;
	int r;

	if (argc > 0 && fuse_exec_is_helper(argv[0]))
		return fuse_exec_help();
	r = open_missing_fds(&e);
	if (r == 0)
		r = run_program(argv + (argc > 0), &status, &e);
	if (r < 0)
		log_error(e.text);
	if (r == -EINTR)
		runtime_end_interrupted();
	return status;
}
