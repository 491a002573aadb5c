/* SPDX-License-Identifier: Apache-2.0 */
/* libocispec-lite: what is read, what is refused and in which words, and that printing is its inverse. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libocispec-lite/ocispec-lite.h"
#include "libocispec-lite/table.h"
#include "tests/unit/test.h"

#define V "\"ociVersion\":\"1.3.0\""

/* ---- what is read ---- */

static void test_config(void)
{
	static const char text[] =
		"{" V ",\"process\":{\"terminal\":true,\"user\":{\"uid\":1000,\"gid\":4294967295,"
		"\"umask\":18,\"additionalGids\":[5,6]},\"args\":[\"sh\",\"-c\",\"\"],\"cwd\":\"/\","
		"\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":0,\"hard\":18446744073709551615}],"
		"\"oomScoreAdj\":-1000,\"env\":null,\"capabilities\":{}},"
		"\"hostname\":\"\\u00e9\\ud83d\\ude00\\n\",\"root\":null,"
		"\"mounts\":[{\"destination\":\"/proc\"},{\"destination\":\"/a\",\"options\":[]}],"
		"\"annotations\":{\"z\":\"1\",\"a\":\"2\",\"m\":\"\"},"
		"\"linux\":{\"namespaces\":[{\"type\":\"time\"},{\"type\":\"pid\",\"path\":\"/p\"}],"
		"\"netDevices\":{\"eth1\":{\"name\":\"a\"},\"eth0\":{}},"
		"\"resources\":{\"memory\":{\"limit\":0,\"swap\":-1,\"disableOOMKiller\":false},"
		"\"pids\":{},\"devices\":[{\"allow\":false}]},"
		"\"devices\":[{\"path\":\"/dev/x\",\"type\":\"c\",\"fileMode\":8630}]}}";
	struct lite_doc doc;
	const struct oci_config *c;
	const struct oci_process *p;
	const struct oci_linux *l;

	lite_init(&doc);
	c = lite_parse(&doc, LITE_CONFIG, text, strlen(text));
	CHECK(c != NULL, "a config of many kinds is read: %s", doc.error);
	if (!c)
		return;
	p = c->process;
	l = c->linux_;
	CHECK_STR(c->oci_version, "1.3.0");
	CHECK_STR(c->hostname, "\xc3\xa9\xf0\x9f\x98\x80\n");
	CHECK(!c->root && !c->hooks && !c->domainname, "null and absent objects and strings are NULL");
	CHECK(p->terminal && p->user.uid == 1000 && p->user.gid == UINT32_MAX, "booleans and numbers");
	CHECK(p->user.umask && *p->user.umask == 18, "an optional number is there");
	CHECK(p->user.n_additional_gids == 2 && p->user.additional_gids[1] == 6, "an array of numbers");
	CHECK(p->n_args == 3 && strcmp(p->args[1], "-c") == 0 && !p->args[3], "args end in a NULL");
	CHECK(p->n_env == 0 && p->capabilities && p->capabilities->n_bounding == 0, "null array, empty object");
	CHECK(p->rlimits[0].hard == UINT64_MAX, "2^64-1 fits");
	CHECK(p->oom_score_adj && *p->oom_score_adj == -1000, "a negative number");
	CHECK(c->n_mounts == 2 && !c->mounts[0].source && c->mounts[1].n_options == 0, "an array of objects");
	CHECK(c->n_annotations == 3 && strcmp(c->annotations[0].key, "z") == 0 &&
		      strcmp(c->annotations[2].value, "") == 0, "a map keeps its order");
	CHECK(l->namespaces[0].type == OCI_NS_TIME && strcmp(l->namespaces[1].path, "/p") == 0, "enumerations");
	CHECK(l->n_net_devices == 2 && strcmp(l->net_devices[0].key, "eth1") == 0 &&
		      !l->net_devices[1].name, "a map of objects");
	CHECK(*l->resources->memory->limit == 0 && *l->resources->memory->swap == -1 &&
		      !*l->resources->memory->disable_oom_killer && !l->resources->memory->kernel,
	      "an optional 0 or false is not an absent one");
	CHECK(l->resources->pids && !l->resources->pids->limit, "pids without a limit");
	CHECK(*l->devices[0].file_mode == 8630, "fileMode with the bits of a file type");
	lite_free(&doc);
	lite_free(&doc);
	CHECK(!doc.arena, "freed twice does no harm");
}

static void collect(const char *path, void *ctx)
{
	char *all = ctx;

	snprintf(all + strlen(all), 500 - strlen(all), "%s ", path);
}

static void test_unknown(void)
{
	static const char text[] = "{" V ",\"windows\":{\"a\":[1,{\"b\":null,\"b\":\"\\u0000\"}]},"
				   "\"mounts\":[{\"destination\":\"/\",\"x.y\":[[]],\"Type\":1}],\"z\":1e999}";
	char all[500] = "";
	struct lite_doc doc;

	lite_init(&doc);
	doc.unknown = collect;
	doc.unknown_ctx = all;
	CHECK(lite_parse(&doc, LITE_CONFIG, text, strlen(text)), "unknown properties are skipped: %s", doc.error);
	CHECK_STR(all, "windows mounts[0][\"x.y\"] mounts[0].Type z ");
	lite_free(&doc);
}

/* Objects of config.md that no engine writes all of. */
static const char *const everything[] = {
	"{" V ",\"domainname\":\"d\",\"linux\":{\"intelRdt\":{\"closID\":\"c\",\"schemata\":[\"L3:0=f\"],"
	"\"l3CacheSchema\":\"x\",\"memBwSchema\":\"MB:0=1\",\"enableMonitoring\":true},"
	"\"memoryPolicy\":{\"mode\":\"MPOL_WEIGHTED_INTERLEAVE\",\"nodes\":\"0-1\","
	"\"flags\":[\"MPOL_F_STATIC_NODES\"]},\"personality\":{\"domain\":\"LINUX32\",\"flags\":[\"x\"]},"
	"\"timeOffsets\":{\"monotonic\":{\"secs\":-9223372036854775808,\"nanosecs\":1},\"boottime\":{}}}}",
	"{" V ",\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ERRNO\","
	"\"defaultErrnoRet\":0,\"architectures\":[\"SCMP_ARCH_RISCV64\"],"
	"\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"],\"listenerPath\":\"/s\",\"listenerMetadata\":\"m\","
	"\"syscalls\":[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_ALLOW\",\"errnoRet\":1,"
	"\"args\":[{\"index\":0,\"value\":0,\"op\":\"SCMP_CMP_EQ\"}]}]},\"rootfsPropagation\":\"rslave\"}}",
	"{" V ",\"process\":{\"user\":{\"uid\":0,\"gid\":0},\"cwd\":\"/\",\"scheduler\":"
	"{\"policy\":\"SCHED_DEADLINE\",\"flags\":[\"SCHED_FLAG_RECLAIM\"],\"runtime\":1,\"deadline\":2,"
	"\"period\":3},\"ioPriority\":{\"class\":\"IOPRIO_CLASS_IDLE\",\"priority\":0},"
	"\"execCPUAffinity\":{\"initial\":\"0\",\"final\":\"1\"}}}",
	"{" V ",\"linux\":{\"resources\":{\"devices\":[{\"allow\":false,\"major\":-1}],"
	"\"memory\":{\"limit\":0,\"useHierarchy\":false},\"cpu\":{\"idle\":0},\"pids\":{},"
	"\"blockIO\":{\"weight\":65535,\"weightDevice\":[{\"major\":0,\"minor\":0,\"leafWeight\":0}],"
	"\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":0}]},"
	"\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":1}],\"network\":{\"classID\":1,"
	"\"priorities\":[{\"name\":\"e\",\"priority\":0}]},\"rdma\":{\"b\":{\"hcaHandles\":0},\"a\":{}},"
	"\"unified\":{\"memory.high\":\"1\"}}}}",
	"{" V ",\"hostname\":\"/ \\\" \\\\ \\b\\f\\n\\r\\t\\u0001 \x7f\xc3\xa9\",\"hooks\":{\"poststop\":"
	"[{\"path\":\"/h\",\"args\":[\"\"],\"timeout\":9223372036854775807}]}}",
};

static void test_print_is_inverse(void)
{
	for (size_t i = 0; i < sizeof(everything) / sizeof(everything[0]); i++) {
		struct lite_doc doc;
		const void *value;
		char *printed = NULL;
		size_t len = 0;

		lite_init(&doc);
		value = lite_parse(&doc, LITE_CONFIG, everything[i], strlen(everything[i]));
		if (value)
			printed = lite_print(LITE_CONFIG, value, LITE_COMPACT, &len);
		CHECK_STR(value ? printed : doc.error, everything[i]);
		CHECK(printed && len == strlen(printed), "its length is told");
		free(printed);
		lite_free(&doc);
	}
}

static void test_print_state(void)
{
	static const int64_t pid = 42;
	static const struct oci_pair annotations[] = { { "a", "1" }, { "bad", "\xff" "x\xed\xa0\x80" } };
	const struct oci_state state = {
		.oci_version = "1.3.0", .id = "c1", .status = OCI_STATUS_RUNNING, .pid = &pid,
		.bundle = "/b", .annotations = annotations, .n_annotations = 2,
	};
	const struct oci_container_process_state agent = { .oci_version = "1.3.0" };
	char *text = lite_print(LITE_STATE, &state, LITE_PRETTY, NULL);

	CHECK_STR(text, "{\n  \"ociVersion\": \"1.3.0\",\n  \"id\": \"c1\",\n  \"pid\": 42,\n"
			"  \"status\": \"running\",\n  \"bundle\": \"/b\",\n  \"annotations\": {\n"
			"    \"a\": \"1\",\n    \"bad\": \"\xef\xbf\xbdx\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"\n"
			"  }\n}");
	free(text);
	text = lite_print(LITE_CONTAINER_PROCESS_STATE, &agent, LITE_PRETTY, NULL);
	CHECK_STR(text, "{\n  \"ociVersion\": \"1.3.0\",\n  \"pid\": 0\n}");
	free(text);
}

static void test_names(void)
{
	CHECK_STR(oci_namespace_name(OCI_NS_NETWORK), "network");
	CHECK_STR(oci_status_name(OCI_STATUS_PAUSED), "paused");
	CHECK_STR(oci_seccomp_action_name(OCI_SECCOMP_NOTIFY), "SCMP_ACT_NOTIFY");
	CHECK_STR(oci_seccomp_arch_name(OCI_ARCH_X86_64), "SCMP_ARCH_X86_64");
	CHECK_STR(oci_seccomp_operator_name(OCI_SECCOMP_MASKED_EQ), "SCMP_CMP_MASKED_EQ");
	CHECK_STR(oci_seccomp_flag_name(OCI_SECCOMP_FLAG_LOG), "SECCOMP_FILTER_FLAG_LOG");
	CHECK_STR(oci_status_name(0), "");
	CHECK_STR(oci_status_name(OCI_STATUS_PAUSED + 1), "");
}

/* ---- what is refused ---- */

static const struct {
	const char *text, *error;
} refused[] = {
	/* required */
	{ "{}", "1:2: ociVersion: required property is missing" },
	{ "{\"ociVersion\":null}", "1:19: ociVersion: required property is missing" },
	{ "{" V ",\"process\":{}}", "1:34: process.cwd: required property is missing" },
	{ "{" V ",\"hooks\":{\"poststart\":[{\"path\":\"/a\"},{\"args\":[]}]}}",
	  "1:69: hooks.poststart[1].path: required property is missing" },
	{ "{" V ",\"linux\":{\"resources\":{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":1,\"minor\":2}]}}}}",
	  "1:101: linux.resources.blockIO.throttleReadBpsDevice[0].rate: required property is missing" },

	/* types */
	{ "[]", "1:1: expected an object, got an array" },
	{ "12", "1:1: expected an object, got a number" },
	{ "  1", "1:3: expected an object, got a number" },
	{ "null", "1:1: expected an object, got null" },
	{ "{" V ",\"process\":{\"cwd\":\"/\",\"args\":[\"sh\",1]}}",
	  "1:57: process.args[1]: expected a string, got a number" },
	{ "{" V ",\"process\":{\"args\":[null]}}", "1:42: process.args[0]: expected a string, got null" },
	{ "{" V ",\"process\":[1,2]}", "1:33: process: expected an object, got an array" },
	{ "{" V ",\"mounts\":\"none\"}", "1:32: mounts: expected an array, got a string" },
	{ "{" V ",\"annotations\":[]}", "1:37: annotations: expected an object, got an array" },
	{ "{" V ",\"annotations\":{\"a.b/c\":7}}", "1:46: annotations[\"a.b/c\"]: expected a string, got a number" },
	{ "{" V ",\"annotations\":{\"a\":null}}", "1:42: annotations.a: expected a string, got null" },
	{ "{" V ",\"process\":{\"terminal\":\"yes\"}}",
	  "1:45: process.terminal: expected a boolean, got a string" },
	{ "{\"linux\":{\"resources\":{\"memory\":{\"limit\":\"512m\"}}}}",
	  "1:42: linux.resources.memory.limit: expected an integer, got a string" },

	/* numbers */
	{ "{\"process\":{\"user\":{\"uid\":-1}}}", "1:27: process.user.uid: -1 is out of range (0 to 4294967295)" },
	{ "{\"process\":{\"user\":{\"uid\":4294967296}}}",
	  "1:27: process.user.uid: 4294967296 is out of range (0 to 4294967295)" },
	{ "{\"process\":{\"user\":{\"uid\":1.0}}}", "1:27: process.user.uid: expected an integer, got 1.0" },
	{ "{\"process\":{\"user\":{\"uid\":1e3}}}", "1:27: process.user.uid: expected an integer, got 1e3" },
	{ "{\"process\":{\"oomScoreAdj\":-2147483649}}",
	  "1:27: process.oomScoreAdj: -2147483649 is out of range (-2147483648 to 2147483647)" },
	{ "{\"linux\":{\"resources\":{\"memory\":{\"limit\":9223372036854775808}}}}",
	  "1:42: linux.resources.memory.limit: 9223372036854775808 is out of range "
	  "(-9223372036854775808 to 9223372036854775807)" },
	{ "{\"linux\":{\"resources\":{\"cpu\":{\"shares\":18446744073709551616}}}}",
	  "1:40: linux.resources.cpu.shares: 18446744073709551616 is out of range (0 to 18446744073709551615)" },
	{ "{\"linux\":{\"resources\":{\"blockIO\":{\"weight\":65536}}}}",
	  "1:44: linux.resources.blockIO.weight: 65536 is out of range (0 to 65535)" },
	{ "{\"hooks\":{\"prestart\":[{\"path\":\"/x\",\"timeout\":0}]}}",
	  "1:46: hooks.prestart[0].timeout: must be greater than zero" },
	{ "{\"hooks\":{\"prestart\":[{\"path\":\"/x\",\"timeout\":-5}]}}",
	  "1:46: hooks.prestart[0].timeout: must be greater than zero" },

	/* enumerations, keys, arrays of at least one */
	{ "{" V ",\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"foo\"}]}}",
	  "1:69: linux.namespaces[1].type: unknown value 'foo' "
	  "(one of: pid, network, mount, ipc, uts, user, cgroup, time)" },
	{ "{" V ",\"linux\":{\"rootfsPropagation\":\"p\\u001b[m\"}}",
	  "1:52: linux.rootfsPropagation: unknown value 'p\\x1b[m' (one of: private, shared, slave, "
	  "unbindable, rprivate, rshared, rslave, runbindable)" },
	{ "{\"annotations\":{\"\":\"1\"}}", "1:17: annotations[\"\"]: a key must not be empty" },
	{ "{\"linux\":{\"seccomp\":{\"syscalls\":[{\"names\":[]}]}}}",
	  "1:44: linux.seccomp.syscalls[0].names: must not be empty" },

	/* given twice */
	{ "{\"mounts\":[],\"mounts\":[]}", "1:14: mounts: given twice" },
	{ "{\"hostname\":null,\"hostname\":\"x\"}", "1:18: hostname: given twice" },
	{ "{\"hostname\":\"x\",\"host\\u006eame\":\"x\"}", "1:17: hostname: given twice" },
	{ "{\"x\":1,\"y\":2,\"x\":3}", "1:14: x: given twice" },
	{ "{\"annotations\":{\"b\":\"1\",\"ba\":\"2\",\"a\":\"3\",\"b\":\"4\"}}", "1:42: annotations.b: given twice" },
	{ "{\"linux\":{\"netDevices\":{\"e\":{},\"e\":{}}}}", "1:32: linux.netDevices.e: given twice" },

	/* strings */
	{ "{\"hostname\":\"a\\u0000b\"}", "1:13: hostname: a NUL (\\u0000) in a string" },
	{ "{\"host\\u0000name\":\"a\"}", "1:2: a NUL (\\u0000) in the name of a property" },
	{ "{\"annotations\":{\"a\\u0000\":\"a\"}}", "1:17: annotations: a NUL (\\u0000) in the name of a property" },
	{ "{\"a\":\"\xff\"}", "1:6: a: invalid UTF-8 in a string" },
	{ "{\"a\":[\"\xc0\x80\"]}", "1:7: a: invalid UTF-8 in a string" },
	{ "{\"a\":\"\xed\xa0\x80\"}", "1:6: a: invalid UTF-8 in a string" },
	{ "{\"a\":\"\xf4\x90\x80\x80\"}", "1:6: a: invalid UTF-8 in a string" },
	{ "{\"a\":\"\xe2\x82\"}", "1:6: a: invalid UTF-8 in a string" },
	{ "{\"a\":\"\\ud800\"}", "1:6: a: a \\u escape is half of a surrogate pair" },
	{ "{\"a\":\"\\udc00\\ud800\"}", "1:6: a: a \\u escape is half of a surrogate pair" },
	{ "{\"a\":\"\\ud83d\\n\"}", "1:6: a: a \\u escape is half of a surrogate pair" },
	{ "{\"a\":\"\\ud83d\\u0041\"}", "1:6: a: a \\u escape is half of a surrogate pair" },

	/* not JSON */
	{ "", "1:1: the document is empty" },
	{ " \n\t", "2:2: the document is empty" },
	{ "\xef\xbb\xbf{}", "1:1: the document begins with a byte order mark" },
	{ "{" V, "1:22: ociVersion: not JSON: the document ends too early" },
	{ "{" V "}x", "1:23: not JSON: more text behind the end of the document" },
	{ "{" V "} {}", "1:24: not JSON: more text behind the end of the document" },
	{ "{" V "}//c", "1:23: not JSON: more text behind the end of the document" },
	{ "{" V "/*c*/}", "1:22: ociVersion: not JSON: a comment, which JSON does not have" },
	{ "{" V ",}", "1:23: ociVersion: not JSON: a name in quotes is expected here" },
	{ "{hostname:1}", "1:2: not JSON: an unexpected character" },
	{ "{\"a\" 1}", "1:6: a: not JSON: ':' is expected here" },
	{ "{\"a\":1 \"b\":2}", "1:8: a: not JSON: ',' or '}' is expected here" },
	{ "{\"a\":[1 2]}", "1:9: a: not JSON: ',' or ']' is expected here" },
	{ "{\"hostname\":}", "1:13: hostname: not JSON: a value is expected here" },
	{ "{\"hostname\":tru}", "1:16: hostname: not JSON: a word other than true, false and null" },
	{ "{\"a\":\"\x01\"}", "1:7: a: not JSON: a control character inside a string" },
	{ "{\"a\":1.}", "1:8: a: not JSON: malformed number, a digit is required after the decimal point" },
	{ "{\"a\":\"\\q\"}", "1:8: a: not JSON: inside a string, '\\' occurs before a character which it may not" },
	{ "{\"a\":01}", "1:7: a: not JSON: ',' or '}' is expected here" },

	/* lines, and columns in characters */
	{ "{\"hostname\":\"h\",\n \"a\":\"\xc3\xa4\xe2\x82\xac\", \"hostname\":\"b\"}", "2:12: hostname: given twice" },
};

static void test_refused(void)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct lite_doc doc;

		lite_init(&doc);
		if (lite_parse(&doc, LITE_CONFIG, refused[i].text, strlen(refused[i].text)))
			CHECK(false, "refused: %s", refused[i].text);
		else
			CHECK_STR(doc.error, refused[i].error);
		lite_free(&doc);
	}
}

static void test_nul_outside_strings(void)
{
	struct lite_doc doc;

	lite_init(&doc);
	CHECK(!lite_parse(&doc, LITE_CONFIG, "{" V "}\0", strlen("{" V "}") + 1), "a NUL behind the document");
	CHECK(!lite_parse(&doc, LITE_CONFIG, "{\0" V "}", strlen("{" V "}") + 1), "a NUL in the document");
	CHECK_STR(doc.error, "1:2: not JSON: an unexpected character");
	lite_free(&doc);
}

/* ---- hostile sizes ---- */

static char *repeat(const char *head, const char *piece, size_t n, const char *tail)
{
	size_t len = strlen(piece);
	size_t room = strlen(head) + n * len + strlen(tail) + 1;
	char *text = malloc(room), *at;

	if (!text)
		abort();
	at = text + snprintf(text, room, "%s", head);
	for (size_t i = 0; i < n; i++, at += len)
		memcpy(at, piece, len);
	memcpy(at, tail, strlen(tail) + 1);
	return text;
}

static void test_depth(void)
{
	static const struct {
		const char *head, *piece;
		size_t n;
		const char *error; /* NULL: is read */
	} cases[] = {
		{ "{" V ",\"x\":", "[", 63, "1:93: x: not JSON: the document ends too early" },
		{ "{" V ",\"x\":", "[", 64, "1:90: x: nested deeper than 64 levels" },
		{ "{" V ",\"x\":", "{\"a\":", 1000000, "1:342: x: nested deeper than 64 levels" },
		{ "", "[", 1000000, "1:1: expected an object, got an array" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = repeat(cases[i].head, cases[i].piece, cases[i].n, "   ");
		struct lite_doc doc;

		lite_init(&doc);
		CHECK(!lite_parse(&doc, LITE_CONFIG, text, strlen(text)), "%zu levels", cases[i].n);
		CHECK_STR(doc.error, cases[i].error);
		lite_free(&doc);
		free(text);
	}
}

/* Long arrays and long names: quadratic work would let this test run for hours. */
static void test_large(void)
{
	char *text = repeat("{\"cwd\":\"/\",\"args\":[\"\"", ",\"\"", 3000000, "]}");
	struct lite_doc doc;
	const struct oci_process *p;
	static const char twice[] = ",\"0000000\":\"\"}}";
	const size_t room = 16 << 20;
	char *names, *at;
	const struct oci_config *c;

	lite_init(&doc);
	p = lite_parse(&doc, LITE_PROCESS, text, strlen(text));
	CHECK(p && p->n_args == 3000001 && !p->args[p->n_args], "three million arguments");
	lite_free(&doc);
	free(text);

	/* Each key is the beginning of the next one: the worst case of the tree that finds doubles. */
	names = malloc(room);
	if (!names)
		abort();
	at = names + snprintf(names, room, "{" V ",\"annotations\":{");
	for (int i = 1; i <= 5000; i++)
		at += snprintf(at, room - (size_t)(at - names), "%s\"%0*d\":\"\"", i > 1 ? "," : "", i, 0);
	memcpy(at, "}}", 3);
	c = lite_parse(&doc, LITE_CONFIG, names, strlen(names));
	CHECK(c && c->n_annotations == 5000, "5000 annotations of growing length");
	memcpy(at, twice, sizeof(twice));
	CHECK(!lite_parse(&doc, LITE_CONFIG, names, strlen(names)) &&
		      strstr(doc.error, ": annotations.0000000: given twice"),
	      "one of 5001 annotations is there twice");
	free(names);
	lite_free(&doc);
}

static void test_long_words(void)
{
	char *text = repeat("{\"", "\\u001b\xc3\xa4", 5000, "\":1,\"linux\":{\"namespaces\":[{\"type\":\"");
	char *all = repeat(text, "x", 100000, "\"}]}}");
	struct lite_doc doc;

	lite_init(&doc);
	CHECK(!lite_parse(&doc, LITE_CONFIG, all, strlen(all)), "a very long value");
	CHECK(strstr(doc.error, "linux.namespaces[0].type: unknown value 'xxxxx") &&
		      strstr(doc.error, "xxx...' (one of: pid, ") && !strchr(doc.error, 0x1b),
	      "is quoted in part: %s", doc.error);
	lite_free(&doc);
	free(all);
	free(text);
}

/* ---- a document of one's own ---- */

enum app_color { APP_RED = 1, APP_BLUE };

struct app_part {
	const char *key;
	bool big;
};

struct app_note {
	const char *title;
	enum app_color color;
	const enum app_color *others;
	size_t n_others;
	uint16_t small;
	int32_t always;
	const struct app_part *parts;
	size_t n_parts;
	const uint64_t *sizes;
	size_t n_sizes;
	const int64_t *deltas;
	size_t n_deltas;
};

LITE_VALUES(app_color, [APP_RED] = "red", [APP_BLUE] = "blue");

LITE_TYPE(app_part,
	F_BOOL(struct app_part, big, "big", 0));

LITE_TYPE(app_note,
	F_STR(struct app_note, title, "title", LITE_REQUIRED),
	F_ENUM(struct app_note, color, "color", app_color, 0),
	F_ENUMS(struct app_note, others, "others", app_color, LITE_REQUIRED),
	F_U16(struct app_note, small, "small", 0),
	F_I32(struct app_note, always, "always", LITE_KEEP),
	F_KEYED(struct app_note, parts, "parts", app_part, LITE_NAMED),
	F_U64S(struct app_note, sizes, "sizes", 0),
	F_I64S(struct app_note, deltas, "deltas", 0));

static void test_own_document(void)
{
	static const char text[] = "{\"title\":\"t\",\"color\":\"blue\",\"others\":[\"red\",\"blue\"],\"small\":9,"
				   "\"always\":0,\"parts\":{\"b\":{\"big\":true},\"a\":{}},"
				   "\"sizes\":[0,18446744073709551615],\"deltas\":[-1]}";
	const struct app_note empty = { .title = "e" };
	struct lite_doc doc;
	const struct app_note *note;
	char *printed;

	lite_init(&doc);
	note = lite_parse(&doc, &app_note_type, text, strlen(text));
	CHECK(note && note->color == APP_BLUE && note->n_parts == 2 && note->parts[0].big &&
		      note->sizes[1] == UINT64_MAX && note->deltas[0] == -1,
	      "a document of one's own is read: %s", doc.error);
	printed = note ? lite_print(&app_note_type, note, LITE_COMPACT, NULL) : NULL;
	CHECK_STR(printed, text);
	free(printed);
	printed = lite_print(&app_note_type, &empty, LITE_COMPACT, NULL);
	CHECK_STR(printed, "{\"title\":\"e\",\"others\":[],\"always\":0}");
	free(printed);
	CHECK(!lite_parse(&doc, &app_note_type, "{\"parts\":{\"\":{}}}", 16), "an empty key");
	CHECK_STR(doc.error, "1:11: parts[\"\"]: a key must not be empty");
	lite_free(&doc);
}

/* ---- what engines write ---- */

static char *read_file(const char *path, size_t *ret_len)
{
	FILE *file = fopen(path, "re");
	static char text[1 << 20];

	if (!file)
		return NULL;
	*ret_len = fread(text, 1, sizeof(text), file);
	fclose(file);
	return text;
}

static void test_engine_file(const char *path)
{
	const struct lite_type *type = strstr(path, "-process.json") ? LITE_PROCESS : LITE_CONFIG;
	struct lite_doc first, second;
	const void *a, *b = NULL;
	char *printed = NULL, *again = NULL;
	size_t len = 0;
	const char *text = read_file(path, &len);

	lite_init(&first);
	lite_init(&second);
	a = lite_parse(&first, type, text ? text : "", len);
	if (a)
		printed = lite_print(type, a, LITE_PRETTY, &len);
	if (printed)
		b = lite_parse(&second, type, printed, len);
	if (b)
		again = lite_print(type, b, LITE_PRETTY, &len);
	CHECK(again && strcmp(printed, again) == 0, "%s is read and printed: %s%s", path, first.error,
	      second.error);
	free(again);
	free(printed);
	lite_free(&second);
	lite_free(&first);
}

static void test_engines(void)
{
	const char *given = getenv("OCIRUN_TEST_CONFIGS"), *srcdir = getenv("srcdir");
	char path[4096], file[4096 + 300];
	DIR *dir;

	if (given)
		snprintf(path, sizeof(path), "%s", given);
	else
		snprintf(path, sizeof(path), "%s/tests/data/configs", srcdir ? srcdir : ".");
	dir = opendir(path);
	if (!dir) {
		SKIP("no folder of engines' configs (OCIRUN_TEST_CONFIGS)");
		return;
	}
	for (struct dirent *entry; (entry = readdir(dir));) {
		size_t len = strlen(entry->d_name);

		if (len < 5 || strcmp(entry->d_name + len - 5, ".json") != 0)
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		test_engine_file(file);
	}
	closedir(dir);
}

int main(void)
{
	test_config();
	test_unknown();
	test_print_is_inverse();
	test_print_state();
	test_names();
	test_refused();
	test_nul_outside_strings();
	test_depth();
	test_large();
	test_long_words();
	test_own_document();
	test_engines();
	return test_done();
}
