/* SPDX-License-Identifier: Apache-2.0 */
/* One exec: what the runtime (exec.c) and the process that joins the container (exec-join.c) share. */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "cgroup/cgroup.h"
#include "runtime/bundle.h"
#include "runtime/runtime.h"
#include "runtime/state.h"
#include "seccomp/seccomp.h"

struct exec {
	const struct exec_options *options;

	/* the container */
	struct state state;
	struct state_now now;
	struct bundle_document config_document;
	const struct oci_config *config;
	struct cgroup *cgroup;
	int namespaces; /* CLONE_NEW* in which it differs from us */

	/* what is to run */
	struct bundle_document process_document; /* --process */
	struct oci_process made;                 /* that, or the container's, with changes of ours */
	struct oci_console_size own_size;          /* of our terminal, which the new one gets */
	struct oci_capabilities made_capabilities; /* its capabilities, when --cap adds to them */
	const struct oci_process *process;
	struct strv strings;                     /* owns what `made` borrows */
	struct seccomp_program seccomp;
	bool have_seccomp;
	unsigned listen_fds;

	/* the conversation */
	int sync, join_sync;
	pid_t pid;
	int pidfd;
	int console_socket, console;
};

/* The joining side, entered by the child of clone3; never returns. */
void exec_join_main(struct exec *x) __attribute__((noreturn));

/* The process object: read from --process, or the container's with the options on top. */
int exec_make_process(struct exec *x, struct err *e);
