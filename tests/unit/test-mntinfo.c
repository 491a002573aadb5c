/* SPDX-License-Identifier: Apache-2.0 */
/* mntinfo: what libmount reads is what the file says. */
#include "kernel/mntinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/str.h"
#include "tests/unit/test.h"

/* A table in memory, under a name that can be opened. */
static char *write_table(const char *text)
{
	int fd = memfd_create("mountinfo", 0);

	if (fd < 0 || fdio_write_all(fd, text, strlen(text)) < 0)
		exit(1);
	return str_printf("/proc/self/fd/%d", fd);
}

static void test_own_table(void)
{
	struct err e = ERR_INIT;
	_cleanup_(strv_done) struct strv lines = STRV_INIT;
	_cleanup_free_ char *text = NULL;
	struct mntinfo info;
	int n_same = 0;

	CHECK(fdio_read_file(AT_FDCWD, "/proc/self/mountinfo", 1 << 24, &text, NULL) == 0, "the file");
	strv_split(&lines, text, '\n');
	CHECK(mntinfo_read("/proc/self/mountinfo", &info, &e) == 0, "the table: %s", e.text);
	CHECK(info.n_entries == lines.n, "%zu entries", info.n_entries);
	for (size_t i = 0; i < lines.n && i < info.n_entries; i++) {
		const struct mntinfo_entry *entry = &info.entries[i];
		_cleanup_(strv_done) struct strv fields = STRV_INIT;

		strv_split(&fields, lines.v[i], ' ');
		/* Names with escaped characters are compared in the table below. */
		n_same += strtoull(fields.v[0], NULL, 10) == entry->id &&
			  strtoull(fields.v[1], NULL, 10) == entry->parent_id &&
			  (strchr(fields.v[3], '\\') || strcmp(fields.v[3], entry->root) == 0) &&
			  (strchr(fields.v[4], '\\') || strcmp(fields.v[4], entry->target) == 0) &&
			  strcmp(fields.v[5], entry->vfs_options) == 0 &&
			  strcmp(fields.v[fields.n - 3], entry->type) == 0;
	}
	CHECK(n_same == (int)lines.n, "%d of them are the same", n_same);
	mntinfo_done(&info);
	CHECK(!info.entries && info.n_entries == 0, "done");
}

static void test_fields(void)
{
	static const char table[] =
		"21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro\n"
		"22 21 0:20 /a\\040b /mnt/with\\040blank\\011tab ro,nosuid - tmpfs none rw\n"
		"23 21 0:21 / /mnt rw master:2 propagate_from:3 - fuse.sshfs host:/dir rw,user_id=0\n"
		"24 23 0:22 / /mnt/sub rw - proc proc rw\n";
	_cleanup_free_ char *path = write_table(table);
	struct err e = ERR_INIT;
	struct mntinfo info;

	CHECK(mntinfo_read(path, &info, &e) == 0 && info.n_entries == 4, "a table: %s", e.text);
	CHECK(info.entries[1].id == 22 && info.entries[1].parent_id == 21, "ids");
	CHECK_STR(info.entries[1].root, "/a b");
	CHECK(strcmp(info.entries[1].target, "/mnt/with blank\ttab") == 0, "an escaped name");
	CHECK_STR(info.entries[1].vfs_options, "ro,nosuid");
	CHECK_STR(info.entries[0].fs_options, "rw,errors=remount-ro");
	CHECK_STR(info.entries[0].source, "/dev/sda1");
	CHECK_STR(info.entries[0].optional_fields, "shared:1");
	CHECK_STR(info.entries[2].optional_fields, "master:2 propagate_from:3");
	CHECK_STR(info.entries[2].type, "fuse.sshfs");
	CHECK_STR(info.entries[3].optional_fields, "");

	CHECK(mntinfo_find(&info, "/etc/passwd") == &info.entries[0], "on the root");
	CHECK(mntinfo_find(&info, "/") == &info.entries[0], "the root");
	CHECK(mntinfo_find(&info, "/mnt") == &info.entries[2], "the mount point itself");
	CHECK(mntinfo_find(&info, "/mnt/x") == &info.entries[2], "below it");
	CHECK(mntinfo_find(&info, "/mntx") == &info.entries[0], "beside it");
	CHECK(mntinfo_find(&info, "/mnt/sub/x") == &info.entries[3], "deeper");
	CHECK(mntinfo_find(&info, "/mnt/with blank\ttab/x") == &info.entries[2], "covered by a later one");
	CHECK(!mntinfo_find(&info, "relative"), "no absolute path");
	mntinfo_done(&info);
	CHECK(!mntinfo_find(&info, "/"), "an empty table");
}

static void test_errors(void)
{
	_cleanup_free_ char *empty = write_table(""), *garbage = write_table("nonsense\n\n1 2\n21 1 8:1 / / rw\n");
	struct err e = ERR_INIT;
	struct mntinfo info;
	int r;

	CHECK(mntinfo_read("/nonexistent", &info, &e) == -ENOENT && info.n_entries == 0, "no file: %s", e.text);
	CHECK_STR(e.text, "mount table /nonexistent: no such file or directory");
	r = mntinfo_read(empty, &info, &e);
	CHECK(r == 0 && info.n_entries == 0, "an empty file: %d", r);
	mntinfo_done(&info);
	r = mntinfo_read(garbage, &info, &e);
	CHECK(r < 0 || info.n_entries <= 3, "nonsense does no harm: %d", r);
	mntinfo_done(&info);
}

int main(void)
{
	struct err e = ERR_INIT;
	struct mntinfo info;

	if (mntinfo_read("/proc/self/mountinfo", &info, &e) == -ENOPKG) {
		SKIP("libmount is not installed");
		return test_done();
	}
	mntinfo_done(&info);
	test_own_table();
	test_fields();
	test_errors();
	return test_done();
}
