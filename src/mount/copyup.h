/* SPDX-License-Identifier: Apache-2.0 */
/* tmpcopyup: what a tmpfs covers is copied into it first. */
#pragma once

#include "base/err.h"

/* Copy the content of a directory (O_PATH) into the root of a detached mount: files, directories, links,
   fifos and sockets with mode, owner, times and extended attributes; holes stay holes, and names of one file that.
   Devices cannot always be made; they, and owners or attributes that do not exist here, are left out, and a warning
   counts them. */
int copyup_tree(int from_fd, int to_mnt_fd, struct err *e);
