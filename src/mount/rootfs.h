/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's file system tree: root and mounts[] of config.json, default devices, masked and
 * read-only paths.  Runs in the process that becomes the container, inside its namespaces, and
 * works with descriptors only: a path of the container is resolved beneath its root, once.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"
#include "kernel/userns.h"
#include "libocispec-lite/ocispec-lite.h"

/* One cgroup hierarchy to show (cgroup/cgroup.h, struct cgroup_hierarchy, filled in by runtime). */
struct rootfs_cgroup {
	const char *name, *mountpoint, *options, *path;
	bool own; /* the path is the container's alone; else others are there, too, and it is shown read-only */
	bool v2;
};

struct rootfs_env {
	const struct oci_config *config; /* outlives the rootfs */
	const char *bundle;              /* absolute */
	unsigned new_namespaces;         /* CLONE_NEW* that were made for this container */
	bool userns;                     /* we are not in the initial user namespace */
	const struct userns_map *uids, *gids; /* the container's map; NULL: no user namespace was made for it */
	bool joined_userns;              /* it has joined one by its path; the map is then read here */
	bool new_mount_ns;               /* false: the tree is assembled in the mount namespace we are in */
	bool no_pivot;
	const struct rootfs_cgroup *cgroups;
	size_t n_cgroups;
	/* Ask the runtime, which has the host's privileges and mount namespace, for a detached clone of
	   mounts[index]'s source, or of root.path (ROOTFS_SOURCE_ROOT): rootfs_make_source() there.
	   Returns a descriptor or a negative errno with *e set.  NULL: there is nobody to ask. */
	int (*ask_source)(void *ctx, size_t index, struct err *e);
	/* Have the runtime start the server of mounts[index], or of another rootfs_fuse_server(); device_fd is
	   its /dev/fuse, of which the caller closes its own copy.  NULL: there is nobody to ask. */
	int (*start_fuse)(void *ctx, size_t index, int device_fd, struct err *e);
	void *ask_ctx;
};

struct rootfs; /* opaque */

#define ROOTFS_SOURCE_ROOT SIZE_MAX          /* in place of an index: root.path */
#define ROOTFS_SOURCE_OVERLAY (SIZE_MAX - 1) /* the overlay that is the root; below it its layers, the topmost first */
#define ROOTFS_MAX_LAYERS 500                /* of one overlay: the kernel's OVL_MAX_STACK */
#define ROOTFS_SOURCE_LAYER_SHIFT 20         /* far beyond fs.mount-max */

/* And a lower layer of mounts[index], an overlay: clear of the numbers above. */
static inline size_t rootfs_source_layer(size_t index, size_t layer)
{
	return index | ((layer + 1) << ROOTFS_SOURCE_LAYER_SHIFT);
}

/* root.path as an absolute path, relative to the bundle where it is relative.  New memory. */
char *rootfs_path(const struct oci_config *config, const char *bundle);

/* In the runtime, before anything is made: judge root and mounts[] as far as that is possible without
   touching anything (destinations, options, types, the root directory's existence). */
int rootfs_check(const struct oci_config *config, const char *bundle, struct err *e);

/* In the runtime: the detached clone that ask_source is about.  userns_fd is the container's user
   namespace, or -EBADF.  Returns the descriptor.  -EPERM: the runtime is not privileged enough, and the
   container's process goes on with what it can do itself.  *e does not name the mount: rootfs_assemble()
   does, when it gets the error as the answer to ask_source. */
int rootfs_make_source(const struct oci_config *config, const char *bundle, size_t index, int userns_fd,
		       struct err *e);

/* The program that serves a FUSE mount of the container. */
struct rootfs_fuse_server {
	char *what;            /* the user's thing, for messages */
	struct strv programs;  /* names to look up in PATH, or absolute paths: the first that is there */
	char *source;          /* a path on the host, or NULL: there is none */
	bool source_is_word;   /* it is no path, but the program's to understand */
	char *options;         /* of "-o", or "" */
	bool in_userns;        /* it needs the ids of the container: run it as root of its user namespace */
};

/* In the runtime: the server that start_fuse is about.  rootfs_fuse_server_done() also after a failure. */
int rootfs_fuse_server(const struct oci_config *config, const char *bundle, size_t index,
		       struct rootfs_fuse_server *ret_server, struct err *e);
void rootfs_fuse_server_done(struct rootfs_fuse_server *server);

/* In the runtime, when init's pid is known and before it mounts: note on the upper directories of the root's overlay
   and of those in mounts[] that they are this process's.  -EBUSY: one is that of another one which is alive. */
int rootfs_claim_upper(const struct oci_config *config, const char *bundle, const char *id, pid_t pid,
		       uint64_t start_time, struct err *e);

/* Assemble everything and attach it; the process is still outside: "/" is the host's. */
int rootfs_assemble(const struct rootfs_env *env, struct rootfs **ret_rootfs, struct err *e);

/* The directory that will be "/", borrowed. */
int rootfs_fd(const struct rootfs *rootfs);

/* Make the terminal appear as /dev/console: a bind of the slave on an ordinary file of the container's
   own /dev, never through a symlink (CVE-2025-52565). */
int rootfs_bind_console(struct rootfs *rootfs, int slave_fd, struct err *e);

/* Make it "/": pivot_root, or what replaces it; then root.readonly and rootfsPropagation. */
int rootfs_enter(struct rootfs *rootfs, struct err *e);
void rootfs_free(struct rootfs *rootfs);

/* Where there is no mount namespace of the container's own, the tree stays attached at root.path: its id
   (statx(2), stx_mnt_id), to be kept until rootfs_detach(); 0 with a mount namespace. */
uint64_t rootfs_mount_id(const struct rootfs *rootfs);

/* Undo that: unmount the tree at path (absolute), if it is still the mount of that id.  A path that is
   gone, or has another mount on top, is left alone. */
int rootfs_detach(const char *path, uint64_t mount_id, struct err *e);

/* The mount options that are recognised, for `features`: sorted, NULL-terminated. */
const char *const *rootfs_mount_options(void);
