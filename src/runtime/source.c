/* SPDX-License-Identifier: Apache-2.0 */
/* Sources of mounts that the runtime opens: see source.h. */
#include "runtime/source.h"

#include <errno.h>
#include <fcntl.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "mount/rootfs.h"
#include "runtime/sync.h"

int source_ask(int sock, size_t index, struct err *e)
{
	struct sync_msg msg;
	int r;

	r = sync_send(sock, SYNC_NEED_SOURCE, (int64_t)index, -EBADF, e);
	if (r == 0)
		r = sync_expect(sock, SYNC_SOURCE, &msg, e);
	return r != 0 ? r : msg.fd;
}

int source_serve(int sock, const struct oci_config *config, const char *bundle, pid_t pid, size_t index,
		 struct err *e)
{
	_cleanup_close_ int userns = -EBADF, fd = -EBADF;
	_cleanup_free_ char *path = str_printf("/proc/%d/ns/user", pid);
	struct err words = ERR_INIT;

	/* EACCES: without privilege nobody looks into init, and nothing of the host could be mapped anyway. */
	userns = open(path, O_RDONLY | O_CLOEXEC);
	if (userns < 0 && errno != EACCES)
		return err_set(e, -errno, "%s", path);
	fd = rootfs_make_source(config, bundle, index, userns, &words);
	if (fd < 0) {
		/* The other side adds what it was doing and reports it back. */
		sync_send_error(sock, &words);
		return 0;
	}
	return sync_send(sock, SYNC_SOURCE, (int64_t)index, fd, e);
}
