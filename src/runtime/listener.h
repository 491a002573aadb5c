/* SPDX-License-Identifier: Apache-2.0 */
/* The seccomp listener's way to its agent (config-linux.md, "The Container Process State"). */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "libocispec-lite/ocispec-lite.h"
#include "runtime/state.h"

/* Send fd, which stays the caller's, with the state of the container and of the process `pid` to the agent
   (filter_listener_path()). */
int listener_hand_over(const struct oci_config *config, const struct state_document *document, enum oci_status status,
		       int64_t pid, int fd, struct err *e);
