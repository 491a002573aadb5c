/* SPDX-License-Identifier: Apache-2.0 */
/* What config-linux.md demands of linux.resources beyond its schema; pure, no file is looked at. */
#pragma once

#include "base/err.h"
#include "libocispec-lite/ocispec-lite.h"

/* Values out of range, contradictions, names that would be another file or line. */
int check_resources(const struct oci_resources *r, struct err *e);
