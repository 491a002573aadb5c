/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A path beneath a hostile root, walked component by component; for pathat.c alone.
 *
 * Every step is one system call on the descriptor of the directory before it, and none follows a
 * symlink.  A symlink's text is put in front of what is left of the path instead, and an absolute one
 * starts at the root again.  ".." takes the last directory off the stack of those that were walked
 * through, so there is no way to a directory that was not reached from the root.  Whoever exchanges
 * components meanwhile gains a descriptor of something that he could have named as well.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define WALK_MAX_ATTEMPTS 128 /* of one step that finds another object each time it looks; then -EAGAIN */

struct walk {
	int root;        /* borrowed */
	int *dirs;       /* descriptors of the directories walked through; the last is where we are */
	size_t n_dirs;
	char *rest;      /* what is left of the path; owned */
	size_t next;     /* where in it to go on */
	char *name;      /* the last component, see walk_to_last(); owned */
	bool directory;  /* something behind `name` says that it has to be a directory: "a/", "a/." */
	unsigned n_links;
	bool create;     /* make directories that are missing */
	mode_t mode;
};

/* `root` is borrowed.  To have directories made, set create and mode (and the umask) afterwards. */
struct walk walk_start(int root, const char *path);
void walk_done(struct walk *walk);

/* The directory where we are; borrowed. */
int walk_dir(const struct walk *walk);

/* Enter everything. */
int walk_all(struct walk *walk);

/* Enter everything but the last component, which goes to walk->name; NULL when the path ends at a
   directory that we are in already ("/", "a/.."). */
int walk_to_last(struct walk *walk);

/* The directory that we are in, opened with these flags of open(2). */
int walk_open_here(const struct walk *walk, int flags);

/* Open walk->name with these flags, into *ret_fd.  1: it was a symlink, which has been followed: call
   walk_to_last() again. */
int walk_open_last(struct walk *walk, int flags, int *ret_fd);
