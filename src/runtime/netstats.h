/* SPDX-License-Identifier: Apache-2.0 */
/* What the network interfaces of a container have carried, as its own network namespace counts it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "runtime/state.h"

enum {
	NETSTATS_RX_BYTES,
	NETSTATS_RX_PACKETS,
	NETSTATS_RX_ERRORS,
	NETSTATS_RX_DROPPED,
	NETSTATS_TX_BYTES,
	NETSTATS_TX_PACKETS,
	NETSTATS_TX_ERRORS,
	NETSTATS_TX_DROPPED,
	N_NETSTATS
};

struct netstats_interface {
	char *name;
	uint64_t counts[N_NETSTATS];
};

struct netstats {
	struct netstats_interface *v;
	size_t n;
};

#define NETSTATS_INIT { .v = NULL, .n = 0 }

/* All but the loopback interface; none if the network namespace is that of the caller. */
int netstats_read(const struct state_now *now, struct netstats *ret_stats, struct err *e);

/* From the text of /proc/PID/net/dev; lines that are not understood are left out. */
void netstats_parse(const char *text, struct netstats *ret_stats);
void netstats_done(struct netstats *stats);
