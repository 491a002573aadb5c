/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A resctrl for machines whose processor has none: a directory, named by FAKE_RESCTRL, that answers to the few calls
 * which are made on it as the kernel does (fs/resctrl/rdtgroup.c, ctrlmondata.c).  The runtime knows nothing of it.
 * Preloaded (LD_PRELOAD) it stands in front of the C library: /sys/fs/resctrl leads to the directory, which says that
 * it is resctrl; mkdir makes a group with its files, rmdir takes them all, and what is written to schemata and tasks
 * is judged and kept.  Unit tests include this file, and call the same functions.  Not done: what a fork inherits.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

int fake_resctrl_set_up(const char *root);

#define TEXT_MAX 4096

static const char *fake_root(void)
{
	return getenv("FAKE_RESCTRL");
}

/* The path of a descriptor below the root, "" for the root itself, or NULL. */
static const char *below(int fd, char path[PATH_MAX])
{
	const char *root = fake_root();
	char link[64];
	ssize_t n;

	if (!root)
		return NULL;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, PATH_MAX - 1);
	if (n < 0)
		return NULL;
	path[n] = '\0';
	n = (ssize_t)strlen(root);
	if (strncmp(path, root, (size_t)n) != 0 || (path[n] && path[n] != '/'))
		return NULL;
	return path[n] ? path + n + 1 : "";
}

static void read_text(const char *path, char text[TEXT_MAX])
{
	FILE *f = fopen(path, "re");
	size_t n = f ? fread(text, 1, TEXT_MAX - 1, f) : 0;

	text[n] = '\0';
	if (f)
		fclose(f);
}

static void write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	if (!f)
		abort();
	fputs(text, f);
	fclose(f);
}

static void in_root(char path[PATH_MAX], const char *name)
{
	snprintf(path, PATH_MAX, "%s/%s", fake_root(), name);
}

static int fails(int error, const char *status)
{
	char path[PATH_MAX], line[TEXT_MAX];

	in_root(path, "info/last_cmd_status");
	snprintf(line, sizeof(line), "%s\n", status);
	write_text(path, line);
	errno = error;
	return -1;
}

/* ---- directories ------------------------------------------------------------------------------ */

static void make_file(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0 || syscall(SYS_write, fd, text, strlen(text)) < 0)
		abort();
	close(fd);
}

static int fill(int parent, const char *name, bool control)
{
	char path[PATH_MAX], full[TEXT_MAX];
	int dir;

	if (syscall(SYS_mkdirat, parent, name, 0755) < 0)
		return -1;
	dir = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	make_file(dir, "tasks", "");
	syscall(SYS_mkdirat, dir, "mon_data", 0555);
	if (control) {
		in_root(path, "info/full_schemata");
		read_text(path, full);
		make_file(dir, "schemata", full);
		make_file(dir, "mode", "shareable\n");
		in_root(path, "mon_groups");
		if (access(path, F_OK) == 0)
			syscall(SYS_mkdirat, dir, "mon_groups", 0755);
	}
	close(dir);
	return 0;
}

static bool is_monitors(const char *where)
{
	const char *slash = strrchr(where, '/');

	return strcmp(slash ? slash + 1 : where, "mon_groups") == 0;
}

static int count_groups(void)
{
	char command[PATH_MAX + 128];
	int n = -1;
	FILE *f;

	snprintf(command, sizeof(command),
		 "LD_PRELOAD= find '%s' -mindepth 1 -maxdepth 1 -type d ! -name 'mon_*' ! -name info | wc -l", fake_root());
	f = popen(command, "re");
	if (!f || fscanf(f, "%d", &n) != 1)
		abort();
	pclose(f);
	return n;
}

int mkdirat(int fd, const char *name, mode_t mode)
{
	char path[PATH_MAX], closids[TEXT_MAX];
	const char *where = below(fd, path);

	if (!where)
		return (int)syscall(SYS_mkdirat, fd, name, mode);
	if (is_monitors(where))
		return fill(fd, name, false);
	if (*where)
		return fails(EPERM, "mkdir in a group");
	in_root(path, "info/L3/num_closids");
	read_text(path, closids);
	if (faccessat(fd, name, F_OK, 0) < 0 && count_groups() + 1 >= atoi(closids))
		return fails(ENOSPC, "Out of CLOSIDs");
	return fill(fd, name, true);
}

static void append_tasks(const char *from, const char *to)
{
	char tasks[TEXT_MAX], all[2 * TEXT_MAX], have[TEXT_MAX];

	read_text(from, tasks);
	read_text(to, have);
	snprintf(all, sizeof(all), "%s%s", have, tasks);
	write_text(to, all);
}

int unlinkat(int fd, const char *name, int flags)
{
	char path[PATH_MAX], group[PATH_MAX + 256], tasks[PATH_MAX + 300], to[PATH_MAX], command[PATH_MAX + 300];
	const char *where = below(fd, path);

	if (!where)
		return (int)syscall(SYS_unlinkat, fd, name, flags);
	if (!(flags & AT_REMOVEDIR) || (*where && !is_monitors(where)) || strcmp(name, "info") == 0 ||
	    strncmp(name, "mon_", 4) == 0) {
		errno = EPERM;
		return -1;
	}
	if (faccessat(fd, name, F_OK, 0) < 0)
		return -1;
	snprintf(group, sizeof(group), "%s/%s", path, name);
	if (!*where) {
		snprintf(tasks, sizeof(tasks), "%s/tasks", group);
		in_root(to, "tasks");
		append_tasks(tasks, to);
	}
	snprintf(command, sizeof(command), "LD_PRELOAD= rm -rf '%s'", group);
	return system(command) == 0 ? 0 : -1;
}

/* ---- schemata --------------------------------------------------------------------------------- */

static bool is_contiguous(unsigned long mask)
{
	while (mask && !(mask & 1))
		mask >>= 1;
	return mask && !(mask & (mask + 1));
}

/* One "0=f" of the line for `resource`; text is the file's, and changes. */
static int set_domain(char text[TEXT_MAX], const char *resource, const char *assignment)
{
	bool percent = strcmp(resource, "MB") == 0;
	unsigned long domain, value;
	char key[64], made[64], status[256], *line, *at, *end;

	domain = strtoul(assignment, &end, 10);
	value = *end == '=' ? strtoul(end + 1, &end, percent ? 10 : 16) : 0;
	snprintf(key, sizeof(key), "%s:", resource);
	line = strstr(text, key);
	if (!line || *end)
		return fails(EINVAL, line ? "Missing or wrong value" : "Unknown or unsupported resource name");
	if (percent ? value < 10 || value > 100 : value > 0xfffff || !is_contiguous(value)) {
		snprintf(status, sizeof(status), "Mask %lx out of range or has non-consecutive 1-bits", value);
		return fails(EINVAL, status);
	}
	snprintf(key, sizeof(key), "%lu=", domain);
	at = strstr(line, key);
	if (!at || memchr(line, '\n', (size_t)(at - line)))
		return fails(EINVAL, "Invalid domain");
	/* As wide as before: five digits of a mask, three of a percentage. */
	snprintf(made, sizeof(made), percent ? "%3lu" : "%05lx", value);
	memcpy(at + strlen(key), made, percent ? 3 : 5);
	return 0;
}

static int set_schemata(const char *path, const char *written, size_t n)
{
	char text[TEXT_MAX], input[TEXT_MAX], *line, *rest = input;

	if (n == 0 || n >= TEXT_MAX || written[n - 1] != '\n')
		return fails(EINVAL, "no newline at the end");
	memcpy(input, written, n);
	input[n] = '\0';
	read_text(path, text);
	while ((line = strsep(&rest, "\n")) && *line) {
		char *domains = strchr(line, ':'), *domain;

		if (!domains)
			return fails(EINVAL, "Missing ':'");
		*domains++ = '\0';
		while (isspace((unsigned char)*line))
			line++;
		while ((domain = strsep(&domains, ";")))
			if (set_domain(text, line, domain) < 0)
				return -1;
	}
	write_text(path, text);
	return 0;
}

/* ---- tasks ------------------------------------------------------------------------------------ */

static bool has_task(const char *path, const char *pid)
{
	char tasks[TEXT_MAX], *rest = tasks, *line;

	read_text(path, tasks);
	while ((line = strsep(&rest, "\n")))
		if (strcmp(line, pid) == 0)
			return true;
	return false;
}

static int add_task(const char *path, const char *where, const char *written, size_t n)
{
	char pid[32], parent[PATH_MAX], line[64], tasks[TEXT_MAX], all[TEXT_MAX + 64];
	const char *monitors = strstr(where, "mon_groups/");

	snprintf(pid, sizeof(pid), "%.*s", (int)n, written);
	pid[strcspn(pid, "\n")] = '\0';
	if (kill(atoi(pid), 0) < 0 && errno == ESRCH)
		return fails(ESRCH, "No such task");
	if (monitors) {
		snprintf(line, sizeof(line), "%.*stasks", (int)(monitors - where), where);
		in_root(parent, line);
		if (!has_task(parent, pid))
			return fails(EINVAL, "Can't move task to different control group");
	}
	if (has_task(path, pid))
		return 0;
	read_text(path, tasks);
	snprintf(all, sizeof(all), "%s%s\n", tasks, pid);
	write_text(path, all);
	return 0;
}

ssize_t write(int fd, const void *data, size_t n)
{
	char path[PATH_MAX];
	const char *where = below(fd, path), *slash = where ? strrchr(where, '/') : NULL, *name = slash ? slash + 1 : where;
	int r = 0;

	if (!where || (strcmp(name, "schemata") != 0 && strcmp(name, "tasks") != 0))
		return syscall(SYS_write, fd, data, n);
	fails(0, "ok");
	r = *name == 's' ? set_schemata(path, data, n) : add_task(path, where, data, n);
	return r < 0 ? -1 : (ssize_t)n;
}

/* ---- where it is ------------------------------------------------------------------------------ */

int open64(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list args;

	va_start(args, flags);
	if (flags & (O_CREAT | __O_TMPFILE))
		mode = va_arg(args, mode_t);
	va_end(args);
	if (fake_root() && strcmp(path, "/sys/fs/resctrl") == 0)
		path = fake_root();
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int open(const char *path, int flags, ...) __attribute__((alias("open64")));

int fstatfs64(int fd, struct statfs64 *fs)
{
	char path[PATH_MAX];
	int r = (int)syscall(SYS_fstatfs, fd, fs);

	if (r == 0 && below(fd, path))
		fs->f_type = 0x7655821; /* RDTGROUP_SUPER_MAGIC */
	return r;
}

int fstatfs(int fd, struct statfs *fs)
{
	return fstatfs64(fd, (struct statfs64 *)fs);
}

/* Two caches, twenty bits each, and four classes of service. */
int fake_resctrl_set_up(const char *root)
{
	static const char full[] = "    MB:0=100;1=100\n    L3:0=fffff;1=fffff\n";
	int dir;

	if (syscall(SYS_mkdirat, AT_FDCWD, root, 0755) < 0 || setenv("FAKE_RESCTRL", root, 1) < 0)
		return -errno;
	dir = openat(AT_FDCWD, root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	syscall(SYS_mkdirat, dir, "info", 0755);
	syscall(SYS_mkdirat, dir, "info/L3", 0755);
	syscall(SYS_mkdirat, dir, "mon_groups", 0755);
	syscall(SYS_mkdirat, dir, "mon_data", 0755);
	make_file(dir, "info/L3/num_closids", "4\n");
	make_file(dir, "info/full_schemata", full);
	make_file(dir, "info/last_cmd_status", "ok\n");
	make_file(dir, "schemata", full);
	make_file(dir, "tasks", "");
	close(dir);
	return 0;
}
