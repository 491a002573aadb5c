/* SPDX-License-Identifier: Apache-2.0 */
/* passwd(5) and group(5), read line by line; what does not parse is skipped, as libc does. */
#include "runtime/users.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/str.h"
#include "kernel/pathat.h"

#define USERS_FILE_MAX (4U << 20)

/* The colon-separated fields of one line, in place. */
struct entry {
	char *field[7];
	size_t n_fields;
};

/* Walks a file's lines in its own copy of the text. */
struct reader {
	char *text; /* owned */
	char *next;
};

static void reader_done(struct reader *r)
{
	free(r->text);
}

static void reader_open_fd(struct reader *r, int fd)
{
	*r = (struct reader){ NULL, NULL };
	/* A file that is missing, too large or unreadable has no entries. */
	if (fd >= 0 && fdio_read_all(fd, USERS_FILE_MAX, &r->text, NULL) == 0)
		r->next = r->text;
}

static void reader_open(struct reader *r, int root_fd, const char *path)
{
	/* O_NONBLOCK: the image may hold a FIFO here. */
	_cleanup_close_ int fd = pathat_open(root_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);

	reader_open_fd(r, fd);
}

static bool reader_next(struct reader *r, struct entry *ret_entry)
{
	char *line = r->next, *end;

	if (!line || !*line)
		return false;
	end = strchrnul(line, '\n');
	r->next = *end ? end + 1 : end;
	*end = '\0';

	ret_entry->n_fields = 0;
	while (line && ret_entry->n_fields < ARRAY_SIZE(ret_entry->field))
		ret_entry->field[ret_entry->n_fields++] = strsep(&line, ":");
	return true;
}

/* The first entry with at least `need` fields whose field `column` is `value`. */
static bool reader_find(struct reader *r, size_t need, size_t column, const char *value, struct entry *ret_entry)
{
	while (reader_next(r, ret_entry))
		if (ret_entry->n_fields >= need && strcmp(ret_entry->field[column], value) == 0)
			return true;
	return false;
}

/* The first passwd(5) entry with at least `need` fields for this user, as a number: "01000" is 1000. */
static bool reader_find_uid(struct reader *r, size_t need, uint32_t uid, struct entry *ret_entry)
{
	uint32_t value;

	while (reader_next(r, ret_entry))
		if (ret_entry->n_fields >= need && str_to_u32(ret_entry->field[2], &value) == 0 && value == uid)
			return true;
	return false;
}

char *users_host_name(uint32_t uid)
{
	_cleanup_close_ int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	_cleanup_(reader_done) struct reader reader = { NULL, NULL };
	const char *user = getenv("USER");
	struct entry entry;

	reader_open_fd(&reader, fd);
	if (reader_find_uid(&reader, 4, uid, &entry))
		return xstrdup(entry.field[0]);
	return str_empty(user) ? str_printf("%u", uid) : xstrdup(user);
}

char *users_home(int root_fd, uint32_t uid)
{
	_cleanup_(reader_done) struct reader reader = { NULL, NULL };
	struct entry entry;

	reader_open(&reader, root_fd, "etc/passwd");
	if (reader_find_uid(&reader, 6, uid, &entry) && *entry.field[5])
		return xstrdup(entry.field[5]);
	return NULL;
}

/* What looks like a number is one, and if it is none that fits it is a mistake: an image may call its root
   "4294967296" (CVE-2024-40635, CVE-2026-46680).  Nor has anybody an empty name. */
static bool may_be_name(const char *text)
{
	const char *digits = text + strspn(text, "+-");

	return *text && (!*digits || digits[strspn(digits, "0123456789")]);
}

static int resolve_user(int root_fd, const char *name, uint32_t *ret_uid, uint32_t *ret_gid, struct err *e)
{
	_cleanup_(reader_done) struct reader reader = { NULL, NULL };
	bool is_number = str_to_u32(name, ret_uid) == 0;
	struct entry entry;

	*ret_gid = 0;
	reader_open(&reader, root_fd, "etc/passwd");
	if (is_number) {
		if (!reader_find_uid(&reader, 4, *ret_uid, &entry))
			return 0;
	} else if (!may_be_name(name) || !reader_find(&reader, 4, 0, name, &entry)) {
		return err_say(e, -EINVAL, "user '%s': neither a number nor a name in the container's /etc/passwd",
			       name);
	}
	if (str_to_u32(entry.field[2], ret_uid) < 0 || str_to_u32(entry.field[3], ret_gid) < 0)
		return err_say(e, -EINVAL, "user '%s': its line in the container's /etc/passwd has no numbers", name);
	return 0;
}

static int resolve_group(int root_fd, const char *name, uint32_t *ret_gid, struct err *e)
{
	_cleanup_(reader_done) struct reader reader = { NULL, NULL };
	struct entry entry;

	if (str_to_u32(name, ret_gid) == 0)
		return 0;
	reader_open(&reader, root_fd, "etc/group");
	if (!may_be_name(name) || !reader_find(&reader, 3, 0, name, &entry) || str_to_u32(entry.field[2], ret_gid) < 0)
		return err_say(e, -EINVAL, "group '%s': neither a number nor a name in the container's /etc/group",
			       name);
	return 0;
}

int users_resolve(int root_fd, const char *text, uint32_t *ret_uid, uint32_t *ret_gid, struct err *e)
{
	const char *colon = strchr(text, ':');
	_cleanup_free_ char *user = colon ? xstrndup(text, (size_t)(colon - text)) : xstrdup(text);
	int r = resolve_user(root_fd, user, ret_uid, ret_gid, e);

	if (r == 0 && colon)
		r = resolve_group(root_fd, colon + 1, ret_gid, e);
	if (r < 0)
		return r;
	/* setresuid(2) takes it as "leave unchanged", which is root. */
	if (*ret_uid == UINT32_MAX || *ret_gid == UINT32_MAX)
		return err_say(e, -EINVAL, "user '%s': %u is not an id", text, UINT32_MAX);
	return 0;
}
