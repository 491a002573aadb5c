/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of init that need the file system tree; for init.c. */
#pragma once

#include "runtime/launch.h"

/* Assemble the tree, asking the runtime for what only it may open. */
int init_assemble_tree(struct launch *l, struct err *e);

/* Open the terminal beneath the tree, bind it to /dev/console, send its master to the runtime. */
int init_open_terminal(struct launch *l, struct err *e);

/* Is there a program?  Seen from process.cwd, if that is there already. */
int init_check_program(const struct oci_process *process, char **ret_program, struct err *e);
