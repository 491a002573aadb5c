/* SPDX-License-Identifier: Apache-2.0 */
/* state.json as a table of libocispec-lite: the same engine as for config.json reads and writes it. */
#include "runtime/state-document.h"

#include <stdint.h>

#include "libocispec-lite/table.h"

LITE_TYPE(state_monitor,
	F_I64(struct state_monitor, pid, "pid", LITE_REQUIRED),
	F_U64(struct state_monitor, pid_start_time, "pidStartTime", LITE_REQUIRED));

LITE_TYPE(state_mount,
	F_U64(struct state_mount, id, "id", LITE_REQUIRED),
	F_STR(struct state_mount, destination, "destination", LITE_REQUIRED));

LITE_TYPE(state_document,
	F_STR(struct state_document, oci_version, "ociVersion", LITE_REQUIRED),
	F_STR(struct state_document, id, "id", LITE_REQUIRED),
	F_I64(struct state_document, pid, "pid", 0),
	F_U64(struct state_document, pid_start_time, "pidStartTime", 0),
	F_BOOL(struct state_document, creating, "creating", 0),
	F_STR(struct state_document, bundle, "bundle", LITE_REQUIRED),
	F_STR(struct state_document, rootfs, "rootfs", LITE_REQUIRED),
	F_STR(struct state_document, created, "created", LITE_REQUIRED),
	F_U32(struct state_document, owner_uid, "ownerUid", 0),
	F_STR(struct state_document, cgroup_manager, "cgroupManager", 0),
	F_STR(struct state_document, cgroup_path, "cgroupPath", 0),
	F_STR(struct state_document, cgroup_scope, "cgroupScope", 0),
	F_U64(struct state_document, root_mount_id, "rootMountId", 0),
	F_OBJS(struct state_document, fuse_monitors, "fuseMonitors", state_monitor, 0),
	F_BOOL(struct state_document, no_new_keyring, "noNewKeyring", 0),
	F_STR(struct state_document, seccomp_receiver, "seccompReceiver", 0),
	F_STR(struct state_document, rdt_group, "rdtGroup", 0),
	F_BOOL(struct state_document, rdt_made, "rdtMade", 0),
	F_BOOL(struct state_document, rdt_monitored, "rdtMonitored", 0),
	F_OBJS(struct state_document, mounts, "mounts", state_mount, 0),
	F_PAIRS(struct state_document, annotations, "annotations", LITE_NAMED));

const struct lite_type *const STATE_DOCUMENT = &state_document_type;

struct cgroup_record state_cgroup_record(const struct state_document *document)
{
	return (struct cgroup_record){
		.manager = (char *)(uintptr_t)document->cgroup_manager,
		.path = (char *)(uintptr_t)document->cgroup_path,
		.scope = (char *)(uintptr_t)document->cgroup_scope,
	};
}

int state_open_cgroup(const struct state_document *document, struct cgroup **ret_cgroup, struct err *e)
{
	/* cgroup_open() copies what it keeps. */
	const struct cgroup_record record = state_cgroup_record(document);

	return cgroup_open(&record, ret_cgroup, e);
}
