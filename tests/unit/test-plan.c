/* SPDX-License-Identifier: Apache-2.0 */
/* plan: every combination of the eight namespaces, absent, new or joined, keeps the promises of plan.h. */
#include "runtime/plan.h"

#include <errno.h>
#include <sched.h>

#include "base/cleanup.h"
#include "kernel/syscalls.h"
#include "tests/unit/test.h"

enum choice { ABSENT, NEW, JOINED, CHOICES };

static const enum oci_namespace_type types[] = {
	OCI_NS_PID, OCI_NS_NETWORK, OCI_NS_IPC, OCI_NS_UTS, OCI_NS_MOUNT, OCI_NS_CGROUP, OCI_NS_USER, OCI_NS_TIME,
};

static const struct oci_time_offset hour = { .secs = 3600 };
static const struct oci_time_offsets offsets = { .monotonic = &hour }, boottime = { .boottime = &hour }, no_offsets;

/* What the config asks for, and the plan that came out. */
struct sample {
	enum choice choice[OCI_NS_TYPES + 1];
	bool add_user, offsets;
	struct ns_plan plan;
};

static unsigned flags_of(const struct sample *s, enum choice choice)
{
	unsigned flags = 0;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (s->choice[types[i]] == choice)
			flags |= plan_namespace_flag(types[i]);
	return flags;
}

static unsigned joined_flags(const struct ns_plan *p)
{
	unsigned flags = 0;

	for (size_t i = 0; i < p->n_join; i++)
		flags |= plan_namespace_flag(p->join[i].type);
	return flags;
}

static bool made_is_right(const struct sample *s)
{
	unsigned made = flags_of(s, NEW) | (s->add_user ? CLONE_NEWUSER : 0);

	return s->plan.made == made && s->plan.user_made == !!(made & CLONE_NEWUSER);
}

static bool joined_is_right(const struct sample *s)
{
	return joined_flags(&s->plan) == flags_of(s, JOINED) &&
	       s->plan.n_join == (size_t)__builtin_popcount(flags_of(s, JOINED)) &&
	       s->plan.user_joined == (s->choice[OCI_NS_USER] == JOINED);
}

static bool nothing_is_both(const struct sample *s)
{
	return !(s->plan.made & joined_flags(&s->plan));
}

/* The mount namespace ends the list; behind the user namespace only the mount namespace may stand. */
static bool order_is_right(const struct sample *s)
{
	const struct ns_plan *p = &s->plan;

	for (size_t i = 0; i < p->n_join; i++) {
		if (p->join[i].type == OCI_NS_MOUNT && i + 1 != p->n_join)
			return false;
		if (p->join[i].type == OCI_NS_USER && i + 1 != p->n_join && p->join[i + 1].type != OCI_NS_MOUNT)
			return false;
	}
	return true;
}

static bool each_is_made_once(const struct sample *s)
{
	const struct ns_plan *p = &s->plan;
	unsigned later = p->unshare | (p->unshare_time ? (unsigned)CLONE_NEWTIME : 0);

	return (p->clone | later) == p->made && !(p->clone & later);
}

static bool late_ones_are_right(const struct sample *s)
{
	const struct ns_plan *p = &s->plan;

	return !(p->clone & CLONE_NEWCGROUP) && (p->unshare == CLONE_NEWCGROUP) == (s->choice[OCI_NS_CGROUP] == NEW) &&
	       p->unshare_time == (s->choice[OCI_NS_TIME] == NEW);
}

static bool fork_is_right(const struct sample *s)
{
	bool pid = s->choice[OCI_NS_PID] == JOINED, user = s->choice[OCI_NS_USER] == JOINED;
	bool user_made_later = (s->add_user || s->choice[OCI_NS_USER] == NEW) && flags_of(s, JOINED);

	return s->plan.fork == (pid || user || user_made_later);
}

/* Every entry names its place in the config and its path. */
static bool places_are_right(const struct sample *s, const struct oci_linux *lx)
{
	for (size_t i = 0; i < s->plan.n_join; i++) {
		const struct ns_join *j = &s->plan.join[i];

		if (j->index >= lx->n_namespaces || lx->namespaces[j->index].type != j->type ||
		    lx->namespaces[j->index].path != j->path)
			return false;
	}
	return true;
}

static const struct {
	bool (*holds)(const struct sample *s);
	const char *text;
} promises[] = {
	{ made_is_right, "what has no path is made, and a user namespace if one is added" },
	{ joined_is_right, "what has a path is joined, once" },
	{ nothing_is_both, "nothing is both made and joined" },
	{ order_is_right, "user is joined behind all but mount, mount at the end" },
	{ each_is_made_once, "each is made once, by clone3 or by init" },
	{ late_ones_are_right, "init makes cgroup and time" },
	{ fork_is_right, "a fork only for a joined pid or user namespace, or joins before a new user namespace" },
};

static size_t broken[ARRAY_SIZE(promises)], misplaced, refused, refused_wrongly, planned;

/* The n-th combination; every other one lists the types backwards. */
static void try(unsigned n, bool add_user, bool with_offsets)
{
	struct sample s = { .add_user = add_user, .offsets = with_offsets };
	struct oci_namespace list[OCI_NS_TYPES];
	struct oci_linux lx = { .namespaces = list, .time_offsets = with_offsets ? &offsets : NULL };
	const struct oci_config config = { .linux_ = &lx };
	struct err e = ERR_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++, n /= CHOICES) {
		enum oci_namespace_type type = types[add_user ? ARRAY_SIZE(types) - 1 - i : i];

		s.choice[type] = n % CHOICES;
		if (s.choice[type] != ABSENT)
			list[lx.n_namespaces++] = (struct oci_namespace){
				.type = type, .path = s.choice[type] == JOINED ? "/proc/1/ns/x" : NULL
			};
	}
	if (plan_namespaces(&config, add_user, &s.plan, &e) < 0) {
		refused++;
		refused_wrongly += e.code != -EINVAL || !add_user || s.choice[OCI_NS_USER] != JOINED;
		return;
	}
	planned++;
	misplaced += !places_are_right(&s, &lx);
	for (size_t i = 0; i < ARRAY_SIZE(promises); i++)
		broken[i] += !promises[i].holds(&s);
}

static void test_all(void)
{
	unsigned n_combinations = 1;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		n_combinations *= CHOICES;
	for (unsigned n = 0; n < n_combinations; n++)
		for (int variant = 0; variant < 4; variant++)
			try(n, variant & 1, variant & 2);

	CHECK(planned + refused == 4U * n_combinations, "%zu configurations planned, %zu refused", planned, refused);
	CHECK(refused == 2U * n_combinations / CHOICES && refused_wrongly == 0,
	      "refused: a user namespace both joined and added, and nothing else");
	CHECK(misplaced == 0, "entries name their index and path");
	for (size_t i = 0; i < ARRAY_SIZE(promises); i++)
		CHECK(broken[i] == 0, "%s", promises[i].text);
}

static struct ns_plan plan_one(const struct oci_linux *lx)
{
	const struct oci_config config = { .linux_ = lx };
	struct ns_plan plan = { .n_join = 0 };
	struct err e = ERR_INIT;

	CHECK(plan_namespaces(&config, false, &plan, &e) == 0, "a plan");
	return plan;
}

static void test_single(void)
{
	static const struct oci_namespace time_ns[] = { { .type = OCI_NS_TIME } };
	struct oci_linux lx = { .namespaces = time_ns, .n_namespaces = 1, .time_offsets = &no_offsets };
	static const struct oci_namespace new_ones[] = { { .type = OCI_NS_USER }, { .type = OCI_NS_IPC } };
	static const struct oci_namespace user[] = { { .type = OCI_NS_USER, .path = "/x" } };
	const struct oci_linux joins = { .namespaces = user, .n_namespaces = 1 };
	const struct oci_config config = { .linux_ = &joins };
	struct ns_plan plan = plan_one(NULL);
	struct err e = ERR_INIT;

	CHECK(plan.made == 0 && plan.clone == 0 && plan.n_join == 0 && !plan.fork, "no linux object: nothing to do");
	plan = plan_one(&lx);
	CHECK(plan.unshare_time && plan.clone == 0, "a time namespace without offsets is made in the same way");
	lx.time_offsets = &boottime;
	plan = plan_one(&lx);
	CHECK(plan.unshare_time && plan.clone == 0, "a boottime offset alone is one");
	lx = (struct oci_linux){ .namespaces = new_ones, .n_namespaces = 2 };
	plan = plan_one(&lx);
	CHECK(plan.unshare == 0 && plan.clone == (CLONE_NEWUSER | CLONE_NEWIPC), "an ipc namespace is made by clone3");
	lx.mount_label = "u:r:t:s0";
	plan = plan_one(&lx);
	CHECK(plan.unshare == CLONE_NEWIPC && plan.clone == CLONE_NEWUSER,
	      "one whose mqueue shall have a label is the container's");

	plan_namespaces(&config, true, &plan, &e);
	CHECK_STR(e.text, "linux.namespaces: a user namespace cannot be both joined and added");
	CHECK(plan_namespace_flag((enum oci_namespace_type)0) == 0, "no type, no flag");
}

int main(void)
{
	test_all();
	test_single();
	return test_done();
}
