/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a process object to a running program (config.md, "Process"): what the runtime does with the host's
 * privilege, what init does before the program, and the execve(2) itself.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"
#include "libocispec-lite/ocispec-lite.h"
#include "seccomp/seccomp.h"

/* The RLIMIT_* number of "RLIMIT_NOFILE", or -EINVAL. */
int process_rlimit_from_name(const char *name);

/* In the runtime, before init is made, which inherits it: raise hard limits that init could not raise, and
   set oomScoreAdj.  *ret_old_oom is what process_restore_oom() puts back; INT_MIN when nothing was changed. */
int process_prepare_inherited(const struct oci_process *process, int *ret_old_oom, struct err *e);
void process_restore_oom(int old_oom);

/* In the runtime, on the waiting process: scheduler and ioPriority, for which its own privilege may not do. */
int process_tune(pid_t pid, const struct oci_process *process, struct err *e);

/* How the program is to be run. Borrowed pointers live until execve. */
struct process_run {
	const struct oci_process *process;
	const struct oci_config *config;
	const struct seccomp_program *seccomp; /* NULL: none */
	const char *keyring;                   /* NULL: keep the session keyring of the caller */
	unsigned preserve_fds;                 /* 3..2+n stay open */
	unsigned listen_fds;                   /* the first n of them are sd_listen_fds(3) */
	bool keep_groups;                      /* run.oci.keep_original_groups */
	bool make_cwd;                         /* process.cwd is made when it is missing */
	/* The seccomp listener, to be handed to the agent; called from a thread of its own. fd is borrowed. */
	int (*notify)(void *ctx, int fd, struct err *e);
	/* The next thing is execve. */
	int (*about_to_exec)(void *ctx, struct err *e);
	void *ctx;
};

/* In the container, as its root: is there a program to run? The error is the one that execve would give. */
int process_find_program(const struct oci_process *process, char **ret_path, struct err *e);

/* The environment: the process' own (of one name the last), HOME, LISTEN_FDS and LISTEN_PID. */
void process_make_env(const struct process_run *run, struct strv *ret_env);

/* Become the user and execute the program; returns only with an error. */
int process_exec(const struct process_run *run, struct err *e);
