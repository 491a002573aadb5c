/* SPDX-License-Identifier: Apache-2.0 */
/* Starting a FUSE server: see fuse-exec.h. */
#include "runtime/fuse-exec.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/str.h"
#include "kernel/caps.h"
#include "kernel/mnt.h"
#include "kernel/procfs.h"
#include "kernel/signals.h"
#include "kernel/sock.h"
#include "kernel/spawn.h"
#include "kernel/syscalls.h"
#include "runtime/namespaces.h"

#define BIT(cap) (UINT64_C(1) << (cap))

/* What a file server needs to act for all users of its user namespace. */
#define FILE_CAPS \
	(BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_FOWNER) | BIT(CAP_FSETID) | \
	 BIT(CAP_MKNOD) | BIT(CAP_SETUID) | BIT(CAP_SETGID) | BIT(CAP_SETFCAP) | BIT(CAP_SYS_ADMIN))

enum { DEVICE = FUSE_MONITOR_DEVICE_FD, SOURCE = FUSE_MONITOR_SOURCE_FD, ERROR };

/*
 * Programs made with libfuse 2 take no descriptor to mount on: they execute /bin/fusermount and get one back from
 * it, over the socket whose number is in _FUSE_COMMFD (libfuse 2.9, lib/mount.c).  Such a program runs in a mount
 * namespace of its own, where a copy of ocirun lies over /bin/fusermount and hands out the descriptor of the mount
 * that is there already.
 */
#define HELPER "/bin/fusermount"
#define LIBRARY "libfuse.so.2" /* a string of the dynamic section, DT_NEEDED */

static bool needs_helper(const char *program)
{
	_cleanup_close_ int fd = open(program, O_RDONLY | O_CLOEXEC);
	struct stat st;
	bool found;
	void *text;

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size == 0)
		return false;
	text = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (text == MAP_FAILED)
		return false;
	found = memmem(text, (size_t)st.st_size, LIBRARY, sizeof(LIBRARY));
	munmap(text, (size_t)st.st_size);
	return found;
}

/* The caller's own ids and nothing else: all that changes is that it may mount. */
static int map_self(uid_t uid, gid_t gid)
{
	_cleanup_free_ char *uids = str_printf("%u %u 1", uid, uid), *gids = str_printf("%u %u 1", gid, gid);
	_cleanup_close_ int proc = procfs_open();
	int r;

	if (proc < 0)
		return proc;
	/* the files belong to us only while we are dumpable (proc(5)) */
	prctl(PR_SET_DUMPABLE, 1);
	r = procfs_write(proc, "self/setgroups", "deny");
	if (r == 0)
		r = procfs_write(proc, "self/uid_map", uids);
	return r < 0 ? r : procfs_write(proc, "self/gid_map", gids);
}

/* Nothing may appear in the host's mount namespace. */
static int cut_from_host(void)
{
	const struct mnt_attr slave = { .propagation = MS_SLAVE };
	_cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return root < 0 ? -errno : mnt_set_attr(root, &slave, true);
}

/* A copy of our own binary.  It may be in memory alone or on a mount of its own (selfexe.h), which cannot be bound. */
static int copy_self(int directory)
{
	_cleanup_close_ int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int copy = openat(directory, "fusermount", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	struct stat st;

	if (self < 0 || copy < 0 || fstat(self, &st) < 0)
		return -errno;
	for (off_t left = st.st_size; left > 0;) {
		ssize_t n = sendfile(copy, self, NULL, (size_t)left);

		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		left -= n;
	}
	return 0;
}

static int make_tmpfs(void)
{
	struct mnt_fs fs;
	int r = mnt_fs_open("tmpfs", &fs);

	if (r < 0)
		return r;
	r = mnt_fs_create(&fs, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	mnt_fs_done(&fs);
	return r;
}

/* Only what is attached can be bound: on a directory that every host has, and just for that. */
static int cover_helper(void)
{
	_cleanup_close_ int target = open(HELPER, O_PATH | O_CLOEXEC), place = open("/sys", O_PATH | O_CLOEXEC);
	_cleanup_close_ int tmpfs = make_tmpfs(), clone = -EBADF;
	int r;

	if (target < 0 || place < 0)
		return -errno;
	r = tmpfs < 0 ? tmpfs : mnt_attach(tmpfs, place);
	if (r == 0)
		r = copy_self(tmpfs);
	if (r < 0)
		return r;
	clone = mnt_clone(tmpfs, "fusermount", false, false);
	r = clone < 0 ? clone : mnt_attach(clone, target);
	if (r == 0 && umount2("/sys", MNT_DETACH) < 0)
		r = -errno;
	return r;
}

static int prepare_helper(void)
{
	bool privileged = caps_have(CAP_SYS_ADMIN);
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int r = 0;

	if (unshare(CLONE_NEWNS | (privileged ? 0 : CLONE_NEWUSER)) < 0)
		return -errno;
	if (!privileged)
		r = map_self(uid, gid);
	if (r == 0)
		r = cut_from_host();
	return r < 0 ? r : cover_helper();
}

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

	/* without one to lie over, the program says itself what it misses */
	if (r == 0 && access(HELPER, F_OK) == 0 && needs_helper(request->path))
		r = prepare_helper();
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

bool fuse_exec_is_helper(const char *argv0)
{
	const char *slash = argv0 ? strrchr(argv0, '/') : NULL;

	return argv0 && strcmp(slash ? slash + 1 : argv0, "fusermount") == 0;
}

/* Without a socket we are asked to unmount, which the end of the server does. */
int fuse_exec_help(void)
{
	const int device_fd = DEVICE;
	const char *number = getenv("_FUSE_COMMFD");
	uint32_t sock;

	if (!number)
		return 0;
	return str_to_u32(number, &sock) == 0 && sock <= INT32_MAX && sock_send((int)sock, "", 1, &device_fd, 1) == 0 ? 0 : 1;
}
