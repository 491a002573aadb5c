/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.seccomp: an OCI profile becomes a BPF program, and the program is loaded into the process
 * that becomes the container (seccomp(2); config-linux.md, "Seccomp").
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <linux/filter.h>

#include "base/err.h"
#include "libocispec-lite/ocispec-lite.h"

struct seccomp_program {
	struct sock_filter *filter; /* owned */
	size_t n_filter;
	unsigned flags;             /* SECCOMP_FILTER_FLAG_* for seccomp(2) */
	bool notify;                /* some action is NOTIFY: loading returns a descriptor */
};

/* Judge the profile: what a schema cannot say (errnoRet with an action that has none,
   listenerMetadata without listenerPath, NOTIFY without listenerPath, argument indexes, ...).
   `path` names the object in messages: "linux.seccomp".  -ENOPKG: no libseccomp. */
int seccomp_check(const struct oci_seccomp *profile, const char *path, struct err *e);

/* Compile a profile that seccomp_check() has passed.  Which rule wins when several name one
   system call is written in rules.h.  The native architecture is always part of it.  Names that
   nobody knows are left out with a line in the debug log, or are an error if fail_unknown
   (-EINVAL).  Other errors: -E2BIG, more than BPF_MAXINSNS instructions; -ENOPKG, no libseccomp. The
   program is the caller's; after an error it is empty. */
int seccomp_compile(const struct oci_seccomp *profile, bool fail_unknown,
		    struct seccomp_program *ret_program, struct err *e);
void seccomp_program_done(struct seccomp_program *program);

/* A program that is compiled already, n bytes of struct sock_filter, or base64 of them: flags are
   the profile's, and it listens if the profile has a listenerPath.  profile may be NULL.  Only
   the length is judged here (-EINVAL, -E2BIG): the kernel checks the instructions when it is
   loaded. */
int seccomp_from_raw(const struct oci_seccomp *profile, const void *bytes, size_t n,
		     struct seccomp_program *ret_program, struct err *e);
int seccomp_from_base64(const struct oci_seccomp *profile, const char *text,
			struct seccomp_program *ret_program, struct err *e);

/* Load it into this thread (all threads with TSYNC).  Returns 0, or the notification descriptor
   when program->notify, or a negative errno. Does nothing that a filter may refuse but
   seccomp(2). -EACCES: neither no_new_privs nor CAP_SYS_ADMIN.  -EINVAL: the kernel is older than
   a flag (WAIT_KILLABLE_RECV: Linux 5.19), or a raw program is wrong.  -EBUSY: this process has a
   listener already. -ESRCH: TSYNC, and another thread has a filter of its own. */
int seccomp_program_load(const struct seccomp_program *program);

/* Load a program that notifies, and hand over the descriptor from a thread that is not under the
   filter: hand_over(ctx, fd) runs in it, whatever system calls it needs, and the descriptor is
   closed after it. This thread makes no system call meanwhile, so the profile may notify of, or
   refuse, sendmsg and everything else.  Must be called while the process has one thread; when it
   returns, it has one again. Returns what hand_over() does, or a negative errno as
   seccomp_program_load(). */
int seccomp_program_load_notify(const struct seccomp_program *program,
				int (*hand_over)(void *ctx, int fd), void *ctx);

/* Send the notification descriptor with the state of the container's process (a finished JSON
   document) to the agent that listens on listenerPath: one connection, one message, then close.
   notify_fd stays the caller's. */
int seccomp_send_listener(const char *listener_path, int notify_fd, const char *state,
			  size_t n_state, struct err *e);
