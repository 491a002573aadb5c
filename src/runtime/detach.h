/* SPDX-License-Identifier: Apache-2.0 */
/* The tree of a container without a mount namespace of its own: it stays mounted, and create and delete take it down. */
#pragma once

#include "base/err.h"
#include "libocispec-lite/ocispec-lite.h"
#include "runtime/state.h"

/* Unmount it, in the mount namespace that the config (NULL: it could not be read) names by its path, or else in the
   present one.  Does nothing for a container that has a mount namespace, and leaves mounts alone that are others'. */
int detach_root(const struct state_document *document, const struct oci_config *config, struct err *e);
