/* SPDX-License-Identifier: Apache-2.0 */
/* The container's seccomp filter, from linux.seccomp and the annotations around it. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "libocispec-lite/ocispec-lite.h"
#include "seccomp/seccomp.h"

/* What the environment of create names for notifications, or NULL. It is kept in the record. */
const char *filter_receiver_from_environment(void);

/* Judge and compile.  receiver: where notifications go when the config does not tell, or NULL.  *ret_have: there is a
   filter, for seccomp_program_done(). */
int filter_make(const struct oci_config *config, const char *receiver, struct seccomp_program *ret_program,
		bool *ret_have, struct err *e);

/* Where the notifications go: listenerPath, or what run.oci.seccomp.receiver names, or the receiver; NULL: nowhere. */
const char *filter_listener_path(const struct oci_config *config, const char *receiver);
