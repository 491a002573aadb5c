/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a schema cannot say: each MUST of config.md and config-linux.md that concerns more than one property
 * or more than a type.  Pure: nothing of the host is asked.
 */
#pragma once

#include "base/err.h"
#include "libocispec-lite/ocispec-lite.h"

/* The whole of config.json, without what other layers judge (mounts, seccomp, resources). */
int validate_config(const struct oci_config *config, struct err *e);

/* A process object; `path` is its place in messages: "process". */
int validate_process(const struct oci_process *process, const char *path, struct err *e);

/* The sysctl's file below /proc/sys, in new memory, when it belongs to one of the config's namespaces. */
int validate_sysctl(const struct oci_config *config, const char *key, char **ret_file, struct err *e);

/* All of linux.sysctl. */
int validate_sysctls(const struct oci_config *config, struct err *e);

/* The entry of linux.namespaces, or NULL. */
const struct oci_namespace *validate_find_namespace(const struct oci_config *config, enum oci_namespace_type type);
