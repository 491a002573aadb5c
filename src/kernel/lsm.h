/* SPDX-License-Identifier: Apache-2.0 */
/* Labels that take effect at the next execve: AppArmor and SELinux by /proc/thread-self/attr.  -errno. */
#pragma once

#include <stdbool.h>

/* Is SELinux active?  Told by its file system. */
bool lsm_have_selinux(void);

/* Is the label one of the policy that is loaded?  0, also where it cannot be told; -EINVAL; -EOPNOTSUPP: SELinux is not
   active on this machine. */
int lsm_find_selinux(const char *label);

/* What a user can do about a label that is not. */
#define LSM_SELINUX_HINT "it is USER:ROLE:TYPE:LEVEL, each of which the policy has to know and to allow with the others"

/* Is a profile of this name loaded?  0, also where it cannot be told; -ENOENT; -EOPNOTSUPP: AppArmor is not active
   on this machine. */
int lsm_find_apparmor(const char *profile);

/*
 * The files are reached in a verified procfs only (CVE-2019-16884). -ENOENT: no such profile, -EACCES: the profile
 * that confines us does not allow the change.  `no_new_privs`: a process that is confined already keeps its
 * profile beside the new one, since AppArmor lets it get no other then.
 */
int lsm_set_apparmor(const char *profile, bool no_new_privs);
int lsm_set_selinux(const char *label);

/* The SELinux label of keyrings that this thread makes from now on until execve. */
int lsm_set_keycreate(const char *label);
