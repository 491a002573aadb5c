/* SPDX-License-Identifier: Apache-2.0 */
/* Writing limits: see limit-list.h.  Knows files and values, and nothing of what they mean. */
#include "cgroup/limit-list.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/fdio.h"
#include "base/log.h"
#include "base/str.h"
#include "cgroup/tree.h"

void limit_list_done(struct limit_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		free(list->v[i].what);
		free(list->v[i].file);
		free(list->v[i].value);
		free(list->v[i].key);
		free(list->v[i].reset);
	}
	free(list->v);
	*list = (struct limit_list)LIMIT_LIST_INIT;
}

static struct limit *append(struct limit_list *list, const char *controller, const char *what, const char *file,
			    char *value)
{
	list->v = xrealloc(list->v, list->n + 1, sizeof(*list->v));
	list->v[list->n] = (struct limit){
		.controller = controller,
		.what = xstrdup(what),
		.file = xstrdup(file),
		.value = value,
	};
	return &list->v[list->n++];
}

struct limit *limit_add(struct limit_list *list, const char *controller, const char *what, const char *file,
			const char *value_fmt, ...)
{
	va_list args;
	char *value;

	va_start(args, value_fmt);
	value = str_vprintf(value_fmt, args);
	va_end(args);
	return append(list, controller, what, file, value);
}

struct limit *limit_add_number(struct limit_list *list, const char *controller, const char *what, const char *file,
			       int64_t value, const char *none)
{
	struct limit *l = append(list, controller, what, file, value < 0 ? xstrdup(none) : str_printf("%" PRId64, value));

	l->optional = value < 0;
	return l;
}

void limit_add_hugepages(struct limit_list *list, const struct oci_resources *r, const char *suffix)
{
	for (size_t i = 0; i < r->n_hugepage_limits; i++) {
		const struct oci_hugepage_limit *h = &r->hugepage_limits[i];
		_cleanup_free_ char *what = str_printf("hugepageLimits[%zu]", i);
		_cleanup_free_ char *reserved = str_printf("hugetlb.%s.rsvd.%s", h->page_size, suffix);
		_cleanup_free_ char *used = str_printf("hugetlb.%s.%s", h->page_size, suffix);

		/* Reservations are what the limit is about, and came with Linux 5.7; before and besides, use. */
		limit_add(list, "hugetlb", what, reserved, "%" PRIu64, h->limit)->optional = true;
		limit_add(list, "hugetlb", what, used, "%" PRIu64, h->limit);
	}
}

void limit_add_rdma(struct limit_list *list, const struct oci_resources *r)
{
	for (size_t i = 0; i < r->n_rdma; i++) {
		const struct oci_rdma *d = &r->rdma[i];
		_cleanup_free_ char *what = str_printf("rdma.%s", d->key);
		_cleanup_(strbuf_done) struct strbuf value = STRBUF_INIT;
		struct limit *l;

		if (d->hca_handles)
			strbuf_addf(&value, " hca_handle=%" PRIu32, *d->hca_handles);
		if (d->hca_objects)
			strbuf_addf(&value, " hca_object=%" PRIu32, *d->hca_objects);
		l = limit_add(list, "rdma", what, "rdma.max", "%s%s", d->key, value.text);
		l->key = xstrdup(d->key);
		l->reset = str_printf("%s hca_handle=max hca_object=max", d->key);
	}
}

/* The present value of a file in the form that can be written back; NULL: nothing sensible. */
static char *present_value(int dirfd, const struct limit *limit)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_(strv_done) struct strv lines = STRV_INIT;
	size_t n = limit->key ? strlen(limit->key) : 0;

	if (tree_read(dirfd, limit->file, &text) < 0)
		return NULL;
	if (!limit->key)
		/* An empty list of processors is written as a newline: nothing at all would be no write. */
		return strchr(text, '\n') ? NULL : xstrdup(*text ? text : "\n");
	strv_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.n; i++)
		if (strncmp(lines.v[i], limit->key, n) == 0 && lines.v[i][n] == ' ')
			return xstrdup(lines.v[i] + (limit->bare ? n + 1 : 0));
	return limit->reset ? xstrdup(limit->reset) : NULL;
}

static void remember(int dirfd, const struct limit *limit, struct limit_list *undo)
{
	const struct limit disturbed = {
		.controller = limit->controller,
		.what = limit->what,
		.file = (char *)(uintptr_t)limit->disturbs,
	};
	char *value = present_value(dirfd, limit);

	/* Before the other, so that it is written back behind it. */
	if (limit->disturbs)
		remember(dirfd, &disturbed, undo);
	if (value)
		append(undo, limit->controller, limit->what, limit->file, value);
}

static int explain_value(const struct limit *limit, const char *path, int code, struct err *e)
{
	if (strcmp(limit->file, "memory.memsw.limit_in_bytes") == 0)
		return err_say(e, code, "linux.resources.%s: \"%s\" is less than the limit of memory alone of the cgroup %s; "
					"it is memory and swap together", limit->what, limit->value, path);
	return err_say(e, code, "linux.resources.%s: \"%s\" is not a value for %s of the cgroup %s, or exceeds what its "
				"parent has", limit->what, limit->value, limit->file, path);
}

static int explain(const struct limit *limit, const char *path, int code, struct err *e)
{
	const char *what = limit->what;

	switch (code) {
	case -ENOENT:
		return err_say(e, -EOPNOTSUPP, "linux.resources.%s: cannot be applied: this kernel does not have %s for the "
					       "cgroup %s", what, limit->file, path);
	case -EACCES:
	case -EPERM:
		return err_say(e, code, "linux.resources.%s: cannot be applied: %s of the cgroup %s is not writable for this "
					"user; the %s controller is not delegated", what, limit->file, path,
			       limit->controller);
	case -EBUSY:
		return err_say(e, code, "linux.resources.%s: \"%s\" is refused by %s of the cgroup %s: more than that is in "
					"use", what, limit->value, limit->file, path);
	case -EINVAL:
	case -ERANGE:
		return explain_value(limit, path, code, e);
	case -ENODEV:
		return err_say(e, code, "linux.resources.%s: \"%s\": there is no such device, or it is not a whole disk", what,
			       limit->value);
	default:
		return err_set(e, code, "linux.resources.%s: cannot write \"%s\" to %s of the cgroup %s", what,
			       limit->value, limit->file, path);
	}
}

static int write_one(const struct limit *limit, limit_dir_fn *dir, const void *ctx, struct limit_list *undo)
{
	int dirfd = dir(ctx, limit), r;

	if (dirfd < 0)
		return limit->optional ? 0 : -ENOENT;
	if (undo)
		remember(dirfd, limit, undo);
	r = fdio_write_file(dirfd, limit->file, limit->value);
	return r == -ENOENT && limit->optional ? 0 : r;
}

int limit_list_write(const struct limit_list *list, const char *path, limit_dir_fn *dir, const void *ctx,
		     struct limit_list *undo, struct err *e)
{
	_cleanup_free_ bool *again = xcalloc(list->n, sizeof(bool));

	for (size_t i = 0; i < list->n; i++) {
		int r = write_one(&list->v[i], dir, ctx, undo);

		again[i] = r == -EINVAL && list->v[i].later;
		if (r < 0 && !again[i])
			return explain(&list->v[i], path, r, e);
	}
	for (size_t i = 0; i < list->n; i++) {
		int r = again[i] ? write_one(&list->v[i], dir, ctx, undo) : 0;

		if (r < 0)
			return explain(&list->v[i], path, r, e);
	}
	return 0;
}

void limit_list_undo(const struct limit_list *undo, limit_dir_fn *dir, const void *ctx)
{
	for (size_t i = undo->n; i > 0; i--) {
		const struct limit *limit = &undo->v[i - 1];
		int r = write_one(limit, dir, ctx, NULL);

		/* The first failure is what the user is told; this is for those who look closer. */
		if (r < 0)
			log_debug("cannot write \"%s\" back to %s: %s", limit->value, limit->file, err_reason(r));
	}
}
