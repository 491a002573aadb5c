/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths beneath a root that somebody hostile wrote.  A path is resolved once, as if `root` were
 * "/" (openat2(2), RESOLVE_IN_ROOT; magic links are refused), and from then on only the descriptor
 * is used.  Without openat2 (old seccomp filters answer ENOSYS) the same is done component by
 * component.  All returns are descriptors or -errno, all descriptors are close-on-exec.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Open what is there.  `flags` as open(2), e.g. O_PATH; O_NOFOLLOW applies to the last component. */
int pathat_open(int root, const char *path, int flags);

/* What pathat_open() does where openat2 is missing; exported for the tests.  O_CREAT is not for here. */
int pathat_open_walk(int root, const char *path, int flags);

/* mkdir -p beneath root, for what is missing as a rule, through the symlinks of the image, dangling ones included: their targets
   are created inside the root.  Returns an O_PATH descriptor of the directory.  New directories get `mode` less the
   umask, which the caller sets once for all that it makes (chmod(2) afterwards could hit what has taken the name
   since), and inherit set-gid.  -EAGAIN when somebody keeps exchanging components. */
int pathat_mkdir_p(int root, const char *path, mode_t mode);

/* As pathat_mkdir_p() for the parents (0755), then a regular, empty file; an existing object of any
   kind but a directory (-EISDIR) is returned as it is.  Returns an O_PATH descriptor. */
int pathat_create_file(int root, const char *path, mode_t mode);

/* The parent directory of path (made when missing, as above) and the name of the last component,
   for mknodat(2), symlinkat(2), mkfifo.  Slashes at the end are ignored, and a symlink there is not
   followed.  *ret_name is new memory; -EISDIR when path names the root or ends in "..". */
int pathat_open_parent(int root, const char *path, char **ret_name);

/* Open relative to a descriptor that is a file itself: re-open an O_PATH descriptor with other flags
   through a verified /proc/self/fd.  -EXDEV when that leads to another object. */
int pathat_reopen(int fd, int flags);

/* Absolute path of a descriptor as the kernel sees it (/proc/self/fd), for messages only.  New memory,
   never NULL. */
char *pathat_describe(int fd);
