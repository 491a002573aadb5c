/* SPDX-License-Identifier: Apache-2.0 */
/* Security labels: see lsm.h. */
#include "kernel/lsm.h"

#include <errno.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "kernel/procfs.h"

bool lsm_have_apparmor(void)
{
	return access("/sys/module/apparmor/parameters/enabled", F_OK) == 0 &&
	       access("/sys/kernel/security/apparmor", F_OK) == 0;
}

bool lsm_have_selinux(void)
{
	return access("/sys/fs/selinux/enforce", F_OK) == 0;
}

static int write_attr(const char *file, const char *text)
{
	_cleanup_close_ int proc = procfs_open();

	return proc < 0 ? proc : procfs_write(proc, file, text);
}

int lsm_set_apparmor(const char *profile)
{
	_cleanup_free_ char *text = str_printf("exec %s", profile);
	int r = write_attr("thread-self/attr/apparmor/exec", text);

	/* Before Linux 5.8 all modules share one file. */
	return r == -ENOENT ? write_attr("thread-self/attr/exec", text) : r;
}

int lsm_set_selinux(const char *label)
{
	return write_attr("thread-self/attr/exec", label);
}

int lsm_set_keycreate(const char *label)
{
	return write_attr("thread-self/attr/keycreate", label);
}
