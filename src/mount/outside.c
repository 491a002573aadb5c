/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts from outside: see outside.h. */
#include "mount/outside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "kernel/mnt.h"
#include "kernel/pathat.h"
#include "kernel/syscalls.h"
#include "mount/attrs.h"
#include "mount/devices.h"
#include "mount/plan.h"
#include "mount/rootlayers.h"

#define OUTSIDE_MASK "masked" /* no path: its mount has other attributes than that of /dev/null */

static int check_entry(const struct mount_entry *entry, struct err *e)
{
	const char *why = NULL;

	if (entry->kind == MOUNT_FUSE)
		why = "a FUSE mount ends with its server";
	else if (mount_entry_wants_idmap(entry))
		why = "CRIU does not keep id mappings of mounts";
	if (!why)
		return 0;
	return err_say(e, -ENOTSUP, "mounts[%zu] %s: cannot be checkpointed or restored: %s", entry->index,
		       entry->destination, why);
}

int outside_check(const struct oci_config *config, const char *bundle, struct err *e)
{
	struct mount_plan plan;
	int r;

	if (rootlayers_wanted(config))
		return err_say(e, -ENOTSUP,
			       "annotations: a root that ocirun mounts itself (" ROOTLAYERS_IMAGE ", " ROOTLAYERS_PREFIX
			       "*) cannot be checkpointed or restored");
	r = mount_plan_make(config, bundle, &plan, e);
	for (size_t i = 0; r == 0 && i < plan.n_entries; i++)
		r = check_entry(&plan.entries[i], e);
	mount_plan_done(&plan);
	return r;
}

static struct outside_mount *add(struct outside *outside, char *place, const char *name, char *source)
{
	struct outside_mount *mount;

	outside->mounts = xrealloc(outside->mounts, outside->n_mounts + 1, sizeof(*mount));
	mount = &outside->mounts[outside->n_mounts++];
	*mount = (struct outside_mount){ .place = place, .name = xstrdup(name), .source = source };
	return mount;
}

static char *cgroup_source(const struct rootfs_cgroup *cgroup)
{
	return str_printf("%s%s%s", cgroup->mountpoint, *cgroup->path == '/' ? "" : "/", cgroup->path);
}

/* As cgroupfs_mount() lays them out. */
static void add_cgroups(struct outside *outside, const struct mount_entry *entry, const struct rootfs_cgroup *cgroups,
			size_t n_cgroups)
{
	bool unified = strcmp(entry->mount->type, "cgroup2") == 0 || n_cgroups == 1;

	for (size_t i = 0; i < n_cgroups; i++) {
		const char *slash = strrchr(cgroups[i].mountpoint, '/');
		char *place;

		if (unified && !cgroups[i].v2)
			continue;
		place = unified ? xstrdup(entry->clean)
				: str_printf("%s/%s", entry->clean, slash ? slash + 1 : cgroups[i].mountpoint);
		add(outside, place, place, cgroup_source(&cgroups[i]))->attrs =
			(mount_attrs_fresh(&entry->options) & ~(uint64_t)MOUNT_ATTR__ATIME) |
			(cgroups[i].own ? 0 : MOUNT_ATTR_RDONLY);
	}
}

static void add_device(struct outside *outside, const char *path)
{
	add(outside, mount_clean_path(path), path, xstrdup(path));
}

/* In a user namespace devices are binds of the host's; each masked file is one of the null device. */
static void add_devices_and_masks(struct outside *outside, const struct oci_config *config)
{
	const struct oci_linux *lx = config->linux_;
	const char *const *nodes = mount_devices_default();

	for (size_t i = 0; nodes[i]; i++)
		add_device(outside, nodes[i]);
	for (size_t i = 0; lx && i < lx->n_devices; i++)
		add_device(outside, lx->devices[i].path);
	for (size_t i = 0; lx && i < lx->n_masked_paths; i++) {
		struct outside_mount *mask =
			add(outside, mount_clean_path(lx->masked_paths[i]), OUTSIDE_MASK, xstrdup("/dev/null"));

		mask->file_only = true;
		mask->attrs = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
	}
}

int outside_list(const struct oci_config *config, const char *bundle, const struct rootfs_cgroup *cgroups,
		 size_t n_cgroups, struct outside *ret_outside, struct err *e)
{
	int r;

	*ret_outside = (struct outside){ .mounts = NULL };
	r = mount_plan_make(config, bundle, &ret_outside->plan, e);
	for (size_t i = 0; r == 0 && i < ret_outside->plan.n_entries; i++) {
		const struct mount_entry *entry = &ret_outside->plan.entries[i];

		if (entry->kind == MOUNT_BIND)
			add(ret_outside, xstrdup(entry->clean), entry->clean, xstrdup(entry->source))->options =
				&entry->options;
		else if (entry->kind == MOUNT_CGROUP)
			add_cgroups(ret_outside, entry, cgroups, n_cgroups);
	}
	if (r == 0)
		add_devices_and_masks(ret_outside, config);
	return r;
}

void outside_done(struct outside *outside)
{
	for (size_t i = 0; i < outside->n_mounts; i++) {
		free(outside->mounts[i].place);
		free(outside->mounts[i].name);
		free(outside->mounts[i].source);
	}
	free(outside->mounts);
	mount_plan_done(&outside->plan);
	*outside = (struct outside){ .mounts = NULL };
}

bool outside_is_first(const struct outside *outside, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (strcmp(outside->mounts[i].name, outside->mounts[index].name) == 0)
			return false;
	return true;
}

/* The place of the mount with this number, as a descriptor. */
static int make_stage(int directory, size_t number, bool is_directory)
{
	char name[32];
	int fd;

	snprintf(name, sizeof(name), "%zu", number);
	if (is_directory && mkdirat(directory, name, 0700) < 0)
		return -errno;
	fd = openat(directory, name, is_directory ? O_PATH | O_CLOEXEC : O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

static int stage_one(const struct outside_mount *mount, size_t number, int directory, struct err *e)
{
	const struct mnt_attr attr = { .set = mount->attrs };
	_cleanup_close_ int clone = mnt_clone(AT_FDCWD, mount->source, false, false), place = -EBADF;
	struct stat st;
	int r;

	/* A device that the container's /dev has as a node of its own, so that nobody asks for the host's. */
	if (clone == -ENOENT && !mount->options)
		return 0;
	r = clone < 0 ? clone : fstat(clone, &st) < 0 ? -errno : 0;
	if (r == 0 && mount->options && mount_attrs_apply(clone, mount->options, false, e) < 0)
		return err_wrap(e, "mounts: %s", mount->place);
	if (r == 0 && !mount->options && mount->attrs)
		r = mnt_set_attr(clone, &attr, false);
	if (r == 0)
		r = place = make_stage(directory, number, S_ISDIR(st.st_mode));
	if (r >= 0)
		r = mnt_attach(clone, place);
	return r < 0 ? err_set(e, r, "%s for %s", mount->source, mount->place) : 0;
}

static int new_stage(const char *path)
{
	_cleanup_close_ int target = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int fd = -EBADF;
	struct mnt_fs fs;
	int r;

	if (target < 0)
		return -errno;
	r = mnt_fs_open("tmpfs", &fs);
	if (r < 0)
		return r;
	r = mnt_fs_set(&fs, "mode", "755");
	if (r >= 0)
		r = fd = mnt_fs_create(&fs, 0);
	mnt_fs_done(&fs);
	if (r >= 0)
		r = mnt_attach(fd, target);
	return r < 0 ? r : TAKE_FD(fd);
}

int outside_stage(const struct outside *outside, const char *directory, struct err *e)
{
	_cleanup_close_ int stage = new_stage(directory);
	int r = 0;

	if (stage < 0)
		return err_set(e, stage, "a file system on %s", directory);
	for (size_t i = 0; r == 0 && i < outside->n_mounts; i++)
		if (outside_is_first(outside, i))
			r = stage_one(&outside->mounts[i], i, stage, e);
	return r;
}

static bool is_below(const char *path, const char *directory)
{
	size_t n = strlen(directory);

	return strncmp(path, directory, n) == 0 && path[n] == '/';
}

/* What lies on an earlier mount comes with it. */
static bool is_on_root(const struct mount_plan *plan, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (is_below(plan->entries[index].clean, plan->entries[i].clean))
			return false;
	return strcmp(plan->entries[index].clean, "/") != 0;
}

static int make_target(int root, const struct mount_entry *entry, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat st;

	if (entry->kind == MOUNT_BIND && stat(entry->source, &st) < 0)
		return err_set(e, -errno, "mounts[%zu] %s: source %s", entry->index, entry->destination, entry->source);
	if (entry->kind == MOUNT_BIND && !S_ISDIR(st.st_mode))
		fd = pathat_create_file(root, entry->clean, 0644);
	else
		fd = pathat_mkdir_p(root, entry->clean, 0755);
	return fd < 0 ? err_set(e, fd, "mounts[%zu] %s: make the place for it in root.path", entry->index,
				entry->destination)
		      : 0;
}

int outside_make_targets(const struct oci_config *config, const char *bundle, struct err *e)
{
	_cleanup_free_ char *path = rootfs_path(config, bundle);
	_cleanup_close_ int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct mount_plan plan;
	mode_t umask_before;
	int r;

	if (root < 0)
		return err_set(e, -errno, "root.path: %s", path);
	r = mount_plan_make(config, bundle, &plan, e);
	umask_before = umask(0);
	for (size_t i = 0; r == 0 && i < plan.n_entries; i++)
		if (plan.entries[i].kind != MOUNT_REMOUNT && is_on_root(&plan, i))
			r = make_target(root, &plan.entries[i], e);
	umask(umask_before);
	mount_plan_done(&plan);
	return r;
}
