/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files in a /proc that is proven to be procfs (fstatfs: PROC_SUPER_MAGIC), so that a volume over
 * /proc cannot swallow a label or a sysctl (CVE-2019-16884, CVE-2025-52881).  -errno.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A descriptor for "/proc", verified; -EXDEV when something else is mounted there. */
int procfs_open(void);

/* Open what is at path beneath such a descriptor: no symlink, no other mount on the way (-EXDEV, -ELOOP;
   openat2(2): RESOLVE_NO_XDEV, RESOLVE_NO_SYMLINKS).  "self/..." and "thread-self/..." work, they
   are links of procfs itself.  Without openat2 the same is done step by step, where ".." is -EXDEV. */
int procfs_open_at(int proc_fd, const char *path, int flags);

/* Open a file in this way and write text in one write(2); -EIO when less was taken. */
int procfs_write(int proc_fd, const char *path, const char *text);

/* The directory /proc/PID beneath it, as an O_PATH descriptor; -ESRCH when there is none. */
int procfs_open_pid(int proc_fd, pid_t pid);

/* When the process started, in clock ticks since boot (proc(5), stat, field 22), and its state
   letter ('R', 'S', 'Z', ...). -ESRCH when there is none, -EACCES when there is one that /proc does
   not show (hidepid, or no /proc at all). */
int procfs_stat(pid_t pid, uint64_t *ret_start_time, char *ret_state);

/* The line of /proc/WHO/stat, WHO being a pid or "self"; -ENOENT when there is none, -ESRCH when it ends meanwhile. */
int procfs_stat_line(const char *who, char *line, size_t n_line);

/* A field of a line of /proc/PID/stat, counted as in proc(5), from 4 on; -EIO when the line ends before it. */
int procfs_stat_field(const char *line, int number, uint64_t *ret_value);
