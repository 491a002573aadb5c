/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A filter without a kernel: an interpreter of classic BPF as seccomp(2) runs it, with the checks
 * of the kernel's seccomp_check_filter() and bpf_check_classic().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

static inline bool vm_jumps_in_range(const struct sock_filter *in, size_t left)
{
	switch (in->code) {
	case BPF_JMP | BPF_JA:
		return in->k < left;
	case BPF_JMP | BPF_JEQ | BPF_K:
	case BPF_JMP | BPF_JGT | BPF_K:
	case BPF_JMP | BPF_JGE | BPF_K:
	case BPF_JMP | BPF_JSET | BPF_K:
		return in->jt < left && in->jf < left;
	case BPF_LD | BPF_W | BPF_ABS:
		return left > 0 && in->k % 4 == 0 && in->k < sizeof(struct seccomp_data);
	case BPF_ALU | BPF_AND | BPF_K:
		return left > 0;
	case BPF_RET | BPF_K:
		return true;
	default:
		return false;
	}
}

/* True if the kernel takes the program.  Only the instructions that our compiler and libseccomp use
   are known: others are wrong. */
static inline bool vm_valid(const struct sock_filter *program, size_t n)
{
	if (n == 0 || n > BPF_MAXINSNS || program[n - 1].code != (BPF_RET | BPF_K))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!vm_jumps_in_range(&program[i], n - i - 1))
			return false;
	return true;
}

/* The verdict of a valid program.  *steps grows by the number of instructions, if not NULL. */
static inline uint32_t vm_run(const struct sock_filter *program, const struct seccomp_data *data,
			      unsigned *steps)
{
	const struct sock_filter *in = program;
	uint32_t a = 0;

	for (;; in++) {
		if (steps)
			++*steps;
		switch (in->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			memcpy(&a, (const char *)data + in->k, sizeof(a));
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= in->k;
			break;
		case BPF_JMP | BPF_JA:
			in += in->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			in += a == in->k ? in->jt : in->jf;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			in += a > in->k ? in->jt : in->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			in += a >= in->k ? in->jt : in->jf;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			in += a & in->k ? in->jt : in->jf;
			break;
		default:
			return in->k;
		}
	}
}
