/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libocispec-lite: OCI documents to C structs and back.  It knows the specification's shapes and
 * nothing of containers, and includes nothing of ocirun.
 *
 *	struct lite_doc doc;
 *
 *	lite_init(&doc);
 *	const struct oci_config *config = lite_parse(&doc, LITE_CONFIG, text, len);
 *	if (!config)
 *		puts(doc.error);  // "1:69: linux.namespaces[1].type: unknown value 'foo' (one of: ...)"
 *	...
 *	lite_free(&doc);          // everything config points to is gone
 *
 * Strict: a wrong type, a number out of range, a NUL inside a string, a name given twice, a
 * missing required property or an unknown value of an enumeration is an error.  Unknown properties
 * are ignored (config.md, "Extensibility") and null means absent.
 */
#pragma once

#include <stddef.h>

#include "libocispec-lite/oci-config.h"
#include "libocispec-lite/oci-features.h"
#include "libocispec-lite/oci-state.h"

struct lite_arena;
struct lite_type; /* a table of rows: table.h */

/* The documents. */
extern const struct lite_type *const LITE_CONFIG;                  /* struct oci_config */
extern const struct lite_type *const LITE_PROCESS;                 /* struct oci_process */
extern const struct lite_type *const LITE_RESOURCES;               /* struct oci_resources */
extern const struct lite_type *const LITE_STATE;                   /* struct oci_state */
extern const struct lite_type *const LITE_CONTAINER_PROCESS_STATE; /* the seccomp agent's */
extern const struct lite_type *const LITE_FEATURES;                /* struct oci_features */

#define LITE_ERROR_MAX 1000

struct lite_doc {
	struct lite_arena *arena;
	char error[LITE_ERROR_MAX]; /* "LINE:COLUMN: json.path: what is wrong"; both count from 1 */
	/* Called for each unknown property, with its path, if not NULL: for a debug log.  Set it
	   between lite_init() and lite_parse(). */
	void (*unknown)(const char *path, void *ctx);
	void *unknown_ctx;
};

/* An empty document; lite_parse() on it may follow. Nothing to free before lite_parse(). */
void lite_init(struct lite_doc *doc);

/* Parse len bytes of text (no NUL needed) as a document of this type.  Returns the struct, which
   belongs to doc, or NULL with doc->error set; doc is to be freed in both cases, and frees what it
   held before.  When memory runs out the error says so.  Time and memory grow linearly with len,
   nesting is limited to 64 levels. */
const void *lite_parse(struct lite_doc *doc, const struct lite_type *type, const char *text, size_t len);

/* Free all that lite_parse() made. Harmless on an initialised or zeroed document. */
void lite_free(struct lite_doc *doc);

enum lite_style { LITE_COMPACT, LITE_PRETTY };

/* The struct as JSON, in new memory for free(3) (NUL behind the *ret_len bytes, which may be NULL;
   no newline at the end); NULL when memory ran out.  Absent properties are left out; an array that
   is empty is left out as well, unless it is required.  Slashes are not escaped; bytes that are no
   UTF-8, for which JSON has no words, become U+FFFD. */
char *lite_print(const struct lite_type *type, const void *value, enum lite_style style, size_t *ret_len);

/* Names of enumeration values as the specification spells them; "" for a value of no name. */
const char *oci_namespace_name(enum oci_namespace_type type);
const char *oci_status_name(enum oci_status status);
const char *oci_seccomp_action_name(enum oci_seccomp_action action);
const char *oci_seccomp_arch_name(enum oci_seccomp_arch arch);
const char *oci_seccomp_operator_name(enum oci_seccomp_operator op);
const char *oci_seccomp_flag_name(enum oci_seccomp_flag flag);
