/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mounts[] of config.json, judged and decided: which kind of mount each entry is, from where, to where,
 * with which options.  Pure: reads the config and nothing of the system, so that a plan can be made and
 * shown anywhere.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "libocispec-lite/ocispec-lite.h"
#include "mount/options.h"

enum mount_kind {
	MOUNT_BIND,
	MOUNT_REMOUNT, /* attributes of a mount that is there already */
	MOUNT_PROC,
	MOUNT_SYSFS,
	MOUNT_TMPFS,
	MOUNT_DEVPTS,
	MOUNT_MQUEUE,
	MOUNT_CGROUP, /* "cgroup" and "cgroup2" */
	MOUNT_OVERLAY,
	MOUNT_FUSE,   /* "fuse.PROGRAM", served by a program that we start */
	MOUNT_FS,     /* any other type: the kernel knows it or not */
};

struct mount_entry {
	size_t index;                  /* in mounts[] */
	const struct oci_mount *mount; /* borrowed from the config */
	enum mount_kind kind;
	char *destination;             /* as in the config, but absolute */
	char *clean;                   /* the same without "//", "." and ".."; for comparisons, never for opening */
	char *source;                  /* MOUNT_BIND: absolute; else NULL */
	struct mount_options options;
};

struct mount_plan {
	struct mount_entry *entries;
	size_t n_entries;
};

/* The bundle is absolute.  The plan borrows from the config; mount_plan_done() also after a failure.
   Errors begin with "mounts[N] DESTINATION: ". */
int mount_plan_make(const struct oci_config *config, const char *bundle, struct mount_plan *ret_plan,
		    struct err *e);
void mount_plan_done(struct mount_plan *plan);

/* Only entry `index`: what rootfs_make_source() needs. */
int mount_entry_make(const struct oci_config *config, const char *bundle, size_t index,
		     struct mount_entry *ret_entry, struct err *e);
void mount_entry_done(struct mount_entry *entry);

/* A path without "//", "." and "..", absolute ("..", above the root, stays there).  New memory. */
char *mount_clean_path(const char *path);

/* Is a clean path beneath another, and not the same? */
bool mount_is_below(const char *path, const char *above);

/* May something be mounted on this cleaned path ("/proc/cpuinfo")?  Inside /proc only on files that
   programs like lxcfs replace: anything else there could swallow what the runtime writes to procfs
   (CVE-2019-16884, CVE-2025-52881). "/proc" itself is not inside. */
bool mount_allowed_in_proc(const char *clean);

/* The value of an annotation of the config, or NULL. */
const char *mount_annotation(const struct oci_config *config, const char *key);

/* True when the entry wants ids shifted: idmap, ridmap, or mappings of its own. */
bool mount_entry_wants_idmap(const struct mount_entry *entry);
