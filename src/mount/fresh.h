/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New file systems (fsopen(2), fsconfig(2), fsmount(2)), configured from the entry of mounts[] and
 * given to the tree.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "kernel/mnt.h"
#include "mount/plan.h"
#include "mount/target.h"
#include "mount/tree.h"

#define FRESH_WORDS_MAX 500

struct fresh_key {
	const char *key, *value; /* value NULL: a flag */
};

struct fresh {
	const char *type;
	uint64_t attrs;              /* MOUNT_ATTR_* */
	const struct fresh_key *extra; /* beside the data words of the entry */
	size_t n_extra;
	const char *const *skip;     /* data words that are not for the kernel: keys, NULL-terminated; or NULL */
	bool super_ro;               /* "ro" is for the file system as well: it may lie on a device */
	bool no_label;               /* the type takes no SELinux context */
	/* More to configure, if not NULL; 0 or -errno. */
	int (*configure)(const struct mnt_fs *fs, void *ctx);
	void *ctx;
	bool made; /* out: the file system is there, and it was mounting it that failed */
	char words[FRESH_WORDS_MAX]; /* out: what the kernel said about a failure, or "" */
	const char *refused;         /* out: the data word that it was about, if it is known; borrowed */
};

/* The detached mount, or -errno with how->words. */
int fresh_mount(const struct rootfs *rootfs, const struct mount_entry *entry, struct fresh *how);

/* What its failure means: explain_fs(), and which of the config's words it is about.  Returns code. */
int fresh_explain(struct err *e, int code, const struct mount_entry *entry, const struct fresh *how);

/* Shift ids, set propagation, attach: the last steps of all new file systems.  *mnt_fd is taken over where
   rootfs_attach() does. */
int fresh_attach(struct rootfs *rootfs, const struct mount_entry *entry, int *mnt_fd, const struct target *target,
		 struct err *e);

/* Any type that needs no knowledge of ours. */
int fresh_any(struct rootfs *rootfs, const struct mount_entry *entry, struct err *e);
