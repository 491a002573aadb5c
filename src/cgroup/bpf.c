/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bpf(2) calls for device programs: see bpf.h.  RLIMIT_MEMLOCK is not touched: since Linux 5.11 the memory
 * of programs is accounted to the memory cgroup, and older kernels are not supported.
 */
#include "cgroup/bpf.h"

#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/cleanup.h"

/* Ours is told from those of others by its name. */
#define PROGRAM_NAME "ocirun_devices"

/* The kernel allows no more than this on one cgroup (BPF_CGROUP_MAX_PROGS). */
#define MAX_PROGRAMS 64

static int sys_bpf(int cmd, union bpf_attr *attr, size_t size)
{
	long r = syscall(SYS_bpf, cmd, attr, size);

	return r < 0 ? -errno : (int)r;
}

int bpf_device_load(const struct bpf_insn *insns, size_t n, char *words, size_t n_words)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uint64_t)(uintptr_t)insns;
	attr.insn_cnt = (uint32_t)n;
	attr.license = (uint64_t)(uintptr_t)"Apache-2.0";
	memcpy(attr.prog_name, PROGRAM_NAME, sizeof(PROGRAM_NAME));
	if (words) {
		words[0] = '\0';
		attr.log_level = 1;
		attr.log_buf = (uint64_t)(uintptr_t)words;
		attr.log_size = (uint32_t)n_words;
	}
	/* Descriptors of bpf(2) are always close-on-exec. */
	return sys_bpf(BPF_PROG_LOAD, &attr, sizeof(attr));
}

/* A descriptor of the program, if it is ours; -ENOENT otherwise. */
static int open_ours(uint32_t id)
{
	_cleanup_close_ int fd = -EBADF;
	struct bpf_prog_info info;
	union bpf_attr attr;
	int r;

	memset(&attr, 0, sizeof(attr));
	attr.prog_id = id;
	fd = sys_bpf(BPF_PROG_GET_FD_BY_ID, &attr, sizeof(attr));
	if (fd < 0)
		return fd;
	memset(&attr, 0, sizeof(attr));
	memset(&info, 0, sizeof(info));
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uint64_t)(uintptr_t)&info;
	r = sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr));
	if (r < 0)
		return r;
	return strncmp(info.name, PROGRAM_NAME, sizeof(info.name)) == 0 ? TAKE_FD(fd) : -ENOENT;
}

int bpf_device_find(int cgroup_fd)
{
	uint32_t ids[MAX_PROGRAMS];
	union bpf_attr attr;
	int r;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t)cgroup_fd;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uint64_t)(uintptr_t)ids;
	attr.query.prog_cnt = MAX_PROGRAMS;
	r = sys_bpf(BPF_PROG_QUERY, &attr, sizeof(attr));
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < attr.query.prog_cnt && i < MAX_PROGRAMS; i++) {
		r = open_ours(ids[i]);
		if (r != -ENOENT)
			return r;
	}
	return -ENOENT;
}

int bpf_device_attach(int cgroup_fd, int prog_fd, bool fresh)
{
	_cleanup_close_ int old = fresh ? -ENOENT : bpf_device_find(cgroup_fd);
	union bpf_attr attr;

	if (old < 0 && old != -ENOENT)
		return old;
	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)cgroup_fd;
	attr.attach_bpf_fd = (uint32_t)prog_fd;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (old >= 0) {
		attr.attach_flags |= BPF_F_REPLACE;
		attr.replace_bpf_fd = (uint32_t)old;
	}
	return sys_bpf(BPF_PROG_ATTACH, &attr, sizeof(attr));
}

int bpf_device_detach(int cgroup_fd)
{
	_cleanup_close_ int old = bpf_device_find(cgroup_fd);
	union bpf_attr attr;

	if (old < 0)
		return old == -ENOENT ? 0 : old;
	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)cgroup_fd;
	attr.attach_bpf_fd = (uint32_t)old;
	attr.attach_type = BPF_CGROUP_DEVICE;
	return sys_bpf(BPF_PROG_DETACH, &attr, sizeof(attr));
}
