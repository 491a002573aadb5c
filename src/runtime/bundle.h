/* SPDX-License-Identifier: Apache-2.0 */
/* Documents from files: config.json of a bundle, a process document, the copy kept in the state directory. */
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "libocispec-lite/ocispec-lite.h"

#define BUNDLE_DOCUMENT_MAX (16U << 20) /* bytes; real ones have some 20 KB */

/* A parsed document and the text it came from. */
struct bundle_document {
	struct lite_doc doc;
	char *text;
	size_t n_text;
	const void *root; /* the struct of the asked type */
};

/* Read and parse.  dirfd: AT_FDCWD or a directory; name: how the document is called in messages
   ("config.json"). */
int bundle_read(int dirfd, const char *path, const char *name, const struct lite_type *type,
		struct bundle_document *ret_document, struct err *e);

/* The same from memory, which is copied. */
int bundle_parse(const char *text, size_t n_text, const char *name, const struct lite_type *type,
		 struct bundle_document *ret_document, struct err *e);
void bundle_document_done(struct bundle_document *document);

/* The value of an annotation, or NULL. */
const char *bundle_annotation(const struct oci_config *config, const char *key);
