/* SPDX-License-Identifier: Apache-2.0 */
/* Starting a FUSE server: see fuse-exec.h. */
#include "runtime/fuse-exec.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "kernel/caps.h"
#include "kernel/signals.h"
#include "kernel/spawn.h"
#include "kernel/syscalls.h"
#include "runtime/namespaces.h"

#define BIT(cap) (UINT64_C(1) << (cap))

/* What a file server needs to act for all users of its user namespace. */
#define FILE_CAPS \
	(BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_FOWNER) | BIT(CAP_FSETID) | \
	 BIT(CAP_MKNOD) | BIT(CAP_SETUID) | BIT(CAP_SETGID) | BIT(CAP_SETFCAP) | BIT(CAP_SYS_ADMIN))

enum { DEVICE = 3, SOURCE = 4, ERROR = 5 };

static int enter_userns(int userns_fd)
{
	struct err ignored = ERR_INIT;

	if (setns(userns_fd, CLONE_NEWUSER) < 0)
		return -errno;
	return namespaces_become_root(NULL, NULL, &ignored);
}

/* root gets what is in the bounding set back at execve(2); without CAP_SETPCAP we are nobody who would. */
static int limit_caps(uint64_t wanted)
{
	const struct caps_sets sets = { .effective = wanted, .permitted = wanted };
	int r = caps_have(CAP_SETPCAP) ? caps_drop_bounding(wanted) : 0;

	return r < 0 ? r : caps_apply(&sets);
}

/* First out of the way, then to their places. */
static int place_fds(const struct fuse_request *request, int *error_fd)
{
	int device = fcntl(request->device_fd, F_DUPFD_CLOEXEC, 10), source = -EBADF;
	int error = fcntl(*error_fd, F_DUPFD_CLOEXEC, 10);

	if (device < 0 || error < 0)
		return -errno;
	*error_fd = error;
	if (request->source_fd >= 0) {
		source = fcntl(request->source_fd, F_DUPFD_CLOEXEC, 10);
		if (source < 0)
			return -errno;
	}
	if (dup2(device, DEVICE) < 0 || (source >= 0 && dup2(source, SOURCE) < 0) || dup3(error, ERROR, O_CLOEXEC) < 0)
		return -errno;
	if (source < 0)
		close(SOURCE);
	*error_fd = ERROR;
	return sys_close_range(ERROR + 1, ~0U, 0);
}

static int become_server(const struct fuse_request *request, pid_t parent, int *error_fd)
{
	bool userns = request->userns_fd >= 0;
	int r = userns ? enter_userns(request->userns_fd) : 0;

	if (r == 0)
		r = limit_caps(userns ? FILE_CAPS : 0);
	if (r < 0)
		return r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	/* after all changes of identity, which clear it */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return -errno;
	if (getppid() != parent)
		return -ESRCH;
	r = place_fds(request, error_fd);
	if (r == 0)
		r = signals_reset();
	if (r < 0)
		return r;
	execve(request->path, request->argv, environ);
	return -errno;
}

pid_t fuse_exec(const struct fuse_request *request, struct err *e)
{
	_cleanup_close_ int reader = -EBADF, writer = -EBADF, pidfd = -EBADF;
	pid_t parent = getpid(), pid;
	int fds[2], r = 0;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_set(e, -errno, "pipe");
	reader = fds[0];
	writer = fds[1];
	pid = spawn_clone(0, -EBADF, &pidfd);
	if (pid < 0)
		return err_set(e, (int)pid, "fork");
	if (pid == 0) {
		r = become_server(request, parent, &writer);
		(void)!write(writer, &r, sizeof(r));
		_exit(127);
	}
	fd_close(&writer);
	if (read(reader, &r, sizeof(r)) != (ssize_t)sizeof(r) || r == 0)
		return pid;
	(void)waitpid(pid, NULL, 0);
	return err_set(e, r, "execute the FUSE program %s", request->path);
}
