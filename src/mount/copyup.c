/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recursive copy by descriptors: see copyup.h.  The source is an image that may be hostile, but
 * nobody changes it meanwhile who could not change the copy as well; no link is ever followed.
 */
#include "mount/copyup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"

#define COPY_MAX_DEPTH 200
#define COPY_LOUD_BYTES (256ULL << 20)
#define XATTR_NAMES_MAX 4096
#define XATTR_VALUE_MAX 65536

struct copy {
	uint64_t bytes;
	struct strv path; /* components below the root, for messages */
};

static int fail(const struct copy *copy, const char *name, int code, const char *act, struct err *e)
{
	struct strbuf path = STRBUF_INIT;
	_cleanup_free_ char *text = NULL;

	for (size_t i = 0; i < copy->path.n; i++)
		strbuf_addf(&path, "%s/", copy->path.v[i]);
	strbuf_add(&path, name);
	text = strbuf_take(&path);
	return err_set(e, code, "tmpcopyup: cannot %s %s", act, text);
}

static int copy_xattrs(int from, int to)
{
	_cleanup_free_ char *names = xmalloc(XATTR_NAMES_MAX), *value = xmalloc(XATTR_VALUE_MAX);
	ssize_t n = flistxattr(from, names, XATTR_NAMES_MAX);

	if (n < 0)
		return errno == EOPNOTSUPP ? 0 : -errno;
	for (const char *name = names; name < names + n; name += strlen(name) + 1) {
		ssize_t len = fgetxattr(from, name, value, XATTR_VALUE_MAX);

		/* tmpfs has no user.* before Linux 6.6, and trusted.* is not for user namespaces */
		if (len >= 0 && fsetxattr(to, name, value, (size_t)len, 0) < 0)
			log_debug("tmpcopyup: extended attribute %s is not copied: %s", name, err_reason(-errno));
	}
	return 0;
}

/* Owner before mode, since chown(2) clears set-id bits. */
static int copy_meta(int from, int to, const struct stat *st)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };

	if (fchown(to, st->st_uid, st->st_gid) < 0)
		log_debug("tmpcopyup: owner %u:%u is not copied: %s", st->st_uid, st->st_gid, err_reason(-errno));
	if (fchmod(to, st->st_mode & 07777) < 0)
		return -errno;
	if (copy_xattrs(from, to) < 0)
		log_debug("tmpcopyup: extended attributes are not copied");
	return futimens(to, times) < 0 ? -errno : 0;
}

static int copy_file(struct copy *copy, int from_dir, int to_dir, const char *name, const struct stat *st)
{
	_cleanup_close_ int from = openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	_cleanup_close_ int to = -EBADF;
	ssize_t n;

	if (from < 0)
		return -errno;
	to = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return -errno;
	while ((n = sendfile(to, from, NULL, 1 << 24)) != 0) {
		if (n < 0 && errno != EINTR)
			return -errno;
		copy->bytes += n > 0 ? (uint64_t)n : 0;
	}
	return copy_meta(from, to, st);
}

static int copy_link(int from_dir, int to_dir, const char *name, const struct stat *st)
{
	_cleanup_free_ char *text = xmalloc((size_t)st->st_size + 2);
	ssize_t n = readlinkat(from_dir, name, text, (size_t)st->st_size + 1);

	if (n < 0)
		return -errno;
	text[n] = '\0';
	if (symlinkat(text, to_dir, name) < 0)
		return -errno;
	if (fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		log_debug("tmpcopyup: owner of link %s is not copied: %s", name, err_reason(-errno));
	return 0;
}

static int copy_node(int to_dir, const char *name, const struct stat *st)
{
	if (mknodat(to_dir, name, st->st_mode, st->st_rdev) < 0) {
		if (errno != EPERM)
			return -errno;
		log_debug("tmpcopyup: device %s is not copied: %s", name, err_reason(-errno));
		return 0;
	}
	if (fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		log_debug("tmpcopyup: owner of %s is not copied: %s", name, err_reason(-errno));
	return fchmodat(to_dir, name, st->st_mode & 07777, 0) < 0 ? -errno : 0;
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
	r = copy_meta(from, to, st);
	return r < 0 ? fail(copy, name, r, "set the mode of", e) : 0;
}

static int copy_entry(struct copy *copy, int from, int to, const char *name, struct err *e)
{
	struct stat st;
	int r;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(copy, name, -errno, "look at", e);
	if (S_ISDIR(st.st_mode))
		return copy_subdirectory(copy, from, to, name, &st, e);
	if (S_ISREG(st.st_mode))
		r = copy_file(copy, from, to, name, &st);
	else if (S_ISLNK(st.st_mode))
		r = copy_link(from, to, name, &st);
	else
		r = copy_node(to, name, &st);
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

int copyup_tree(int from_fd, int to_mnt_fd, struct err *e)
{
	_cleanup_close_ int from = openat(from_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int to = openat(to_mnt_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct copy copy = { .path = STRV_INIT };
	int r;

	if (from < 0 || to < 0)
		return err_set(e, -errno, "tmpcopyup: cannot open the directory");
	r = copy_directory(&copy, from, to, e);
	strv_done(&copy.path);
	if (copy.bytes > COPY_LOUD_BYTES)
		log_warning("tmpcopyup copied %llu MiB into memory", (unsigned long long)(copy.bytes >> 20));
	return r;
}
