/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts of type overlay: layers are paths of the host (relative ones: to the bundle) and travel as
 * descriptors, so that their length and the characters in them do not matter.
 */
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "mount/plan.h"
#include "mount/tree.h"

/* Are the layer options there and consistent?  Pure. */
int overlay_check(const struct mount_entry *entry, struct err *e);

struct overlay_layer {
	const char *key; /* of FSCONFIG_SET_FD: "lowerdir+", "datadir+", "upperdir", "workdir" */
	char *path;      /* absolute, for messages; owned */
	int fd;          /* O_PATH, or a mount; owned */
	int detached;    /* the mount that it is in, if that is ours and attached nowhere; borrowed; else -EBADF */
};

struct overlay_layers {
	struct overlay_layer *v; /* lower ones, the topmost first, then upper and work */
	size_t n;
	size_t n_lower;
	const struct overlay_layer *upper, *work; /* or NULL */
	size_t n_text; /* bytes of all lower layers, where the kernel wanted them in one text; else 0 */
	size_t n_lent; /* mounts that are attached only until the overlay is made: layer.h */
};

/* Add a layer, with a copy of path and both descriptors -EBADF; and give all of them up. */
struct overlay_layer *overlay_add_layer(struct overlay_layers *layers, const char *key, const char *path);
void overlay_layers_done(struct overlay_layers *layers);

/* The path of lower layer n of a mount of type overlay, from the top.  New memory; NULL: there is none. */
char *overlay_lower_path(const struct mount_entry *entry, const char *bundle, size_t n);

/* The path of its upper directory.  New memory; NULL: there is none. */
char *overlay_upper_path(const struct mount_entry *entry, const char *bundle);

/* A detached overlay of these layers, with the options of the entry. */
int overlay_make(const struct rootfs *rootfs, const struct mount_entry *entry, struct overlay_layers *layers,
		 struct err *e);

/* Explain a failure of the kernel's: its words, or "", and the cause that can be found.  Returns code. */
int overlay_explain(struct err *e, int code, const struct mount_entry *entry, const struct overlay_layers *layers,
		    bool userns, const char *words);

int overlay_mount(struct rootfs *rootfs, const struct mount_entry *entry, struct err *e);
