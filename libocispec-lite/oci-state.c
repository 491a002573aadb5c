/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of the state (runtime.md, "State") and of what a seccomp agent receives. */
#include "libocispec-lite/oci-state.h"

#include "libocispec-lite/ocispec-lite.h"
#include "libocispec-lite/types.h"

LITE_SHARED_VALUES(oci_status,
	[OCI_STATUS_CREATING] = "creating",
	[OCI_STATUS_CREATED] = "created",
	[OCI_STATUS_RUNNING] = "running",
	[OCI_STATUS_STOPPED] = "stopped",
	[OCI_STATUS_PAUSED] = "paused");

LITE_SHARED_TYPE(oci_state,
	F_STR(struct oci_state, oci_version, "ociVersion", LITE_REQUIRED),
	F_STR(struct oci_state, id, "id", LITE_REQUIRED),
	F_I64_OPT(struct oci_state, pid, "pid", 0),
	F_ENUM(struct oci_state, status, "status", oci_status, LITE_REQUIRED),
	F_STR(struct oci_state, bundle, "bundle", LITE_REQUIRED),
	F_STR(struct oci_state, rootfs, "rootfs", 0),
	F_STR(struct oci_state, created, "created", 0),
	F_STR(struct oci_state, owner, "owner", 0),
	F_PAIRS(struct oci_state, annotations, "annotations", LITE_NAMED));

LITE_TYPE(oci_container_process_state,
	F_STR(struct oci_container_process_state, oci_version, "ociVersion", LITE_REQUIRED),
	F_STRS(struct oci_container_process_state, fds, "fds", 0),
	F_I64(struct oci_container_process_state, pid, "pid", LITE_REQUIRED),
	F_STR(struct oci_container_process_state, metadata, "metadata", 0),
	F_OBJ_OPT(struct oci_container_process_state, state, "state", oci_state, LITE_REQUIRED));

const struct lite_type *const LITE_STATE = &oci_state_type;
const struct lite_type *const LITE_CONTAINER_PROCESS_STATE = &oci_container_process_state_type;

const char *oci_status_name(enum oci_status status)
{
	return lite_enum_name(&oci_status_values, status);
}
