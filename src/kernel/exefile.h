/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file that /proc/self/exe leads to, exchanged for another way to the same file, without a second execution:
 * some twelve system calls instead of an exec with all its dynamic linking.
 */
#pragma once

/* From now on this process runs from fd, which must be the same file as /proc/self/exe, on another mount: the program's
   segments are mapped from there (code) or copied into memory (data), and /proc/PID/exe leads there (prctl(2),
   PR_SET_MM_MAP).  Children inherit it.  fd stays the caller's; it must be open for reading.
   Returns 0, or a negative errno, after which the process runs on as before and /proc/self/exe is the old one: -EPERM
   without CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN in this user namespace, -EINVAL on a kernel without
   CONFIG_CHECKPOINT_RESTORE, -EBUSY when something else still maps the old file, -ENOSYS, -EACCES, -ENOMEM.
   The process must have one thread. */
int exefile_replace(int fd);
