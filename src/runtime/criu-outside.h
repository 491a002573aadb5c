/* SPDX-License-Identifier: Apache-2.0 */
/* What of a container lies outside of it, in CRIU's words: mounts, namespaces, the caller's descriptors. */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "cgroup/cgroup.h"
#include "libocispec-lite/ocispec-lite.h"
#include "mount/outside.h"
#include "runtime/ids.h"
#include "runtime/plan.h"

/* May this caller use CRIU, and can this container be saved and brought back at all? */
int criu_check_caller(const struct ids_caller *caller, const char *command, struct err *e);
int criu_check_config(const struct oci_config *config, const char *bundle, struct err *e);

/* For the dump of the container with this init. */
int criu_add_outside(struct strbuf *opts, const struct oci_config *config, const char *bundle, struct cgroup *cgroup,
		     pid_t pid, struct err *e);

/* For the restore: what the mounts are on the host now, staged (outside_stage()) in this directory. */
int criu_list_mounts(const struct oci_config *config, const char *bundle, struct cgroup *cgroup,
		     struct outside *ret_outside, struct err *e);
void criu_add_mounts(struct strbuf *opts, const struct outside *outside, const char *directory);

/* What CRIU does about cgroups unless the command line says it, for checkpoint and restore alike: "soft"; but "ignore"
   where the container has no cgroup of its own in some hierarchy (a hybrid host), since CRIU would save the cgroups of
   everybody there, and make them again. */
int criu_choose_cgroups_mode(struct cgroup *cgroup, const char **ret_mode, struct err *e);

/* CRIU would mount cgroup v2 for itself, without options: a mount from the host's namespaces sets those of all mounts
   of it (cgroups(7), nsdelegate), so that the whole machine would lose them.  Where it is the only hierarchy, show CRIU
   the one that is mounted; *ret_fd has to stay open as long, -EBADF: none. */
int criu_add_cgroup_yard(struct strbuf *opts, struct cgroup *cgroup, int *ret_fd, struct err *e);

/* The cgroup that takes the place of the saved one, in each hierarchy. */
int criu_add_cgroup_roots(struct strbuf *opts, struct cgroup *cgroup, struct err *e);

/* The namespaces that have a path: CRIU inherits the descriptors (as namespaces_open() has opened them) or joins
   by path.  Adds to `inherit`, which has room for all. */
void criu_add_namespaces(struct strbuf *opts, const struct ns_plan *plan, const int *fds, int *inherit,
			 size_t *n_inherit);

/* ---- standard descriptors: descriptors.json, as runc and crun write it ---- */

#define CRIU_STDIO 3

/* What the container's init has open as 0, 1 and 2; files and terminals (an error without shell_job) of the host are
   added to opts. */
int criu_read_stdio(struct strbuf *opts, pid_t pid, bool shell_job, struct strv *names, struct err *e);
int criu_save_stdio(int images_fd, const struct strv *names, struct err *e);

/* Those that our own replace; names stays empty when there is no file. */
int criu_load_stdio(int images_fd, struct strv *names, struct err *e);
void criu_add_stdio(struct strbuf *opts, const struct strv *names, int *inherit, size_t *n_inherit);
