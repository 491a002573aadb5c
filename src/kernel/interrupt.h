/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Being asked to end while something is half done: SIGINT, SIGTERM, SIGHUP and SIGQUIT.  Who blocks them looks for them where
 * it waits, undoes what it did, and then ends by the signal after all.  Returns are -errno.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>

/* Hold them back.  *ret_old is for interrupt_unblock(). */
void interrupt_block(sigset_t *ret_old);

/* As they were.  One that has come meanwhile ends this process. */
void interrupt_unblock(const sigset_t *old);

/* A descriptor that can be read from (poll(2)) once one has come; it is not taken by that.  Only those that are blocked, and not
   ignored: the others are no matter of whoever waits.  -ENOENT: there are none. */
int interrupt_open(void);

/* Has one come?  A single system call, when none has. */
bool interrupt_pending(void);

/* Wait until fd can be read from: 0, or -EINTR when one came first. */
int interrupt_wait(int fd);

/* Take the one that has come: its number, 0 when none has.  From now on the next one ends this process at once. */
int interrupt_take(void);

/* What was taken comes again, and ends this process when interrupt_deliver() is called: there is something to say before. */
void interrupt_repeat(int sig);
void interrupt_deliver(void);
