/* SPDX-License-Identifier: Apache-2.0 */
/* The container's seccomp filter, from linux.seccomp and the annotations around it. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "libocispec-lite/ocispec-lite.h"
#include "seccomp/seccomp.h"

/* Judge and compile.  *ret_have: there is a filter, for seccomp_program_done(). */
int filter_make(const struct oci_config *config, struct seccomp_program *ret_program, bool *ret_have, struct err *e);

/* Where the notifications go: listenerPath, or what run.oci.seccomp.receiver names; NULL: nowhere. */
const char *filter_listener_path(const struct oci_config *config);
