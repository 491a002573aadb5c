/* SPDX-License-Identifier: Apache-2.0 */
/* What this build is, for --version and `features`. */
#pragma once

/* The newest version of the OCI runtime specification that is followed. */
#define RUNTIME_SPEC_VERSION "1.3.0"
#define RUNTIME_SPEC_VERSION_MIN "1.0.0"

/* What was chosen at configure time: "+SECCOMP +CAP ... -SYSTEMD". Static memory. */
const char *runtime_build(void);
