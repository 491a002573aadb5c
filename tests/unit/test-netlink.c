/* SPDX-License-Identifier: Apache-2.0 */
/* netlink: loopback, and devices that move with their addresses; in network namespaces of our own. */
#include "kernel/netlink.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fdio.h"
#include "tests/unit/namespaces.h"
#include "tests/unit/test.h"

static int this_netns(void)
{
	return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

/* True if the output of the command contains the text. */
static bool shows(const char *command, const char *text)
{
	char line[512];
	bool found = false;
	FILE *f = popen(command, "r");

	while (f && fgets(line, sizeof(line), f))
		found |= strstr(line, text) != NULL;
	if (f)
		pclose(f);
	return found;
}

static void test_loopback(void)
{
	_cleanup_free_ char *text = NULL;

	CHECK(netlink_index("lo") == 1, "loopback is 1");
	CHECK(netlink_loopback_up() == 0, "up");
	CHECK(netlink_loopback_up() == 0, "again");
	CHECK(fdio_read_file(AT_FDCWD, "/proc/self/net/fib_trie", 65536, &text, NULL) == 0 &&
		      strstr(text, "127.0.0.1"), "127.0.0.1 is there");
	CHECK(netlink_index("nonexistent") == -ENODEV, "no such device");
	CHECK(netlink_index("") == -ENODEV, "no name");
	CHECK(netlink_index("0123456789012345") == -ENODEV, "a name too long");
}

static void test_move(int other)
{
	struct netlink_device saved = { NULL, 0, false }, none = { NULL, 0, false };
	_cleanup_close_ int here = this_netns();

	CHECK(system("ip addr add 192.0.2.1/24 dev v0 && ip addr add 192.0.2.2/24 dev v0 && "
		     "ip addr add 10.9.8.7/32 dev v0 scope link && ip addr add 192.0.2.9/24 dev v0 valid_lft 1000 "
		     "preferred_lft 1000 && ip link set v0 mtu 1400 address 02:00:00:00:00:09 up") == 0, "a device");
	/* Some kernels have no IPv6. */
	(void)!system("ip -6 addr add 2001:db8::1/64 dev v0 nodad 2>/dev/null");
	bool ipv6 = shows("ip -6 addr show dev v0", "2001:db8::1");

	CHECK(netlink_device_save("v0", &saved) == 0 && saved.n_bytes > 0, "saved");
	CHECK(netlink_device_save("nonexistent", &none) == -ENODEV, "of no device");
	CHECK(netlink_move("v0", other, "0123456789012345") == -EINVAL, "a new name too long");
	CHECK(netlink_move("v0", other, "lo") == -EEXIST, "a new name that is taken");
	CHECK(netlink_move("v0", 0, "eth0") < 0, "no network namespace");
	CHECK(netlink_move("nonexistent", other, "eth0") == -ENODEV, "no device");
	if (netlink_index("v0") < 0) {
		/* Older kernels move it first and rename it then. */
		CHECK(setns(other, CLONE_NEWNET) == 0 && netlink_move("v0", here, "v0") == 0 &&
			      setns(here, CLONE_NEWNET) == 0, "back");
	}
	CHECK(netlink_move("v0", other, "eth%d") == 0, "moved");
	CHECK(netlink_index("v0") == -ENODEV, "it is gone here");
	CHECK(setns(other, CLONE_NEWNET) == 0 && netlink_index("eth0") > 0, "and there under its new name");
	CHECK(netlink_configure("eth0", &saved) == 0, "configured");
	CHECK(netlink_configure("eth0", &saved) == 0, "twice does no harm");
	CHECK(shows("ip addr show dev eth0", "inet 192.0.2.1/24") && shows("ip addr show dev eth0", "inet 192.0.2.2/24"),
	      "its permanent addresses came with it");
	CHECK(!shows("ip addr show dev eth0", "10.9.8.7") && !shows("ip addr show dev eth0", "192.0.2.9"),
	      "the others did not");
	CHECK(!ipv6 || shows("ip -6 addr show dev eth0", "2001:db8::1/64"), "IPv6 too");
	CHECK(shows("ip link show dev eth0", "mtu 1400") && shows("ip link show dev eth0", "02:00:00:00:00:09"),
	      "as did the rest");
	CHECK(shows("ip link show dev eth0", ",UP"), "it is up");
	CHECK(netlink_move("eth0", here, "v0") == 0 && setns(here, CLONE_NEWNET) == 0, "home");
	CHECK(!shows("ip link show dev v0", ",UP") && netlink_restore("v0", &saved) == 0, "restored");
	CHECK(shows("ip addr show dev v0", "inet 192.0.2.1/24") && shows("ip addr show dev v0", "inet 10.9.8.7/32 scope link") &&
	      shows("ip addr show dev v0", "192.0.2.9/24 scope global secondary dynamic"), "with all of its addresses");
	CHECK(!ipv6 || shows("ip -6 addr show dev v0", "2001:db8::1/64"), "and those of IPv6");
	CHECK(shows("ip link show dev v0", ",UP"), "up as it was");
	netlink_device_done(&saved);
	CHECK(!saved.addresses && saved.n_bytes == 0, "done");
}

int main(void)
{
	_cleanup_close_ int other = -EBADF;

	alarm(30);
	if (enter_namespaces(CLONE_NEWNET) < 0) {
		SKIP("no network namespace to be had");
		return test_done();
	}
	other = this_netns();
	test_loopback();
	if (unshare(CLONE_NEWNET) < 0 || system("ip link add v0 type veth peer name v1 2>/dev/null") != 0)
		SKIP("no ip(8) or no veth devices");
	else
		test_move(other);
	return test_done();
}
