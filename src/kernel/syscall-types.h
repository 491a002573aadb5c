/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers, constants and structures of system calls that the kernel headers of the oldest C library we build with
 * (glibc 2.36 and Linux 6.1, Debian 12) lack.  The calls are in syscalls.h.
 *
 * The structures have names of our own: <sys/mount.h> and <linux/mount.h> cannot be included
 * together, and newer C libraries define some of them too.  Never include <linux/mount.h>.
 */
#pragma once

#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

/* From 424 on a system call has one number on all architectures, but for the offset of some. */
#if defined(__mips__)
#define SYS_NUMBER(n) (__NR_Linux + (n))
#elif defined(__alpha__)
#define SYS_NUMBER(n) (110 + (n))
#else
#define SYS_NUMBER(n) (n)
#endif

#define SYS_NR_pidfd_send_signal SYS_NUMBER(424)
#define SYS_NR_open_tree SYS_NUMBER(428)
#define SYS_NR_move_mount SYS_NUMBER(429)
#define SYS_NR_fsopen SYS_NUMBER(430)
#define SYS_NR_fsconfig SYS_NUMBER(431)
#define SYS_NR_fsmount SYS_NUMBER(432)
#define SYS_NR_fspick SYS_NUMBER(433)
#define SYS_NR_pidfd_open SYS_NUMBER(434)
#define SYS_NR_clone3 SYS_NUMBER(435)
#define SYS_NR_close_range SYS_NUMBER(436)
#define SYS_NR_openat2 SYS_NUMBER(437)
#define SYS_NR_pidfd_getfd SYS_NUMBER(438)
#define SYS_NR_mount_setattr SYS_NUMBER(442)
#define SYS_NR_landlock_create_ruleset SYS_NUMBER(444)
#define SYS_NR_landlock_add_rule SYS_NUMBER(445)
#define SYS_NR_landlock_restrict_self SYS_NUMBER(446)
#define SYS_NR_fchmodat2 SYS_NUMBER(452)
#define SYS_NR_statmount SYS_NUMBER(457)
#define SYS_NR_listmount SYS_NUMBER(458)
#define SYS_NR_open_tree_attr SYS_NUMBER(467)

/* clone3(2) */
#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif
#ifndef CLONE_CLEAR_SIGHAND
#define CLONE_CLEAR_SIGHAND 0x100000000ULL
#endif
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif

/* open_tree(2), move_mount(2), fsopen(2), fsmount(2), fspick(2) */
#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif
#ifndef OPEN_TREE_CLOEXEC
#define OPEN_TREE_CLOEXEC O_CLOEXEC
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#ifndef MOVE_MOUNT_F_EMPTY_PATH
#define MOVE_MOUNT_F_EMPTY_PATH 0x00000004
#endif
#ifndef MOVE_MOUNT_T_EMPTY_PATH
#define MOVE_MOUNT_T_EMPTY_PATH 0x00000040
#endif
#ifndef MOVE_MOUNT_SET_GROUP
#define MOVE_MOUNT_SET_GROUP 0x00000100
#endif
#ifndef MOVE_MOUNT_BENEATH
#define MOVE_MOUNT_BENEATH 0x00000200 /* 6.5 */
#endif
#ifndef FSOPEN_CLOEXEC
#define FSOPEN_CLOEXEC 1
#endif
#ifndef FSMOUNT_CLOEXEC
#define FSMOUNT_CLOEXEC 1
#endif
#ifndef FSPICK_CLOEXEC
#define FSPICK_CLOEXEC 1
#endif
#ifndef FSPICK_EMPTY_PATH
#define FSPICK_EMPTY_PATH 8
#endif

/* fsconfig(2): an enum in every header that has it, so the names are ours. */
enum sys_fsconfig {
	SYS_FSCONFIG_SET_FLAG = 0,
	SYS_FSCONFIG_SET_STRING = 1,
	SYS_FSCONFIG_SET_BINARY = 2,
	SYS_FSCONFIG_SET_PATH = 3,
	SYS_FSCONFIG_SET_PATH_EMPTY = 4,
	SYS_FSCONFIG_SET_FD = 5,
	SYS_FSCONFIG_CMD_CREATE = 6,
	SYS_FSCONFIG_CMD_RECONFIGURE = 7,
	SYS_FSCONFIG_CMD_CREATE_EXCL = 8, /* 6.6 */
};

/* mount_setattr(2) */
#ifndef MOUNT_ATTR_RDONLY
#define MOUNT_ATTR_RDONLY 0x00000001
#define MOUNT_ATTR_NOSUID 0x00000002
#define MOUNT_ATTR_NODEV 0x00000004
#define MOUNT_ATTR_NOEXEC 0x00000008
#define MOUNT_ATTR__ATIME 0x00000070
#define MOUNT_ATTR_RELATIME 0x00000000
#define MOUNT_ATTR_NOATIME 0x00000010
#define MOUNT_ATTR_STRICTATIME 0x00000020
#define MOUNT_ATTR_NODIRATIME 0x00000080
#endif
#ifndef MOUNT_ATTR_IDMAP
#define MOUNT_ATTR_IDMAP 0x00100000 /* 5.12 */
#endif
#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000 /* 5.14 */
#endif

struct sys_mount_attr {
	uint64_t attr_set;
	uint64_t attr_clr;
	uint64_t propagation;
	uint64_t userns_fd;
};

struct sys_clone_args {
	uint64_t flags;
	uint64_t pidfd; /* address of an int */
	uint64_t child_tid;
	uint64_t parent_tid;
	uint64_t exit_signal;
	uint64_t stack;
	uint64_t stack_size;
	uint64_t tls;
	uint64_t set_tid;
	uint64_t set_tid_size;
	uint64_t cgroup;
};

struct sys_open_how {
	uint64_t flags;
	uint64_t mode;
	uint64_t resolve;
};

/* statmount(2), listmount(2): Linux 6.8 */
struct sys_mnt_id_req {
	uint32_t size;
	uint32_t spare;
	uint64_t mnt_id;
	uint64_t param;
	uint64_t mnt_ns_id; /* 6.10 */
};

/* Offsets in `str` are relative to it; a field is valid when its bit is in `mask`. */
struct sys_statmount {
	uint32_t size;
	uint32_t mnt_opts;
	uint64_t mask;
	uint32_t sb_dev_major;
	uint32_t sb_dev_minor;
	uint64_t sb_magic;
	uint32_t sb_flags;
	uint32_t fs_type;
	uint64_t mnt_id;
	uint64_t mnt_parent_id;
	uint32_t mnt_id_old;
	uint32_t mnt_parent_id_old;
	uint64_t mnt_attr;
	uint64_t mnt_propagation;
	uint64_t mnt_peer_group;
	uint64_t mnt_master;
	uint64_t propagate_from;
	uint32_t mnt_root;
	uint32_t mnt_point;
	uint64_t mnt_ns_id;
	uint32_t fs_subtype;
	uint32_t sb_source;
	uint32_t opt_num;
	uint32_t opt_array;
	uint32_t opt_sec_num;
	uint32_t opt_sec_array;
	uint64_t supported_mask;
	uint32_t mnt_uidmap_num;
	uint32_t mnt_uidmap;
	uint32_t mnt_gidmap_num;
	uint32_t mnt_gidmap;
	uint64_t spare[43];
	char str[];
};

enum sys_statmount_mask {
	SYS_STATMOUNT_SB_BASIC = 0x1,
	SYS_STATMOUNT_MNT_BASIC = 0x2,
	SYS_STATMOUNT_PROPAGATE_FROM = 0x4,
	SYS_STATMOUNT_MNT_ROOT = 0x8,
	SYS_STATMOUNT_MNT_POINT = 0x10,
	SYS_STATMOUNT_FS_TYPE = 0x20,
	SYS_STATMOUNT_MNT_NS_ID = 0x40,
	SYS_STATMOUNT_MNT_OPTS = 0x80,
	SYS_STATMOUNT_FS_SUBTYPE = 0x100,
	SYS_STATMOUNT_SB_SOURCE = 0x200,
};

#define SYS_LSMT_ROOT UINT64_MAX /* listmount: the caller's root mount */

#ifndef STATX_MNT_ID
#define STATX_MNT_ID 0x1000U
#endif
#ifndef STATX_MNT_ID_UNIQUE
#define STATX_MNT_ID_UNIQUE 0x4000U /* 6.8: the id that statmount(2) takes */
#endif

/* memfd_create(2) */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U /* 6.3 */
#endif
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* 6.3 */
#endif

/* sched_setattr(2); SCHED_ATTR_SIZE_VER1 */
struct sys_sched_attr {
	uint32_t size;
	uint32_t sched_policy;
	uint64_t sched_flags;
	int32_t sched_nice;
	uint32_t sched_priority;
	uint64_t sched_runtime;
	uint64_t sched_deadline;
	uint64_t sched_period;
	uint32_t sched_util_min;
	uint32_t sched_util_max;
};
