/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `mounts add` and `mounts remove`, the process that goes to the container.  It gets its privilege over the container's
 * mounts from the container's user namespace, and sees the host's files in a copy of the host's mount namespace that is
 * its own.  Nobody in the container may look into it (CVE-2016-9962).
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fdio.h"
#include "kernel/procfs.h"
#include "kernel/spawn.h"
#include "mount/live.h"
#include "runtime/fuse-server.h"
#include "runtime/mounts.h"
#include "runtime/namespaces.h"
#include "runtime/source.h"
#include "runtime/sync.h"

/* A new file system may belong to these; being in a pid or time namespace takes a child, and matters to none. */
#define JOINED (CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP)

static int shield(const struct mounts_change *change, struct err *e)
{
	int keep[] = { change->join_sync, change->pidfd };
	int r = fdio_close_except(3, keep, ARRAY_SIZE(keep));

	if (r < 0)
		return err_set(e, r, "close the runtime's descriptors");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_DUMPABLE, 0);
	return 0;
}

static int join(const struct mounts_change *change, struct err *e)
{
	int r = 0;

	if ((change->namespaces & JOINED) && setns(change->pidfd, change->namespaces & JOINED) < 0)
		return err_set(e, -errno, "join its namespaces");
	if (change->namespaces & CLONE_NEWUSER) {
		r = namespaces_become_root(NULL, NULL, e);
		/* a change of user clears it */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_DUMPABLE, 0);
	}
	return r;
}

/* With the privilege of the container's user namespace, and while "/proc" is the host's. */
static int open_place(const struct mounts_change *change, struct live_place *place, struct err *e)
{
	_cleanup_close_ int proc = procfs_open(), dir = -EBADF;
	int r;

	if (proc < 0)
		return err_set(e, proc, "/proc");
	dir = procfs_open_pid(proc, change->pid);
	if (dir < 0)
		return err_set(e, dir, "/proc/%d", change->pid);
	place->root_fd = openat(dir, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	place->ns_fd = place->root_fd < 0 ? -errno : openat(dir, "ns/mnt", O_RDONLY | O_CLOEXEC);
	if (place->ns_fd < 0)
		return err_set(e, -errno, "open its mount namespace");
	/* It lives, so that the directory was its own. */
	r = spawn_signal(change->pidfd, 0);
	return r < 0 ? err_set(e, r, "process %d", change->pid) : 0;
}

static int ask_source(void *ctx, size_t index, struct err *e)
{
	const struct mounts_change *change = ctx;

	return source_ask(change->join_sync, index, e);
}

static int start_fuse(void *ctx, size_t index, int device_fd, struct err *e)
{
	const struct mounts_change *change = ctx;

	return fuse_server_ask(change->join_sync, index, device_fd, e);
}

/* Tell the ids, and wait until they are recorded; end of file: nobody would know of these mounts. */
static int report(const struct mounts_change *change, struct live *live, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < change->config->n_mounts; i++)
		r = sync_send(change->join_sync, SYNC_MOUNT_ID, (int64_t)live_id(live, i), -EBADF, e);
	if (r == 0)
		r = sync_expect(change->join_sync, SYNC_COMMITTED, NULL, e);
	if (r < 0)
		live_undo(live);
	return r;
}

static int add(struct mounts_change *change, const struct live_place *place, struct err *e)
{
	const struct rootfs_env env = {
		.config = change->config,
		.bundle = change->record->bundle,
		.new_namespaces = (unsigned)change->namespaces,
		.userns = change->caller.inside || (change->namespaces & CLONE_NEWUSER),
		.joined_userns = change->namespaces & CLONE_NEWUSER,
		.new_mount_ns = true,
		.ask_source = ask_source,
		.start_fuse = start_fuse,
		.ask_ctx = change,
	};
	struct live *live = NULL;
	int r = live_add(&env, place, &live, e);

	if (r < 0)
		return r;
	r = report(change, live, e);
	live_free(live);
	return r;
}

/* The last one first: it may lie on or below an earlier one. */
static int remove_all(const struct mounts_change *change, const struct live_place *place, struct err *e)
{
	for (size_t i = change->n_remove; i > 0; i--) {
		const struct state_mount *mount = &change->remove[i - 1];
		int r = live_remove(place, mount->destination, mount->id, e);

		if (r == 0)
			r = sync_send(change->join_sync, SYNC_MOUNT_ID, (int64_t)mount->id, -EBADF, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int run(struct mounts_change *change, struct err *e)
{
	struct live_place place = { -EBADF, -EBADF };
	int r = shield(change, e);

	if (r == 0)
		r = join(change, e);
	if (r == 0)
		r = open_place(change, &place, e);
	if (r == 0 && unshare(CLONE_NEWNS) < 0)
		r = err_set(e, -errno, "copy the host's mounts");
	if (r == 0)
		r = change->n_remove > 0 ? remove_all(change, &place, e) : add(change, &place, e);
	return r;
}

void mounts_join_main(struct mounts_change *change)
{
	struct err e = ERR_INIT;
	int r;

	sync_redirect_log(&change->join_sync);
	r = run(change, &e);
	if (r < 0)
		sync_send_error(change->join_sync, &e);
	_exit(r < 0 ? 1 : 0);
}
