/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The config.json that `ocirun spec` writes: a shell in a container that is closed as far as a shell
 * allows.  It is constant but for the ids of a rootless caller.
 */
#include <unistd.h>

#include "base/cleanup.h"
#include "libocispec-lite/ocispec-lite.h"
#include "runtime/runtime.h"
#include "runtime/version.h"

#define LIST(...) ((const char *const[]){ __VA_ARGS__ })
#define LIST_SIZE(...) ARRAY_SIZE(LIST(__VA_ARGS__))

#define MOUNT(path, fs, from, ...)                                                      \
	{                                                                               \
		.destination = (path), .type = (fs), .source = (from),                  \
		.options = LIST(__VA_ARGS__), .n_options = LIST_SIZE(__VA_ARGS__)       \
	}

/* What both kinds of container have. */
#define MOUNT_PROC { .destination = "/proc", .type = "proc", .source = "proc" }
#define MOUNT_DEV MOUNT("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k")
#define MOUNT_SHM MOUNT("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "mode=1777", "size=65536k")
#define MOUNT_MQUEUE MOUNT("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev")
#define MOUNT_CGROUP \
	MOUNT("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev", "relatime", "ro")
#define DEVPTS_OPTIONS "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"

static const struct oci_mount mounts[] = {
	MOUNT_PROC,
	MOUNT_DEV,
	MOUNT("/dev/pts", "devpts", "devpts", DEVPTS_OPTIONS, "gid=5"),
	MOUNT_SHM,
	MOUNT_MQUEUE,
	MOUNT("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", "ro"),
	MOUNT_CGROUP,
};

/* One id is mapped, so there is no group 5; and who has no network namespace of his own may not
   mount sysfs (user_namespaces(7)).  The host's is read-only with all that is mounted in it, control
   groups above all (CVE-2023-25809). */
static const struct oci_mount rootless_mounts[] = {
	MOUNT_PROC,
	MOUNT_DEV,
	MOUNT("/dev/pts", "devpts", "devpts", DEVPTS_OPTIONS),
	MOUNT_SHM,
	MOUNT_MQUEUE,
	MOUNT("/sys", "none", "/sys", "rbind", "nosuid", "noexec", "nodev", "rro"),
	MOUNT_CGROUP,
};

static const struct oci_namespace namespaces[] = {
	{ .type = OCI_NS_PID },   { .type = OCI_NS_NETWORK }, { .type = OCI_NS_IPC },
	{ .type = OCI_NS_UTS },   { .type = OCI_NS_MOUNT },   { .type = OCI_NS_CGROUP },
};

/* An ordinary user could give a new network namespace no connection. */
static const struct oci_namespace rootless_namespaces[] = {
	{ .type = OCI_NS_PID },   { .type = OCI_NS_IPC },     { .type = OCI_NS_UTS },
	{ .type = OCI_NS_MOUNT }, { .type = OCI_NS_CGROUP },  { .type = OCI_NS_USER },
};

static const char *const caps[] = { "CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE" };

/* Neither inheritable (CVE-2022-24769) nor ambient, which needs inheritable. */
static const struct oci_capabilities capabilities = {
	.bounding = caps, .n_bounding = ARRAY_SIZE(caps),
	.effective = caps, .n_effective = ARRAY_SIZE(caps),
	.permitted = caps, .n_permitted = ARRAY_SIZE(caps),
};

static const struct oci_rlimit rlimits[] = {
	{ .type = "RLIMIT_NOFILE", .soft = 1024, .hard = 1024 },
};

static const char *const args[] = { "sh" };
static const char *const env[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"TERM=xterm",
};

static const struct oci_process process = {
	.terminal = true,
	.args = args, .n_args = ARRAY_SIZE(args),
	.env = env, .n_env = ARRAY_SIZE(env),
	.cwd = "/",
	.capabilities = &capabilities,
	.rlimits = rlimits, .n_rlimits = ARRAY_SIZE(rlimits),
	.no_new_privileges = true,
};

/* The default devices are allowed all the same (config-linux.md, "Default Devices"). */
static const struct oci_device_rule device_rules[] = {
	{ .allow = false, .access = "rwm" },
};

static const struct oci_resources resources = {
	.devices = device_rules, .n_devices = ARRAY_SIZE(device_rules),
};

/* What tells about the host, or changes it. */
static const char *const masked_paths[] = {
	"/proc/acpi",         "/proc/asound",      "/proc/interrupts",
	"/proc/kcore",        "/proc/keys",        "/proc/latency_stats",
	"/proc/sched_debug",  "/proc/scsi",        "/proc/timer_list",
	"/proc/timer_stats",  "/sys/firmware",     "/sys/devices/virtual/powercap",
};

static const char *const readonly_paths[] = {
	"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
};

static const struct oci_root root = { .path = "rootfs", .readonly = true };

static void make_rootless(struct oci_config *config, struct oci_linux *linux_, const struct oci_id_mapping *uid,
			  const struct oci_id_mapping *gid)
{
	config->mounts = rootless_mounts;
	config->n_mounts = ARRAY_SIZE(rootless_mounts);
	linux_->namespaces = rootless_namespaces;
	linux_->n_namespaces = ARRAY_SIZE(rootless_namespaces);
	linux_->uid_mappings = uid;
	linux_->n_uid_mappings = 1;
	linux_->gid_mappings = gid;
	linux_->n_gid_mappings = 1;
	linux_->resources = NULL;
}

char *runtime_spec(bool rootless)
{
	struct oci_id_mapping uid = { .container_id = 0, .host_id = geteuid(), .size = 1 };
	struct oci_id_mapping gid = { .container_id = 0, .host_id = getegid(), .size = 1 };
	struct oci_linux linux_ = {
		.namespaces = namespaces, .n_namespaces = ARRAY_SIZE(namespaces),
		.resources = &resources,
		.masked_paths = masked_paths, .n_masked_paths = ARRAY_SIZE(masked_paths),
		.readonly_paths = readonly_paths, .n_readonly_paths = ARRAY_SIZE(readonly_paths),
	};
	struct oci_config config = {
		.oci_version = RUNTIME_SPEC_VERSION,
		.root = &root,
		.mounts = mounts, .n_mounts = ARRAY_SIZE(mounts),
		.process = &process,
		.hostname = "ocirun",
		.linux_ = &linux_,
	};
	size_t len;

	if (rootless)
		make_rootless(&config, &linux_, &uid, &gid);
	return lite_print(LITE_CONFIG, &config, LITE_PRETTY, &len);
}
