/* SPDX-License-Identifier: Apache-2.0 */
/* Network devices by rtnetlink(7): loopback up, a device moved between namespaces. -errno. */
#pragma once

#include <stddef.h>

/* Set the loopback device of the present network namespace up. */
int netlink_loopback_up(void);

/* Permanent global addresses of a device, opaque, to be set again after a move. */
struct netlink_addresses {
	void *data; /* owned */
	size_t n_bytes;
};

int netlink_addresses_save(const char *device, struct netlink_addresses *ret_addresses);
void netlink_addresses_done(struct netlink_addresses *addresses);

/* Move `device` of the present namespace into the one behind netns_fd, under new_name (it may
   hold "%d"). */
int netlink_move(const char *device, int netns_fd, const char *new_name);

/* In the present namespace: add the addresses to the device and set it up. */
int netlink_configure(const char *device, const struct netlink_addresses *addresses);

/* The interface's index, or -ENODEV. */
int netlink_index(const char *device);
