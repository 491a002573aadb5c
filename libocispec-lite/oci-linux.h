/* SPDX-License-Identifier: Apache-2.0 */
/* The `linux` object of config.json (config-linux.md) as C structs; how absence is shown is told in oci-config.h. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One member of an object whose values are strings: annotations, sysctl, unified. */
struct oci_pair {
	const char *key;
	const char *value;
};

struct oci_id_mapping {
	uint32_t container_id;
	uint32_t host_id;
	uint32_t size;
};

enum oci_namespace_type {
	OCI_NS_PID = 1,
	OCI_NS_NETWORK,
	OCI_NS_MOUNT,
	OCI_NS_IPC,
	OCI_NS_UTS,
	OCI_NS_USER,
	OCI_NS_CGROUP,
	OCI_NS_TIME,
	OCI_NS_TYPES = OCI_NS_TIME,
};

struct oci_namespace {
	enum oci_namespace_type type;
	const char *path;
};

struct oci_time_offset {
	int64_t secs;
	uint32_t nanosecs;
};

struct oci_time_offsets {
	const struct oci_time_offset *monotonic;
	const struct oci_time_offset *boottime;
};

struct oci_device {
	const char *type; /* "c", "b", "u" or "p" */
	const char *path;
	const int64_t *major;
	const int64_t *minor;
	const uint32_t *file_mode;
	const uint32_t *uid;
	const uint32_t *gid;
};

/* One member of linux.netDevices: `key` is the name on the host. */
struct oci_net_device {
	const char *key;
	const char *name; /* in the container; NULL: the same */
};

struct oci_device_rule {
	bool allow;
	const char *type;     /* "a", "c", "b" or NULL (all) */
	const int64_t *major; /* NULL: any */
	const int64_t *minor;
	const char *access;   /* of "rwm" */
};

struct oci_memory {
	const int64_t *limit; /* bytes; -1: no limit */
	const int64_t *reservation;
	const int64_t *swap; /* memory + swap, bytes */
	const int64_t *kernel;
	const int64_t *kernel_tcp;
	const uint64_t *swappiness;
	const bool *disable_oom_killer;
	const bool *use_hierarchy;
	const bool *check_before_update;
};

struct oci_cpu {
	const uint64_t *shares;
	const int64_t *quota;   /* microseconds; -1: none */
	const uint64_t *burst;  /* microseconds */
	const uint64_t *period; /* microseconds */
	const int64_t *realtime_runtime;
	const uint64_t *realtime_period;
	const char *cpus;
	const char *mems;
	const int64_t *idle;
};

struct oci_pids {
	const int64_t *limit; /* 0 is a limit, -1 none; NULL is let pass, as by specs-go */
};

struct oci_weight_device {
	int64_t major;
	int64_t minor;
	const uint16_t *weight;
	const uint16_t *leaf_weight;
};

struct oci_throttle_device {
	int64_t major;
	int64_t minor;
	uint64_t rate;
};

struct oci_block_io {
	const uint16_t *weight;
	const uint16_t *leaf_weight;
	const struct oci_weight_device *weight_device;
	size_t n_weight_device;
	const struct oci_throttle_device *throttle_read_bps_device;
	size_t n_throttle_read_bps_device;
	const struct oci_throttle_device *throttle_write_bps_device;
	size_t n_throttle_write_bps_device;
	const struct oci_throttle_device *throttle_read_iops_device;
	size_t n_throttle_read_iops_device;
	const struct oci_throttle_device *throttle_write_iops_device;
	size_t n_throttle_write_iops_device;
};

struct oci_hugepage_limit {
	const char *page_size; /* "2MB" */
	uint64_t limit;        /* bytes */
};

struct oci_interface_priority {
	const char *name;
	uint32_t priority;
};

struct oci_network {
	const uint32_t *class_id;
	const struct oci_interface_priority *priorities;
	size_t n_priorities;
};

/* One member of linux.resources.rdma: `key` is the device. */
struct oci_rdma {
	const char *key;
	const uint32_t *hca_handles;
	const uint32_t *hca_objects;
};

struct oci_resources {
	const struct oci_pair *unified;
	size_t n_unified;
	const struct oci_device_rule *devices;
	size_t n_devices;
	const struct oci_memory *memory;
	const struct oci_cpu *cpu;
	const struct oci_pids *pids;
	const struct oci_block_io *block_io;
	const struct oci_hugepage_limit *hugepage_limits;
	size_t n_hugepage_limits;
	const struct oci_network *network;
	const struct oci_rdma *rdma;
	size_t n_rdma;
};

enum oci_propagation {
	OCI_PROPAGATION_PRIVATE = 1,
	OCI_PROPAGATION_SHARED,
	OCI_PROPAGATION_SLAVE,
	OCI_PROPAGATION_UNBINDABLE,
	/* Beyond the schema, but engines send them: with all mounts beneath. */
	OCI_PROPAGATION_RPRIVATE,
	OCI_PROPAGATION_RSHARED,
	OCI_PROPAGATION_RSLAVE,
	OCI_PROPAGATION_RUNBINDABLE,
};

enum oci_seccomp_action {
	OCI_SECCOMP_KILL = 1, /* the thread, as SCMP_ACT_KILL always did */
	OCI_SECCOMP_KILL_PROCESS,
	OCI_SECCOMP_KILL_THREAD,
	OCI_SECCOMP_TRAP,
	OCI_SECCOMP_ERRNO,
	OCI_SECCOMP_TRACE,
	OCI_SECCOMP_ALLOW,
	OCI_SECCOMP_LOG,
	OCI_SECCOMP_NOTIFY,
};

enum oci_seccomp_operator {
	OCI_SECCOMP_NE = 1,
	OCI_SECCOMP_LT,
	OCI_SECCOMP_LE,
	OCI_SECCOMP_EQ,
	OCI_SECCOMP_GE,
	OCI_SECCOMP_GT,
	OCI_SECCOMP_MASKED_EQ,
};

enum oci_seccomp_flag {
	OCI_SECCOMP_FLAG_TSYNC = 1,
	OCI_SECCOMP_FLAG_LOG,
	OCI_SECCOMP_FLAG_SPEC_ALLOW,
	OCI_SECCOMP_FLAG_WAIT_KILLABLE_RECV,
};

/* In the order of the specification's list; libocispec-lite has their names. */
enum oci_seccomp_arch {
	OCI_ARCH_X86 = 1,
	OCI_ARCH_X86_64,
	OCI_ARCH_X32,
	OCI_ARCH_ARM,
	OCI_ARCH_AARCH64,
	OCI_ARCH_LOONGARCH64,
	OCI_ARCH_M68K,
	OCI_ARCH_MIPS,
	OCI_ARCH_MIPS64,
	OCI_ARCH_MIPS64N32,
	OCI_ARCH_MIPSEL,
	OCI_ARCH_MIPSEL64,
	OCI_ARCH_MIPSEL64N32,
	OCI_ARCH_PPC,
	OCI_ARCH_PPC64,
	OCI_ARCH_PPC64LE,
	OCI_ARCH_S390,
	OCI_ARCH_S390X,
	OCI_ARCH_SH,
	OCI_ARCH_SHEB,
	OCI_ARCH_PARISC,
	OCI_ARCH_PARISC64,
	OCI_ARCH_RISCV64,
};

struct oci_seccomp_arg {
	uint32_t index;
	uint64_t value;
	uint64_t value_two;
	enum oci_seccomp_operator op;
};

struct oci_seccomp_rule {
	const char *const *names; /* at least one */
	size_t n_names;
	enum oci_seccomp_action action;
	const uint32_t *errno_ret;
	const struct oci_seccomp_arg *args;
	size_t n_args;
};

struct oci_seccomp {
	enum oci_seccomp_action default_action;
	const uint32_t *default_errno_ret;
	const enum oci_seccomp_arch *architectures;
	size_t n_architectures;
	const enum oci_seccomp_flag *flags;
	size_t n_flags;
	const char *listener_path;
	const char *listener_metadata;
	const struct oci_seccomp_rule *syscalls;
	size_t n_syscalls;
};

struct oci_intel_rdt {
	const char *clos_id;
	const char *const *schemata;
	size_t n_schemata;
	const char *l3_cache_schema;
	const char *mem_bw_schema;
	bool enable_monitoring;
};

enum oci_mpol_mode {
	OCI_MPOL_DEFAULT = 1,
	OCI_MPOL_BIND,
	OCI_MPOL_INTERLEAVE,
	OCI_MPOL_WEIGHTED_INTERLEAVE,
	OCI_MPOL_PREFERRED,
	OCI_MPOL_PREFERRED_MANY,
	OCI_MPOL_LOCAL,
};

enum oci_mpol_flag {
	OCI_MPOL_F_NUMA_BALANCING = 1,
	OCI_MPOL_F_RELATIVE_NODES,
	OCI_MPOL_F_STATIC_NODES,
};

struct oci_memory_policy {
	enum oci_mpol_mode mode;
	const char *nodes;
	const enum oci_mpol_flag *flags;
	size_t n_flags;
};

enum oci_personality_domain { OCI_PERSONALITY_LINUX = 1, OCI_PERSONALITY_LINUX32 };

struct oci_personality {
	enum oci_personality_domain domain;
	const char *const *flags;
	size_t n_flags;
};

struct oci_linux {
	const struct oci_namespace *namespaces;
	size_t n_namespaces;
	const struct oci_id_mapping *uid_mappings;
	size_t n_uid_mappings;
	const struct oci_id_mapping *gid_mappings;
	size_t n_gid_mappings;
	const struct oci_time_offsets *time_offsets;
	const struct oci_device *devices;
	size_t n_devices;
	const struct oci_net_device *net_devices;
	size_t n_net_devices;
	const char *cgroups_path;
	const struct oci_resources *resources;
	const struct oci_intel_rdt *intel_rdt;
	const struct oci_memory_policy *memory_policy;
	const struct oci_pair *sysctl;
	size_t n_sysctl;
	const struct oci_seccomp *seccomp;
	enum oci_propagation rootfs_propagation;
	const char *const *masked_paths;
	size_t n_masked_paths;
	const char *const *readonly_paths;
	size_t n_readonly_paths;
	const char *mount_label;
	const struct oci_personality *personality;
};
