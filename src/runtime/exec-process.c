/* SPDX-License-Identifier: Apache-2.0 */
/* What `exec` runs: a process document, or the container's own process with the command line's changes. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "kernel/caps.h"
#include "runtime/exec.h"
#include "runtime/validate.h"

static int read_process(struct exec *x, struct err *e)
{
	int r = bundle_read(AT_FDCWD, x->options->process, x->options->process, LITE_PROCESS, &x->process_document, e);

	if (r < 0)
		return r;
	x->process = x->process_document.root;
	if (x->options->tty && !x->process->terminal) {
		x->made = *x->process;
		x->made.terminal = true;
		x->process = &x->made;
	}
	return validate_process(x->process, "process", e);
}

/* Both lists in one, which lives as long as x. */
static const char *const *join_lists(struct exec *x, const char *const *a, size_t n_a, const char *const *b, size_t n_b)
{
	const char **all = xcalloc(n_a + n_b + 1, sizeof(*all));

	for (size_t i = 0; i < n_a; i++)
		all[i] = a[i];
	for (size_t i = 0; i < n_b; i++)
		all[n_a + i] = b[i];
	/* strv_done() frees the array as one of its "strings". */
	strv_take(&x->strings, (char *)all);
	return all;
}

/* --cap adds to what the container's process has, but never to the inheritable set (CVE-2022-29162). */
static void add_capabilities(struct exec *x, struct oci_capabilities *caps)
{
	const char *const *more = x->options->caps;
	size_t n = x->options->n_caps;

	caps->bounding = join_lists(x, caps->bounding, caps->n_bounding, more, n);
	caps->n_bounding += n;
	caps->permitted = join_lists(x, caps->permitted, caps->n_permitted, more, n);
	caps->n_permitted += n;
	caps->effective = join_lists(x, caps->effective, caps->n_effective, more, n);
	caps->n_effective += n;
}

static void change_process(struct exec *x, struct oci_process *p)
{
	const struct exec_options *o = x->options;

	for (p->n_args = 0; o->args && o->args[p->n_args];)
		p->n_args++;
	p->args = (const char *const *)o->args;
	p->terminal = o->tty;
	p->command_line = NULL;
	if (!o->tty)
		p->console_size = NULL;
	if (o->cwd)
		p->cwd = o->cwd;
	if (o->n_env > 0) {
		p->env = join_lists(x, p->env, p->n_env, o->env, o->n_env);
		p->n_env += o->n_env;
	}
	if (o->n_additional_gids > 0) {
		p->user.additional_gids = o->additional_gids;
		p->user.n_additional_gids = o->n_additional_gids;
	}
	if (o->no_new_privs)
		p->no_new_privileges = true;
	if (o->apparmor)
		p->apparmor_profile = o->apparmor;
	if (o->process_label)
		p->selinux_label = o->process_label;
}

int exec_make_process(struct exec *x, struct err *e)
{
	static const struct oci_capabilities no_caps;

	if (x->options->process)
		return read_process(x, e);
	if (!x->config->process)
		return err_say(e, -EINVAL, "exec: the container has no process to take the defaults from; use --process");
	x->made = *x->config->process;
	change_process(x, &x->made);
	for (size_t i = 0; i < x->options->n_caps; i++)
		if (caps_from_name(x->options->caps[i]) < 0)
			return err_say(e, -EINVAL, "--cap: unknown capability '%s'", x->options->caps[i]);
	if (x->options->n_caps > 0) {
		x->made_capabilities = x->made.capabilities ? *x->made.capabilities : no_caps;
		add_capabilities(x, &x->made_capabilities);
		x->made.capabilities = &x->made_capabilities;
	}
	x->process = &x->made;
	return validate_process(x->process, "process", e);
}
