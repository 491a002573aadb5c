/* SPDX-License-Identifier: Apache-2.0 */
/* users: passwd(5) and group(5) files as they should be, and as somebody hostile would write them. */
#include "runtime/users.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/str.h"
#include "tests/unit/test.h"

static char top[] = "/tmp/test-users.XXXXXX";
static int root = -EBADF;

static void remove_file(const char *path)
{
	if (unlinkat(root, path, 0) < 0 && errno != ENOENT)
		perror(path);
}

static void write_file(const char *path, const char *text, size_t n)
{
	remove_file(path);
	if (fdio_create_file(root, path, text, n, 0644) < 0)
		perror(path);
}

static void passwd(const char *text)
{
	write_file("etc/passwd", text, strlen(text));
}

static void group(const char *text)
{
	write_file("etc/group", text, strlen(text));
}

static void expect_ids(const char *name, uint32_t uid, uint32_t gid)
{
	uint32_t u = 77, g = 77;
	struct err e = ERR_INIT;
	int r = users_resolve(root, name, &u, &g, &e);

	CHECK(r == 0 && u == uid && g == gid, "'%s' is %u:%u (%u:%u%s%s)", name, uid, gid, u, g, r < 0 ? ", " : "", e.text);
}

static void expect_error(const char *name, const char *text)
{
	uint32_t u, g;
	struct err e = ERR_INIT;

	CHECK(users_resolve(root, name, &u, &g, &e) == -EINVAL && e.code == -EINVAL, "'%s' is nobody", name);
	CHECK_STR(e.text, text);
}

static void expect_home(uint32_t uid, const char *home)
{
	_cleanup_free_ char *text = users_home(root, uid);

	if (home)
		CHECK_STR(text, home);
	else
		CHECK(!text, "user %u has no home%s%s", uid, text ? " but " : "", text ? text : "");
}

#define NO_USER(name) "user '" name "': neither a number nor a name in the container's /etc/passwd"
#define NO_GROUP(name) "group '" name "': neither a number nor a name in the container's /etc/group"

static void test_good(void)
{
	passwd("root:x:0:0:root:/root:/bin/sh\n"
	       "daemon:*:1:2::/:/bin/false\n"
	       "web:x:1000:1001:Web, the:/srv/web:/bin/sh:more:and:more\n"
	       "1234:x:5:6::/home/digits:\n"
	       "web:x:1:1::/second:/\n"
	       "nohome:x:7:7::\n");
	group("root:x:0:\nwww:x:33:web,root\nshort:x\nwww:x:34:\n");

	expect_ids("root", 0, 0);
	expect_ids("web", 1000, 1001);
	expect_ids("1000", 1000, 1001);
	expect_ids("01000", 1000, 1001);
	expect_ids("web:www", 1000, 33);
	expect_ids("web:5", 1000, 5);
	expect_ids("5:www", 5, 33);
	expect_ids("4294967294:4294967294", 4294967294, 4294967294);
	expect_ids("2000", 2000, 0);
	/* A number is an id, though it is a name as well. */
	expect_ids("1234", 1234, 0);

	expect_error("nobody", NO_USER("nobody"));
	expect_error("", NO_USER(""));
	expect_error(":www", NO_USER(""));
	expect_error("-1", NO_USER("-1"));
	expect_error("4294967296", NO_USER("4294967296"));
	expect_error("web:", NO_GROUP(""));
	expect_error("web:short", NO_GROUP("short"));
	expect_error("web:none", NO_GROUP("none"));
	expect_error("web:www:x", NO_GROUP("www:x"));
	/* setresuid(-1) would leave root what it is. */
	expect_error("4294967295", "user '4294967295': 4294967295 is not an id");
	expect_error("0:4294967295", "user '0:4294967295': 4294967295 is not an id");

	expect_home(0, "/root");
	expect_home(1000, "/srv/web");
	expect_home(1, "/");
	expect_home(7, NULL);
	expect_home(8, NULL);
}

static void test_odd_lines(void)
{
	passwd("no colon at all\n::\n\n\n:x:9:9::/empty-name:\n# comment:x:0:0::/:\n"
	       "minus:x:-1:0::/:\nplus:x:+5:0::/:\nhex:x:0x10:0::/:\nspace:x: 5:0::/:\nbig:x:4294967296:0::/:\n"
	       "none:x:4294967295:0::/:\nfew:x:3\nlast:x:12:13::/last");
	group("bad:x:abc:\nlast:x:14");

	expect_ids("last", 12, 13);
	expect_ids("12:last", 12, 14);
	expect_home(12, "/last");
	expect_error("few", NO_USER("few"));
	expect_error("minus", "user 'minus': its line in the container's /etc/passwd has no numbers");
	expect_error("plus", "user 'plus': its line in the container's /etc/passwd has no numbers");
	expect_error("hex", "user 'hex': its line in the container's /etc/passwd has no numbers");
	expect_error("space", "user 'space': its line in the container's /etc/passwd has no numbers");
	expect_error("big", "user 'big': its line in the container's /etc/passwd has no numbers");
	expect_error("none", "user 'none': 4294967295 is not an id");
	expect_error("12:bad", NO_GROUP("bad"));

	passwd("a:x:1:x::/:\nb:x:y:1::/:\nc:x:0000000000000000000000042:1::/c:\n");
	expect_error("a", "user 'a': its line in the container's /etc/passwd has no numbers");
	expect_home(42, "/c");
	passwd("");
	expect_error("root", NO_USER("root"));
	passwd("\n");
	expect_ids("0", 0, 0);
	passwd("root:x:0:0::/root:\r\n");
	expect_home(0, "/root");
}

/* The image's names for its root that are numbers of nobody (CVE-2024-40635). */
static void test_numbers_as_names(void)
{
	static const char *const names[] = { "4294967296", "99999999999999999999", "-1", "+1", "" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *line = str_printf("%s:x:0:0::/:\n", names[i]);
		_cleanup_free_ char *text = str_printf("user '%s': neither a number nor a name in the container's /etc/passwd",
						       names[i]);

		passwd(line);
		expect_error(names[i], text);
	}
	passwd("1e3:x:5:6::/:\n");
	expect_ids("1e3", 5, 6);
	group("4294967296:x:0:\n");
	expect_error("7:4294967296", "group '4294967296': neither a number nor a name in the container's /etc/group");
}

static void test_nul(void)
{
	static const char text[] = "a:x:1:1::/a:\0\nb:x:2:2::/b:\n\0";

	write_file("etc/passwd", text, sizeof(text));
	expect_ids("a", 1, 1);
	expect_error("b", NO_USER("b"));
	write_file("etc/passwd", "\0\0\0", 3);
	expect_error("a", NO_USER("a"));
}

static void test_large(void)
{
	const size_t most = 4U << 20;
	_cleanup_(strbuf_done) struct strbuf text = STRBUF_INIT;
	_cleanup_free_ char *line = xmalloc(most), *path = str_printf("%s/r/etc/passwd", top);

	while (text.len < most - 100)
		strbuf_add(&text, "x:x:1:1::/x:\n");
	strbuf_add(&text, "end:x:2:3::/end:\n");
	write_file("etc/passwd", text.text, text.len);
	expect_ids("end", 2, 3);
	while (text.len <= most)
		strbuf_add(&text, "x:x:1:1::/x:\n");
	write_file("etc/passwd", text.text, text.len);
	expect_error("end", NO_USER("end"));

	memset(line, ':', most);
	write_file("etc/passwd", line, most);
	expect_error("end", NO_USER("end"));
	memset(line, 'a', most);
	write_file("etc/passwd", line, most);
	expect_error("end", NO_USER("end"));

	/* 1 TiB of nothing. */
	passwd("end:x:2:3::/end:\n");
	if (truncate(path, 1LL << 40) == 0)
		expect_error("end", NO_USER("end"));
	else
		SKIP("the file system has no large files");
}

/* A file that is none; reading it must neither hang nor leave the root. */
static void test_other_objects(void)
{
	remove_file("etc/passwd");
	expect_error("root", NO_USER("root"));
	expect_home(0, NULL);

	if (mkfifoat(root, "etc/passwd", 0644) < 0)
		perror("mkfifo");
	expect_error("root", NO_USER("root"));
	expect_home(0, NULL);
	remove_file("etc/passwd");

	if (mkdirat(root, "etc/passwd", 0755) < 0)
		perror("mkdir");
	expect_error("root", NO_USER("root"));
	unlinkat(root, "etc/passwd", AT_REMOVEDIR);

	if (mknodat(root, "etc/passwd", S_IFCHR | 0666, 1 << 8 | 5) == 0)
		expect_error("root", NO_USER("root")); /* /dev/zero */
	else
		SKIP("devices take privilege");
	remove_file("etc/passwd");
}

static void link_passwd(const char *target)
{
	remove_file("etc/passwd");
	if (symlinkat(target, root, "etc/passwd") < 0)
		perror("symlink");
}

static void test_symlinks(void)
{
	static const char *const ways[] = { "../../../../../../outside", "../../outside", "/../outside" };
	_cleanup_free_ char *absolute = str_printf("%s/outside", top);
	_cleanup_free_ char *magic = str_printf("/proc/self/fd/%d", root);

	write_file("../outside", "spy:x:6:6::/spy:\n", 17);
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		link_passwd(ways[i]);
		expect_error("spy", NO_USER("spy"));
	}
	link_passwd(absolute);
	expect_error("spy", NO_USER("spy"));
	link_passwd(magic);
	expect_error("spy", NO_USER("spy"));
	link_passwd("passwd");
	expect_error("spy", NO_USER("spy"));

	/* Inside of the root links are followed, absolute ones too. */
	write_file("users", "in:x:8:9::/in:\n", 15);
	link_passwd("/users");
	expect_ids("in", 8, 9);
	link_passwd("../../../users");
	expect_ids("in", 8, 9);
	remove_file("users");
	remove_file("../outside");
	remove_file("etc/passwd");
}

static void test_host(void)
{
	_cleanup_free_ char *zero = users_host_name(0), *user = NULL, *number = NULL, *empty = NULL;

	CHECK(zero && *zero, "the host knows its user 0");
	setenv("USER", "somebody", 1);
	user = users_host_name(4294967001);
	CHECK_STR(user, "somebody");
	setenv("USER", "", 1);
	empty = users_host_name(4294967001);
	CHECK_STR(empty, "4294967001");
	unsetenv("USER");
	number = users_host_name(4294967001);
	CHECK_STR(number, "4294967001");
}

static void make_root(void)
{
	_cleanup_free_ char *path = NULL;

	if (!mkdtemp(top))
		perror("mkdtemp");
	path = str_printf("%s/r", top);
	if (mkdir(path, 0755) < 0)
		perror(path);
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (mkdirat(root, "etc", 0755) < 0)
		perror("etc");
}

static void remove_root(void)
{
	remove_file("etc/passwd");
	remove_file("etc/group");
	unlinkat(root, "etc", AT_REMOVEDIR);
	unlinkat(root, "../r", AT_REMOVEDIR);
	fd_close(&root);
	rmdir(top);
}

int main(void)
{
	alarm(60); /* nothing here waits for anybody */
	make_root();
	test_good();
	test_odd_lines();
	test_numbers_as_names();
	test_nul();
	test_large();
	test_other_objects();
	test_symlinks();
	test_host();
	remove_root();
	return test_done();
}
