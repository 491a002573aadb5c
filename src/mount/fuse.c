/* SPDX-License-Identifier: Apache-2.0 */
/* FUSE mounts, the container's side: see fuse.h. */
#include "mount/fuse.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "kernel/spawn.h"
#include "kernel/syscalls.h"
#include "mount/attrs.h"
#include "mount/explain.h"
#include "mount/fresh.h"
#include "mount/server.h"
#include "mount/target.h"

#define DEVICE "/dev/fuse"
#define SOURCE_MAX 255 /* a string of fsconfig(2) */
#define TIMEOUT_ANNOTATION "org.ocirun.fuse.timeout"
#define START_SECONDS 60
#define START_SECONDS_MAX 86400

static int explain_device(struct rootfs *rootfs, int code, struct err *e)
{
	char owner[32] = "not the container's";
	struct stat st;

	if (code == -ENOENT) {
		err_set(e, code, DEVICE);
		return err_hint(e, "load the module fuse, or pass the device into the container around this one");
	}
	err_set(e, code, DEVICE);
	if (code == -ENODEV || code == -ENXIO)
		return err_hint(e, "the kernel has no FUSE: load the module fuse");
	if (stat(DEVICE, &st) < 0 || code != -EACCES)
		return code;
	if (rootfs_has_uid(rootfs, st.st_uid) && rootfs_has_gid(rootfs, st.st_gid))
		snprintf(owner, sizeof(owner), "of %u:%u", st.st_uid, st.st_gid);
	err_hint(e, "its mode is %04o, and it is %s", (unsigned)st.st_mode & 07777U, owner);
	return err_hint(e, "chmod 0666 " DEVICE ", as udev does");
}

/* The file must be opened by the user namespace that mounts: the kernel compares the two. */
static int open_device(struct rootfs *rootfs, struct err *e)
{
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC);

	return fd < 0 ? explain_device(rootfs, -errno, e) : fd;
}

/* The options are the server's, none is for the kernel. */
static const char **data_keys(const struct mount_options *options)
{
	const char **keys = xcalloc(options->data.n + 1, sizeof(*keys));

	for (size_t i = 0; i < options->data.n; i++)
		keys[i] = xstrndup(options->data.v[i], strcspn(options->data.v[i], "="));
	return keys;
}

static void free_keys(const char **keys)
{
	for (size_t i = 0; keys[i]; i++)
		free((char *)(uintptr_t)keys[i]);
	free(keys);
}

/* What everybody sees as the source of the mount: a path that is too long loses its directories. */
static struct oci_mount short_source(const struct oci_mount *mount, const char *program)
{
	struct oci_mount shown = *mount;
	const char *name = str_empty(mount->source) ? program : mount->source;

	if (strlen(name) > SOURCE_MAX && strrchr(name, '/'))
		name = strrchr(name, '/') + 1;
	shown.source = strlen(name) > SOURCE_MAX ? program : name;
	return shown;
}

/* allow_other: "other" are the users of the container, nobody outside of its user namespace gets in.  The kernel
   checks permissions as on any file system. */
static int make_detached(const struct rootfs *rootfs, const struct mount_entry *entry, int device, const char *subtype,
			 struct err *e)
{
	char fd[16], uid[16], gid[16];
	const struct fresh_key keys[] = { { "fd", fd },         { "rootmode", "40000" },  { "user_id", uid },
					  { "group_id", gid },  { "allow_other", NULL }, { "default_permissions", NULL },
					  { "subtype", subtype } };
	const struct oci_mount shown = short_source(entry->mount, subtype);
	struct mount_entry as = *entry;
	struct fresh how = { .type = "fuse", .attrs = mount_attrs_fresh(&entry->options), .extra = keys,
			     .n_extra = ARRAY_SIZE(keys), .super_ro = true };
	const char **skip = data_keys(&entry->options);
	int mnt;

	snprintf(fd, sizeof(fd), "%d", device);
	snprintf(uid, sizeof(uid), "%u", geteuid());
	snprintf(gid, sizeof(gid), "%u", getegid());
	as.mount = &shown;
	how.skip = skip;
	mnt = fresh_mount(rootfs, &as, &how);
	free_keys(skip);
	return mnt < 0 ? fresh_explain(e, mnt, entry, &how) : mnt;
}

/* How long a server may take to answer for the first time, if the config says. */
static int start_timeout(const struct oci_config *config, int *ret_ms, struct err *e)
{
	const char *text = mount_annotation(config, TIMEOUT_ANNOTATION);
	uint32_t seconds;

	if (!text)
		return 0;
	if (str_to_u32(text, &seconds) < 0 || seconds == 0 || seconds > START_SECONDS_MAX)
		return err_say(e, -EINVAL, "annotation " TIMEOUT_ANNOTATION ": \"%s\" is no number of seconds from 1 to %d",
			       text, START_SECONDS_MAX);
	*ret_ms = (int)seconds * 1000;
	return 0;
}

/* The first question, to which the errno is the answer. */
static int ask_server(int mnt_fd)
{
	struct statx st;

	return statx(mnt_fd, "", AT_EMPTY_PATH | AT_STATX_FORCE_SYNC, STATX_MODE, &st) == 0 ? 0 : errno;
}

/* Until it has said hello, nothing but a deadly signal ends the wait for a server (fuse_get_req() in the kernel): so
   it is a child that asks. */
static int ask_in_child(int mnt_fd, int timeout_ms)
{
	_cleanup_close_ int pidfd = -EBADF;
	int status, r;
	pid_t pid = spawn_clone(0, -EBADF, &pidfd);

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(ask_server(mnt_fd));
	}
	if (pid < 0)
		return pid;
	r = spawn_wait_gone(pidfd, timeout_ms);
	if (r < 0)
		spawn_signal(pidfd, SIGKILL);
	if (spawn_wait(pidfd, &status) < 0)
		return -ECHILD;
	return r < 0 ? r : -status;
}

/* Only what was answered once is a mount that works. */
static int wait_for_server(int mnt_fd, const char *program, int timeout_ms, struct err *e)
{
	int r = ask_in_child(mnt_fd, timeout_ms);

	if (r == 0)
		return 0;
	if (r == -ENOTCONN || r == -ECONNABORTED)
		return err_say(e, -ENOTCONN, "the server of fuse.%s ended before it had served anything", program);
	if (r != -ETIMEDOUT)
		return err_set(e, r, "the server of fuse.%s does not answer", program);
	err_say(e, r, "the server of fuse.%s has not served anything within %d seconds", program, timeout_ms / 1000);
	return err_hint(e, "if it needs longer, annotation " TIMEOUT_ANNOTATION " says how many seconds it gets");
}

int fuse_make(struct rootfs *rootfs, const struct mount_entry *entry, size_t index, const char *subtype,
	      struct err *e)
{
	_cleanup_close_ int device = -EBADF, mnt = -EBADF;
	int timeout_ms = START_SECONDS * 1000, r;

	if (!rootfs->env.start_fuse)
		return err_say(e, -ENOTSUP, "there is nobody who could start the server of a FUSE mount");
	r = start_timeout(rootfs->env.config, &timeout_ms, e);
	if (r < 0)
		return r;
	device = open_device(rootfs, e);
	if (device < 0)
		return device;
	mnt = make_detached(rootfs, entry, device, subtype, e);
	if (mnt < 0)
		return mnt;
	r = rootfs->env.start_fuse(rootfs->env.ask_ctx, index, device, e);
	if (r < 0)
		return r;
	/* While anybody but the server holds it, its death would leave accesses hanging. */
	fd_close(&device);
	r = wait_for_server(mnt, subtype, timeout_ms, e);
	return r < 0 ? r : TAKE_FD(mnt);
}

int fuse_mount(struct rootfs *rootfs, const struct mount_entry *entry, struct err *e)
{
	_cleanup_(target_done) struct target target = TARGET_INIT;
	_cleanup_close_ int mnt = -EBADF;
	int r = target_open(rootfs, entry, true, false, &target, e);

	if (r < 0)
		return r;
	mnt = fuse_make(rootfs, entry, entry->index, fuse_program(entry->mount->type), e);
	return mnt < 0 ? mnt : fresh_attach(rootfs, entry, &mnt, &target, e);
}
