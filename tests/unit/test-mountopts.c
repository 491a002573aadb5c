/* SPDX-License-Identifier: Apache-2.0 */
/* Mount option words: their table, and that the last of contradicting ones wins. */
#include <string.h>
#include <sys/mount.h>

#include "kernel/syscalls.h"
#include "mount/label.h"
#include "mount/options.h"
#include "tests/unit/test.h"

/* options.idmap borrows from the words, so these stay until the next call. */
static struct mount_options parse(const char *text)
{
	static struct strv words = STRV_INIT;
	struct mount_options options;

	strv_done(&words);
	strv_split(&words, text ? text : "", ',');
	mount_options_parse((const char *const *)words.v, words.n, &options);
	return options;
}

static void test_table(void)
{
	const char *const *words = mount_option_words();
	struct mount_options options;
	size_t n = 0;

	for (; words[n]; n++) {
		if (n > 0)
			CHECK(strcmp(words[n - 1], words[n]) < 0, "%s is sorted behind %s", words[n], words[n - 1]);
		mount_options_parse(&words[n], 1, &options);
		CHECK(options.data.n == 0, "%s is recognised", words[n]);
		mount_options_done(&options);
	}
	/* config.md, "Linux mount options" */
	CHECK(n >= 61, "all words of the specification and ours: %zu", n);
}

static void check_top(const char *text, uint64_t set, uint64_t clear)
{
	struct mount_options options = parse(text);

	CHECK(options.top.set == set && options.top.clear == clear, "\"%s\" sets %#llx and clears %#llx", text,
	      (unsigned long long)options.top.set, (unsigned long long)options.top.clear);
	mount_options_done(&options);
}

static void test_last_wins(void)
{
	check_top("ro,rw", 0, MOUNT_ATTR_RDONLY);
	check_top("rw,ro", MOUNT_ATTR_RDONLY, 0);
	check_top("nosuid,suid,nodev", MOUNT_ATTR_NODEV, MOUNT_ATTR_NOSUID);
	check_top("exec,noexec", MOUNT_ATTR_NOEXEC, 0);
	check_top("nosymfollow,symfollow,nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0);
	check_top("nodiratime,diratime", 0, MOUNT_ATTR_NODIRATIME);
	check_top("rro", MOUNT_ATTR_RDONLY, 0);
	check_top("rro,rw", 0, MOUNT_ATTR_RDONLY);
	check_top("ro,rrw", 0, MOUNT_ATTR_RDONLY);
	check_top("defaults,async,loud,nomand,,x-systemd.automount", 0, 0);
}

static void check_atime(const char *text, enum mount_atime expected)
{
	struct mount_options options = parse(text);

	CHECK(options.top.atime == expected, "\"%s\" gives access time mode %d", text, options.top.atime);
	mount_options_done(&options);
}

static void test_atime(void)
{
	check_atime("noatime", MOUNT_ATIME_NOATIME);
	check_atime("noatime,atime", MOUNT_ATIME_NOT_NOATIME);
	check_atime("strictatime,atime", MOUNT_ATIME_STRICTATIME);
	check_atime("strictatime,nostrictatime", MOUNT_ATIME_NOT_STRICTATIME);
	check_atime("relatime,norelatime", MOUNT_ATIME_KEEP);
	check_atime("noatime,strictatime", MOUNT_ATIME_STRICTATIME);
	check_atime("noatime,relatime", MOUNT_ATIME_RELATIME);
	check_atime("atime", MOUNT_ATIME_NOT_NOATIME);
	check_atime("rnoatime", MOUNT_ATIME_NOATIME);
}

static void test_trees(void)
{
	struct mount_options options = parse("rro,rw,rnosuid,noexec,rnoatime");

	CHECK(options.tree.set == (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID), "words with r are for the mounts below");
	CHECK(options.tree.clear == 0 && options.tree.atime == MOUNT_ATIME_NOATIME, "and only these");
	CHECK(options.top.set == (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC), "the mount itself follows the last word");
	mount_options_done(&options);
}

static void test_others(void)
{
	struct mount_options options = parse("slave,rprivate,rbind,sync,dirsync,nolazytime,lazytime,async");

	CHECK(options.propagation == MS_PRIVATE && options.propagation_recursive, "the last propagation wins");
	CHECK(options.own == (MOUNT_OWN_BIND | MOUNT_OWN_RBIND), "rbind implies bind");
	CHECK(options.super == (MOUNT_SUPER_DIRSYNC | MOUNT_SUPER_LAZYTIME), "flags of the file system: %#x", options.super);
	mount_options_done(&options);
	options = parse("mode=755,size=64k,ro=1,mode=700,newinstance");
	CHECK(options.data.n == 5 && options.top.set == 0, "what no row names is data");
	CHECK_STR(mount_options_data(&options, "mode"), "700");
	CHECK_STR(mount_options_data(&options, "newinstance"), "");
	CHECK(!mount_options_data(&options, "siz"), "a part of a key is no key");
	mount_options_done(&options);
	options = parse("ridmap=uids=0-1-2;gids=0-1-2");
	CHECK(options.own == (MOUNT_OWN_IDMAP | MOUNT_OWN_RIDMAP), "ridmap with a mapping");
	CHECK_STR(options.idmap, "uids=0-1-2;gids=0-1-2");
	mount_options_done(&options);
	CHECK_STR(mount_attr_name(MOUNT_ATTR_RDONLY), "ro");
	CHECK_STR(mount_attr_name(MOUNT_ATTR_NOSYMFOLLOW), "nosymfollow");
}

static void check_unquoted(const char *word, const char *expected)
{
	_cleanup_free_ char *text = label_unquote(word);

	CHECK((!text && !expected) || (text && expected && strcmp(text, expected) == 0), "%s gives %s, expected %s", word,
	      text ? text : "nothing", expected ? expected : "nothing");
}

/* The quotes of mount(8) around a context are not for the kernel; all others are. */
static void test_quotes(void)
{
	check_unquoted("context=\"u:r:t:s0:c1,c2\"", "context=u:r:t:s0:c1,c2");
	check_unquoted("rootcontext=\"x\"", "rootcontext=x");
	check_unquoted("fscontext=\"\"", "fscontext=");
	check_unquoted("defcontext=u:r:t:s0", NULL);
	check_unquoted("context=\"", NULL);
	check_unquoted("context=\"x", NULL);
	check_unquoted("context", NULL);
	check_unquoted("contextx=\"x\"", NULL);
	check_unquoted("con=\"x\"", NULL);
	check_unquoted("comment=\"x\"", NULL);
}

int main(void)
{
	test_table();
	test_last_wins();
	test_atime();
	test_trees();
	test_others();
	test_quotes();
	parse(NULL);
	return test_done();
}
