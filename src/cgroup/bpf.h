/* SPDX-License-Identifier: Apache-2.0 */
/* Device programs of cgroups by bpf(2).  Returns are descriptors, 0 or -errno. */
#pragma once

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>

/* Load a program; a descriptor.  `words`, if not NULL, is filled with what the verifier says of a failure. */
int bpf_device_load(const struct bpf_insn *insns, size_t n, char *words, size_t n_words);

/* Attach it to the cgroup, in one step instead of the program of ours that is there already, or beside those
   of others (systemd's): all of them have to agree.  `fresh`: nothing of ours can be there. */
int bpf_device_attach(int cgroup_fd, int prog_fd, bool fresh);

/* The program of ours that is attached to the cgroup itself; -ENOENT: none. */
int bpf_device_find(int cgroup_fd);

/* Detach ours, if there is one. */
int bpf_device_detach(int cgroup_fd);
