/* SPDX-License-Identifier: Apache-2.0 */
/* What the process is: ids, capabilities, environment, descriptors, limits.  Changes nothing. */
#include "guest.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* The value of "Name:\tvalue" in /proc/self/status; false when the kernel does not print it. */
static bool status_field(const char *name, char *ret, size_t size)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[4096];
	bool found = false;
	size_t n = strlen(name);

	while (f && !found && fgets(line, sizeof line, f)) {
		if (strncmp(line, name, n) != 0 || line[n] != ':')
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(ret, size, "%s", line + n + 1 + strspn(line + n + 1, "\t "));
		found = true;
	}
	if (f)
		fclose(f);
	return found;
}

static void print_number_list(const unsigned *values, int n)
{
	bool first = true;

	putchar('[');
	for (int i = 0; i < n; i++) {
		json_comma(&first);
		printf("%u", values[i]);
	}
	putchar(']');
}

static void fact_uids(void)
{
	uid_t id[4];

	getresuid(&id[0], &id[1], &id[2]);
	id[3] = (uid_t)setfsuid((uid_t)-1);
	print_number_list(id, 4);
}

static void fact_gids(void)
{
	gid_t id[4];

	getresgid(&id[0], &id[1], &id[2]);
	id[3] = (gid_t)setfsgid((gid_t)-1);
	print_number_list(id, 4);
}

static void fact_groups(void)
{
	gid_t groups[1024];
	int n = getgroups(1024, groups);

	print_number_list(groups, n < 0 ? 0 : n);
}

static void fact_umask(void)
{
	mode_t mask = umask(0);

	umask(mask);
	printf("\"%04o\"", mask);
}

static void print_status_object(const char *const *names, size_t n, const char *const *keys)
{
	char value[256];
	bool first = true;

	putchar('{');
	for (size_t i = 0; i < n; i++)
		if (status_field(names[i], value, sizeof value))
			json_key_string(&first, keys[i], value);
	putchar('}');
}

static void fact_caps(void)
{
	static const char *const names[] = { "CapBnd", "CapEff", "CapInh", "CapPrm", "CapAmb" };
	static const char *const keys[] = { "bounding", "effective", "inheritable", "permitted", "ambient" };

	print_status_object(names, 5, keys);
}

static void fact_signals(void)
{
	static const char *const names[] = { "SigBlk", "SigIgn", "SigCgt" };
	static const char *const keys[] = { "blocked", "ignored", "caught" };

	print_status_object(names, 3, keys);
}

static void fact_environ(void)
{
	bool first = true;

	putchar('[');
	for (char **e = environ; *e; e++) {
		json_comma(&first);
		json_string(*e);
	}
	putchar(']');
}

/* argv as the kernel keeps it, so that argv[0] is seen too. */
static void fact_argv(void)
{
	FILE *f = fopen("/proc/self/cmdline", "re");
	char *arg = NULL;
	size_t size = 0;
	bool first = true;

	putchar('[');
	while (f && getdelim(&arg, &size, '\0', f) > 0) {
		json_comma(&first);
		json_string(arg);
	}
	putchar(']');
	free(arg);
	if (f)
		fclose(f);
}

static void fact_cwd(void)
{
	char path[4096];

	json_string(getcwd(path, sizeof path) ? path : "");
}

/* Every open descriptor but the one that lists them. */
static void fact_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *d;
	bool first = true;

	putchar('{');
	while (dir && (d = readdir(dir))) {
		char target[4096];
		ssize_t n;

		if (d->d_name[0] == '.' || atoi(d->d_name) == dirfd(dir))
			continue;
		n = readlinkat(dirfd(dir), d->d_name, target, sizeof target - 1);
		target[n < 0 ? 0 : n] = '\0';
		json_key_string(&first, d->d_name, target);
	}
	putchar('}');
	if (dir)
		closedir(dir);
}

static void print_limit(rlim_t value)
{
	if (value == RLIM_INFINITY)
		printf("\"infinity\"");
	else
		printf("%llu", (unsigned long long)value);
}

static void fact_rlimits(void)
{
	static const struct {
		const char *name;
		__rlimit_resource_t resource;
	} limits[] = {
		{ "RLIMIT_AS", RLIMIT_AS },           { "RLIMIT_CORE", RLIMIT_CORE },
		{ "RLIMIT_CPU", RLIMIT_CPU },         { "RLIMIT_DATA", RLIMIT_DATA },
		{ "RLIMIT_FSIZE", RLIMIT_FSIZE },     { "RLIMIT_LOCKS", RLIMIT_LOCKS },
		{ "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK }, { "RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE },
		{ "RLIMIT_NICE", RLIMIT_NICE },       { "RLIMIT_NOFILE", RLIMIT_NOFILE },
		{ "RLIMIT_NPROC", RLIMIT_NPROC },     { "RLIMIT_RSS", RLIMIT_RSS },
		{ "RLIMIT_RTPRIO", RLIMIT_RTPRIO },   { "RLIMIT_RTTIME", RLIMIT_RTTIME },
		{ "RLIMIT_STACK", RLIMIT_STACK },     { "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING },
	};
	bool first = true;

	putchar('{');
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		struct rlimit r = { 0 };

		getrlimit(limits[i].resource, &r);
		json_key(&first, limits[i].name);
		putchar('[');
		print_limit(r.rlim_cur);
		putchar(',');
		print_limit(r.rlim_max);
		putchar(']');
	}
	putchar('}');
}

static void fact_process(void)
{
	char value[64] = "";
	bool first = true;
	int pdeathsig = 0;

	prctl(PR_GET_PDEATHSIG, &pdeathsig);
	putchar('{');
	json_key_number(&first, "pid", getpid());
	json_key_number(&first, "ppid", getppid());
	json_key_number(&first, "sid", getsid(0));
	json_key_number(&first, "pgid", getpgid(0));
	json_key_number(&first, "pdeathsig", pdeathsig);
	json_key_number(&first, "dumpable", prctl(PR_GET_DUMPABLE));
	json_key_number(&first, "no_new_privs", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	json_key_number(&first, "securebits", prctl(PR_GET_SECUREBITS));
	if (status_field("Seccomp", value, sizeof value))
		json_key_number(&first, "seccomp", atoll(value));
	if (status_field("Seccomp_filters", value, sizeof value))
		json_key_number(&first, "seccomp_filters", atoll(value));
	putchar('}');
}

const struct fact process_facts[] = {
	{ "process", fact_process }, { "argv", fact_argv },       { "env", fact_environ },
	{ "cwd", fact_cwd },         { "uids", fact_uids },       { "gids", fact_gids },
	{ "groups", fact_groups },   { "umask", fact_umask },     { "caps", fact_caps },
	{ "signals", fact_signals }, { "rlimits", fact_rlimits }, { "fds", fact_fds },
	{ NULL, NULL },
};
