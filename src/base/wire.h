/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wire format of protocol buffers (protobuf.dev/programming-guides/encoding): numbers, and what has a
 * length (texts and nested messages).  Which field has which number is for the users to know.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Add one field to a message.  A negative int32 is given as (uint64_t)(int64_t)value. */
void wire_add_number(struct strbuf *message, unsigned field, uint64_t value);
void wire_add_bytes(struct strbuf *message, unsigned field, const void *p, size_t n);
void wire_add_text(struct strbuf *message, unsigned field, const char *text);

struct wire_field {
	unsigned number;
	uint64_t value;    /* of a number; else 0 */
	const char *bytes; /* of what has a length, within the message and without a NUL; else NULL */
	size_t n;
};

/* A message while it is read. */
struct wire_reader {
	const char *p, *end;
};

/* The next field.  1, 0 at the end, or -EBADMSG for what is no message. */
int wire_next(struct wire_reader *reader, struct wire_field *ret_field);
