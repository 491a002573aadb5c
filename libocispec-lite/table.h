/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables that tie C structs to JSON: one row per property drives parsing, printing, the checks
 * and the paths in messages.  For OCI's documents they are in oci-*.c; with the macros below anyone
 * makes tables for documents of his own and gives them to lite_parse() and lite_print().
 *
 *	struct app_note {
 *		const char *title;
 *		const uint32_t *size;
 *		const char *const *tags;
 *		size_t n_tags;
 *	};
 *
 *	LITE_TYPE(app_note,
 *		F_STR(struct app_note, title, "title", LITE_REQUIRED),
 *		F_U32_OPT(struct app_note, size, "size", 0),
 *		F_STRS(struct app_note, tags, "tags", 0));
 *
 *	const struct app_note *note = lite_parse(&doc, &app_note_type, text, len);
 *
 * A row whose kind disagrees with the C type of its member does not compile.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libocispec-lite/oci-config.h" /* struct oci_pair */

/* What one value is. */
enum lite_kind {
	LITE_BOOL = 1,
	LITE_I32,
	LITE_I64,
	LITE_U16,
	LITE_U32,
	LITE_U64,
	LITE_STRING,
	LITE_ENUM,   /* a string in JSON */
	LITE_OBJECT,
};

/* How the member holds it. */
enum lite_shape {
	LITE_ONE,     /* T m */
	LITE_POINTER, /* const T *m; NULL: absent */
	LITE_ARRAY,   /* const T *m and size_t n_m */
	LITE_MAP,     /* as an array, of struct oci_pair or of objects whose first member is their key;
			 in the order of the document */
};

enum lite_flag {
	LITE_REQUIRED = 1 << 0,  /* must be there when parsed; is printed even if false, 0 or empty */
	LITE_KEEP = 1 << 1,      /* need not be there, but is printed like that */
	LITE_POSITIVE = 1 << 2,  /* a number greater than zero */
	LITE_NOT_EMPTY = 1 << 3, /* an array of at least one element */
	LITE_NAMED = 1 << 4,     /* a map whose keys must not be empty */
};

/* The values of an enumeration: names[value], names[0] is NULL as 0 means absent. */
struct lite_enum {
	const char *const *names;
	size_t n_names;
};

struct lite_field {
	const char *name;
	size_t name_len;
	size_t offset;       /* of the member */
	size_t count_offset; /* of n_member: arrays and maps */
	size_t size;         /* of one value */
	enum lite_kind kind;
	enum lite_shape shape;
	unsigned flags;
	const struct lite_type *type;    /* LITE_OBJECT */
	const struct lite_enum *values;  /* LITE_ENUM */
};

struct lite_type {
	size_t size;
	const struct lite_field *fields;
	size_t n_fields; /* at most LITE_FIELDS_MAX */
};

#define LITE_FIELDS_MAX 64

/* `const struct lite_type TAG_type` for struct TAG: of this file, or for other files as well. */
#define LITE_TYPE(tag_, ...)        LITE_TYPE_LINKED(static, tag_, __VA_ARGS__)
#define LITE_SHARED_TYPE(tag_, ...) LITE_TYPE_LINKED(, tag_, __VA_ARGS__)

#define LITE_TYPE_LINKED(linkage, tag_, ...)                                                   \
	static const struct lite_field tag_##_fields[] = { __VA_ARGS__ };                      \
	_Static_assert(sizeof(tag_##_fields) / sizeof(tag_##_fields[0]) <= LITE_FIELDS_MAX,    \
		       "a struct of more than LITE_FIELDS_MAX rows");                          \
	linkage const struct lite_type tag_##_type = {                                         \
		.size = sizeof(struct tag_),                                                   \
		.fields = tag_##_fields,                                                       \
		.n_fields = sizeof(tag_##_fields) / sizeof(tag_##_fields[0]),                  \
	}

/* `const struct lite_enum TAG_values` for enum TAG: LITE_VALUES(tag, [VALUE] = "name", ...) */
#define LITE_VALUES(tag_, ...)        LITE_VALUES_LINKED(static, tag_, __VA_ARGS__)
#define LITE_SHARED_VALUES(tag_, ...) LITE_VALUES_LINKED(, tag_, __VA_ARGS__)

#define LITE_VALUES_LINKED(linkage, tag_, ...)                                                 \
	static const char *const tag_##_names[] = { __VA_ARGS__ };                             \
	_Static_assert(sizeof(enum tag_) == sizeof(unsigned), "enumerations are of int size"); \
	linkage const struct lite_enum tag_##_values = {                                       \
		.names = tag_##_names,                                                         \
		.n_names = sizeof(tag_##_names) / sizeof(tag_##_names[0]),                     \
	}

/* The name of a value as it is in JSON; "" if it has none. */
const char *lite_enum_name(const struct lite_enum *values, unsigned value);

/* ---- rows: F_x(struct type, member, "property", flags) ---- */

/* 0, or no compilation: a condition that may stand inside an initialiser. */
#define LITE_ASSERT(condition, text) \
	(0 * sizeof(struct {         \
		 _Static_assert(condition, text); \
		 int unused;         \
	 }))

#define LITE_CHECK(T, m, ctype)                                                             \
	LITE_ASSERT(__builtin_types_compatible_p(__typeof__(((T *)0)->m), ctype),           \
		    "the kind of the row is not the C type of " #m)

#define LITE_ROW(T, m, json, flags_, kind_, shape_, ctype, vtype)                             \
	.name = (json), .name_len = sizeof(json) - 1,                                         \
	.offset = offsetof(T, m) + LITE_CHECK(T, m, ctype), .size = sizeof(vtype),            \
	.kind = (kind_), .shape = (shape_), .flags = (flags_)

#define LITE_COUNT(T, m) .count_offset = offsetof(T, n_##m) + LITE_CHECK(T, n_##m, size_t)

#define LITE_F_ONE(T, m, json, flags, kind, ctype) \
	{ LITE_ROW(T, m, json, flags, kind, LITE_ONE, ctype, ctype) }
#define LITE_F_POINTER(T, m, json, flags, kind, ctype) \
	{ LITE_ROW(T, m, json, flags, kind, LITE_POINTER, const ctype *, ctype) }
#define LITE_F_ARRAY(T, m, json, flags, kind, ctype) \
	{ LITE_ROW(T, m, json, flags, kind, LITE_ARRAY, const ctype *, ctype), LITE_COUNT(T, m) }

/* Scalars that are false or 0 when absent. */
#define F_BOOL(T, m, json, flags) LITE_F_ONE(T, m, json, flags, LITE_BOOL, bool)
#define F_I32(T, m, json, flags)  LITE_F_ONE(T, m, json, flags, LITE_I32, int32_t)
#define F_I64(T, m, json, flags)  LITE_F_ONE(T, m, json, flags, LITE_I64, int64_t)
#define F_U16(T, m, json, flags)  LITE_F_ONE(T, m, json, flags, LITE_U16, uint16_t)
#define F_U32(T, m, json, flags)  LITE_F_ONE(T, m, json, flags, LITE_U32, uint32_t)
#define F_U64(T, m, json, flags)  LITE_F_ONE(T, m, json, flags, LITE_U64, uint64_t)

/* Scalars by pointer: const int64_t *m; NULL when absent. */
#define F_BOOL_OPT(T, m, json, flags) LITE_F_POINTER(T, m, json, flags, LITE_BOOL, bool)
#define F_I32_OPT(T, m, json, flags)  LITE_F_POINTER(T, m, json, flags, LITE_I32, int32_t)
#define F_I64_OPT(T, m, json, flags)  LITE_F_POINTER(T, m, json, flags, LITE_I64, int64_t)
#define F_U16_OPT(T, m, json, flags)  LITE_F_POINTER(T, m, json, flags, LITE_U16, uint16_t)
#define F_U32_OPT(T, m, json, flags)  LITE_F_POINTER(T, m, json, flags, LITE_U32, uint32_t)
#define F_U64_OPT(T, m, json, flags)  LITE_F_POINTER(T, m, json, flags, LITE_U64, uint64_t)

/* const char *m; NULL when absent. */
#define F_STR(T, m, json, flags) LITE_F_ONE(T, m, json, flags, LITE_STRING, const char *)

/* Arrays of numbers, and of strings: const char *const *m, with a NULL behind the last one. */
#define F_I64S(T, m, json, flags) LITE_F_ARRAY(T, m, json, flags, LITE_I64, int64_t)
#define F_U32S(T, m, json, flags) LITE_F_ARRAY(T, m, json, flags, LITE_U32, uint32_t)
#define F_U64S(T, m, json, flags) LITE_F_ARRAY(T, m, json, flags, LITE_U64, uint64_t)
#define F_STRS(T, m, json, flags)                                                              \
	{ LITE_ROW(T, m, json, flags, LITE_STRING, LITE_ARRAY, const char *const *, char *),   \
	  LITE_COUNT(T, m) }

/* Enumerations: enum TAG m; const enum TAG *m and n_m.  The names are in TAG_values. */
#define F_ENUM(T, m, json, tag_, flags)                                                        \
	{ LITE_ROW(T, m, json, flags, LITE_ENUM, LITE_ONE, enum tag_, enum tag_),              \
	  .values = &tag_##_values }
#define F_ENUMS(T, m, json, tag_, flags)                                                       \
	{ LITE_ROW(T, m, json, flags, LITE_ENUM, LITE_ARRAY, const enum tag_ *, enum tag_),    \
	  LITE_COUNT(T, m), .values = &tag_##_values }

/* Objects: struct TAG m; const struct TAG *m (NULL when absent); array.  The rows are in TAG_type. */
#define F_OBJ(T, m, json, tag_, flags)                                                         \
	{ LITE_ROW(T, m, json, flags, LITE_OBJECT, LITE_ONE, struct tag_, struct tag_),        \
	  .type = &tag_##_type }
#define F_OBJ_OPT(T, m, json, tag_, flags)                                                     \
	{ LITE_ROW(T, m, json, flags, LITE_OBJECT, LITE_POINTER, const struct tag_ *,          \
		   struct tag_),                                                               \
	  .type = &tag_##_type }
#define F_OBJS(T, m, json, tag_, flags)                                                        \
	{ LITE_ROW(T, m, json, flags, LITE_OBJECT, LITE_ARRAY, const struct tag_ *,            \
		   struct tag_),                                                               \
	  LITE_COUNT(T, m), .type = &tag_##_type }

/* Maps: of strings; of objects, whose struct begins with `const char *key`. */
#define F_PAIRS(T, m, json, flags)                                                             \
	{ LITE_ROW(T, m, json, flags, LITE_STRING, LITE_MAP, const struct oci_pair *,          \
		   struct oci_pair),                                                           \
	  LITE_COUNT(T, m) }
#define F_KEYED(T, m, json, tag_, flags)                                                       \
	{ LITE_ROW(T, m, json, flags, LITE_OBJECT, LITE_MAP, const struct tag_ *, struct tag_), \
	  .count_offset = offsetof(T, n_##m) + LITE_CHECK(T, n_##m, size_t) +                  \
			  LITE_CHECK(struct tag_, key, const char *) +                         \
			  LITE_ASSERT(offsetof(struct tag_, key) == 0,                         \
				      "the key of " #tag_ " is not its first member"),         \
	  .type = &tag_##_type }
