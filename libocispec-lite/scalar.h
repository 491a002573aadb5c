/* SPDX-License-Identifier: Apache-2.0 */
/* Single values: what a row asks of a number or of a word, and how it is stored in a struct. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "libocispec-lite/json.h"
#include "libocispec-lite/message.h"
#include "libocispec-lite/table.h"

/* What the row expects, for messages: "a string". */
const char *scalar_expected(enum lite_kind kind);

/* Is this type of event a value of this kind at all? */
bool scalar_matches(enum lite_kind kind, enum json_type type);

/* Store a boolean, a number or an enumeration's value at dst.  False with the reason in *why. */
bool scalar_store(const struct lite_field *field, const struct json_event *event, void *dst,
		  struct message *why);

/* The value at src as JSON text of a number or boolean. */
#define SCALAR_TEXT_MAX 24
void scalar_format(enum lite_kind kind, const void *src, char text[SCALAR_TEXT_MAX]);

/* Is the value at src false or 0? */
bool scalar_is_zero(enum lite_kind kind, const void *src);
