/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of a container (runtime.md, "State") and the state of a container's process that a
 * seccomp agent receives (config-linux.md, "The Container Process State").
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "libocispec-lite/oci-config.h"

enum oci_status {
	OCI_STATUS_CREATING = 1,
	OCI_STATUS_CREATED,
	OCI_STATUS_RUNNING,
	OCI_STATUS_STOPPED,
	OCI_STATUS_PAUSED, /* beyond the specification, as all peers */
};

struct oci_state {
	const char *oci_version;
	const char *id;
	enum oci_status status;
	const int64_t *pid; /* required on Linux for created and running */
	const char *bundle;
	const char *rootfs;  /* ours: absolute path of the root filesystem */
	const char *created; /* ours: RFC 3339 */
	const char *owner;   /* ours: name of the user who created it */
	const struct oci_pair *annotations;
	size_t n_annotations;
};

struct oci_container_process_state {
	const char *oci_version;
	const char *const *fds; /* names of the descriptors that travel with it */
	size_t n_fds;
	int64_t pid;
	const char *metadata;
	const struct oci_state *state;
};
