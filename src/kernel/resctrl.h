/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The resctrl file system (kernel documentation, filesystems/resctrl): groups of tasks that share a part of the caches
 * and of the memory bandwidth, one directory each.  resctrl_open() alone knows where it is and proves that it is
 * resctrl; everything else works beneath the descriptor that it is given.  Returns are descriptors, 0 or -errno.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#define RESCTRL_PATH "/sys/fs/resctrl"

/* The group that every task is in from its beginning: the root of the file system. */
#define RESCTRL_DEFAULT_GROUP "/"

/* The root, verified (fstatfs: RDTGROUP_SUPER_MAGIC); -ENODEV when no resctrl is mounted there. */
int resctrl_open(void);

/* Can a group have this name?  Not what the file system itself puts beside groups, and no path. */
bool resctrl_is_group_name(const char *name);

/* A group beneath the root, or the default one. */
int resctrl_open_group(int root, const char *name);

/* Make a group: -EEXIST when there is one, -ENOSPC when the processor has no class of service left. */
int resctrl_make_group(int root, const char *name);

/* Remove one; its tasks go to the default group.  -ENOENT when there is none. */
int resctrl_remove_group(int root, const char *name);

/* Can the processor monitor?  Every group has a place for monitoring groups then. */
bool resctrl_can_monitor(int root);

/* A monitoring group inside a group. */
int resctrl_make_monitor(int group, const char *name);
int resctrl_open_monitor(int group, const char *name);
int resctrl_remove_monitor(int group, const char *name);

/* Put a process (which has one thread) into a group or monitoring group; what it forks is born there. */
int resctrl_add_task(int group, pid_t pid);

/* 1 if a process that lives (no zombie) is in the group, else 0. */
int resctrl_is_used(int group);

/* All lines of the file schemata, in new memory. */
int resctrl_read_schemata(int group, char **ret_lines);

/* Change the resources that these lines name; the kernel takes all of them or none.  A last newline is added. */
int resctrl_write_schemata(int group, const char *lines);

/* What the kernel says about the last call that failed, without a newline, in new memory; "" when it says nothing. */
char *resctrl_last_status(int root);
