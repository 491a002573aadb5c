/* SPDX-License-Identifier: Apache-2.0 */
/* Acting on a ns_plan: opening what is joined, joining it, and what init makes itself. */
#pragma once

#include <sys/types.h>

#include "base/err.h"
#include "libocispec-lite/ocispec-lite.h"
#include "runtime/ids.h"
#include "runtime/plan.h"

/* In the runtime: open every namespace to be joined and check its type.  fds has OCI_NS_TYPES entries,
   in the plan's order; the caller closes them. */
int namespaces_open(const struct ns_plan *plan, int *fds, struct err *e);

/* Which of these descriptors is the namespace of that type; -EBADF: none is joined. */
int namespaces_opened(const struct ns_plan *plan, const int *fds, enum oci_namespace_type type);

/* In the launcher: join them all.  How many it was not in already. */
int namespaces_join(const struct ns_plan *plan, const int *fds, struct err *e);

/* Which namespaces, as CLONE_NEW*, a process has that we have not: setns(2) refuses the user namespace one is in. */
int namespaces_compare(pid_t pid, int *ret_flags, struct err *e);

/* In init, in a user namespace of its own: be its root, as far as 0 is mapped. `uids` and `gids` may be
   NULL when the namespace was joined. */
int namespaces_become_root(const struct userns_map *uids, const struct userns_map *gids, struct err *e);

/* In init: make and enter a time namespace, whose offsets (NULL: none) have to be written before anybody is in it. */
int namespaces_make_time(const struct oci_time_offsets *offsets, struct err *e);
