/* SPDX-License-Identifier: Apache-2.0 */
/* What a profile says about loading: for the files that make programs. */
#pragma once

#include <stdbool.h>

#include "libocispec-lite/oci-config.h"

/* SECCOMP_FILTER_FLAG_* of the profile.  A profile without flags, or none at all (NULL), gets
   SPEC_ALLOW as in the peers: no mitigation that costs speed is forced on a container that did
   not ask for it. */
unsigned seccomp_profile_flags(const struct oci_seccomp *profile);

/* True when some rule has the action NOTIFY. */
bool seccomp_profile_notifies(const struct oci_seccomp *profile);
