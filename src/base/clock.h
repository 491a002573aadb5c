/* SPDX-License-Identifier: Apache-2.0 */
/* The time of day as text. */
#pragma once

#define CLOCK_TEXT_MAX 80 /* 31 are used; the rest is for years that the compiler fears */

/* Now, in UTC, as RFC 3339 has it, with nanoseconds: "2026-11-21T21:22:37.410307123Z".  gmtime(3) is not used: it
   reads the time zone's file, which UTC does not need. */
void clock_now_text(char text[CLOCK_TEXT_MAX]);
