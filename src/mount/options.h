/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of mounts[].options (config.md, "Linux mount options"; mount(8)): one table says what
 * each means.  The last of contradicting words wins; what no row names is data of the file system.
 * Nothing here touches the system.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* How access times are kept.  The "not" forms only undo: they change a mount that has that mode. */
enum mount_atime {
	MOUNT_ATIME_KEEP,
	MOUNT_ATIME_NOATIME,
	MOUNT_ATIME_RELATIME,
	MOUNT_ATIME_STRICTATIME,
	MOUNT_ATIME_NOT_NOATIME,
	MOUNT_ATIME_NOT_STRICTATIME,
};

/* What is asked of one mount, or of all mounts of a tree. */
struct mount_scope {
	uint64_t set;   /* MOUNT_ATTR_*, never one of the access time modes */
	uint64_t clear; /* the same; nothing is in both */
	enum mount_atime atime;
};

/* Flags of the file system rather than of the mount: they reach fsconfig(2), never mount_setattr(2). */
enum mount_super {
	MOUNT_SUPER_SYNC = 1 << 0,
	MOUNT_SUPER_DIRSYNC = 1 << 1,
	MOUNT_SUPER_LAZYTIME = 1 << 2,
	MOUNT_SUPER_MAND = 1 << 3,
	MOUNT_SUPER_IVERSION = 1 << 4, /* no fsconfig(2) key: file systems that can, keep it always */
	MOUNT_SUPER_SILENT = 1 << 5,   /* no fsconfig(2) key: messages go to the context's reader */
};

/* Words that are ours. */
enum mount_own {
	MOUNT_OWN_BIND = 1 << 0,
	MOUNT_OWN_RBIND = 1 << 1, /* implies MOUNT_OWN_BIND */
	MOUNT_OWN_REMOUNT = 1 << 2,
	MOUNT_OWN_TMPCOPYUP = 1 << 3,
	MOUNT_OWN_COPY_SYMLINK = 1 << 4,
	MOUNT_OWN_SRC_NOFOLLOW = 1 << 5,
	MOUNT_OWN_DEST_NOFOLLOW = 1 << 6,
	MOUNT_OWN_IDMAP = 1 << 7,
	MOUNT_OWN_RIDMAP = 1 << 8, /* implies MOUNT_OWN_IDMAP */
};

struct mount_options {
	struct mount_scope top;  /* the mount itself, words with "r" included */
	struct mount_scope tree; /* the mounts below it: words with "r" only */
	uint64_t propagation;    /* MS_PRIVATE, MS_SLAVE, MS_SHARED, MS_UNBINDABLE, or 0: none was asked */
	bool propagation_recursive;
	unsigned super;          /* enum mount_super that are on */
	unsigned own;            /* enum mount_own */
	const char *idmap;       /* what follows "idmap=" or "ridmap=", borrowed; NULL: nothing */
	struct strv data;        /* "key" or "key=value", for the file system, in order; owned */
};

/* Read the words, which the result borrows from.  Never fails: what a word may not be combined with
   depends on the kind of mount and is judged by the plan. */
void mount_options_parse(const char *const *words, size_t n_words, struct mount_options *ret_options);
void mount_options_done(struct mount_options *options);

/* The value of data word `key`: "" for a word without "=", NULL when it is absent.  The last counts. */
const char *mount_options_data(const struct mount_options *options, const char *key);

/* The fsconfig(2) key for a flag of enum mount_super, or NULL where the kernel has none. */
const char *mount_super_key(enum mount_super flag);

/* "nosuid", ... for one of MOUNT_ATTR_RDONLY, NOSUID, NODEV, NOEXEC, NODIRATIME, NOSYMFOLLOW. */
const char *mount_attr_name(uint64_t attr);

/* All words that are recognised: sorted, NULL-terminated. */
const char *const *mount_option_words(void);
