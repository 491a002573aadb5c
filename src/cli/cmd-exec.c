/* SPDX-License-Identifier: Apache-2.0 */
/* exec: one more program in a running container. */
#include "cli/cmd.h"

struct exec_args {
	struct exec_options o;
	struct strv env, caps, gids;
};

/* The numbers of --additional-gids; *ret is new memory. */
static int read_gids(const struct strv *words, uint32_t **ret, struct err *e)
{
	_cleanup_free_ uint32_t *gids = xcalloc(words->n, sizeof(*gids));

	for (size_t i = 0; i < words->n; i++)
		if (str_to_u32(words->v[i], &gids[i]) < 0)
			return err_say(e, -EINVAL, "option '--additional-gids': '%s' is not a group id", words->v[i]);
	*ret = TAKE_PTR(gids);
	return 0;
}

/* What --process says itself: an option beside it would be passed over. */
static int check_alone(const struct exec_args *a, struct err *e)
{
	const struct {
		const char *name;
		bool given;
	} others[] = {
		{ "cwd", a->o.cwd },
		{ "env", a->env.n > 0 },
		{ "user", a->o.user },
		{ "additional-gids", a->gids.n > 0 },
		{ "cap", a->caps.n > 0 },
		{ "no-new-privs", a->o.no_new_privs },
		{ "apparmor", a->o.apparmor },
		{ "process-label", a->o.process_label },
	};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (others[i].given)
			return err_say(e, -EINVAL, "option '--%s' and --process cannot both be given: the file says it",
				       others[i].name);
	return 0;
}

static int check_command(const struct call *call, const struct exec_args *a, struct err *e)
{
	const struct exec_options *o = &a->o;

	if (o->process && call->n_args > 1)
		return err_say(e, -EINVAL, "'%s': a command and --process cannot both be given", call->args[1]);
	if (!o->process && call->n_args < 2)
		return err_say(e, -EINVAL, "no command to execute; name it behind the id, or use --process FILE");
	return o->process ? check_alone(a, e) : 0;
}

static int run(struct call *call, struct err *e)
{
	struct exec_args *a = call->options;
	_cleanup_free_ uint32_t *gids = NULL;
	int r = check_command(call, a, e);

	if (r == 0)
		r = read_gids(&a->gids, &gids, e);
	if (r < 0)
		return r;
	a->o.id = call->args[0];
	a->o.args = a->o.process ? NULL : call->args + 1;
	a->o.env = (const char *const *)a->env.v;
	a->o.n_env = a->env.n;
	a->o.caps = (const char *const *)a->caps.v;
	a->o.n_caps = a->caps.n;
	a->o.additional_gids = gids;
	a->o.n_additional_gids = a->gids.n;
	return container_exec(call->rt, &a->o, &call->status, e);
}

static const struct opt options[] = {
	OPT_PATH("process", "p", "FILE", struct exec_args, o.process,
		   "JSON file that describes the process, instead of a command"),
	OPT_PATH("cwd", NULL, "DIR", struct exec_args, o.cwd, "working directory in the container"),
	OPT_LIST("env", "e", "NAME=VALUE", struct exec_args, env, "set an environment variable (repeatable)"),
	OPT_STRING("user", "u", "UID[:GID]", struct exec_args, o.user, "user, by numbers or by the container's names"),
	OPT_COMMAS("additional-gids", "g", "GID,...", struct exec_args, gids, "supplementary groups (repeatable)"),
	OPT_COMMAS("cap", "c", "CAP,...", struct exec_args, caps, "capabilities to add (repeatable)"),
	OPT_FLAG("no-new-privs", NULL, struct exec_args, o.no_new_privs, "set no_new_privs, see prctl(2)"),
	OPT_STRING("apparmor", NULL, "PROFILE", struct exec_args, o.apparmor, "AppArmor profile"),
	OPT_STRING("process-label", NULL, "LABEL", struct exec_args, o.process_label, "SELinux label"),
	OPT_STRING("cgroup", NULL, "PATH", struct exec_args, o.cgroup, "existing sub-group of the container's cgroup"),
	OPT_FLAG("ignore-paused", NULL, struct exec_args, o.ignore_paused, "also into a paused container"),
	OPT_FLAG("tty", "t", struct exec_args, o.tty, "give the process a terminal"),
	OPT_FLAG("detach", "d", struct exec_args, o.detach, "return as soon as the program runs"),
	OPT_PATH("console-socket", NULL, "SOCKET", struct exec_args, o.console_socket,
		   "unix socket that receives the terminal"),
	OPT_PATH("pid-file", NULL, "FILE", struct exec_args, o.pid_file, "write the process id to this file"),
	OPT_PATH("pidfd-socket", NULL, "SOCKET", struct exec_args, o.pidfd_socket,
		   "unix socket that receives a pidfd of the process"),
	OPT_NUMBER("preserve-fds", NULL, "N", struct exec_args, o.preserve_fds,
		   "hand N descriptors, from 3 on, to the process"),
	OPT_END,
};

const struct command cmd_exec = {
	.name = "exec",
	.synopsis = "[OPTIONS] ID COMMAND [ARGUMENTS]",
	.summary = "run one more program in a container",
	.about = "All words behind ID belong to the command.  The exit status is that of the program, 128 + N when\n"
		 "signal N ended it, or 255 when it could not be run.",
	.options = options,
	.options_size = sizeof(struct exec_args),
	.min_args = 1,
	.max_args = ARGS_ANY,
	.in_order = true,
	.quiet = true,
	.failure = 255,
	.run = run,
};
