/* SPDX-License-Identifier: Apache-2.0 */
/* Security labels: see lsm.h. */
#include "kernel/lsm.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "kernel/procfs.h"

bool lsm_have_selinux(void)
{
	return access("/sys/fs/selinux/enforce", F_OK) == 0;
}

/* The directory is the kernel's: without SELinux there is none.  What is in it may be hidden from us, and the
   policy may keep us from asking. */
int lsm_find_selinux(const char *label)
{
	_cleanup_close_ int context = open("/sys/fs/selinux/context", O_RDWR | O_CLOEXEC);

	if (context < 0)
		return errno == ENOENT && access("/sys/fs", F_OK) == 0 && access("/sys/fs/selinux", F_OK) < 0 ? -EOPNOTSUPP : 0;
	return write(context, label, strlen(label) + 1) < 0 && errno == EINVAL ? -EINVAL : 0;
}

static int write_attr(const char *file, const char *text)
{
	_cleanup_close_ int proc = procfs_open();

	return proc < 0 ? proc : procfs_write(proc, file, text);
}

/* The question "what may this label do with files" (libapparmor's aa_query_label(2)), whose answer is not read:
   to a label that does not exist there is none. */
int lsm_find_apparmor(const char *profile)
{
	_cleanup_close_ int module = open("/sys/module/apparmor/parameters/enabled", O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int access = open("/sys/kernel/security/apparmor/.access", O_RDWR | O_CLOEXEC);
	_cleanup_(strbuf_done) struct strbuf question = STRBUF_INIT;
	const char class_file = 2; /* AA_CLASS_FILE */
	char letter;

	/* Several profiles at once are a label of their own, which is made when somebody gets it. */
	if (strstr(profile, "//&"))
		return 0;
	/* Without the module or without /sys the kernel decides when the profile is to be set. */
	if (module >= 0 && read(module, &letter, 1) == 1 && letter != 'Y')
		return -EOPNOTSUPP;
	/* A container may have no securityfs, and it may be hidden from users. */
	if (access < 0)
		return module < 0 && errno == ENOENT && faccessat(AT_FDCWD, "/sys/module", F_OK, 0) == 0 ? -EOPNOTSUPP : 0;
	strbuf_add_mem(&question, "label", sizeof("label"));
	strbuf_add_mem(&question, profile, strlen(profile) + 1);
	strbuf_add_mem(&question, &class_file, 1);
	strbuf_add_mem(&question, "/", 1);
	return write(access, question.text, question.len) < 0 && errno == ENOENT ? -ENOENT : 0;
}

/* Any profile but none. */
static bool is_confined(int proc)
{
	_cleanup_close_ int fd = procfs_open_at(proc, "thread-self/attr/apparmor/current", O_RDONLY);
	char label[16] = "";

	return fd >= 0 && read(fd, label, sizeof(label) - 1) > 0 && !str_starts(label, "unconfined");
}

int lsm_set_apparmor(const char *profile, bool no_new_privs)
{
	_cleanup_close_ int proc = procfs_open();
	_cleanup_free_ char *text = NULL;

	if (proc < 0)
		return proc;
	text = str_printf("%s %s", no_new_privs && is_confined(proc) ? "stack" : "exec", profile);
	return procfs_write(proc, "thread-self/attr/apparmor/exec", text);
}

int lsm_set_selinux(const char *label)
{
	return write_attr("thread-self/attr/exec", label);
}

int lsm_set_keycreate(const char *label)
{
	return write_attr("thread-self/attr/keycreate", label);
}
