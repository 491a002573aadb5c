/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Servers of a container's FUSE mounts, both sides: who mounts asks for one (sync.h: fuse, fuse-served), and the runtime
 * finds the program, and has it started by a monitor process (fuse-monitor.h).
 */
#pragma once

#include "base/err.h"
#include "libocispec-lite/ocispec-lite.h"
#include "runtime/state.h"

/* The servers that one command starts; all of them have one monitor. */
struct fuse_servers {
	/* set by who uses it, before the first server */
	const struct oci_config *config;
	const char *bundle;
	const struct state *state; /* its directory has the log */
	int init_pidfd;            /* borrowed */
	/* Called when the monitor is there and serves nothing yet: if we die now, `delete --force` has to find it. */
	int (*record)(void *ctx, const struct state_monitor *monitor, struct err *e);
	void *ctx;

	int userns;  /* the container's user namespace, when a server needs it, or -EBADF; owned */
	int monitor; /* the socket of the monitor, or -EBADF; owned */
};

#define FUSE_SERVERS_INIT { .init_pidfd = -EBADF, .userns = -EBADF, .monitor = -EBADF }

/* In the process that mounts: rootfs_env's start_fuse(). */
int fuse_server_ask(int sock, size_t index, int device_fd, struct err *e);

/* In the runtime: answer that, for mounts[index] (rootfs_fuse_server()); device_fd is borrowed.  A server that cannot be
   started is the answer, and no failure. */
int fuse_server_serve(struct fuse_servers *servers, int sock, size_t index, int device_fd, struct err *e);

/* After something failed with -ENOTCONN or -ETIMEDOUT: add what the servers said. */
void fuse_server_explain(const struct fuse_servers *servers, struct err *e);
void fuse_servers_done(struct fuse_servers *servers);

/* Does it live?  One whose servers have all ended does not. */
bool fuse_server_is_held(const struct state_monitor *monitor);

/* The container has ended: wait for its monitors, which end with it, and make them end if they do not. */
int fuse_server_end(const struct state_document *document, struct err *e);
