/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Image files as read-only directories: by the kernel, for the privileged, or by a FUSE program that reads the
 * format without privilege.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "mount/tree.h"

enum image_type { IMAGE_SQUASHFS, IMAGE_EROFS, IMAGE_EXT };

/* Told by the magic number, never by the name of the file. */
int image_identify(const char *path, enum image_type *ret_type, struct err *e);

/* The programs that serve a type, the best first, NULL-terminated; and what "-o" they need. */
const char *const *image_programs(enum image_type type);
const char *image_options(enum image_type type);

/* In the runtime: a detached mount of the image at path, by the kernel, with linux.mountLabel, its ids shifted into
   userns_fd (or -EBADF).  -EOPNOTSUPP: this has to be left to FUSE, *e says why. */
int image_make_source(const struct oci_config *config, const char *path, int userns_fd, struct err *e);

/* In init: the image that is layer `n` of the root, by the runtime or by FUSE; `path` is its file.  A detached mount;
   *ret_foreign: of another user namespace, so that it is no layer of an overlay before it is attached. */
int image_open(struct rootfs *rootfs, size_t n, const char *path, bool *ret_foreign, struct err *e);
