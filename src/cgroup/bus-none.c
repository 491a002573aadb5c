/* SPDX-License-Identifier: Apache-2.0 */
/* A build without systemd, e.g. a static one: no connection can be made, so nothing is asked through one. */
#ifndef HAVE_SYSTEMD

#include "cgroup/bus.h"

#include <errno.h>

int bus_open(bool user, struct bus **ret_bus, struct err *e)
{
	(void)user;
	*ret_bus = NULL;
	return err_say(e, -ENOPKG, "the systemd cgroup manager is not in this build of ocirun: systemd's bus cannot be "
				   "spoken; use --cgroup-manager cgroupfs");
}

void bus_free(struct bus *bus)
{
	(void)bus;
}

void bus_freep(struct bus **bus)
{
	(void)bus;
}

int bus_start_scope(struct bus *bus, const char *scope, const struct property_list *properties, pid_t pid,
		    struct err *e)
{
	(void)properties;
	(void)pid;
	(void)scope;
	return bus_open(false, &bus, e);
}

int bus_stop_unit(struct bus *bus, const char *unit, struct err *e)
{
	(void)unit;
	return bus_open(false, &bus, e);
}

int bus_attach_process(struct bus *bus, const char *unit, const char *below, pid_t pid, struct err *e)
{
	(void)below;
	(void)unit;
	(void)pid;
	return bus_open(false, &bus, e);
}

int bus_set_properties(struct bus *bus, const char *unit, const struct property_list *properties, struct err *e)
{
	(void)properties;
	(void)unit;
	return bus_open(false, &bus, e);
}

#endif
