/* SPDX-License-Identifier: Apache-2.0 */
/* What we ask of systemd's manager over D-Bus; the only file that knows sd-bus, which is loaded at first use. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "cgroup/properties.h"

struct bus;

/* Connect to the manager of the system, or to that of the user: through the bus, or where none runs, through
   the manager's own socket. */
int bus_open(bool user, struct bus **ret_bus, struct err *e);
void bus_free(struct bus *bus);
void bus_freep(struct bus **bus);

/* Start a transient scope with these properties around pid, and wait until it is there. */
int bus_start_scope(struct bus *bus, const char *scope, const struct property_list *properties, pid_t pid,
		    struct err *e);

/* Stop a unit, wait for it, and forget that it failed. 0 also when there is none. */
int bus_stop_unit(struct bus *bus, const char *unit, struct err *e);

/* Change properties of a unit until the next boot. */
int bus_set_properties(struct bus *bus, const char *unit, const struct property_list *properties, struct err *e);

/* Move a process into the cgroup of a unit, or into one below ("/name"; "" for none); the manager of a user asks
   that of the system to do it. */
int bus_attach_process(struct bus *bus, const char *unit, const char *below, pid_t pid, struct err *e);
