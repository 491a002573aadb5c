/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The annotations that make the root something else than the directory root.path:
 *
 *	org.ocirun.rootfs.image             an image file (squashfs, erofs, ext4)
 *	org.ocirun.rootfs.overlay.lower     directories or image files, the topmost first, separated by colons
 *	                                    (a backslash makes one an ordinary character); default: root.path
 *	org.ocirun.rootfs.overlay.upper     the directory that takes the changes, or "tmpfs"
 *	org.ocirun.rootfs.overlay.work      an empty directory beside it
 *	org.ocirun.rootfs.overlay.size      of the tmpfs
 *	org.ocirun.rootfs.overlay.volatile  "true": no sync, the changes do not survive a crash of the host
 *	org.ocirun.rootfs.overlay.idmap     "true": ids of the lower directories are shifted into the container's user
 *	                                    namespace, as those of images are always
 *
 * Relative paths are relative to the bundle.  Pure: reads the config alone.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "libocispec-lite/ocispec-lite.h"

#define ROOTLAYERS_IMAGE "org.ocirun.rootfs.image"
#define ROOTLAYERS_PREFIX "org.ocirun.rootfs.overlay."

struct rootlayers {
	struct strv lower; /* absolute, at least one */
	char *upper;       /* absolute, or NULL */
	char *work;        /* with upper */
	bool upper_tmpfs;  /* instead of these */
	const char *size;  /* of the tmpfs, or NULL; borrowed */
	bool is_volatile;
	bool idmap;
};

/* Is any of the annotations there? */
bool rootlayers_wanted(const struct oci_config *config);

/* Read and judge them.  rootlayers_done() also after a failure. */
int rootlayers_read(const struct oci_config *config, const char *bundle, struct rootlayers *ret_layers,
		    struct err *e);
void rootlayers_done(struct rootlayers *layers);

static inline bool rootlayers_writable(const struct rootlayers *layers)
{
	return layers->upper || layers->upper_tmpfs;
}

/* Layers stand behind mounts[] where sources are numbered: see ROOTFS_SOURCE_ROOT. */
size_t rootlayers_index(size_t n);
size_t rootlayers_of_index(size_t index);
