/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces of a test's own, for root and for everybody else. */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

static inline int write_proc(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = write(fd, text, strlen(text));

	close(fd);
	return n < 0 ? -errno : 0;
}

/* Where the caller is not root, it is in a user namespace afterwards, as its root.  With CLONE_NEWNS, what
   is mounted there stays there. */
static inline int enter_namespaces(int flags)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	char map[64];

	if (unshare(flags | (uid == 0 ? 0 : CLONE_NEWUSER)) < 0)
		return -errno;
	if (uid != 0) {
		snprintf(map, sizeof(map), "0 %u 1", uid);
		if (write_proc("/proc/self/setgroups", "deny") < 0 || write_proc("/proc/self/uid_map", map) < 0)
			return -EPERM;
		snprintf(map, sizeof(map), "0 %u 1", gid);
		if (write_proc("/proc/self/gid_map", map) < 0)
			return -EPERM;
	}
	if (flags & CLONE_NEWNS && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	return 0;
}
