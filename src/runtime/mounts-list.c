/* SPDX-License-Identifier: Apache-2.0 */
/* `mounts list`: what a container's processes see, and where each mount comes from.  Only looks. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "kernel/mntinfo.h"
#include "kernel/spawn.h"
#include "mount/plan.h"
#include "runtime/bundle.h"
#include "runtime/control.h"

/* proc(5), mountinfo, "optional fields"; the peer groups' numbers mean nothing to the reader. */
static char *propagation_of(const char *fields)
{
	bool shared = strstr(fields, "shared:"), slave = strstr(fields, "master:");

	if (strstr(fields, "unbindable"))
		return xstrdup("unbindable");
	if (shared && slave)
		return xstrdup("shared,slave");
	return xstrdup(shared ? "shared" : slave ? "slave" : "private");
}

/* A later entry of mounts[] lies on top of an earlier one; both are shown, and both are said to be the later one. */
static char *origin_of(const struct mntinfo_entry *entry, const struct state_document *d, const struct oci_config *config)
{
	for (size_t i = 0; i < d->n_mounts; i++)
		if (d->mounts[i].id == entry->id)
			return xstrdup("added");
	for (size_t i = config->n_mounts; i > 0; i--) {
		_cleanup_free_ char *clean = mount_clean_path(config->mounts[i - 1].destination);

		if (strcmp(clean, entry->target) == 0)
			return str_printf("mounts[%zu]", i - 1);
	}
	return xstrdup(strcmp(entry->target, "/") == 0 ? "root" : "");
}

static struct container_mount *translate(struct mntinfo *info, const struct state_document *d,
					 const struct oci_config *config)
{
	struct container_mount *mounts = xcalloc(info->n_entries, sizeof(*mounts));

	for (size_t i = 0; i < info->n_entries; i++) {
		struct mntinfo_entry *entry = &info->entries[i];
		char *from = origin_of(entry, d, config);

		mounts[i] = (struct container_mount){
			.from = from,
			.propagation = propagation_of(entry->optional_fields),
			.destination = TAKE_PTR(entry->target),
			.type = TAKE_PTR(entry->type),
			.source = TAKE_PTR(entry->source),
			.options = TAKE_PTR(entry->vfs_options),
			.fs_options = TAKE_PTR(entry->fs_options),
		};
	}
	return mounts;
}

static int read_mounts(const struct control *t, struct mntinfo *ret_info, struct err *e)
{
	_cleanup_free_ char *path = str_printf("/proc/%d/mountinfo", t->now.pid);
	int r = mntinfo_read(path, ret_info, e);

	if (r < 0)
		return r;
	/* It lives, so that the file was its own. */
	r = spawn_signal(t->now.pidfd, 0);
	if (r == 0)
		return 0;
	mntinfo_done(ret_info);
	return err_say(e, -ESRCH, "container not running: %s", t->state.id);
}

int container_mounts_list(const struct runtime *rt, const char *id, struct container_mount **ret_mounts, size_t *ret_n,
			  struct err *e)
{
	_cleanup_(bundle_document_done) struct bundle_document document = { .root = NULL };
	struct mntinfo info;
	struct control t;
	int r = control_open(rt, id, false, &t, e);

	if (r < 0)
		return r;
	r = state_read_config(&t.state, &document, e);
	if (r == 0)
		r = read_mounts(&t, &info, e);
	if (r == 0) {
		*ret_n = info.n_entries;
		*ret_mounts = translate(&info, state_document(&t.state), document.root);
		mntinfo_done(&info);
	}
	control_close(&t);
	return r;
}

void container_mounts_free(struct container_mount *mounts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(mounts[i].destination);
		free(mounts[i].type);
		free(mounts[i].source);
		free(mounts[i].options);
		free(mounts[i].fs_options);
		free(mounts[i].propagation);
		free(mounts[i].from);
	}
	free(mounts);
}
