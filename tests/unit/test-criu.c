/* SPDX-License-Identifier: Apache-2.0 */
/* CRIU's requests, its log, and the wire format of both. */
#include "runtime/criu.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "base/wire.h"
#include "kernel/syscall-types.h"
#include "mount/outside.h"
#include "tests/unit/test.h"

static struct wire_reader reader_of(const struct strbuf *message)
{
	return (struct wire_reader){ message->text, message->text + message->len };
}

static void test_wire_round_trip(void)
{
	static const uint64_t numbers[] = { 0, 1, 127, 128, 300, 1U << 31, UINT64_MAX };
	struct strbuf message = STRBUF_INIT;
	struct wire_reader reader;
	struct wire_field field;

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		wire_add_number(&message, (unsigned)(i + 1) * 100, numbers[i]);
	wire_add_text(&message, 1, "text");
	wire_add_bytes(&message, 2, NULL, 0);
	reader = reader_of(&message);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		CHECK(wire_next(&reader, &field) == 1 && field.number == (i + 1) * 100 && field.value == numbers[i] &&
			      !field.bytes,
		      "number %zu is read as it was written", i);
	CHECK(wire_next(&reader, &field) == 1 && field.number == 1 && field.n == 4 && memcmp(field.bytes, "text", 4) == 0,
	      "a text");
	CHECK(wire_next(&reader, &field) == 1 && field.number == 2 && field.n == 0 && field.bytes, "an empty text");
	CHECK(wire_next(&reader, &field) == 0, "the end");
	strbuf_done(&message);
}

/* The known examples of protobuf.dev's page about the encoding. */
static void test_wire_bytes(void)
{
	struct strbuf message = STRBUF_INIT;

	wire_add_number(&message, 1, 150);
	wire_add_text(&message, 2, "testing");
	CHECK(message.len == 12 && memcmp(message.text, "\x08\x96\x01\x12\x07testing", 12) == 0, "as documented");
	strbuf_done(&message);
}

static void test_wire_broken(void)
{
	static const struct {
		const char *bytes;
		size_t n;
	} broken[] = {
		{ "\x08", 1 },          { "\x08\x80", 2 }, { "\x12\x05" "abc", 5 }, { "\x00\x01", 2 },
		{ "\x0b", 1 },          { "\x09" "abc", 4 }, { "\x0d" "abc", 4 },
		{ "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12 },
		{ "\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		struct wire_reader reader = { broken[i].bytes, broken[i].bytes + broken[i].n };
		struct wire_field field;

		CHECK(wire_next(&reader, &field) == -EBADMSG, "broken message %zu", i);
	}
}

/* The number of a field, -1 without it. */
static int64_t number_of(const struct strbuf *opts, unsigned number)
{
	struct wire_reader reader = reader_of(opts);
	struct wire_field field;

	while (wire_next(&reader, &field) > 0)
		if (field.number == number)
			return (int64_t)field.value;
	return -1;
}

static void test_options(void)
{
	const struct criu_options none = { .image_path = NULL };
	const struct criu_options some = { .tcp_established = true, .manage_cgroups_mode = "strict", .pre_dump = true,
					   .empty_ns = "network", .network_lock = "skip" };
	const struct oci_config config = { .hostname = "box" };
	struct strbuf opts = STRBUF_INIT;

	criu_add_options(&opts, &none, &config, "soft");
	CHECK(number_of(&opts, 34) == 3 && number_of(&opts, 24) == 1, "cgroups are managed as the caller chose");
	CHECK(number_of(&opts, 5) == -1 && number_of(&opts, 15) == -1 && number_of(&opts, 38) == -1, "and nothing else");
	strbuf_done(&opts);
	opts = (struct strbuf)STRBUF_INIT;
	criu_add_options(&opts, &some, &config, "soft");
	CHECK(number_of(&opts, 5) == 1 && number_of(&opts, 34) == 5 && number_of(&opts, 15) == 1 &&
		      number_of(&opts, 38) == CLONE_NEWNET && number_of(&opts, 64) == 3,
	      "what is asked for");
	strbuf_done(&opts);
}

/* A network namespace that hooks fill is theirs again at restore. */
static void test_network(void)
{
	const struct oci_namespace made = { .type = OCI_NS_NETWORK }, joined = { .type = OCI_NS_NETWORK, .path = "/x" };
	const struct oci_linux own = { .namespaces = &made, .n_namespaces = 1 }, others = { .namespaces = &joined,
											    .n_namespaces = 1 };
	const struct oci_hooks hooks = { .n_prestart = 1 }, late = { .n_poststart = 1 };
	const struct {
		struct oci_config config;
		bool empty;
	} rows[] = {
		{ { .linux_ = &own, .hooks = &hooks }, true },     { { .linux_ = &own, .hooks = &late }, false },
		{ { .linux_ = &own }, false },                     { { .linux_ = &others, .hooks = &hooks }, false },
		{ { .hooks = &hooks }, false },
	};
	const struct criu_options none = { .image_path = NULL };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct strbuf opts = STRBUF_INIT;

		criu_add_options(&opts, &none, &rows[i].config, "soft");
		CHECK(number_of(&opts, 38) == (rows[i].empty ? CLONE_NEWNET : -1), "whose network, row %zu", i);
		strbuf_done(&opts);
	}
}

static void test_bad_options(void)
{
	static const struct criu_options bad[] = {
		{ .page_server = "host" },        { .page_server = "host:" },       { .page_server = ":1" },
		{ .page_server = "host:65536" },  { .page_server = "host:0" },      { .page_server = "host:1x" },
		{ .parent_path = "/absolute" },   { .lsm_profile = "unconfined" },  { .manage_cgroups_mode = "" },
		{ .network_lock = "none" },       { .status_fd = 987 },
		{ .pre_dump = true, .lazy_pages = true },
	};
	static const struct criu_options good[] = {
		{ .page_server = "host:1" }, { .page_server = "[::1]:65535" }, { .parent_path = "../x" },
		{ .lsm_profile = "selinux:a:b:c" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err e = ERR_INIT;

		CHECK(criu_check_options(&bad[i], &e) < 0 && e.text[0], "refused, row %zu: %s", i, e.text);
	}
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct err e = ERR_INIT;

		CHECK(criu_check_options(&good[i], &e) == 0, "accepted, row %zu", i);
	}
}

static void test_version(void)
{
	const struct criu_options none = { .image_path = NULL }, lock = { .network_lock = "skip" };
	const char *option;

	CHECK(criu_needed_version(&none, &option) == 31600 && !option, "what all need");
	CHECK(criu_needed_version(&lock, &option) == 31700 && strcmp(option, "--network-lock") == 0, "what one needs");
}

static void test_log(void)
{
	static const struct {
		const char *log, *errors;
	} rows[] = {
		{ "", "" },
		{ "\n\n", "" },
		{ "(00.1) fine\n", "" },
		{ "(00.1) Error (criu/a.c:1): one", "Error (criu/a.c:1): one" },
		{ "(00.1) Error (a): one\n(00.2) fine\n(00.3) Error (b): two\n(00.4) Error (c): Dumping FAILED.\n",
		  "Error (a): one | Error (b): two" },
		{ "Error (1)\nError (2)\nError (3)\nError (4)\n", "Error (2) | Error (3) | Error (4)" },
		{ "Error (u): rlimit: Can't setup RLIMIT_NOFILE for self: x\n", "" },
		{ "Error (\t\033[1m)\n", "Error (  [1m)" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *errors = criu_log_errors(rows[i].log, strlen(rows[i].log));

		CHECK(strcmp(errors, rows[i].errors) == 0, "log %zu: '%s'", i, errors);
	}
}

/* The kinds of entries that CRIU has written over the years, and images that end early. */
static void test_pagemap(void)
{
	static const char bytes[] = "MAGICMAG"
				    "\x02\0\0\0" "\x08\x07"                          /* pages-7.img */
				    "\x04\0\0\0" "\x08\x01\x10\x03"                  /* three pages, as of old */
				    "\x06\0\0\0" "\x08\x01\x10\x05\x18\x01"          /* five of the parent's */
				    "\x06\0\0\0" "\x08\x01\x20\x04\x28\x02"          /* two, counted in 64 bits */
				    "\x06\0\0\0" "\x08\x01\x28\x09\x20\x02";         /* nine that come later */
	static const size_t whole[] = { 14, 22, 32, 42, 52 };
	static const uint64_t counts[] = { 0, 3, 3, 5, 5 };
	uint64_t id, pages;

	for (size_t n = 0, i = 0; n < sizeof(bytes); n++) {
		int r = criu_count_pages(bytes, n, &id, &pages);

		if (i < ARRAY_SIZE(whole) && n == whole[i]) {
			CHECK(r == 0 && id == 7 && pages == counts[i], "%zu entries: %d", i, r);
			i++;
		} else {
			CHECK(r == -EBADMSG, "%zu bytes are not a whole pagemap: %d", n, r);
		}
	}
}

/* Names: binds as they are configured, cgroup hierarchies one by one, masks by one name of their own. */
static void test_outside(void)
{
	static const char *const words[] = { "bind", "ro" }, *const masks[] = { "/proc/kcore" };
	const struct oci_mount mounts[] = {
		{ .destination = "/a//b/../c", .source = "/src", .options = words, .n_options = 2 },
		{ .destination = "/sys/fs/cgroup", .type = "cgroup" },
		{ .destination = "/tmp", .type = "tmpfs" },
	};
	const struct oci_linux lx = { .masked_paths = masks, .n_masked_paths = 1 };
	const struct oci_config config = { .mounts = mounts, .n_mounts = 3, .linux_ = &lx };
	const struct rootfs_cgroup cgroups[] = {
		{ "cpu", "/sys/fs/cgroup/cpu,cpuacct", "cpu,cpuacct", "/x", false, false },
		{ "unified", "/sys/fs/cgroup/unified", "", "/x", true, true },
	};
	struct outside o;
	struct err e = ERR_INIT;

	CHECK(outside_list(&config, "/bundle", cgroups, 2, &o, &e) == 0, "listed: %s", e.text);
	CHECK(strcmp(o.mounts[0].place, "/a/c") == 0 && strcmp(o.mounts[0].name, "/a/c") == 0 &&
		      strcmp(o.mounts[0].source, "/src") == 0 && o.mounts[0].options,
	      "a bind");
	CHECK(strcmp(o.mounts[1].place, "/sys/fs/cgroup/cpu,cpuacct") == 0 &&
		      strcmp(o.mounts[1].source, "/sys/fs/cgroup/cpu,cpuacct/x") == 0 &&
		      strcmp(o.mounts[2].place, "/sys/fs/cgroup/unified") == 0,
	      "hierarchies");
	CHECK(o.mounts[1].attrs & MOUNT_ATTR_RDONLY && !(o.mounts[2].attrs & MOUNT_ATTR_RDONLY),
	      "those of others are read-only");
	CHECK(strcmp(o.mounts[3].place, "/dev/null") == 0, "devices");
	CHECK(o.mounts[o.n_mounts - 1].file_only && o.mounts[o.n_mounts - 1].attrs &&
		      strcmp(o.mounts[o.n_mounts - 1].place, "/proc/kcore") == 0 &&
		      strcmp(o.mounts[o.n_mounts - 1].name, "/dev/null") != 0,
	      "a mask is not the device, which is writable");
	CHECK(outside_is_first(&o, 0), "the first of its name");
	outside_done(&o);
}

int main(void)
{
	test_wire_round_trip();
	test_wire_bytes();
	test_wire_broken();
	test_options();
	test_network();
	test_bad_options();
	test_version();
	test_log();
	test_pagemap();
	test_outside();
	return test_done();
}
