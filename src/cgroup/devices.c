/* SPDX-License-Identifier: Apache-2.0 */
/* Device rules as data and as a program: see devices.h.  Pure; devices-apply.c puts them into force. */
#include "cgroup/devices.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

/* What every runtime grants after the configuration's rules: making any node, and the default devices. */
static const struct device_rule default_rules[] = {
	{ 'c', true, DEVICE_MKNOD, DEVICE_ANY, DEVICE_ANY },
	{ 'b', true, DEVICE_MKNOD, DEVICE_ANY, DEVICE_ANY },
	{ 'c', true, DEVICE_ALL, 1, 3 },          /* null */
	{ 'c', true, DEVICE_ALL, 1, 5 },          /* zero */
	{ 'c', true, DEVICE_ALL, 1, 7 },          /* full */
	{ 'c', true, DEVICE_ALL, 1, 8 },          /* random */
	{ 'c', true, DEVICE_ALL, 1, 9 },          /* urandom */
	{ 'c', true, DEVICE_ALL, 5, 0 },          /* tty */
	{ 'c', true, DEVICE_ALL, 5, 1 },          /* console */
	{ 'c', true, DEVICE_ALL, 5, 2 },          /* ptmx */
	{ 'c', true, DEVICE_ALL, 136, DEVICE_ANY }, /* pts/N */
};

static void add(struct device_rules *rules, const struct device_rule *rule)
{
	rules->v = xrealloc(rules->v, rules->n + 1, sizeof(*rules->v));
	rules->v[rules->n++] = *rule;
}

void device_rules_done(struct device_rules *rules)
{
	free(rules->v);
	*rules = (struct device_rules)DEVICE_RULES_INIT;
}

static int parse_access(const char *access, size_t i, uint8_t *ret_access, struct err *e)
{
	*ret_access = 0;
	for (const char *c = access ? access : "rwm"; *c; c++) {
		uint8_t bit = *c == 'r' ? DEVICE_READ : *c == 'w' ? DEVICE_WRITE : *c == 'm' ? DEVICE_MKNOD : 0;

		if (!bit)
			return err_say(e, -EINVAL, "linux.resources.devices[%zu].access: \"%s\" is not made of r, w and m", i,
				       access);
		*ret_access |= bit;
	}
	return 0;
}

/* -1 is what Go programs write for "all". */
static int parse_number(const int64_t *number, size_t i, const char *name, int64_t *ret_number, struct err *e)
{
	*ret_number = number ? *number : DEVICE_ANY;
	if (*ret_number < DEVICE_ANY || *ret_number > UINT32_MAX)
		return err_say(e, -EINVAL, "linux.resources.devices[%zu].%s: %" PRId64 " is out of range", i, name, *number);
	return 0;
}

static int parse_rule(const struct oci_device_rule *d, size_t i, struct device_rule *ret_rule, struct err *e)
{
	const char *type = str_empty(d->type) ? "a" : d->type;
	int r;

	if (strlen(type) != 1 || !strchr("abc", type[0]))
		return err_say(e, -EINVAL, "linux.resources.devices[%zu].type: \"%s\" is none of a, b and c", i, type);
	ret_rule->type = type[0];
	ret_rule->allow = d->allow;
	r = parse_access(d->access, i, &ret_rule->access, e);
	if (r == 0)
		r = parse_number(d->major, i, "major", &ret_rule->major, e);
	if (r == 0)
		r = parse_number(d->minor, i, "minor", &ret_rule->minor, e);
	return r;
}

int devices_collect(const struct oci_resources *r, struct device_rules *ret_rules, struct err *e)
{
	*ret_rules = (struct device_rules)DEVICE_RULES_INIT;
	for (size_t i = 0; i < r->n_devices; i++) {
		struct device_rule rule;
		int code = parse_rule(&r->devices[i], i, &rule, e);

		if (code < 0) {
			device_rules_done(ret_rules);
			return code;
		}
		add(ret_rules, &rule);
	}
	for (size_t i = 0; r->n_devices > 0 && i < ARRAY_SIZE(default_rules); i++)
		add(ret_rules, &default_rules[i]);
	return 0;
}

int devices_check(const struct oci_resources *r, struct err *e)
{
	_cleanup_(device_rules_done) struct device_rules rules = DEVICE_RULES_INIT;

	return devices_collect(r, &rules, e);
}

/* Matches every device. */
static bool is_total(const struct device_rule *rule)
{
	return rule->type == 'a' && rule->major == DEVICE_ANY && rule->minor == DEVICE_ANY;
}

bool devices_allow_all(const struct device_rules *rules)
{
	for (size_t i = rules->n; i > 0; i--) {
		const struct device_rule *rule = &rules->v[i - 1];

		if (!rule->allow)
			return false;
		if (is_total(rule) && rule->access == DEVICE_ALL)
			return true;
	}
	return true;
}

struct program {
	struct bpf_insn *v;
	size_t n;
};

static void emit(struct program *p, uint8_t code, uint8_t dst, uint8_t src, int16_t off, int32_t imm)
{
	/* Grow at powers of two. */
	if ((p->n & (p->n - 1)) == 0)
		p->v = xrealloc(p->v, p->n ? 2 * p->n : 1, sizeof(*p->v));
	p->v[p->n++] = (struct bpf_insn){ .code = code, .dst_reg = dst, .src_reg = src, .off = off, .imm = imm };
}

static void emit_return(struct program *p, int value)
{
	emit(p, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, value);
	emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* The registers: 2 type, 3 what was asked for and is not yet allowed, 4 major, 5 minor. */
static void emit_prologue(struct program *p)
{
	emit(p, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_2, BPF_REG_1, offsetof(struct bpf_cgroup_dev_ctx, access_type), 0);
	emit(p, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_4, BPF_REG_1, offsetof(struct bpf_cgroup_dev_ctx, major), 0);
	emit(p, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_5, BPF_REG_1, offsetof(struct bpf_cgroup_dev_ctx, minor), 0);
	/* access_type is (access << 16) | type. */
	emit(p, BPF_ALU | BPF_MOV | BPF_X, BPF_REG_3, BPF_REG_2, 0, 0);
	emit(p, BPF_ALU | BPF_RSH | BPF_K, BPF_REG_3, 0, 0, 16);
	emit(p, BPF_ALU | BPF_AND | BPF_K, BPF_REG_2, 0, 0, 0xffff);
}

/* One rule; returns true when nothing can get past it. */
static bool emit_rule(struct program *p, const struct device_rule *rule)
{
	int conditions = (rule->type != 'a') + (rule->major != DEVICE_ANY) + (rule->minor != DEVICE_ANY);
	bool all = rule->access == DEVICE_ALL;
	int body = all ? 2 : 4;

	/* Each condition jumps over the conditions that follow it, and the body. JMP32: numbers are unsigned. */
	if (rule->type != 'a')
		emit(p, BPF_JMP32 | BPF_JNE | BPF_K, BPF_REG_2, 0, (int16_t)(--conditions + body),
		     rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	if (rule->major != DEVICE_ANY)
		emit(p, BPF_JMP32 | BPF_JNE | BPF_K, BPF_REG_4, 0, (int16_t)(--conditions + body), (int32_t)rule->major);
	if (rule->minor != DEVICE_ANY)
		emit(p, BPF_JMP32 | BPF_JNE | BPF_K, BPF_REG_5, 0, (int16_t)(--conditions + body), (int32_t)rule->minor);

	if (all) {
		emit_return(p, rule->allow);
		return is_total(rule);
	}
	if (rule->allow) {
		emit(p, BPF_ALU | BPF_AND | BPF_K, BPF_REG_3, 0, 0, DEVICE_ALL & ~rule->access);
		emit(p, BPF_JMP32 | BPF_JNE | BPF_K, BPF_REG_3, 0, 2, 0);
	} else {
		emit(p, BPF_JMP32 | BPF_JSET | BPF_K, BPF_REG_3, 0, 1, rule->access);
		emit(p, BPF_JMP | BPF_JA, 0, 0, 2, 0);
	}
	emit_return(p, rule->allow);
	return false;
}

void devices_program(const struct device_rules *rules, struct bpf_insn **ret_insns, size_t *ret_n)
{
	struct program p = { NULL, 0 };
	bool closed = false;

	emit_prologue(&p);
	/* The last matching rule decides, so it comes first. */
	for (size_t i = rules->n; i > 0 && !closed; i--)
		if (rules->v[i - 1].access)
			closed = emit_rule(&p, &rules->v[i - 1]);
	/* The verifier refuses what cannot be reached. */
	if (!closed)
		emit_return(&p, 1);
	*ret_insns = p.v;
	*ret_n = p.n;
}

static bool covers(const struct device_rule *a, const struct device_rule *b)
{
	return (a->type == 'a' || a->type == b->type) && (a->major == DEVICE_ANY || a->major == b->major) &&
	       (a->minor == DEVICE_ANY || a->minor == b->minor);
}

static bool overlaps(const struct device_rule *a, const struct device_rule *b)
{
	return (a->type == 'a' || b->type == 'a' || a->type == b->type) &&
	       (a->major == DEVICE_ANY || b->major == DEVICE_ANY || a->major == b->major) &&
	       (a->minor == DEVICE_ANY || b->minor == DEVICE_ANY || a->minor == b->minor);
}

/* A rule against the default is a further exception. */
static void add_exception(struct device_rules *exceptions, const struct device_rule *rule)
{
	for (size_t i = 0; i < exceptions->n; i++) {
		struct device_rule *x = &exceptions->v[i];

		if (x->type == rule->type && x->major == rule->major && x->minor == rule->minor) {
			x->access |= rule->access;
			return;
		}
	}
	add(exceptions, rule);
}

/* A rule in line with the default takes exceptions back; a piece of a wider one cannot be taken out. */
static int take_back(struct device_rules *exceptions, const struct device_rule *rule, struct err *e)
{
	for (size_t i = exceptions->n; i > 0; i--) {
		struct device_rule *x = &exceptions->v[i - 1];

		if (!(x->access & rule->access) || !overlaps(x, rule))
			continue;
		if (!covers(rule, x))
			return err_say(e, -EOPNOTSUPP, "linux.resources.devices: a rule %s a part of what an earlier rule %s, "
						       "which the devices controller of cgroup v1 cannot express",
				       rule->allow ? "allows" : "denies", rule->allow ? "denied" : "allowed");
		x->access &= (uint8_t)~rule->access;
		if (!x->access)
			*x = exceptions->v[--exceptions->n];
	}
	return 0;
}

/* v1 reads "a" as everything, whatever numbers follow: a rule for both types with numbers is two. */
static int simplify_rule(bool allow_default, struct device_rules *exceptions, const struct device_rule *rule,
			 struct err *e)
{
	struct device_rule half = *rule;
	int r = 0;

	for (const char *type = rule->type == 'a' ? "bc" : ""; r == 0 && *type; type++) {
		half.type = *type;
		r = simplify_rule(allow_default, exceptions, &half, e);
	}
	if (r < 0 || rule->type == 'a')
		return r;
	if (rule->allow == allow_default)
		return take_back(exceptions, rule, e);
	add_exception(exceptions, rule);
	return 0;
}

int devices_simplify(const struct device_rules *rules, bool *ret_allow, struct device_rules *ret_exceptions,
		     struct err *e)
{
	struct device_rules exceptions = DEVICE_RULES_INIT;
	bool allow = true;

	for (size_t i = 0; i < rules->n; i++) {
		const struct device_rule *rule = &rules->v[i];
		int r = 0;

		if (is_total(rule) && rule->access == DEVICE_ALL) {
			device_rules_done(&exceptions);
			allow = rule->allow;
		} else if (rule->access) {
			r = simplify_rule(allow, &exceptions, rule, e);
		}
		if (r < 0) {
			device_rules_done(&exceptions);
			return r;
		}
	}
	*ret_allow = allow;
	*ret_exceptions = exceptions;
	return 0;
}
