/* SPDX-License-Identifier: Apache-2.0 */
/* Values to be written into files of cgroups, as data: planned first, written later, undone in reverse. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "libocispec-lite/ocispec-lite.h"

struct limit {
	const char *controller; /* which directory in v1; for messages in v2; static */
	char *what;             /* the property: "memory.limit", below linux.resources */
	char *file;             /* "memory.max" */
	char *value;
	char *key;              /* first word of its line in a keyed file ("8:0" in io.max), or NULL */
	char *reset;            /* keyed: what removes the line again, or NULL */
	const char *disturbs;   /* another file of the controller whose value is lost by this, or NULL; static */
	bool bare;              /* keyed: what is written is the value without the key */
	bool optional;          /* a missing file is no error: the value asks for what is so anyway */
	bool later;             /* EINVAL may be due to an old value that a following entry changes: try again at the end */
};

struct limit_list {
	struct limit *v;
	size_t n;
};

#define LIMIT_LIST_INIT { .v = NULL, .n = 0 }

void limit_list_done(struct limit_list *list);

/* Append a value; the caller may set further members of the returned entry at once. */
struct limit *limit_add(struct limit_list *list, const char *controller, const char *what, const char *file,
			const char *value_fmt, ...) __attribute__((format(printf, 5, 6)));

/* The same for a number; a negative one means no limit and is written as `none`, if the file is there. */
struct limit *limit_add_number(struct limit_list *list, const char *controller, const char *what, const char *file,
			       int64_t value, const char *none);

/* Huge pages: the files are hugetlb.SIZE.<suffix> and hugetlb.SIZE.rsvd.<suffix>. */
void limit_add_hugepages(struct limit_list *list, const struct oci_resources *r, const char *suffix);

/* rdma.max is the same in v1 and v2. */
void limit_add_rdma(struct limit_list *list, const struct oci_resources *r);

/* Where the directory of a limit's controller is; -EBADF: nowhere. */
typedef int limit_dir_fn(const void *ctx, const struct limit *limit);

/*
 * Write them in order.  With `undo` every old value is remembered there first, as entries that
 * limit_list_undo() writes back, last one first.  path is the cgroup's, for messages.
 */
int limit_list_write(const struct limit_list *list, const char *path, limit_dir_fn *dir, const void *ctx,
		     struct limit_list *undo, struct err *e);
void limit_list_undo(const struct limit_list *undo, limit_dir_fn *dir, const void *ctx);
