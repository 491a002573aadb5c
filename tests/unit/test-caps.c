/* SPDX-License-Identifier: Apache-2.0 */
/* caps: names, and sets that are what was asked for. */
#include "kernel/caps.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/str.h"
#include "tests/unit/test.h"

#define BIT(cap) (UINT64_C(1) << (cap))

static void test_names(void)
{
	int n_known = 0;

	CHECK(caps_from_name("CAP_CHOWN") == 0, "CAP_CHOWN");
	CHECK(caps_from_name("cap_chown") == 0 && caps_from_name("Chown") == 0, "any case, with and without CAP_");
	CHECK(caps_from_name("CAP_SYS_ADMIN") == CAP_SYS_ADMIN, "CAP_SYS_ADMIN");
	CHECK(caps_from_name("CAP_CHECKPOINT_RESTORE") == 40, "CAP_CHECKPOINT_RESTORE");
	CHECK(caps_from_name("") == -EINVAL && caps_from_name("CAP_") == -EINVAL, "no name");
	CHECK(caps_from_name("CAP_NONSENSE") == -EINVAL, "an unknown name");
	CHECK(caps_from_name("0") == -EINVAL && caps_from_name("CAP_0") == -EINVAL && caps_from_name("21") == -EINVAL,
	      "numbers are no names");
	CHECK(caps_from_name("CAP_CHOWN ") == -EINVAL && caps_from_name("CAP_CHOWN,CAP_KILL") == -EINVAL &&
		      caps_from_name("CAP_CAP_CHOWN") == -EINVAL, "one name, and nothing else");
	CHECK(caps_from_name("CAP_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA") ==
		      -EINVAL, "a long name");
	for (int cap = 0; cap <= 40; cap++)
		n_known += caps_name(cap) && caps_from_name(caps_name(cap)) == cap;
	CHECK(n_known == 41, "%d names there and back", n_known);
	CHECK_STR(caps_name(CAP_NET_BIND_SERVICE), "CAP_NET_BIND_SERVICE");
	CHECK(!caps_name(-1) && !caps_name(63) && !caps_name(64) && !caps_name(1000), "numbers without a name");
}

/* A libcap that is younger than us may know more. */
static void test_libcap(void)
{
	int n_same = 0;

	for (int cap = 0; caps_name(cap); cap++) {
		char *theirs = cap_to_name(cap);

		n_same += theirs && strcasecmp(theirs, caps_name(cap)) == 0;
		cap_free(theirs);
	}
	CHECK(n_same == 41, "libcap gives %d of them the same names", n_same);
}

static void test_last(void)
{
	_cleanup_free_ char *text = NULL;

	if (fdio_read_file(AT_FDCWD, "/proc/sys/kernel/cap_last_cap", 64, &text, NULL) < 0) {
		SKIP("no /proc/sys/kernel/cap_last_cap");
		return;
	}
	CHECK(caps_last() == atoi(text), "the last is %d", caps_last());
}

/* One line of /proc/self/status. */
static uint64_t status_mask(const char *label)
{
	_cleanup_free_ char *text = NULL;
	const char *line;

	if (fdio_read_file(AT_FDCWD, "/proc/thread-self/status", 65536, &text, NULL) < 0)
		return UINT64_MAX;
	line = strstr(text, label);
	return line ? strtoull(line + strlen(label), NULL, 16) : UINT64_MAX;
}

static void check_status(const struct caps_sets *sets, const char *what)
{
	CHECK(status_mask("CapInh:") == sets->inheritable && status_mask("CapPrm:") == sets->permitted &&
		      status_mask("CapEff:") == sets->effective && status_mask("CapBnd:") == sets->bounding &&
		      status_mask("CapAmb:") == sets->ambient, "%s: the kernel sees the same", what);
}

static void test_get(void)
{
	struct caps_sets sets;

	CHECK(caps_get(&sets) == 0, "our sets");
	check_status(&sets, "get");
	CHECK(caps_have(CAP_SYS_ADMIN) == !!(sets.effective & BIT(CAP_SYS_ADMIN)), "have");
	CHECK(!caps_have(-1) && !caps_have(64), "none of these");
}

static void test_set(void)
{
	struct caps_sets want = {
		.bounding = BIT(CAP_KILL) | BIT(CAP_CHOWN) | BIT(CAP_CHECKPOINT_RESTORE),
		.permitted = BIT(CAP_KILL) | BIT(CAP_CHOWN) | BIT(CAP_CHECKPOINT_RESTORE),
		.effective = BIT(CAP_KILL) | BIT(CAP_CHECKPOINT_RESTORE),
		.inheritable = BIT(CAP_KILL) | BIT(CAP_CHOWN),
		.ambient = BIT(CAP_CHOWN),
	};
	struct caps_sets none = { .bounding = want.bounding }, got;

	CHECK(caps_drop_bounding(want.bounding) == 0, "bounding set");
	CHECK(caps_keep(true) == 0 && prctl(PR_GET_KEEPCAPS) == 1, "keep");
	CHECK(caps_keep(false) == 0 && prctl(PR_GET_KEEPCAPS) == 0, "do not keep");
	CHECK(caps_apply(&want) == 0, "all sets");
	CHECK(caps_get(&got) == 0 && memcmp(&got, &want, sizeof(got)) == 0, "as asked");
	check_status(&want, "set");
	CHECK(caps_drop_bounding(want.bounding) == 0, "nothing to drop, without CAP_SETPCAP");
	CHECK(caps_drop_bounding(0) == -EPERM, "something to drop, without CAP_SETPCAP");

	want.ambient = BIT(CAP_CHOWN) | BIT(CAP_CHECKPOINT_RESTORE);
	CHECK(caps_apply(&want) == -EPERM, "ambient, but not inheritable");
	want.ambient = 0;
	CHECK(caps_apply(&want) == 0 && caps_get(&got) == 0 && got.ambient == 0, "ambient cleared");
	want.permitted |= BIT(CAP_SYS_ADMIN);
	CHECK(caps_apply(&want) == -EPERM, "more than there is");
	CHECK(caps_apply(&none) == 0, "nothing at all");
	check_status(&none, "none");
}

int main(void)
{
	test_names();
	test_libcap();
	test_last();
	test_get();
	if (geteuid() != 0 && unshare(CLONE_NEWUSER) < 0)
		SKIP("no user namespaces");
	else
		test_set();
	return test_done();
}
