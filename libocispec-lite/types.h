/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OCI's tables that other tables refer to: F_OBJS(struct app, hooks, "hooks", oci_hook, 0) puts hooks
 * of the specification into a document of one's own.
 */
#pragma once

#include "libocispec-lite/table.h"

extern const struct lite_type oci_config_type;
extern const struct lite_type oci_hook_type;
extern const struct lite_type oci_hooks_type;
extern const struct lite_type oci_id_mapping_type;
extern const struct lite_type oci_linux_type;
extern const struct lite_type oci_mount_type;
extern const struct lite_type oci_namespace_type;
extern const struct lite_type oci_process_type;
extern const struct lite_type oci_resources_type;
extern const struct lite_type oci_state_type;

extern const struct lite_enum oci_mpol_flag_values;
extern const struct lite_enum oci_mpol_mode_values;
extern const struct lite_enum oci_namespace_type_values;
extern const struct lite_enum oci_seccomp_action_values;
extern const struct lite_enum oci_seccomp_arch_values;
extern const struct lite_enum oci_seccomp_flag_values;
extern const struct lite_enum oci_seccomp_operator_values;
extern const struct lite_enum oci_status_values;
