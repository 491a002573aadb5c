/* SPDX-License-Identifier: Apache-2.0 */
/* Network devices: see netlink.h.  ioctls where one does it (netdevice(7)), else rtnetlink(7). */
#include "kernel/netlink.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"

#define DUMP_ATTEMPTS 5 /* of a dump that changes while it is read */

/* One request with room for its attributes. */
struct request {
	struct nlmsghdr header;
	union {
		struct ifinfomsg link;
		struct ifaddrmsg address;
		struct rtgenmsg any;
	} body;
	char attributes[512];
};

static int set_name(struct ifreq *request, const char *device)
{
	size_t n = strlen(device);

	if (n == 0 || n >= IFNAMSIZ)
		return -ENODEV;
	memset(request, 0, sizeof(*request));
	memcpy(request->ifr_name, device, n);
	return 0;
}

/* Any kind of socket takes the ioctls of devices; this one is in every kernel. */
static int open_ioctl_socket(void)
{
	int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return sock < 0 ? -errno : sock;
}

int netlink_loopback_up(void)
{
	_cleanup_close_ int sock = open_ioctl_socket();
	struct ifreq request;

	if (sock < 0)
		return sock;
	set_name(&request, "lo");
	/* Not asked for its flags first: none of a new loopback device can be lost. 127.0.0.1 and ::1 come
	   by themselves. */
	request.ifr_flags = IFF_UP;
	return ioctl(sock, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
}

static int get_flags(const char *device, short *ret_flags)
{
	_cleanup_close_ int sock = open_ioctl_socket();
	struct ifreq request;
	int r = set_name(&request, device);

	if (r < 0)
		return r;
	if (sock < 0)
		return sock;
	if (ioctl(sock, SIOCGIFFLAGS, &request) < 0)
		return -errno;
	*ret_flags = request.ifr_flags;
	return 0;
}

static int set_up(const char *device)
{
	_cleanup_close_ int sock = open_ioctl_socket();
	struct ifreq request;
	short flags;
	int r = get_flags(device, &flags);

	if (r == 0)
		r = set_name(&request, device);
	if (r < 0)
		return r;
	if (sock < 0)
		return sock;
	request.ifr_flags = (short)(flags | IFF_UP);
	return ioctl(sock, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
}

int netlink_index(const char *device)
{
	_cleanup_close_ int sock = open_ioctl_socket();
	struct ifreq request;
	int r = set_name(&request, device);

	if (r < 0)
		return r;
	if (sock < 0)
		return sock;
	return ioctl(sock, SIOCGIFINDEX, &request) < 0 ? -errno : request.ifr_ifindex;
}

static int open_route_socket(void)
{
	int sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	return sock < 0 ? -errno : sock;
}

static struct request request_start(uint16_t type, uint16_t flags, size_t n_body)
{
	return (struct request){
		.header = {
			.nlmsg_len = (uint32_t)NLMSG_LENGTH(n_body),
			.nlmsg_type = type,
			.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
			.nlmsg_seq = 1,
		},
	};
}

static int request_add(struct request *request, uint16_t type, const void *p, size_t n)
{
	size_t offset = NLMSG_ALIGN(request->header.nlmsg_len);
	const struct rtattr attribute = { .rta_len = (unsigned short)RTA_LENGTH(n), .rta_type = type };
	char *at = (char *)request + offset;

	if (offset + RTA_SPACE(n) > sizeof(*request))
		return -EMSGSIZE;
	memcpy(at, &attribute, sizeof(attribute));
	memcpy(at + RTA_LENGTH(0), p, n);
	request->header.nlmsg_len = (uint32_t)(offset + RTA_LENGTH(n));
	return 0;
}

static int request_send(int sock, const struct request *request)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	ssize_t n = sendto(sock, request, request->header.nlmsg_len, 0, (const struct sockaddr *)&kernel,
			   sizeof(kernel));

	return n < 0 ? -errno : 0;
}

/* One datagram of answers from the kernel, and from nobody else. */
static ssize_t receive(int sock, void *p, size_t max)
{
	struct sockaddr_nl from = { .nl_family = AF_NETLINK };
	socklen_t n_from;
	ssize_t n;

	do {
		n_from = sizeof(from);
		n = recvfrom(sock, p, max, MSG_TRUNC, (struct sockaddr *)&from, &n_from);
	} while ((n < 0 && errno == EINTR) || (n >= 0 && from.nl_pid != 0));
	if (n < 0)
		return -errno;
	return (size_t)n > max ? -EMSGSIZE : n;
}

/* The errno in a message of type NLMSG_ERROR; 0 is an acknowledgement. */
static int error_of(const struct nlmsghdr *message)
{
	const struct nlmsgerr *error = NLMSG_DATA(message);

	return message->nlmsg_len < NLMSG_LENGTH(sizeof(error->error)) ? -EBADMSG : error->error;
}

/* Send, and wait for the acknowledgement. */
static int request_do(int sock, const struct request *request)
{
	_Alignas(struct nlmsghdr) char answer[4096];
	const struct nlmsghdr *message = (const void *)answer;
	ssize_t n;
	int r = request_send(sock, request);

	if (r < 0)
		return r;
	n = receive(sock, answer, sizeof(answer));
	if (n < 0)
		return (int)n;
	if (!NLMSG_OK(message, (size_t)n) || message->nlmsg_type != NLMSG_ERROR)
		return -EBADMSG;
	return error_of(message);
}

/* IFA_FLAGS has 32 bits where ifa_flags has 8. */
static uint32_t address_flags(const struct nlmsghdr *message)
{
	const struct ifaddrmsg *address = NLMSG_DATA(message);
	uint32_t flags = address->ifa_flags;
	size_t left = IFA_PAYLOAD(message);

	for (const struct rtattr *a = IFA_RTA(address); RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (a->rta_type == IFA_FLAGS && RTA_PAYLOAD(a) >= sizeof(flags))
			memcpy(&flags, RTA_DATA(a), sizeof(flags));
	return flags;
}

static bool is_of(const struct nlmsghdr *message, int index)
{
	const struct ifaddrmsg *address = NLMSG_DATA(message);

	return message->nlmsg_type == RTM_NEWADDR && message->nlmsg_len >= NLMSG_LENGTH(sizeof(*address)) &&
	       (int)address->ifa_index == index;
}

static bool is_ipv6(const struct nlmsghdr *message)
{
	return ((const struct ifaddrmsg *)NLMSG_DATA(message))->ifa_family == AF_INET6;
}

/* Those that somebody set by hand and that are good everywhere; the others come and go by themselves. */
static bool is_portable(const struct nlmsghdr *message)
{
	const struct ifaddrmsg *address = NLMSG_DATA(message);

	return address->ifa_scope == RT_SCOPE_UNIVERSE && address_flags(message) & IFA_F_PERMANENT;
}

/* Add the addresses of the device in one datagram to saved. 1: there is more to come. */
static int save_datagram(const void *p, size_t n, int index, struct strbuf *saved)
{
	for (const struct nlmsghdr *m = p; NLMSG_OK(m, n); m = NLMSG_NEXT(m, n)) {
		if (m->nlmsg_flags & NLM_F_DUMP_INTR)
			return -EAGAIN;
		if (m->nlmsg_type == NLMSG_DONE)
			return 0;
		if (m->nlmsg_type == NLMSG_ERROR)
			return error_of(m) < 0 ? error_of(m) : -EBADMSG;
		if (is_of(m, index))
			strbuf_add_mem(saved, m, NLMSG_ALIGN(m->nlmsg_len));
	}
	return 1;
}

static int dump_addresses(int index, struct strbuf *saved)
{
	const size_t size = 32768; /* what the kernel fills at most (netlink(7)) */
	_cleanup_free_ void *datagram = xmalloc(size);
	_cleanup_close_ int sock = open_route_socket();
	struct request request = request_start(RTM_GETADDR, NLM_F_DUMP, sizeof(struct ifaddrmsg));
	int r;

	if (sock < 0)
		return sock;
	r = request_send(sock, &request);
	if (r < 0)
		return r;
	do {
		ssize_t n = receive(sock, datagram, size);

		r = n < 0 ? (int)n : save_datagram(datagram, (size_t)n, index, saved);
	} while (r == 1);
	return r;
}

static int save_addresses(const char *device, struct netlink_device *saved)
{
	int index = netlink_index(device), r = -EAGAIN;

	if (index < 0)
		return index;
	for (int i = 0; r == -EAGAIN && i < DUMP_ATTEMPTS; i++) {
		_cleanup_(strbuf_done) struct strbuf addresses = STRBUF_INIT;

		r = dump_addresses(index, &addresses);
		if (r < 0)
			continue;
		saved->n_bytes = addresses.len;
		saved->addresses = strbuf_take(&addresses);
	}
	return r;
}

int netlink_device_save(const char *device, struct netlink_device *ret_saved)
{
	struct netlink_device saved = { NULL, 0, false };
	short flags;
	int r = get_flags(device, &flags);

	if (r == 0)
		r = save_addresses(device, &saved);
	if (r < 0)
		return r;
	saved.up = flags & IFF_UP;
	*ret_saved = saved;
	return 0;
}

void netlink_device_done(struct netlink_device *saved)
{
	free(saved->addresses);
	*saved = (struct netlink_device){ NULL, 0, false };
}

int netlink_move(const char *device, int netns_fd, const char *new_name)
{
	struct request request = request_start(RTM_NEWLINK, NLM_F_ACK, sizeof(struct ifinfomsg));
	_cleanup_close_ int sock = open_route_socket();
	int r, index = netlink_index(device);

	if (index < 0)
		return index;
	if (sock < 0)
		return sock;
	if (!*new_name || strlen(new_name) >= IFNAMSIZ)
		return -EINVAL;
	request.body.link.ifi_index = index;
	r = request_add(&request, IFLA_NET_NS_FD, &netns_fd, sizeof(netns_fd));
	if (r == 0)
		r = request_add(&request, IFLA_IFNAME, new_name, strlen(new_name) + 1);
	return r < 0 ? r : request_do(sock, &request);
}

/* What is not copied comes by itself, or is what the old place is told apart by. */
static bool is_kept(uint16_t attribute, bool portable)
{
	static const uint16_t kept[] = { IFA_LOCAL, IFA_ADDRESS, IFA_BROADCAST, IFA_ANYCAST, IFA_RT_PRIORITY };

	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		if (attribute == kept[i])
			return true;
	return !portable && (attribute == IFA_LABEL || attribute == IFA_CACHEINFO);
}

/* The address of a saved message, for the device with this index.  A portable one leaves behind what belongs to the old
   place: its label, its age. */
static int add_address(int sock, int index, const struct nlmsghdr *saved, bool portable)
{
	/* Flags that are settings; the others are states. */
	const uint32_t flags = address_flags(saved) & (IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR |
						       IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN);
	const struct ifaddrmsg *old = NLMSG_DATA(saved);
	struct request request =
		request_start(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, sizeof(*old));
	size_t left = IFA_PAYLOAD(saved);
	int r;

	request.body.address = (struct ifaddrmsg){
		.ifa_family = old->ifa_family,
		.ifa_prefixlen = old->ifa_prefixlen,
		.ifa_scope = old->ifa_scope,
		.ifa_index = (uint32_t)index,
	};
	r = request_add(&request, IFA_FLAGS, &flags, sizeof(flags));
	for (const struct rtattr *a = IFA_RTA(old); r == 0 && RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (is_kept(a->rta_type, portable))
			r = request_add(&request, a->rta_type, RTA_DATA(a), RTA_PAYLOAD(a));
	return r < 0 ? r : request_do(sock, &request);
}

static int add_addresses(const char *device, const struct netlink_device *saved, bool portable)
{
	_cleanup_close_ int sock = open_route_socket();
	int index = netlink_index(device);
	size_t left = saved->n_bytes;

	if (index < 0)
		return index;
	if (sock < 0)
		return sock;
	for (const struct nlmsghdr *m = saved->addresses; left > 0 && NLMSG_OK(m, left); m = NLMSG_NEXT(m, left)) {
		/* Temporary ones are the kernel's to make (RFC 8981). */
		bool wanted = portable ? is_portable(m) : !(is_ipv6(m) && address_flags(m) & IFA_F_TEMPORARY);
		int r = wanted ? add_address(sock, index, m, portable) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

int netlink_configure(const char *device, const struct netlink_device *saved)
{
	int r = add_addresses(device, saved, true);

	return r < 0 ? r : set_up(device);
}

int netlink_restore(const char *device, const struct netlink_device *saved)
{
	int r = saved->up ? set_up(device) : 0;

	return r < 0 ? r : add_addresses(device, saved, false);
}
