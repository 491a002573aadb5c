/* SPDX-License-Identifier: Apache-2.0 */
/* What a runtime can do (features.md, features-linux.md): compiled in, whatever the host permits. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "libocispec-lite/oci-config.h"

struct oci_features_cgroup {
	const bool *v1;
	const bool *v2;
	const bool *systemd;
	const bool *systemd_user;
	const bool *rdma;
};

struct oci_features_seccomp {
	const bool *enabled;
	const enum oci_seccomp_action *actions;
	size_t n_actions;
	const enum oci_seccomp_operator *operators;
	size_t n_operators;
	const enum oci_seccomp_arch *archs;
	size_t n_archs;
	const enum oci_seccomp_flag *known_flags;
	size_t n_known_flags;
	const enum oci_seccomp_flag *supported_flags;
	size_t n_supported_flags;
};

struct oci_features_enabled {
	const bool *enabled;
};

struct oci_features_memory_policy {
	const enum oci_mpol_mode *modes;
	size_t n_modes;
	const enum oci_mpol_flag *flags;
	size_t n_flags;
};

struct oci_features_intel_rdt {
	const bool *enabled;
	const bool *schemata;
	const bool *monitoring;
};

struct oci_features_mount_extensions {
	const struct oci_features_enabled *idmap;
};

struct oci_features_linux {
	const enum oci_namespace_type *namespaces;
	size_t n_namespaces;
	const char *const *capabilities;
	size_t n_capabilities;
	const struct oci_features_cgroup *cgroup;
	const struct oci_features_seccomp *seccomp;
	const struct oci_features_enabled *apparmor;
	const struct oci_features_enabled *selinux;
	const struct oci_features_memory_policy *memory_policy;
	const struct oci_features_intel_rdt *intel_rdt;
	const struct oci_features_mount_extensions *mount_extensions;
	const struct oci_features_enabled *net_devices;
};

struct oci_features {
	const char *oci_version_min;
	const char *oci_version_max;
	const char *const *hooks;
	size_t n_hooks;
	const char *const *mount_options;
	size_t n_mount_options;
	const struct oci_features_linux *linux_;
	const struct oci_pair *annotations;
	size_t n_annotations;
	const char *const *potentially_unsafe_config_annotations;
	size_t n_potentially_unsafe_config_annotations;
};
