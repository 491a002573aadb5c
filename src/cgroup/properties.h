/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of systemd's units (systemd.resource-control(5), org.freedesktop.systemd1(5)) as data; pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "cgroup/limit-list.h"
#include "libocispec-lite/ocispec-lite.h"

/* The D-Bus type of a value. */
enum property_type {
	PROPERTY_BOOL = 'b',
	PROPERTY_INT32 = 'i',
	PROPERTY_UINT32 = 'u',
	PROPERTY_INT64 = 'x',
	PROPERTY_UINT64 = 't',
	PROPERTY_DOUBLE = 'd',
	PROPERTY_STRING = 's',
	PROPERTY_STRINGS = 'A', /* "as" */
	PROPERTY_BYTES = 'y',   /* "ay" */
	PROPERTY_PAIRS = 'P',   /* "a(ss)", the strings two by two */
};

struct property {
	char *name;
	enum property_type type;
	int64_t integer;     /* b i u x, and the bits of t */
	double number;       /* d */
	struct strv strings; /* s A P */
	uint8_t *bytes;      /* y */
	size_t n_bytes;
};

struct property_list {
	struct property *v;
	size_t n;
};

#define PROPERTY_LIST_INIT { .v = NULL, .n = 0 }

void property_list_done(struct property_list *list);
/* Append one whose value the caller sets at once. */
struct property *property_add(struct property_list *list, const char *name, enum property_type type);
void property_add_string(struct property_list *list, const char *name, const char *value);
void property_add_bool(struct property_list *list, const char *name, bool value);
void property_add_uint64(struct property_list *list, const char *name, uint64_t value);

/* What systemd knows of the limits that are going to be written (files of v1 and of v2), so that it writes the
   same when it comes by.  The others are written by us alone. */
void properties_from_limits(const struct limit_list *limits, struct property_list *list);

/*
 * Annotations org.systemd.property.NAME, whose value is a text in GVariant's format: true, 5, uint64 5, 1.5,
 * 'text', ['a', 'b'].  NAME ending in Sec is sent as NAME in USec.  -EINVAL for what cannot be understood.
 */
int properties_from_annotations(const struct oci_pair *annotations, size_t n, struct property_list *list,
				struct err *e);
