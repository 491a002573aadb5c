/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One upper directory, one container: rootfs_claim_upper().
 *
 * Nothing of ours lives as long as a container does, so that no lock can be held for it: init becomes the
 * program, which must not own a descriptor of the host.  And the kernel's own guard comes with index=on only,
 * which ties an upper to the very inodes of its lower layers (ESTALE when an image was unpacked again) and needs
 * layers with file handles, which no FUSE image has.  So the upper directory carries an extended attribute that
 * names init; the claim holds as long as that process lives, and needs no cleaning up.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/log.h"
#include "base/str.h"
#include "kernel/procfs.h"
#include "mount/overlay.h"
#include "mount/rootfs.h"
#include "mount/rootlayers.h"

#define ATTRIBUTE "user.ocirun.owner"
#define OWNER_MAX 512
#define LOCK_TRIES 100
#define LOCK_PAUSE_MS 20

/* Where a pid means something: this boot, this pid namespace; and of which directory it speaks, since copies of
   a directory may copy the attribute.  New memory. */
static char *context_of(int upper)
{
	_cleanup_free_ char *boot = NULL;
	struct stat ns = { .st_ino = 0 }, st = { .st_ino = 0 };
	size_t n = 0;

	if (fdio_read_file(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 100, &boot, &n) < 0 ||
	    stat("/proc/self/ns/pid", &ns) < 0 || fstat(upper, &st) < 0)
		return NULL;
	boot[strcspn(boot, "\n")] = '\0';
	return str_printf("%s %ju %ju:%ju", boot, (uintmax_t)ns.st_ino, (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
}

/* Is the attribute that of a process which lives?  "CONTEXT PID START ID" */
static bool is_alive(const char *owner, const char *context, pid_t *ret_pid, const char **ret_id)
{
	uint64_t start, now;
	char letter;
	int end = 0;

	if (!str_starts(owner, context))
		return false;
	owner += strlen(context);
	if (sscanf(owner, " %d %" SCNu64 " %n", ret_pid, &start, &end) != 2 || end == 0)
		return false;
	*ret_id = owner + end;
	return procfs_stat(*ret_pid, &now, &letter) == 0 && now == start && letter != 'Z';
}

/* Who claims. */
struct claimer {
	const char *id;
	pid_t pid;
	uint64_t start_time;
};

/* Whoever can open the directory can lock it, for as long as he likes; those that claim it do for a moment. */
static int lock(int fd)
{
	const struct timespec pause = { .tv_nsec = LOCK_PAUSE_MS * 1000000L };

	for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; i++) {
		if (errno != EWOULDBLOCK || i == LOCK_TRIES)
			return -errno;
		nanosleep(&pause, NULL);
	}
	return 0;
}

static int claim(int fd, const struct claimer *claimer, const char *what, const char *path, struct err *e)
{
	_cleanup_free_ char *context = context_of(fd), *mine = NULL;
	char owner[OWNER_MAX] = "";
	const char *other;
	pid_t other_pid;
	int r;

	if (!context)
		return err_set(e, -errno, "%s %s: /proc", what, path);
	/* held for these two steps alone */
	r = lock(fd);
	if (r == -EWOULDBLOCK)
		return err_say(e, -EBUSY, "%s %s: somebody holds a lock on the directory (flock(2)), and does not let go", what,
			       path);
	if (r < 0)
		return err_set(e, r, "%s %s: lock", what, path);
	if (fgetxattr(fd, ATTRIBUTE, owner, sizeof(owner) - 1) > 0 && is_alive(owner, context, &other_pid, &other)) {
		err_set(e, -EBUSY, "%s %s: is the upper directory of container %s (process %d)", what, path, other,
			other_pid);
		return err_hint(e, "give each container one of its own");
	}
	mine = str_printf("%s %d %" PRIu64 " %s", context, claimer->pid, claimer->start_time, claimer->id);
	if (fsetxattr(fd, ATTRIBUTE, mine, strlen(mine), 0) == 0)
		return 0;
	/* a file system without such attributes, or a directory that is not the caller's: what the mount makes of it
	   is the mount's to say */
	log_warning("%s %s: cannot be guarded against use by a second container: %s", what, path, err_reason(-errno));
	return 0;
}

static int claim_path(const struct claimer *claimer, const char *what, const char *path, struct err *e)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	/* what is wrong with it, the mount tells */
	return fd < 0 ? 0 : claim(fd, claimer, what, path, e);
}

static int claim_root(const struct oci_config *config, const char *bundle, const struct claimer *claimer, struct err *e)
{
	struct rootlayers layers;
	int r;

	if (!rootlayers_wanted(config))
		return 0;
	r = rootlayers_read(config, bundle, &layers, e);
	if (r >= 0 && layers.upper)
		r = claim_path(claimer, ROOTLAYERS_PREFIX "upper", layers.upper, e);
	rootlayers_done(&layers);
	return r;
}

static int claim_mount(const struct oci_config *config, const char *bundle, size_t index, const struct claimer *claimer,
		       struct err *e)
{
	_cleanup_free_ char *path = NULL;
	struct mount_entry entry;
	int r = mount_entry_make(config, bundle, index, &entry, e);

	if (r >= 0 && entry.kind == MOUNT_OVERLAY)
		path = overlay_upper_path(&entry, bundle);
	if (path)
		r = claim_path(claimer, "upperdir", path, e);
	if (path && r < 0)
		err_wrap(e, "mounts[%zu] %s", index, entry.mount->destination);
	mount_entry_done(&entry);
	return r;
}

int rootfs_claim_upper(const struct oci_config *config, const char *bundle, const char *id, pid_t pid,
		       uint64_t start_time, struct err *e)
{
	const struct claimer claimer = { .id = id, .pid = pid, .start_time = start_time };
	int r = claim_root(config, bundle, &claimer, e);

	for (size_t i = 0; r >= 0 && i < config->n_mounts; i++)
		if (config->mounts[i].type && strcmp(config->mounts[i].type, "overlay") == 0)
			r = claim_mount(config, bundle, i, &claimer, e);
	return r;
}
