/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capability sets of this thread, and names: see caps.h.  The names stand here because libcap, for 41 words, would cost
 * each start of ocirun some twenty system calls; a test compares them with libcap's.
 */
#include "kernel/caps.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

#define MAX_CAPS 64 /* bits of the kernel's sets */

/* linux/capability.h */
static const char *const names[] = {
	[CAP_CHOWN] = "CAP_CHOWN",
	[CAP_DAC_OVERRIDE] = "CAP_DAC_OVERRIDE",
	[CAP_DAC_READ_SEARCH] = "CAP_DAC_READ_SEARCH",
	[CAP_FOWNER] = "CAP_FOWNER",
	[CAP_FSETID] = "CAP_FSETID",
	[CAP_KILL] = "CAP_KILL",
	[CAP_SETGID] = "CAP_SETGID",
	[CAP_SETUID] = "CAP_SETUID",
	[CAP_SETPCAP] = "CAP_SETPCAP",
	[CAP_LINUX_IMMUTABLE] = "CAP_LINUX_IMMUTABLE",
	[CAP_NET_BIND_SERVICE] = "CAP_NET_BIND_SERVICE",
	[CAP_NET_BROADCAST] = "CAP_NET_BROADCAST",
	[CAP_NET_ADMIN] = "CAP_NET_ADMIN",
	[CAP_NET_RAW] = "CAP_NET_RAW",
	[CAP_IPC_LOCK] = "CAP_IPC_LOCK",
	[CAP_IPC_OWNER] = "CAP_IPC_OWNER",
	[CAP_SYS_MODULE] = "CAP_SYS_MODULE",
	[CAP_SYS_RAWIO] = "CAP_SYS_RAWIO",
	[CAP_SYS_CHROOT] = "CAP_SYS_CHROOT",
	[CAP_SYS_PTRACE] = "CAP_SYS_PTRACE",
	[CAP_SYS_PACCT] = "CAP_SYS_PACCT",
	[CAP_SYS_ADMIN] = "CAP_SYS_ADMIN",
	[CAP_SYS_BOOT] = "CAP_SYS_BOOT",
	[CAP_SYS_NICE] = "CAP_SYS_NICE",
	[CAP_SYS_RESOURCE] = "CAP_SYS_RESOURCE",
	[CAP_SYS_TIME] = "CAP_SYS_TIME",
	[CAP_SYS_TTY_CONFIG] = "CAP_SYS_TTY_CONFIG",
	[CAP_MKNOD] = "CAP_MKNOD",
	[CAP_LEASE] = "CAP_LEASE",
	[CAP_AUDIT_WRITE] = "CAP_AUDIT_WRITE",
	[CAP_AUDIT_CONTROL] = "CAP_AUDIT_CONTROL",
	[CAP_SETFCAP] = "CAP_SETFCAP",
	[CAP_MAC_OVERRIDE] = "CAP_MAC_OVERRIDE",
	[CAP_MAC_ADMIN] = "CAP_MAC_ADMIN",
	[CAP_SYSLOG] = "CAP_SYSLOG",
	[CAP_WAKE_ALARM] = "CAP_WAKE_ALARM",
	[CAP_BLOCK_SUSPEND] = "CAP_BLOCK_SUSPEND",
	[CAP_AUDIT_READ] = "CAP_AUDIT_READ",
	[CAP_PERFMON] = "CAP_PERFMON",
	[CAP_BPF] = "CAP_BPF",
	[CAP_CHECKPOINT_RESTORE] = "CAP_CHECKPOINT_RESTORE",
};

static uint64_t bit(int cap)
{
	return UINT64_C(1) << cap;
}

int caps_from_name(const char *name)
{
	if (strncasecmp(name, "CAP_", 4) == 0)
		name += 4;
	for (int cap = 0; cap < (int)ARRAY_SIZE(names); cap++)
		if (strcasecmp(names[cap] + strlen("CAP_"), name) == 0)
			return cap;
	return -EINVAL;
}

const char *caps_name(int cap)
{
	return cap >= 0 && cap < (int)ARRAY_SIZE(names) ? names[cap] : NULL;
}

/* -EINVAL for what the kernel does not know. */
static int in_bounding(int cap)
{
	int r = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);

	return r < 0 ? -errno : r;
}

int caps_last(void)
{
	int known = 0, unknown = MAX_CAPS;

	/* Not /proc/sys/kernel/cap_last_cap: there may be no /proc. */
	while (unknown - known > 1) {
		int middle = (known + unknown) / 2;

		if (in_bounding(middle) >= 0)
			known = middle;
		else
			unknown = middle;
	}
	return known;
}

/* capget(2) and capset(2) take the 64 bits as two structures. */
static int get_three(struct caps_sets *sets)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3, .pid = 0 };
	struct __user_cap_data_struct data[2] = { { 0, 0, 0 }, { 0, 0, 0 } };

	*sets = (struct caps_sets){ .effective = 0 };
	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	sets->effective = data[0].effective | (uint64_t)data[1].effective << 32;
	sets->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	sets->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
	return 0;
}

static int set_three(const struct caps_sets *sets)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3, .pid = 0 };
	const struct __user_cap_data_struct data[2] = {
		{ (uint32_t)sets->effective, (uint32_t)sets->permitted, (uint32_t)sets->inheritable },
		{ (uint32_t)(sets->effective >> 32), (uint32_t)(sets->permitted >> 32),
		  (uint32_t)(sets->inheritable >> 32) },
	};

	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

int caps_get(struct caps_sets *ret_sets)
{
	int r = get_three(ret_sets);

	if (r < 0)
		return r;
	for (int cap = 0; cap < MAX_CAPS; cap++) {
		r = in_bounding(cap);
		if (r == -EINVAL)
			break;
		if (r < 0)
			return r;
		if (r > 0)
			ret_sets->bounding |= bit(cap);
		r = prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0);
		if (r < 0)
			return -errno;
		if (r > 0)
			ret_sets->ambient |= bit(cap);
	}
	return 0;
}

bool caps_have(int cap)
{
	struct caps_sets sets;

	return cap >= 0 && cap < MAX_CAPS && get_three(&sets) == 0 && sets.effective & bit(cap);
}

int caps_get_permitted(uint64_t *ret_permitted)
{
	struct caps_sets sets;
	int r = get_three(&sets);

	if (r == 0)
		*ret_permitted = sets.permitted;
	return r;
}

bool caps_in_bounding(int cap)
{
	return in_bounding(cap) > 0;
}

int caps_drop_bounding(uint64_t bounding)
{
	for (int cap = 0; cap < MAX_CAPS; cap++) {
		int r;

		if (bounding & bit(cap) || prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0)
			continue;
		r = -errno;
		/* Without CAP_SETPCAP it is refused, which is no matter where there is nothing to drop. */
		if (r == -EPERM) {
			int present = in_bounding(cap);

			if (present == 0)
				continue;
			r = present < 0 ? present : r;
		}
		return r == -EINVAL ? 0 : r; /* beyond what the kernel knows */
	}
	return 0;
}

int caps_keep(bool keep)
{
	return prctl(PR_SET_KEEPCAPS, keep ? 1 : 0, 0, 0, 0) < 0 ? -errno : 0;
}

int caps_apply(const struct caps_sets *sets)
{
	int r = set_three(sets);

	if (r < 0)
		return r;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return -errno;
	for (int cap = 0; cap < MAX_CAPS; cap++)
		if (sets->ambient & bit(cap) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return -errno;
	return 0;
}
