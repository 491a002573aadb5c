/* SPDX-License-Identifier: Apache-2.0 */
/* Id maps and who may write them: see userns.h.  Which ids a container gets is decided in src/runtime. */
#include "kernel/userns.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/fdio.h"
#include "base/str.h"
#include "kernel/procfs.h"
#include "kernel/spawn.h"

#define MAX_FILE (16 << 20) /* bytes of a subuid(5) file; a map of 340 lines has less than 16 K */

void userns_map_add(struct userns_map *map, uint32_t inside, uint32_t outside, uint32_t count)
{
	map->extents = xrealloc(map->extents, map->n_extents + 1, sizeof(*map->extents));
	map->extents[map->n_extents++] = (struct userns_extent){ inside, outside, count };
}

void userns_map_done(struct userns_map *map)
{
	free(map->extents);
	*map = (struct userns_map){ NULL, 0 };
}

bool userns_map_to_outside(const struct userns_map *map, uint32_t inside, uint32_t *ret_outside)
{
	for (size_t i = 0; i < map->n_extents; i++) {
		const struct userns_extent *e = &map->extents[i];

		if (inside < e->inside || inside - e->inside >= e->count)
			continue;
		*ret_outside = e->outside + (inside - e->inside);
		return true;
	}
	return false;
}

bool userns_map_to_inside(const struct userns_map *map, uint32_t outside, uint32_t *ret_inside)
{
	for (size_t i = 0; i < map->n_extents; i++) {
		const struct userns_extent *e = &map->extents[i];

		if (outside < e->outside || outside - e->outside >= e->count)
			continue;
		*ret_inside = e->inside + (outside - e->outside);
		return true;
	}
	return false;
}

/* "         0       1000          1" */
static int parse_map_line(const char *line, struct userns_map *map)
{
	_cleanup_(strv_done) struct strv numbers = STRV_INIT;
	uint32_t inside, outside, count;

	strv_split(&numbers, line, ' ');
	if (numbers.n != 3 || str_to_u32(numbers.v[0], &inside) < 0 || str_to_u32(numbers.v[1], &outside) < 0 ||
	    str_to_u32(numbers.v[2], &count) < 0)
		return -EIO;
	userns_map_add(map, inside, outside, count);
	return 0;
}

int userns_map_read(const char *path, struct userns_map *ret_map)
{
	_cleanup_(userns_map_done) struct userns_map map = { NULL, 0 };
	_cleanup_(strv_done) struct strv lines = STRV_INIT;
	_cleanup_free_ char *text = NULL;
	int r = fdio_read_file(AT_FDCWD, path, MAX_FILE, &text, NULL);

	if (r < 0)
		return r;
	strv_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.n; i++) {
		r = parse_map_line(lines.v[i], &map);
		if (r < 0)
			return r;
	}
	*ret_map = map;
	map = (struct userns_map){ NULL, 0 };
	return 0;
}

bool userns_inside(void)
{
	_cleanup_close_ int fd = open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC | O_NOCTTY);
	_cleanup_(userns_map_done) struct userns_map map = { NULL, 0 };
	char text[64];
	ssize_t n;

	/* A kernel without user namespaces has no such file. */
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return false;
	/* Of the first one it is a single line, which maps all ids. */
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if ((size_t)n != strlen(text) + 1 || parse_map_line(text, &map) < 0)
		return true;
	return map.extents[0].inside != 0 || map.extents[0].outside != 0 || map.extents[0].count != UINT32_MAX;
}

/* "name:start:count", for this user.  The pieces point into line, which is changed. */
static bool parse_subid_line(char *line, const char *user_name, uint32_t user_id, uint32_t *ret_start,
			     uint32_t *ret_count)
{
	char *start = strchr(line, ':'), *count = start ? strchr(start + 1, ':') : NULL;
	uint32_t id;

	if (!count)
		return false;
	*start++ = *count++ = '\0';
	if (!(user_name && strcmp(line, user_name) == 0) && !(str_to_u32(line, &id) == 0 && id == user_id))
		return false;
	if (str_to_u32(start, ret_start) < 0 || str_to_u32(count, ret_count) < 0)
		return false;
	/* The last id, 2^32-1, means "no id" (chown(2)) and is in no range. */
	return *ret_count > 0 && *ret_count <= UINT32_MAX - *ret_start;
}

static bool overlaps(const struct userns_map *map, uint32_t start, uint32_t count)
{
	for (size_t i = 0; i < map->n_extents; i++) {
		const struct userns_extent *e = &map->extents[i];

		if (start < (uint64_t)e->outside + e->count && e->outside < (uint64_t)start + count)
			return true;
	}
	return false;
}

int userns_parse_subids(const char *text, const char *user_name, uint32_t user_id, uint32_t first_inside,
			struct userns_map *map)
{
	_cleanup_(strv_done) struct strv lines = STRV_INIT;
	uint32_t inside = first_inside;
	int n_found = 0;

	strv_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.n; i++) {
		uint32_t start, count;

		if (!parse_subid_line(lines.v[i], user_name, user_id, &start, &count))
			continue;
		if (overlaps(map, start, count) || count > UINT32_MAX - inside)
			continue;
		userns_map_add(map, inside, start, count);
		inside += count;
		n_found++;
	}
	return n_found;
}

int userns_read_subids(const char *path, const char *user_name, uint32_t user_id, uint32_t first_inside,
		       struct userns_map *map)
{
	_cleanup_free_ char *text = NULL;
	int r = fdio_read_file(AT_FDCWD, path, MAX_FILE, &text, NULL);

	return r < 0 ? r : userns_parse_subids(text, user_name, user_id, first_inside, map);
}

int userns_write_map(int procpid_fd, const char *which, const struct userns_map *map)
{
	_cleanup_(strbuf_done) struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < map->n_extents; i++) {
		const struct userns_extent *e = &map->extents[i];

		strbuf_addf(&text, "%u %u %u\n", e->inside, e->outside, e->count);
	}
	/* An empty write would look like success; the kernel takes a map only once, and whole. */
	return text.text ? procfs_write(procpid_fd, which, text.text) : -EINVAL;
}

int userns_deny_setgroups(int procpid_fd)
{
	return procfs_write(procpid_fd, "setgroups", "deny");
}

/* The program's path: the absolute directories of PATH, then where distributions put it.  NULL: none. */
static char *find_helper(const char *name)
{
	const char *path = getenv("PATH");
	_cleanup_(strv_done) struct strv dirs = STRV_INIT;

	if (path)
		strv_split(&dirs, path, ':');
	strv_add(&dirs, "/usr/bin");
	strv_add(&dirs, "/bin");
	for (size_t i = 0; i < dirs.n; i++) {
		_cleanup_free_ char *file = str_printf("%s/%s", dirs.v[i], name);

		/* A relative entry of PATH would run whatever lies in the bundle. */
		if (*file == '/' && access(file, X_OK) == 0)
			return TAKE_PTR(file);
	}
	return NULL;
}

/* One of the two programs, on its way. */
struct helper {
	const char *name;
	struct strv argv;
	struct spawn_program program;
	struct spawn_running running;
	bool started;
};

static void helper_done(struct helper *helper)
{
	strv_done(&helper->argv);
}

static int helper_start(struct helper *helper, pid_t pid, const struct userns_map *map, char *text,
			size_t n_text)
{
	static char *const no_locale[] = { (char *)"LC_ALL=C", NULL };
	_cleanup_free_ char *path = NULL;
	int r;

	if (!map || map->n_extents == 0)
		return 0;
	path = find_helper(helper->name);
	if (!path) {
		snprintf(text, n_text, "%s", helper->name);
		return -ENOENT;
	}
	strv_take(&helper->argv, TAKE_PTR(path));
	strv_take(&helper->argv, str_printf("%d", pid));
	for (size_t i = 0; i < map->n_extents; i++) {
		strv_take(&helper->argv, str_printf("%u", map->extents[i].inside));
		strv_take(&helper->argv, str_printf("%u", map->extents[i].outside));
		strv_take(&helper->argv, str_printf("%u", map->extents[i].count));
	}
	helper->program = (struct spawn_program){ SPAWN_PROGRAM_INIT };
	helper->program.path = helper->argv.v[0];
	helper->program.argv = helper->argv.v;
	helper->program.envp = no_locale;
	r = spawn_start(&helper->program, &helper->running);
	helper->started = r == 0;
	return r;
}

/* Adds "newuidmap: what it said" to text when it failed. */
static int helper_finish(struct helper *helper, char *text, size_t n_text)
{
	size_t len = strnlen(text, n_text);
	char said[512];
	int r, status;

	if (!helper->started)
		return 0;
	r = spawn_finish(&helper->program, &helper->running, &status, said, sizeof(said));
	if (r == 0 && status == 0)
		return 0;
	if (r < 0)
		snprintf(said, sizeof(said), "%s", "could not be run");
	said[strcspn(said, "\n")] = '\0';
	/* What it says begins with its own name, unless it did not get that far. */
	snprintf(text + len, n_text - len, "%s%s%s%s", len > 0 ? "; " : "",
		 str_starts(said, helper->name) ? "" : helper->name,
		 str_starts(said, helper->name) ? "" : ": ", said);
	return r < 0 ? r : -EPERM;
}

int userns_run_helpers(pid_t pid, const struct userns_map *uids, const struct userns_map *gids, char *text,
		       size_t n_text)
{
	_cleanup_(helper_done) struct helper uid = { .name = "newuidmap" }, gid = { .name = "newgidmap" };
	int r, gid_r, uid_r;

	text[0] = '\0';
	/* Each takes two milliseconds, nearly all of it in the dynamic linker and in NSS: side by side. */
	r = helper_start(&gid, pid, gids, text, n_text);
	if (r == 0)
		r = helper_start(&uid, pid, uids, text, n_text);
	uid_r = helper_finish(&uid, text, n_text);
	gid_r = helper_finish(&gid, text, n_text);
	if (r < 0)
		return r;
	return uid_r < 0 ? uid_r : gid_r;
}
