/* SPDX-License-Identifier: Apache-2.0 */
/* Single attributes of a process, for process.c alone. */
#pragma once

#include "base/err.h"
#include "libocispec-lite/ocispec-lite.h"

int process_set_rlimits(const struct oci_process *process, struct err *e);

/* A session keyring of its own, with this SELinux label; NULL: none (session-keyring(7)). */
int process_join_keyring(const char *name, const char *label, struct err *e);

/* Are there the profile and the label that apparmorProfile and selinuxLabel name?  As far as it can be told before the
   process is there. */
int process_check_labels(const struct oci_process *process, struct err *e);

/* apparmorProfile and selinuxLabel, which take effect at execve. */
int process_set_labels(const struct oci_process *process, struct err *e);

/* Adds to the error of a failed execve that the label may be its reason.  Returns its code. */
int process_explain_label(const struct oci_process *process, struct err *e);

/* The sentence for a failed execve, in the words that engines match. Returns the negative errno. */
int process_explain_exec(const struct oci_process *process, const char *program, int error, struct err *e);
