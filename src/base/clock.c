/* SPDX-License-Identifier: Apache-2.0 */
/* Calendar dates from seconds: see clock.h. */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

#define SECONDS_PER_DAY 86400
#define DAYS_PER_ERA 146097 /* 400 Gregorian years */

struct date {
	long long year;
	int month, day;
};

/* Days since 1970-01-01 to a date.  Years are counted from March, so that the leap day comes last, and eras from
   0000-03-01, which is 719468 days before the epoch. */
static struct date date_from_days(long long days)
{
	long long shifted = days + 719468;
	long long era = shifted / DAYS_PER_ERA;
	long long day_of_era = shifted % DAYS_PER_ERA;
	long long year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	long long day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	long long march_month = (5 * day_of_year + 2) / 153;
	struct date date = {
		.month = (int)(march_month < 10 ? march_month + 3 : march_month - 9),
		.day = (int)(day_of_year - (153 * march_month + 2) / 5 + 1),
	};

	date.year = year_of_era + era * 400 + (date.month <= 2);
	return date;
}

void clock_now_text(char text[CLOCK_TEXT_MAX])
{
	struct timespec now;
	struct date date;
	long long seconds;

	clock_gettime(CLOCK_REALTIME, &now);
	date = date_from_days(now.tv_sec / SECONDS_PER_DAY);
	seconds = now.tv_sec % SECONDS_PER_DAY;
	snprintf(text, CLOCK_TEXT_MAX, "%04lld-%02d-%02dT%02lld:%02lld:%02lld.%09ldZ", date.year, date.month, date.day,
		 seconds / 3600, seconds / 60 % 60, seconds % 60, now.tv_nsec);
}
