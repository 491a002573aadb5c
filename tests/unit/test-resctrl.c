/* SPDX-License-Identifier: Apache-2.0 */
/* resctrl and intelRdt: what is asked for, what is made, who removes it; on a stand-in for the kernel's file system. */
#include "tests/bats/fake-resctrl.c"

#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "kernel/resctrl.h"
#include "runtime/rdt-schema.h"
#include "runtime/rdt.h"
#include "tests/unit/test.h"

static char top[] = "/tmp/test-resctrl.XXXXXX";
static char root[sizeof(top) + 16];

static const char *path_of(const char *name)
{
	static char path[PATH_MAX];

	in_root(path, name);
	return path;
}

static bool exists(const char *name)
{
	return access(path_of(name), F_OK) == 0;
}

static void check_file(const char *name, const char *expected)
{
	char text[TEXT_MAX];

	read_text(path_of(name), text);
	CHECK(strcmp(text, expected) == 0, "%s is as it should be", name);
}

/* ---- text ------------------------------------------------------------------------------------- */

static void test_combine(void)
{
	static const struct {
		const char *l3, *mb, *expected;
	} rows[] = {
		{ NULL, NULL, NULL },
		{ "", "", NULL },
		{ "L3:0=f", NULL, "L3:0=f\n" },
		{ NULL, "MB:0=50", "MB:0=50\n" },
		{ "L3:0=f", "MB:0=50", "L3:0=f\nMB:0=50\n" },
		{ "L3:0=f\nMB:0=10", "MB:0=50", "L3:0=f\nMB:0=50\n" },
		{ "L3:0=f\nMB:0=10", NULL, "L3:0=f\nMB:0=10\n" },
		{ "L3CODE:0=f\nL3DATA:0=1\n", "MB:0=50", "L3CODE:0=f\nL3DATA:0=1\nMB:0=50\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *text = rdt_schema_combine(rows[i].l3, rows[i].mb);

		CHECK(rows[i].expected ? text && strcmp(text, rows[i].expected) == 0 : !text, "combined, row %zu", i);
	}
}

static void test_difference(void)
{
	static const char actual[] = "    MB:0=100;1= 50\n    L3:0=000ff;1=fffff\n";
	static const struct {
		const char *wanted, *expected;
	} rows[] = {
		{ "L3:0=ff;1=fffff\nMB:0=100;1=50\n", NULL },
		{ "L3:0=0xFF", NULL },
		{ "L3: 0 = 00ff", NULL },
		{ "MB:1=050", NULL },
		{ "", NULL },
		{ "L3:0=fe", "L3:0=fe" },
		{ "L3:1=fffff;0=f", "L3:0=f" },
		{ "L3:2=f", "L3:2=f" },
		{ "L2:0=f", "L2:0=f" },
		{ "L3:0=1\nL3:0=ff", NULL },
		{ "L3:0=ff\nL3:0=1", "L3:0=1" },
		{ "L3", "L3:=" },
		{ "L3:0", "L3:0=" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *text = rdt_schema_difference(rows[i].wanted, actual);

		CHECK(rows[i].expected ? text && strcmp(text, rows[i].expected) == 0 : !text, "difference, row %zu", i);
	}
}

static void test_names(void)
{
	static const char *const bad[] = { "", ".", "..", "info", "mon_groups", "mon_data", "a/b", "/", "a\nb" };

	CHECK(resctrl_is_group_name("web"), "a name");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(!resctrl_is_group_name(bad[i]), "no name, row %zu", i);
}

/* ---- a container's life ----------------------------------------------------------------------- */

struct container {
	struct oci_intel_rdt rdt;
	struct oci_linux linux_;
	struct oci_config config;
	struct state_document record;
	struct err e;
};

static void init(struct container *c, const char *id, const struct oci_intel_rdt *rdt)
{
	*c = (struct container){ .record.id = id, .e = ERR_INIT };
	if (rdt) {
		c->rdt = *rdt;
		c->linux_.intel_rdt = &c->rdt;
	}
	c->config.linux_ = &c->linux_;
}

static int create(struct container *c)
{
	int r = rdt_plan(&c->config, &c->record, &c->e);

	if (r == 0)
		r = rdt_make(&c->config, &c->record, &c->e);
	return r < 0 ? r : rdt_adopt(&c->record, getpid(), &c->e);
}

static void test_none(void)
{
	struct container c;

	unsetenv("FAKE_RESCTRL");
	init(&c, "none", NULL);
	CHECK(create(&c) == 0 && rdt_remove(&c.record, &c.e) == 0, "no intelRdt: nothing is asked");
	init(&c, "none", &(struct oci_intel_rdt){ .clos_id = NULL });
	if (access(RESCTRL_PATH "/schemata", F_OK) == 0)
		SKIP("this machine has a resctrl");
	else
		CHECK(rdt_plan(&c.config, &c.record, &c.e) == -ENODEV && strstr(c.e.text, "no resctrl is mounted"),
		      "no resctrl: %s", c.e.text);
	setenv("FAKE_RESCTRL", root, 1);
}

static void test_own_group(void)
{
	_cleanup_free_ char *pid = str_printf("%d\n", getpid()), *old = NULL;
	struct container c;

	init(&c, "own", &(struct oci_intel_rdt){ .l3_cache_schema = "L3:0=f", .mem_bw_schema = "MB:1=40" });
	CHECK(create(&c) == 0, "a group of its own: %s", c.e.text);
	check_file("own/schemata", "    MB:0=100;1= 40\n    L3:0=0000f;1=fffff\n");
	check_file("own/tasks", pid);
	CHECK(c.record.rdt_made && !c.record.rdt_monitored, "is remembered");

	CHECK(rdt_update(&c.record, "L3:1=ff", NULL, &old, &c.e) == 0, "update: %s", c.e.text);
	check_file("own/schemata", "    MB:0=100;1= 40\n    L3:0=0000f;1=000ff\n");
	CHECK(rdt_restore(&c.record, old, &c.e) == 0, "and back: %s", c.e.text);
	check_file("own/schemata", "    MB:0=100;1= 40\n    L3:0=0000f;1=fffff\n");
	CHECK(rdt_update(&c.record, "L3:1=f0f", NULL, NULL, &c.e) == -EINVAL && strstr(c.e.text, "the kernel says: Mask f0f"),
	      "a bad mask: %s", c.e.text);
	CHECK(rdt_update(&c.record, NULL, "L3:1=1", NULL, &c.e) == -EINVAL, "no bandwidth: %s", c.e.text);

	CHECK(rdt_remove(&c.record, &c.e) == 0 && !exists("own"), "removed, although it has a task");
	CHECK(rdt_remove(&c.record, &c.e) == 0, "once more");
}

static void test_schemata_win(void)
{
	static const char *const lines[] = { "L3:0=ff", "MB:0=20" };
	struct container c;

	init(&c, "win", &(struct oci_intel_rdt){ .l3_cache_schema = "L3:0=f;1=1", .schemata = lines, .n_schemata = 2 });
	CHECK(create(&c) == 0, "schemata are written last: %s", c.e.text);
	check_file("win/schemata", "    MB:0= 20;1=100\n    L3:0=000ff;1=00001\n");
	CHECK(rdt_remove(&c.record, &c.e) == 0, "removed");
}

static void test_shared_group(void)
{
	struct container maker, guest, other, plain;

	init(&maker, "maker", &(struct oci_intel_rdt){ .clos_id = "gold", .l3_cache_schema = "L3:0=f" });
	CHECK(create(&maker) == 0 && maker.record.rdt_made, "a closID is made: %s", maker.e.text);
	init(&guest, "guest", &(struct oci_intel_rdt){ .clos_id = "gold", .l3_cache_schema = "L3:0=0000F" });
	CHECK(create(&guest) == 0 && !guest.record.rdt_made, "or joined, when it is the same: %s", guest.e.text);
	init(&other, "other", &(struct oci_intel_rdt){ .clos_id = "gold", .l3_cache_schema = "L3:0=3" });
	CHECK(create(&other) == -EEXIST && strstr(other.e.text, "does not have L3:0=3"), "and refused when not: %s",
	      other.e.text);
	init(&plain, "plain", &(struct oci_intel_rdt){ .clos_id = "gold" });
	CHECK(create(&plain) == 0, "without a schema it has to be there: %s", plain.e.text);
	CHECK(rdt_update(&plain.record, "L3:0=1", NULL, NULL, &plain.e) == -EPERM, "is not changed by who joined: %s",
	      plain.e.text);

	CHECK(rdt_remove(&guest.record, &guest.e) == 0 && exists("gold"), "who joined does not remove it");
	CHECK(rdt_remove(&maker.record, &maker.e) == 0 && exists("gold"), "who made it leaves it to those who live in it");
	write_text(path_of("gold/tasks"), "");
	CHECK(rdt_remove(&maker.record, &maker.e) == 0 && !exists("gold"), "and removes it else");
	init(&plain, "plain", &(struct oci_intel_rdt){ .clos_id = "gold" });
	CHECK(create(&plain) == -ENOENT, "and is not made without a schema: %s", plain.e.text);
}

static void test_default_group(void)
{
	struct container c;

	init(&c, "base", &(struct oci_intel_rdt){ .clos_id = "/", .enable_monitoring = true });
	CHECK(create(&c) == 0 && exists("mon_groups/base/tasks"), "the default group, monitored: %s", c.e.text);
	CHECK(rdt_remove(&c.record, &c.e) == 0 && !exists("mon_groups/base") && exists("tasks"), "only our part goes");
}

static void test_monitoring(void)
{
	_cleanup_free_ char *pid = str_printf("%d\n", getpid());
	struct container c, second;

	init(&c, "seen", &(struct oci_intel_rdt){ .enable_monitoring = true });
	CHECK(create(&c) == 0 && c.record.rdt_monitored, "monitored: %s", c.e.text);
	check_file("seen/tasks", pid);
	check_file("seen/mon_groups/seen/tasks", pid);
	init(&second, "seen", &(struct oci_intel_rdt){ .clos_id = "seen", .enable_monitoring = true });
	CHECK(create(&second) == -EEXIST && !second.record.rdt_monitored, "somebody else's: %s", second.e.text);
	CHECK(rdt_remove(&c.record, &c.e) == 0 && !exists("seen"), "removed with its monitoring group");

	rmdir(path_of("mon_groups"));
	init(&c, "blind", &(struct oci_intel_rdt){ .enable_monitoring = true });
	CHECK(create(&c) == -ENOTSUP && !exists("blind"), "a processor that cannot: %s", c.e.text);
	mkdir(path_of("mon_groups"), 0755);
}

static void test_refused(void)
{
	static const struct {
		struct oci_intel_rdt rdt;
		int code;
		const char *text;
	} rows[] = {
		{ { .clos_id = "a/b" }, -EINVAL, "linux.intelRdt.closID: 'a/b' cannot be the name" },
		{ { .clos_id = ".." }, -EINVAL, "linux.intelRdt.closID: '..' cannot be the name" },
		{ { .clos_id = "info" }, -EINVAL, "linux.intelRdt.closID: 'info' cannot be the name" },
		{ { .l3_cache_schema = "L3:0=505" }, -EINVAL, "write the schemata L3:0=505: invalid argument; the kernel says:" },
		{ { .l3_cache_schema = "L2:0=1" }, -EINVAL, "Unknown or unsupported resource name" },
		{ { .clos_id = "/", .l3_cache_schema = "L3:0=1" }, -EEXIST, "the group / exists and does not have L3:0=1" },
	};
	struct container c, many[3];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		init(&c, "bad", &rows[i].rdt);
		CHECK(create(&c) == rows[i].code && strstr(c.e.text, rows[i].text), "refused: %s", c.e.text);
		CHECK(rdt_remove(&c.record, &c.e) == 0 && !exists("bad"), "and nothing is left");
	}
	init(&c, "info", &(struct oci_intel_rdt){ .clos_id = NULL });
	CHECK(create(&c) == -EINVAL, "an id that cannot be a group: %s", c.e.text);

	mkdir(path_of("taken"), 0755);
	init(&c, "taken", &(struct oci_intel_rdt){ .clos_id = NULL });
	CHECK(create(&c) == -EEXIST && !c.record.rdt_made, "an id that is a group already: %s", c.e.text);
	CHECK(rdt_remove(&c.record, &c.e) == 0 && exists("taken"), "stays");
	rmdir(path_of("taken"));

	for (size_t i = 0; i < 3; i++) {
		init(&many[i], (const char *const[]){ "many0", "many1", "many2" }[i], &(struct oci_intel_rdt){ .clos_id = NULL });
		CHECK(create(&many[i]) == 0, "class of service %zu: %s", i, many[i].e.text);
	}
	init(&c, "more", &(struct oci_intel_rdt){ .clos_id = NULL });
	CHECK(create(&c) == -ENOSPC && !c.record.rdt_made && strstr(c.e.text, "Out of CLOSIDs"), "none left: %s", c.e.text);
	for (size_t i = 0; i < 3; i++)
		CHECK(rdt_remove(&many[i].record, &c.e) == 0, "removed");
}

int main(void)
{
	char command[64];

	if (!mkdtemp(top))
		return 1;
	snprintf(root, sizeof(root), "%s/resctrl", top);
	if (fake_resctrl_set_up(root) < 0)
		return 1;
	test_combine();
	test_difference();
	test_names();
	test_none();
	test_own_group();
	test_schemata_win();
	test_shared_group();
	test_default_group();
	test_monitoring();
	test_refused();
	snprintf(command, sizeof(command), "rm -rf %s", top);
	if (system(command) != 0)
		return 1;
	return test_done();
}
