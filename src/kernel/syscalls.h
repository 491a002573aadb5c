/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls that the oldest C library we build with (glibc 2.36, Debian 12) does not wrap.  Each wrapper returns a
 * descriptor, a count or 0, or a negative errno; none does more than the call.
 */
#pragma once

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "kernel/syscall-types.h"

static inline int sys_return(long r)
{
	return r < 0 ? -errno : (int)r;
}

static inline int sys_open_tree(int dirfd, const char *path, unsigned flags)
{
	return sys_return(syscall(SYS_NR_open_tree, dirfd, path, flags));
}

/* Since Linux 6.15. */
static inline int sys_open_tree_attr(int dirfd, const char *path, unsigned flags,
				     const struct sys_mount_attr *attr)
{
	return sys_return(syscall(SYS_NR_open_tree_attr, dirfd, path, flags, attr, sizeof(*attr)));
}

static inline int sys_move_mount(int from_dirfd, const char *from, int to_dirfd, const char *to, unsigned flags)
{
	return sys_return(syscall(SYS_NR_move_mount, from_dirfd, from, to_dirfd, to, flags));
}

static inline int sys_fsopen(const char *type, unsigned flags)
{
	return sys_return(syscall(SYS_NR_fsopen, type, flags));
}

static inline int sys_fsconfig(int fd, enum sys_fsconfig cmd, const char *key, const void *value, int aux)
{
	return sys_return(syscall(SYS_NR_fsconfig, fd, cmd, key, value, aux));
}

static inline int sys_fsmount(int fd, unsigned flags, unsigned attrs)
{
	return sys_return(syscall(SYS_NR_fsmount, fd, flags, attrs));
}

static inline int sys_fspick(int dirfd, const char *path, unsigned flags)
{
	return sys_return(syscall(SYS_NR_fspick, dirfd, path, flags));
}

static inline int sys_mount_setattr(int dirfd, const char *path, unsigned flags,
				    const struct sys_mount_attr *attr)
{
	return sys_return(syscall(SYS_NR_mount_setattr, dirfd, path, flags, attr, sizeof(*attr)));
}

static inline int sys_openat2(int dirfd, const char *path, const struct sys_open_how *how)
{
	return sys_return(syscall(SYS_NR_openat2, dirfd, path, how, sizeof(*how)));
}

/* Like fork(2): with no stack of its own, the child goes on from here on a copy of everything. */
static inline int sys_clone3(const struct sys_clone_args *args)
{
	return sys_return(syscall(SYS_NR_clone3, args, sizeof(*args)));
}

static inline int sys_pidfd_open(pid_t pid, unsigned flags)
{
	return sys_return(syscall(SYS_NR_pidfd_open, pid, flags));
}

static inline int sys_pidfd_send_signal(int pidfd, int sig)
{
	return sys_return(syscall(SYS_NR_pidfd_send_signal, pidfd, sig, NULL, 0));
}

static inline int sys_pidfd_getfd(int pidfd, int fd)
{
	return sys_return(syscall(SYS_NR_pidfd_getfd, pidfd, fd, 0));
}

static inline int sys_pivot_root(const char *new_root, const char *put_old)
{
	return sys_return(syscall(SYS_pivot_root, new_root, put_old));
}

static inline int sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	return sys_return(syscall(SYS_NR_close_range, first, last, flags));
}

/* Since Linux 6.6: fchmodat() that knows AT_SYMLINK_NOFOLLOW and AT_EMPTY_PATH. */
static inline int sys_fchmodat2(int dirfd, const char *path, unsigned mode, unsigned flags)
{
	return sys_return(syscall(SYS_NR_fchmodat2, dirfd, path, mode, flags));
}

/* Since Linux 6.8. */
static inline int sys_statmount(const struct sys_mnt_id_req *req, struct sys_statmount *buf, size_t size)
{
	return sys_return(syscall(SYS_NR_statmount, req, buf, size, 0));
}

/* Since Linux 6.8.  Returns how many ids were written. */
static inline int sys_listmount(const struct sys_mnt_id_req *req, uint64_t *ids, size_t n_ids)
{
	return sys_return(syscall(SYS_NR_listmount, req, ids, n_ids, 0));
}

static inline int sys_keyctl(int operation, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
	return sys_return(syscall(SYS_keyctl, operation, a, b, c, d));
}

static inline int sys_seccomp(unsigned operation, unsigned flags, void *args)
{
	return sys_return(syscall(SYS_seccomp, operation, flags, args));
}

/* attr is a union bpf_attr of <linux/bpf.h>. */
static inline int sys_bpf(int cmd, void *attr, unsigned size)
{
	return sys_return(syscall(SYS_bpf, cmd, attr, size));
}

static inline int sys_sched_setattr(pid_t pid, const struct sys_sched_attr *attr)
{
	return sys_return(syscall(SYS_sched_setattr, pid, attr, 0));
}

static inline int sys_ioprio_set(int which, int who, int ioprio)
{
	return sys_return(syscall(SYS_ioprio_set, which, who, ioprio));
}

/* `max_node` counts the bits of `nodes`. */
static inline int sys_set_mempolicy(int mode, const unsigned long *nodes, unsigned long max_node)
{
	return sys_return(syscall(SYS_set_mempolicy, mode, nodes, max_node));
}

/* Since Linux 5.13; `attr` is a struct landlock_ruleset_attr (kernel/landlock.h). */
static inline int sys_landlock_create_ruleset(const void *attr, size_t size, unsigned flags)
{
	return sys_return(syscall(SYS_NR_landlock_create_ruleset, attr, size, flags));
}

static inline int sys_landlock_add_rule(int ruleset, int type, const void *attr)
{
	return sys_return(syscall(SYS_NR_landlock_add_rule, ruleset, type, attr, 0));
}

static inline int sys_landlock_restrict_self(int ruleset)
{
	return sys_return(syscall(SYS_NR_landlock_restrict_self, ruleset, 0));
}

static inline int sys_execveat(int dirfd, const char *path, char *const argv[], char *const envp[], int flags)
{
	return sys_return(syscall(SYS_execveat, dirfd, path, argv, envp, flags));
}
