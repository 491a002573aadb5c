/* SPDX-License-Identifier: Apache-2.0 */
/* How a container is right now: decided from its directory and from the process, never written down. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "cgroup/cgroup.h"
#include "kernel/procfs.h"
#include "kernel/spawn.h"
#include "runtime/state-document.h"
#include "runtime/state.h"
#include "runtime/users.h"

/* The pidfd of init, or -ESRCH when it has ended.  The pidfd is opened first: if the process has the right
   start time afterwards, the pidfd cannot be of a later one. */
static int open_init(const struct state_document *d)
{
	_cleanup_close_ int pidfd = -EBADF;
	uint64_t start_time;
	char letter;
	int r;

	if (d->pid <= 0)
		return -ESRCH;
	pidfd = spawn_pidfd_open((pid_t)d->pid);
	if (pidfd < 0)
		return pidfd;
	r = procfs_stat((pid_t)d->pid, &start_time, &letter);
	if (r < 0)
		return r;
	if (start_time != d->pid_start_time || letter == 'Z' || letter == 'X')
		return -ESRCH;
	return TAKE_FD(pidfd);
}

static int is_paused(const struct state_document *d, bool *ret_paused, struct err *e)
{
	const struct cgroup_record record = state_cgroup_record(d);

	*ret_paused = false;
	return d->cgroup_manager ? cgroup_record_is_frozen(&record, ret_paused, e) : 0;
}

int state_look(const struct state *state, struct state_now *ret_now, struct err *e)
{
	const struct state_document *d = state_document(state);
	struct state_now now = { .status = OCI_STATUS_STOPPED, .pidfd = -EBADF };
	struct stat st;
	bool paused;
	int r;

	if (!d) {
		now.status = OCI_STATUS_CREATING;
		*ret_now = now;
		return 0;
	}
	now.pidfd = open_init(d);
	if (now.pidfd == -ESRCH) {
		now.status = d->creating && d->pid == 0 ? OCI_STATUS_CREATING : OCI_STATUS_STOPPED;
		now.pidfd = -EBADF;
		*ret_now = now;
		return 0;
	}
	if (now.pidfd < 0)
		return err_set(e, now.pidfd, "container %s: process %lld", state->id, (long long)d->pid);

	now.pid = (pid_t)d->pid;
	if (d->creating) {
		now.status = OCI_STATUS_CREATING;
	} else if (fstatat(state->dir_fd, STATE_START_SOCKET, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		now.status = OCI_STATUS_CREATED;
	} else {
		now.status = OCI_STATUS_RUNNING;
	}
	r = is_paused(d, &paused, e);
	if (r < 0) {
		state_now_done(&now);
		return r;
	}
	if (paused)
		now.status = OCI_STATUS_PAUSED;
	*ret_now = now;
	return 0;
}

void state_now_done(struct state_now *now)
{
	fd_close(&now->pidfd);
}

char *state_print(const struct state_document *document, enum oci_status status, pid_t pid, enum lite_style style,
		  size_t *ret_len)
{
	_cleanup_free_ char *owner = users_host_name(document->owner_uid);
	const int64_t pid_value = pid;
	const struct oci_state state = {
		.oci_version = document->oci_version,
		.id = document->id,
		.status = status,
		.pid = &pid_value,
		.bundle = document->bundle,
		.rootfs = document->rootfs,
		.created = document->created,
		.owner = owner,
		.annotations = document->annotations,
		.n_annotations = document->n_annotations,
	};

	return lite_print(LITE_STATE, &state, style, ret_len);
}
