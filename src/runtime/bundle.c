/* SPDX-License-Identifier: Apache-2.0 */
/* Files into documents; what is inside them is judged by validate.c. */
#include "runtime/bundle.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/log.h"
#include "base/str.h"

static void log_unknown(const char *path, void *ctx)
{
	log_debug("%s: %s: unknown property, ignored", (const char *)ctx, path);
}

static int parse(struct bundle_document *d, const char *name, const struct lite_type *type, struct err *e)
{
	lite_init(&d->doc);
	d->doc.unknown = log_wants(LOG_LEVEL_DEBUG) ? log_unknown : NULL;
	d->doc.unknown_ctx = (void *)(uintptr_t)name;
	d->root = lite_parse(&d->doc, type, d->text, d->n_text);
	if (!d->root)
		return err_say(e, -EINVAL, "%s:%s", name, d->doc.error);
	return 0;
}

int bundle_parse(const char *text, size_t n_text, const char *name, const struct lite_type *type,
		 struct bundle_document *ret_document, struct err *e)
{
	struct bundle_document d = { .text = xmalloc(n_text), .n_text = n_text };
	int r;

	memcpy(d.text, text, n_text);
	r = parse(&d, name, type, e);
	if (r < 0)
		bundle_document_done(&d);
	else
		*ret_document = d;
	return r;
}

int bundle_read(int dirfd, const char *path, const char *name, const struct lite_type *type,
		struct bundle_document *ret_document, struct err *e)
{
	/* O_NONBLOCK: a FIFO must not hang us. */
	_cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct bundle_document d = { .text = NULL };
	struct stat st;
	int r;

	if (fd < 0 && strcmp(name, path) == 0)
		return err_set(e, -errno, "open %s", path);
	if (fd < 0)
		return err_set(e, -errno, "%s: open %s", name, path);
	if (fstat(fd, &st) < 0)
		return err_set(e, -errno, "%s: stat %s", name, path);
	if (S_ISDIR(st.st_mode))
		return err_say(e, -EISDIR, "%s: %s is a directory", name, path);

	/* A pipe that somebody writes to is worth waiting for. */
	if (S_ISFIFO(st.st_mode))
		fcntl(fd, F_SETFL, 0);
	r = fdio_read_all(fd, BUNDLE_DOCUMENT_MAX, &d.text, &d.n_text);
	if (r == -EFBIG)
		return err_say(e, r, "%s: %s is larger than %u MiB", name, path, BUNDLE_DOCUMENT_MAX >> 20);
	if (r < 0)
		return err_set(e, r, "%s: read %s", name, path);

	r = parse(&d, name, type, e);
	if (r < 0)
		bundle_document_done(&d);
	else
		*ret_document = d;
	return r;
}

void bundle_document_done(struct bundle_document *document)
{
	lite_free(&document->doc);
	free(document->text);
	document->text = NULL;
	document->root = NULL;
}

const char *bundle_annotation(const struct oci_config *config, const char *key)
{
	for (size_t i = 0; i < config->n_annotations; i++)
		if (strcmp(config->annotations[i].key, key) == 0)
			return config->annotations[i].value;
	return NULL;
}
