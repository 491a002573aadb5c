/* SPDX-License-Identifier: Apache-2.0 */
/* hooks: their order, what they are told, and how their failures read. */
#include "runtime/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/log.h"
#include "base/str.h"
#include "kernel/spawn.h"
#include "tests/unit/test.h"

static char top[] = "/tmp/test-hooks.XXXXXX";
static const char *const no_env[] = { NULL };

static const struct oci_pair annotations[] = { { "a", "b" } };
static const struct state_document document = {
	.oci_version = "1.3.0",
	.id = "hooked",
	.bundle = "/b",
	.rootfs = "/b/rootfs",
	.created = "2026-11-21T21:22:37.410307123Z",
	.annotations = annotations,
	.n_annotations = 1,
};

/* A hook that is one line for sh(1), run in the folder of this test. */
#define SH(line) \
	{ .path = "/bin/sh", .args = (const char *const[]){ "sh", "-c", line, NULL }, .n_args = 3, .env = no_env }

static char *read_output(const char *name)
{
	char *text = NULL;

	if (fdio_read_file(AT_FDCWD, name, 1 << 20, &text, NULL) < 0)
		text = xstrdup("(nothing)");
	unlink(name);
	return text;
}

/* Run `hooks` as startContainer hooks, which says nothing that depends on the kind but its name. */
static int run(const struct oci_hook *hooks, size_t n, int watch_pidfd, struct err *e)
{
	const struct oci_hooks all = { .start_container = hooks, .n_start_container = n };
	const struct oci_config config = { .hooks = &all };
	const struct hooks_run r = { .config = &config, .document = &document, .pid = 7, .watch_pidfd = watch_pidfd };

	return hooks_run(&r, HOOK_START_CONTAINER, e);
}

static void expect_failure(const struct oci_hook *hooks, size_t n, const char *text)
{
	struct err e = ERR_INIT;
	int r = run(hooks, n, -EBADF, &e);

	CHECK(r < 0 && e.code == r, "a hook fails");
	CHECK_STR(e.text, text);
}

static void test_order(void)
{
	const struct oci_hook hooks[] = { SH("echo 1 >>out"), SH("sleep 0.1; echo 2 >>out"), SH("echo 3 >>out") };
	const struct oci_hook failing[] = { SH("echo 1 >>out"), SH("exit 3"), SH("echo 3 >>out") };
	_cleanup_free_ char *out = NULL, *cut = NULL;
	struct err e = ERR_INIT;

	CHECK(run(hooks, ARRAY_SIZE(hooks), -EBADF, &e) == 0, "three hooks%s", e.text);
	out = read_output("out");
	CHECK_STR(out, "1\n2\n3\n");
	expect_failure(failing, ARRAY_SIZE(failing), "error running startContainer hook #1: /bin/sh: exit status 3");
	cut = read_output("out");
	CHECK_STR(cut, "1\n");
	CHECK(run(NULL, 0, -EBADF, &e) == 0, "no hooks at all");
}

static void test_failures(void)
{
	const struct oci_hook loud[] = { SH("echo first; echo second >&2; exit 1") };
	const struct oci_hook complaining[] = { SH("echo what is wrong >&2; exit 2") };
	const struct oci_hook killed[] = { SH("kill -KILL $$") };
	const struct oci_hook killed_loud[] = { SH("echo ouch; kill -TERM $$") };
	const struct oci_hook missing[] = { { .path = "/no/such/hook" } };
	const struct oci_hook no_program[] = { { .path = "/etc/passwd" } };

	expect_failure(loud, 1, "error running startContainer hook #0: /bin/sh: exit status 1: first");
	expect_failure(complaining, 1, "error running startContainer hook #0: /bin/sh: exit status 2: what is wrong");
	expect_failure(killed, 1, "error running startContainer hook #0: /bin/sh: killed by signal 9");
	expect_failure(killed_loud, 1, "error running startContainer hook #0: /bin/sh: killed by signal 15: ouch");
	expect_failure(missing, 1, "error running startContainer hook #0: /no/such/hook: no such file or directory");
	expect_failure(no_program, 1, "error running startContainer hook #0: /etc/passwd: permission denied");
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void test_timeout(void)
{
	const int64_t one = 1, most = INT64_MAX;
	struct oci_hook slow[] = { SH("sleep 100 & echo $! >child; wait") };
	struct oci_hook quick[] = { SH("exit 0") };
	_cleanup_free_ char *child = NULL;
	struct err e = ERR_INIT;
	double before = seconds();
	uint32_t pid;

	slow[0].timeout = &one;
	expect_failure(slow, 1, "error running startContainer hook #0: /bin/sh: ran longer than 1 seconds, killed");
	CHECK(seconds() - before < 20, "after that time");
	child = read_output("child");
	child[strcspn(child, "\n")] = '\0';
	/* It is a child of init by now, who may need a moment. */
	for (int i = 0; i < 100 && str_to_u32(child, &pid) == 0 && kill((pid_t)pid, 0) == 0; i++)
		usleep(10000);
	CHECK(str_to_u32(child, &pid) == 0, "it had a child");
	quick[0].timeout = &most;
	CHECK(run(quick, 1, -EBADF, &e) == 0, "the longest timeout that there is");
}

/* The container's init ends while a hook runs. */
static void test_watch(void)
{
	const struct oci_hook slow[] = { SH("sleep 100") };
	struct err e = ERR_INIT;
	_cleanup_close_ int pidfd = -EBADF;
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		usleep(100000);
		_exit(0);
	}
	pidfd = spawn_pidfd_open(pid);
	CHECK(run(slow, 1, pidfd, &e) == -ESRCH, "the hook is killed");
	CHECK_STR(e.text, "error running startContainer hook #0: /bin/sh: the container's init ended meanwhile");
	waitpid(pid, &status, 0);
}

/* Every kind: its name, and the status that it is told. */
static void test_states(void)
{
	static const struct {
		enum hook_kind kind;
		const char *name, *status;
	} kinds[] = {
		{ HOOK_PRESTART, "prestart", "created" },
		{ HOOK_CREATE_RUNTIME, "createRuntime", "creating" },
		{ HOOK_CREATE_CONTAINER, "createContainer", "creating" },
		{ HOOK_START_CONTAINER, "startContainer", "created" },
		{ HOOK_POSTSTART, "poststart", "running" },
		{ HOOK_POSTSTOP, "poststop", "stopped" },
	};
	const struct oci_hook hook[] = { SH("cat >state; exit 1") };
	const struct oci_hooks all = { hook, 1, hook, 1, hook, 1, hook, 1, hook, 1, hook, 1 };
	const struct oci_config config = { .hooks = &all }, none = { .hooks = NULL };
	const struct hooks_run r = { .config = &config, .document = &document, .pid = 42, .watch_pidfd = -EBADF };

	unsetenv("USER");
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		_cleanup_free_ char *text = str_printf("error running %s hook #0: /bin/sh: exit status 1", kinds[i].name);
		_cleanup_free_ char *status = str_printf(",\"status\":\"%s\",", kinds[i].status);
		_cleanup_free_ char *state = NULL;
		struct err e = ERR_INIT;

		CHECK(hooks_any(&config, kinds[i].kind) && !hooks_any(&none, kinds[i].kind), "%s: there is one",
		      kinds[i].name);
		CHECK(hooks_run(&r, kinds[i].kind, &e) < 0, "run it");
		CHECK_STR(e.text, text);
		state = read_output("state");
		CHECK(strstr(state, status) && strstr(state, "\"id\":\"hooked\"") && strstr(state, "\"pid\":42,") &&
			      strstr(state, "\"bundle\":\"/b\"") && strstr(state, "\"annotations\":{\"a\":\"b\"}") &&
			      strstr(state, "\"ociVersion\":\"1.3.0\"") && state[strlen(state) - 1] == '}',
		      "it was told: %s", state);
	}
}

static void test_environment(void)
{
	static const char *const env[] = { "A=1", "B=2", NULL };
	char *const default_env[] = { (char *)"D=4", NULL };
	static const char *const args[] = { "env", NULL };
	struct oci_hook hook = { .path = access("/usr/bin/env", X_OK) == 0 ? "/usr/bin/env" : "/bin/env",
				 .args = args, .n_args = 1 };
	const struct oci_hooks all = { .poststart = &hook, .n_poststart = 1 };
	const struct oci_pair output[] = { { "run.oci.hooks.stdout", "out" } };
	const struct oci_config config = { .hooks = &all, .annotations = output, .n_annotations = 1 };
	struct hooks_run r = { .config = &config, .document = &document, .watch_pidfd = -EBADF };
	_cleanup_free_ char *empty = NULL, *defaults = NULL, *own = NULL;
	struct err e = ERR_INIT;

	setenv("LEAK", "1", 1);
	CHECK(hooks_run(&r, HOOK_POSTSTART, &e) == 0, "a hook without env%s", e.text);
	empty = read_output("out");
	CHECK_STR(empty, "");
	r.default_env = default_env;
	hooks_run(&r, HOOK_POSTSTART, &e);
	defaults = read_output("out");
	CHECK_STR(defaults, "D=4\n");
	hook.env = env;
	hook.n_env = 2;
	hooks_run(&r, HOOK_POSTSTART, &e);
	own = read_output("out");
	CHECK_STR(own, "A=1\nB=2\n");
}

static void test_output_file(void)
{
	const struct oci_hook hook = SH("echo to stdout; echo to stderr >&2; exit 5");
	const struct oci_hooks all = { .prestart = &hook, .n_prestart = 1 };
	const struct oci_pair output[] = { { "run.oci.hooks.stdout", "out" }, { "run.oci.hooks.stderr", "err" } };
	const struct oci_pair bad[] = { { "run.oci.hooks.stderr", "/no/such/file" } };
	struct oci_config config = { .hooks = &all, .annotations = output, .n_annotations = 2 };
	const struct hooks_run r = { .config = &config, .document = &document, .watch_pidfd = -EBADF };
	_cleanup_free_ char *out = NULL, *err = NULL;
	struct err e = ERR_INIT;

	hooks_run(&r, HOOK_PRESTART, &e);
	CHECK_STR(e.text, "error running prestart hook #0: /bin/sh: exit status 5");
	out = read_output("out");
	CHECK_STR(out, "to stdout\n");
	err = read_output("err");
	CHECK_STR(err, "to stderr\n");
	config.annotations = bad;
	config.n_annotations = 1;
	hooks_run(&r, HOOK_PRESTART, &e);
	CHECK_STR(e.text, "error running prestart hook #0: annotations.run.oci.hooks.stderr: open /no/such/file: no such "
			  "file or directory");
}

static struct strbuf warnings;

static void keep_line(enum log_level level, const char *text, void *ctx)
{
	(void)ctx;
	strbuf_addf(&warnings, "%d %s\n", (int)level, text);
}

static void test_poststop(void)
{
	const struct oci_hook hooks[] = { SH("echo 1 >>out; exit 1"), SH("echo 2 >>out; exit 2"), SH("echo 3 >>out") };
	const struct oci_hooks all = { .poststop = hooks, .n_poststop = ARRAY_SIZE(hooks) };
	const struct oci_config config = { .hooks = &all };
	const struct hooks_run r = { .config = &config, .document = &document, .watch_pidfd = -EBADF };
	_cleanup_free_ char *out = NULL;

	log_redirect(keep_line, NULL);
	hooks_run_poststop(&r);
	log_redirect(NULL, NULL);
	out = read_output("out");
	CHECK_STR(out, "1\n2\n3\n");
	CHECK_STR(warnings.text, "1 error running poststop hook #0: /bin/sh: exit status 1\n"
				 "1 error running poststop hook #1: /bin/sh: exit status 2\n");
	strbuf_done(&warnings);
}

int main(void)
{
	alarm(120);
	if (!mkdtemp(top) || chdir(top) < 0)
		perror(top);
	test_order();
	test_failures();
	test_timeout();
	test_watch();
	test_states();
	test_environment();
	test_output_file();
	test_poststop();
	CHECK(rmdir(top) == 0, "nothing is left");
	return test_done();
}
