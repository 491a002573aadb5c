/* SPDX-License-Identifier: Apache-2.0 */
/* One FUSE server, from fork to execve(2), with as little as it can work with. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "runtime/fuse-monitor.h"

/*
 * A child of this process, which it does not outlive.  It has its two descriptors, standard input from nowhere and
 * our output, no new privileges, and no capability: as root of a user namespace (request->userns_fd) those over
 * files.  Returns its pid when execve(2) has succeeded.
 */
pid_t fuse_exec(const struct fuse_request *request, struct err *e);

/* Were we called as fusermount, by a server that is made with libfuse 2?  Then fuse_exec_help() is all there is to do;
   it returns the exit status. */
bool fuse_exec_is_helper(const char *argv0);
int fuse_exec_help(void);
