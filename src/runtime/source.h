/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources of mounts that only the runtime can open or map, with the host's privilege: who assembles a container's tree
 * asks for a detached clone (sync.h: need-source, source), and the runtime makes it.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "libocispec-lite/ocispec-lite.h"

/* In the process that mounts: rootfs_env's ask_source().  The descriptor, or a negative errno. */
int source_ask(int sock, size_t index, struct err *e);

/* In the runtime: answer that.  pid: a process in the container's user namespace.  What cannot be opened is the
   answer, and no failure. */
int source_serve(int sock, const struct oci_config *config, const char *bundle, pid_t pid, size_t index,
		 struct err *e);
