/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Landlock by annotation: org.ocirun.landlock.NAME, where each name is one kind of access and its value the list of
 * where it is still allowed (docs/security.md).  A kind without an annotation is not restricted.  The same for the
 * container's program and for what exec runs.  Without such annotations no system call is made.
 */
#pragma once

#include "base/err.h"
#include "libocispec-lite/ocispec-lite.h"

#define CONFINE_PREFIX "org.ocirun.landlock."

/* The newest version of Landlock that some annotation needs. */
#define CONFINE_VERSION "6"

/* Are the annotations ones that exist, and their values lists of the right kind?  Pure. */
int confine_check(const struct oci_config *config, struct err *e);

/* Can this kernel do all that they ask for? */
int confine_probe(const struct oci_config *config, struct err *e);

/* In the container's root: resolve the paths and make the ruleset.  *ret_ruleset is -EBADF when there is nothing to
   restrict, which confine_apply() accepts. */
int confine_prepare(const struct oci_config *config, int *ret_ruleset, struct err *e);

/* Restrict this process.  After that it cannot mount anything any more. */
int confine_apply(int ruleset, struct err *e);

/* After an execve that was refused: the annotation that may have done it.  Returns e->code. */
int confine_explain_exec(const struct oci_config *config, struct err *e);
