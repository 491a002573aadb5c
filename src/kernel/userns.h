/* SPDX-License-Identifier: Apache-2.0 */
/*
 * User namespaces: id maps, their limits, and the ranges that /etc/subuid and /etc/subgid lend to a
 * user (user_namespaces(7), subuid(5), newuidmap(1)).  Returns are 0, a count or -errno.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define USERNS_MAX_EXTENTS 340 /* since Linux 4.15 */

/* One line of uid_map: ids inside, ids outside, how many. */
struct userns_extent {
	uint32_t inside;
	uint32_t outside;
	uint32_t count;
};

struct userns_map {
	struct userns_extent *extents; /* owned */
	size_t n_extents;
};

void userns_map_add(struct userns_map *map, uint32_t inside, uint32_t outside, uint32_t count);
void userns_map_done(struct userns_map *map);

/* Translate; false when the id is not mapped. */
bool userns_map_to_outside(const struct userns_map *map, uint32_t inside, uint32_t *ret_outside);
bool userns_map_to_inside(const struct userns_map *map, uint32_t outside, uint32_t *ret_inside);

/* Read the map of a process: path is e.g. "/proc/self/uid_map". */
int userns_map_read(const char *path, struct userns_map *ret_map);

/* True when this process is not in the initial user namespace, told by its uid_map. */
bool userns_inside(void);

/* The ranges of a subuid(5) file for this user (by name or number), in file order, appended to map
   with `inside` counted on from first_inside.  Lines that do not parse, ranges that are empty, leave
   32 bits or overlap an earlier one are skipped.  Returns how many ranges were found; -errno when the
   file cannot be read. */
int userns_read_subids(const char *path, const char *user_name, uint32_t user_id, uint32_t first_inside,
		       struct userns_map *map);

/* The same for the text of such a file, which is never at fault. */
int userns_parse_subids(const char *text, const char *user_name, uint32_t user_id, uint32_t first_inside,
			struct userns_map *map);

/* Write a map directly: /proc/PID/{uid_map,gid_map}, in one write(2).  procpid_fd is the open directory
   /proc/PID. `which` is "uid_map" or "gid_map". */
int userns_write_map(int procpid_fd, const char *which, const struct userns_map *map);

/* Write "deny" to /proc/PID/setgroups: what an unprivileged gid_map needs. */
int userns_deny_setgroups(int procpid_fd);

/* Run newuidmap and newgidmap on pid, side by side; a map that is NULL or empty is left out.  On
   failure returns -errno (-ENOENT: no such program in PATH, /usr/bin or /bin, text names it; -EPERM: it
   refused) with what the program said in text. */
int userns_run_helpers(pid_t pid, const struct userns_map *uids, const struct userns_map *gids, char *text,
		       size_t n_text);
