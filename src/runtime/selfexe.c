/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nothing is done where the binary cannot be written anyway:
 *
 *	the container's ids do not include its owner   (a user namespace, and a system's binary)
 *	it lies on a read-only mount or is sealed      (it is protected already, or an image based system)
 *
 * Who may clone mounts runs on from a read-only clone of the file's own (kernel/exefile.h).  Where the kernel refuses
 * that, and for everybody else, there is a second execution, which costs about a millisecond: of the clone, or of a
 * sealed copy in memory.
 */
#include "runtime/selfexe.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/log.h"
#include "base/str.h"
#include "kernel/exefile.h"
#include "kernel/mnt.h"
#include "kernel/syscalls.h"

#define ALL_SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
#define CMDLINE_MAX (4U << 20)

static bool is_sealed(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & ALL_SEALS) == ALL_SEALS;
}

static bool is_on_read_only(int fd)
{
	uint64_t flags;

	return mnt_flags(fd, &flags) == 0 && (flags & ST_RDONLY);
}

/* Nobody can write it, whoever he is.  What can have seals is in memory, and has no name (memfd_create(2)). */
static bool is_immutable(int fd, const struct stat *st)
{
	return (st->st_nlink == 0 && is_sealed(fd)) || is_on_read_only(fd);
}

/* The container's root may do to the file what its owner may, if the owner is one of the container's ids; so may its
   group, and everybody, where the mode says so. */
static bool is_writable_for(const struct userns_map *uids, const struct stat *st)
{
	uint32_t inside;

	if (!uids)
		return true;
	return userns_map_to_inside(uids, st->st_uid, &inside) || (st->st_mode & 0022);
}

/* A mount of the one file, which belongs to no namespace: its read-only flag cannot be taken away. */
static int make_read_only_mount(void)
{
	const struct mnt_attr attr = { .set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID };
	int fd = mnt_clone(AT_FDCWD, "/proc/self/exe", false, false);
	int r = fd < 0 ? fd : mnt_set_attr(fd, &attr, false);

	if (r < 0)
		fd_close(&fd);
	return r < 0 ? r : fd;
}

static int copy_all(int from, int to)
{
	struct stat st;
	off_t left;

	if (fstat(from, &st) < 0)
		return -errno;
	for (left = st.st_size; left > 0;) {
		ssize_t n = sendfile(to, from, NULL, (size_t)left);

		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		left -= n;
	}
	return 0;
}

static int make_sealed_copy(int self)
{
	_cleanup_close_ int fd = memfd_create("ocirun", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	int r;

	/* Before Linux 6.3 there is no MFD_EXEC, and all are executable. */
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("ocirun", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	r = copy_all(self, fd);
	if (r == 0 && fcntl(fd, F_ADD_SEALS, ALL_SEALS) < 0)
		r = -errno;
	return r < 0 ? r : TAKE_FD(fd);
}

/* Our arguments again; they are separated by NULs. */
static int read_arguments(struct strv *ret_argv, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	size_t n;
	int r = fdio_read_file(AT_FDCWD, "/proc/self/cmdline", CMDLINE_MAX, &text, &n);

	if (r < 0)
		return err_set(e, r, "/proc/self/cmdline");
	for (size_t at = 0; at < n; at += strlen(text + at) + 1)
		strv_add(ret_argv, text + at);
	return 0;
}

/* The file on that mount, for reading.  Whatever /proc leads to, it counts when it is our file where nobody can
   write it. */
static int open_mounted(int mount_fd, const struct stat *self)
{
	_cleanup_free_ char *path = str_printf("/proc/self/fd/%d", mount_fd);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	return st.st_dev == self->st_dev && st.st_ino == self->st_ino && is_on_read_only(fd) ? TAKE_FD(fd) : -EXDEV;
}

/* All that is refused is made up for by a second execution. */
static int run_on_from(int mount_fd, const struct stat *self)
{
	_cleanup_close_ int fd = open_mounted(mount_fd, self);
	int r = fd < 0 ? fd : exefile_replace(fd);

	if (r < 0)
		log_debug("selfexe: the running program cannot move to the read-only mount: %s", err_reason(r));
	return r;
}

static int execute_again(int fd, struct err *e)
{
	_cleanup_(strv_done) struct strv argv = STRV_INIT;
	int r = read_arguments(&argv, e);

	if (r < 0)
		return r;
	r = sys_execveat(fd, "", argv.v, environ, AT_EMPTY_PATH);
	return err_set(e, r, "protect ocirun's own binary: execute it");
}

static int move_away(int self, const struct stat *st, struct err *e)
{
	_cleanup_close_ int fd = make_read_only_mount();

	if (fd >= 0 && run_on_from(fd, st) == 0)
		return 0;
	/* EPERM: only root may clone mounts, and everybody may copy. */
	if (fd == -EPERM)
		fd = make_sealed_copy(self);
	if (fd < 0)
		return err_set(e, fd, "protect ocirun's own binary");
	if (!is_sealed(fd) && !is_on_read_only(fd))
		return err_say(e, -EIO, "protect ocirun's own binary: it can be written all the same");
	return execute_again(fd, e);
}

int selfexe_protect(const struct userns_map *uids, struct err *e)
{
	_cleanup_close_ int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (self < 0 && errno == ENOENT)
		return err_say(e, -ENOENT, "/proc: no proc file system is mounted there");
	if (self < 0 || fstat(self, &st) < 0)
		return err_set(e, -errno, "/proc/self/exe");
	if (!is_writable_for(uids, &st) || is_immutable(self, &st))
		return 0;
	log_debug("selfexe: the container's ids may write %s: running from a place that nobody can write", "/proc/self/exe");
	return move_away(self, &st, e);
}
