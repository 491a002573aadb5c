/* SPDX-License-Identifier: Apache-2.0 */
/* Network devices change hands: addresses are read here, and set again by a child in the other namespace. */
#include "runtime/netdevices.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "kernel/netlink.h"
#include "kernel/spawn.h"

/* Run in a child that entered the namespace: the runtime itself stays where it is.  Without a name: set loopback up. */
static int configure_inside(int netns, const char *name, const struct netlink_addresses *addresses)
{
	int pidfd, status, r;
	pid_t pid = spawn_clone(0, -EBADF, &pidfd);

	if (pid < 0)
		return (int)pid;
	if (pid == 0) {
		r = setns(netns, CLONE_NEWNET) < 0 ? -errno : 0;
		if (r == 0)
			r = name ? netlink_configure(name, addresses) : netlink_loopback_up();
		_exit(r < 0 ? -r : 0);
	}
	r = spawn_wait(pidfd, &status);
	fd_close(&pidfd);
	return r < 0 ? r : -status;
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

static int move_one(const struct oci_net_device *d, int netns, struct err *e)
{
	_cleanup_(netlink_addresses_done) struct netlink_addresses addresses = { NULL, 0 };
	const char *name = d->name ? d->name : d->key;
	_cleanup_free_ char *moved = NULL;
	int r;

	r = netlink_addresses_save(d->key, &addresses);
	if (r < 0)
		return err_set(e, r, "linux.netDevices.%s: read its addresses", d->key);
	r = move_as(d->key, netns, name, &moved);
	if (r == -EEXIST)
		return err_say(e, r, "linux.netDevices.%s: the container has a device %s already", d->key, name);
	if (r < 0)
		return explain_right(err_set(e, r, "linux.netDevices.%s: move it into the container as %s", d->key, name), e);
	r = configure_inside(netns, moved, &addresses);
	if (r < 0)
		return err_set(e, r, "linux.netDevices.%s: set it up in the container", d->key);
	return 0;
}

static int open_netns(pid_t pid)
{
	_cleanup_free_ char *path = str_printf("/proc/%d/ns/net", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int netdevices_loopback_up(pid_t pid, struct err *e)
{
	_cleanup_close_ int netns = open_netns(pid);
	int r = netns < 0 ? netns : configure_inside(netns, NULL, NULL);

	return r < 0 ? err_set(e, r, "set the loopback device of process %d up", pid) : 0;
}

int netdevices_move(const struct oci_config *config, pid_t pid, struct err *e)
{
	const struct oci_linux *lx = config->linux_;
	_cleanup_close_ int netns = -EBADF;
	int r = 0;

	if (!lx || lx->n_net_devices == 0)
		return 0;
	netns = open_netns(pid);
	if (netns < 0)
		return explain_right(err_set(e, netns, "linux.netDevices: /proc/%d/ns/net", pid), e);
	for (size_t i = 0; r == 0 && i < lx->n_net_devices; i++)
		r = move_one(&lx->net_devices[i], netns, e);
	return r;
}
