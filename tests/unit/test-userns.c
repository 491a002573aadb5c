/* SPDX-License-Identifier: Apache-2.0 */
/* userns: maps, lent ranges, and the two programs that write maps. */
#include "kernel/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/str.h"
#include "kernel/spawn.h"
#include "tests/unit/test.h"

static void test_map(void)
{
	_cleanup_(userns_map_done) struct userns_map map = { NULL, 0 };
	uint32_t id = 7;

	CHECK(!userns_map_to_outside(&map, 0, &id) && id == 7, "an empty map maps nothing");
	userns_map_add(&map, 0, 1000, 1);
	userns_map_add(&map, 1, 100000, 65536);
	userns_map_add(&map, 4294967290U, 4294967280U, 5);
	CHECK(userns_map_to_outside(&map, 0, &id) && id == 1000, "0 is %u", id);
	CHECK(userns_map_to_outside(&map, 1, &id) && id == 100000, "1 is %u", id);
	CHECK(userns_map_to_outside(&map, 65536, &id) && id == 165535, "65536 is %u", id);
	CHECK(!userns_map_to_outside(&map, 65537, &id), "65537 is not mapped");
	CHECK(userns_map_to_outside(&map, 4294967294U, &id) && id == 4294967284U, "the highest is %u", id);
	CHECK(!userns_map_to_outside(&map, 4294967295U, &id), "\"no id\" is not mapped");
	CHECK(userns_map_to_inside(&map, 165535, &id) && id == 65536, "165535 is %u", id);
	CHECK(!userns_map_to_inside(&map, 0, &id) && !userns_map_to_inside(&map, 165536, &id), "others are not");
}

/* What a text lends to kern, 3777. */
static const struct {
	const char *text, *expected;
} subids[] = {
	{ "", "" },
	{ "kern:100000:65536\n", "1+100000*65536" },
	{ "kern:100000:65536", "1+100000*65536" },
	{ "3777:100000:65536\n", "1+100000*65536" },
	{ "other:1:1\nkern:200:10\n3777:300:10\nkernel:400:10\n", "1+200*10 11+300*10" },
	{ "kern:100:10\nkern:105:10\nkern:110:10\n", "1+100*10 11+110*10" },
	{ "kern:100:10\nkern:90:11\nkern:90:10\n", "1+100*10 11+90*10" },
	{ "kern:100:10\nkern:0:4294967295\n", "1+100*10" },
	{ "kern:100:0\n", "" },
	{ "kern:4294967295:1\n", "" },
	{ "kern:4294967294:1\n", "1+4294967294*1" },
	{ "kern:4294967290:6\n", "" },
	{ "kern:0:4294967295\n", "" },
	{ "kern:4294967296:1\nkern:1:4294967296\n", "" },
	{ "kern:-1:5\nkern:+1:5\nkern: 1:5\nkern:1 :5\nkern:0x10:5\nkern:1:5:\nkern:1\nkern\n:::\nkern::\n", "" },
	{ "#kern:1:5\n kern:1:5\nKERN:1:5\n03777:7:5\n+3777:1:5\n", "1+7*5" },
	{ "\n\n\nkern:5:5\r\n", "" },
};

static void test_subids(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(subids); i++) {
		_cleanup_(userns_map_done) struct userns_map map = { NULL, 0 };
		_cleanup_(strbuf_done) struct strbuf got = STRBUF_INIT;
		int n = userns_parse_subids(subids[i].text, "kern", 3777, 1, &map);

		strbuf_add(&got, "");
		for (size_t j = 0; j < map.n_extents; j++)
			strbuf_addf(&got, "%s%u+%u*%u", j > 0 ? " " : "", map.extents[j].inside,
				    map.extents[j].outside, map.extents[j].count);
		CHECK((size_t)n == map.n_extents, "%d ranges", n);
		CHECK_STR(got.text, subids[i].expected);
	}
}

static void test_subid_file(void)
{
	_cleanup_(userns_map_done) struct userns_map map = { NULL, 0 };
	char path[] = "/tmp/test-userns.XXXXXX";
	int fd = mkstemp(path);

	CHECK(write(fd, "a:1:1\n4:100:5\n", 14) == 14, "a file");
	CHECK(userns_read_subids(path, NULL, 4, 0, &map) == 1 && map.extents[0].outside == 100, "without a name");
	CHECK(userns_read_subids(path, "a", 5, 5, &map) == 1 && map.n_extents == 2 && map.extents[1].inside == 5,
	      "appended");
	close(fd);
	unlink(path);
	CHECK(userns_read_subids(path, "a", 5, 0, &map) == -ENOENT, "no file");
}

static void test_read(void)
{
	_cleanup_(userns_map_done) struct userns_map map = { NULL, 0 };

	CHECK(userns_map_read("/proc/self/uid_map", &map) == 0 && map.n_extents > 0, "our own map");
	CHECK(userns_map_read("/nonexistent", &map) == -ENOENT, "no map");
	CHECK(userns_map_read("/proc/self/comm", &map) == -EIO, "no map, but a file");
	CHECK(userns_inside() == !(map.n_extents == 1 && map.extents[0].count == UINT32_MAX), "where we are");
}

/* A child in a new user namespace that waits; its pid, or -1. */
static pid_t start_child(void)
{
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return -1;
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		byte = unshare(CLONE_NEWUSER) == 0 ? 'y' : 'n';
		if (write(ready[1], &byte, 1) == 1 && byte == 'y')
			pause();
		_exit(0);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		byte = 'n';
	close(ready[0]);
	if (pid > 0 && byte == 'y')
		return pid;
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return -1;
}

static void stop_child(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void test_write(void)
{
	_cleanup_(userns_map_done) struct userns_map map = { NULL, 0 }, got = { NULL, 0 }, none = { NULL, 0 };
	_cleanup_free_ char *dir = NULL, *path = NULL;
	_cleanup_close_ int fd = -EBADF;
	pid_t pid = start_child();

	if (pid < 0) {
		SKIP("no user namespaces");
		return;
	}
	dir = str_printf("/proc/%d", pid);
	fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	userns_map_add(&map, 0, geteuid(), 1);
	CHECK(userns_write_map(fd, "uid_map", &none) == -EINVAL, "an empty map is refused");
	CHECK(userns_write_map(fd, "uid_map", &map) == 0, "a map of one id");
	CHECK(userns_write_map(fd, "uid_map", &map) == -EPERM, "is written once");
	CHECK(userns_deny_setgroups(fd) == 0, "setgroups denied");
	map.extents[0].outside = getegid();
	CHECK(userns_write_map(fd, "gid_map", &map) == 0, "and the gid map");
	path = str_printf("/proc/%d/uid_map", pid);
	CHECK(userns_map_read(path, &got) == 0 && got.n_extents == 1 && got.extents[0].outside == geteuid(), "read back");
	stop_child(pid);
}

static void install(const char *dir, const char *name, const char *script)
{
	_cleanup_free_ char *path = str_printf("%s/%s", dir, name);

	fdio_replace_file(AT_FDCWD, path, script, strlen(script), 0755);
}

/* Programs of our own in the place of the real ones. */
static void test_helpers(void)
{
	_cleanup_(userns_map_done) struct userns_map uids = { NULL, 0 }, gids = { NULL, 0 };
	char dir[] = "/tmp/test-userns.XXXXXX", text[256], command[64];
	_cleanup_free_ char *said = NULL, *log = NULL, *old_path = xstrdup(getenv("PATH"));

	CHECK(mkdtemp(dir) != NULL, "a directory");
	setenv("PATH", dir, 1);
	log = str_printf("#!/bin/sh\necho $* > %s/log-uid; sleep 0.3", dir);
	install(dir, "newuidmap", log);
	free(log);
	log = str_printf("#!/bin/sh\necho $* > %s/log-gid; sleep 0.3", dir);
	install(dir, "newgidmap", log);
	userns_map_add(&uids, 0, 1000, 1);
	userns_map_add(&uids, 1, 100000, 65536);
	userns_map_add(&gids, 0, 4294967294U, 1);
	CHECK(userns_run_helpers(12, &uids, &gids, text, sizeof(text)) == 0, "both run");
	CHECK_STR(text, "");
	free(log);
	log = str_printf("%s/log-uid", dir);
	CHECK(fdio_read_file(AT_FDCWD, log, 1000, &said, NULL) == 0, "newuidmap was told");
	CHECK_STR(said, "12 0 1000 1 1 100000 65536\n");
	free(log);
	free(said);
	log = str_printf("%s/log-gid", dir);
	CHECK(fdio_read_file(AT_FDCWD, log, 1000, &said, NULL) == 0, "newgidmap was told");
	CHECK_STR(said, "12 0 4294967294 1\n");

	install(dir, "newuidmap", "#!/bin/sh\necho 'newuidmap: uid range [0-1) -> [5-6) not allowed'; echo more; exit 1");
	CHECK(userns_run_helpers(12, &uids, &gids, text, sizeof(text)) == -EPERM, "one refuses");
	CHECK_STR(text, "newuidmap: uid range [0-1) -> [5-6) not allowed");
	install(dir, "newgidmap", "#!/bin/sh\necho 'something else' >&2; exit 2");
	CHECK(userns_run_helpers(12, &uids, &gids, text, sizeof(text)) == -EPERM, "both refuse");
	CHECK_STR(text, "newuidmap: uid range [0-1) -> [5-6) not allowed; newgidmap: something else");
	CHECK(userns_run_helpers(12, NULL, &gids, text, sizeof(text)) == -EPERM, "gids alone");
	CHECK_STR(text, "newgidmap: something else");
	CHECK(userns_run_helpers(12, NULL, NULL, text, sizeof(text)) == 0, "nothing to do");
	install(dir, "newgidmap", "#!/nonexistent/shell\n");
	CHECK(userns_run_helpers(12, NULL, &gids, text, sizeof(text)) == -ENOENT, "it cannot be run");
	CHECK_STR(text, "newgidmap: could not be run");
	CHECK(userns_run_helpers(12, &uids, &gids, text, 12) < 0 && strlen(text) == 11, "a small buffer: %s", text);
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD, "no child is left");

	/* A relative PATH is not for us; and where there is no program there is a name. */
	CHECK(chdir(dir) == 0, "where the programs are");
	setenv("PATH", ".:", 1);
	if (access("/usr/bin/newuidmap", X_OK) < 0 && access("/bin/newuidmap", X_OK) < 0) {
		CHECK(userns_run_helpers(12, &uids, NULL, text, sizeof(text)) == -ENOENT, "none is found");
		CHECK_STR(text, "newuidmap");
	} else {
		CHECK(userns_run_helpers(0x3fffffff, &uids, NULL, text, sizeof(text)) == -EPERM &&
			      !strstr(text, "not allowed"), "the system's own: %s", text);
	}
	CHECK(chdir("/") == 0, "back");
	setenv("PATH", old_path, 1);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	CHECK(system(command) == 0, "removed");
}

int main(void)
{
	alarm(30);
	test_map();
	test_subids();
	test_subid_file();
	test_read();
	test_write();
	test_helpers();
	return test_done();
}
