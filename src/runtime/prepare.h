/* SPDX-License-Identifier: Apache-2.0 */
/* The first stages of a launch, which touch nothing, and the small acts around the others. */
#pragma once

#include "runtime/launch.h"

/* Load and judge the configuration and decide everything: nothing outside this process changes. */
int prepare_launch(struct launch *l, struct err *e);

/* What our caller left us, before anything else: a SIGCHLD that is ignored (children would vanish unseen), and
   descriptors.  Those that are to be handed through have to be there, all others end with us.  *ret_listen_fds: how
   many systemd passes on before them (sd_listen_fds(3)). */
int prepare_own_process(unsigned preserve_fds, unsigned *ret_listen_fds, struct err *e);

/* Make the container's cgroup and its group of resctrl; the record knows them then. */
int prepare_groups(struct launch *l, struct err *e);

/* Copy the cgroup's record, which making it or adopting init may have changed. */
void prepare_record_cgroup(struct launch *l);

/* True if init says 'mounted' and waits for 'hooks-done': hooks of the runtime run between them, or the tree
   hangs in a mount namespace that outlives init, and has to be remembered. */
bool prepare_stops_when_mounted(const struct launch *l);

/* The sentence for a clone3 that failed: which namespace or limit is in the way. Returns r. */
int prepare_explain_clone(const struct launch *l, int r, struct err *e);

/* After a failed stage: Ubuntu's AppArmor lets the clone succeed, and takes the capabilities away instead
   (apparmor.d(5), "userns"). */
void prepare_hint_restricted(const struct launch *l, struct err *e);

/* Give the cgroup to the container's root, if it has a cgroup namespace and a writable cgroup mount
   (config-linux.md, "Cgroup ownership"). */
int prepare_chown_cgroup(struct launch *l, struct err *e);

/* Move init to the group below its cgroup that it is to manage by itself, if an annotation asks for one. */
int prepare_delegate_cgroup(struct launch *l, struct err *e);

/* The pid, decimal and without a newline, at once (a reader never sees half of it). */
int prepare_write_pid_file(const char *path, pid_t pid, struct err *e);

/* Send a pidfd to the unix socket at path. */
int prepare_send_pidfd(const char *path, int pidfd, struct err *e);

void prepare_run_poststop(const struct oci_config *config, const struct state_document *document);
