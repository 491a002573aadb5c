/* SPDX-License-Identifier: Apache-2.0 */
/* Labels that take effect at the next execve: AppArmor and SELinux by /proc/thread-self/attr.  -errno. */
#pragma once

#include <stdbool.h>

/* Is the module active? Told by its file system entries. */
bool lsm_have_apparmor(void);
bool lsm_have_selinux(void);

/* The files are reached in a verified procfs only (CVE-2019-16884). -EINVAL, -ENOENT: no such profile. */
int lsm_set_apparmor(const char *profile);
int lsm_set_selinux(const char *label);

/* The SELinux label of keyrings that this thread makes from now on until execve. */
int lsm_set_keycreate(const char *label);
