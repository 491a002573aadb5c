/* SPDX-License-Identifier: Apache-2.0 */
/* mounts[] judged and decided, with no system call. */
#include <errno.h>

#include "mount/devices.h"
#include "mount/mask.h"
#include "mount/plan.h"
#include "tests/unit/test.h"

static const struct oci_id_mapping one_id[] = { { 0, 1000, 1 } };

static struct oci_mount mount_of(const char *destination, const char *type, const char *source, struct strv *options)
{
	return (struct oci_mount){ .destination = destination, .type = type, .source = source,
				   .options = (const char *const *)options->v, .n_options = options->n };
}

/* Plan one mount; the error's text, or "" with *ret_entry's kind in *ret_kind. */
static const char *plan(const char *destination, const char *type, const char *source, const char *options,
			enum mount_kind *ret_kind)
{
	static struct err e;
	struct strv words = STRV_INIT;
	struct mount_plan made;
	struct oci_mount mount;
	struct oci_config config = { .mounts = &mount, .n_mounts = 1 };

	e = (struct err)ERR_INIT;
	strv_split(&words, options, ',');
	mount = mount_of(destination, type, source, &words);
	if (mount_plan_make(&config, "/bundle", &made, &e) >= 0 && ret_kind)
		*ret_kind = made.entries[0].kind;
	mount_plan_done(&made);
	strv_done(&words);
	return e.text;
}

static void test_kinds(void)
{
	static const struct {
		const char *type, *source, *options;
		enum mount_kind kind;
	} rows[] = {
		{ "proc", "proc", "nosuid", MOUNT_PROC },      { "sysfs", "sysfs", "ro", MOUNT_SYSFS },
		{ "none", "/a", "rbind,ro", MOUNT_BIND },      { NULL, "/a", "bind", MOUNT_BIND },
		{ "bind", "/a", "ro,size=1m", MOUNT_BIND },    { "proc", "/a", "bind", MOUNT_BIND },
		{ "tmpfs", "tmpfs", "size=1m", MOUNT_TMPFS },  { "cgroup2", "cgroup", "", MOUNT_CGROUP },
		{ "ext4", "/dev/x", "ro,data=x", MOUNT_FS },   { NULL, NULL, "remount,ro", MOUNT_REMOUNT },
		{ "overlay", "o", "lowerdir=/a:/b", MOUNT_OVERLAY },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		enum mount_kind kind = MOUNT_FS;
		const char *text = plan("/x", rows[i].type, rows[i].source, rows[i].options, &kind);

		CHECK(!*text && kind == rows[i].kind, "type %s, options %s: %s", rows[i].type ? rows[i].type : "absent",
		      rows[i].options, text);
	}
}

static void test_refusals(void)
{
	CHECK_STR(plan("/x", NULL, "/a", "ro", NULL),
		  "mounts[0] /x: type is missing, and options have neither bind nor rbind");
	CHECK_STR(plan("/x", "none", NULL, "bind", NULL), "mounts[0] /x: source is missing: a bind mount needs one");
	CHECK_STR(plan("/x", "none", "/a", "bind,size=1m,r0", NULL),
		  "mounts[0] /x: option \"r0\" is unknown, and a bind mount has no file system to pass it to");
	CHECK_STR(plan("/x", "proc", "/a", "tmpcopyup", NULL),
		  "mounts[0] /x: option \"tmpcopyup\" is for tmpfs mounts only");
	CHECK_STR(plan("proc/../proc//sys", "tmpfs", "t", "", NULL),
		  "mounts[0] proc/../proc//sys: nothing may be mounted inside /proc, except on files like /proc/cpuinfo");
	CHECK_STR(plan("/proc", "tmpfs", "t", "", NULL),
		  "mounts[0] /proc: only type proc, or a bind of a procfs, may be mounted on /proc");
	CHECK_STR(plan("/proc/cpuinfo", "bind", "/a", "bind", NULL), "");
	CHECK_STR(plan("/process", "tmpfs", "t", "", NULL), "");
	CHECK_STR(plan("", "tmpfs", "t", "", NULL), "mounts[0].destination: is missing or empty");
	CHECK_STR(plan("/x", "tmpfs", "t", "idmap=uids=0-1", NULL),
		  "mounts[0] /x: \"idmap=uids=0-1\" is no mapping: \"uids=STORED-SHOWN-COUNT#...;gids=...\" is expected");
	CHECK_STR(plan("/x", "tmpfs", "t", "idmap=uids=0-1-1#5-@6-1;gids=0-0-1", NULL),
		  "mounts[0] /x: \"idmap=uids=0-1-1#5-@6-1;gids=0-0-1\" is no mapping: "
		  "\"uids=STORED-SHOWN-COUNT#...;gids=...\" is expected");
	CHECK_STR(plan("/x", "tmpfs", "t", "idmap=uids=0-1-1#@5-6-1;gids=0-0-1", NULL), "");
	CHECK_STR(plan("/x", "overlay", "t", "lowerdir=/a,upperdir=/b", NULL),
		  "mounts[0] /x: upperdir is there, but workdir is missing: one cannot be without the other");
	CHECK_STR(plan("/x", NULL, NULL, "remount,size=1m", NULL),
		  "mounts[0] /x: remount changes attributes of the mount only, and \"size=1m\" is an option of its file system");
}

static void test_mappings(void)
{
	struct err e = ERR_INIT;
	struct mount_plan made;
	struct oci_mount mount = { .destination = "/x", .type = "tmpfs", .uid_mappings = one_id, .n_uid_mappings = 1 };
	struct oci_config config = { .mounts = &mount, .n_mounts = 1 };

	CHECK(mount_plan_make(&config, "/b", &made, &e) == -EINVAL, "uidMappings alone are refused");
	CHECK_STR(e.text, "mounts[0] /x: uidMappings is there, but gidMappings is missing: one cannot be without the other");
	mount_plan_done(&made);
	mount.gid_mappings = one_id;
	mount.n_gid_mappings = 1;
	CHECK(mount_plan_make(&config, "/b", &made, &e) == 0, "both together are accepted");
	CHECK(mount_entry_wants_idmap(&made.entries[0]), "and apply without the option idmap");
	mount_plan_done(&made);
}

static void test_paths(void)
{
	static const char *const rows[][2] = { { "/", "/" },         { "", "/" },           { "a/b", "/a/b" },
					       { "//a//b/", "/a/b" }, { "/a/./b/..", "/a" }, { "../../x", "/x" },
					       { "/a/../..", "/" },  { "/..a/.b", "/..a/.b" }, { "/a/b/../../c", "/c" } };
	struct strv none = STRV_INIT;
	struct err e = ERR_INIT;
	struct mount_plan made;
	struct oci_mount mount;
	struct oci_config config = { .mounts = &mount, .n_mounts = 1 };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *clean = mount_clean_path(rows[i][0]);

		CHECK_STR(clean, rows[i][1]);
	}
	mount = mount_of("data", "bind", "vol", &none);
	CHECK(mount_plan_make(&config, "/bundle", &made, &e) == 0, "a relative source and destination are accepted");
	CHECK_STR(made.entries[0].source, "/bundle/vol");
	CHECK_STR(made.entries[0].destination, "/data");
	mount_plan_done(&made);
}

static const char *check_device(const char *type, const char *path, const int64_t *major, const int64_t *minor)
{
	static struct err e;
	struct oci_device device = { .type = type, .path = path, .major = major, .minor = minor };
	struct oci_linux linux_ = { .devices = &device, .n_devices = 1 };
	struct oci_config config = { .linux_ = &linux_ };

	e = (struct err)ERR_INIT;
	mount_devices_check(&config, &e);
	return e.text;
}

static void test_linux(void)
{
	static const char *const relative[] = { "/ok", "proc/x" };
	struct oci_linux linux_ = { .masked_paths = relative, .n_masked_paths = 2 };
	struct oci_config config = { .linux_ = &linux_ };
	const int64_t one = 1, minus = -1;
	struct err e = ERR_INIT;

	CHECK_STR(check_device("c", "/dev/x", &one, &one), "");
	CHECK_STR(check_device("p", "/dev/x", NULL, NULL), "");
	CHECK_STR(check_device("z", "/dev/x", &one, &one),
		  "linux.devices[0] /dev/x: type \"z\" is unknown (one of: c, u, b, p)");
	CHECK_STR(check_device("b", "/dev/x", &one, NULL),
		  "linux.devices[0] /dev/x: major and minor are required, except for type p");
	CHECK_STR(check_device("b", "/dev/x", &minus, &one), "linux.devices[0] /dev/x: there is no device number -1:1");
	CHECK_STR(check_device("c", "dev/x", &one, &one), "linux.devices[0] dev/x: the path is not absolute");
	CHECK(mask_check(&config, &e) == -EINVAL, "relative masked paths are refused");
	CHECK_STR(e.text, "linux.maskedPaths[1]: \"proc/x\" is not an absolute path");
}

int main(void)
{
	test_kinds();
	test_refusals();
	test_mappings();
	test_paths();
	test_linux();
	return test_done();
}
