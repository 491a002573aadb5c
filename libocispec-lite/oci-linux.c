/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of config.json's linux object: config-linux.md of the OCI runtime-spec v1.3.0. */
#include "libocispec-lite/oci-linux.h"

#include "libocispec-lite/ocispec-lite.h"
#include "libocispec-lite/types.h"

/* ---- namespaces, devices ---- */

LITE_SHARED_VALUES(oci_namespace_type,
	[OCI_NS_PID] = "pid",
	[OCI_NS_NETWORK] = "network",
	[OCI_NS_MOUNT] = "mount",
	[OCI_NS_IPC] = "ipc",
	[OCI_NS_UTS] = "uts",
	[OCI_NS_USER] = "user",
	[OCI_NS_CGROUP] = "cgroup",
	[OCI_NS_TIME] = "time");

LITE_SHARED_TYPE(oci_namespace,
	F_ENUM(struct oci_namespace, type, "type", oci_namespace_type, LITE_REQUIRED),
	F_STR(struct oci_namespace, path, "path", 0));

LITE_TYPE(oci_time_offset,
	F_I64(struct oci_time_offset, secs, "secs", 0),
	F_U32(struct oci_time_offset, nanosecs, "nanosecs", 0));

LITE_TYPE(oci_time_offsets,
	F_OBJ_OPT(struct oci_time_offsets, monotonic, "monotonic", oci_time_offset, 0),
	F_OBJ_OPT(struct oci_time_offsets, boottime, "boottime", oci_time_offset, 0));

/* fileMode: the schema allows permission bits alone, engines send the file type as well. */
LITE_TYPE(oci_device,
	F_STR(struct oci_device, path, "path", LITE_REQUIRED),
	F_STR(struct oci_device, type, "type", LITE_REQUIRED),
	F_I64_OPT(struct oci_device, major, "major", 0),
	F_I64_OPT(struct oci_device, minor, "minor", 0),
	F_U32_OPT(struct oci_device, file_mode, "fileMode", 0),
	F_U32_OPT(struct oci_device, uid, "uid", 0),
	F_U32_OPT(struct oci_device, gid, "gid", 0));

LITE_TYPE(oci_net_device,
	F_STR(struct oci_net_device, name, "name", 0));

/* ---- resources ---- */

LITE_TYPE(oci_device_rule,
	F_BOOL(struct oci_device_rule, allow, "allow", LITE_REQUIRED),
	F_STR(struct oci_device_rule, type, "type", 0),
	F_I64_OPT(struct oci_device_rule, major, "major", 0),
	F_I64_OPT(struct oci_device_rule, minor, "minor", 0),
	F_STR(struct oci_device_rule, access, "access", 0));

LITE_TYPE(oci_memory,
	F_I64_OPT(struct oci_memory, limit, "limit", 0),
	F_I64_OPT(struct oci_memory, reservation, "reservation", 0),
	F_I64_OPT(struct oci_memory, swap, "swap", 0),
	F_I64_OPT(struct oci_memory, kernel, "kernel", 0),
	F_I64_OPT(struct oci_memory, kernel_tcp, "kernelTCP", 0),
	F_U64_OPT(struct oci_memory, swappiness, "swappiness", 0),
	F_BOOL_OPT(struct oci_memory, disable_oom_killer, "disableOOMKiller", 0),
	F_BOOL_OPT(struct oci_memory, use_hierarchy, "useHierarchy", 0),
	F_BOOL_OPT(struct oci_memory, check_before_update, "checkBeforeUpdate", 0));

LITE_TYPE(oci_cpu,
	F_U64_OPT(struct oci_cpu, shares, "shares", 0),
	F_I64_OPT(struct oci_cpu, quota, "quota", 0),
	F_U64_OPT(struct oci_cpu, burst, "burst", 0),
	F_U64_OPT(struct oci_cpu, period, "period", 0),
	F_I64_OPT(struct oci_cpu, realtime_runtime, "realtimeRuntime", 0),
	F_U64_OPT(struct oci_cpu, realtime_period, "realtimePeriod", 0),
	F_STR(struct oci_cpu, cpus, "cpus", 0),
	F_STR(struct oci_cpu, mems, "mems", 0),
	F_I64_OPT(struct oci_cpu, idle, "idle", 0));

/* limit is required by the schema; specs-go leaves it out where it is unset. */
LITE_TYPE(oci_pids,
	F_I64_OPT(struct oci_pids, limit, "limit", 0));

LITE_TYPE(oci_weight_device,
	F_I64(struct oci_weight_device, major, "major", LITE_REQUIRED),
	F_I64(struct oci_weight_device, minor, "minor", LITE_REQUIRED),
	F_U16_OPT(struct oci_weight_device, weight, "weight", 0),
	F_U16_OPT(struct oci_weight_device, leaf_weight, "leafWeight", 0));

/* rate: required by config-linux.md, "Block IO", though not by the schema. */
LITE_TYPE(oci_throttle_device,
	F_I64(struct oci_throttle_device, major, "major", LITE_REQUIRED),
	F_I64(struct oci_throttle_device, minor, "minor", LITE_REQUIRED),
	F_U64(struct oci_throttle_device, rate, "rate", LITE_REQUIRED));

LITE_TYPE(oci_block_io,
	F_U16_OPT(struct oci_block_io, weight, "weight", 0),
	F_U16_OPT(struct oci_block_io, leaf_weight, "leafWeight", 0),
	F_OBJS(struct oci_block_io, weight_device, "weightDevice", oci_weight_device, 0),
	F_OBJS(struct oci_block_io, throttle_read_bps_device, "throttleReadBpsDevice",
	       oci_throttle_device, 0),
	F_OBJS(struct oci_block_io, throttle_write_bps_device, "throttleWriteBpsDevice",
	       oci_throttle_device, 0),
	F_OBJS(struct oci_block_io, throttle_read_iops_device, "throttleReadIOPSDevice",
	       oci_throttle_device, 0),
	F_OBJS(struct oci_block_io, throttle_write_iops_device, "throttleWriteIOPSDevice",
	       oci_throttle_device, 0));

LITE_TYPE(oci_hugepage_limit,
	F_STR(struct oci_hugepage_limit, page_size, "pageSize", LITE_REQUIRED),
	F_U64(struct oci_hugepage_limit, limit, "limit", LITE_REQUIRED));

LITE_TYPE(oci_interface_priority,
	F_STR(struct oci_interface_priority, name, "name", LITE_REQUIRED),
	F_U32(struct oci_interface_priority, priority, "priority", LITE_REQUIRED));

LITE_TYPE(oci_network,
	F_U32_OPT(struct oci_network, class_id, "classID", 0),
	F_OBJS(struct oci_network, priorities, "priorities", oci_interface_priority, 0));

LITE_TYPE(oci_rdma,
	F_U32_OPT(struct oci_rdma, hca_handles, "hcaHandles", 0),
	F_U32_OPT(struct oci_rdma, hca_objects, "hcaObjects", 0));

LITE_SHARED_TYPE(oci_resources,
	F_OBJS(struct oci_resources, devices, "devices", oci_device_rule, 0),
	F_OBJ_OPT(struct oci_resources, memory, "memory", oci_memory, 0),
	F_OBJ_OPT(struct oci_resources, cpu, "cpu", oci_cpu, 0),
	F_OBJ_OPT(struct oci_resources, pids, "pids", oci_pids, 0),
	F_OBJ_OPT(struct oci_resources, block_io, "blockIO", oci_block_io, 0),
	F_OBJS(struct oci_resources, hugepage_limits, "hugepageLimits", oci_hugepage_limit, 0),
	F_OBJ_OPT(struct oci_resources, network, "network", oci_network, 0),
	F_KEYED(struct oci_resources, rdma, "rdma", oci_rdma, 0),
	F_PAIRS(struct oci_resources, unified, "unified", 0));

const struct lite_type *const LITE_RESOURCES = &oci_resources_type;

/* ---- seccomp ---- */

LITE_SHARED_VALUES(oci_seccomp_action,
	[OCI_SECCOMP_KILL] = "SCMP_ACT_KILL",
	[OCI_SECCOMP_KILL_PROCESS] = "SCMP_ACT_KILL_PROCESS",
	[OCI_SECCOMP_KILL_THREAD] = "SCMP_ACT_KILL_THREAD",
	[OCI_SECCOMP_TRAP] = "SCMP_ACT_TRAP",
	[OCI_SECCOMP_ERRNO] = "SCMP_ACT_ERRNO",
	[OCI_SECCOMP_TRACE] = "SCMP_ACT_TRACE",
	[OCI_SECCOMP_ALLOW] = "SCMP_ACT_ALLOW",
	[OCI_SECCOMP_LOG] = "SCMP_ACT_LOG",
	[OCI_SECCOMP_NOTIFY] = "SCMP_ACT_NOTIFY");

LITE_SHARED_VALUES(oci_seccomp_operator,
	[OCI_SECCOMP_NE] = "SCMP_CMP_NE",
	[OCI_SECCOMP_LT] = "SCMP_CMP_LT",
	[OCI_SECCOMP_LE] = "SCMP_CMP_LE",
	[OCI_SECCOMP_EQ] = "SCMP_CMP_EQ",
	[OCI_SECCOMP_GE] = "SCMP_CMP_GE",
	[OCI_SECCOMP_GT] = "SCMP_CMP_GT",
	[OCI_SECCOMP_MASKED_EQ] = "SCMP_CMP_MASKED_EQ");

LITE_SHARED_VALUES(oci_seccomp_flag,
	[OCI_SECCOMP_FLAG_TSYNC] = "SECCOMP_FILTER_FLAG_TSYNC",
	[OCI_SECCOMP_FLAG_LOG] = "SECCOMP_FILTER_FLAG_LOG",
	[OCI_SECCOMP_FLAG_SPEC_ALLOW] = "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
	[OCI_SECCOMP_FLAG_WAIT_KILLABLE_RECV] = "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV");

LITE_SHARED_VALUES(oci_seccomp_arch,
	[OCI_ARCH_X86] = "SCMP_ARCH_X86",
	[OCI_ARCH_X86_64] = "SCMP_ARCH_X86_64",
	[OCI_ARCH_X32] = "SCMP_ARCH_X32",
	[OCI_ARCH_ARM] = "SCMP_ARCH_ARM",
	[OCI_ARCH_AARCH64] = "SCMP_ARCH_AARCH64",
	[OCI_ARCH_LOONGARCH64] = "SCMP_ARCH_LOONGARCH64",
	[OCI_ARCH_M68K] = "SCMP_ARCH_M68K",
	[OCI_ARCH_MIPS] = "SCMP_ARCH_MIPS",
	[OCI_ARCH_MIPS64] = "SCMP_ARCH_MIPS64",
	[OCI_ARCH_MIPS64N32] = "SCMP_ARCH_MIPS64N32",
	[OCI_ARCH_MIPSEL] = "SCMP_ARCH_MIPSEL",
	[OCI_ARCH_MIPSEL64] = "SCMP_ARCH_MIPSEL64",
	[OCI_ARCH_MIPSEL64N32] = "SCMP_ARCH_MIPSEL64N32",
	[OCI_ARCH_PPC] = "SCMP_ARCH_PPC",
	[OCI_ARCH_PPC64] = "SCMP_ARCH_PPC64",
	[OCI_ARCH_PPC64LE] = "SCMP_ARCH_PPC64LE",
	[OCI_ARCH_S390] = "SCMP_ARCH_S390",
	[OCI_ARCH_S390X] = "SCMP_ARCH_S390X",
	[OCI_ARCH_SH] = "SCMP_ARCH_SH",
	[OCI_ARCH_SHEB] = "SCMP_ARCH_SHEB",
	[OCI_ARCH_PARISC] = "SCMP_ARCH_PARISC",
	[OCI_ARCH_PARISC64] = "SCMP_ARCH_PARISC64",
	[OCI_ARCH_RISCV64] = "SCMP_ARCH_RISCV64");

LITE_TYPE(oci_seccomp_arg,
	F_U32(struct oci_seccomp_arg, index, "index", LITE_REQUIRED),
	F_U64(struct oci_seccomp_arg, value, "value", LITE_REQUIRED),
	F_U64(struct oci_seccomp_arg, value_two, "valueTwo", 0),
	F_ENUM(struct oci_seccomp_arg, op, "op", oci_seccomp_operator, LITE_REQUIRED));

LITE_TYPE(oci_seccomp_rule,
	F_STRS(struct oci_seccomp_rule, names, "names", LITE_REQUIRED | LITE_NOT_EMPTY),
	F_ENUM(struct oci_seccomp_rule, action, "action", oci_seccomp_action, LITE_REQUIRED),
	F_U32_OPT(struct oci_seccomp_rule, errno_ret, "errnoRet", 0),
	F_OBJS(struct oci_seccomp_rule, args, "args", oci_seccomp_arg, 0));

LITE_TYPE(oci_seccomp,
	F_ENUM(struct oci_seccomp, default_action, "defaultAction", oci_seccomp_action, LITE_REQUIRED),
	F_U32_OPT(struct oci_seccomp, default_errno_ret, "defaultErrnoRet", 0),
	F_ENUMS(struct oci_seccomp, architectures, "architectures", oci_seccomp_arch, 0),
	F_ENUMS(struct oci_seccomp, flags, "flags", oci_seccomp_flag, 0),
	F_STR(struct oci_seccomp, listener_path, "listenerPath", 0),
	F_STR(struct oci_seccomp, listener_metadata, "listenerMetadata", 0),
	F_OBJS(struct oci_seccomp, syscalls, "syscalls", oci_seccomp_rule, 0));

/* ---- the rest ---- */

LITE_VALUES(oci_propagation,
	[OCI_PROPAGATION_PRIVATE] = "private",
	[OCI_PROPAGATION_SHARED] = "shared",
	[OCI_PROPAGATION_SLAVE] = "slave",
	[OCI_PROPAGATION_UNBINDABLE] = "unbindable",
	[OCI_PROPAGATION_RPRIVATE] = "rprivate",
	[OCI_PROPAGATION_RSHARED] = "rshared",
	[OCI_PROPAGATION_RSLAVE] = "rslave",
	[OCI_PROPAGATION_RUNBINDABLE] = "runbindable");

LITE_TYPE(oci_intel_rdt,
	F_STR(struct oci_intel_rdt, clos_id, "closID", 0),
	F_STRS(struct oci_intel_rdt, schemata, "schemata", 0),
	F_STR(struct oci_intel_rdt, l3_cache_schema, "l3CacheSchema", 0),
	F_STR(struct oci_intel_rdt, mem_bw_schema, "memBwSchema", 0),
	F_BOOL(struct oci_intel_rdt, enable_monitoring, "enableMonitoring", 0));

LITE_SHARED_VALUES(oci_mpol_mode,
	[OCI_MPOL_DEFAULT] = "MPOL_DEFAULT",
	[OCI_MPOL_BIND] = "MPOL_BIND",
	[OCI_MPOL_INTERLEAVE] = "MPOL_INTERLEAVE",
	[OCI_MPOL_WEIGHTED_INTERLEAVE] = "MPOL_WEIGHTED_INTERLEAVE",
	[OCI_MPOL_PREFERRED] = "MPOL_PREFERRED",
	[OCI_MPOL_PREFERRED_MANY] = "MPOL_PREFERRED_MANY",
	[OCI_MPOL_LOCAL] = "MPOL_LOCAL");

LITE_SHARED_VALUES(oci_mpol_flag,
	[OCI_MPOL_F_NUMA_BALANCING] = "MPOL_F_NUMA_BALANCING",
	[OCI_MPOL_F_RELATIVE_NODES] = "MPOL_F_RELATIVE_NODES",
	[OCI_MPOL_F_STATIC_NODES] = "MPOL_F_STATIC_NODES");

/* mode, and domain below: required by config-linux.md, though not by the schema. */
LITE_TYPE(oci_memory_policy,
	F_ENUM(struct oci_memory_policy, mode, "mode", oci_mpol_mode, LITE_REQUIRED),
	F_STR(struct oci_memory_policy, nodes, "nodes", 0),
	F_ENUMS(struct oci_memory_policy, flags, "flags", oci_mpol_flag, 0));

LITE_VALUES(oci_personality_domain,
	[OCI_PERSONALITY_LINUX] = "LINUX",
	[OCI_PERSONALITY_LINUX32] = "LINUX32");

LITE_TYPE(oci_personality,
	F_ENUM(struct oci_personality, domain, "domain", oci_personality_domain, LITE_REQUIRED),
	F_STRS(struct oci_personality, flags, "flags", 0));

LITE_SHARED_TYPE(oci_linux,
	F_OBJS(struct oci_linux, uid_mappings, "uidMappings", oci_id_mapping, 0),
	F_OBJS(struct oci_linux, gid_mappings, "gidMappings", oci_id_mapping, 0),
	F_PAIRS(struct oci_linux, sysctl, "sysctl", 0),
	F_OBJ_OPT(struct oci_linux, resources, "resources", oci_resources, 0),
	F_STR(struct oci_linux, cgroups_path, "cgroupsPath", 0),
	F_OBJS(struct oci_linux, namespaces, "namespaces", oci_namespace, 0),
	F_OBJS(struct oci_linux, devices, "devices", oci_device, 0),
	F_KEYED(struct oci_linux, net_devices, "netDevices", oci_net_device, 0),
	F_OBJ_OPT(struct oci_linux, seccomp, "seccomp", oci_seccomp, 0),
	F_ENUM(struct oci_linux, rootfs_propagation, "rootfsPropagation", oci_propagation, 0),
	F_STRS(struct oci_linux, masked_paths, "maskedPaths", 0),
	F_STRS(struct oci_linux, readonly_paths, "readonlyPaths", 0),
	F_STR(struct oci_linux, mount_label, "mountLabel", 0),
	F_OBJ_OPT(struct oci_linux, intel_rdt, "intelRdt", oci_intel_rdt, 0),
	F_OBJ_OPT(struct oci_linux, memory_policy, "memoryPolicy", oci_memory_policy, 0),
	F_OBJ_OPT(struct oci_linux, personality, "personality", oci_personality, 0),
	F_OBJ_OPT(struct oci_linux, time_offsets, "timeOffsets", oci_time_offsets, 0));

/* ---- names ---- */

const char *oci_namespace_name(enum oci_namespace_type type)
{
	return lite_enum_name(&oci_namespace_type_values, type);
}

const char *oci_seccomp_action_name(enum oci_seccomp_action action)
{
	return lite_enum_name(&oci_seccomp_action_values, action);
}

const char *oci_seccomp_arch_name(enum oci_seccomp_arch arch)
{
	return lite_enum_name(&oci_seccomp_arch_values, arch);
}

const char *oci_seccomp_operator_name(enum oci_seccomp_operator op)
{
	return lite_enum_name(&oci_seccomp_operator_values, op);
}

const char *oci_seccomp_flag_name(enum oci_seccomp_flag flag)
{
	return lite_enum_name(&oci_seccomp_flag_values, flag);
}
