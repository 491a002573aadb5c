/* SPDX-License-Identifier: Apache-2.0 */
/* Conversions: see convert.h.  No libm, which would have to be loaded at each start for one formula. */
#include "cgroup/convert.h"

#include <errno.h>
#include <inttypes.h>

#define SHARES_MIN 2
#define SHARES_MAX (1 << 18)
#define WEIGHT_MIN 1
#define WEIGHT_MAX 10000
#define LN_10 2.302585092994045684

/* log2 of x >= 1: the integer part by halving, each further bit by squaring. */
static double log_2(double x)
{
	double result = 0, bit = 0.5;

	while (x >= 2) {
		x /= 2;
		result += 1;
	}
	for (int i = 0; i < 50; i++) {
		x *= x;
		if (x >= 2) {
			x /= 2;
			result += bit;
		}
		bit /= 2;
	}
	return result;
}

/* 10^x for 0 <= x <= 4: the whole powers by multiplication, the rest by the series of e^y, y < ln 10. */
static double power_of_10(double x)
{
	int whole = (int)x;
	double y = (x - whole) * LN_10, term = 1, result = 1;

	for (int i = 1; i < 40; i++) {
		term *= y / i;
		result += term;
	}
	for (int i = 0; i < whole; i++)
		result *= 10;
	return result;
}

uint64_t convert_shares(uint64_t shares)
{
	double l, weight;
	uint64_t whole;

	if (shares <= SHARES_MIN)
		return WEIGHT_MIN;
	if (shares >= SHARES_MAX)
		return WEIGHT_MAX;

	/* The quadratic in log2 that maps 2 to 1, 1024 to 100 and 262144 to 10000, which all runtimes
	   agreed on in 2025 (github.com/opencontainers/cgroups/pull/20). */
	l = log_2((double)shares);
	weight = power_of_10((l * l + 125 * l) / 612 - 7.0 / 34);
	/* Rounded up; what is only the error of our arithmetic is not counted. */
	whole = (uint64_t)weight;
	return weight - (double)whole > 1e-6 ? whole + 1 : whole;
}

uint64_t convert_io_weight(uint16_t weight)
{
	if (weight <= 10)
		return WEIGHT_MIN;
	return WEIGHT_MIN + (uint64_t)(weight - 10) * (WEIGHT_MAX - WEIGHT_MIN) / 990;
}

int convert_swap(int64_t swap, int64_t limit, int64_t *ret_swap_max, struct err *e)
{
	*ret_swap_max = -1;
	if (swap <= 0)
		return 0;
	if (limit <= 0)
		return err_say(e, -EINVAL, "linux.resources.memory.swap: %" PRId64 " is memory and swap together, and "
					   "there is no linux.resources.memory.limit to subtract", swap);
	if (swap < limit)
		return err_say(e, -EINVAL, "linux.resources.memory.swap: %" PRId64 " is less than "
					   "linux.resources.memory.limit, %" PRId64 "; it is memory and swap together",
			       swap, limit);
	*ret_swap_max = swap - limit;
	return 0;
}
