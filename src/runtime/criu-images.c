/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Are the images whole?  CRIU notices when one of them ends early, but not when that is the memory itself: then it reads
 * the end of the file for ever, and says so in its log each time.  See criu.h; nothing is changed here.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/wire.h"
#include "runtime/criu.h"

#define PAGEMAP_MAX (256U << 20)
#define PARENTS_MAX 100
#define MAGIC 8 /* two numbers of 32 bits */

/* pagemap.proto: the number of the file with the pages, then entries.  Of the two counts the wider one is newer. */
enum { HEAD_PAGES_ID = 1 };
enum { ENTRY_PAGES_32 = 2, ENTRY_IN_PARENT = 3, ENTRY_FLAGS = 4, ENTRY_PAGES = 5 };
#define FLAG_PRESENT 4 /* in this file: not in a parent's, and not fetched later */

/* Pages of one entry that are in the file. */
static int read_entry(struct wire_reader *message, uint64_t *ret_pages)
{
	uint64_t pages = 0, flags = FLAG_PRESENT;
	struct wire_field field;
	int r;

	while ((r = wire_next(message, &field)) > 0) {
		if (field.number == ENTRY_PAGES || (field.number == ENTRY_PAGES_32 && pages == 0))
			pages = field.value;
		else if (field.number == ENTRY_FLAGS)
			flags = field.value;
		else if (field.number == ENTRY_IN_PARENT && field.value)
			flags &= ~(uint64_t)FLAG_PRESENT;
	}
	*ret_pages = flags & FLAG_PRESENT ? pages : 0;
	return r;
}

static int next_message(const char **p, const char *end, struct wire_reader *ret_message)
{
	uint32_t n;

	if (*p == end)
		return 0;
	if ((size_t)(end - *p) < sizeof(n))
		return -EBADMSG;
	memcpy(&n, *p, sizeof(n));
	*p += sizeof(n);
	if ((size_t)(end - *p) < n)
		return -EBADMSG;
	*ret_message = (struct wire_reader){ *p, *p + n };
	*p += n;
	return 1;
}

int criu_count_pages(const char *pagemap, size_t n, uint64_t *ret_id, uint64_t *ret_pages)
{
	const char *p = n < MAGIC ? NULL : pagemap + MAGIC, *end = pagemap + n;
	struct wire_reader message;
	struct wire_field field;
	uint64_t total = 0, pages, id;
	int r;

	if (!p || next_message(&p, end, &message) <= 0 || wire_next(&message, &field) <= 0 ||
	    field.number != HEAD_PAGES_ID)
		return -EBADMSG;
	id = field.value;
	while ((r = next_message(&p, end, &message)) > 0) {
		r = read_entry(&message, &pages);
		if (r < 0 || __builtin_add_overflow(total, pages, &total))
			return -EBADMSG;
	}
	*ret_id = id;
	*ret_pages = total;
	return r;
}

/* What cannot be read or understood is CRIU's to explain. */
static int check_one(int dir, const char *name, const char *path, struct err *e)
{
	_cleanup_close_ int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	_cleanup_free_ char *text = NULL, *pages_name = NULL;
	uint64_t id, pages, size;
	struct stat st;
	size_t n;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || fdio_read_all(fd, PAGEMAP_MAX, &text, &n) < 0 ||
	    criu_count_pages(text, n, &id, &pages) < 0)
		return 0;
	pages_name = str_printf("pages-%llu.img", (unsigned long long)id);
	if (fstatat(dir, pages_name, &st, 0) < 0 || __builtin_mul_overflow(pages, (uint64_t)getpagesize(), &size) ||
	    (uint64_t)st.st_size >= size)
		return 0;
	return err_say(e, -EBADMSG, "%s/%s is incomplete: it has %llu bytes, and %s counts %llu", path, pages_name,
		       (unsigned long long)st.st_size, name, (unsigned long long)size);
}

static int check_directory(int fd, const char *path, struct err *e)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);

	if (!dir) {
		r = err_set(e, -errno, "%s", path);
		fd_close(&copy);
		return r;
	}
	for (const struct dirent *entry; r == 0 && (entry = readdir(dir));)
		if (str_starts(entry->d_name, "pagemap-"))
			r = check_one(fd, entry->d_name, path, e);
	closedir(dir);
	return r;
}

int criu_check_images(const struct criu_dirs *dirs, struct err *e)
{
	_cleanup_free_ char *path = xstrdup(dirs->images_path);
	_cleanup_close_ int fd = fcntl(dirs->images, F_DUPFD_CLOEXEC, 0);
	int r = fd < 0 ? err_set(e, -errno, "%s", path) : check_directory(fd, path, e);

	/* Those of earlier pre-dumps, each one's parent a link in it. */
	for (int i = 0; r == 0 && i < PARENTS_MAX; i++) {
		int parent = openat(fd, "parent", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		char *longer;

		if (parent < 0)
			return 0;
		fd_close(&fd);
		fd = parent;
		longer = str_printf("%s/parent", path);
		free(path);
		path = longer;
		r = check_directory(fd, path, e);
	}
	return r;
}
