/* SPDX-License-Identifier: Apache-2.0 */
/* Taking down a tree in a mount namespace that was joined, by a child that joins it again: see detach.h. */
#include "runtime/detach.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/str.h"
#include "kernel/sock.h"
#include "kernel/spawn.h"
#include "mount/rootfs.h"

static const char *joined_path(const struct oci_config *config, enum oci_namespace_type type)
{
	const struct oci_linux *linux_ = config->linux_;

	for (size_t i = 0; linux_ && i < linux_->n_namespaces; i++)
		if (linux_->namespaces[i].type == type)
			return linux_->namespaces[i].path;
	return NULL;
}

/* The namespace that we are in already cannot be joined if it is a user namespace (setns(2)). */
static bool is_own(int fd, const char *own)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && stat(own, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* The user namespace first, as it brings the right to join the other. */
static int join(int user_fd, int mount_fd, struct err *e)
{
	if (user_fd >= 0 && !is_own(user_fd, "/proc/self/ns/user") && setns(user_fd, CLONE_NEWUSER) < 0)
		return err_set(e, -errno, "join the container's user namespace");
	return setns(mount_fd, CLONE_NEWNS) < 0 ? err_set(e, -errno, "join the container's mount namespace") : 0;
}

static void __attribute__((noreturn)) detach_there(int sock, const struct state_document *d, int user_fd, int mount_fd)
{
	struct err e = ERR_INIT;

	if (join(user_fd, mount_fd, &e) == 0)
		rootfs_detach(d->rootfs, d->root_mount_id, &e);
	_exit(sock_send(sock, &e, sizeof(e), NULL, 0) < 0);
}

static int detach_in(const struct state_document *d, int user_fd, int mount_fd, struct err *e)
{
	_cleanup_close_ int ours = -EBADF, theirs = -EBADF, pidfd = -EBADF;
	struct err answer = ERR_INIT;
	int pair[2], status, r = sock_pair(pair);
	size_t n_fds = 0;
	pid_t pid;
	ssize_t n;

	if (r < 0)
		return err_set(e, r, "socket pair");
	ours = pair[0];
	theirs = pair[1];
	pid = spawn_clone(0, -EBADF, &pidfd);
	if (pid < 0)
		return err_set(e, (int)pid, "fork, to unmount %s", d->rootfs);
	if (pid == 0)
		detach_there(theirs, d, user_fd, mount_fd);
	fd_close(&theirs);
	n = sock_recv(ours, &answer, sizeof(answer), NULL, 0, &n_fds);
	spawn_wait(pidfd, &status);
	if (n != (ssize_t)sizeof(answer))
		return err_say(e, -EIO, "%s: whoever should unmount it died", d->rootfs);
	answer.text[sizeof(answer.text) - 1] = '\0';
	return answer.code < 0 ? err_say(e, answer.code, "%s", answer.text) : 0;
}

int detach_root(const struct state_document *d, const struct oci_config *config, struct err *e)
{
	_cleanup_close_ int user_fd = -EBADF, mount_fd = -EBADF;
	const char *mount, *user;

	if (!d->root_mount_id)
		return 0;
	mount = config ? joined_path(config, OCI_NS_MOUNT) : NULL;
	user = config ? joined_path(config, OCI_NS_USER) : NULL;
	if (!mount)
		return rootfs_detach(d->rootfs, d->root_mount_id, e);
	mount_fd = open(mount, O_RDONLY | O_CLOEXEC);
	if (mount_fd < 0 && errno == ENOENT) {
		log_debug("%s: the mount namespace %s is gone, and its mounts with it", d->rootfs, mount);
		return 0;
	}
	if (mount_fd >= 0 && user)
		user_fd = open(user, O_RDONLY | O_CLOEXEC);
	if (mount_fd < 0 || (user && user_fd < 0))
		return err_set(e, -errno, "%s: open %s, to unmount it there", d->rootfs, mount_fd < 0 ? mount : user);
	return detach_in(d, user_fd, mount_fd, e);
}
