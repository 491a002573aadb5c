/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions from the last to the first: see emit.h. */
#include "seccomp/emit.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define MAX_REACH UINT8_MAX /* jt and jf are bytes */

static size_t append(struct emit *e, uint16_t code, uint32_t k, size_t jt, size_t jf)
{
	if (e->n == e->size) {
		e->size = e->size ? e->size * 2 : 512;
		e->code = xrealloc(e->code, e->size, sizeof(*e->code));
	}
	e->code[e->n++] =
		(struct sock_filter){ .code = code, .jt = (uint8_t)jt, .jf = (uint8_t)jf, .k = k };
	return e->n;
}

static size_t append_ret(struct emit *e, struct emit_ret *ret)
{
	ret->label = append(e, BPF_RET | BPF_K, ret->value, 0, 0);
	return ret->label;
}

size_t emit_ret(struct emit *e, uint32_t value)
{
	for (size_t i = 0; i < e->n_rets; i++)
		if (e->rets[i].value == value)
			return e->rets[i].label;
	if (e->n_rets == e->size_rets) {
		e->size_rets = e->size_rets ? e->size_rets * 2 : 16;
		e->rets = xrealloc(e->rets, e->size_rets, sizeof(*e->rets));
	}
	e->rets[e->n_rets] = (struct emit_ret){ .value = value };
	return append_ret(e, &e->rets[e->n_rets++]);
}

/* A label for the same place that a jump can reach which is written `later` instructions from
   now: the label itself, a copy of a far RET, or a JA that goes on. */
static size_t reach(struct emit *e, size_t label, size_t later)
{
	const struct sock_filter *target = &e->code[label - 1];

	if (e->n + later - label <= MAX_REACH)
		return label;
	if (BPF_CLASS(target->code) != BPF_RET)
		return append(e, BPF_JMP | BPF_JA, (uint32_t)(e->n - label), 0, 0);
	for (size_t i = 0; i < e->n_rets; i++) {
		struct emit_ret *ret = &e->rets[i];

		if (ret->value != target->k)
			continue;
		return e->n + later - ret->label <= MAX_REACH ? ret->label : append_ret(e, ret);
	}
	return label; /* not reached: each RET is in the list */
}

size_t emit_jump(struct emit *e, uint16_t op, uint32_t k, size_t yes, size_t no)
{
	if (yes == no)
		return yes;
	yes = reach(e, yes, 1); /* there may come one instruction more, for the other branch */
	no = reach(e, no, 0);
	return append(e, (uint16_t)(BPF_JMP | BPF_K | op), k, e->n - yes, e->n - no);
}

/* Make `next` the instruction that is behind the next one to be written. */
static void fall_through(struct emit *e, size_t next)
{
	if (e->n != next)
		append(e, BPF_JMP | BPF_JA, (uint32_t)(e->n - next), 0, 0);
}

size_t emit_load(struct emit *e, uint32_t offset, size_t next)
{
	fall_through(e, next);
	return append(e, BPF_LD | BPF_W | BPF_ABS, offset, 0, 0);
}

size_t emit_and(struct emit *e, uint32_t mask, size_t next)
{
	fall_through(e, next);
	return append(e, BPF_ALU | BPF_AND | BPF_K, mask, 0, 0);
}

struct sock_filter *emit_take(struct emit *e, size_t *ret_n)
{
	struct sock_filter *program = e->code;

	for (size_t i = 0, k = e->n; i + 1 < k; i++) {
		struct sock_filter swap = program[i];

		program[i] = program[--k];
		program[k] = swap;
	}
	*ret_n = e->n;
	e->code = NULL;
	emit_done(e);
	return program;
}

void emit_done(struct emit *e)
{
	free(e->code);
	free(e->rets);
	memset(e, 0, sizeof(*e));
}
