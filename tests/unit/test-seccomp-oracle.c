/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The compiler against two oracles, over every system call number and the boundaries of every
 * condition: libseccomp, where its answer does not depend on how its tree was built, and a model
 * that reads the rules of rules.h off the profile one by one.
 *
 *	OCIRUN_SEED=N    other random profiles than usual
 *	OCIRUN_ROUNDS=N  that many of them
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "seccomp-libseccomp.h"
#include "base/fdio.h"
#include "base/str.h"
#include "libocispec-lite/ocispec-lite.h"
#include "seccomp/names.h"
#include "seccomp/rules.h"
#include "seccomp/seccomp.h"
#include "seccomp-model.h"
#include "test.h"

static uint64_t random_state;

static uint64_t random_u64(void) /* xorshift64* */
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 2685821657736338717ULL;
}

static uint32_t below(uint32_t n)
{
	return (uint32_t)(random_u64() >> 33) % n;
}

/* ---- comparing ---- */

static void print_rules(const struct oci_seccomp *profile, const struct names_arch *arch,
			const struct seccomp_data *data)
{
	for (size_t i = 0; i < profile->n_syscalls; i++) {
		const struct oci_seccomp_rule *rule = &profile->syscalls[i];

		for (size_t k = 0; k < rule->n_names; k++) {
			struct names_number number;

			if (names_find(arch, rule->names[k], &number) < 0 ||
			    (number.nr != (uint32_t)data->nr && number.mux_nr != (uint32_t)data->nr))
				continue;
			printf("#   %s %s", rule->names[k], oci_seccomp_action_name(rule->action));
			for (size_t n = 0; n < rule->n_args; n++)
				printf(" [%u] %s %#llx %#llx", rule->args[n].index,
				       oci_seccomp_operator_name(rule->args[n].op),
				       (unsigned long long)rule->args[n].value,
				       (unsigned long long)rule->args[n].value_two);
			printf("\n");
		}
	}
}

struct subject {
	const struct oci_seccomp *profile;
	struct seccomp_program ours;
	struct sock_filter *theirs; /* NULL: the model only */
	size_t n_theirs;
	struct section sections[MAX_SECTIONS];
	size_t n_sections;
	uint32_t actions[64]; /* of the rules */
	uint64_t values[256]; /* worth trying as arguments */
	size_t n_values;
	unsigned long runs, failures;
};

static void complain(struct subject *s, const char *who, const struct seccomp_data *data,
		     uint32_t ours, uint32_t theirs)
{
	if (s->failures++ > 0)
		return;
	printf("# %s: arch %#x nr %d args %llx %llx %llx %llx %llx %llx: ours %#x, %#x expected\n",
	       who, data->arch, data->nr, (unsigned long long)data->args[0],
	       (unsigned long long)data->args[1], (unsigned long long)data->args[2],
	       (unsigned long long)data->args[3], (unsigned long long)data->args[4],
	       (unsigned long long)data->args[5], ours, theirs);
	if (section_of(s->sections, s->n_sections, data))
		print_rules(s->profile, section_of(s->sections, s->n_sections, data)->arch, data);
}

/* The two words of an argument lie in the order of the architecture; the interpreter's words are
   ours. */
static uint32_t run(const struct sock_filter *program, const struct seccomp_data *data,
		    bool big_endian)
{
	struct seccomp_data swapped = *data;

	for (size_t i = 0; big_endian && i < SECCOMP_MAX_ARGS; i++)
		swapped.args[i] = data->args[i] << 32 | data->args[i] >> 32;
	return vm_run(program, &swapped, NULL);
}

static void probe(struct subject *s, const struct seccomp_data *data, bool model)
{
	const struct section *section = section_of(s->sections, s->n_sections, data);
	uint32_t ours = run(s->ours.filter, data, section && section->arch->big_endian), expected;

	s->runs++;
	if (s->theirs) {
		expected = gives_enosys(s->profile, section, data) ? SECCOMP_RET_ERRNO | ENOSYS :
								     vm_run(s->theirs, data, NULL);
		if (ours != expected)
			complain(s, "libseccomp", data, ours, expected);
	}
	if (!model)
		return;
	expected = model_run(s->profile, s->actions, s->sections, s->n_sections, data);
	if (ours != expected)
		complain(s, "model", data, ours, expected);
}

static void random_args(struct subject *s, struct seccomp_data *data)
{
	for (size_t i = 0; i < SECCOMP_MAX_ARGS; i++)
		data->args[i] = s->n_values > 0 && below(8) ? s->values[below((uint32_t)s->n_values)]
							    : below(25);
}

static void add_value(struct subject *s, uint64_t value)
{
	if (s->n_values < ARRAY_SIZE(s->values))
		s->values[s->n_values++] = value;
}

/* The boundaries of each condition, in both words. */
static void collect_values(struct subject *s)
{
	for (size_t i = 0; i < s->profile->n_syscalls; i++) {
		const struct oci_seccomp_rule *rule = &s->profile->syscalls[i];

		for (size_t k = 0; k < rule->n_args; k++) {
			uint64_t v = rule->args[k].op == OCI_SECCOMP_MASKED_EQ
					     ? rule->args[k].value_two
					     : rule->args[k].value;

			add_value(s, v);
			add_value(s, v - 1);
			add_value(s, v + 1);
			add_value(s, v ^ 1ULL << 32);
			add_value(s, v + (1ULL << 32));
			add_value(s, v - (1ULL << 32));
			add_value(s, v & UINT32_MAX);
			add_value(s, ~v);
		}
	}
}

/* Every number around an architecture's, then those that have rules with many arguments. */
static void probe_numbers(struct subject *s, uint32_t arch, uint32_t from, uint32_t to, bool model)
{
	for (uint32_t nr = from; nr != to; nr++) {
		struct seccomp_data data = { .nr = (int)nr, .arch = arch };

		random_args(s, &data);
		probe(s, &data, model && below(16) == 0);
	}
}

static void probe_rules(struct subject *s, const struct names_arch *arch, unsigned tries)
{
	for (size_t i = 0; i < s->profile->n_syscalls; i++) {
		const struct oci_seccomp_rule *rule = &s->profile->syscalls[i];

		for (size_t k = 0; rule->n_args > 0 && k < rule->n_names; k++) {
			struct seccomp_data data = { .arch = arch->audit };
			struct names_number number;

			if (names_find(arch, rule->names[k], &number) < 0)
				continue;
			for (unsigned n = 0; n < tries; n++) {
				random_args(s, &data);
				data.nr = (int)number.nr;
				if (number.direct)
					probe(s, &data, true);
				data.nr = (int)number.mux_nr;
				if (below(2))
					data.args[0] = number.mux_call;
				if (number.muxed)
					probe(s, &data, true);
			}
		}
	}
}

static void probe_all(struct subject *s, unsigned tries)
{
	static const uint32_t edges[] = { 0x7fffffff,
					  0x80000000,
					  0x3fffffff,
					  0x40000000,
					  0xfffffffe,
					  0xffffffff,
					  NAMES_ARM_PRIVATE - 1,
					  NAMES_ARM_PRIVATE,
					  NAMES_ARM_PRIVATE + 5 };

	for (size_t i = 0; i <= s->n_sections; i++) {
		const struct names_arch *arch = i < s->n_sections ? s->sections[i].arch : NULL;
		uint32_t audit = arch ? arch->audit : 0x1234, base = arch ? arch->base : 0;

		probe_numbers(s, audit, base - 8, base + 600, true);
		if (audit == AUDIT_ARCH_X86_64)
			probe_numbers(s, audit, NAMES_X32_BIT - 2, NAMES_X32_BIT + 600, true);
		for (size_t k = 0; k < ARRAY_SIZE(edges); k++)
			probe_numbers(s, audit, edges[k], edges[k] + 1, true);
		if (arch)
			probe_rules(s, arch, tries);
	}
}

static int subject_init(struct subject *s, const struct oci_seccomp *profile, bool use_libseccomp)
{
	struct err e = ERR_INIT;
	int r;

	memset(s, 0, sizeof(*s));
	s->profile = profile;
	r = seccomp_check(profile, "linux.seccomp", &e);
	if (r == 0)
		r = seccomp_compile(profile, false, &s->ours, &e);
	if (r < 0) {
		printf("# %s\n", e.text);
		return r;
	}
	if (!vm_valid(s->ours.filter, s->ours.n_filter)) {
		printf("# invalid program\n");
		return -EINVAL;
	}
	if (use_libseccomp)
		r = oracle_compile(profile, &s->theirs, &s->n_theirs);
	s->n_sections = find_sections(profile, s->sections);
	for (size_t i = 0; i < profile->n_syscalls; i++)
		s->actions[i] = seccomp_action_value(profile->syscalls[i].action,
						     profile->syscalls[i].errno_ret);
	collect_values(s);
	return r;
}

static void subject_done(struct subject *s)
{
	seccomp_program_done(&s->ours);
	free(s->theirs);
}

/* ---- random profiles ---- */

#define MAX_RULES 40

struct random_profile {
	struct oci_seccomp profile;
	struct oci_seccomp_rule rules[MAX_RULES + 1];
	struct oci_seccomp_arg args[MAX_RULES][SECCOMP_MAX_ARGS];
	uint32_t errnos[MAX_RULES];
	const char *names[MAX_RULES][4];
	enum oci_seccomp_arch archs[4];
	uint32_t default_errno;
};

static const char *const pool[] = {
	"read",
	"write",
	"openat",
	"personality",
	"clone",
	"mmap",
	"mmap2",
	"ioctl",
	"keyctl",
	"clock_gettime64",
	"arch_prctl",
	"fstatat64",
	"waitpid",
	"no_such_call",
	"socket",
	"bind",
	"accept",
	"accept4",
	"send",
	"sendmmsg",
	"socketpair",
	"recvmmsg",
	"semop",
	"semget",
	"semtimedop",
	"msgctl",
	"shmat",
	"shmctl",
	"set_tls",
	"breakpoint",
	"s390_pci_mmio_read",
	"close_range",
	"futex_waitv",
	"prctl",
	"restart_syscall",
	"exit",
	"sync_file_range2",
	"ptrace",
};

/* socketcall(2), ipc(2) and what they multiplex share numbers on some architectures. */
static bool shares_numbers(const char *name)
{
	static const char *const starts[] = { "socket", "bind", "accept", "send", "recv",
					      "sem",	"msg",	"shm",	  "ipc" };

	for (size_t i = 0; i < ARRAY_SIZE(starts); i++)
		if (str_starts(name, starts[i]))
			return true;
	return false;
}

static enum oci_seccomp_action random_action(void)
{
	static const enum oci_seccomp_action actions[] = {
		OCI_SECCOMP_KILL,  OCI_SECCOMP_KILL_PROCESS, OCI_SECCOMP_KILL_THREAD,
		OCI_SECCOMP_TRAP,  OCI_SECCOMP_ERRNO,	     OCI_SECCOMP_ERRNO,
		OCI_SECCOMP_TRACE, OCI_SECCOMP_ALLOW,	     OCI_SECCOMP_ALLOW,
		OCI_SECCOMP_LOG,
	};

	return actions[below(ARRAY_SIZE(actions))];
}

static uint64_t random_value(void)
{
	switch (below(5)) {
	case 0:
		return random_u64();
	case 1:
		return (uint64_t)below(3) << 32 | below(3);
	case 2:
		return UINT32_MAX - below(2) + (uint64_t)below(2);
	default:
		return below(6);
	}
}

static void random_rule(struct random_profile *p, size_t i, unsigned max_args)
{
	struct oci_seccomp_rule *rule = &p->rules[i];

	rule->names = p->names[i];
	rule->n_names = 1 + below(3);
	for (size_t k = 0; k < rule->n_names; k++)
		p->names[i][k] = pool[below(ARRAY_SIZE(pool))];
	rule->action = random_action();
	p->errnos[i] = below(4) ? below(40) : below(4095); /* libseccomp refuses 4095 itself */
	if ((rule->action == OCI_SECCOMP_ERRNO || rule->action == OCI_SECCOMP_TRACE) && below(3))
		rule->errno_ret = &p->errnos[i];
	rule->args = p->args[i];
	rule->n_args = below(4) ? below(max_args + 1) : 0;
	for (size_t k = 0; k < rule->n_args; k++)
		p->args[i][k] = (struct oci_seccomp_arg){
			.index = below(SECCOMP_MAX_ARGS),
			.value = random_value(),
			.value_two = random_value(),
			.op = (enum oci_seccomp_operator)(1 + below(ARRAY_SIZE(operators))),
		};
}

static void random_profile(struct random_profile *p, const enum oci_seccomp_arch *archs,
			   size_t n_archs)
{
	memset(p, 0, sizeof(*p));
	p->profile.default_action = random_action();
	p->default_errno = below(50);
	if (p->profile.default_action == OCI_SECCOMP_ERRNO && below(2))
		p->profile.default_errno_ret = &p->default_errno;
	p->profile.syscalls = p->rules;
	p->profile.n_syscalls = below(MAX_RULES);
	p->profile.architectures = p->archs;
	p->profile.n_architectures = below(4);
	for (size_t i = 0; i < p->profile.n_architectures; i++)
		p->archs[i] = archs[below((uint32_t)n_archs)];
	for (size_t i = 0; i < p->profile.n_syscalls; i++)
		random_rule(p, i, 3);
}

/* A rule that no default action makes superfluous, for a call of all architectures. */
static const char *const exit_group[] = { "exit_group" };
static const uint32_t rare = 7777;

static bool conditional_before(const struct random_profile *p, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (p->rules[k].n_args > 0 && strcmp(p->rules[k].names[0], p->rules[i].names[0]) == 0)
			return true;
	return false;
}

/* Rules of one test of equality each, or one rule with any tests: of more libseccomp 2.5 makes
   filters that compare the wrong word or merge tests of order.  Multiplexed calls have one test
   already. */
static void tame_tests(struct random_profile *p, size_t i)
{
	struct oci_seccomp_rule *rule = &p->rules[i];

	if (shares_numbers(rule->names[0])) {
		rule->n_args = 0;
	} else if (rule->names[0][0] % 2) {
		rule->n_args = rule->n_args > 0;
		if (p->args[i][0].op != OCI_SECCOMP_MASKED_EQ)
			p->args[i][0].op = OCI_SECCOMP_EQ;
	} else if (conditional_before(p, i)) {
		rule->n_args = 0;
	} else {
		for (size_t k = 0; k < rule->n_args; k++)
			p->args[i][k].index = (p->args[i][0].index + (uint32_t)k) % SECCOMP_MAX_ARGS;
	}
}

/* Make libseccomp's answer well-defined: all rules of a name that have conditions share one
   action, which follows from the name, and so do all rules of names that share numbers. */
static void tame(struct random_profile *p)
{
	static const enum oci_seccomp_action actions[] = { OCI_SECCOMP_ERRNO, OCI_SECCOMP_ALLOW,
							   OCI_SECCOMP_TRAP, OCI_SECCOMP_LOG };

	for (size_t i = 0; i < p->profile.n_syscalls; i++) {
		struct oci_seccomp_rule *rule = &p->rules[i];
		bool shares = shares_numbers(rule->names[0]);

		rule->n_names = 1;
		tame_tests(p, i);
		if (rule->n_args == 0 && !shares)
			continue;
		rule->errno_ret = NULL;
		rule->action =
			actions[shares ? 0 : (unsigned char)rule->names[0][1] % ARRAY_SIZE(actions)];
	}
	/* See oracle_compile(). */
	p->rules[p->profile.n_syscalls++] = (struct oci_seccomp_rule){ .names = exit_group,
		.n_names = 1, .action = OCI_SECCOMP_TRACE, .errno_ret = &rare };
}

static unsigned long number_from_env(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 0) : otherwise;
}

static const enum oci_seccomp_arch little_endian[] = {
	OCI_ARCH_X86,	  OCI_ARCH_X86_64,  OCI_ARCH_X32,      OCI_ARCH_ARM,
	OCI_ARCH_AARCH64, OCI_ARCH_MIPSEL,  OCI_ARCH_MIPSEL64, OCI_ARCH_MIPSEL64N32,
	OCI_ARCH_PPC64LE, OCI_ARCH_RISCV64,
};

static void test_random_against_libseccomp(unsigned long rounds)
{
	unsigned long runs = 0, failures = 0, refused = 0;

	for (unsigned long i = 0; i < rounds; i++) {
		uint64_t seed = random_state;
		struct random_profile p;
		struct subject s;
		int r;

		random_profile(&p, little_endian, ARRAY_SIZE(little_endian));
		tame(&p);
		r = subject_init(&s, &p.profile, true);
		if (r == 0)
			probe_all(&s, 60);
		else
			refused++;
		if (s.failures > 0 || r < 0)
			printf("# round %lu: %d, state %#llx\n", i, r, (unsigned long long)seed);
		runs += s.runs;
		failures += s.failures;
		subject_done(&s);
	}
	CHECK(failures == 0 && refused == 0,
	      "%lu random profiles give libseccomp's verdict in %lu of %lu probes", rounds,
	      runs - failures, runs);
}

static void test_random_against_model(unsigned long rounds)
{
	static const enum oci_seccomp_arch all[] = {
		OCI_ARCH_X86,	 OCI_ARCH_X86_64,  OCI_ARCH_X32,    OCI_ARCH_ARM,  OCI_ARCH_MIPS,
		OCI_ARCH_MIPS64, OCI_ARCH_PPC,	   OCI_ARCH_PPC64,  OCI_ARCH_S390, OCI_ARCH_S390X,
		OCI_ARCH_PARISC, OCI_ARCH_PPC64LE, OCI_ARCH_MIPSEL,
	};
	unsigned long runs = 0, failures = 0;

	for (unsigned long i = 0; i < rounds; i++) {
		uint64_t seed = random_state;
		struct random_profile p;
		struct subject s;

		random_profile(&p, all, ARRAY_SIZE(all));
		if (subject_init(&s, &p.profile, false) == 0)
			probe_all(&s, 20);
		else
			s.failures++;
		if (s.failures > 0)
			printf("# round %lu: state %#llx\n", i, (unsigned long long)seed);
		runs += s.runs;
		failures += s.failures;
		subject_done(&s);
	}
	CHECK(failures == 0, "%lu random profiles of any kind follow the rules in %lu probes",
	      rounds, runs);
}

/* ---- profiles of engines ---- */

static double milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void compare_profile(const struct oci_seccomp *profile, const char *name)
{
	double start = milliseconds(), ours;
	struct err e = ERR_INIT;
	struct seccomp_program cold;
	struct subject s;

	CHECK(seccomp_compile(profile, false, &cold, &e) == 0, "%s compiles", name);
	ours = milliseconds() - start;
	seccomp_program_done(&cold);
	start = milliseconds();
	CHECK(subject_init(&s, profile, true) == 0, "%s compiles twice", name);
	printf("# %s: %zu instructions in %.3f ms; libseccomp %zu in %.1f ms\n", name,
	       s.ours.n_filter, ours, s.n_theirs, milliseconds() - start);
	probe_all(&s, 2000);
	CHECK(s.failures == 0, "%s gives libseccomp's verdict in %lu probes", name, s.runs);
	subject_done(&s);
}

static void test_file(const char *name)
{
	const char *srcdir = getenv("abs_top_srcdir");
	_cleanup_free_ char *path = str_printf("%s/tests/data/%s", srcdir ? srcdir : ".", name);
	_cleanup_free_ char *text = NULL;
	const struct oci_config *config;
	struct lite_doc doc;
	size_t len;
	int r = fdio_read_file(AT_FDCWD, path, 1 << 20, &text, &len);

	CHECK(r == 0, "%s is read", path);
	if (r < 0)
		return;
	lite_init(&doc);
	config = lite_parse(&doc, LITE_CONFIG, text, len);
	CHECK(config && config->linux_ && config->linux_->seccomp, "%s is parsed %s", name,
	      config ? "" : doc.error);
	if (config && config->linux_ && config->linux_->seccomp)
		compare_profile(config->linux_->seccomp, name);
	lite_free(&doc);
}

int main(void)
{
	unsigned long rounds = number_from_env("OCIRUN_ROUNDS", 1500);

	test_file("seccomp-podman.json");
	test_file("seccomp-docker.json");
	random_state = number_from_env("OCIRUN_SEED", 20240601) | 1ULL << 63;
	test_random_against_libseccomp(rounds);
	test_random_against_model(rounds / 4);
	return test_done();
}
