/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Libraries that are loaded at first use, since linking them would cost every start of ocirun.
 * Packagers find them in the ELF note .note.dlopen that DLIB_NOTE() writes
 * (systemd.io/ELF_DLOPEN_METADATA).
 */
#pragma once

#include "base/err.h"

struct dlib_symbol {
	const char *name;
	void **slot; /* where the address of the function goes */
};

/* Load soname, once, and fill all slots up to the row without a name.  `purpose` is who needs it,
   for the message: "the systemd cgroup manager needs libsystemd.so.0: not found".
   Returns 0, or -ENOPKG. */
int dlib_load(const char *soname, const char *purpose, const struct dlib_symbol *symbols, struct err *e);

#define DLIB_NOTE(variable, json)                                                               \
	__attribute__((used, section(".note.dlopen"), aligned(4))) static const struct {        \
		unsigned n_name, n_desc, type;                                                  \
		char name[4];                                                                   \
		char desc[(sizeof(json) + 3) & ~3U];                                            \
	} variable = { 4, sizeof(json), 0x407c0c0a, "FDO", json }
