/* SPDX-License-Identifier: Apache-2.0 */
/* What a JSON string may consist of.  For the reader alone. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Are these n bytes UTF-8 (RFC 3629)? */
bool json_utf8_valid(const char *s, size_t n);

/* Do surrogates in \u escapes come in pairs, high then low (RFC 8259, section 7)?  s is what stands
   between the quotes, its escapes being well-formed. */
bool json_surrogates_paired(const char *s, size_t n);

/* Where the string whose last quote is in front of `end` begins: at the quote before that one which
   no backslash escapes. */
size_t json_string_start(const char *text, size_t end);
