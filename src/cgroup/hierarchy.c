/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the mounted hierarchies without parsing the mount table: see hierarchy.h. */
#include "cgroup/hierarchy.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/fdio.h"
#include "base/str.h"
#include "kernel/mntinfo.h"

#define CGROUP_ROOT "/sys/fs/cgroup"

/* What the kernel calls its v1 controllers; any other directory is a named hierarchy. */
static const char *const v1_controllers[] = {
	"cpu",     "cpuacct",    "cpuset",   "memory",  "devices", "freezer", "blkio", "pids",
	"net_cls", "net_prio",   "hugetlb",  "perf_event", "rdma", "misc",    "debug",
};

static bool is_controller(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(v1_controllers); i++)
		if (strcmp(name, v1_controllers[i]) == 0)
			return true;
	return false;
}

/* The mount options that belong to a directory below /sys/fs/cgroup: "cpu,cpuacct" has them as its
   name, any other name is that of a hierarchy without controllers (cgroups(7)). */
static char *options_from_name(const char *name)
{
	_cleanup_(strv_done) struct strv parts = STRV_INIT;
	bool controllers = true;

	strv_split(&parts, name, ',');
	for (size_t i = 0; i < parts.n; i++)
		controllers = controllers && is_controller(parts.v[i]);
	return controllers ? xstrdup(name) : str_printf("name=%s", name);
}

/* fd is owned by the list from now on. */
static void add(struct hierarchies *list, int fd, const char *mountpoint, const char *name, char *options, bool v2)
{
	list->v = xrealloc(list->v, list->n + 1, sizeof(*list->v));
	list->v[list->n++] = (struct hierarchy){
		.name = xstrdup(name),
		.mountpoint = xstrdup(mountpoint),
		.options = options,
		.v2 = v2,
		.root_fd = fd,
		.dir_fd = -EBADF,
	};
}

/* Add what is mounted at CGROUP_ROOT/name, if it is a cgroup filesystem. */
static int add_child(struct hierarchies *list, int root, const char *name)
{
	_cleanup_close_ int fd = openat(root, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_free_ char *mountpoint = NULL;
	struct statfs st;

	if (fd < 0)
		return -errno;
	if (fstatfs(fd, &st) < 0)
		return -errno;

	mountpoint = str_printf(CGROUP_ROOT "/%s", name);
	if (st.f_type == CGROUP2_SUPER_MAGIC)
		add(list, TAKE_FD(fd), mountpoint, name, xstrdup(""), true);
	else if (st.f_type == CGROUP_SUPER_MAGIC)
		add(list, TAKE_FD(fd), mountpoint, name, options_from_name(name), false);
	return 0;
}

static int add_children(struct hierarchies *list, int root, struct err *e)
{
	_cleanup_closedir_ DIR *dir = NULL;
	_cleanup_close_ int fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *d;
	int r;

	if (fd < 0)
		return err_set(e, -errno, "cannot read " CGROUP_ROOT);
	dir = fdopendir(fd);
	if (!dir)
		return err_set(e, -errno, "cannot read " CGROUP_ROOT);
	(void)TAKE_FD(fd); /* the stream owns it */

	/* Symlinks (cpu -> cpu,cpuacct) are other names of the same hierarchy. */
	while ((d = readdir(dir)))
		if (d->d_type == DT_DIR && d->d_name[0] != '.') {
			r = add_child(list, root, d->d_name);
			if (r < 0)
				return err_set(e, r, "cannot look at " CGROUP_ROOT "/%s", d->d_name);
		}
	return 0;
}

/* The options of a v1 mount without those that every filesystem has. */
static char *options_from_mount(const char *fs_options)
{
	_cleanup_(strv_done) struct strv parts = STRV_INIT;
	_cleanup_(strbuf_done) struct strbuf out = STRBUF_INIT;

	strv_split(&parts, fs_options, ',');
	for (size_t i = 0; i < parts.n; i++)
		if (is_controller(parts.v[i]) || str_starts(parts.v[i], "name="))
			strbuf_addf(&out, "%s%s", out.len ? "," : "", parts.v[i]);
	return strbuf_take(&out);
}

/* The slow way, for machines that mount them elsewhere. */
static int add_from_mounts(struct hierarchies *list, struct err *e)
{
	_cleanup_(mntinfo_done) struct mntinfo info = { NULL, 0 };
	int r = mntinfo_read("/proc/self/mountinfo", &info, e);

	if (r < 0)
		return err_wrap(e, "looking for cgroup hierarchies");
	for (size_t i = 0; i < info.n_entries; i++) {
		const struct mntinfo_entry *m = &info.entries[i];
		bool v2 = strcmp(m->type, "cgroup2") == 0;
		_cleanup_close_ int fd = -EBADF;
		struct statfs st;
		char *options;

		if (!v2 && strcmp(m->type, "cgroup") != 0)
			continue;
		fd = open(m->target, O_PATH | O_DIRECTORY | O_CLOEXEC);
		/* Another mount covers it, here and below. */
		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0 || fstatfs(fd, &st) < 0)
			return err_set(e, -errno, "cannot look at the cgroup hierarchy %s", m->target);
		if (st.f_type != (v2 ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC))
			continue;
		options = v2 ? xstrdup("") : options_from_mount(m->fs_options);
		add(list, TAKE_FD(fd), m->target, strrchr(m->target, '/') + 1, options, v2);
	}
	return 0;
}

int hierarchies_find(bool all, struct hierarchies *ret_list, struct err *e)
{
	_cleanup_(hierarchies_done) struct hierarchies list = HIERARCHIES_INIT;
	_cleanup_close_ int root = open(CGROUP_ROOT, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs st;
	int r = 0;

	/* No such directory: a kernel without cgroups, or they are mounted elsewhere. */
	if (root < 0 && errno != ENOENT)
		return err_set(e, -errno, "cannot look at " CGROUP_ROOT);
	if (root >= 0 && fstatfs(root, &st) < 0)
		return err_set(e, -errno, "cannot look at " CGROUP_ROOT);

	list.all = all || (root >= 0 && st.f_type == CGROUP2_SUPER_MAGIC);
	if (root >= 0 && st.f_type == CGROUP2_SUPER_MAGIC) {
		add(&list, TAKE_FD(root), CGROUP_ROOT, "", xstrdup(""), true);
	} else if (root >= 0) {
		/* "unified" is what systemd and all that followed it call the v2 hierarchy of a hybrid. */
		r = all ? 0 : add_child(&list, root, "unified");
		if (r < 0 && r != -ENOENT)
			return err_set(e, r, "cannot look at " CGROUP_ROOT "/unified");
		if (list.n == 0)
			r = add_children(&list, root, e);
		else
			r = 0;
	}
	if (r == 0 && list.n == 0)
		r = add_from_mounts(&list, e);
	if (r < 0)
		return r;

	*ret_list = list;
	list = (struct hierarchies)HIERARCHIES_INIT;
	return 0;
}

void hierarchies_done(struct hierarchies *list)
{
	for (size_t i = 0; i < list->n; i++) {
		struct hierarchy *h = &list->v[i];

		free(h->name);
		free(h->mountpoint);
		free(h->options);
		fd_close(&h->root_fd);
		fd_close(&h->dir_fd);
	}
	free(list->v);
	*list = (struct hierarchies)HIERARCHIES_INIT;
}

struct hierarchy *hierarchies_v2(const struct hierarchies *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].v2)
			return &list->v[i];
	return NULL;
}

bool hierarchy_has(const struct hierarchy *h, const char *controller)
{
	size_t n = strlen(controller);

	if (h->v2)
		return false;
	for (const char *p = h->options; *p;) {
		const char *end = strchrnul(p, ',');

		if ((size_t)(end - p) == n && strncmp(p, controller, n) == 0)
			return true;
		p = *end ? end + 1 : end;
	}
	return false;
}

struct hierarchy *hierarchies_v1(const struct hierarchies *list, const char *controller)
{
	for (size_t i = 0; i < list->n; i++)
		if (hierarchy_has(&list->v[i], controller))
			return &list->v[i];
	return NULL;
}

int hierarchy_open_dir(struct hierarchy *h, const char *path)
{
	fd_close(&h->dir_fd);
	h->dir_fd = openat(h->root_fd, path + 1, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (h->dir_fd < 0) {
		int r = -errno;

		h->dir_fd = -EBADF;
		return r;
	}
	return 0;
}

/* True for the line "5:cpu,cpuacct:/path" (cgroups(7)) of this hierarchy; *ret_path points into it. */
static bool parse_line(const struct hierarchy *h, const char *line, const char **ret_path)
{
	const char *options = strchr(line, ':');
	const char *path = options ? strchr(++options, ':') : NULL;
	_cleanup_free_ char *first = NULL;

	if (!path)
		return false;
	*ret_path = path + 1;
	if (h->v2)
		return path == options;
	/* Controllers may be listed in another order than in the mount. */
	first = xstrndup(options, strcspn(options, ",:"));
	return hierarchy_has(h, first);
}

char *hierarchy_parse_path(const struct hierarchy *h, const char *text)
{
	_cleanup_(strv_done) struct strv lines = STRV_INIT;
	const char *path;

	strv_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.n; i++)
		if (parse_line(h, lines.v[i], &path))
			return xstrdup(path);
	return NULL;
}

int hierarchy_read_v2_path(const char *pid, char **ret_path)
{
	const struct hierarchy v2 = { .v2 = true };
	_cleanup_free_ char *file = str_printf("/proc/%s/cgroup", pid);
	_cleanup_free_ char *text = NULL;
	int r = fdio_read_file(AT_FDCWD, file, 1 << 20, &text, NULL);

	if (r < 0)
		return r;
	*ret_path = hierarchy_parse_path(&v2, text);
	return *ret_path ? 0 : -ENOENT;
}
