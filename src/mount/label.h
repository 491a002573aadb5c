/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.mountLabel: the SELinux context of the files of a new file system (mount(8), "context").  Binds, proc, sysfs
 * and cgroups keep the labels that they have for everybody.
 */
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "kernel/mnt.h"
#include "mount/tree.h"

/* Before anything is made: is the label one of the loaded policy, and the option that shall carry it one of those? */
int label_check(const struct oci_config *config, struct err *e);

/* Sets rootfs->label; warns when there is a label and no SELinux. */
void label_find(struct rootfs *rootfs);

/* Give the file system that is being configured the label, if there is one.  options: those of its entry, which may
   have a context of their own; or NULL.  -errno, with what is to be said in words. */
int label_set(const struct mnt_fs *fs, const struct rootfs *rootfs, const struct mount_options *options, char *words,
	      size_t n_words);

/* The same for an image that the runtime mounts, before there is a root. */
int label_set_image(const struct mnt_fs *fs, const struct oci_config *config);

/* The same for a mount whose type takes no such option: its root has the label. */
int label_root(const struct rootfs *rootfs, int mnt_fd, struct err *e);

/* What to say when creating the file system failed with code; writes nothing when the label is not the reason. */
void label_explain(const struct rootfs *rootfs, const char *type, int code, char *words, size_t n_words);

/* The context that stands in a word of options: mount(8) has it in quotes, for the commas; fsconfig(2) has not.
   A copy without quotes, or NULL when the word is no such option or has no quotes. */
char *label_unquote(const char *word);
