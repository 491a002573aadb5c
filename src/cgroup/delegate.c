/* SPDX-License-Identifier: Apache-2.0 */
/* Handing a cgroup, or one below it, to the container (config-linux.md, "Cgroup ownership"; cgroups(7), "Cgroups
   delegation").  Only v2 can be delegated. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/str.h"
#include "cgroup/internal.h"
#include "cgroup/path.h"
#include "cgroup/tree.h"
#include "cgroup/v2.h"

/* Files of a delegated cgroup, where the kernel does not list them (before Linux 4.15). */
static const char *const delegate_default[] = { "cgroup.procs", "cgroup.threads", "cgroup.subtree_control" };

static int read_files(struct strv *files, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	int r = fdio_read_file(AT_FDCWD, "/sys/kernel/cgroup/delegate", 1 << 16, &text, NULL);

	if (r == 0)
		strv_split(files, text, '\n');
	else if (r == -ENOENT)
		for (size_t i = 0; i < ARRAY_SIZE(delegate_default); i++)
			strv_add(files, delegate_default[i]);
	else
		return err_set(e, r, "cannot read /sys/kernel/cgroup/delegate");
	return 0;
}

static int give(int dir_fd, const char *path, uid_t uid, gid_t gid, struct err *e)
{
	_cleanup_(strv_done) struct strv files = STRV_INIT;
	int r = read_files(&files, e);

	if (r < 0)
		return r;
	if (fchownat(dir_fd, "", uid, gid, AT_EMPTY_PATH) < 0)
		return err_set(e, -errno, "cgroup %s: cannot give it to %u:%u", path, uid, gid);
	for (size_t i = 0; i < files.n; i++)
		/* The list is that of the kernel, not of this cgroup's controllers. */
		if (!strchr(files.v[i], '/') && fchownat(dir_fd, files.v[i], uid, gid, AT_SYMLINK_NOFOLLOW) < 0 &&
		    errno != ENOENT)
			return err_set(e, -errno, "cgroup %s: cannot give %s to %u:%u", path, files.v[i], uid, gid);
	return 0;
}

int cgroup_chown(struct cgroup *cgroup, uid_t uid, gid_t gid, struct err *e)
{
	const struct hierarchy *h = cgroup_v2_dir(cgroup);

	return h ? give(h->dir_fd, cgroup->record.path, uid, gid, e) : 0;
}

bool cgroup_has_delegated(const struct cgroup *cgroup)
{
	return cgroup->delegated != NULL;
}

int cgroup_delegate(struct cgroup *cgroup, pid_t pid, uid_t uid, gid_t gid, struct err *e)
{
	const struct hierarchy *h = cgroup_v2_dir(cgroup);
	_cleanup_free_ char *path = NULL, *text = str_printf("%d", pid);
	_cleanup_close_ int dir = -EBADF;
	size_t n_made;
	int r;

	if (!h)
		return err_say(e, -EOPNOTSUPP, "annotations.run.oci.delegate-cgroup: the container has no cgroup that could be "
					       "delegated to it");
	path = str_printf("%s%s", cgroup->record.path, cgroup->delegated);
	r = tree_make(h->root_fd, path, &n_made);
	if (r == 0)
		dir = openat(h->root_fd, path + 1, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (r < 0 || dir < 0)
		return err_set(e, r < 0 ? r : -errno, "cgroup %s: cannot be made", path);
	r = fdio_write_file(dir, "cgroup.procs", text);
	if (r < 0)
		return err_set(e, r, "cgroup %s: process %d cannot join", path, pid);
	/* Now that its parent holds no process any more. */
	r = v2_enable_below(h, cgroup->record.path, e);
	return r == 0 && uid != (uid_t)-1 ? give(dir, path, uid, gid, e) : r;
}
