/* SPDX-License-Identifier: Apache-2.0 */
/* Which hooks there are, what they are told, and what their failure means. */
#include "runtime/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "kernel/spawn.h"
#include "runtime/bundle.h"

/* The status that each kind sees: create has not finished for those that run within it, but prestart keeps
   what it was told when it still belonged to `start` (spec 1.0). */
static const struct {
	const char *name;
	enum oci_status status;
} kinds[] = {
	[HOOK_PRESTART] = { "prestart", OCI_STATUS_CREATED },
	[HOOK_CREATE_RUNTIME] = { "createRuntime", OCI_STATUS_CREATING },
	[HOOK_CREATE_CONTAINER] = { "createContainer", OCI_STATUS_CREATING },
	[HOOK_START_CONTAINER] = { "startContainer", OCI_STATUS_CREATED },
	[HOOK_POSTSTART] = { "poststart", OCI_STATUS_RUNNING },
	[HOOK_POSTSTOP] = { "poststop", OCI_STATUS_STOPPED },
};

static const struct oci_hook *list(const struct oci_config *config, enum hook_kind kind, size_t *ret_n)
{
	const struct oci_hooks *h = config->hooks;

	*ret_n = 0;
	if (!h)
		return NULL;
	switch (kind) {
	case HOOK_PRESTART:
		*ret_n = h->n_prestart;
		return h->prestart;
	case HOOK_CREATE_RUNTIME:
		*ret_n = h->n_create_runtime;
		return h->create_runtime;
	case HOOK_CREATE_CONTAINER:
		*ret_n = h->n_create_container;
		return h->create_container;
	case HOOK_START_CONTAINER:
		*ret_n = h->n_start_container;
		return h->start_container;
	case HOOK_POSTSTART:
		*ret_n = h->n_poststart;
		return h->poststart;
	case HOOK_POSTSTOP:
		*ret_n = h->n_poststop;
		return h->poststop;
	}
	return NULL;
}

bool hooks_any(const struct oci_config *config, enum hook_kind kind)
{
	size_t n;

	list(config, kind, &n);
	return n > 0;
}

/* The file that an annotation names for the output of hooks, or -EBADF when there is none. */
static int open_output(const struct hooks_run *run, const char *annotation, int *ret_fd, struct err *e)
{
	const char *path = bundle_annotation(run->config, annotation);

	*ret_fd = -EBADF;
	if (!path)
		return 0;
	*ret_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (*ret_fd < 0)
		return err_set(e, -errno, "annotations.%s: open %s", annotation, path);
	return 0;
}

/* Cut the output at its first line: one error is one line. */
static void keep_first_line(char *text)
{
	text[strcspn(text, "\n")] = '\0';
}

static int explain(const struct oci_hook *hook, int r, int status, char *words, struct err *e)
{
	keep_first_line(words);
	/* execve(2) from a network file system may say that, too. */
	if (r == -ETIMEDOUT && hook->timeout)
		return err_say(e, r, "%s: ran longer than %lld seconds, killed", hook->path,
			       (long long)*hook->timeout);
	if (r == -ESRCH)
		return err_say(e, r, "%s: the container's init ended meanwhile", hook->path);
	if (r == -EINTR)
		return err_say(e, r, "%s: interrupted, killed", hook->path);
	if (r < 0)
		return err_set(e, r, "%s", hook->path);
	if (status > 128)
		return err_say(e, -EPIPE, "%s: killed by signal %d%s%s", hook->path, status - 128, *words ? ": " : "",
			       words);
	return err_say(e, -EPIPE, "%s: exit status %d%s%s", hook->path, status, *words ? ": " : "", words);
}

static int run_one(const struct hooks_run *run, const struct oci_hook *hook, const char *state, size_t n_state,
		   struct err *e)
{
	char *const only_path[] = { (char *)(uintptr_t)hook->path, NULL };
	char *const no_env[] = { NULL };
	_cleanup_close_ int out = -EBADF, errors = -EBADF;
	struct spawn_program program = {
		.path = hook->path,
		.argv = hook->n_args > 0 ? (char *const *)hook->args : only_path,
		.envp = hook->n_env > 0 ? (char *const *)hook->env : run->default_env ? run->default_env : no_env,
		.input = state,
		.n_input = n_state,
		.timeout_ms = -1,
		.watch_pidfd = run->watch_pidfd,
		.interruptible = run->interruptible,
	};
	char words[400] = "";
	int status = 0, r;

	if (hook->timeout)
		program.timeout_ms = *hook->timeout > INT_MAX / 1000 ? INT_MAX : (int)*hook->timeout * 1000;
	r = open_output(run, "run.oci.hooks.stdout", &out, e);
	if (r == 0)
		r = open_output(run, "run.oci.hooks.stderr", &errors, e);
	if (r < 0)
		return r;
	program.stdout_fd = out;
	program.stderr_fd = errors;

	r = spawn_run(&program, &status, words, sizeof(words));
	return r < 0 || status != 0 ? explain(hook, r, status, words, e) : 0;
}

static char *print_state(const struct hooks_run *run, enum hook_kind kind, size_t *ret_n, struct err *e)
{
	char *state = state_print(run->document, kinds[kind].status, run->pid, LITE_COMPACT, ret_n);

	if (!state)
		err_set(e, -ENOMEM, "state for %s hooks", kinds[kind].name);
	return state;
}

int hooks_run(const struct hooks_run *run, enum hook_kind kind, struct err *e)
{
	_cleanup_free_ char *state = NULL;
	const struct oci_hook *hooks;
	size_t n, n_state;
	int r;

	hooks = list(run->config, kind, &n);
	if (n == 0)
		return 0;
	state = print_state(run, kind, &n_state, e);
	if (!state)
		return e->code;
	for (size_t i = 0; i < n; i++) {
		r = run_one(run, &hooks[i], state, n_state, e);
		if (r < 0)
			return err_wrap(e, "error running %s hook #%zu", kinds[kind].name, i);
	}
	return 0;
}

void hooks_run_poststop(const struct hooks_run *run)
{
	_cleanup_free_ char *state = NULL;
	const struct oci_hook *hooks;
	struct err e = ERR_INIT;
	size_t n, n_state;

	hooks = list(run->config, HOOK_POSTSTOP, &n);
	if (n == 0)
		return;
	state = print_state(run, HOOK_POSTSTOP, &n_state, &e);
	for (size_t i = 0; state && i < n; i++)
		if (run_one(run, &hooks[i], state, n_state, &e) < 0)
			log_warning("error running poststop hook #%zu: %s", i, e.text);
}
