/* SPDX-License-Identifier: Apache-2.0 */
/* What the runtime and the monitor of FUSE servers tell each other. */
#pragma once

#include "base/err.h"

#define FUSE_PACKET_MAX 65536

/* A request: flags, then strings that end in NUL: what, path, argv.  Descriptors: the device, and these.  One byte
   alone asks for the log to be written. */
enum { FUSE_PACKET_SOURCE = 1, FUSE_PACKET_USERNS = 2 };

/* Take an answer, which is a struct err: its code, with the sentence in *e when it is negative. */
int fuse_packet_answer(int sock, struct err *e);
