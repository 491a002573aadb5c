/* SPDX-License-Identifier: Apache-2.0 */
/* restore: a container from the files of checkpoint. */
#include "cli/cmd.h"

static int run(struct call *call, struct err *e)
{
	struct restore_options *o = call->options;

	o->create.id = call->args[0];
	return container_restore(call->rt, o, &call->status, e);
}

static const struct opt options[] = {
	OPT_PATH("bundle", "b", "DIR", struct restore_options, create.bundle,
		   "directory of the container (default: the current one)"),
	OPT_PATH("config", "f", "FILE", struct restore_options, create.config,
		   "configuration to use instead of config.json in the bundle"),
	OPT_PATH("console-socket", NULL, "SOCKET", struct restore_options, create.console_socket,
		   "unix socket that receives the terminal"),
	OPT_PATH("pid-file", NULL, "FILE", struct restore_options, create.pid_file,
		   "write the process id of the container to this file"),
	OPT_PATH("pidfd-socket", NULL, "SOCKET", struct restore_options, create.pidfd_socket,
		   "unix socket that receives a pidfd of the container"),
	OPT_FLAG("detach", "d", struct restore_options, create.detach, "return as soon as the container runs"),
	OPT_FLAG("keep", NULL, struct restore_options, create.keep, "keep the container after its program has ended"),
	CMD_CRIU_ROWS(struct restore_options),
	OPT_FLAG("tcp-close", NULL, struct restore_options, criu.tcp_close, "restore TCP connections as closed"),
	OPT_STRING("lsm-profile", NULL, "TYPE:LABEL", struct restore_options, criu.lsm_profile,
		   "AppArmor profile or SELinux label instead of the saved one"),
	OPT_STRING("lsm-mount-context", NULL, "CONTEXT", struct restore_options, criu.lsm_mount_context,
		   "SELinux context of mounts instead of the saved one"),
	OPT_IGNORED("no-pivot", "accepted and without effect: CRIU makes the mounts"),
	OPT_IGNORED("no-subreaper", "accepted and without effect"),
	OPT_END,
};

const struct command cmd_restore = {
	.name = "restore",
	.synopsis = "[OPTIONS] ID",
	.summary = "make a container from saved files and let it go on",
	.about = "In the foreground, the exit status is that of the program, or 128 + N when signal N ended it.",
	.options = options,
	.options_size = sizeof(struct restore_options),
	.min_args = 1,
	.max_args = 1,
	.quiet = true,
	.run = run,
};
