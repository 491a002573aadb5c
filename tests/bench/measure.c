/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times commands: every case once per round, in an order that is shuffled anew for each round, so that
 * what else happens on the host falls on all alike.  From before the clone to after the wait.  Static and
 * small, since the peak memory of a child begins with what its parent had at the clone (getrusage(2)).
 *
 * The cases are a text file of lines, whose words are separated by tabs:
 *	case NAME            begins one
 *	user UID GID         it runs as that user (all its commands)
 *	before WORD...       a command before the measured one; several are run in order
 *	gone PID-FILE        before it, too: wait until that child of a child has ended, and reap it
 *	time WORD...         the measured command
 *	after WORD...        a command after it
 * Output: a line per case, separated by tabs: name, runs, median, tenth and ninetieth percentile in
 * microseconds, median of the processor time of what it waited for, peak memory of a process in KiB, and
 * what went wrong, if anything did: the case is left out from then on.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_CASES 256
#define MAX_STEPS 1024
#define MAX_WORDS 24
#define GONE_TIMEOUT_S 10
#define STACK_SIZE 65536

enum step_kind { STEP_BEFORE, STEP_GONE, STEP_TIME, STEP_AFTER };

struct step {
	enum step_kind kind;
	char *argv[MAX_WORDS];
};

struct measured {
	const char *name;
	uid_t uid;
	gid_t gid;
	size_t first_step, n_steps;
	uint32_t *wall, *cpu; /* microseconds */
	unsigned n;
	long peak_kib;
	char *failure;
};

struct bench {
	struct measured cases[MAX_CASES];
	struct step steps[MAX_STEPS];
	size_t n_cases, n_steps;
	int null, output; /* /dev/null; what the children print */
};

struct usage {
	uint32_t wall, cpu;
	long peak_kib;
};

static void die(const char *what)
{
	fprintf(stderr, "measure: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void *allocate(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p)
		die("calloc");
	return p;
}

/* ---- the file of cases -------------------------------------------------------------------- */

static void die_of_cases(const char *what, const char *word)
{
	fprintf(stderr, "measure: the file of cases: %s: %s\n", what, word);
	exit(1);
}

/* The words of a line. */
static void split(char *line, char *words[MAX_WORDS])
{
	size_t n = 0;

	while (line && n < MAX_WORDS - 1)
		words[n++] = strsep(&line, "\t");
	words[n] = NULL;
	if (line)
		die_of_cases("a line of too many words", words[0]);
}

static void add_step(struct bench *b, enum step_kind kind, char *const *argv)
{
	struct step *step = &b->steps[b->n_steps];

	if (b->n_cases == 0 || !argv[0] || b->n_steps == MAX_STEPS)
		die_of_cases("a step of no case, of no command, or too many", argv[0] ? argv[0] : "");
	step->kind = kind;
	for (size_t i = 0; argv[i]; i++)
		step->argv[i] = argv[i];
	b->n_steps++;
	b->cases[b->n_cases - 1].n_steps++;
}

static void read_line(struct bench *b, char *line, unsigned runs)
{
	static const char *const kinds[] = {
		[STEP_BEFORE] = "before", [STEP_GONE] = "gone", [STEP_TIME] = "time", [STEP_AFTER] = "after",
	};
	char *words[MAX_WORDS];

	split(line, words);
	if (strcmp(words[0], "case") == 0 && words[1] && b->n_cases < MAX_CASES) {
		b->cases[b->n_cases++] = (struct measured){
			.name = words[1],
			.first_step = b->n_steps,
			.uid = getuid(),
			.gid = getgid(),
			.wall = allocate(runs, sizeof(uint32_t)),
			.cpu = allocate(runs, sizeof(uint32_t)),
		};
		return;
	}
	if (strcmp(words[0], "user") == 0 && words[1] && words[2] && b->n_cases > 0) {
		b->cases[b->n_cases - 1].uid = (uid_t)strtoul(words[1], NULL, 10);
		b->cases[b->n_cases - 1].gid = (gid_t)strtoul(words[2], NULL, 10);
		return;
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(words[0], kinds[i]) == 0) {
			add_step(b, (enum step_kind)i, words + 1);
			return;
		}
	}
	die_of_cases("neither a case, a user nor a step", line);
}

static void read_cases(struct bench *b, const char *path, unsigned runs)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	if (!file)
		die(path);
	while ((n = getline(&line, &size, file)) > 0) {
		if (line[n - 1] == '\n')
			line[n - 1] = '\0';
		if (line[0])
			read_line(b, line, runs);
		/* The words point into it. */
		line = NULL;
		size = 0;
	}
	fclose(file);
}

/* ---- one run ------------------------------------------------------------------------------ */

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

struct child {
	const struct bench *b;
	const struct measured *c;
	char *const *argv;
};

/* On the parent's memory, while that waits: only system calls, past the C library, which would change the
   ids of all threads. */
static int become(void *arg)
{
	const struct child *child = arg;
	const struct bench *b = child->b;
	const struct measured *c = child->c;

	if (dup2(b->null, 0) < 0 || dup2(b->output, 1) < 0 || dup2(b->output, 2) < 0)
		_exit(126);
	if (c->uid != getuid() &&
	    (syscall(SYS_setgroups, 0, NULL) < 0 || syscall(SYS_setresgid, c->gid, c->gid, c->gid) < 0 ||
	     syscall(SYS_setresuid, c->uid, c->uid, c->uid) < 0))
		_exit(126);
	execv(child->argv[0], child->argv);
	_exit(127);
}

static uint32_t cpu_us(const struct rusage *usage)
{
	return (uint32_t)((usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000 + usage->ru_utime.tv_usec +
			  usage->ru_stime.tv_usec);
}

/* The wait status.  What else ends meanwhile is reaped at once, as an engine's monitor would: a runtime
   that waits until a process is gone must not wait for us. */
static int run(const struct bench *b, const struct measured *c, char *const *argv, struct usage *ret)
{
	static _Alignas(16) char stack[STACK_SIZE];
	struct child child = { b, c, argv };
	struct rusage usage;
	const uint64_t begin = now_us();
	pid_t ended, pid;
	int status;

	/* Like vfork(2), which compilers and checkers frown upon. */
	pid = clone(become, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, &child);
	if (pid < 0)
		die("clone");
	do {
		ended = wait4(-1, &status, 0, &usage);
		if (ended < 0 && errno != EINTR)
			die("wait4");
	} while (ended != pid);
	*ret = (struct usage){ (uint32_t)(now_us() - begin), cpu_us(&usage), usage.ru_maxrss };
	return status;
}

/* -1 with errno when it does not end. */
static int wait_gone(const char *pid_file)
{
	const uint64_t deadline = now_us() + GONE_TIMEOUT_S * 1000000ULL;
	FILE *file = fopen(pid_file, "re");
	char text[16] = "";
	pid_t pid;

	if (!file)
		return -1;
	if (!fgets(text, sizeof(text), file))
		text[0] = '\0';
	fclose(file);
	pid = (pid_t)strtol(text, NULL, 10);
	if (pid <= 0) {
		errno = EINVAL;
		return -1;
	}
	/* ECHILD: run() has reaped it. */
	while (waitpid(pid, NULL, WNOHANG) == 0) {
		if (now_us() > deadline) {
			errno = ETIMEDOUT;
			return -1;
		}
		usleep(200);
	}
	return 0;
}

static char *describe(const struct bench *b, char *const *argv, int status)
{
	char words[512] = "", printed[512] = "", *text = NULL;
	size_t n = 0;
	ssize_t n_printed;

	for (; *argv && n < sizeof(words); argv++)
		n += (size_t)snprintf(words + n, sizeof(words) - n, "%s ", *argv);
	n_printed = pread(b->output, printed, sizeof(printed) - 1, 0);
	for (ssize_t i = 0; i < n_printed; i++)
		if ((unsigned char)printed[i] < ' ')
			printed[i] = ' ';
	if (asprintf(&text, "%s: status %d: %s", words, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
		     printed) < 0)
		die("asprintf");
	return text;
}

static void reap_orphans(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

static void run_case(const struct bench *b, struct measured *c)
{
	for (size_t i = c->first_step; i < c->first_step + c->n_steps; i++) {
		const struct step *step = &b->steps[i];
		struct usage usage;
		int status;

		/* After a failure only what cleans up is run, once. */
		if (c->failure && step->kind != STEP_AFTER)
			continue;
		if (step->kind == STEP_GONE) {
			if (wait_gone(step->argv[0]) < 0 && asprintf(&c->failure, "%s: %s", step->argv[0], strerror(errno)) < 0)
				die("asprintf");
			continue;
		}
		if (ftruncate(b->output, 0) < 0 || lseek(b->output, 0, SEEK_SET) < 0)
			die("the output of commands");
		status = run(b, c, step->argv, &usage);
		if (status != 0) {
			if (!c->failure)
				c->failure = describe(b, step->argv, status);
		} else if (step->kind == STEP_TIME) {
			c->wall[c->n] = usage.wall;
			c->cpu[c->n++] = usage.cpu;
			if (usage.peak_kib > c->peak_kib)
				c->peak_kib = usage.peak_kib;
		}
	}
	reap_orphans();
}

/* ---- all runs ----------------------------------------------------------------------------- */

static void shuffle(size_t *order, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		const size_t j = (size_t)random() % i, other = order[i - 1];

		order[i - 1] = order[j];
		order[j] = other;
	}
}

static int by_value(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Of sorted values, the nearest rank. */
static uint32_t percentile(const uint32_t *values, unsigned n, unsigned percent)
{
	return n ? values[(n - 1) * percent / 100] : 0;
}

static void print_case(struct measured *c)
{
	qsort(c->wall, c->n, sizeof(*c->wall), by_value);
	qsort(c->cpu, c->n, sizeof(*c->cpu), by_value);
	printf("%s\t%u\t%u\t%u\t%u\t%u\t%ld\t%s\n", c->name, c->n, percentile(c->wall, c->n, 50),
	       percentile(c->wall, c->n, 10), percentile(c->wall, c->n, 90), percentile(c->cpu, c->n, 50), c->peak_kib,
	       c->failure ? c->failure : "");
}

int main(int argc, char **argv)
{
	static struct bench b;
	size_t order[MAX_CASES];
	unsigned runs;

	if (argc != 3 || (runs = (unsigned)strtoul(argv[1], NULL, 10)) == 0) {
		fprintf(stderr, "usage: measure RUNS FILE-OF-CASES\n");
		return 64;
	}
	read_cases(&b, argv[2], runs);
	b.null = open("/dev/null", O_RDWR | O_CLOEXEC);
	b.output = memfd_create("output", MFD_CLOEXEC);
	if (b.null < 0 || b.output < 0)
		die("open");
	/* A runtime leaves the container's first process to its caller. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	srandom((unsigned)now_us());
	for (size_t i = 0; i < b.n_cases; i++)
		order[i] = i;
	for (unsigned round = 0; round < runs; round++) {
		shuffle(order, b.n_cases);
		for (size_t i = 0; i < b.n_cases; i++)
			if (!b.cases[order[i]].failure)
				run_case(&b, &b.cases[order[i]]);
	}
	for (size_t i = 0; i < b.n_cases; i++)
		print_case(&b.cases[i]);
	return 0;
}
