/* SPDX-License-Identifier: Apache-2.0 */
/* The environment of a program: what the process object lists, each name once, and what the runtime adds. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "runtime/process.h"
#include "runtime/users.h"

/* The places of entries, sorted by their names and, for one name, by their place. */
static int compare(const void *a, const void *b, void *env_)
{
	const char *const *env = env_;
	const size_t i = *(const size_t *)a, j = *(const size_t *)b;
	const size_t n_i = strcspn(env[i], "="), n_j = strcspn(env[j], "=");
	const int r = memcmp(env[i], env[j], n_i < n_j ? n_i : n_j);

	if (r != 0)
		return r;
	return n_i != n_j ? (n_i > n_j) - (n_i < n_j) : (i > j) - (i < j);
}

static bool same_name(const char *a, const char *b)
{
	const size_t n = strcspn(a, "=");

	return strcspn(b, "=") == n && memcmp(a, b, n) == 0;
}

/* Of entries with one name the last counts, as in a shell and for other runtimes; of several that are handed on,
   getenv(3) would see the first.  Sorted, since there may be thousands.  Returns new memory: true for what is not
   handed on. */
static bool *find_overridden(const char *const *env, size_t n)
{
	_cleanup_free_ size_t *order = xcalloc(n, sizeof(*order));
	bool *overridden = xcalloc(n, sizeof(*overridden));

	for (size_t i = 0; i < n; i++)
		order[i] = i;
	qsort_r(order, n, sizeof(*order), compare, (void *)(uintptr_t)env);
	for (size_t k = 0; k + 1 < n; k++)
		overridden[order[k]] = same_name(env[order[k]], env[order[k + 1]]);
	return overridden;
}

void process_make_env(const struct process_run *run, struct strv *ret_env)
{
	const struct oci_process *p = run->process;
	_cleanup_free_ bool *overridden = find_overridden(p->env, p->n_env);
	bool have_home = false, listen = run->listen_fds > 0;

	for (size_t i = 0; i < p->n_env; i++) {
		const char *entry = p->env[i];

		/* An empty one is as good as none. */
		if (overridden[i] || strcmp(entry, "HOME=") == 0)
			continue;
		if (listen && (str_starts(entry, "LISTEN_FDS=") || str_starts(entry, "LISTEN_PID=")))
			continue;
		have_home |= str_starts(entry, "HOME=");
		strv_add(ret_env, entry);
	}
	if (!have_home) {
		_cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		_cleanup_free_ char *home = users_home(root, p->user.uid);

		strv_take(ret_env, str_printf("HOME=%s", home ? home : "/"));
	}
	if (listen) {
		strv_take(ret_env, str_printf("LISTEN_FDS=%u", run->listen_fds));
		strv_take(ret_env, str_printf("LISTEN_PID=%d", getpid()));
	}
}
