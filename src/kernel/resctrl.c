/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of resctrl: see resctrl.h. */
#include "kernel/resctrl.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/str.h"
#include "kernel/procfs.h"

#define RESCTRL_MAGIC 0x7655821 /* linux/magic.h, RDTGROUP_SUPER_MAGIC */

#define SCHEMATA_MAX (1U << 20)
#define TASKS_MAX (64U << 20)
#define STATUS_MAX 4096U

#define DIRECTORY_FLAGS (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static int open_directory(int dir, const char *name)
{
	int fd = openat(dir, name, DIRECTORY_FLAGS);

	return fd < 0 ? -errno : fd;
}

int resctrl_open(void)
{
	_cleanup_close_ int fd = open(RESCTRL_PATH, DIRECTORY_FLAGS);
	struct statfs fs;

	/* ENOENT: a kernel or a processor without it has no such directory. */
	if (fd < 0)
		return errno == ENOENT ? -ENODEV : -errno;
	if (fstatfs(fd, &fs) < 0)
		return -errno;
	return fs.f_type == RESCTRL_MAGIC ? TAKE_FD(fd) : -ENODEV;
}

bool resctrl_is_group_name(const char *name)
{
	static const char *const reserved[] = { "", ".", "..", "info", "mon_data", "mon_groups" };

	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
		if (strcmp(name, reserved[i]) == 0)
			return false;
	return !strpbrk(name, "/\n");
}

int resctrl_open_group(int root, const char *name)
{
	return open_directory(root, strcmp(name, RESCTRL_DEFAULT_GROUP) == 0 ? "." : name);
}

static int make_directory(int dir, const char *name)
{
	return mkdirat(dir, name, 0755) < 0 ? -errno : 0;
}

static int remove_directory(int dir, const char *name)
{
	return unlinkat(dir, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

int resctrl_make_group(int root, const char *name)
{
	return make_directory(root, name);
}

int resctrl_remove_group(int root, const char *name)
{
	return remove_directory(root, name);
}

static int open_monitors(int group)
{
	return open_directory(group, "mon_groups");
}

bool resctrl_can_monitor(int root)
{
	_cleanup_close_ int dir = open_monitors(root);

	return dir >= 0;
}

int resctrl_make_monitor(int group, const char *name)
{
	_cleanup_close_ int dir = open_monitors(group);

	return dir < 0 ? dir : make_directory(dir, name);
}

int resctrl_open_monitor(int group, const char *name)
{
	_cleanup_close_ int dir = open_monitors(group);

	return dir < 0 ? dir : open_directory(dir, name);
}

int resctrl_remove_monitor(int group, const char *name)
{
	_cleanup_close_ int dir = open_monitors(group);

	return dir < 0 ? dir : remove_directory(dir, name);
}

int resctrl_add_task(int group, pid_t pid)
{
	_cleanup_free_ char *text = str_printf("%d\n", pid);

	return fdio_write_file(group, "tasks", text);
}

static bool is_alive(const char *pid)
{
	uint64_t start;
	uint32_t number;
	char letter = '?';

	/* -EACCES: /proc does not show it, but it is there. */
	if (str_to_u32(pid, &number) < 0 || procfs_stat((pid_t)number, &start, &letter) == -ESRCH)
		return false;
	return letter != 'Z' && letter != 'X';
}

int resctrl_is_used(int group)
{
	_cleanup_(strv_done) struct strv pids = STRV_INIT;
	_cleanup_free_ char *text = NULL;
	int r = fdio_read_file(group, "tasks", TASKS_MAX, &text, NULL);

	if (r < 0)
		return r;
	strv_split(&pids, text, '\n');
	for (size_t i = 0; i < pids.n; i++)
		if (is_alive(pids.v[i]))
			return 1;
	return 0;
}

int resctrl_read_schemata(int group, char **ret_lines)
{
	return fdio_read_file(group, "schemata", SCHEMATA_MAX, ret_lines, NULL);
}

int resctrl_write_schemata(int group, const char *lines)
{
	size_t n = strlen(lines);
	_cleanup_free_ char *text = str_printf("%s%s", lines, n > 0 && lines[n - 1] == '\n' ? "" : "\n");

	return fdio_write_file(group, "schemata", text);
}

char *resctrl_last_status(int root)
{
	char *text;

	if (fdio_read_file(root, "info/last_cmd_status", STATUS_MAX, &text, NULL) < 0)
		return xstrdup("");
	text[strcspn(text, "\n")] = '\0';
	if (strcmp(text, "ok") == 0)
		*text = '\0';
	return text;
}
