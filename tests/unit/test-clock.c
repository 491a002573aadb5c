/* SPDX-License-Identifier: Apache-2.0 */
/* clock: our calendar is the C library's. */
#include "base/clock.h"

#include <regex.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/test.h"

/* The seconds that the test chooses; -1: the real ones. */
static long long chosen = -1;

/* Ours instead of the C library's: the linker takes the first that it finds. */
int clock_gettime(clockid_t id, struct timespec *now)
{
	if (chosen < 0)
		return (int)syscall(SYS_clock_gettime, id, now);
	*now = (struct timespec){ .tv_sec = chosen, .tv_nsec = 7 };
	return 0;
}

static bool agrees(long long seconds)
{
	char ours[CLOCK_TEXT_MAX], theirs[CLOCK_TEXT_MAX];
	const time_t time = seconds;
	struct tm tm;

	chosen = seconds;
	clock_now_text(ours);
	strftime(theirs, sizeof(theirs), "%Y-%m-%dT%H:%M:%S.000000007Z", gmtime_r(&time, &tm));
	if (strcmp(ours, theirs) != 0)
		printf("# %lld: %s, not %s\n", seconds, ours, theirs);
	return strcmp(ours, theirs) == 0;
}

static void test_calendar(void)
{
	const long long day = 86400, era = 146097 * day, last = 253402300799; /* 9999-12-31T23:59:59 */
	int wrong = 0;

	for (long long s = 0; s <= era && wrong < 10; s += day)
		wrong += !agrees(s) + !agrees(s + day - 1);
	CHECK(wrong == 0, "the first and the last second of each day of 400 years");
	for (long long s = era; s <= last && wrong < 10; s += 89 * day + 12345)
		wrong += !agrees(s);
	CHECK(wrong == 0 && agrees(last), "and some to the year 9999");
	CHECK(agrees(951782400) && agrees(951868800) && agrees(4107542400), "2000-02-29, 2000-03-01 and 2100-03-01");
}

/* RFC 3339, as Go's time.Parse(time.RFC3339Nano) takes it. */
static void test_now(void)
{
	const char *form = "^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{9}Z$";
	char first[CLOCK_TEXT_MAX], second[CLOCK_TEXT_MAX];
	regex_t regex;

	chosen = -1;
	clock_now_text(first);
	clock_now_text(second);
	CHECK(regcomp(&regex, form, REG_EXTENDED) == 0 && regexec(&regex, first, 0, NULL, 0) == 0, "%s", first);
	regfree(&regex);
	CHECK(strcmp(first, second) <= 0, "as texts, times are in order");
}

int main(void)
{
	test_calendar();
	test_now();
	return test_done();
}
