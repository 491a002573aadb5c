/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Architectures and the numbers that system call names have on them.  What libseccomp knows is
 * asked of it; what it hides or is too young to know stands in tables of ours (names.c).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "libocispec-lite/oci-config.h"

#define NAMES_X32_BIT 0x40000000U
/* The private calls of ARM (breakpoint, cacheflush, set_tls, ...) begin here: asm/unistd.h. */
#define NAMES_ARM_PRIVATE 0x0f0000U

/* Which architectures have socketcall(2) and ipc(2), and the direct numbers of what these do. */
enum names_mux {
	NAMES_MUX_NONE,
	NAMES_MUX_X86,
	NAMES_MUX_MIPS,
	NAMES_MUX_PPC,
	NAMES_MUX_S390,
	NAMES_MUX_M68K,
	NAMES_MUX_SH,
};

struct names_arch {
	const char *name; /* as libseccomp spells it */
	uint32_t token;   /* libseccomp's */
	uint32_t audit;   /* AUDIT_ARCH_*, what the kernel puts into seccomp_data.arch */
	uint32_t base;    /* where its numbers begin */
	bool wide;        /* arguments are compared as 64 bits, else their low 32 bits only */
	bool big_endian;
	enum names_mux mux;
};

/* Before all others: load libseccomp, once (base/dlib.h).  0, or -ENOPKG. */
int names_load(struct err *e);

/* The architecture, or NULL for a value that is none.  Static memory. */
const struct names_arch *names_arch(enum oci_seccomp_arch arch);

/* The one that this program runs on. */
const struct names_arch *names_native(void);

/* False when the libseccomp of this machine is too old for it. */
bool names_supported(const struct names_arch *arch);

/* How a name is called on one architecture. */
struct names_number {
	bool direct;       /* it has a number of its own: */
	uint32_t nr;
	bool muxed;        /* it is (also) call number `mux_call` of the system call mux_nr: */
	uint32_t mux_nr;   /* socketcall(2) or ipc(2) */
	uint32_t mux_call; /* the value of their first argument */
};

/* 0; neither direct nor muxed when only other architectures have this call.  -ENOENT: nobody knows
   this name. */
int names_find(const struct names_arch *arch, const char *name, struct names_number *ret_number);
