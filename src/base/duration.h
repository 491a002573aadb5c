/* SPDX-License-Identifier: Apache-2.0 */
/* Spans of time as text, in the form that engines written in Go print them: "5s", "1m30s", "1.5h", "500ms". */
#pragma once

#include <stdint.h>

/* Decimal numbers, each with one of ns, us, µs, ms, s, m, h behind it, largest or smallest first, added up; an optional
   sign in front, and "0" alone.  The whole of text as nanoseconds: 0, -EINVAL, or -ERANGE for what does not fit. */
int duration_parse(const char *text, int64_t *ret_ns);
