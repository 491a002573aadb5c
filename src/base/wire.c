/* SPDX-License-Identifier: Apache-2.0 */
/* Protocol buffers on the wire: see wire.h. */
#include "base/wire.h"

#include <string.h>

enum wire_type { WIRE_VARINT = 0, WIRE_I64 = 1, WIRE_LENGTH = 2, WIRE_I32 = 5 };

#define FIELD_MAX 0x1fffffff /* 29 bits */

static void add_varint(struct strbuf *message, uint64_t value)
{
	unsigned char bytes[10];
	size_t n = 0;

	for (; value >= 0x80; value >>= 7)
		bytes[n++] = (unsigned char)(value | 0x80);
	bytes[n++] = (unsigned char)value;
	strbuf_add_mem(message, bytes, n);
}

void wire_add_number(struct strbuf *message, unsigned field, uint64_t value)
{
	add_varint(message, (uint64_t)field << 3 | WIRE_VARINT);
	add_varint(message, value);
}

void wire_add_bytes(struct strbuf *message, unsigned field, const void *p, size_t n)
{
	add_varint(message, (uint64_t)field << 3 | WIRE_LENGTH);
	add_varint(message, n);
	if (n > 0)
		strbuf_add_mem(message, p, n);
}

void wire_add_text(struct strbuf *message, unsigned field, const char *text)
{
	wire_add_bytes(message, field, text, strlen(text));
}

static int read_varint(struct wire_reader *reader, uint64_t *ret_value)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64 && reader->p < reader->end; shift += 7) {
		uint64_t byte = (unsigned char)*reader->p++;

		value |= (byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*ret_value = value;
			return 0;
		}
	}
	return -EBADMSG;
}

static int read_bytes(struct wire_reader *reader, uint64_t n, const char **ret_bytes)
{
	if (n > (uint64_t)(reader->end - reader->p))
		return -EBADMSG;
	*ret_bytes = reader->p;
	reader->p += n;
	return 0;
}

int wire_next(struct wire_reader *reader, struct wire_field *ret_field)
{
	struct wire_field field = { .bytes = NULL };
	uint64_t key, n;
	int r;

	if (reader->p == reader->end)
		return 0;
	r = read_varint(reader, &key);
	if (r < 0)
		return r;
	if (key >> 3 == 0 || key >> 3 > FIELD_MAX)
		return -EBADMSG;
	field.number = (unsigned)(key >> 3);
	switch (key & 7) {
	case WIRE_VARINT:
		r = read_varint(reader, &field.value);
		break;
	case WIRE_LENGTH:
		r = read_varint(reader, &n);
		if (r == 0)
			r = read_bytes(reader, n, &field.bytes);
		field.n = r == 0 ? (size_t)n : 0;
		break;
	case WIRE_I64:
	case WIRE_I32:
		/* of no use to us: passed over */
		field.n = (key & 7) == WIRE_I64 ? 8 : 4;
		r = read_bytes(reader, field.n, &field.bytes);
		break;
	default:
		return -EBADMSG;
	}
	if (r < 0)
		return r;
	*ret_field = field;
	return 1;
}
