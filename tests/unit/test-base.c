/* SPDX-License-Identifier: Apache-2.0 */
/* base: strings, numbers, whole files, errors, the log, libraries loaded at first use. */
#include "base/dlib.h"
#include "base/err.h"
#include "base/fdio.h"
#include "base/log.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/test.h"

static void test_numbers(void)
{
	const struct {
		const char *text;
		int u32, u64, i64, mode; /* what each of them returns */
	} rows[] = {
		{ "0", 0, 0, 0, 0 },
		{ "7", 0, 0, 0, 0 },
		{ "0000000000000000000000017", 0, 0, 0, 0 },
		{ "7777", 0, 0, 0, 0 },
		{ "10000", 0, 0, 0, -ERANGE },
		{ "8", 0, 0, 0, -EINVAL },
		{ "4294967295", 0, 0, 0, -EINVAL },
		{ "4294967296", -ERANGE, 0, 0, -EINVAL },
		{ "9223372036854775807", -ERANGE, 0, 0, -EINVAL },
		{ "9223372036854775808", -ERANGE, 0, -ERANGE, -EINVAL },
		{ "18446744073709551615", -ERANGE, 0, -ERANGE, -EINVAL },
		{ "18446744073709551616", -ERANGE, -ERANGE, -ERANGE, -EINVAL },
		{ "99999999999999999999999", -ERANGE, -ERANGE, -ERANGE, -EINVAL },
		{ "-9223372036854775808", -EINVAL, -EINVAL, 0, -EINVAL },
		{ "-9223372036854775809", -EINVAL, -EINVAL, -ERANGE, -EINVAL },
		{ "-1", -EINVAL, -EINVAL, 0, -EINVAL },
		{ "-0", -EINVAL, -EINVAL, 0, -EINVAL },
		{ "--1", -EINVAL, -EINVAL, -EINVAL, -EINVAL },
		{ "-", -EINVAL, -EINVAL, -EINVAL, -EINVAL },
		{ "", -EINVAL, -EINVAL, -EINVAL, -EINVAL },
		{ "+1", -EINVAL, -EINVAL, -EINVAL, -EINVAL },
		{ " 1", -EINVAL, -EINVAL, -EINVAL, -EINVAL },
		{ "1 ", -EINVAL, -EINVAL, -EINVAL, -EINVAL },
		{ "1x", -EINVAL, -EINVAL, -EINVAL, -EINVAL },
		{ "0x1", -EINVAL, -EINVAL, -EINVAL, -EINVAL },
		{ "1.0", -EINVAL, -EINVAL, -EINVAL, -EINVAL },
		{ "\xd9\xa1", -EINVAL, -EINVAL, -EINVAL, -EINVAL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint32_t u32 = 42, mode = 42;
		uint64_t u64 = 42;
		int64_t i64 = 42;
		const char *s = rows[i].text;

		CHECK(str_to_u32(s, &u32) == rows[i].u32 && (rows[i].u32 == 0) == (u32 != 42), "u32 \"%s\"", s);
		CHECK(str_to_u64(s, &u64) == rows[i].u64 && (rows[i].u64 == 0) == (u64 != 42), "u64 \"%s\"", s);
		CHECK(str_to_i64(s, &i64) == rows[i].i64 && (rows[i].i64 == 0) == (i64 != 42), "i64 \"%s\"", s);
		CHECK(str_to_mode(s, &mode) == rows[i].mode && (rows[i].mode == 0) == (mode != 42), "mode \"%s\"", s);
		if (rows[i].u64 == 0)
			CHECK(u64 == strtoull(s, NULL, 10), "%s is its value", s);
		if (rows[i].i64 == 0)
			CHECK(i64 == strtoll(s, NULL, 10), "%s is its value", s);
		if (rows[i].mode == 0)
			CHECK(mode == strtoul(s, NULL, 8), "%s is its value, in octal", s);
	}
}

static void test_strings(void)
{
	_cleanup_(strbuf_done) struct strbuf b = STRBUF_INIT;
	_cleanup_(strv_done) struct strv v = STRV_INIT;
	_cleanup_free_ char *text = str_printf("%d-%s", 5, "x"), *taken = NULL, *empty = NULL;

	CHECK_STR(text, "5-x");
	CHECK(str_starts("abc", "ab") && str_starts("abc", "") && !str_starts("ab", "abc"), "starts");
	CHECK(str_empty(NULL) && str_empty("") && !str_empty(" "), "empty");
	empty = strbuf_take(&b);
	CHECK_STR(empty, "");
	strbuf_add(&b, "a");
	strbuf_add_mem(&b, "b\0c", 3);
	strbuf_addf(&b, "%05d", 42);
	CHECK(b.len == 9 && memcmp(b.text, "ab\0c00042", 10) == 0, "grown");
	for (int i = 0; i < 10000; i++)
		strbuf_add(&b, "0123456789");
	CHECK(b.len == 100009 && strlen(b.text + 4) == 100005, "grown more");
	taken = strbuf_take(&b);
	CHECK(!b.text && b.len == 0 && taken[100008] == '9', "taken");

	for (int i = 0; i < 100; i++) {
		strv_take(&v, str_printf("%d", i));
		CHECK(v.n == (size_t)i + 1 && !v.v[i + 1], "%d strings", i + 1);
	}
	CHECK_STR(v.v[0], "0");
	CHECK_STR(v.v[99], "99");
	strv_done(&v);
	strv_split(&v, "::a::b:", ':');
	CHECK(v.n == 2 && strcmp(v.v[0], "a") == 0 && strcmp(v.v[1], "b") == 0 && !v.v[2], "split");
	strv_split(&v, "", ':');
	strv_split(&v, ":::", ':');
	CHECK(v.n == 2, "nothing to split");
	strv_add(&v, "");
	CHECK(v.n == 3 && !*v.v[2], "an empty string is one");
}

static void test_json(void)
{
	const struct {
		const char *text, *json;
	} rows[] = {
		{ "", "\"\"" },
		{ "plain", "\"plain\"" },
		{ "a\"b\\c/d", "\"a\\\"b\\\\c/d\"" },
		{ "\n\t\r\x01\x1f\x7f", "\"\\n\\u0009\\u000d\\u0001\\u001f\x7f\"" },
		{ "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"" },
		{ "\x80", "\"\\ufffd\"" },
		{ "\xff\xfe", "\"\\ufffd\\ufffd\"" },
		{ "\xc3", "\"\\ufffd\"" },
		{ "\xc3x", "\"\\ufffdx\"" },
		{ "\xc0\x80", "\"\\ufffd\\ufffd\"" },
		{ "\xc1\xbf", "\"\\ufffd\\ufffd\"" },
		{ "\xe0\x80\x80", "\"\\ufffd\\ufffd\\ufffd\"" },
		{ "\xe2\x82", "\"\\ufffd\\ufffd\"" },
		{ "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"" },
		{ "\xed\x9f\xbf", "\"\xed\x9f\xbf\"" },
		{ "\xf0\x80\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
		{ "\xf4\x8f\xbf\xbf", "\"\xf4\x8f\xbf\xbf\"" },
		{ "\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
		{ "\xf5\x80\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
		{ "\xf0\x9f\x98", "\"\\ufffd\\ufffd\\ufffd\"" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(strbuf_done) struct strbuf b = STRBUF_INIT;

		strbuf_add_json(&b, rows[i].text);
		CHECK(strcmp(b.text, rows[i].json) == 0, "JSON row %zu", i);
	}
}

static void test_cleanup(void)
{
	int fd = dup(0), taken = -EBADF;
	char *text = xstrdup("x"), *mine;

	taken = TAKE_FD(fd);
	CHECK(fd == -EBADF && taken >= 0, "a descriptor taken");
	fd_close(&taken);
	CHECK(taken == -EBADF, "closed");
	fd_close(&taken);
	CHECK(taken == -EBADF, "closed twice does no harm");
	mine = TAKE_PTR(text);
	CHECK(!text && strcmp(mine, "x") == 0, "a pointer taken");
	free(mine);
	errno = ENOMSG;
	{
		_cleanup_close_ int bad = 12345;

		(void)bad;
	}
	CHECK(errno == ENOMSG, "errno survives a cleanup");
}

static int memory_file(const char *text, size_t n)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	if (fdio_write_all(fd, text, n) < 0 || lseek(fd, 0, SEEK_SET) != 0)
		return -1;
	return fd;
}

static void test_read(void)
{
	static char big[70000];
	char *text = NULL;
	size_t n = 0;
	int fd = memory_file("hello\0you", 9), fds[2];
	pid_t child;

	CHECK(fdio_read_all(fd, 9, &text, &n) == 0 && n == 9 && memcmp(text, "hello\0you", 10) == 0, "just the maximum");
	free(text);
	lseek(fd, 0, SEEK_SET);
	CHECK(fdio_read_all(fd, 8, &text, &n) == -EFBIG, "more than the maximum");
	close(fd);
	fd = memory_file("", 0);
	CHECK(fdio_read_all(fd, 0, &text, &n) == 0 && n == 0 && !*text, "nothing");
	free(text);
	close(fd);

	memset(big, 'x', sizeof(big));
	CHECK(pipe2(fds, O_CLOEXEC) == 0, "a pipe");
	fflush(stdout);
	child = fork();
	if (child == 0)
		_exit(fdio_write_all(fds[1], big, sizeof(big)) == 0 ? 0 : 1);
	close(fds[1]);
	CHECK(fdio_read_all(fds[0], sizeof(big), &text, &n) == 0 && n == sizeof(big) && strlen(text) == n,
	      "a pipe has no size: %zu", n);
	free(text);
	close(fds[0]);
	waitpid(child, NULL, 0);

	CHECK(pipe2(fds, O_CLOEXEC) == 0, "a pipe");
	fflush(stdout);
	child = fork();
	if (child == 0) {
		signal(SIGPIPE, SIG_IGN);
		close(fds[0]);
		_exit(fdio_write_all(fds[1], big, sizeof(big)) == -EPIPE ? 3 : 1);
	}
	close(fds[1]);
	CHECK(fdio_read_all(fds[0], 1000, &text, &n) == -EFBIG, "a pipe with more than the maximum");
	close(fds[0]);
	waitpid(child, &fd, 0);
	CHECK(WEXITSTATUS(fd) == 3, "a write that fails says so");
	CHECK(fdio_read_all(-1, 10, &text, NULL) == -EBADF, "no descriptor");
	CHECK(fdio_read_file(AT_FDCWD, "/nonexistent", 10, &text, NULL) == -ENOENT, "no file");
	CHECK(fdio_read_file(AT_FDCWD, "/", 10, &text, NULL) == -EISDIR, "a directory");
	/* A file that says that its size is 0, and 4096. */
	CHECK(fdio_read_file(AT_FDCWD, "/proc/self/status", 100000, &text, &n) == 0 && n > 100, "procfs");
	free(text);
}

static void test_files(void)
{
	char top[] = "/tmp/test-base.XXXXXX", path[64], *text = NULL;
	struct stat st, st2;
	int dir;

	CHECK(mkdtemp(top) != NULL, "a directory");
	dir = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(fdio_write_file(dir, "f", "x") == -ENOENT, "an existing file is written, no other");
	CHECK(fdio_replace_file(dir, "f", "one", 3, 0640) == 0, "a new file");
	CHECK(fstatat(dir, "f", &st, 0) == 0 && (st.st_mode & 0777 & ~0640U) == 0, "with its mode");
	CHECK(fdio_replace_file(dir, "f", "two!", 4, 0600) == 0, "replaced");
	CHECK(fdio_read_file(dir, "f", 10, &text, NULL) == 0, "read");
	CHECK_STR(text, "two!");
	free(text);
	CHECK(fstatat(dir, "f", &st2, 0) == 0 && st.st_ino != st2.st_ino, "by another file");
	CHECK((st2.st_mode & 0777) == 0600, "with the new mode");
	CHECK(fstatat(dir, ".f.tmp", &st, AT_SYMLINK_NOFOLLOW) < 0, "nothing is left beside it");
	CHECK(fdio_write_file(dir, "f", "xy") == 0 && fdio_read_file(dir, "f", 10, &text, NULL) == 0, "written to");
	CHECK_STR(text, "xyo!");
	free(text);

	/* A symlink in the place of the temporary file. */
	CHECK(symlinkat("victim", dir, ".f.tmp") == 0 && fdio_replace_file(dir, "f", "x", 1, 0600) == 0 &&
		      fstatat(dir, "victim", &st, 0) < 0 && fstatat(dir, "f", &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		      S_ISREG(st.st_mode), "a planted symlink is not followed");
	/* What a killed process left, with another mode. */
	close(openat(dir, ".f.tmp", O_CREAT | O_WRONLY | O_CLOEXEC, 0444));
	CHECK(fdio_replace_file(dir, "f", "x", 1, 0600) == 0 && fstatat(dir, "f", &st, 0) == 0 &&
		      (st.st_mode & 0777) == 0600, "a leftover does not matter: mode %o", st.st_mode & 0777);
	mkdirat(dir, "d", 0755);
	CHECK(fdio_replace_file(dir, "d", "x", 1, 0600) == -EISDIR && fstatat(dir, ".d.tmp", &st, 0) < 0,
	      "a directory is not replaced, and nothing left");
	snprintf(path, sizeof(path), "%s/d/g", top);
	CHECK(fdio_replace_file(AT_FDCWD, path, "x", 1, 0600) == 0 && stat(path, &st) == 0, "by an absolute path");
	CHECK(fdio_replace_file(dir, "none/g", "x", 1, 0600) == -ENOENT, "no directory");
	CHECK(fdio_put_file(dir, "f", "put", 3, 0600) == 0 && fstatat(dir, "f", &st2, 0) == 0 && st.st_ino != st2.st_ino,
	      "a regular file is replaced");
	CHECK(symlinkat("f", dir, "link") == 0 && fdio_put_file(dir, "link", "by", 2, 0600) == 0 &&
		      fstatat(dir, "link", &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode), "a link is kept");
	CHECK(fdio_read_file(dir, "f", 10, &text, NULL) == 0, "read");
	CHECK_STR(text, "by");
	free(text);
	CHECK(mkfifoat(dir, "fifo", 0600) == 0 && fdio_put_file(dir, "fifo", "x", 1, 0600) == -ENXIO &&
		      fstatat(dir, "fifo", &st, 0) == 0 && S_ISFIFO(st.st_mode), "a FIFO is kept, and not waited for");
	CHECK(fdio_put_file(dir, "d", "x", 1, 0600) == -EISDIR, "a directory");
	unlinkat(dir, "fifo", 0);
	unlinkat(dir, "link", 0);
	unlink(path);
	unlinkat(dir, "d", AT_REMOVEDIR);
	unlinkat(dir, "f", 0);
	CHECK(rmdir(top) == 0, "nothing else was made");
	close(dir);
}

static void test_cloexec(void)
{
	int a = fcntl(0, F_DUPFD, 20), b = fcntl(0, F_DUPFD, 30);

	CHECK(fdio_cloexec_from((unsigned)b) == 0, "from the second on");
	CHECK(fcntl(a, F_GETFD) == 0 && fcntl(b, F_GETFD) == FD_CLOEXEC, "not the first");
	close(a);
	close(b);
}

static bool ends_with(const char *text, const char *end)
{
	return strlen(text) >= strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0;
}

static void test_err(void)
{
	static char long_text[3 * ERR_TEXT_MAX];
	const char *dots;
	struct err e = ERR_INIT;

	CHECK(err_set(&e, -ENOENT, "open %s", "/x") == -ENOENT && e.code == -ENOENT, "set");
	CHECK_STR(e.text, "open /x: no such file or directory");
	CHECK(err_wrap(&e, "mounts[%d]", 3) == -ENOENT && err_hint(&e, "make %s", "it") == -ENOENT, "more");
	CHECK_STR(e.text, "mounts[3]: open /x: no such file or directory; make it");
	CHECK(err_say(&e, -EINVAL, "only %s", "this") == -EINVAL, "say");
	CHECK_STR(e.text, "only this");
	CHECK_STR(err_reason(-EACCES), "permission denied");
	CHECK_STR(err_reason(-EPERM), "operation not permitted");
	CHECK_STR(err_reason(-EIO), "input/output error");

	memset(long_text, 'x', sizeof(long_text) - 1);
	err_set(&e, -EIO, "%s", long_text);
	CHECK(strlen(e.text) == ERR_TEXT_MAX - 1, "cut");
	err_hint(&e, "%s", long_text);
	CHECK(strlen(e.text) == ERR_TEXT_MAX - 1, "still");
	err_wrap(&e, "context");
	CHECK(strlen(e.text) == ERR_TEXT_MAX - 1 && str_starts(e.text, "context: xxx"), "the context comes first");
	err_wrap(&e, "%s", long_text);
	CHECK(strlen(e.text) == ERR_TEXT_MAX - 1, "a long context");
	err_set(&e, -ENOENT, "thing %s", long_text);
	CHECK(str_starts(e.text, "thing xxx") && ends_with(e.text, "xxx: no such file or directory"),
	      "begin and reason are there, the middle is cut");
	err_hint(&e, "help");
	CHECK(str_starts(e.text, "thing xxx") && ends_with(e.text, "xxx: no such file or directory; help"), "the hint as well");
	memset(long_text, 0xa4, sizeof(long_text) - 1);
	for (size_t i = 0; i < sizeof(long_text) - 2; i += 2)
		long_text[i] = (char)0xc3;
	err_set(&e, -ENOENT, "%s", long_text);
	dots = strstr(e.text, "...");
	CHECK(dots && (unsigned char)dots[-1] == 0xa4 && (unsigned char)dots[3] == 0xc3, "no letter is cut in two");
	/* An argument may be the old text. */
	err_say(&e, -EIO, "old");
	err_wrap(&e, "%s", "new");
	CHECK_STR(e.text, "new: old");
	err_say(&e, -EIO, "again: %s", "x");
	CHECK_STR(e.text, "again: x");
}

static void remember(enum log_level level, const char *text, void *ctx)
{
	struct strbuf *b = ctx;

	strbuf_addf(b, "%d:%s;", level, text);
}

static void test_log(void)
{
	_cleanup_(strbuf_done) struct strbuf got = STRBUF_INIT;
	char path[] = "/tmp/test-base.XXXXXX", *text = NULL;
	struct log_target target = { .path = path, .json = true, .level = LOG_LEVEL_INFO };
	int fd = mkstemp(path);

	close(fd);
	CHECK(log_level_from_name("debug") == LOG_LEVEL_DEBUG && log_level_from_name("Debug") == -1 &&
		      log_level_from_name("") == -1, "names of levels");
	CHECK(log_open(&target) == 0, "a log");
	log_debug("not %s", "this");
	log_info("say \"%s\"\n", "hi\xff");
	CHECK(log_wants(LOG_LEVEL_INFO) && !log_wants(LOG_LEVEL_DEBUG), "levels");
	CHECK(fdio_read_file(AT_FDCWD, path, 10000, &text, NULL) == 0 &&
		      str_starts(text, "{\"level\":\"info\",\"msg\":\"say \\\"hi\\ufffd\\\"\\n\",\"time\":\"2") &&
		      strcmp(text + strlen(text) - 4, "Z\"}\n") == 0, "a line of JSON: %s", text);
	free(text);
	log_redirect(remember, &got);
	log_warning("a %d", 1);
	log_info("b");
	log_debug("c");
	CHECK_STR(got.text, "1:a 1;2:b;");
	log_redirect(NULL, NULL);
	unlink(path);
	target.path = "/nonexistent/log";
	CHECK(log_open(&target) == -ENOENT, "no log");
}

static void test_dlib(void)
{
	double (*cosine)(double) = NULL;
	void *none = NULL;
	const struct dlib_symbol good[] = { { "cos", (void **)&cosine }, { NULL, NULL } };
	const struct dlib_symbol bad[] = { { "no_such_function", &none }, { NULL, NULL } };
	struct err e = ERR_INIT;

	CHECK(dlib_load("libm.so.6", "arithmetic", good, &e) == 0 && cosine && cosine(0) > 0.99, "a library");
	CHECK(dlib_load("libm.so.6", "arithmetic", bad, &e) == -ENOPKG, "a function that it has not");
	CHECK_STR(e.text, "arithmetic needs libm.so.6 with no_such_function: this one is too old");
	CHECK(dlib_load("libnonexistent.so.1", "magic", good, &e) == -ENOPKG, "no library");
	CHECK_STR(e.text, "magic needs libnonexistent.so.1: not found");
}

int main(void)
{
	alarm(30);
	test_numbers();
	test_strings();
	test_json();
	test_cleanup();
	test_read();
	test_files();
	test_cloexec();
	test_err();
	test_log();
	test_dlib();
	return test_done();
}
