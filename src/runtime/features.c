/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this build can do (features.md, features-linux.md), whatever the host permits.  Each ability
 * is one row or one constant here: what the code does not do must not stand in it.
 */
#include <seccomp.h> /* for its constants only: which version this build knows */

#include "base/str.h"
#include "kernel/caps.h"
#include "libocispec-lite/ocispec-lite.h"
#include "mount/rootfs.h"
#include "runtime/confine.h"
#include "runtime/runtime.h"
#include "runtime/version.h"

/* config.h has both; without it, as for a file checked alone, nothing is claimed. */
#ifndef HAVE_SYSTEMD
#define HAVE_SYSTEMD 0
#endif
#ifndef OCIRUN_STATIC
#define OCIRUN_STATIC 0
#endif

#define ENABLED(name) static const struct oci_features_enabled name = { .enabled = &(const bool){ true } }

#define QUOTE_(x) #x
#define QUOTE(x) QUOTE_(x)

static const char *const hooks[] = {
	"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop",
};

static const enum oci_namespace_type namespaces[] = {
	OCI_NS_CGROUP, OCI_NS_IPC, OCI_NS_MOUNT, OCI_NS_NETWORK, OCI_NS_PID, OCI_NS_TIME, OCI_NS_USER, OCI_NS_UTS,
};

static const struct oci_features_cgroup cgroup = {
	.v1 = &(const bool){ true },
	.v2 = &(const bool){ true },
	.systemd = &(const bool){ HAVE_SYSTEMD },
	.systemd_user = &(const bool){ HAVE_SYSTEMD },
	.rdma = &(const bool){ true },
};

static const enum oci_seccomp_action seccomp_actions[] = {
	OCI_SECCOMP_ALLOW, OCI_SECCOMP_ERRNO,  OCI_SECCOMP_KILL,  OCI_SECCOMP_KILL_PROCESS, OCI_SECCOMP_KILL_THREAD,
	OCI_SECCOMP_LOG,   OCI_SECCOMP_NOTIFY, OCI_SECCOMP_TRACE, OCI_SECCOMP_TRAP,
};

static const enum oci_seccomp_operator seccomp_operators[] = {
	OCI_SECCOMP_EQ, OCI_SECCOMP_GE, OCI_SECCOMP_GT,        OCI_SECCOMP_LE,
	OCI_SECCOMP_LT, OCI_SECCOMP_NE, OCI_SECCOMP_MASKED_EQ,
};

/* System call numbers come from libseccomp, which learned some architectures late. */
static const enum oci_seccomp_arch seccomp_archs[] = {
	OCI_ARCH_X86,          OCI_ARCH_X86_64,  OCI_ARCH_X32,        OCI_ARCH_ARM,    OCI_ARCH_AARCH64,
	OCI_ARCH_MIPS,         OCI_ARCH_MIPS64,  OCI_ARCH_MIPS64N32,  OCI_ARCH_MIPSEL, OCI_ARCH_MIPSEL64,
	OCI_ARCH_MIPSEL64N32,  OCI_ARCH_PPC,     OCI_ARCH_PPC64,      OCI_ARCH_PPC64LE, OCI_ARCH_S390,
	OCI_ARCH_S390X,        OCI_ARCH_PARISC,  OCI_ARCH_PARISC64,   OCI_ARCH_RISCV64,
#ifdef SCMP_ARCH_LOONGARCH64
	OCI_ARCH_LOONGARCH64,
#endif
#ifdef SCMP_ARCH_M68K
	OCI_ARCH_M68K,
#endif
#ifdef SCMP_ARCH_SH
	OCI_ARCH_SH,
#endif
#ifdef SCMP_ARCH_SHEB
	OCI_ARCH_SHEB,
#endif
};

static const enum oci_seccomp_flag seccomp_flags[] = {
	OCI_SECCOMP_FLAG_TSYNC, OCI_SECCOMP_FLAG_LOG, OCI_SECCOMP_FLAG_SPEC_ALLOW,
	OCI_SECCOMP_FLAG_WAIT_KILLABLE_RECV,
};

static const struct oci_features_seccomp seccomp = {
	.enabled = &(const bool){ true },
	.actions = seccomp_actions, .n_actions = ARRAY_SIZE(seccomp_actions),
	.operators = seccomp_operators, .n_operators = ARRAY_SIZE(seccomp_operators),
	.archs = seccomp_archs, .n_archs = ARRAY_SIZE(seccomp_archs),
	.known_flags = seccomp_flags, .n_known_flags = ARRAY_SIZE(seccomp_flags),
	.supported_flags = seccomp_flags, .n_supported_flags = ARRAY_SIZE(seccomp_flags),
};

static const enum oci_mpol_mode mpol_modes[] = {
	OCI_MPOL_DEFAULT,             OCI_MPOL_BIND,      OCI_MPOL_INTERLEAVE,
	OCI_MPOL_WEIGHTED_INTERLEAVE, OCI_MPOL_PREFERRED, OCI_MPOL_PREFERRED_MANY,
	OCI_MPOL_LOCAL,
};

static const enum oci_mpol_flag mpol_flags[] = {
	OCI_MPOL_F_NUMA_BALANCING, OCI_MPOL_F_RELATIVE_NODES, OCI_MPOL_F_STATIC_NODES,
};

static const struct oci_features_memory_policy memory_policy = {
	.modes = mpol_modes, .n_modes = ARRAY_SIZE(mpol_modes),
	.flags = mpol_flags, .n_flags = ARRAY_SIZE(mpol_flags),
};

static const struct oci_features_intel_rdt intel_rdt = {
	.enabled = &(const bool){ true },
	.schemata = &(const bool){ true },
	.monitoring = &(const bool){ true },
};

ENABLED(apparmor);
ENABLED(selinux);
ENABLED(idmap);
ENABLED(net_devices);

static const struct oci_features_mount_extensions mount_extensions = { .idmap = &idmap };

/* The name is shared by all runtimes that link libseccomp. */
static const struct oci_pair annotations[] = {
	{ "io.github.seccomp.libseccomp.version",
	  QUOTE(SCMP_VER_MAJOR) "." QUOTE(SCMP_VER_MINOR) "." QUOTE(SCMP_VER_MICRO) },
	{ CONFINE_PREFIX "version", CONFINE_VERSION },
};

/* Prefixes of annotations that change what the runtime does: an engine must not take them from
   whoever may not write config.json. */
static const char *const unsafe_annotations[] = {
	"run.oci.", "org.systemd.property.", "org.criu.", "org.ocirun.",
};

#define CAPS_MAX 64

static void list_caps(struct strv *names)
{
	for (int cap = 0; cap < CAPS_MAX; cap++) {
		const char *name = caps_name(cap);

		if (name)
			strv_add(names, name); /* the next call overwrites it */
	}
}

static size_t count(const char *const *v)
{
	size_t n = 0;

	while (v[n])
		n++;
	return n;
}

char *runtime_features(void)
{
	_cleanup_(strv_done) struct strv caps = STRV_INIT;
	struct oci_features_linux linux_ = {
		.namespaces = namespaces, .n_namespaces = ARRAY_SIZE(namespaces),
		.cgroup = &cgroup,
		.seccomp = &seccomp,
		.apparmor = &apparmor,
		.selinux = &selinux,
		.memory_policy = &memory_policy,
		.intel_rdt = &intel_rdt,
		.mount_extensions = &mount_extensions,
		.net_devices = &net_devices,
	};
	const char *const *options = rootfs_mount_options();
	struct oci_features features = {
		.oci_version_min = RUNTIME_SPEC_VERSION_MIN,
		.oci_version_max = RUNTIME_SPEC_VERSION,
		.hooks = hooks, .n_hooks = ARRAY_SIZE(hooks),
		.mount_options = options, .n_mount_options = count(options),
		.linux_ = &linux_,
		.annotations = annotations, .n_annotations = ARRAY_SIZE(annotations),
		.potentially_unsafe_config_annotations = unsafe_annotations,
		.n_potentially_unsafe_config_annotations = ARRAY_SIZE(unsafe_annotations),
	};
	size_t len;

	list_caps(&caps);
	linux_.capabilities = (const char *const *)caps.v;
	linux_.n_capabilities = caps.n;
	return lite_print(LITE_FEATURES, &features, LITE_PRETTY, &len);
}

#if HAVE_SYSTEMD
#define BUILD_SYSTEMD " +SYSTEMD"
#else
#define BUILD_SYSTEMD " -SYSTEMD"
#endif

/* A static binary loads no library at first use. */
#if OCIRUN_STATIC
#define BUILD_STATIC " -LIBMOUNT +STATIC"
#else
#define BUILD_STATIC " +LIBMOUNT -STATIC"
#endif

const char *runtime_build(void)
{
	return "+SECCOMP +CAP +YAJL" BUILD_SYSTEMD BUILD_STATIC;
}
