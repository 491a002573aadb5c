/* SPDX-License-Identifier: Apache-2.0 */
/* process: which file is the program, in the words that engines match, and the environment it gets. */
#include "runtime/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fdio.h"
#include "runtime/process-attributes.h"
#include "tests/unit/test.h"

static char top[] = "/tmp/test-process.XXXXXX";

static void make_file(const char *path, mode_t mode, const char *text)
{
	unlink(path);
	if (fdio_create_file(AT_FDCWD, path, text, strlen(text), mode) < 0 || chmod(path, mode) < 0)
		perror(path);
}

static void make_tree(void)
{
	if (!mkdtemp(top) || chdir(top) < 0 || mkdir("a", 0755) < 0 || mkdir("b", 0755) < 0 || mkdir("b/dir", 0755) < 0)
		perror(top);
	make_file("a/prog", 0644, "");
	make_file("b/prog", 0755, "");
	make_file("a/plain", 0644, "");
	make_file("b/others", 0001, "");
	make_file("b/script", 0755, "#! \t/no/such/shell -e\n");
	if (mkfifo("b/fifo", 0777) < 0 || symlink("nowhere", "b/dangling") < 0 || symlink("loop", "b/loop") < 0)
		perror("b");
}

static void remove_tree(void)
{
	static const char *const files[] = {
		"a/prog", "b/prog", "a/plain", "b/others", "b/script", "b/fifo", "b/dangling", "b/loop",
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		unlink(files[i]);
	if (rmdir("b/dir") < 0 || rmdir("a") < 0 || rmdir("b") < 0 || rmdir(top) < 0)
		perror(top);
}

/* Look for `name` with this PATH (NULL: none in the environment). */
static int find(const char *name, const char *path, char **ret_program, struct err *e)
{
	const char *const args[] = { name, NULL };
	const char *const env[] = { "PATH=/overridden", path, NULL };
	const struct oci_process process = { .args = args, .n_args = 1, .env = env, .n_env = path ? 2 : 0 };

	*ret_program = NULL;
	return process_find_program(&process, ret_program, e);
}

static void expect_program(const char *name, const char *path, const char *program)
{
	_cleanup_free_ char *found = NULL;
	struct err e = ERR_INIT;

	CHECK(find(name, path, &found, &e) == 0, "found: %s%s", name, e.text);
	CHECK_STR(found, program);
}

static void expect_error(const char *name, const char *path, int code, const char *text)
{
	_cleanup_free_ char *found = NULL;
	struct err e = ERR_INIT;

	CHECK(find(name, path, &found, &e) == code && e.code == code && !found, "not found: %s, errno %d", name, -code);
	CHECK_STR(e.text, text);
}

static void test_find(void)
{
	expect_program("prog", "PATH=a:b", "b/prog");
	expect_program("prog", "PATH=:::b::", "b/prog");
	expect_program("others", "PATH=b", "b/others");
	expect_program("./b/prog", "PATH=", "./b/prog");
	expect_program("b/prog", NULL, "b/prog");
	expect_program("sh", NULL, access("/usr/bin/sh", X_OK) == 0 ? "/usr/bin/sh" : "/bin/sh");

	expect_error("nosuchcmd", "PATH=a:b", -ENOENT, "exec: \"nosuchcmd\": executable file not found in $PATH");
	expect_error("nosuchcmd", NULL, -ENOENT, "exec: \"nosuchcmd\": executable file not found in $PATH");
	expect_error("prog", "PATH=", -ENOENT, "exec: \"prog\": executable file not found in $PATH");
	expect_error("dangling", "PATH=b", -ENOENT, "exec: \"dangling\": executable file not found in $PATH");
	expect_error("dir", "PATH=b", -ENOENT, "exec: \"dir\": executable file not found in $PATH");
	expect_error("plain", "PATH=a:b", -EACCES, "exec: \"plain\": permission denied");
	expect_error("/no/such", NULL, -ENOENT, "exec: \"/no/such\": stat /no/such: no such file or directory");
	expect_error("b/dangling", NULL, -ENOENT,
		     "exec: \"b/dangling\": stat b/dangling: no such file or directory");
	expect_error("/etc/passwd", NULL, -EACCES, "exec: \"/etc/passwd\": permission denied");
	expect_error("b/fifo", NULL, -EACCES, "exec: \"b/fifo\": permission denied");
	expect_error("/etc", NULL, -EISDIR, "exec: \"/etc\": is a directory: permission denied");
	expect_error("b/prog/x", NULL, -ENOTDIR, "exec: \"b/prog/x\": stat b/prog/x: not a directory");
	expect_error("b/loop", NULL, -ELOOP, "exec: \"b/loop\": stat b/loop: too many levels of symbolic links");
}

static void test_explain(void)
{
	static const struct {
		const char *program;
		int error;
		const char *text;
	} samples[] = {
		{ "b/prog", EACCES, "exec: \"name\": permission denied" },
		{ "b/prog", ENOEXEC,
		  "exec: \"name\": exec format error; neither a program for this machine nor a script that begins with #!" },
		{ "b/prog", ENOENT,
		  "exec: \"name\": no such file or directory; the dynamic loader that it asks for is missing" },
		{ "b/script", ENOENT,
		  "exec: \"name\": no such file or directory; its first line asks for /no/such/shell, which is missing" },
		{ "b/none", ENOENT,
		  "exec: \"name\": no such file or directory; the dynamic loader that it asks for is missing" },
		{ "b/script", EPERM, "exec: \"name\": operation not permitted" },
		{ "b/prog", E2BIG, "exec: \"name\": argument list too long" },
	};
	const char *const args[] = { "name", NULL };
	const struct oci_process process = { .args = args, .n_args = 1 };

	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		struct err e = ERR_INIT;

		CHECK(process_explain_exec(&process, samples[i].program, samples[i].error, &e) == -samples[i].error,
		      "errno %d is kept", samples[i].error);
		CHECK_STR(e.text, samples[i].text);
	}
}

/* All of the environment in one text. */
static char *join(const struct strv *env)
{
	struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < env->n; i++) {
		strbuf_add(&text, i > 0 ? " " : "");
		strbuf_add(&text, env->v[i]);
	}
	return strbuf_take(&text);
}

static void expect_env(const char *const *env, size_t n, uint32_t uid, unsigned listen_fds, const char *expected)
{
	const struct oci_process process = { .env = env, .n_env = n, .user.uid = uid };
	const struct process_run run = { .process = &process, .listen_fds = listen_fds };
	_cleanup_(strv_done) struct strv made = STRV_INIT;
	_cleanup_free_ char *text = NULL;

	process_make_env(&run, &made);
	text = join(&made);
	CHECK_STR(text, expected);
	CHECK(made.v[made.n] == NULL, "and a NULL behind it");
}

static void test_env(void)
{
	static const char *const given[] = { "A=1", "HOME=/h", "B=2" };
	static const char *const twice[] = { "HOME=/first", "HOME=/second" };
	static const char *const several[] = { "A=1", "AB=1", "A=2", "AB=2", "=x", "HOME=", "A=", "HOME=/" };
	static const char *const empty[] = { "HOME=", "A=1" };
	static const char *const emptied[] = { "HOME=/x", "HOME=" };
	static const char *const near[] = { "HOMER=/x", "XHOME=/y" };
	static const char *const listen[] = { "LISTEN_FDS=9", "HOME=/", "LISTEN_PID=1", "LISTEN_FDNAMES=a" };
	_cleanup_free_ char *passed_on = str_printf("HOME=/ LISTEN_FDNAMES=a LISTEN_FDS=2 LISTEN_PID=%d", getpid());
	const uint32_t nobody = 4294967001;

	expect_env(given, ARRAY_SIZE(given), 0, 0, "A=1 HOME=/h B=2");
	expect_env(twice, ARRAY_SIZE(twice), 0, 0, "HOME=/second");
	expect_env(several, ARRAY_SIZE(several), 0, 0, "AB=2 =x A= HOME=/");
	expect_env(empty, ARRAY_SIZE(empty), nobody, 0, "A=1 HOME=/");
	expect_env(emptied, ARRAY_SIZE(emptied), nobody, 0, "HOME=/");
	expect_env(near, ARRAY_SIZE(near), nobody, 0, "HOMER=/x XHOME=/y HOME=/");
	expect_env(NULL, 0, nobody, 0, "HOME=/");
	expect_env(listen, ARRAY_SIZE(listen), 0, 0, "LISTEN_FDS=9 HOME=/ LISTEN_PID=1 LISTEN_FDNAMES=a");
	expect_env(listen, ARRAY_SIZE(listen), 0, 2, passed_on);
}

/* The root of this process is the container's to process_make_env(). */
static void test_home_of_root(void)
{
	_cleanup_free_ char *passwd = NULL;

	if (fdio_read_file(AT_FDCWD, "/etc/passwd", 1 << 20, &passwd, NULL) < 0 ||
	    !strstr(passwd, "root:x:0:0:root:/root:"))
		SKIP("user 0 of this machine is not at home in /root");
	else
		expect_env(NULL, 0, 0, 0, "HOME=/root");
}

static void test_rlimits(void)
{
	struct rlimit now;
	struct oci_rlimit limit = { .type = "RLIMIT_CORE", .soft = 0 };
	const struct oci_process process = { .rlimits = &limit, .n_rlimits = 1 };
	struct err e = ERR_INIT;
	int old_oom = 5;

	CHECK(process_rlimit_from_name("RLIMIT_NOFILE") == RLIMIT_NOFILE, "a name that there is");
	CHECK(process_rlimit_from_name("NOFILE") == -EINVAL && process_rlimit_from_name("") == -EINVAL &&
		      process_rlimit_from_name("rlimit_nofile") == -EINVAL,
	      "names that there are not");

	getrlimit(RLIMIT_CORE, &now);
	limit.hard = now.rlim_max;
	CHECK(process_prepare_inherited(&process, &old_oom, &e) == 0 && old_oom == INT_MIN, "nothing to raise");
	CHECK(process_set_rlimits(&process, &e) == 0, "set the soft limit");
	getrlimit(RLIMIT_CORE, &now);
	CHECK(now.rlim_cur == 0 && now.rlim_max == limit.hard, "it is set");
	process_restore_oom(old_oom);
}

static void test_oom_score(void)
{
	const int32_t score = 1000;
	const struct oci_process process = { .oom_score_adj = &score };
	_cleanup_free_ char *before = NULL, *between = NULL, *after = NULL;
	struct err e = ERR_INIT;
	int old_oom;

	fdio_read_file(AT_FDCWD, "/proc/self/oom_score_adj", 32, &before, NULL);
	CHECK(process_prepare_inherited(&process, &old_oom, &e) == 0 && old_oom != INT_MIN, "raise the score%s", e.text);
	fdio_read_file(AT_FDCWD, "/proc/self/oom_score_adj", 32, &between, NULL);
	CHECK_STR(between, "1000\n");
	process_restore_oom(old_oom);
	fdio_read_file(AT_FDCWD, "/proc/self/oom_score_adj", 32, &after, NULL);
	CHECK_STR(after, before);
}

int main(void)
{
	make_tree();
	test_find();
	test_explain();
	test_env();
	test_home_of_root();
	test_rlimits();
	test_oom_score();
	remove_tree();
	return test_done();
}
