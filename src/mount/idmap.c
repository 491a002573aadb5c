/* SPDX-License-Identifier: Apache-2.0 */
/* Idmapped mounts: see idmap.h. */
#include "mount/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/str.h"
#include "kernel/mnt.h"
#include "kernel/sock.h"
#include "kernel/spawn.h"
#include "kernel/syscalls.h"

/* Both maps of a mount; ids are as in uid_map: `inside` is what the file system has stored, `outside`
   what is shown. */
struct maps {
	struct userns_map uids, gids;
};

static void maps_done(struct maps *maps)
{
	userns_map_done(&maps->uids);
	userns_map_done(&maps->gids);
}

/* Exactly three numbers: splitting forgives empty parts, as in "-1-0-1". */
static int parse_numbers(const char *text, uint32_t ids[3])
{
	struct strv parts = STRV_INIT;
	size_t dashes = 0;
	int r;

	for (const char *p = strchr(text, '-'); p; p = strchr(p + 1, '-'))
		dashes++;
	strv_split(&parts, text, '-');
	r = parts.n == 3 && dashes == 2 ? 0 : -EINVAL;
	for (size_t i = 0; r >= 0 && i < 3; i++)
		r = str_to_u32(parts.v[i], &ids[i]);
	strv_done(&parts);
	return r;
}

/* "0-1000-1": stored, shown, how many; "@" before it: what is shown is an id of the container. */
static int parse_range(const char *text, const struct userns_map *container, struct userns_map *map)
{
	bool relative = *text == '@';
	uint32_t ids[3], host;
	int r = parse_numbers(text + relative, ids);

	if (r < 0)
		return r;
	if (ids[2] == 0 || ids[0] > UINT32_MAX - ids[2] || ids[1] > UINT32_MAX - ids[2])
		return -ERANGE;
	if (relative && container) {
		if (!userns_map_to_outside(container, ids[1], &host))
			return -EOVERFLOW;
		ids[1] = host;
	}
	userns_map_add(map, ids[0], ids[1], ids[2]);
	return 0;
}

static int parse_ranges(const char *text, const struct userns_map *container, struct userns_map *map)
{
	struct strv ranges = STRV_INIT;
	int r;

	strv_split(&ranges, text, '#');
	r = ranges.n > 0 ? 0 : -EINVAL;
	for (size_t i = 0; r >= 0 && i < ranges.n; i++)
		r = parse_range(ranges.v[i], container, map);
	strv_done(&ranges);
	return r;
}

/* "uids=0-1000-1#1-100000-65536;gids=0-1000-1" */
static int parse_text(const char *text, const struct idmap_env *env, struct maps *maps, struct err *e)
{
	struct strv parts = STRV_INIT;
	int r = 0;

	strv_split(&parts, text, ';');
	for (size_t i = 0; r >= 0 && i < parts.n; i++) {
		if (str_starts(parts.v[i], "uids="))
			r = parse_ranges(parts.v[i] + 5, env ? env->uids : NULL, &maps->uids);
		else if (str_starts(parts.v[i], "gids="))
			r = parse_ranges(parts.v[i] + 5, env ? env->gids : NULL, &maps->gids);
		else
			r = -EINVAL;
	}
	strv_done(&parts);
	if (r >= 0 && (!maps->uids.n_extents || !maps->gids.n_extents))
		r = -EINVAL;
	if (r == -EOVERFLOW)
		return err_say(e, r, "\"idmap=%s\": an id after \"@\" does not exist in the container", text);
	if (r < 0)
		return err_say(e, r, "\"idmap=%s\" is no mapping: \"uids=STORED-SHOWN-COUNT#...;gids=...\" is expected",
			       text);
	return 0;
}

int idmap_check(const struct mount_entry *entry, struct err *e)
{
	_cleanup_(maps_done) struct maps maps = { .uids = { .n_extents = 0 } };

	return entry->options.idmap ? parse_text(entry->options.idmap, NULL, &maps, e) : 0;
}

static void add_config(const struct oci_id_mapping *mappings, size_t n, struct userns_map *map)
{
	for (size_t i = 0; i < n; i++)
		userns_map_add(map, mappings[i].container_id, mappings[i].host_id, mappings[i].size);
}

/* Inside the container's user namespace "shown" has to be said in its ids; a range may not leave the
   range of the container that holds its first id. */
static bool translate(struct userns_map *map, const struct userns_map *container)
{
	for (size_t i = 0; i < map->n_extents; i++) {
		struct userns_extent *extent = &map->extents[i];
		uint32_t first, last;

		if (!userns_map_to_inside(container, extent->outside, &first) ||
		    !userns_map_to_inside(container, extent->outside + (extent->count - 1), &last) ||
		    last - first != extent->count - 1)
			return false;
		extent->outside = first;
	}
	return true;
}

static int make_maps(const struct mount_entry *entry, const struct idmap_env *env, struct maps *maps, struct err *e)
{
	const struct oci_mount *mount = entry->mount;
	int r = 0;

	add_config(mount->uid_mappings, mount->n_uid_mappings, &maps->uids);
	add_config(mount->gid_mappings, mount->n_gid_mappings, &maps->gids);
	if (entry->options.idmap)
		r = parse_text(entry->options.idmap, env, maps, e);
	if (r < 0 || !env->inside || !env->uids || !env->gids)
		return r;
	if (!translate(&maps->uids, env->uids) || !translate(&maps->gids, env->gids))
		return err_say(e, -EINVAL, "the mapping of this mount leads to ids that the container's user namespace "
					   "does not have");
	return 0;
}

/*
 * The child that lends its user namespace.  It must be dumpable, or else its /proc/self/uid_map belongs to
 * root of the initial namespace (proc(5)); so it first gives up every descriptor that came with fork.
 */
static void lend_userns(int sock)
{
	int fds[2] = { open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC),
		       open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC) };
	int keep[] = { sock, fds[0], fds[1] };
	char byte = 0;
	size_t n = 0;

	if (fds[0] < 0 || fds[1] < 0 || fdio_close_except(0, keep, ARRAY_SIZE(keep)) < 0)
		_exit(1);
	if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0 || sock_send(sock, &byte, 1, fds, 2) < 0)
		_exit(1);
	sock_recv(sock, &byte, 1, NULL, 0, &n);
	_exit(0);
}

/* Take /proc/PID and the namespace from the child, and write the maps. */
static int write_maps(int sock, const struct maps *maps)
{
	_cleanup_close_ int proc_fd = -EBADF, ns_fd = -EBADF;
	int fds[2];
	size_t n_fds = 0;
	char byte;
	ssize_t n = sock_recv(sock, &byte, 1, fds, 2, &n_fds);
	int r;

	if (n < 0)
		return (int)n;
	if (n_fds != 2)
		return -EIO;
	proc_fd = fds[0];
	ns_fd = fds[1];
	r = userns_write_map(proc_fd, "uid_map", &maps->uids);
	if (r >= 0)
		r = userns_write_map(proc_fd, "gid_map", &maps->gids);
	return r < 0 ? r : TAKE_FD(ns_fd);
}

/* A user namespace with these maps that lives only as long as its descriptor, which is returned. */
static int make_userns(const struct maps *maps)
{
	_cleanup_close_ int ours = -EBADF, theirs = -EBADF, pidfd = -EBADF;
	int pair[2], status, r;
	pid_t pid;

	r = sock_pair(pair);
	if (r < 0)
		return r;
	ours = pair[0];
	theirs = pair[1];
	pid = spawn_clone(CLONE_NEWUSER, -EBADF, &pidfd);
	if (pid < 0)
		return pid;
	if (pid == 0) {
		close(ours);
		lend_userns(theirs);
	}
	fd_close(&theirs);
	r = write_maps(ours, maps);
	spawn_signal(pidfd, SIGKILL);
	spawn_wait(pidfd, &status);
	return r;
}

static int explain(int code, const struct mount_entry *entry, const struct idmap_env *env, struct err *e)
{
	if (code == -EPERM) {
		err_set(e, code, "its ids cannot be shifted (idmap)");
		return err_hint(e, "that takes CAP_SYS_ADMIN in the user namespace where the file system was mounted, "
				   "which the container's%s is not: start the container as root, or use a tmpfs or an "
				   "image that is mounted in the container", env->inside ? " user namespace" : " runtime");
	}
	if (code == -EINVAL) {
		err_set(e, code, "its ids cannot be shifted: the file system of %s%s does not support idmapped "
			"mounts on this kernel", entry->source ? entry->source : entry->mount->type,
			entry->options.own & MOUNT_OWN_RIDMAP ? ", or one that is mounted below it," : "");
		if (entry->kind == MOUNT_FUSE)
			return err_hint(e, "FUSE does since Linux 6.12, if the server asks for it when it starts "
					   "(FUSE_ALLOW_IDMAP)");
		return err_hint(e, "a tmpfs does since Linux 6.3, and most that are on disks did before");
	}
	return err_set(e, code, "its ids cannot be shifted (idmap)");
}

static int shift(int mnt_fd, int userns_fd, bool recursive)
{
	struct mnt_attr attr = { .set = MOUNT_ATTR_IDMAP, .userns_fd = userns_fd };

	return mnt_set_attr(mnt_fd, &attr, recursive);
}

/* Each id of this namespace to itself: for a file system that this namespace owns. */
static void identity(const struct userns_map *container, struct userns_map *map)
{
	for (size_t i = 0; i < container->n_extents; i++)
		userns_map_add(map, container->extents[i].inside, container->extents[i].inside,
			       container->extents[i].count);
}

/*
 * By the container's own namespace, from within it.  EINVAL: either the file system was mounted in it, so
 * that its ids are right already, or it has no idmapped mounts; a nested namespace with the same ids
 * tells which, and changes nothing where it works.
 */
static int apply_own(int mnt_fd, const struct mount_entry *entry, const struct idmap_env *env, bool recursive,
		     struct err *e)
{
	_cleanup_close_ int own_fd = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC), nested_fd = -EBADF;
	_cleanup_(maps_done) struct maps maps = { .uids = { .n_extents = 0 } };
	int r;

	if (own_fd < 0)
		return err_set(e, -errno, "cannot open the user namespace");
	r = shift(mnt_fd, own_fd, recursive);
	if (r != -EINVAL)
		return r < 0 ? explain(r, entry, env, e) : 0;
	identity(env->uids, &maps.uids);
	identity(env->gids, &maps.gids);
	nested_fd = make_userns(&maps);
	if (nested_fd < 0)
		return err_set(e, nested_fd, "cannot make a user namespace for idmap");
	r = shift(mnt_fd, nested_fd, recursive);
	return r < 0 ? explain(r, entry, env, e) : 0;
}

int idmap_apply(int mnt_fd, const struct mount_entry *entry, const struct idmap_env *env, bool fresh,
		struct err *e)
{
	bool recursive = !fresh && (entry->options.own & MOUNT_OWN_RIDMAP);
	bool own_map = entry->options.idmap || entry->mount->n_uid_mappings > 0;
	_cleanup_(maps_done) struct maps maps = { .uids = { .n_extents = 0 } };
	_cleanup_close_ int userns_fd = -EBADF;
	int r;

	if (!own_map && env->userns_fd < 0 && !env->inside)
		return err_say(e, -EINVAL, "idmap without a mapping uses the container's user namespace, and it has none");
	if (!own_map && fresh)
		return 0;
	if (!own_map && env->inside)
		return apply_own(mnt_fd, entry, env, recursive, e);
	if (!own_map) {
		r = shift(mnt_fd, env->userns_fd, recursive);
		return r < 0 ? explain(r, entry, env, e) : 0;
	}
	r = make_maps(entry, env, &maps, e);
	if (r < 0)
		return r;
	userns_fd = make_userns(&maps);
	if (userns_fd < 0)
		return err_set(e, userns_fd, "cannot make a user namespace with the mapping of this mount");
	r = shift(mnt_fd, userns_fd, recursive);
	return r < 0 ? explain(r, entry, env, e) : 0;
}
