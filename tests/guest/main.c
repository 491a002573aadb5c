/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the command in the tables.  `guest do CMD ARGS... -- CMD ARGS...` runs several. */
#include "guest.h"

#include <errno.h>
#include <string.h>

int fail(const char *what)
{
	fprintf(stderr, "guest: %s: %s (%s)\n", what, strerrorname_np(errno), strerror(errno));
	return 1;
}

static void print_facts_of(const struct fact *facts, bool *first)
{
	for (; facts->name; facts++) {
		json_key(first, facts->name);
		facts->print();
	}
}

void print_all_facts(void)
{
	bool first = true;

	putchar('{');
	print_facts_of(process_facts, &first);
	print_facts_of(kernel_facts, &first);
	printf("}\n");
}

static const struct fact *find_fact(const struct fact *facts, const char *name)
{
	for (; facts->name; facts++)
		if (strcmp(facts->name, name) == 0)
			return facts;
	return NULL;
}

static const struct act *find_act(const struct act *acts, const char *name)
{
	for (; acts->name; acts++)
		if (strcmp(acts->name, name) == 0)
			return acts;
	return NULL;
}

/* Runs what stands between the "--" one after the other; the status is the last failure. */
static int run_several(int n, char **args)
{
	int status = 0;

	for (int from = 0, to; from < n; from = to + 1) {
		for (to = from; to < n && strcmp(args[to], "--") != 0; to++)
			;
		args[to] = NULL;
		int r = run_command(to - from, args + from);

		fflush(stdout);
		if (r)
			status = r;
	}
	return status;
}

static int usage(void)
{
	fprintf(stderr, "usage: guest COMMAND [ARG...]\nacts:\n");
	for (const struct act *a = process_acts; a->name; a++)
		fprintf(stderr, "  %s %s\n", a->name, a->usage);
	for (const struct act *a = file_acts; a->name; a++)
		fprintf(stderr, "  %s %s\n", a->name, a->usage);
	for (const struct act *a = ipc_acts; a->name; a++)
		fprintf(stderr, "  %s %s\n", a->name, a->usage);
	fprintf(stderr, "  do COMMAND [ARG...] -- COMMAND [ARG...]\nfacts: all");
	for (const struct fact *f = process_facts; f->name; f++)
		fprintf(stderr, " %s", f->name);
	for (const struct fact *f = kernel_facts; f->name; f++)
		fprintf(stderr, " %s", f->name);
	fprintf(stderr, "\n");
	return 64;
}

int run_command(int n, char **args)
{
	const struct act *act;
	const struct fact *fact;

	if (n < 1)
		return usage();
	if (strcmp(args[0], "do") == 0)
		return run_several(n - 1, args + 1);
	if (strcmp(args[0], "all") == 0) {
		print_all_facts();
		return 0;
	}
	fact = find_fact(process_facts, args[0]);
	if (!fact)
		fact = find_fact(kernel_facts, args[0]);
	if (fact) {
		fact->print();
		putchar('\n');
		return 0;
	}
	act = find_act(process_acts, args[0]);
	if (!act)
		act = find_act(file_acts, args[0]);
	if (!act)
		act = find_act(ipc_acts, args[0]);
	if (!act || n - 1 < act->min_args)
		return usage();
	return act->run(n - 1, args + 1);
}

int main(int argc, char **argv)
{
	int r = run_command(argc - 1, argv + 1);

	return fflush(stdout) ? fail("stdout") : r;
}
