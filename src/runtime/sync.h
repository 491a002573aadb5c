/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The typed conversation between the runtime and the process that becomes the container: one packet is
 * one message, and there is one function that reads (sync_expect).  A message that was not expected is an
 * error that names both, so that the two lists of stages cannot drift apart unnoticed.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum sync_type {
	SYNC_LOG = 1,     /* init: a line for the runtime's log; value is the level */
	SYNC_ERROR,       /* either: value is the errno, text the sentence; the last message */
	SYNC_INIT_PID,    /* launcher: value is init's pid, fd its pidfd */
	SYNC_IDS_MAPPED,  /* runtime: the user namespace has its maps */
	SYNC_GO,          /* runtime: the cgroup is ready, carry on */
	SYNC_NEED_SOURCE, /* init: value is an index into mounts[], the runtime's privilege is needed */
	SYNC_SOURCE,      /* runtime: fd is the detached clone */
	SYNC_USERNS,      /* init: fd is its user namespace, for a FUSE server that needs the container's ids */
	SYNC_FUSE,        /* init: value as above, fd is /dev/fuse of a mount that wants its server */
	SYNC_FUSE_SERVED, /* runtime: the server runs */
	SYNC_MOUNTED,     /* init: the tree is assembled; value is rootfs_mount_id() */
	SYNC_HOOKS_DONE,  /* runtime */
	SYNC_CONSOLE,     /* init: fd is the master of the container's terminal */
	SYNC_NOTIFY_FD,   /* init: fd is the seccomp listener */
	SYNC_NOTIFY_SENT, /* runtime: the agent has it */
	SYNC_READY,       /* init: nothing but `start` is missing */
	SYNC_COMMITTED,   /* runtime: it is recorded; end of file instead means that nobody knows of it */
	SYNC_MOUNT_ID,    /* who adds mounts: value is the id of the next one, as in mountinfo; 0: it has none */
	SYNC_EXEC,        /* init: the next thing is execve(2); end of file after this means "it runs" */
	SYNC_TYPES = SYNC_EXEC,
};

/* The word for a type in messages: "mounted". */
const char *sync_name(enum sync_type type);

struct sync_msg {
	enum sync_type type;
	int64_t value;
	int fd; /* of those types that have one, else -EBADF; the receiver owns it */
};

/* Send one message; fd may be -EBADF.  When the other side is gone, its last words are read first and
   become the error. */
int sync_send(int sock, enum sync_type type, int64_t value, int fd, struct err *e);

/* Send 'exec' by write(2): a seccomp filter may be in force, and few forbid that.  When nobody listens any more, SIGPIPE
   ends us, as the error would. */
int sync_send_exec(int sock, struct err *e);

/* Send the error as the last message.  Nobody can be told when this fails as well. */
void sync_send_error(int sock, const struct err *error);

/* From now on a signal that is blocked (interrupt.h) ends a wait for messages on this socket: -EINTR. */
int sync_make_interruptible(int sock);

/* Read until a message of one of the `n_types` types comes.  Log lines are passed on to the log; the other
   side's error becomes ours; end of file and any other message are errors ("init died before 'mounted'",
   "expected 'mounted', got 'ready'"), and so is a descriptor too many or too few.  0 with *ret_msg filled, or a
   negative errno; -EPIPE: end of file (an error of the other side with that code becomes -EIO). */
int sync_expect_one_of(int sock, const enum sync_type *types, size_t n_types, struct sync_msg *ret_msg,
		       struct err *e);
int sync_expect(int sock, enum sync_type type, struct sync_msg *ret_msg, struct err *e);

/* Read until the other side closes: 0 then; its error, or a message that nobody expected, are errors. */
int sync_expect_end(int sock, struct err *e);

/* From now on the log of this process goes through the socket. The int lives as long as logging does. */
void sync_redirect_log(int *sock);
