/* SPDX-License-Identifier: Apache-2.0 */
/* confine: which annotations there are, and what may stand in their lists. */
#include "runtime/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "kernel/landlock.h"
#include "tests/unit/test.h"

static int check(const char *key, const char *value, struct err *e)
{
	const struct oci_pair annotations[] = { { "org.example", "x" }, { key, value } };
	const struct oci_config config = { .annotations = annotations, .n_annotations = ARRAY_SIZE(annotations) };

	*e = (struct err)ERR_INIT;
	return confine_check(&config, e);
}

static void test_good(void)
{
	static const char *const rows[][2] = {
		{ "org.ocirun.landlock.read", "" },
		{ "org.ocirun.landlock.read", "/" },
		{ "org.ocirun.landlock.write", "/a:-/b::/c d" },
		{ "org.ocirun.landlock.execute", "/bin" },
		{ "org.ocirun.landlock.ioctl", "/dev" },
		{ "org.ocirun.landlock.bind", "0:65535" },
		{ "org.ocirun.landlock.connect", "443" },
		{ "org.ocirun.landlock.scope", "signal:abstract-unix" },
		{ "org.ocirun.landlock", "another's" },
		{ "org.ocirun.other", "x" },
	};
	struct err e;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		CHECK(check(rows[i][0], rows[i][1], &e) == 0, "%s=%s", rows[i][0], rows[i][1]);
}

static void test_bad(void)
{
	static const char *const rows[][3] = {
		{ "org.ocirun.landlock.", "/", "annotations.org.ocirun.landlock.: unknown" },
		{ "org.ocirun.landlock.Read", "/", "annotations.org.ocirun.landlock.Read: unknown" },
		{ "org.ocirun.landlock.read", "a", "annotations.org.ocirun.landlock.read: 'a' is not an absolute path" },
		{ "org.ocirun.landlock.read", "/a:./b", "annotations.org.ocirun.landlock.read: './b' is not an absolute path" },
		{ "org.ocirun.landlock.read", "--/a", "annotations.org.ocirun.landlock.read: '--/a' is not an absolute path" },
		{ "org.ocirun.landlock.bind", "65536", "annotations.org.ocirun.landlock.bind: '65536' is not a TCP port" },
		{ "org.ocirun.landlock.bind", "-1", "annotations.org.ocirun.landlock.bind: '-1' is not a TCP port" },
		{ "org.ocirun.landlock.connect", "1-2", "annotations.org.ocirun.landlock.connect: '1-2' is not a TCP port" },
		{ "org.ocirun.landlock.scope", "all",
		  "annotations.org.ocirun.landlock.scope: unknown value 'all' (one of: abstract-unix, signal)" },
	};
	struct err e;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		CHECK(check(rows[i][0], rows[i][1], &e) == -EINVAL && str_starts(e.text, rows[i][2]), "refused: %s", e.text);
}

static void test_none(void)
{
	const struct oci_config config = { .n_annotations = 0 };
	struct err e = ERR_INIT;
	int ruleset = 0;

	CHECK(confine_check(&config, &e) == 0 && confine_probe(&config, &e) == 0, "no annotations");
	CHECK(confine_prepare(&config, &ruleset, &e) == 0 && ruleset == -EBADF, "no ruleset");
	CHECK(confine_apply(ruleset, &e) == 0, "nothing to apply");
	e.code = -EACCES;
	CHECK(confine_explain_exec(&config, &e) == -EACCES && !*e.text, "nothing to explain");
}

/* In a child: as nobody without no_new_privs, then with it.  The sandbox is real. */
static int restrict_child(void)
{
	const struct oci_pair annotation = { CONFINE_PREFIX "read", "/proc" };
	const struct oci_config config = { .annotations = &annotation, .n_annotations = 1 };
	struct err e = ERR_INIT;
	int ruleset, fd;

	if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
		return 1;
	if (confine_prepare(&config, &ruleset, &e) < 0)
		return 2;
	if (confine_apply(ruleset, &e) != -EPERM || !strstr(e.text, "noNewPrivileges is true, or with"))
		return 3;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || confine_apply(ruleset, &e) < 0)
		return 4;
	fd = open("/proc/version", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 5;
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0 || errno != EACCES ? 6 : 0;
}

static void test_restrict(void)
{
	int status = -1;
	pid_t pid;

	if (landlock_version() < 2) {
		SKIP("no Landlock of version 2 here");
		return;
	}
	pid = fork();
	if (pid == 0)
		_exit(restrict_child());
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0,
	      "restricted with no_new_privs alone (step %d)", WEXITSTATUS(status));
}

int main(void)
{
	test_good();
	test_bad();
	test_none();
	test_restrict();
	return test_done();
}
