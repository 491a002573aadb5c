/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of config.json but for its linux object: config.md of the OCI runtime-spec v1.3.0. */
#include "libocispec-lite/oci-config.h"

#include "libocispec-lite/ocispec-lite.h"
#include "libocispec-lite/types.h"

/* ---- process ---- */

LITE_TYPE(oci_console_size,
	F_U64(struct oci_console_size, height, "height", LITE_REQUIRED),
	F_U64(struct oci_console_size, width, "width", LITE_REQUIRED));

LITE_TYPE(oci_user,
	F_U32(struct oci_user, uid, "uid", LITE_KEEP),
	F_U32(struct oci_user, gid, "gid", LITE_KEEP),
	F_U32_OPT(struct oci_user, umask, "umask", 0),
	F_U32S(struct oci_user, additional_gids, "additionalGids", 0),
	F_STR(struct oci_user, username, "username", 0));

LITE_TYPE(oci_capabilities,
	F_STRS(struct oci_capabilities, bounding, "bounding", 0),
	F_STRS(struct oci_capabilities, effective, "effective", 0),
	F_STRS(struct oci_capabilities, inheritable, "inheritable", 0),
	F_STRS(struct oci_capabilities, permitted, "permitted", 0),
	F_STRS(struct oci_capabilities, ambient, "ambient", 0));

LITE_TYPE(oci_rlimit,
	F_STR(struct oci_rlimit, type, "type", LITE_REQUIRED),
	F_U64(struct oci_rlimit, hard, "hard", LITE_REQUIRED),
	F_U64(struct oci_rlimit, soft, "soft", LITE_REQUIRED));

LITE_VALUES(oci_ioprio_class,
	[OCI_IOPRIO_RT] = "IOPRIO_CLASS_RT",
	[OCI_IOPRIO_BE] = "IOPRIO_CLASS_BE",
	[OCI_IOPRIO_IDLE] = "IOPRIO_CLASS_IDLE");

LITE_TYPE(oci_io_priority,
	F_ENUM(struct oci_io_priority, class_, "class", oci_ioprio_class, LITE_REQUIRED),
	F_I32(struct oci_io_priority, priority, "priority", LITE_KEEP));

LITE_VALUES(oci_sched_policy,
	[OCI_SCHED_OTHER] = "SCHED_OTHER",
	[OCI_SCHED_FIFO] = "SCHED_FIFO",
	[OCI_SCHED_RR] = "SCHED_RR",
	[OCI_SCHED_BATCH] = "SCHED_BATCH",
	[OCI_SCHED_ISO] = "SCHED_ISO",
	[OCI_SCHED_IDLE] = "SCHED_IDLE",
	[OCI_SCHED_DEADLINE] = "SCHED_DEADLINE");

LITE_VALUES(oci_sched_flag,
	[OCI_SCHED_FLAG_RESET_ON_FORK] = "SCHED_FLAG_RESET_ON_FORK",
	[OCI_SCHED_FLAG_RECLAIM] = "SCHED_FLAG_RECLAIM",
	[OCI_SCHED_FLAG_DL_OVERRUN] = "SCHED_FLAG_DL_OVERRUN",
	[OCI_SCHED_FLAG_KEEP_POLICY] = "SCHED_FLAG_KEEP_POLICY",
	[OCI_SCHED_FLAG_KEEP_PARAMS] = "SCHED_FLAG_KEEP_PARAMS",
	[OCI_SCHED_FLAG_UTIL_CLAMP_MIN] = "SCHED_FLAG_UTIL_CLAMP_MIN",
	[OCI_SCHED_FLAG_UTIL_CLAMP_MAX] = "SCHED_FLAG_UTIL_CLAMP_MAX");

LITE_TYPE(oci_scheduler,
	F_ENUM(struct oci_scheduler, policy, "policy", oci_sched_policy, LITE_REQUIRED),
	F_I32(struct oci_scheduler, nice, "nice", 0),
	F_I32(struct oci_scheduler, priority, "priority", 0),
	F_ENUMS(struct oci_scheduler, flags, "flags", oci_sched_flag, 0),
	F_U64(struct oci_scheduler, runtime, "runtime", 0),
	F_U64(struct oci_scheduler, deadline, "deadline", 0),
	F_U64(struct oci_scheduler, period, "period", 0));

LITE_TYPE(oci_exec_cpu_affinity,
	F_STR(struct oci_exec_cpu_affinity, initial, "initial", 0),
	F_STR(struct oci_exec_cpu_affinity, final, "final", 0));

/* Here and below the rows are in the order in which Go programs write the properties: the parser
   tries the row behind the last one first. */
LITE_SHARED_TYPE(oci_process,
	F_BOOL(struct oci_process, terminal, "terminal", 0),
	F_OBJ_OPT(struct oci_process, console_size, "consoleSize", oci_console_size, 0),
	F_OBJ(struct oci_process, user, "user", oci_user, LITE_KEEP),
	F_STRS(struct oci_process, args, "args", 0),
	F_STR(struct oci_process, command_line, "commandLine", 0),
	F_STRS(struct oci_process, env, "env", 0),
	F_STR(struct oci_process, cwd, "cwd", LITE_REQUIRED),
	F_OBJ_OPT(struct oci_process, capabilities, "capabilities", oci_capabilities, 0),
	F_OBJS(struct oci_process, rlimits, "rlimits", oci_rlimit, 0),
	F_BOOL(struct oci_process, no_new_privileges, "noNewPrivileges", 0),
	F_STR(struct oci_process, apparmor_profile, "apparmorProfile", 0),
	F_I32_OPT(struct oci_process, oom_score_adj, "oomScoreAdj", 0),
	F_OBJ_OPT(struct oci_process, scheduler, "scheduler", oci_scheduler, 0),
	F_STR(struct oci_process, selinux_label, "selinuxLabel", 0),
	F_OBJ_OPT(struct oci_process, io_priority, "ioPriority", oci_io_priority, 0),
	F_OBJ_OPT(struct oci_process, exec_cpu_affinity, "execCPUAffinity", oci_exec_cpu_affinity, 0));

/* ---- root, mounts, hooks ---- */

LITE_TYPE(oci_root,
	F_STR(struct oci_root, path, "path", LITE_REQUIRED),
	F_BOOL(struct oci_root, readonly, "readonly", 0));

LITE_SHARED_TYPE(oci_id_mapping,
	F_U32(struct oci_id_mapping, container_id, "containerID", LITE_REQUIRED),
	F_U32(struct oci_id_mapping, host_id, "hostID", LITE_REQUIRED),
	F_U32(struct oci_id_mapping, size, "size", LITE_REQUIRED));

LITE_SHARED_TYPE(oci_mount,
	F_STR(struct oci_mount, destination, "destination", LITE_REQUIRED),
	F_STR(struct oci_mount, type, "type", 0),
	F_STR(struct oci_mount, source, "source", 0),
	F_STRS(struct oci_mount, options, "options", 0),
	F_OBJS(struct oci_mount, uid_mappings, "uidMappings", oci_id_mapping, 0),
	F_OBJS(struct oci_mount, gid_mappings, "gidMappings", oci_id_mapping, 0));

LITE_SHARED_TYPE(oci_hook,
	F_STR(struct oci_hook, path, "path", LITE_REQUIRED),
	F_STRS(struct oci_hook, args, "args", 0),
	F_STRS(struct oci_hook, env, "env", 0),
	F_I64_OPT(struct oci_hook, timeout, "timeout", LITE_POSITIVE));

LITE_SHARED_TYPE(oci_hooks,
	F_OBJS(struct oci_hooks, prestart, "prestart", oci_hook, 0),
	F_OBJS(struct oci_hooks, create_runtime, "createRuntime", oci_hook, 0),
	F_OBJS(struct oci_hooks, create_container, "createContainer", oci_hook, 0),
	F_OBJS(struct oci_hooks, start_container, "startContainer", oci_hook, 0),
	F_OBJS(struct oci_hooks, poststart, "poststart", oci_hook, 0),
	F_OBJS(struct oci_hooks, poststop, "poststop", oci_hook, 0));

LITE_SHARED_TYPE(oci_config,
	F_STR(struct oci_config, oci_version, "ociVersion", LITE_REQUIRED),
	F_OBJ_OPT(struct oci_config, process, "process", oci_process, 0),
	F_OBJ_OPT(struct oci_config, root, "root", oci_root, 0),
	F_STR(struct oci_config, hostname, "hostname", 0),
	F_STR(struct oci_config, domainname, "domainname", 0),
	F_OBJS(struct oci_config, mounts, "mounts", oci_mount, 0),
	F_OBJ_OPT(struct oci_config, hooks, "hooks", oci_hooks, 0),
	/* config.md, "Annotations": keys must not be empty. */
	F_PAIRS(struct oci_config, annotations, "annotations", LITE_NAMED),
	F_OBJ_OPT(struct oci_config, linux_, "linux", oci_linux, 0));

const struct lite_type *const LITE_CONFIG = &oci_config_type;
const struct lite_type *const LITE_PROCESS = &oci_process_type;
