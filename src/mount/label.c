/* SPDX-License-Identifier: Apache-2.0 */
/* SELinux contexts of mounts: see label.h. */
#include "mount/label.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/log.h"
#include "base/str.h"
#include "kernel/lsm.h"

#define ANNOTATION "run.oci.mount_context_type"

/* mount(8), "FILESYSTEM-INDEPENDENT MOUNT OPTIONS". */
static const char *const keys[] = { "context", "fscontext", "defcontext", "rootcontext" };

/* Of which option of the four is the word, or what its first n letters are? */
static bool is_key(const char *word, size_t n)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (strlen(keys[i]) == n && strncmp(word, keys[i], n) == 0)
			return true;
	return false;
}

/* Podman chooses another than the first by an annotation. */
static const char *key_of(const struct oci_config *config)
{
	const char *key = mount_annotation(config, ANNOTATION);

	return str_empty(key) ? keys[0] : key;
}

static const char *label_of(const struct oci_config *config)
{
	return config->linux_ && !str_empty(config->linux_->mount_label) ? config->linux_->mount_label : NULL;
}

int label_check(const struct oci_config *config, struct err *e)
{
	const char *label = label_of(config), *key = key_of(config);

	if (!is_key(key, strlen(key)))
		return err_say(e, -EINVAL, "annotations." ANNOTATION ": unknown value '%s' (one of: context, fscontext, "
					   "defcontext, rootcontext)", key);
	/* where there is no SELinux, label_find() has a warning */
	if (!label || lsm_find_selinux(label) != -EINVAL)
		return 0;
	err_say(e, -EINVAL, "linux.mountLabel %s: the SELinux policy that is loaded has no such label", label);
	return err_hint(e, LSM_SELINUX_HINT);
}

/* Without SELinux a label protects nothing and the kernel knows no option for it; process.selinuxLabel, which
   asks for confinement, is refused there. */
void label_find(struct rootfs *rootfs)
{
	const char *label = label_of(rootfs->env.config);

	if (!label)
		return;
	if (lsm_have_selinux())
		rootfs->label = label;
	else
		log_warning("linux.mountLabel %s does nothing here: SELinux is not enabled", label);
}

int label_set(const struct mnt_fs *fs, const struct rootfs *rootfs, const struct mount_options *options, char *words,
	      size_t n_words)
{
	const char *key = key_of(rootfs->env.config);
	int r;

	if (!rootfs->label || (options && mount_options_data(options, key)))
		return 0;
	r = mnt_fs_set(fs, key, rootfs->label);
	if (r < 0)
		snprintf(words, n_words, "%s=%s (linux.mountLabel) is refused", key, rootfs->label);
	return r;
}

int label_set_image(const struct mnt_fs *fs, const struct oci_config *config)
{
	const char *label = label_of(config);

	return label && lsm_have_selinux() ? mnt_fs_set(fs, key_of(config), label) : 0;
}

int label_root(const struct rootfs *rootfs, int mnt_fd, struct err *e)
{
	const char *label = rootfs->label;
	_cleanup_close_ int fd = -EBADF;

	if (!label)
		return 0;
	fd = openat(mnt_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsetxattr(fd, "security.selinux", label, strlen(label), 0) < 0)
		return err_set(e, -errno, "cannot give it the label %s (linux.mountLabel)", label);
	return 0;
}

/* Who makes a user namespace could otherwise choose the labels of what is on a disk (selinux_set_mnt_opts() of Linux). */
static bool may_label(const struct rootfs *rootfs, const char *type)
{
	static const char *const allowed[] = { "tmpfs", "ramfs", "devpts", "overlay" };

	for (size_t i = 0; rootfs->env.userns && i < ARRAY_SIZE(allowed); i++)
		if (strcmp(type, allowed[i]) == 0)
			return true;
	return !rootfs->env.userns;
}

void label_explain(const struct rootfs *rootfs, const char *type, int code, char *words, size_t n_words)
{
	const char *why = NULL;

	if (!rootfs->label)
		return;
	if (code == -EACCES)
		why = may_label(rootfs, type) ? "the SELinux policy does not allow it" :
						"in a user namespace SELinux labels tmpfs, ramfs, devpts and overlay alone";
	else if (code == -EINVAL && strcmp(key_of(rootfs->env.config), "defcontext") == 0)
		why = "defcontext is for file systems that keep labels themselves";
	if (why)
		snprintf(words, n_words, "linux.mountLabel %s: %s", rootfs->label, why);
}

char *label_unquote(const char *word)
{
	const char *value = strchr(word, '=');
	size_t n = value ? strlen(value) : 0;

	if (n < 3 || value[1] != '"' || value[n - 1] != '"' || !is_key(word, (size_t)(value - word)))
		return NULL;
	return str_printf("%.*s=%.*s", (int)(value - word), word, (int)n - 3, value + 2);
}
