/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `mounts add` and `mounts remove`, the runtime's side: what is to change, the process that does it, the record.  The
 * container may hold up that process as long as it likes, by a file system of its own on the way: the lock is only
 * taken to write.
 */
#include "runtime/mounts.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/str.h"
#include "kernel/mntinfo.h"
#include "kernel/sock.h"
#include "kernel/spawn.h"
#include "libocispec-lite/types.h"
#include "mount/live.h"
#include "mount/plan.h"
#include "runtime/bundle.h"
#include "runtime/fuse-server.h"
#include "runtime/namespaces.h"
#include "runtime/source.h"
#include "runtime/state-document.h"
#include "runtime/sync.h"

/* The mounts section of config.json; other properties are none of ours. */
struct mounts_document {
	const struct oci_mount *mounts;
	size_t n_mounts;
};

LITE_TYPE(mounts_document, F_OBJS(struct mounts_document, mounts, "mounts", oci_mount, LITE_REQUIRED | LITE_NOT_EMPTY));

/* One use of a command. */
struct use {
	const char *id;
	char *root;
	struct bundle_document asked; /* struct mounts_document */
	struct state state;
	struct state_now now;
	struct bundle_document document; /* config.json */
	struct oci_config config;        /* that, with the mounts that were asked for */
	struct mounts_change change;
	struct state_mount *changed; /* what was added, or removed */
	size_t n_changed;
	struct fuse_servers fuse;
	pid_t helper;
	int helper_pidfd;
};

static int check_status(const struct use *use, struct err *e)
{
	switch (use->now.status) {
	case OCI_STATUS_CREATED:
	case OCI_STATUS_RUNNING:
	case OCI_STATUS_PAUSED:
		return 0;
	default:
		return err_say(e, -ESRCH, "container not running: %s", use->id);
	}
}

static int look(const struct runtime *rt, struct use *use, const char *text, size_t n_text, struct err *e)
{
	int r = bundle_parse(text, n_text, "mounts", &mounts_document_type, &use->asked, e);

	if (r == 0)
		r = runtime_root(rt, &use->root, e);
	if (r == 0)
		r = state_open(use->root, use->id, false, &use->state, e);
	if (r == 0)
		r = state_look(&use->state, &use->now, e);
	if (r == 0)
		r = check_status(use, e);
	if (r == 0)
		r = state_read_config(&use->state, &use->document, e);
	return r;
}

static int prepare(const struct runtime *rt, struct use *use, struct err *e)
{
	const struct mounts_document *asked = use->asked.root;
	struct mounts_change *change = &use->change;
	int r;

	use->config = *(const struct oci_config *)use->document.root;
	use->config.mounts = asked->mounts;
	use->config.n_mounts = asked->n_mounts;
	change->config = &use->config;
	change->record = state_document(&use->state);
	change->pid = use->now.pid;
	change->pidfd = use->now.pidfd;
	ids_probe(rt->rootless, &change->caller);
	r = namespaces_compare(change->pid, &change->namespaces, e);
	if (r < 0)
		return err_wrap(e, "container %s", use->id);
	if (!(change->namespaces & CLONE_NEWNS) || change->record->root_mount_id)
		return err_say(e, -EINVAL, "container %s has no mount namespace of its own", use->id);
	use->changed = xcalloc(asked->n_mounts, sizeof(*use->changed));
	return 0;
}

/* The process that goes there.  It ends with us, and the container sees nothing of it. */
static int start(struct use *use, struct err *e)
{
	struct mounts_change *change = &use->change;
	int pair[2], r = sock_pair(pair);

	if (r < 0)
		return err_set(e, r, "socket pair");
	change->sync = pair[0];
	change->join_sync = pair[1];
	use->helper = spawn_clone(0, -EBADF, &use->helper_pidfd);
	if (use->helper == 0)
		mounts_join_main(change);
	fd_close(&change->join_sync);
	return use->helper < 0 ? err_set(e, (int)use->helper, "fork") : 0;
}

/* Answer what it asks, until all `n` changes were told. */
static int follow(struct use *use, size_t n, struct err *e)
{
	static const enum sync_type types[] = { SYNC_MOUNT_ID, SYNC_NEED_SOURCE, SYNC_FUSE };
	const struct mounts_change *change = &use->change;
	struct sync_msg msg;
	int r = 0;

	while (r == 0 && use->n_changed < n) {
		r = sync_expect_one_of(change->sync, types, ARRAY_SIZE(types), &msg, e);
		if (r < 0)
			break;
		if (msg.type == SYNC_NEED_SOURCE) {
			r = source_serve(change->sync, change->config, change->record->bundle, change->pid,
					 (size_t)msg.value, e);
		} else if (msg.type == SYNC_FUSE) {
			r = fuse_server_serve(&use->fuse, change->sync, (size_t)msg.value, msg.fd, e);
			fd_close(&msg.fd);
		} else {
			use->changed[use->n_changed++].id = (uint64_t)msg.value;
		}
	}
	return r < 0 ? err_wrap(e, "container %s", use->id) : 0;
}

/* What changes in the record. */
struct news {
	const struct state_mount *gone, *added;
	size_t n_gone, n_added;
	const struct state_monitor *monitor; /* NULL: no new one */
};

static bool is_among(uint64_t id, const struct state_mount *mounts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (mounts[i].id == id)
			return true;
	return false;
}

/* The new list; an id of 0 is a link that was made, and no mount. */
static struct state_mount *list_mounts(const struct state_document *old, const struct news *news, size_t *ret_n)
{
	struct state_mount *mounts = xcalloc(old->n_mounts + news->n_added, sizeof(*mounts));
	size_t n = 0;

	for (size_t i = 0; i < old->n_mounts; i++)
		if (!is_among(old->mounts[i].id, news->gone, news->n_gone))
			mounts[n++] = old->mounts[i];
	for (size_t i = 0; i < news->n_added; i++)
		if (news->added[i].id)
			mounts[n++] = news->added[i];
	*ret_n = n;
	return mounts;
}

/* Those whose servers have all ended are forgotten. */
static struct state_monitor *list_monitors(const struct state_document *old, const struct news *news, size_t *ret_n)
{
	struct state_monitor *monitors = xcalloc(old->n_fuse_monitors + 1, sizeof(*monitors));
	size_t n = 0;

	for (size_t i = 0; i < old->n_fuse_monitors; i++)
		if (fuse_server_is_held(&old->fuse_monitors[i]))
			monitors[n++] = old->fuse_monitors[i];
	if (news->monitor)
		monitors[n++] = *news->monitor;
	*ret_n = n;
	return monitors;
}

/* The id may have been given to another container meanwhile. */
static bool is_same(const struct state_document *now, const struct state_document *before)
{
	return now && now->pid == before->pid && now->pid_start_time == before->pid_start_time;
}

/* Write the record anew, from what it is now: others may have changed it since. */
static int record(const struct use *use, const struct news *news, struct err *e)
{
	struct state state = { .dir_fd = -EBADF };
	_cleanup_free_ struct state_mount *mounts = NULL;
	_cleanup_free_ struct state_monitor *monitors = NULL;
	struct state_document new;
	int r = state_open(use->root, use->id, true, &state, e);

	if (r < 0)
		return r;
	if (!is_same(state_document(&state), state_document(&use->state))) {
		state_done(&state);
		return err_say(e, -ESRCH, "container not running: %s", use->id);
	}
	new = *state_document(&state);
	new.mounts = mounts = list_mounts(state_document(&state), news, &new.n_mounts);
	new.fuse_monitors = monitors = list_monitors(state_document(&state), news, &new.n_fuse_monitors);
	r = state_write(&state, &new, e);
	state_done(&state);
	return r;
}

static int record_monitor(void *ctx, const struct state_monitor *monitor, struct err *e)
{
	return record(ctx, &(const struct news){ .monitor = monitor }, e);
}

static void use_done(struct use *use)
{
	int status;

	fd_close(&use->change.sync);
	if (use->helper_pidfd >= 0)
		(void)spawn_wait(use->helper_pidfd, &status);
	fd_close(&use->helper_pidfd);
	fuse_servers_done(&use->fuse);
	free(use->changed);
	bundle_document_done(&use->document);
	bundle_document_done(&use->asked);
	state_now_done(&use->now);
	state_done(&use->state);
	free(use->root);
}

static struct use use_init(const char *id)
{
	return (struct use){
		.id = id, .state.dir_fd = -EBADF, .now.pidfd = -EBADF, .helper_pidfd = -EBADF,
		.fuse = FUSE_SERVERS_INIT,
		.change = { .pidfd = -EBADF, .sync = -EBADF, .join_sync = -EBADF },
	};
}

/* ---- add ---- */

static int add(struct use *use, struct err *e)
{
	const struct mounts_change *change = &use->change;
	const struct state_document *d = change->record;
	size_t n = use->config.n_mounts;
	int r = live_check(&use->config, d->bundle, e);

	if (r == 0)
		r = rootfs_claim_upper(&use->config, d->bundle, use->id, change->pid, d->pid_start_time, e);
	if (r == 0)
		r = start(use, e);
	if (r < 0)
		return r;
	use->fuse.config = &use->config;
	use->fuse.bundle = d->bundle;
	use->fuse.state = &use->state;
	use->fuse.init_pidfd = change->pidfd;
	use->fuse.record = record_monitor;
	use->fuse.ctx = use;
	r = follow(use, n, e);
	if (r < 0) {
		fuse_server_explain(&use->fuse, e);
		return r;
	}
	for (size_t i = 0; i < n; i++)
		use->changed[i].destination = use->config.mounts[i].destination;
	r = record(use, &(const struct news){ .added = use->changed, .n_added = n }, e);
	if (r == 0)
		r = sync_send(change->sync, SYNC_COMMITTED, 0, -EBADF, e);
	return r < 0 ? r : sync_expect_end(change->sync, e);
}

int container_mounts_add(const struct runtime *rt, const char *id, const char *text, size_t n_text, struct err *e)
{
	struct use use = use_init(id);
	int r = look(rt, &use, text, n_text, e);

	if (r == 0)
		r = prepare(rt, &use, e);
	if (r == 0)
		r = add(&use, e);
	use_done(&use);
	return r;
}

/* ---- remove ---- */

/* The last one that was added there, and is not to be removed already. */
static const struct state_mount *find(const struct use *use, const char *destination)
{
	const struct state_document *d = state_document(&use->state);
	_cleanup_free_ char *clean = mount_clean_path(destination);

	for (size_t i = d->n_mounts; i > 0; i--) {
		_cleanup_free_ char *other = mount_clean_path(d->mounts[i - 1].destination);

		if (strcmp(clean, other) == 0 && !is_among(d->mounts[i - 1].id, use->change.remove, use->change.n_remove) &&
		    !is_among(d->mounts[i - 1].id, use->changed, use->n_changed))
			return &d->mounts[i - 1];
	}
	return NULL;
}

/* Where the mount is now: the container may have renamed a directory on the way.  NULL: it is gone. */
static const char *find_place(const struct mntinfo *info, const struct state_mount *mount)
{
	for (size_t i = 0; i < info->n_entries; i++)
		if (info->entries[i].id == mount->id)
			return info->entries[i].target;
	return NULL;
}

/* What is left to be done goes to `chosen`; what the container has unmounted itself is done. */
static int choose(struct use *use, const struct mntinfo *info, struct state_mount *chosen, struct err *e)
{
	use->change.remove = chosen;
	for (size_t i = 0; i < use->config.n_mounts; i++) {
		const char *destination = use->config.mounts[i].destination;
		const struct state_mount *mount = find(use, destination);
		const char *place = mount ? find_place(info, mount) : NULL;

		if (!mount)
			return err_say(e, -ENOENT, "mounts[%zu] %s: was not added to container %s by 'mounts add'", i,
				       destination, use->id);
		if (place) {
			chosen[use->change.n_remove++] = (struct state_mount){ .id = mount->id, .destination = place };
		} else {
			log_warning("mounts[%zu] %s: the container has unmounted it", i, destination);
			use->changed[use->n_changed++] = *mount;
		}
	}
	return 0;
}

/* What was removed before a failure is not forgotten. */
static int remove_all(struct use *use, struct err *e)
{
	struct err second = ERR_INIT;
	int r = use->change.n_remove > 0 ? start(use, e) : 0, s;

	if (r == 0 && use->change.n_remove > 0) {
		r = follow(use, use->n_changed + use->change.n_remove, e);
		if (r == 0)
			r = sync_expect_end(use->change.sync, e);
	}
	s = record(use, &(const struct news){ .gone = use->changed, .n_gone = use->n_changed }, r < 0 ? &second : e);
	return r < 0 ? r : s;
}

int container_mounts_remove(const struct runtime *rt, const char *id, const char *text, size_t n_text, struct err *e)
{
	struct use use = use_init(id);
	_cleanup_free_ struct state_mount *chosen = NULL;
	_cleanup_free_ char *path = NULL;
	struct mntinfo info = { NULL, 0 };
	int r = look(rt, &use, text, n_text, e);

	if (r == 0)
		r = prepare(rt, &use, e);
	if (r == 0) {
		path = str_printf("/proc/%d/mountinfo", use.now.pid);
		r = mntinfo_read(path, &info, e);
	}
	if (r == 0) {
		chosen = xcalloc(use.config.n_mounts, sizeof(*chosen));
		r = choose(&use, &info, chosen, e);
	}
	if (r == 0)
		r = remove_all(&use, e);
	mntinfo_done(&info);
	use_done(&use);
	return r;
}
