/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of the features document: features.md, features-linux.md of the runtime-spec v1.3.0. */
#include "libocispec-lite/oci-features.h"

#include "libocispec-lite/ocispec-lite.h"
#include "libocispec-lite/types.h"

LITE_TYPE(oci_features_cgroup,
	F_BOOL_OPT(struct oci_features_cgroup, v1, "v1", 0),
	F_BOOL_OPT(struct oci_features_cgroup, v2, "v2", 0),
	F_BOOL_OPT(struct oci_features_cgroup, systemd, "systemd", 0),
	F_BOOL_OPT(struct oci_features_cgroup, systemd_user, "systemdUser", 0),
	F_BOOL_OPT(struct oci_features_cgroup, rdma, "rdma", 0));

LITE_TYPE(oci_features_seccomp,
	F_BOOL_OPT(struct oci_features_seccomp, enabled, "enabled", 0),
	F_ENUMS(struct oci_features_seccomp, actions, "actions", oci_seccomp_action, 0),
	F_ENUMS(struct oci_features_seccomp, operators, "operators", oci_seccomp_operator, 0),
	F_ENUMS(struct oci_features_seccomp, archs, "archs", oci_seccomp_arch, 0),
	F_ENUMS(struct oci_features_seccomp, known_flags, "knownFlags", oci_seccomp_flag, 0),
	F_ENUMS(struct oci_features_seccomp, supported_flags, "supportedFlags", oci_seccomp_flag, 0));

LITE_TYPE(oci_features_enabled,
	F_BOOL_OPT(struct oci_features_enabled, enabled, "enabled", 0));

LITE_TYPE(oci_features_memory_policy,
	F_ENUMS(struct oci_features_memory_policy, modes, "modes", oci_mpol_mode, 0),
	F_ENUMS(struct oci_features_memory_policy, flags, "flags", oci_mpol_flag, 0));

LITE_TYPE(oci_features_intel_rdt,
	F_BOOL_OPT(struct oci_features_intel_rdt, enabled, "enabled", 0),
	F_BOOL_OPT(struct oci_features_intel_rdt, schemata, "schemata", 0),
	F_BOOL_OPT(struct oci_features_intel_rdt, monitoring, "monitoring", 0));

LITE_TYPE(oci_features_mount_extensions,
	F_OBJ_OPT(struct oci_features_mount_extensions, idmap, "idmap", oci_features_enabled, 0));

LITE_TYPE(oci_features_linux,
	F_ENUMS(struct oci_features_linux, namespaces, "namespaces", oci_namespace_type, 0),
	F_STRS(struct oci_features_linux, capabilities, "capabilities", 0),
	F_OBJ_OPT(struct oci_features_linux, cgroup, "cgroup", oci_features_cgroup, 0),
	F_OBJ_OPT(struct oci_features_linux, seccomp, "seccomp", oci_features_seccomp, 0),
	F_OBJ_OPT(struct oci_features_linux, apparmor, "apparmor", oci_features_enabled, 0),
	F_OBJ_OPT(struct oci_features_linux, selinux, "selinux", oci_features_enabled, 0),
	F_OBJ_OPT(struct oci_features_linux, intel_rdt, "intelRdt", oci_features_intel_rdt, 0),
	F_OBJ_OPT(struct oci_features_linux, memory_policy, "memoryPolicy",
		  oci_features_memory_policy, 0),
	F_OBJ_OPT(struct oci_features_linux, mount_extensions, "mountExtensions",
		  oci_features_mount_extensions, 0),
	F_OBJ_OPT(struct oci_features_linux, net_devices, "netDevices", oci_features_enabled, 0));

LITE_TYPE(oci_features,
	F_STR(struct oci_features, oci_version_min, "ociVersionMin", LITE_REQUIRED),
	F_STR(struct oci_features, oci_version_max, "ociVersionMax", LITE_REQUIRED),
	F_STRS(struct oci_features, hooks, "hooks", 0),
	F_STRS(struct oci_features, mount_options, "mountOptions", 0),
	F_OBJ_OPT(struct oci_features, linux_, "linux", oci_features_linux, 0),
	F_PAIRS(struct oci_features, annotations, "annotations", LITE_NAMED),
	F_STRS(struct oci_features, potentially_unsafe_config_annotations,
	       "potentiallyUnsafeConfigAnnotations", 0));

const struct lite_type *const LITE_FEATURES = &oci_features_type;
