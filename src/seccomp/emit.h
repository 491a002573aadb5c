/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A classic BPF program written from its end to its beginning, so that the target of each jump
 * exists before the jump (jumps only go forward).  A label is the number of instructions behind
 * and including the one it names, and stays valid.  It knows nothing of system calls.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <linux/filter.h>

struct emit {
	struct sock_filter *code; /* in reverse */
	size_t n, size;
	struct emit_ret {
		uint32_t value;
		size_t label;
	} *rets;                  /* the latest RET of each value */
	size_t n_rets, size_rets;
};

#define EMIT_INIT { .code = NULL }

/* A label of "return value". */
size_t emit_ret(struct emit *e, uint32_t value);

/* if (A op k) goto yes; else goto no.  op is BPF_JEQ, BPF_JGT, BPF_JGE or BPF_JSET. */
size_t emit_jump(struct emit *e, uint16_t op, uint32_t k, size_t yes, size_t no);

/* A = the word at this offset; then what is at `next`. */
size_t emit_load(struct emit *e, uint32_t offset, size_t next);

/* A &= mask; then what is at `next`. */
size_t emit_and(struct emit *e, uint32_t mask, size_t next);

/* The program, in new memory, its first instruction the one that was written last. */
struct sock_filter *emit_take(struct emit *e, size_t *ret_n);
void emit_done(struct emit *e);
