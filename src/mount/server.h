/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which program serves a FUSE mount of the container, and with which words: decided from the config, told to the
 * runtime, which starts it.  Nothing is executed here.
 */
#pragma once

#include "base/err.h"
#include "mount/plan.h"
#include "mount/rootfs.h"

/* The program in a type like "fuse.sshfs"; NULL for any other type. */
const char *fuse_program(const char *type);

/* Is the entry, of kind MOUNT_FUSE, one that a program can be found for?  Pure. */
int fuse_server_check(const struct mount_entry *entry, struct err *e);
