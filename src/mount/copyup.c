/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recursive copy by descriptors: see copyup.h.  The source is an image that may be hostile, but
 * nobody changes it meanwhile who could not change the copy as well; no link is ever followed.
 */
#include "mount/copyup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/limits.h>
#include <search.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"

#define COPY_MAX_DEPTH 200
#define COPY_LOUD_BYTES (256ULL << 20)
#define COPY_STEP (16L << 20)

/* A file with several names: the first one that was met, below the root of the copy. */
struct linked {
	dev_t dev;
	ino_t ino;
	char path[];
};

struct copy {
	int root; /* of the copy; borrowed */
	uint64_t bytes;
	unsigned n_owners, n_devices, n_xattrs; /* what could not be copied */
	struct strv path;  /* components below the root */
	void *linked;      /* a tree of struct linked (tsearch(3)) */
	char names[XATTR_LIST_MAX], value[XATTR_SIZE_MAX];
};

/* New memory. */
static char *path_of(const struct copy *copy, const char *name)
{
	struct strbuf path = STRBUF_INIT;

	for (size_t i = 0; i < copy->path.n; i++)
		strbuf_addf(&path, "%s/", copy->path.v[i]);
	strbuf_add(&path, name);
	return strbuf_take(&path);
}

static int fail(const struct copy *copy, const char *name, int code, const char *act, struct err *e)
{
	_cleanup_free_ char *path = path_of(copy, name);

	return err_set(e, code, "tmpcopyup: cannot %s %s", act, path);
}

/* tmpfs has no user.* before Linux 6.6, and an access list may name ids that are not mapped. The security label is
   the kernel's or linux.mountLabel's to give. */
static void copy_xattrs(struct copy *copy, int from, int to)
{
	ssize_t n = flistxattr(from, copy->names, sizeof(copy->names));

	if (n < 0 && errno != EOPNOTSUPP)
		copy->n_xattrs++;
	for (const char *name = copy->names; n > 0 && name < copy->names + n; name += strlen(name) + 1) {
		ssize_t len = fgetxattr(from, name, copy->value, sizeof(copy->value));

		if (strcmp(name, "security.selinux") == 0)
			continue;
		if (len < 0 || fsetxattr(to, name, copy->value, (size_t)len, 0) < 0)
			copy->n_xattrs++;
	}
}

/* Owner before mode and capabilities, since chown(2) clears set-id bits and these. */
static int copy_meta(struct copy *copy, int from, int to, const struct stat *st)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };

	if (fchown(to, st->st_uid, st->st_gid) < 0)
		copy->n_owners++;
	if (fchmod(to, st->st_mode & 07777) < 0)
		return -errno;
	copy_xattrs(copy, from, to);
	return futimens(to, times) < 0 ? -errno : 0;
}

/* From `at` to the next hole or the end of file. */
static int copy_range(struct copy *copy, int from, int to, off_t at, off_t end)
{
	if (lseek(to, at, SEEK_SET) < 0)
		return -errno;
	while (at < end) {
		ssize_t n = sendfile(to, from, &at, (size_t)(end - at < COPY_STEP ? end - at : COPY_STEP));

		if (n == 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		copy->bytes += n > 0 ? (uint64_t)n : 0;
	}
	return 0;
}

/* Holes stay holes: the copy is memory.  Some files tell no size, in /proc for example, and are read to their end. */
static int copy_data(struct copy *copy, int from, int to, off_t size)
{
	off_t data, hole = 0;
	int r = 0;

	if (size == 0)
		return copy_range(copy, from, to, 0, INT64_MAX);
	while (r == 0 && hole < size && (data = lseek(from, hole, SEEK_DATA)) >= 0) {
		hole = lseek(from, data, SEEK_HOLE);
		if (hole < 0)
			return -errno;
		r = copy_range(copy, from, to, data, hole);
	}
	/* ENXIO: nothing but a hole is left (lseek(2)) */
	if (r == 0 && hole < size && errno != ENXIO)
		return -errno;
	return r == 0 && ftruncate(to, size) < 0 ? -errno : r;
}

static int copy_file(struct copy *copy, int from_dir, int to_dir, const char *name, const struct stat *st)
{
	_cleanup_close_ int from = openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	_cleanup_close_ int to = -EBADF;
	int r;

	if (from < 0)
		return -errno;
	to = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return -errno;
	r = copy_data(copy, from, to, st->st_size);
	return r < 0 ? r : copy_meta(copy, from, to, st);
}

static int copy_link(struct copy *copy, int from_dir, int to_dir, const char *name, const struct stat *st)
{
	char text[PATH_MAX];
	ssize_t n = readlinkat(from_dir, name, text, sizeof(text) - 1);

	if (n < 0)
		return -errno;
	text[n] = '\0';
	if (symlinkat(text, to_dir, name) < 0)
		return -errno;
	if (fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		copy->n_owners++;
	return 0;
}

static int copy_node(struct copy *copy, int to_dir, const char *name, const struct stat *st)
{
	if (mknodat(to_dir, name, st->st_mode, st->st_rdev) < 0) {
		if (errno != EPERM)
			return -errno;
		copy->n_devices++;
		return 0;
	}
	if (fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		copy->n_owners++;
	return fchmodat(to_dir, name, st->st_mode & 07777, 0) < 0 ? -errno : 0;
}

static int compare_linked(const void *a, const void *b)
{
	const struct linked *x = a, *y = b;

	if (x->ino != y->ino)
		return x->ino < y->ino ? -1 : 1;
	return x->dev == y->dev ? 0 : x->dev < y->dev ? -1 : 1;
}

/* Another name of a file that was copied becomes a link to the copy; 1: it is to be copied itself. */
static int link_again(struct copy *copy, int to_dir, const char *name, const struct stat *st)
{
	_cleanup_free_ char *path = path_of(copy, name);
	struct linked *one = xmalloc(sizeof(*one) + strlen(path) + 1), **found;

	one->dev = st->st_dev;
	one->ino = st->st_ino;
	memcpy(one->path, path, strlen(path) + 1);
	found = tsearch(one, &copy->linked, compare_linked);
	if (!found) {
		free(one);
		return -ENOMEM;
	}
	if (*found == one)
		return 1;
	free(one);
	if (linkat(copy->root, (*found)->path, to_dir, name, 0) == 0)
		return 0;
	/* ENOENT: it was a device that could not be made; ENAMETOOLONG: nested deeper than a path can say */
	return errno == ENOENT || errno == ENAMETOOLONG ? 1 : -errno;
}

static int copy_directory(struct copy *copy, int from, int to, struct err *e);

static int copy_subdirectory(struct copy *copy, int from_dir, int to_dir, const char *name, const struct stat *st,
			     struct err *e)
{
	_cleanup_close_ int from = openat(from_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_close_ int to = -EBADF;
	int r;

	if (from < 0)
		return fail(copy, name, -errno, "open", e);
	if (mkdirat(to_dir, name, 0700) < 0)
		return fail(copy, name, -errno, "make", e);
	to = openat(to_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to < 0)
		return fail(copy, name, -errno, "open the copy of", e);
	strv_add(&copy->path, name);
	r = copy_directory(copy, from, to, e);
	free(copy->path.v[--copy->path.n]);
	copy->path.v[copy->path.n] = NULL;
	if (r < 0)
		return r;
	r = copy_meta(copy, from, to, st);
	return r < 0 ? fail(copy, name, r, "set the mode of", e) : 0;
}

static int copy_entry(struct copy *copy, int from, int to, const char *name, struct err *e)
{
	struct stat st;
	int r = 1;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(copy, name, -errno, "look at", e);
	if (S_ISDIR(st.st_mode))
		return copy_subdirectory(copy, from, to, name, &st, e);
	if (st.st_nlink > 1)
		r = link_again(copy, to, name, &st);
	if (r == 1 && S_ISREG(st.st_mode))
		r = copy_file(copy, from, to, name, &st);
	else if (r == 1 && S_ISLNK(st.st_mode))
		r = copy_link(copy, from, to, name, &st);
	else if (r == 1)
		r = copy_node(copy, to, name, &st);
	return r < 0 ? fail(copy, name, r, "copy", e) : 0;
}

static int copy_directory(struct copy *copy, int from, int to, struct err *e)
{
	_cleanup_closedir_ DIR *dir = NULL;
	_cleanup_close_ int fd = -EBADF;
	const struct dirent *entry;
	int r = 0;

	if (copy->path.n > COPY_MAX_DEPTH)
		return fail(copy, "", -ELOOP, "copy directories nested that deep:", e);
	fd = fcntl(from, F_DUPFD_CLOEXEC, 3);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return fail(copy, "", -errno, "read", e);
	TAKE_FD(fd);
	while (r >= 0 && (errno = 0, entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			r = copy_entry(copy, from, to, entry->d_name, e);
	}
	if (r >= 0 && errno != 0 && !entry)
		return fail(copy, "", -errno, "read", e);
	return r;
}

static void tell_losses(const struct copy *copy)
{
	if (copy->bytes > COPY_LOUD_BYTES)
		log_warning("tmpcopyup copied %llu MiB into memory", (unsigned long long)(copy->bytes >> 20));
	if (copy->n_devices > 0 || copy->n_owners > 0 || copy->n_xattrs > 0)
		log_warning("tmpcopyup: not copied are %u device nodes, the owners of %u files and %u extended attributes, which "
			    "cannot be made here", copy->n_devices, copy->n_owners, copy->n_xattrs);
}

int copyup_tree(int from_fd, int to_mnt_fd, struct err *e)
{
	_cleanup_close_ int from = openat(from_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int to = openat(to_mnt_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_free_ struct copy *copy = xcalloc(1, sizeof(*copy));
	int r;

	if (from < 0 || to < 0)
		return err_set(e, -errno, "tmpcopyup: cannot open the directory");
	copy->root = to;
	r = copy_directory(copy, from, to, e);
	strv_done(&copy->path);
	tdestroy(copy->linked, free);
	tell_losses(copy);
	return r;
}
