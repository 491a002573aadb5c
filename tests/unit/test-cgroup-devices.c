/* SPDX-License-Identifier: Apache-2.0 */
/* Device rules: the program is run by a small interpreter and compared with the rules read naively. */
#include "cgroup/devices.h"

#include <errno.h>
#include <stdlib.h>

#include "base/str.h"
#include "tests/unit/test.h"

/* As much of BPF as the programs use; -1: an instruction outside of it, or no end. */
static int run(const struct bpf_insn *insns, size_t n, const struct bpf_cgroup_dev_ctx *ctx)
{
	uint64_t reg[11] = { 0 };
	const char *memory = (const char *)ctx;

	for (size_t pc = 0; pc < n; pc++) {
		const struct bpf_insn *i = &insns[pc];
		uint32_t dst = (uint32_t)reg[i->dst_reg], word;

		switch (i->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			memcpy(&word, memory + i->off, sizeof(word));
			reg[i->dst_reg] = word;
			break;
		case BPF_ALU | BPF_MOV | BPF_X:
			reg[i->dst_reg] = (uint32_t)reg[i->src_reg];
			break;
		case BPF_ALU64 | BPF_MOV | BPF_K:
			reg[i->dst_reg] = (uint64_t)(int64_t)i->imm;
			break;
		case BPF_ALU | BPF_RSH | BPF_K:
			reg[i->dst_reg] = dst >> i->imm;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			reg[i->dst_reg] = dst & (uint32_t)i->imm;
			break;
		case BPF_JMP32 | BPF_JNE | BPF_K:
			pc += dst != (uint32_t)i->imm ? (size_t)i->off : 0;
			break;
		case BPF_JMP32 | BPF_JSET | BPF_K:
			pc += dst & (uint32_t)i->imm ? (size_t)i->off : 0;
			break;
		case BPF_JMP | BPF_JA:
			pc += (size_t)i->off;
			break;
		case BPF_JMP | BPF_EXIT:
			return (int)reg[0];
		default:
			return -1;
		}
	}
	return -1;
}

/* For each kind of access the last matching rule decides; nothing matching means yes. */
static bool decide(const struct device_rules *rules, char type, int64_t major, int64_t minor, unsigned access)
{
	for (unsigned bit = 1; bit <= DEVICE_WRITE; bit <<= 1) {
		bool allow = true;

		for (size_t i = 0; i < rules->n; i++) {
			const struct device_rule *r = &rules->v[i];

			if ((r->type == 'a' || r->type == type) && (r->major == DEVICE_ANY || r->major == major) &&
			    (r->minor == DEVICE_ANY || r->minor == minor) && (r->access & bit))
				allow = r->allow;
		}
		if ((access & bit) && !allow)
			return false;
	}
	return true;
}

/* What the v1 controller makes of a default and its exceptions (the kernel's devices.rst). */
static bool decide_v1(bool allow, const struct device_rules *exceptions, char type, int64_t major, int64_t minor,
		      unsigned access)
{
	for (unsigned bit = 1; bit <= DEVICE_WRITE; bit <<= 1) {
		bool found = false;

		for (size_t i = 0; i < exceptions->n; i++) {
			const struct device_rule *x = &exceptions->v[i];

			found = found || (x->type == type && (x->major == DEVICE_ANY || x->major == major) &&
					  (x->minor == DEVICE_ANY || x->minor == minor) && (x->access & bit));
		}
		if ((access & bit) && allow == found)
			return false;
	}
	return true;
}

static const int64_t numbers[] = { 0, 1, 2, 3, 5, 8, 136, 229, 4294967295 };

/* All devices of interest, all kinds of access: how many answers differ. */
static int compare(const struct device_rules *rules, bool v1)
{
	struct device_rules exceptions = DEVICE_RULES_INIT;
	struct bpf_insn *insns = NULL;
	struct err e = ERR_INIT;
	int wrong = 0;
	bool allow = true;
	size_t n = 0;

	devices_program(rules, &insns, &n);
	if (v1 && devices_simplify(rules, &allow, &exceptions, &e) < 0)
		v1 = false; /* not to be expressed */
	for (size_t a = 0; a < ARRAY_SIZE(numbers); a++)
		for (size_t b = 0; b < ARRAY_SIZE(numbers); b++)
			for (unsigned access = 1; access <= DEVICE_ALL; access++)
				for (const char *type = "bc"; *type; type++) {
					struct bpf_cgroup_dev_ctx ctx = {
						.access_type = access << 16 | (*type == 'b' ? BPF_DEVCG_DEV_BLOCK :
												BPF_DEVCG_DEV_CHAR),
						.major = (uint32_t)numbers[a],
						.minor = (uint32_t)numbers[b],
					};
					bool right = decide(rules, *type, numbers[a], numbers[b], access);

					wrong += run(insns, n, &ctx) != right;
					wrong += v1 && decide_v1(allow, &exceptions, *type, numbers[a], numbers[b],
								 access) != right;
				}
	free(insns);
	device_rules_done(&exceptions);
	return wrong;
}

static void random_rules(struct device_rules *rules, unsigned *seed)
{
	rules->n = (size_t)rand_r(seed) % 8;
	rules->v = xcalloc(rules->n, sizeof(*rules->v));
	for (size_t i = 0; i < rules->n; i++)
		rules->v[i] = (struct device_rule){
			.type = "abc"[rand_r(seed) % 3],
			.allow = rand_r(seed) % 2,
			.access = (uint8_t)(rand_r(seed) % 2 ? DEVICE_ALL : rand_r(seed) % 8),
			.major = rand_r(seed) % 2 ? DEVICE_ANY : numbers[(size_t)rand_r(seed) % ARRAY_SIZE(numbers)],
			.minor = rand_r(seed) % 2 ? DEVICE_ANY : numbers[(size_t)rand_r(seed) % ARRAY_SIZE(numbers)],
		};
}

static void test_random(void)
{
	unsigned seed = 1;
	int wrong = 0, wrong_all = 0;

	for (int i = 0; i < 500; i++) {
		struct device_rules rules = DEVICE_RULES_INIT;

		random_rules(&rules, &seed);
		wrong += compare(&rules, true);
		if (devices_allow_all(&rules))
			for (unsigned access = 1; access <= DEVICE_ALL; access++)
				wrong_all += !decide(&rules, 'c', 1, 3, access);
		device_rules_done(&rules);
	}
	CHECK(wrong == 0, "500 random lists of rules: program, v1 form and the rules agree");
	CHECK(wrong_all == 0, "and lists that allow all do allow all");
}

static void test_engine(void)
{
	static const int64_t n10 = 10, n229 = 229;
	const struct oci_device_rule config[] = {
		{ .allow = false, .access = "rwm" },
		{ .allow = true, .type = "c", .major = &n10, .minor = &n229, .access = "rw" },
	};
	const struct oci_resources r = { .devices = config, .n_devices = ARRAY_SIZE(config) };
	struct device_rules rules;
	struct err e = ERR_INIT;

	CHECK(devices_collect(&r, &rules, &e) == 0, "rules as Podman sends them for --device /dev/fuse");
	CHECK(compare(&rules, true) == 0, "the program agrees with them");
	CHECK(decide(&rules, 'c', 10, 229, DEVICE_READ | DEVICE_WRITE), "fuse may be opened");
	CHECK(decide(&rules, 'c', 1, 3, DEVICE_ALL), "null may be used");
	CHECK(decide(&rules, 'c', 136, 7, DEVICE_ALL), "terminals may be used");
	CHECK(decide(&rules, 'b', 8, 0, DEVICE_MKNOD), "a disk's node may be made");
	CHECK(!decide(&rules, 'b', 8, 0, DEVICE_READ), "but not be opened");
	CHECK(!devices_allow_all(&rules), "this is not everything");
	device_rules_done(&rules);
}

static void test_refused(void)
{
	static const int64_t negative = -2;
	const struct oci_device_rule bad[] = {
		{ .type = "x" },
		{ .type = "cb" },
		{ .access = "rx" },
		{ .major = &negative },
	};
	struct err e = ERR_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const struct oci_resources r = { .devices = &bad[i], .n_devices = 1 };

		CHECK(devices_check(&r, &e) == -EINVAL, "%s", e.text);
	}
}

int main(void)
{
	test_engine();
	test_random();
	test_refused();
	return test_done();
}
