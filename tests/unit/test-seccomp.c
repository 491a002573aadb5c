/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profiles judged, compiled and loaded: messages, verdicts that are ours to define, numbers
 * against those of libseccomp, and filters in the running kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/audit.h>
#include <linux/seccomp.h>

#include "base/str.h"
#include "kernel/sock.h"
#include "libocispec-lite/ocispec-lite.h"
#include "seccomp/names.h"
#include "seccomp/seccomp.h"
#include "seccomp-rules.h"
#include "test.h"

/* libseccomp's header has names that ours has too; these two are all that is needed of it. */
char *seccomp_syscall_resolve_num_arch(uint32_t arch_token, int num);
int seccomp_syscall_resolve_name_arch(uint32_t arch_token, const char *name);

#define ENOSYS_VERDICT (SECCOMP_RET_ERRNO | ENOSYS)

/* The seccomp object in JSON. Its document is the caller's to free. */
static const struct oci_seccomp *parse(struct lite_doc *doc, const char *json)
{
	_cleanup_free_ char *text =
		str_printf("{\"ociVersion\":\"1.2.0\",\"linux\":{\"seccomp\":%s}}", json);
	const struct oci_config *config;

	lite_init(doc);
	config = lite_parse(doc, LITE_CONFIG, text, strlen(text));
	if (!config)
		printf("# %s: %s\n", json, doc->error);
	return config ? config->linux_->seccomp : NULL;
}

/* ---- check ---- */

static void test_check(void)
{
	static const struct {
		const char *json, *error;
	} cases[] = {
		{ "{'defaultAction':'SCMP_ACT_ALLOW'}", "" },
		{ "{'defaultAction':'SCMP_ACT_ERRNO','defaultErrnoRet':38}", "" },
		{ "{'defaultAction':'SCMP_ACT_TRACE','defaultErrnoRet':65535}", "" },
		{ "{'defaultAction':'SCMP_ACT_ERRNO','defaultErrnoRet':0}", "" },
		{ "{'defaultAction':'SCMP_ACT_ALLOW','defaultErrnoRet':1}",
		  "p.defaultErrnoRet: SCMP_ACT_ALLOW returns no errno; only SCMP_ACT_ERRNO and "
		  "SCMP_ACT_TRACE do" },
		{ "{'defaultAction':'SCMP_ACT_ERRNO','defaultErrnoRet':4096}",
		  "p.defaultErrnoRet: 4096 is more than 4095, the most that SCMP_ACT_ERRNO can "
		  "return" },
		{ "{'defaultAction':'SCMP_ACT_TRACE','defaultErrnoRet':65536}",
		  "p.defaultErrnoRet: 65536 is more than 65535, the most that SCMP_ACT_TRACE can "
		  "return" },
		{ "{'defaultAction':'SCMP_ACT_NOTIFY','listenerPath':'/s'}",
		  "p.defaultAction: SCMP_ACT_NOTIFY cannot be the default action" },
		{ "{'defaultAction':'SCMP_ACT_ALLOW','listenerMetadata':'x'}",
		  "p.listenerMetadata: it must not be set without listenerPath" },
		{ "{'defaultAction':'SCMP_ACT_ALLOW','listenerPath':'','listenerMetadata':''}", "" },
		{ "{'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{'names':['mount'],'action':'SCMP_"
		  "ACT_NOTIFY'}]}",
		  "p.listenerPath: SCMP_ACT_NOTIFY needs the socket of an agent" },
		{ "{'defaultAction':'SCMP_ACT_ALLOW','listenerPath':'/s','syscalls':"
		  "[{'names':['read','write'],'action':'SCMP_ACT_NOTIFY'}]}",
		  "p.syscalls[0].names[1]: SCMP_ACT_NOTIFY cannot be used for the write system "
		  "call" },
		{ "{'defaultAction':'SCMP_ACT_ALLOW','listenerPath':'/s','syscalls':"
		  "[{'names':['sendmsg','close'],'action':'SCMP_ACT_NOTIFY'}]}",
		  "" },
		{ "{'defaultAction':'SCMP_ACT_ALLOW','flags':['SECCOMP_FILTER_FLAG_LOG',"
		  "'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV']}",
		  "p.flags[1]: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV is for profiles with "
		  "SCMP_ACT_NOTIFY" },
		{ "{'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{'names':['a'],'action':'SCMP_ACT_"
		  "KILL',"
		  "'errnoRet':5}]}",
		  "p.syscalls[0].errnoRet: SCMP_ACT_KILL returns no errno; only SCMP_ACT_ERRNO and "
		  "SCMP_ACT_TRACE do" },
		{ "{'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{'names':['a'],'action':'SCMP_ACT_"
		  "KILL'},"
		  "{'names':['a'],'action':'SCMP_ACT_KILL','args':[{'index':0,'value':0,'op':'SCMP_"
		  "CMP_EQ'},"
		  "{'index':6,'value':0,'op':'SCMP_CMP_EQ'}]}]}",
		  "p.syscalls[1].args[1].index: a system call has arguments 0 to 5, not 6" },
		{ "{'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{'names':['a',''],'action':'SCMP_"
		  "ACT_KILL'}]}",
		  "p.syscalls[0].names[1]: the empty string names no system call" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *json = xstrdup(cases[i].json);
		const struct oci_seccomp *profile;
		struct err e = ERR_INIT;
		struct lite_doc doc;

		for (char *p = json; *p; p++)
			*p = *p == '\'' ? '"' : *p;
		profile = parse(&doc, json);
		CHECK(profile && (seccomp_check(profile, "p", &e) < 0) == (*cases[i].error != '\0'),
		      "%s", json);
		CHECK_STR(e.text, cases[i].error);
		lite_free(&doc);
	}
}

/* ---- verdicts ---- */

static uint32_t verdict(const struct seccomp_program *program, uint32_t arch, uint32_t nr,
			uint64_t a0, uint64_t a1)
{
	struct seccomp_data data = { .arch = arch, .nr = (int)nr, .args = { a0, a1 } };

	return vm_run(program->filter, &data, NULL);
}

#define EPERM_VERDICT (SECCOMP_RET_ERRNO | EPERM)
#define X86_64(program, nr, a0, a1) verdict(program, AUDIT_ARCH_X86_64, nr, a0, a1)

/* Which rule wins: rules.h. */
static void test_precedence(void)
{
	static const struct rule rules[] = {
		/* 0 read: the first rule without conditions, wherever it stands */
		{ "read", OCI_SECCOMP_TRAP, { { .index = 0, .value = 7, .op = OCI_SECCOMP_EQ } } },
		{ "read", OCI_SECCOMP_ALLOW, { { 0 } } },
		{ "read", OCI_SECCOMP_LOG, { { 0 } } },
		/* 2 open: the first that matches */
		{ "open", OCI_SECCOMP_TRAP, { { .index = 0, .value = 5, .op = OCI_SECCOMP_LE } } },
		{ "open", OCI_SECCOMP_LOG, { { .index = 0, .value = 9, .op = OCI_SECCOMP_LE } } },
		/* 3 close: two tests of one argument are two rules */
		{ "close",
		  OCI_SECCOMP_ALLOW,
		  { { .index = 0, .value = 3, .op = OCI_SECCOMP_EQ },
		    { .index = 1, .value = 4, .op = OCI_SECCOMP_EQ },
		    { .index = 0, .value = 5, .op = OCI_SECCOMP_EQ } } },
		/* 4 stat: the default action is no exception from a rule behind it */
		{ "stat", OCI_SECCOMP_ERRNO, { { .index = 0, .value = 1, .op = OCI_SECCOMP_EQ } } },
		{ "stat", OCI_SECCOMP_ALLOW, { { .index = 0, .value = 1, .op = OCI_SECCOMP_GE } } },
		/* 5 fstat: a mask of nothing is no condition */
		{ "fstat", OCI_SECCOMP_LOG, { { .index = 1, .value = 8, .op = OCI_SECCOMP_EQ } } },
		{ "fstat",
		  OCI_SECCOMP_ALLOW,
		  { { .index = 0, .value = 0, .value_two = 4, .op = OCI_SECCOMP_MASKED_EQ } } },
		/* 6 lstat: bits of the value outside the mask do not count */
		{ "lstat",
		  OCI_SECCOMP_ALLOW,
		  { { .index = 0, .value = 0xf, .value_two = 0x13, .op = OCI_SECCOMP_MASKED_EQ } } },
		{ "poll", OCI_SECCOMP_KILL_PROCESS, { { 0 } } },
		{ NULL, 0, { { 0 } } },
	};
	static const struct {
		uint32_t nr;
		uint64_t a0, a1;
		uint32_t expected;
	} cases[] = {
		{ 0, 7, 0, SECCOMP_RET_ALLOW },  { 0, 8, 0, SECCOMP_RET_ALLOW },
		{ 2, 5, 0, SECCOMP_RET_TRAP },   { 2, 6, 0, SECCOMP_RET_LOG },
		{ 2, 10, 0, EPERM_VERDICT },     { 2, 1ULL << 32, 0, EPERM_VERDICT },
		{ 3, 3, 0, SECCOMP_RET_ALLOW },  { 3, 0, 4, SECCOMP_RET_ALLOW },
		{ 3, 5, 0, SECCOMP_RET_ALLOW },  { 3, 4, 3, EPERM_VERDICT },
		{ 4, 1, 0, SECCOMP_RET_ALLOW },  { 4, 0, 0, EPERM_VERDICT },
		{ 5, 9, 8, SECCOMP_RET_ALLOW },  { 6, 0xf3, 0, SECCOMP_RET_ALLOW },
		{ 6, 0xf4, 0, EPERM_VERDICT },   { 7, 0, 0, SECCOMP_RET_KILL_PROCESS },
		{ 1, 0, 0, EPERM_VERDICT },      { 8, 0, 0, ENOSYS_VERDICT },
	};
	static const enum oci_seccomp_arch archs[] = { OCI_ARCH_X86_64 };
	struct seccomp_program program;

	CHECK(rules_compile(OCI_SECCOMP_ERRNO, rules, archs, 1, &program),
	      "rules of many kinds compile");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint32_t got = X86_64(&program, cases[i].nr, cases[i].a0, cases[i].a1);

		CHECK(got == cases[i].expected, "call %u of (%llx, %llx) gives %#x, not %#x",
		      cases[i].nr, (unsigned long long)cases[i].a0, (unsigned long long)cases[i].a1,
		      cases[i].expected, got);
	}
	seccomp_program_done(&program);
}

/* ENOSYS beyond the highest call that the profile names, unless the default action lets calls
   happen. */
static void test_enosys(void)
{
	static const struct rule rules[] = { { "close_range", OCI_SECCOMP_TRAP, { { 0 } } },
					     { NULL, 0, { { 0 } } } };
	static const struct rule none[] = { { NULL, 0, { { 0 } } } };
	static const struct {
		enum oci_seccomp_action action;
		uint32_t within, beyond;
	} cases[] = {
		{ OCI_SECCOMP_KILL, SECCOMP_RET_KILL_THREAD, ENOSYS_VERDICT },
		{ OCI_SECCOMP_KILL_PROCESS, SECCOMP_RET_KILL_PROCESS, ENOSYS_VERDICT },
		{ OCI_SECCOMP_ERRNO, EPERM_VERDICT, ENOSYS_VERDICT },
		{ OCI_SECCOMP_ALLOW, SECCOMP_RET_ALLOW, SECCOMP_RET_ALLOW },
		{ OCI_SECCOMP_LOG, SECCOMP_RET_LOG, SECCOMP_RET_LOG },
		{ OCI_SECCOMP_TRACE, SECCOMP_RET_TRACE | EPERM, SECCOMP_RET_TRACE | EPERM },
	};
	static const enum oci_seccomp_arch archs[] = { OCI_ARCH_X32, OCI_ARCH_X86, OCI_ARCH_X86_64,
						       OCI_ARCH_X86 };
	struct seccomp_program p;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CHECK(rules_compile(cases[i].action, rules, archs, 4, &p),
		      "default action %d compiles", cases[i].action);
		CHECK(X86_64(&p, 435, 0, 0) == cases[i].within &&
			      X86_64(&p, 437, 0, 0) == cases[i].beyond &&
			      X86_64(&p, NAMES_X32_BIT + 435, 0, 0) == cases[i].within &&
			      X86_64(&p, NAMES_X32_BIT + 437, 0, 0) == cases[i].beyond &&
			      verdict(&p, AUDIT_ARCH_I386, 435, 0, 0) == cases[i].within &&
			      verdict(&p, AUDIT_ARCH_I386, 437, 0, 0) == cases[i].beyond,
		      "calls within and beyond the profile, default action %d", cases[i].action);
		seccomp_program_done(&p);
	}
	CHECK(rules_compile(OCI_SECCOMP_ERRNO, none, archs, 1, &p) &&
		      X86_64(&p, 500, 0, 0) == EPERM_VERDICT,
	      "a profile that names nothing has no highest call");
	seccomp_program_done(&p);
}

static void test_archs(void)
{
	static const struct rule rules[] = { { "read", OCI_SECCOMP_ALLOW, { { 0 } } },
					     { NULL, 0, { { 0 } } } };
	static const enum oci_seccomp_arch both[] = { OCI_ARCH_X86_64, OCI_ARCH_X32 };
	struct seccomp_program p;

	if (names_native() != names_arch(OCI_ARCH_X86_64)) {
		SKIP("numbers of x86_64");
		return;
	}
	CHECK(rules_compile(OCI_SECCOMP_ALLOW, rules, NULL, 0, &p),
	      "a profile without architectures is native");
	CHECK(X86_64(&p, 5, 0, 0) == SECCOMP_RET_ALLOW, "x86_64 is in it");
	CHECK(verdict(&p, AUDIT_ARCH_I386, 5, 0, 0) == SECCOMP_RET_KILL_THREAD, "i386 kills");
	CHECK(X86_64(&p, NAMES_X32_BIT, 0, 0) == SECCOMP_RET_KILL_THREAD, "x32 kills");
	CHECK(X86_64(&p, UINT32_MAX, 0, 0) == SECCOMP_RET_ALLOW, "-1 is a tracer's and does not");
	CHECK(p.flags == SECCOMP_FILTER_FLAG_SPEC_ALLOW && !p.notify, "no flags are SPEC_ALLOW");
	seccomp_program_done(&p);
	CHECK(rules_compile(OCI_SECCOMP_ALLOW, rules, both, 2, &p) &&
		      X86_64(&p, NAMES_X32_BIT, 0, 0) == SECCOMP_RET_ALLOW,
	      "x32 that is asked for does not");
	seccomp_program_done(&p);
}

/* What the kernel is asked for: it tells nobody which flags a filter has. */
static void test_flags(void)
{
	static const struct {
		enum oci_seccomp_flag flag;
		unsigned value;
	} flags[] = {
		{ OCI_SECCOMP_FLAG_TSYNC, SECCOMP_FILTER_FLAG_TSYNC },
		{ OCI_SECCOMP_FLAG_LOG, SECCOMP_FILTER_FLAG_LOG },
		{ OCI_SECCOMP_FLAG_SPEC_ALLOW, SECCOMP_FILTER_FLAG_SPEC_ALLOW },
		{ OCI_SECCOMP_FLAG_WAIT_KILLABLE_RECV, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV },
	};
	unsigned all = 0;
	enum oci_seccomp_flag list[ARRAY_SIZE(flags)];
	struct oci_seccomp profile = { .default_action = OCI_SECCOMP_ALLOW, .flags = list };
	struct seccomp_program p;
	struct err e = ERR_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		list[0] = flags[i].flag;
		profile.n_flags = 1;
		CHECK(seccomp_compile(&profile, false, &p, &e) == 0 && p.flags == flags[i].value, "flag %#x", flags[i].value);
		seccomp_program_done(&p);
		all |= flags[i].value;
	}
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		list[i] = flags[i].flag;
	profile.n_flags = ARRAY_SIZE(flags);
	CHECK(seccomp_compile(&profile, false, &p, &e) == 0 && p.flags == all, "all of them");
	seccomp_program_done(&p);
}

static void test_unknown(void)
{
	static const char *const names[] = { "read", "no_such_call" };
	static const struct oci_seccomp_rule rule = { .names = names,
						      .n_names = 2,
						      .action = OCI_SECCOMP_KILL };
	static const struct oci_seccomp profile = { .default_action = OCI_SECCOMP_ALLOW,
						    .syscalls = &rule,
						    .n_syscalls = 1 };
	struct seccomp_program p;
	struct err e = ERR_INIT;

	CHECK(seccomp_compile(&profile, false, &p, &e) == 0, "unknown names are left out");
	seccomp_program_done(&p);
	CHECK(seccomp_compile(&profile, true, &p, &e) == -EINVAL && !p.filter, "or refused");
	CHECK_STR(e.text,
		  "linux.seccomp.syscalls[0].names[1]: no system call is known as no_such_call");
}

static void test_too_long(void)
{
	static struct oci_seccomp_arg args[1200];
	static const char *const names[] = { "read" };
	const struct oci_seccomp_rule rule = { .names = names,
					       .n_names = 1,
					       .action = OCI_SECCOMP_KILL,
					       .args = args,
					       .n_args = ARRAY_SIZE(args) };
	const struct oci_seccomp profile = { .default_action = OCI_SECCOMP_ALLOW,
					     .syscalls = &rule,
					     .n_syscalls = 1 };
	struct seccomp_program p;
	struct err e = ERR_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(args); i++)
		args[i] = (struct oci_seccomp_arg){ .op = OCI_SECCOMP_EQ, .value = i << 32 | i };
	CHECK(seccomp_compile(&profile, false, &p, &e) == -E2BIG && !p.filter,
	      "too many instructions: %s", e.text);
}

/* ---- numbers ---- */

/* Each direct number of a multiplexed call, and each number that libseccomp knows, bears that
   name there. */
static void test_numbers(void)
{
	unsigned long right = 0, wrong = 0;

	for (int a = OCI_ARCH_X86; a <= OCI_ARCH_RISCV64; a++) {
		const struct names_arch *arch = names_arch((enum oci_seccomp_arch)a);

		for (uint32_t i = 0; i < 600 && names_supported(arch); i++) {
			uint32_t nr = arch->base + i;
			_cleanup_free_ char *name =
				seccomp_syscall_resolve_num_arch(arch->token, (int)nr);
			struct names_number number;

			if (!name)
				continue;
			if (names_find(arch, name, &number) == 0 && number.direct && number.nr == nr) {
				right++;
				continue;
			}
			wrong++;
			printf("# %s %u is %s, which is found as %u\n", arch->name, nr, name,
			       number.nr);
		}
	}
	CHECK(wrong == 0, "%lu numbers are those of libseccomp", right);
}

static void test_names(void)
{
	const struct names_arch *x86 = names_arch(OCI_ARCH_X86), *x32 = names_arch(OCI_ARCH_X32);
	struct names_number n;

	CHECK(names_find(x86, "socket", &n) == 0 && n.direct && n.nr == 359 && n.muxed &&
		      n.mux_nr == 102 && n.mux_call == 1,
	      "socket on i386 is 359, and call 1 of socketcall");
	CHECK(names_find(x86, "shmctl", &n) == 0 && n.direct && n.nr == 396 && n.muxed &&
		      n.mux_nr == 117 && n.mux_call == 24,
	      "shmctl on i386 is 396, and call 24 of ipc");
	CHECK(names_find(x86, "semop", &n) == 0 && !n.direct && n.muxed && n.mux_call == 1,
	      "semop on i386 is ipc's");
	CHECK(names_find(names_arch(OCI_ARCH_MIPS), "send", &n) == 0 && n.direct && n.nr == 4178 &&
		      n.mux_nr == 4102,
	      "send on MIPS");
	CHECK(names_find(names_arch(OCI_ARCH_S390X), "semtimedop", &n) == 0 && n.direct &&
		      n.nr == 392 && names_find(names_arch(OCI_ARCH_S390), "semtimedop", &n) == 0 &&
		      !n.direct,
	      "semtimedop on s390");
	CHECK(names_find(x32, "cachestat", &n) == 0 && n.direct && n.nr == NAMES_X32_BIT + 451,
	      "cachestat on x32");
	CHECK(names_find(x32, "waitpid", &n) == 0 && !n.direct && !n.muxed, "x32 has no waitpid");
	CHECK(names_find(x32, "nonsense", &n) == -ENOENT, "nobody has nonsense");
}

/* ---- raw programs ---- */

static void test_raw(void)
{
	static const struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	static const struct oci_seccomp listening = { .listener_path = "/s" };
	static const char *const wrong[] = { "BgAAAAAA/38",  "BgAAAAAA/3=", "BgAAAAAA/38=BgAA",
					     "BgAAAAAA/3!=", "BgAA",	    "",
					     "====",	     "BgAAAAAA/39=" };
	static const unsigned char too_many[(BPF_MAXINSNS + 1) * sizeof(struct sock_filter)];
	struct seccomp_program p;
	struct err e = ERR_INIT;

	CHECK(seccomp_from_raw(NULL, &allow, sizeof(allow), &p, &e) == 0 && p.n_filter == 1 &&
		      !p.notify && memcmp(p.filter, &allow, sizeof(allow)) == 0,
	      "one instruction is a program");
	seccomp_program_done(&p);
	CHECK(seccomp_from_raw(NULL, &allow, 7, &p, &e) == -EINVAL && !p.filter,
	      "7 bytes are none");
	CHECK(seccomp_from_raw(NULL, too_many, sizeof(too_many), &p, &e) == -E2BIG, "%s", e.text);
	CHECK(seccomp_from_base64(&listening, "BgAAAAAA/38=", &p, &e) == 0 && p.n_filter == 1 &&
		      p.notify && memcmp(p.filter, &allow, sizeof(allow)) == 0,
	      "base64 of it is the same");
	seccomp_program_done(&p);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		CHECK(seccomp_from_base64(NULL, wrong[i], &p, &e) == -EINVAL && !p.filter,
		      "\"%s\": %s", wrong[i], e.text);
}

int main(void)
{
	struct err e = ERR_INIT;

	CHECK(names_load(&e) == 0, "libseccomp is there: %s", e.text);
	test_check();
	test_precedence();
	test_enosys();
	test_archs();
	test_flags();
	test_unknown();
	test_too_long();
	test_numbers();
	test_names();
	test_raw();
	return test_done();
}
