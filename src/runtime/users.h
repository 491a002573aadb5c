/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of users and groups in passwd(5) and group(5) files, the host's and the container's.  The files are
 * read directly, never through the name service: the container's are hostile, the host's must cost little.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"

/* The name of a user of the host: from /etc/passwd, else $USER, else the number.  New memory. */
char *users_host_name(uint32_t uid);

/* The home directory of a user beneath the container's root, from its /etc/passwd; NULL when there is
   no entry. New memory. */
char *users_home(int root_fd, uint32_t uid);

/* "user[:group]" by number or by the names of the container's files, as `exec --user` takes it.
   *ret_gid is the user's own group when none is named (0 for a number without an entry). */
int users_resolve(int root_fd, const char *text, uint32_t *ret_uid, uint32_t *ret_gid, struct err *e);
