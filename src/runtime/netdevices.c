/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Network devices change hands: what a move takes from them is read here, and set again by a child in the other namespace.
 * Back they come only while there is no container yet: one that has ended keeps them (config-linux.md, "Network Devices").
 */
#include "runtime/netdevices.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "kernel/netlink.h"
#include "kernel/spawn.h"

/* One that is on its way, or has arrived. */
struct moved {
	const char *name; /* here; borrowed */
	char *there;      /* its name in the container, once it has arrived */
	struct netlink_device saved;
};

struct netdevices {
	int netns; /* the container's, which would end with init, and take the devices along */
	size_t n;
	struct moved devices[];
};

/* Something to do in the other namespace. */
struct inside {
	int (*run)(const struct inside *inside);
	const char *device, *name;
	const struct netlink_device *saved;
	int own_netns;
};

/* Run in a child that entered the namespace: the runtime itself stays where it is. */
static int run_inside(int netns, const struct inside *inside)
{
	int pidfd, status, r;
	pid_t pid = spawn_clone(0, -EBADF, &pidfd);

	if (pid < 0)
		return (int)pid;
	if (pid == 0) {
		r = setns(netns, CLONE_NEWNET) < 0 ? -errno : inside->run(inside);
		_exit(r < 0 ? -r : 0);
	}
	r = spawn_wait(pidfd, &status);
	fd_close(&pidfd);
	return r < 0 ? r : -status;
}

static int configure(const struct inside *inside)
{
	return netlink_configure(inside->device, inside->saved);
}

static int loopback_up(const struct inside *inside)
{
	(void)inside;
	return netlink_loopback_up();
}

static int move_back(const struct inside *inside)
{
	return netlink_move(inside->device, inside->own_netns, inside->name);
}

/* How many numbers the kernel itself would try for a "%d": eight pages of bits (net/core/dev.c, __dev_alloc_name). */
#define MAX_NUMBER 32768

/* Move it as `name`, or as the first free one of a template such as "eth%d": the kernel would not tell which it took. */
static int move_as(const char *device, int netns, const char *name, char **ret_name)
{
	const char *place = strstr(name, "%d");
	int r = -EEXIST;

	for (int i = 0; r == -EEXIST && i < (place ? MAX_NUMBER : 1); i++) {
		free(*ret_name);
		*ret_name = place ? str_printf("%.*s%d%s", (int)(place - name), name, i, place + 2) : xstrdup(name);
		r = netlink_move(device, netns, *ret_name);
	}
	return r;
}

/* Without privilege it depends on the moment whether we may not look into init, or not take the device. */
static int explain_right(int r, struct err *e)
{
	if (r == -EPERM || r == -EACCES)
		err_hint(e, "it takes CAP_NET_ADMIN over the network namespace that the device is in");
	return r;
}

static int move_one(const struct oci_net_device *d, struct netdevices *all, struct err *e)
{
	struct moved *m = &all->devices[all->n];
	const char *name = d->name ? d->name : d->key;
	struct inside inside = { .run = configure, .saved = &m->saved };
	_cleanup_free_ char *there = NULL;
	int r;

	r = netlink_device_save(d->key, &m->saved);
	if (r < 0)
		return err_set(e, r, "linux.netDevices.%s: read its addresses", d->key);
	m->name = d->key;
	all->n++;
	r = move_as(d->key, all->netns, name, &there);
	if (r == -EEXIST)
		return err_say(e, r, "linux.netDevices.%s: the container has a device %s already", d->key, name);
	if (r < 0)
		return explain_right(err_set(e, r, "linux.netDevices.%s: move it into the container as %s", d->key, name), e);
	m->there = TAKE_PTR(there);
	inside.device = m->there;
	r = run_inside(all->netns, &inside);
	return r < 0 ? err_set(e, r, "linux.netDevices.%s: set it up in the container", d->key) : 0;
}

static int open_netns(pid_t pid)
{
	_cleanup_free_ char *path = str_printf("/proc/%d/ns/net", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int netdevices_loopback_up(pid_t pid, struct err *e)
{
	const struct inside inside = { .run = loopback_up };
	_cleanup_close_ int netns = open_netns(pid);
	int r = netns < 0 ? netns : run_inside(netns, &inside);

	return r < 0 ? err_set(e, r, "set the loopback device of process %d up", pid) : 0;
}

/* A namespace that is joined is known: whether the process has joined it yet is not. */
static int open_container(int joined, pid_t pid)
{
	int fd;

	if (joined < 0)
		return open_netns(pid);
	fd = fcntl(joined, F_DUPFD_CLOEXEC, 3);
	return fd < 0 ? -errno : fd;
}

int netdevices_move(const struct oci_config *config, int joined, pid_t pid, struct netdevices **ret_moved, struct err *e)
{
	const struct oci_linux *lx = config->linux_;
	struct netdevices *all;
	int r = 0, netns;

	if (!lx || lx->n_net_devices == 0)
		return 0;
	netns = open_container(joined, pid);
	if (netns < 0)
		return explain_right(err_set(e, netns, "linux.netDevices: /proc/%d/ns/net", pid), e);
	all = xcalloc(1, sizeof(*all) + lx->n_net_devices * sizeof(all->devices[0]));
	all->netns = netns;
	*ret_moved = all;
	for (size_t i = 0; r == 0 && i < lx->n_net_devices; i++)
		r = move_one(&lx->net_devices[i], all, e);
	return r;
}

/* Older kernels move first and rename then: a move that failed may have left the device there, under its own name. */
static const char *name_there(const struct moved *m)
{
	if (m->there)
		return m->there;
	return netlink_index(m->name) == -ENODEV ? m->name : NULL;
}

static int return_one(const struct moved *m, int netns, int own_netns)
{
	const struct inside inside = {
		.run = move_back, .device = name_there(m), .name = m->name, .own_netns = own_netns,
	};
	int r;

	if (!inside.device)
		return 0;
	r = run_inside(netns, &inside);
	return r < 0 ? r : netlink_restore(m->name, &m->saved);
}

void netdevices_done(struct netdevices **moved)
{
	struct netdevices *all = *moved;

	*moved = NULL;
	if (!all)
		return;
	for (size_t i = 0; i < all->n; i++) {
		netlink_device_done(&all->devices[i].saved);
		free(all->devices[i].there);
	}
	fd_close(&all->netns);
	free(all);
}

void netdevices_return(struct netdevices **moved, struct err *e)
{
	const struct netdevices *all = *moved;
	_cleanup_close_ int own_netns = -EBADF;
	int r;

	if (!all)
		return;
	own_netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	r = own_netns < 0 ? -errno : 0;
	for (size_t i = all->n; i > 0; i--) {
		const struct moved *m = &all->devices[i - 1];
		int one = r < 0 ? r : return_one(m, all->netns, own_netns);

		if (one < 0)
			err_hint(e, "linux.netDevices.%s is not back as it was: %s", m->name, err_reason(one));
	}
	netdevices_done(moved);
}
