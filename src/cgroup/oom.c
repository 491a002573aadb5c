/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Out of memory: see oom.h.  v2 counts in memory.events, whose changes poll(2) tells (admin-guide/cgroup-v2.rst); v1
 * writes to an eventfd (admin-guide/cgroup-v1/memory.rst, "OOM Control").
 */
#include "cgroup/oom.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/str.h"
#include "cgroup/internal.h"

static int read_kills(int fd, uint64_t *ret_kills)
{
	unsigned long long kills;
	char text[512];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	if (n < 0)
		return -errno;
	text[n] = '\0';
	if (tree_find_key(text, "oom_kill", &kills) < 0)
		return -ENODATA;
	*ret_kills = kills;
	return 0;
}

static int watch_v2(const struct hierarchy *h, struct cgroup_oom *oom)
{
	oom->fd = openat(h->dir_fd, "memory.events", O_RDONLY | O_CLOEXEC);
	oom->poll_events = POLLPRI;
	if (oom->fd < 0)
		return -errno;
	/* What was killed before is no news. */
	return read_kills(oom->fd, &oom->n_kills);
}

static int watch_v1(const struct hierarchy *h, struct cgroup_oom *oom)
{
	_cleanup_close_ int control = openat(h->dir_fd, "memory.oom_control", O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *line = NULL;

	if (control < 0)
		return -errno;
	oom->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	oom->poll_events = POLLIN;
	oom->dir_fd = openat(h->dir_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (oom->fd < 0 || oom->dir_fd < 0)
		return -errno;
	line = str_printf("%d %d", oom->fd, control);
	return fdio_write_file(h->dir_fd, "cgroup.event_control", line);
}

int cgroup_oom_watch(struct cgroup *cgroup, struct cgroup_oom *ret_oom, struct err *e)
{
	const struct hierarchy *v1 = cgroup_v1_dir(cgroup, "memory"), *v2 = cgroup_v2_dir(cgroup);
	struct cgroup_oom oom = CGROUP_OOM_INIT;
	int r = v1 ? watch_v1(v1, &oom) : v2 ? watch_v2(v2, &oom) : 0;

	if (r < 0)
		cgroup_oom_done(&oom);
	/* The memory controller is not enabled for this cgroup, or the cgroup is just going away. */
	if (r < 0 && r != -ENOENT && r != -ENODEV)
		return err_set(e, r, "cgroup %s: cannot watch for a lack of memory", cgroup->record.path);
	*ret_oom = oom;
	return 0;
}

/* The removal of the cgroup is told as well. */
static int happened_v1(struct cgroup_oom *oom, bool *ret_happened)
{
	uint64_t n;

	if (read(oom->fd, &n, sizeof(n)) < 0)
		return errno == EAGAIN ? 0 : -errno;
	*ret_happened = faccessat(oom->dir_fd, "memory.oom_control", F_OK, 0) == 0;
	return 0;
}

int cgroup_oom_happened(struct cgroup_oom *oom, bool *ret_happened)
{
	uint64_t n_kills = oom->n_kills;
	int r;

	*ret_happened = false;
	if (oom->fd < 0)
		return 0;
	if (oom->dir_fd >= 0)
		return happened_v1(oom, ret_happened);
	r = read_kills(oom->fd, &n_kills);
	/* The cgroup is gone. */
	if (r == -ENODEV)
		return 0;
	if (r < 0)
		return r;
	*ret_happened = n_kills > oom->n_kills;
	oom->n_kills = n_kills;
	return 0;
}

void cgroup_oom_done(struct cgroup_oom *oom)
{
	fd_close(&oom->fd);
	fd_close(&oom->dir_fd);
}
