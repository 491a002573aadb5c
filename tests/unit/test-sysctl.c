/* SPDX-License-Identifier: Apache-2.0 */
/* sysctl names: which file each of them is, and that none leads out of the namespaces. */
#include <errno.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "runtime/validate.h"
#include "tests/unit/test.h"

static const struct oci_namespace namespaces[] = {
	{ .type = OCI_NS_NETWORK }, { .type = OCI_NS_IPC }, { .type = OCI_NS_UTS }, { .type = OCI_NS_USER, .path = "/x" },
};
static const struct oci_linux linux_ = { .namespaces = namespaces, .n_namespaces = ARRAY_SIZE(namespaces) };
static const struct oci_config config = { .linux_ = &linux_ };

/* A name, and the file below /proc/sys, or what is wrong with it; with all namespaces there. */
static const struct {
	const char *key, *file, *text;
} sysctls[] = {
	{ "net.ipv4.ip_forward", "net/ipv4/ip_forward", NULL },
	{ "net/ipv4/ip_forward", "net/ipv4/ip_forward", NULL },
	{ "net.ipv4.conf.eth0/100.forwarding", "net/ipv4/conf/eth0.100/forwarding", NULL },
	{ "net/ipv4/conf/eth0.100/forwarding", "net/ipv4/conf/eth0.100/forwarding", NULL },
	{ "kernel.msgmax", "kernel/msgmax", NULL },
	{ "kernel.shm_rmid_forced", "kernel/shm_rmid_forced", NULL },
	{ "kernel.sem", "kernel/sem", NULL },
	{ "fs.mqueue.msg_max", "fs/mqueue/msg_max", NULL },
	{ "kernel.hostname", "kernel/hostname", NULL },
	{ "kernel.domainname", "kernel/domainname", NULL },
	{ "user.max_mnt_namespaces", "user/max_mnt_namespaces", NULL },

	{ "kernel.core_pattern", NULL, "is not in a separate kernel namespace" },
	{ "kernel/core_pattern", NULL, "is not in a separate kernel namespace" },
	{ "kernel.msgmax2", NULL, "is not in a separate kernel namespace" },
	{ "kernel.msgma", NULL, "is not in a separate kernel namespace" },
	{ "kernel.sem.x", NULL, "is not in a separate kernel namespace" },
	{ "vm.swappiness", NULL, "is not in a separate kernel namespace" },
	{ "netx.ipv4", NULL, "is not in a separate kernel namespace" },
	{ "net", NULL, "is not in a separate kernel namespace" },
	{ "fs.mqueue", NULL, "is not in a separate kernel namespace" },
	{ "sys.net.x", NULL, "is not in a separate kernel namespace" },

	{ "net.", NULL, "not the name of a sysctl" },
	{ "", NULL, "not the name of a sysctl" },
	{ ".", NULL, "not the name of a sysctl" },
	{ "/", NULL, "not the name of a sysctl" },
	{ "/net/ipv4/ip_forward", NULL, "not the name of a sysctl" },
	{ ".net.ipv4.ip_forward", NULL, "not the name of a sysctl" },
	{ "net/../kernel/core_pattern", NULL, "not the name of a sysctl" },
	{ "net/ipv4/../../kernel/core_pattern", NULL, "not the name of a sysctl" },
	{ "net/..", NULL, "not the name of a sysctl" },
	{ "net/./ipv4/ip_forward", NULL, "not the name of a sysctl" },
	{ "net//ipv4/ip_forward", NULL, "not the name of a sysctl" },
	{ "net..ipv4.ip_forward", NULL, "not the name of a sysctl" },
	{ "net.//.kernel.core_pattern", NULL, "not the name of a sysctl" },
	{ "net./.ipv4", NULL, "not the name of a sysctl" },
	{ "../kernel/core_pattern", NULL, "not the name of a sysctl" },
	{ "//.kernel.core_pattern", NULL, "not the name of a sysctl" },
	{ "net/ipv4/ip_forward/", NULL, "not the name of a sysctl" },
};

static void test_sysctl_names(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(sysctls); i++) {
		_cleanup_free_ char *file = NULL, *text = NULL;
		struct err e = ERR_INIT;
		int r = validate_sysctl(&config, sysctls[i].key, &file, &e);

		if (sysctls[i].file) {
			CHECK(r == 0, "a sysctl: %s", sysctls[i].key);
			CHECK_STR(file, sysctls[i].file);
			continue;
		}
		text = str_printf("linux.sysctl.%s: %s", sysctls[i].key, sysctls[i].text);
		CHECK(r == -EINVAL && !file, "none: '%s'", sysctls[i].key);
		CHECK_STR(e.text, text);
	}
}

int main(void)
{
	test_sysctl_names();
	return test_done();
}
