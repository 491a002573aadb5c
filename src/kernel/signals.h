/* SPDX-License-Identifier: Apache-2.0 */
/* Signal names and dispositions (signal(7)). */
#pragma once

/* "9", "KILL", "SIGKILL", "RTMIN+1", "SIGRTMAX-2"; any case.  -EINVAL for anything else, and for
   numbers outside 1..SIGRTMAX. */
int signals_from_name(const char *name);

/* "SIGKILL"; "signal 42" where there is no name. Static memory. */
const char *signals_name(int sig);

/* Nothing ignored and nothing blocked, which a program inherits; handlers end with execve(2) by themselves. */
int signals_reset(void);
