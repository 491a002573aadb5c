/* SPDX-License-Identifier: Apache-2.0 */
/* What can be told to fail before anything is made; for prepare.c. */
#pragma once

#include "runtime/launch.h"

/* process.terminal against --console-socket and --detach. */
int prepare_check_terminal(const struct launch *l, struct err *e);

/* process.user against the id maps that were decided. */
int prepare_check_user(const struct launch *l, struct err *e);
