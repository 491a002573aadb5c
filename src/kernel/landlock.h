/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Landlock (landlock(7)): a ruleset says what a process and its children may still do.  What a ruleset handles is
 * denied unless a rule allows it, and what it does not handle stays as it was.  Returns are descriptors, 0 or -errno.
 */
#pragma once

#include <stdint.h>

/* Rights on files, LANDLOCK_ACCESS_FS_*; the kernel headers that we build with end at the second version. */
#define LANDLOCK_FS_EXECUTE (1ULL << 0)
#define LANDLOCK_FS_WRITE_FILE (1ULL << 1)
#define LANDLOCK_FS_READ_FILE (1ULL << 2)
#define LANDLOCK_FS_READ_DIR (1ULL << 3)
#define LANDLOCK_FS_REMOVE (3ULL << 4)    /* REMOVE_DIR, REMOVE_FILE */
#define LANDLOCK_FS_MAKE (0x7fULL << 6)   /* MAKE_CHAR to MAKE_SYM */
#define LANDLOCK_FS_REFER (1ULL << 13)    /* version 2 */
#define LANDLOCK_FS_TRUNCATE (1ULL << 14) /* version 3 */
#define LANDLOCK_FS_IOCTL_DEV (1ULL << 15) /* version 5 */

/* Rights on TCP ports, version 4: LANDLOCK_ACCESS_NET_*. */
#define LANDLOCK_NET_BIND (1ULL << 0)
#define LANDLOCK_NET_CONNECT (1ULL << 1)

/* What may not leave the sandbox, version 6: LANDLOCK_SCOPE_*. */
#define LANDLOCK_SCOPE_ABSTRACT (1ULL << 0)
#define LANDLOCK_SCOPE_SIGNALS (1ULL << 1)

/* struct landlock_ruleset_attr; an older kernel takes it as long as it does not know what is set in it. */
struct landlock_handled {
	uint64_t fs, net, scoped;
};

/* The kernel's version of Landlock; -ENOSYS: it has none, -EOPNOTSUPP: it was not enabled when it booted. */
int landlock_version(void);

/* A new ruleset, as a descriptor. */
int landlock_create(const struct landlock_handled *handled);

/* Allow the file, or everything beneath the directory, that path_fd (O_PATH is enough) refers to.  Of a file that is no
   directory the rights that only directories have are left out. */
int landlock_allow_path(int ruleset, int path_fd, uint64_t rights);
int landlock_allow_port(int ruleset, uint16_t port, uint64_t rights);

/* Restrict this thread; -EPERM without no_new_privs and CAP_SYS_ADMIN. */
int landlock_restrict(int ruleset);
