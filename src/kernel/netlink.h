/* SPDX-License-Identifier: Apache-2.0 */
/* Network devices by rtnetlink(7): loopback up, a device moved between namespaces. -errno. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Set the loopback device of the present network namespace up. */
int netlink_loopback_up(void);

/* What a device loses when it is moved, opaque, to be set again afterwards. */
struct netlink_device {
	void *addresses; /* owned */
	size_t n_bytes;
	bool up;
};

int netlink_device_save(const char *device, struct netlink_device *ret_saved);
void netlink_device_done(struct netlink_device *saved);

/* Move `device` of the present namespace into the one behind netns_fd, under new_name (it may
   hold "%d"). */
int netlink_move(const char *device, int netns_fd, const char *new_name);

/* In the present namespace, a new one: set the device up, with those of its addresses that are permanent and global. */
int netlink_configure(const char *device, const struct netlink_device *saved);

/* In the present namespace, the one it came from: set the device up if it was, with all of its addresses. */
int netlink_restore(const char *device, const struct netlink_device *saved);

/* The interface's index, or -ENODEV. */
int netlink_index(const char *device);
