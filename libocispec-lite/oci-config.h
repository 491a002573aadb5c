/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.json of the OCI runtime-spec v1.3.0 as C structs: every property that applies to Linux,
 * under the names of the specification (config.md, config-linux.md).
 *
 * How absence is shown: a string or an optional number that is absent is NULL; an array or map
 * that is absent or null is empty (n_x == 0) unless a comment says otherwise; a boolean that is
 * absent is false; an optional object that is absent is NULL.  Enumerations start at 1, so 0 is
 * "absent".  Behind the last element of an array of strings there is a NULL, as execve(2) wants it.
 * Everything belongs to the document it was parsed into and lives as long as that.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libocispec-lite/oci-linux.h"

/* ---- process (config.md, "Process") ---- */

struct oci_console_size {
	uint64_t height; /* rows */
	uint64_t width;  /* columns */
};

struct oci_user {
	uint32_t uid;
	uint32_t gid;
	const uint32_t *umask;
	const uint32_t *additional_gids;
	size_t n_additional_gids;
	const char *username; /* Windows; kept for printing */
};

struct oci_capabilities {
	const char *const *bounding;
	size_t n_bounding;
	const char *const *effective;
	size_t n_effective;
	const char *const *inheritable;
	size_t n_inheritable;
	const char *const *permitted;
	size_t n_permitted;
	const char *const *ambient;
	size_t n_ambient;
};

struct oci_rlimit {
	const char *type; /* "RLIMIT_NOFILE"; judged by the runtime */
	uint64_t soft;
	uint64_t hard;
};

enum oci_ioprio_class { OCI_IOPRIO_RT = 1, OCI_IOPRIO_BE, OCI_IOPRIO_IDLE };

struct oci_io_priority {
	enum oci_ioprio_class class_;
	int32_t priority;
};

enum oci_sched_policy {
	OCI_SCHED_OTHER = 1,
	OCI_SCHED_FIFO,
	OCI_SCHED_RR,
	OCI_SCHED_BATCH,
	OCI_SCHED_ISO,
	OCI_SCHED_IDLE,
	OCI_SCHED_DEADLINE,
};

enum oci_sched_flag {
	OCI_SCHED_FLAG_RESET_ON_FORK = 1,
	OCI_SCHED_FLAG_RECLAIM,
	OCI_SCHED_FLAG_DL_OVERRUN,
	OCI_SCHED_FLAG_KEEP_POLICY,
	OCI_SCHED_FLAG_KEEP_PARAMS,
	OCI_SCHED_FLAG_UTIL_CLAMP_MIN,
	OCI_SCHED_FLAG_UTIL_CLAMP_MAX,
};

struct oci_scheduler {
	enum oci_sched_policy policy;
	int32_t nice;
	int32_t priority;
	const enum oci_sched_flag *flags;
	size_t n_flags;
	uint64_t runtime;  /* nanoseconds */
	uint64_t deadline; /* nanoseconds */
	uint64_t period;   /* nanoseconds */
};

struct oci_exec_cpu_affinity {
	const char *initial; /* "0-3,7" */
	const char *final;
};

struct oci_process {
	bool terminal;
	const struct oci_console_size *console_size;
	struct oci_user user;
	const char *const *args;
	size_t n_args;
	const char *command_line; /* Windows; ignored */
	const char *const *env;
	size_t n_env;
	const char *cwd;
	const struct oci_capabilities *capabilities;
	const struct oci_rlimit *rlimits;
	size_t n_rlimits;
	bool no_new_privileges;
	const char *apparmor_profile;
	const int32_t *oom_score_adj;
	const char *selinux_label;
	const struct oci_io_priority *io_priority;
	const struct oci_scheduler *scheduler;
	const struct oci_exec_cpu_affinity *exec_cpu_affinity;
};

/* ---- root, mounts, hooks (config.md) ---- */

struct oci_root {
	const char *path;
	bool readonly;
};

struct oci_mount {
	const char *destination;
	const char *source;
	const char *type;
	const char *const *options;
	size_t n_options;
	const struct oci_id_mapping *uid_mappings;
	size_t n_uid_mappings;
	const struct oci_id_mapping *gid_mappings;
	size_t n_gid_mappings;
};

struct oci_hook {
	const char *path;
	const char *const *args;
	size_t n_args;
	const char *const *env;
	size_t n_env;
	const int64_t *timeout; /* seconds, > 0 */
};

struct oci_hooks {
	const struct oci_hook *prestart;
	size_t n_prestart;
	const struct oci_hook *create_runtime;
	size_t n_create_runtime;
	const struct oci_hook *create_container;
	size_t n_create_container;
	const struct oci_hook *start_container;
	size_t n_start_container;
	const struct oci_hook *poststart;
	size_t n_poststart;
	const struct oci_hook *poststop;
	size_t n_poststop;
};

/* ---- the whole ---- */

struct oci_config {
	const char *oci_version;
	const struct oci_root *root;
	const struct oci_mount *mounts;
	size_t n_mounts;
	const struct oci_process *process;
	const char *hostname;
	const char *domainname;
	const struct oci_linux *linux_; /* `linux` is a macro of gcc's gnu dialects */
	const struct oci_hooks *hooks;
	const struct oci_pair *annotations;
	size_t n_annotations;
};
