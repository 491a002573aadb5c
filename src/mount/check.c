/* SPDX-License-Identifier: Apache-2.0 */
/* What can be said of root, mounts[], devices and masks before anything is made: rootfs_check(). */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/str.h"
#include "mount/devices.h"
#include "mount/explain.h"
#include "mount/label.h"
#include "mount/mask.h"
#include "mount/plan.h"
#include "mount/rootfs.h"
#include "mount/rootlayers.h"

static int check_root(const struct oci_config *config, const char *bundle, struct err *e)
{
	_cleanup_free_ char *path = NULL;
	struct stat st;

	if (!config->root || str_empty(config->root->path))
		return err_say(e, -EINVAL, "root.path: is missing or empty");
	path = rootfs_path(config, bundle);
	if (stat(path, &st) < 0)
		return explain_path(e, -errno, "root.path", path);
	if (S_ISDIR(st.st_mode))
		return 0;
	err_set(e, -ENOTDIR, "root.path %s", path);
	return !S_ISREG(st.st_mode) ? e->code :
		err_hint(e, "an image file is named by the annotation " ROOTLAYERS_IMAGE ", and root.path is an empty "
			 "directory then");
}

static int check_layers(const struct oci_config *config, const char *bundle, struct err *e)
{
	struct rootlayers layers;
	int r = rootlayers_read(config, bundle, &layers, e);

	rootlayers_done(&layers);
	return r;
}

int rootfs_check(const struct oci_config *config, const char *bundle, struct err *e)
{
	struct mount_plan plan;
	int r = check_root(config, bundle, e);

	if (r < 0)
		return r;
	r = mount_plan_make(config, bundle, &plan, e);
	mount_plan_done(&plan);
	if (r >= 0 && rootlayers_wanted(config))
		r = check_layers(config, bundle, e);
	if (r >= 0)
		r = mount_devices_check(config, e);
	if (r >= 0)
		r = mask_check(config, e);
	return r < 0 ? r : label_check(config, e);
}
