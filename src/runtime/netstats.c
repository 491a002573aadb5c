/* SPDX-License-Identifier: Apache-2.0 */
/* Reads /proc/PID/net/dev, which is that of the process's network namespace (proc(5)): see netstats.h. */
#include "runtime/netstats.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fdio.h"
#include "base/str.h"
#include "kernel/spawn.h"

/* The sixteen numbers of a line: eight received, eight sent. */
#define N_COLUMNS 16

static const int columns[N_NETSTATS] = {
	[NETSTATS_RX_BYTES] = 0, [NETSTATS_RX_PACKETS] = 1, [NETSTATS_RX_ERRORS] = 2,  [NETSTATS_RX_DROPPED] = 3,
	[NETSTATS_TX_BYTES] = 8, [NETSTATS_TX_PACKETS] = 9, [NETSTATS_TX_ERRORS] = 10, [NETSTATS_TX_DROPPED] = 11,
};

/* "  eth0: 1 2 3 ..."; a name may hold a colon itself, but no blank. */
static void parse_line(const char *line, struct netstats *stats)
{
	_cleanup_(strv_done) struct strv words = STRV_INIT;
	const char *name = line + strspn(line, " "), *colon = strstr(name, ": ");
	struct netstats_interface interface = { .name = NULL };
	uint64_t numbers[N_COLUMNS];

	if (!colon)
		return;
	strv_split(&words, colon + 1, ' ');
	if (words.n < N_COLUMNS)
		return;
	for (size_t i = 0; i < N_COLUMNS; i++)
		if (str_to_u64(words.v[i], &numbers[i]) < 0)
			return;
	for (size_t i = 0; i < N_NETSTATS; i++)
		interface.counts[i] = numbers[columns[i]];
	interface.name = xstrndup(name, (size_t)(colon - name));
	if (strcmp(interface.name, "lo") == 0) {
		free(interface.name);
		return;
	}
	stats->v = xrealloc(stats->v, stats->n + 1, sizeof(*stats->v));
	stats->v[stats->n++] = interface;
}

void netstats_parse(const char *text, struct netstats *ret_stats)
{
	_cleanup_(strv_done) struct strv lines = STRV_INIT;

	strv_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.n; i++)
		parse_line(lines.v[i], ret_stats);
}

void netstats_done(struct netstats *stats)
{
	for (size_t i = 0; i < stats->n; i++)
		free(stats->v[i].name);
	free(stats->v);
	*stats = (struct netstats)NETSTATS_INIT;
}

int netstats_read(const struct state_now *now, struct netstats *ret_stats, struct err *e)
{
	_cleanup_free_ char *ns = str_printf("/proc/%d/ns/net", now->pid);
	_cleanup_free_ char *file = str_printf("/proc/%d/net/dev", now->pid);
	_cleanup_free_ char *text = NULL;
	struct stat own, theirs;
	int r;

	if (stat("/proc/self/ns/net", &own) < 0)
		return err_set(e, -errno, "/proc/self/ns/net");
	r = stat(ns, &theirs) < 0 ? -errno : 0;
	if (r == 0 && own.st_dev == theirs.st_dev && own.st_ino == theirs.st_ino)
		return 0;
	if (r == 0)
		r = fdio_read_file(AT_FDCWD, file, 1 << 20, &text, NULL);
	/* Asked afterwards: if it lives, what was read was its own and not that of a later process. */
	if (spawn_signal(now->pidfd, 0) == -ESRCH)
		return err_say(e, -ESRCH, "container not running: process %d has ended", now->pid);
	/* Its namespaces are not ours to look at: it has privileges that we lack (ptrace(2)). */
	if (r == -EACCES || r == -EPERM)
		return 0;
	if (r < 0)
		return err_set(e, r, "%s", file);
	netstats_parse(text, ret_stats);
	return 0;
}
