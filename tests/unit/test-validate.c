/* SPDX-License-Identifier: Apache-2.0 */
/* validate: small documents, and the one sentence that each of them gets. */
#include "runtime/validate.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "tests/unit/test.h"

#define OK NULL
#define PROCESS "{'args':['sh'],'cwd':'/','user':{'uid':0,'gid':0}}"

/* JSON, with single quotes for double ones. */
struct sample {
	const char *json;
	const char *text; /* OK: accepted */
};

/* The struct of a document; the test stops where its own JSON is wrong. */
static const void *parse(struct lite_doc *doc, const struct lite_type *type, const char *json)
{
	_cleanup_free_ char *text = xstrdup(json);
	const void *root;

	for (char *c = text; *c; c++)
		if (*c == '\'')
			*c = '"';
	lite_init(doc);
	root = lite_parse(doc, type, text, strlen(text));
	if (!root) {
		printf("Bail out! %s: %s\n", json, doc->error);
		exit(1);
	}
	return root;
}

static void report(int r, const struct err *e, const struct sample *s)
{
	if (s->text) {
		CHECK(r < 0 && e->code == r, "refused: %s", s->json);
		CHECK_STR(e->text, s->text);
	} else {
		CHECK(r == 0 && e->code == 0, "accepted: %s%s%s", s->json, r < 0 ? ": " : "", e->text);
	}
}

/* Configs that have all that is required but what the sample says. */
static void check_configs(const struct sample *samples, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *json = str_printf("{'ociVersion':'1.3.0','root':{'path':'r'},%s}", samples[i].json);
		struct err e = ERR_INIT;
		struct lite_doc doc;
		const struct oci_config *config = parse(&doc, LITE_CONFIG, json);

		report(validate_config(config, &e), &e, &samples[i]);
		lite_free(&doc);
	}
}

static void check_linux(const struct sample *samples, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *json = str_printf("'linux':{%s}", samples[i].json);
		const struct sample s = { json, samples[i].text };

		check_configs(&s, 1);
	}
}

static void check_processes(const struct sample *samples, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct err e = ERR_INIT;
		struct lite_doc doc;
		const struct oci_process *process = parse(&doc, LITE_PROCESS, samples[i].json);

		report(validate_process(process, "process", &e), &e, &samples[i]);
		lite_free(&doc);
	}
}

static void test_version(void)
{
#define VERSION(v) { "{'ociVersion':'" v "','root':{'path':'r'}}", OK }
#define NOT_SEMVER(v) \
	{ "{'ociVersion':'" v "','root':{'path':'r'}}", "ociVersion: '" v "' is no version as in SemVer 2.0.0" }
#define TOO_NEW(v) \
	{ "{'ociVersion':'" v "','root':{'path':'r'}}", "ociVersion: '" v "' is not supported; 1.0.0 to 1.3.0 are" }
	static const struct sample samples[] = {
		VERSION("1.0.0"), VERSION("1.3.0"), VERSION("1.0.2-dev"), VERSION("1.0.0-rc5"), VERSION("1.2.1+build"),
		VERSION("1.99.99"), NOT_SEMVER(""), NOT_SEMVER("1"), NOT_SEMVER("1.0"), NOT_SEMVER("1.0."),
		NOT_SEMVER("1.0.0-"), NOT_SEMVER("1.0.0+"), NOT_SEMVER("1.0.0.0"), NOT_SEMVER("1.00.0"),
		NOT_SEMVER("1.0.01"), NOT_SEMVER("01.0.0"), NOT_SEMVER("v1.0.0"), NOT_SEMVER("1.0.0 "),
		NOT_SEMVER(" 1.0.0"), NOT_SEMVER("1.-1.0"), TOO_NEW("2.0.0"), TOO_NEW("0.9.0"), TOO_NEW("10.0.0"),
		{ "{'ociVersion':'1.0.0'}", "root: required property is missing" },
		{ "{'ociVersion':'1.0.0','root':{'path':''}}", "root.path: must not be empty" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		struct err e = ERR_INIT;
		struct lite_doc doc;

		report(validate_config(parse(&doc, LITE_CONFIG, samples[i].json), &e), &e, &samples[i]);
		lite_free(&doc);
	}
}

static void test_config(void)
{
	static const struct sample samples[] = {
		{ "'process':" PROCESS, OK },
		{ "'process':{'args':['sh'],'cwd':'srv'}", "process.cwd: 'srv' must be an absolute path" },
		{ "'hostname':'a'", "hostname: needs a uts namespace in linux.namespaces" },
		{ "'domainname':'a'", "domainname: needs a uts namespace in linux.namespaces" },
		{ "'hostname':'','domainname':''", OK },
		{ "'hostname':'a','domainname':'b','linux':{'namespaces':[{'type':'uts'}]}", OK },
		{ "'hostname':'a','linux':{'namespaces':[{'type':'uts','path':'/x'}]}", OK },
		{ "'linux':{'namespaces':[{'type':'uts'}]},'hostname':"
		  "'0123456789012345678901234567890123456789012345678901234567890123'", OK },
		{ "'linux':{'namespaces':[{'type':'uts'}]},'hostname':"
		  "'01234567890123456789012345678901234567890123456789012345678901234'",
		  "hostname: more than 64 characters" },
		{ "'linux':{'namespaces':[{'type':'uts'}]},'domainname':"
		  "'01234567890123456789012345678901234567890123456789012345678901234'",
		  "domainname: more than 64 characters" },
	};

	check_configs(samples, ARRAY_SIZE(samples));
}

static void test_hooks(void)
{
	static const char *const kinds[] = {
		"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop",
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const char *k = kinds[i];
		_cleanup_free_ char *good = str_printf("'hooks':{'%s':[{'path':'/a','timeout':1}]}", k);
		_cleanup_free_ char *relative = str_printf("'hooks':{'%s':[{'path':'/a'},{'path':'b'}]}", k);
		_cleanup_free_ char *no_path = str_printf("hooks.%s[1].path: 'b' must be absolute", k);
		const struct sample samples[] = { { good, OK }, { relative, no_path } };

		check_configs(samples, ARRAY_SIZE(samples));
	}
}

#define USER "'namespaces':[{'type':'user'}],"
#define UIDS "'uidMappings':[{'containerID':0,'hostID':1,'size':2}]"
#define GIDS "'gidMappings':[{'containerID':0,'hostID':1,'size':2}]"

static void test_namespaces(void)
{
	static const struct sample samples[] = {
		{ "'namespaces':[{'type':'pid'},{'type':'network','path':'/x'}]", OK },
		{ "'namespaces':[{'type':'pid'},{'type':'ipc'},{'type':'pid','path':'/x'}]",
		  "linux.namespaces[2]: a second namespace of type 'pid'" },
		{ "'namespaces':[{'type':'network','path':'proc/1/ns/net'}]",
		  "linux.namespaces[0].path: 'proc/1/ns/net' must be absolute" },
		{ "'namespaces':[{'type':'network','path':''}]", "linux.namespaces[0].path: '' must be absolute" },

		{ USER UIDS "," GIDS, OK },
		{ USER "'uidMappings':[],'gidMappings':[]", OK },
		{ UIDS "," GIDS, "linux.uidMappings: mappings need a user namespace in linux.namespaces" },
		{ GIDS, "linux.gidMappings: mappings need a user namespace in linux.namespaces" },
		{ USER UIDS, "linux.gidMappings: missing, while the other one is given" },
		{ USER GIDS, "linux.uidMappings: missing, while the other one is given" },
		{ USER GIDS ",'uidMappings':[{'containerID':0,'hostID':1,'size':0}]",
		  "linux.uidMappings[0].size: must not be 0" },
		{ USER UIDS ",'gidMappings':[{'containerID':0,'hostID':1,'size':1},"
		  "{'containerID':4294967295,'hostID':1,'size':1}]",
		  "linux.gidMappings[1]: the range ends beyond the largest id" },
		{ USER UIDS ",'gidMappings':[{'containerID':0,'hostID':4294967290,'size':10}]",
		  "linux.gidMappings[0]: the range ends beyond the largest id" },
		{ USER UIDS ",'gidMappings':[{'containerID':0,'hostID':0,'size':4294967295}]", OK },

		{ "'timeOffsets':{}", OK },
		{ "'timeOffsets':{'monotonic':{'secs':1}}",
		  "linux.timeOffsets: needs a new time namespace in linux.namespaces" },
		{ "'namespaces':[{'type':'time','path':'/x'}],'timeOffsets':{'boottime':{'secs':1}}",
		  "linux.timeOffsets: needs a new time namespace in linux.namespaces" },
		{ "'namespaces':[{'type':'time'}],'timeOffsets':{'boottime':{'secs':-1,'nanosecs':999999999}}", OK },
		{ "'namespaces':[{'type':'time'}],'timeOffsets':{'monotonic':{'secs':1,'nanosecs':1000000000}}",
		  "linux.timeOffsets: nanosecs must be less than 1000000000" },
		{ "'namespaces':[{'type':'time'}],'timeOffsets':{'boottime':{'secs':1,'nanosecs':4294967295}}",
		  "linux.timeOffsets: nanosecs must be less than 1000000000" },
	};
	_cleanup_(strbuf_done) struct strbuf many = STRBUF_INIT;
	struct sample s = { .text = "linux.uidMappings: 341 mappings are too many, the kernel takes 340" };

	check_linux(samples, ARRAY_SIZE(samples));

	strbuf_add(&many, USER GIDS ",'uidMappings':[{'containerID':0,'hostID':1,'size':1}");
	for (unsigned i = 1; i < 341; i++)
		strbuf_addf(&many, ",{'containerID':%u,'hostID':%u,'size':1}", i, i + 1);
	strbuf_add(&many, "]");
	s.json = many.text;
	check_linux(&s, 1);
}

static void test_devices(void)
{
	static const struct sample samples[] = {
		{ "'devices':[{'type':'c','path':'/dev/x','major':1,'minor':3},{'type':'p','path':'/dev/p'}]", OK },
		{ "'devices':[{'type':'u','path':'/dev/x','major':0,'minor':4294967295}]", OK },
		{ "'devices':[{'type':'x','path':'/dev/x','major':1,'minor':3}]",
		  "linux.devices[0].type: unknown value 'x' (one of: c, b, u, p)" },
		{ "'devices':[{'type':'','path':'/dev/x','major':1,'minor':3}]",
		  "linux.devices[0].type: unknown value '' (one of: c, b, u, p)" },
		{ "'devices':[{'type':'cb','path':'/dev/x','major':1,'minor':3}]",
		  "linux.devices[0].type: unknown value 'cb' (one of: c, b, u, p)" },
		{ "'devices':[{'type':'c','path':'dev/x','major':1,'minor':3}]",
		  "linux.devices[0].path: 'dev/x' must be absolute" },
		{ "'devices':[{'type':'p','path':'/dev/p'},{'type':'b','path':'/dev/x','minor':3}]",
		  "linux.devices[1].major: required property is missing" },
		{ "'devices':[{'type':'b','path':'/dev/x','major':3}]",
		  "linux.devices[0].minor: required property is missing" },
		{ "'devices':[{'type':'c','path':'/dev/x','major':-1,'minor':3}]",
		  "linux.devices[0].major: out of range" },
		{ "'devices':[{'type':'c','path':'/dev/x','major':1,'minor':4294967296}]",
		  "linux.devices[0].minor: out of range" },

		{ "'netDevices':{'eth0':{}}", "linux.netDevices: needs a network namespace in linux.namespaces" },
		{ "'namespaces':[{'type':'network'}],'netDevices':{'eth0':{'name':'container_eth0'}}", OK },
		{ "'namespaces':[{'type':'network'}],'netDevices':{'eth0':{},'0123456789abcdef':{}}",
		  "linux.netDevices.0123456789abcdef: not the name of a network interface" },
		{ "'namespaces':[{'type':'network'}],'netDevices':{'eth0':{'name':'eth%d'}}", OK },
		{ "'namespaces':[{'type':'network'}],'netDevices':{'eth0':{'name':'e%d%d'}}",
		  "linux.netDevices.eth0.name: 'e%d%d' is not the name of a network interface, nor a template such as eth%d" },
		{ "'namespaces':[{'type':'network'}],'netDevices':{'eth0':{'name':'%s'}}",
		  "linux.netDevices.eth0.name: '%s' is not the name of a network interface, nor a template such as eth%d" },
		{ "'namespaces':[{'type':'user'}],'uidMappings':[{'containerID':0,'hostID':5,'size':2},"
		  "{'containerID':1,'hostID':9,'size':1}],'gidMappings':[{'containerID':0,'hostID':5,'size':2}]",
		  "linux.uidMappings[1]: maps ids of the container that [0] maps already" },
		{ "'namespaces':[{'type':'user'}],'uidMappings':[{'containerID':0,'hostID':5,'size':2}],"
		  "'gidMappings':[{'containerID':7,'hostID':6,'size':1},{'containerID':0,'hostID':5,'size':2}]",
		  "linux.gidMappings[1]: maps ids of the host that [0] maps already" },
		{ "'namespaces':[{'type':'network'}],'netDevices':{'eth0':{'name':'..'}}",
		  "linux.netDevices.eth0.name: '..' is not the name of a network interface, nor a template such as eth%d" },
		{ "'namespaces':[{'type':'network'}],'netDevices':{'eth0':{'name':'a/b'}}",
		  "linux.netDevices.eth0.name: 'a/b' is not the name of a network interface, nor a template such as eth%d" },
		{ "'namespaces':[{'type':'network'}],'netDevices':{'eth0':{'name':'eth0:1'}}",
		  "linux.netDevices.eth0.name: 'eth0:1' is not the name of a network interface, nor a template such as eth%d" },
		{ "'namespaces':[{'type':'network'}],'netDevices':{'eth0':{'name':''}}",
		  "linux.netDevices.eth0.name: '' is not the name of a network interface, nor a template such as eth%d" },
	};

	check_linux(samples, ARRAY_SIZE(samples));
}

static void test_other_linux(void)
{
	static const struct sample samples[] = {
		{ "", OK },
		{ "'personality':{'domain':'LINUX32','flags':[]}", OK },
		{ "'personality':{'domain':'LINUX','flags':['x']}",
		  "linux.personality.flags[0]: 'x' is not supported" },

		{ "'memoryPolicy':{'mode':'MPOL_DEFAULT'}", OK },
		{ "'memoryPolicy':{'mode':'MPOL_BIND','nodes':'0-1'}", OK },
		{ "'memoryPolicy':{'mode':'MPOL_PREFERRED'}", OK },
		{ "'memoryPolicy':{'mode':'MPOL_LOCAL','nodes':'0'}",
		  "linux.memoryPolicy.nodes: must be empty for this mode" },
		{ "'memoryPolicy':{'mode':'MPOL_DEFAULT','nodes':'0'}",
		  "linux.memoryPolicy.nodes: must be empty for this mode" },
		{ "'memoryPolicy':{'mode':'MPOL_BIND'}", "linux.memoryPolicy.nodes: required for this mode" },
		{ "'memoryPolicy':{'mode':'MPOL_INTERLEAVE','nodes':''}",
		  "linux.memoryPolicy.nodes: required for this mode" },
		{ "'memoryPolicy':{'mode':'MPOL_WEIGHTED_INTERLEAVE'}",
		  "linux.memoryPolicy.nodes: required for this mode" },
		{ "'memoryPolicy':{'mode':'MPOL_PREFERRED_MANY'}", "linux.memoryPolicy.nodes: required for this mode" },
		{ "'memoryPolicy':{'mode':'MPOL_BIND','nodes':'0-'}",
		  "linux.memoryPolicy.nodes: '0-' is not a list such as 0-3,7 of numbers below 8192" },

		{ "'intelRdt':{}", OK },
		{ "'intelRdt':{'closID':'','memBwSchema':'','schemata':['L2:0=1']}", OK },
		{ "'intelRdt':{'memBwSchema':'MB:0=1\\nL3:0=f'}",
		  "linux.intelRdt.memBwSchema: has to be one line that begins with MB:" },
		{ "'intelRdt':{'memBwSchema':'L3:0=1'}",
		  "linux.intelRdt.memBwSchema: has to be one line that begins with MB:" },
		{ "'intelRdt':{'schemata':['L3:0=1','']}", "linux.intelRdt.schemata[1]: has to be one line" },
		{ "'intelRdt':{'schemata':['L3:0=1\\nMB:0=1']}", "linux.intelRdt.schemata[0]: has to be one line" },
	};

	check_linux(samples, ARRAY_SIZE(samples));
}

static void test_process(void)
{
#define P(rest) "{'args':['sh'],'cwd':'/'," rest "}"
	static const struct sample samples[] = {
		{ PROCESS, OK },
		{ "{'args':['sh'],'cwd':''}", "process.cwd: '' must be an absolute path" },
		{ "{'args':[],'cwd':'/'}", "process.args: must have at least one entry" },
		{ "{'args':[''],'cwd':'/'}", "process.args[0]: must not be empty" },
		{ P("'user':{'uid':4294967294,'gid':4294967294,'umask':4095}"), OK },
		{ P("'user':{'uid':4294967295,'gid':0}"), "process.user.uid: 4294967295 is not an id" },
		{ P("'user':{'uid':0,'gid':4294967295}"), "process.user.gid: 4294967295 is not an id" },
		{ P("'user':{'uid':0,'gid':0,'umask':4096}"), "process.user.umask: 4096 is out of range" },

		{ P("'rlimits':[{'type':'RLIMIT_NOFILE','soft':18446744073709551615,'hard':18446744073709551615}]"), OK },
		{ P("'rlimits':[{'type':'RLIMIT_NPROC','soft':1,'hard':1},{'type':'NOFILE','soft':1,'hard':1}]"),
		  "process.rlimits[1].type: unknown value 'NOFILE'" },
		{ P("'rlimits':[{'type':'RLIMIT_CPU','soft':2,'hard':1}]"),
		  "process.rlimits[0]: soft limit 2 of RLIMIT_CPU is above the hard limit 1" },
		{ P("'rlimits':[{'type':'RLIMIT_CPU','soft':1,'hard':1},{'type':'RLIMIT_CPU','soft':1,'hard':1}]"),
		  "process.rlimits[1].type: RLIMIT_CPU is given twice" },

		{ P("'oomScoreAdj':1000"), OK },
		{ P("'oomScoreAdj':1001"), "process.oomScoreAdj: 1001 is out of range (-1000 to 1000)" },
		{ P("'oomScoreAdj':-1001"), "process.oomScoreAdj: -1001 is out of range (-1000 to 1000)" },
		{ P("'ioPriority':{'class':'IOPRIO_CLASS_BE','priority':7}"), OK },
		{ P("'ioPriority':{'class':'IOPRIO_CLASS_BE','priority':8}"),
		  "process.ioPriority.priority: 8 is out of range (0 to 7)" },
		{ P("'ioPriority':{'class':'IOPRIO_CLASS_BE','priority':-1}"),
		  "process.ioPriority.priority: -1 is out of range (0 to 7)" },
		{ P("'execCPUAffinity':{'initial':'0-3','final':'7'}"), OK },
		{ P("'execCPUAffinity':{'initial':'x'}"),
		  "process.execCPUAffinity.initial: 'x' is not a list such as 0-3,7 of numbers below 8192" },
		{ P("'execCPUAffinity':{'initial':'0','final':'0-'}"),
		  "process.execCPUAffinity.final: '0-' is not a list such as 0-3,7 of numbers below 8192" },
	};

	check_processes(samples, ARRAY_SIZE(samples));
}

static void test_scheduler(void)
{
#define S(rest) P("'scheduler':{" rest "}")
	static const struct sample samples[] = {
		{ S("'policy':'SCHED_OTHER','nice':-20"), OK },
		{ S("'policy':'SCHED_BATCH','nice':19"), OK },
		{ S("'policy':'SCHED_IDLE'"), OK },
		{ S("'policy':'SCHED_FIFO','priority':1"), OK },
		{ S("'policy':'SCHED_RR','priority':99"), OK },
		{ S("'policy':'SCHED_DEADLINE','runtime':1,'deadline':2,'period':3"), OK },
		{ S("'policy':'SCHED_DEADLINE','runtime':1,'deadline':2"), OK },
		{ S("'policy':'SCHED_ISO'"), "process.scheduler.policy: SCHED_ISO is reserved, no kernel has it" },
		{ S("'policy':'SCHED_OTHER','priority':1"),
		  "process.scheduler.priority: only SCHED_FIFO and SCHED_RR have one" },
		{ S("'policy':'SCHED_FIFO'"), "process.scheduler.priority: 0 is out of range (1 to 99)" },
		{ S("'policy':'SCHED_RR','priority':100"), "process.scheduler.priority: 100 is out of range (1 to 99)" },
		{ S("'policy':'SCHED_OTHER','nice':20"), "process.scheduler.nice: 20 is out of range (-20 to 19)" },
		{ S("'policy':'SCHED_OTHER','nice':-21"), "process.scheduler.nice: -21 is out of range (-20 to 19)" },
		{ S("'policy':'SCHED_FIFO','priority':1,'runtime':1"),
		  "process.scheduler: runtime, deadline and period belong to SCHED_DEADLINE" },
		{ S("'policy':'SCHED_DEADLINE'"),
		  "process.scheduler: SCHED_DEADLINE needs 0 < runtime <= deadline <= period" },
		{ S("'policy':'SCHED_DEADLINE','runtime':3,'deadline':2"),
		  "process.scheduler: SCHED_DEADLINE needs 0 < runtime <= deadline <= period" },
		{ S("'policy':'SCHED_DEADLINE','runtime':1,'deadline':3,'period':2"),
		  "process.scheduler: SCHED_DEADLINE needs 0 < runtime <= deadline <= period" },
	};

	check_processes(samples, ARRAY_SIZE(samples));
}

#define ALL_NAMESPACES \
	"'namespaces':[{'type':'network'},{'type':'ipc'},{'type':'uts'},{'type':'user','path':'/x'}]"

static void test_sysctls(void)
{
	static const struct sample configs[] = {
		{ "'linux':{" ALL_NAMESPACES ",'sysctl':{'net.core.somaxconn':'1','kernel.sem':'2'}}", OK },
		{ "'linux':{'namespaces':[{'type':'network'}],'sysctl':{'net.core.somaxconn':'1','kernel.sem':'2'}}",
		  "linux.sysctl.kernel.sem: would change the host; it needs a namespace of its own in "
		  "linux.namespaces: ipc" },
		{ "'linux':{'sysctl':{'net.core.somaxconn':'1'}}",
		  "linux.sysctl.net.core.somaxconn: would change the host; it needs a namespace of its own in "
		  "linux.namespaces: network" },
		{ "'linux':{'sysctl':{'kernel/hostname':'1'}}",
		  "linux.sysctl.kernel/hostname: would change the host; it needs a namespace of its own in "
		  "linux.namespaces: uts" },
		{ "'linux':{'sysctl':{'user.max_pid_namespaces':'1'}}",
		  "linux.sysctl.user.max_pid_namespaces: would change the host; it needs a namespace of its own in "
		  "linux.namespaces: user" },
		{ "'hostname':'a','linux':{" ALL_NAMESPACES ",'sysctl':{'kernel.hostname':'b'}}",
		  "linux.sysctl.kernel.hostname: conflicts with hostname" },
		{ "'domainname':'a','linux':{" ALL_NAMESPACES ",'sysctl':{'kernel/domainname':'b'}}",
		  "linux.sysctl.kernel/domainname: conflicts with domainname" },
	};

	check_configs(configs, ARRAY_SIZE(configs));
}

int main(void)
{
	test_version();
	test_config();
	test_hooks();
	test_namespaces();
	test_devices();
	test_other_linux();
	test_process();
	test_scheduler();
	test_sysctls();
	return test_done();
}
