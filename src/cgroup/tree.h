/* SPDX-License-Identifier: Apache-2.0 */
/* What is the same in v1 and v2: a cgroup directory with its sub-groups.  Returns are 0 or -errno. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct pid_list {
	pid_t *v;
	size_t n;
};

#define PID_LIST_INIT { .v = NULL, .n = 0 }

void pid_list_done(struct pid_list *list);
void pid_list_add(struct pid_list *list, pid_t pid);
bool pid_list_has(const struct pid_list *list, pid_t pid);

/* Append the processes of the cgroup behind dirfd, and with `recursive` those of its sub-groups.  A
   cgroup that is gone has none. */
int tree_pids(int dirfd, bool recursive, struct pid_list *list);

/* Remove the cgroup at path beneath dirfd, deepest sub-groups first.  0 also when it is gone; -EBUSY
   while processes are in it. */
int tree_remove(int dirfd, const char *path);

/* Send sig to every process of the list; those that are gone are no error. */
int tree_signal(const struct pid_list *list, int sig);

/* Wait until all of the list have ended. 0 or -ETIMEDOUT. */
int tree_wait(const struct pid_list *list, int timeout_ms);

/* Make the directory at path (leading slash) beneath dirfd with its parents. *ret_n_made: how many
   components are new; 0: it was there already. */
int tree_make(int dirfd, const char *path, size_t *ret_n_made);

/* Remove the last n_made components of path again, as far as they are empty. */
void tree_unmake(int dirfd, const char *path, size_t n_made);

/* Read a small file of a cgroup, without the newline at its end. */
int tree_read(int dirfd, const char *file, char **ret_text);

/* The value of the line "KEY VALUE" in the text of a flat keyed file, e.g. "populated" in cgroup.events.
   -ENODATA: no such line. */
int tree_find_key(const char *text, const char *key, unsigned long long *ret_value);
