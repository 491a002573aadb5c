/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names to numbers: the only file that knows libseccomp, which only containers with a profile load.
 *
 * libseccomp hides the direct numbers of what socketcall(2) and ipc(2) multiplex (it resolves
 * them to pseudo numbers below -100, seccomp_syscall_resolve_name(3)), so they stand here; they
 * are ABI and closed.  New system calls have had one number on all architectures since Linux 5.1,
 * so those younger than the libseccomp of many machines stand here too: a profile that allows
 * cachestat means it whatever the age of a library.
 */
#include "seccomp/names.h"

#include <errno.h>
#include <string.h>
#include <linux/audit.h>
#include <seccomp.h>

#include "base/cleanup.h"
#include "base/dlib.h"

#define SONAME "libseccomp.so.2"

DLIB_NOTE(names_note, "[{\"feature\":\"seccomp\",\"description\":\"the numbers of the system calls that a seccomp profile "
		      "names\",\"priority\":\"recommended\",\"soname\":[\"" SONAME "\"]}]");

/* Constants that headers of Linux 6.1 or libseccomp 2.5 may lack. */
#ifndef EM_LOONGARCH
#define EM_LOONGARCH 258
#endif
#define ARCH_LOONGARCH64 (EM_LOONGARCH | __AUDIT_ARCH_64BIT | __AUDIT_ARCH_LE)
#define ARCH_M68K EM_68K
#define ARCH_SH (EM_SH | __AUDIT_ARCH_LE)
#define ARCH_SHEB EM_SH

#define ARCH(oci, libseccomp, audit_arch, first, is_wide, is_big, mux_kind)                        \
	[oci] = {                                                                                  \
		.name = (libseccomp), .token = (audit_arch), .audit = (audit_arch),                \
		.base = (first), .wide = (is_wide), .big_endian = (is_big), .mux = (mux_kind)      \
	}

/* x32 and MIPS n32 are compared as 32 bits, as libseccomp does. */
static const struct names_arch archs[] = {
	ARCH(OCI_ARCH_X86, "x86", AUDIT_ARCH_I386, 0, false, false, NAMES_MUX_X86),
	ARCH(OCI_ARCH_X86_64, "x86_64", AUDIT_ARCH_X86_64, 0, true, false, NAMES_MUX_NONE),
	[OCI_ARCH_X32] = { /* the kernel calls it x86_64 and sets a bit in the number */
		.name = "x32", .token = SCMP_ARCH_X32, .audit = AUDIT_ARCH_X86_64,
		.base = NAMES_X32_BIT,
	},
	ARCH(OCI_ARCH_ARM, "arm", AUDIT_ARCH_ARM, 0, false, false, NAMES_MUX_NONE),
	ARCH(OCI_ARCH_AARCH64, "aarch64", AUDIT_ARCH_AARCH64, 0, true, false, NAMES_MUX_NONE),
	ARCH(OCI_ARCH_LOONGARCH64, "loongarch64", ARCH_LOONGARCH64, 0, true, false, NAMES_MUX_NONE),
	ARCH(OCI_ARCH_M68K, "m68k", ARCH_M68K, 0, false, true, NAMES_MUX_M68K),
	ARCH(OCI_ARCH_MIPS, "mips", AUDIT_ARCH_MIPS, 4000, false, true, NAMES_MUX_MIPS),
	ARCH(OCI_ARCH_MIPS64, "mips64", AUDIT_ARCH_MIPS64, 5000, true, true, NAMES_MUX_NONE),
	ARCH(OCI_ARCH_MIPS64N32, "mips64n32", AUDIT_ARCH_MIPS64N32, 6000, false, true,
	     NAMES_MUX_NONE),
	ARCH(OCI_ARCH_MIPSEL, "mipsel", AUDIT_ARCH_MIPSEL, 4000, false, false, NAMES_MUX_MIPS),
	ARCH(OCI_ARCH_MIPSEL64, "mipsel64", AUDIT_ARCH_MIPSEL64, 5000, true, false,
	     NAMES_MUX_NONE),
	ARCH(OCI_ARCH_MIPSEL64N32, "mipsel64n32", AUDIT_ARCH_MIPSEL64N32, 6000, false, false,
	     NAMES_MUX_NONE),
	ARCH(OCI_ARCH_PPC, "ppc", AUDIT_ARCH_PPC, 0, false, true, NAMES_MUX_PPC),
	ARCH(OCI_ARCH_PPC64, "ppc64", AUDIT_ARCH_PPC64, 0, true, true, NAMES_MUX_PPC),
	ARCH(OCI_ARCH_PPC64LE, "ppc64le", AUDIT_ARCH_PPC64LE, 0, true, false, NAMES_MUX_PPC),
	ARCH(OCI_ARCH_S390, "s390", AUDIT_ARCH_S390, 0, false, true, NAMES_MUX_S390),
	ARCH(OCI_ARCH_S390X, "s390x", AUDIT_ARCH_S390X, 0, true, true, NAMES_MUX_S390),
	ARCH(OCI_ARCH_SH, "sh", ARCH_SH, 0, false, false, NAMES_MUX_SH),
	ARCH(OCI_ARCH_SHEB, "sheb", ARCH_SHEB, 0, false, true, NAMES_MUX_SH),
	ARCH(OCI_ARCH_PARISC, "parisc", AUDIT_ARCH_PARISC, 0, false, true, NAMES_MUX_NONE),
	ARCH(OCI_ARCH_PARISC64, "parisc64", AUDIT_ARCH_PARISC64, 0, true, true, NAMES_MUX_NONE),
	ARCH(OCI_ARCH_RISCV64, "riscv64", AUDIT_ARCH_RISCV64, 0, true, false, NAMES_MUX_NONE),
};

/* socketcall(2): SYS_SOCKET is 1, and so on (linux/net.h).  0: no number of its own.  MIPS counts
   from 4000. */
static const uint16_t socket_numbers[][7] = {
	/* call            X86  MIPS   PPC  S390  M68K   SH */
	[1] /* socket */ = { 0, 359, 183, 326, 359, 356, 340 },
	[2] /* bind */ = { 0, 361, 169, 327, 361, 358, 341 },
	[3] /* connect */ = { 0, 362, 170, 328, 362, 359, 342 },
	[4] /* listen */ = { 0, 363, 174, 329, 363, 360, 343 },
	[5] /* accept */ = { 0, 0, 168, 330, 0, 0, 344 },
	[6] /* getsockname */ = { 0, 367, 172, 331, 367, 364, 345 },
	[7] /* getpeername */ = { 0, 368, 171, 332, 368, 365, 346 },
	[8] /* socketpair */ = { 0, 360, 184, 333, 360, 357, 347 },
	[9] /* send */ = { 0, 0, 178, 334, 0, 0, 348 },
	[10] /* recv */ = { 0, 0, 175, 336, 0, 0, 350 },
	[11] /* sendto */ = { 0, 369, 180, 335, 369, 366, 349 },
	[12] /* recvfrom */ = { 0, 371, 176, 337, 371, 368, 351 },
	[13] /* shutdown */ = { 0, 373, 182, 338, 373, 370, 352 },
	[14] /* setsockopt */ = { 0, 366, 181, 339, 366, 363, 353 },
	[15] /* getsockopt */ = { 0, 365, 173, 340, 365, 362, 354 },
	[16] /* sendmsg */ = { 0, 370, 179, 341, 370, 367, 355 },
	[17] /* recvmsg */ = { 0, 372, 177, 342, 372, 369, 356 },
	[18] /* accept4 */ = { 0, 364, 334, 344, 364, 361, 358 },
	[19] /* recvmmsg */ = { 0, 337, 335, 343, 357, 371, 357 },
	[20] /* sendmmsg */ = { 0, 345, 343, 349, 358, 372, 363 },
};

/* ipc(2): SEMOP is 1, and so on (linux/ipc.h).  The direct calls are of Linux 5.1 and have one
   number everywhere.  semop has none; semtimedop has one where words have 64 bits. */
static const uint16_t ipc_numbers[] = {
	[1] /* semop */ = 0,    [2] /* semget */ = 393,  [3] /* semctl */ = 394,
	[4] /* semtimedop */ = 392,
	[11] /* msgsnd */ = 400, [12] /* msgrcv */ = 401, [13] /* msgget */ = 399,
	[14] /* msgctl */ = 402,
	[21] /* shmat */ = 397, [22] /* shmdt */ = 398,  [23] /* shmget */ = 395,
	[24] /* shmctl */ = 396,
};

#define NR_SOCKETCALL 102
#define NR_IPC 117
#define IPC_SEMTIMEDOP 4

/* System calls of Linux 6.5 and later; scripts/syscall.tbl of the kernel. */
static const struct {
	const char *name;
	uint32_t nr;
} young[] = {
	{ "cachestat", 451 },         { "fchmodat2", 452 },         { "map_shadow_stack", 453 },
	{ "futex_wake", 454 },        { "futex_wait", 455 },        { "futex_requeue", 456 },
	{ "statmount", 457 },         { "listmount", 458 },         { "lsm_get_self_attr", 459 },
	{ "lsm_set_self_attr", 460 }, { "lsm_list_modules", 461 },  { "mseal", 462 },
	{ "setxattrat", 463 },        { "getxattrat", 464 },        { "listxattrat", 465 },
	{ "removexattrat", 466 },     { "open_tree_attr", 467 },    { "file_getattr", 468 },
	{ "file_setattr", 469 },
};

/* Bound once, as the dynamic linker would have done at the start; never changed afterwards. */
static struct {
	__typeof__(seccomp_arch_native) *arch_native;
	__typeof__(seccomp_arch_resolve_name) *arch_resolve_name;
	__typeof__(seccomp_syscall_resolve_name_arch) *syscall_resolve_name_arch;
} lib;

int names_load(struct err *e)
{
#if defined(OCIRUN_STATIC) && OCIRUN_STATIC
	(void)e;
	lib.arch_native = seccomp_arch_native;
	lib.arch_resolve_name = seccomp_arch_resolve_name;
	lib.syscall_resolve_name_arch = seccomp_syscall_resolve_name_arch;
	return 0;
#else
	const struct dlib_symbol symbols[] = {
		{ "seccomp_arch_native", (void **)&lib.arch_native },
		{ "seccomp_arch_resolve_name", (void **)&lib.arch_resolve_name },
		{ "seccomp_syscall_resolve_name_arch", (void **)&lib.syscall_resolve_name_arch },
		{ NULL, NULL },
	};

	return lib.arch_native ? 0 : dlib_load(SONAME, "linux.seccomp", symbols, e);
#endif
}

const struct names_arch *names_arch(enum oci_seccomp_arch arch)
{
	size_t i = (size_t)arch;

	return i < ARRAY_SIZE(archs) && archs[i].name ? &archs[i] : NULL;
}

const struct names_arch *names_native(void)
{
	uint32_t token = lib.arch_native();

	for (size_t i = 0; i < ARRAY_SIZE(archs); i++)
		if (archs[i].name && archs[i].token == token)
			return &archs[i];
	return NULL;
}

bool names_supported(const struct names_arch *arch)
{
	return lib.arch_resolve_name(arch->name) != 0;
}

/* Pseudo numbers of libseccomp: -100 - call for socketcall(2), -200 - call for ipc(2). */
static void find_muxed(const struct names_arch *arch, int pseudo, struct names_number *ret)
{
	uint32_t call, own = 0;

	if (pseudo < -100 && pseudo > -100 - (int)ARRAY_SIZE(socket_numbers)) {
		call = (uint32_t)(-100 - pseudo);
		own = socket_numbers[call][arch->mux];
		ret->mux_nr = arch->base + NR_SOCKETCALL;
	} else if (pseudo < -200 && pseudo > -200 - (int)ARRAY_SIZE(ipc_numbers)) {
		call = (uint32_t)(-200 - pseudo);
		own = call == IPC_SEMTIMEDOP && !arch->wide ? 0 : ipc_numbers[call];
		ret->mux_nr = arch->base + NR_IPC;
	} else {
		return;
	}
	ret->muxed = true;
	ret->mux_call = call;
	ret->direct = own != 0;
	ret->nr = arch->base + own;
}

static int find_young(const struct names_arch *arch, const char *name, struct names_number *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(young); i++) {
		if (strcmp(young[i].name, name) != 0)
			continue;
		ret->direct = true;
		ret->nr = arch->base + young[i].nr;
		return 0;
	}
	return -ENOENT;
}

int names_find(const struct names_arch *arch, const char *name, struct names_number *ret_number)
{
	int nr = lib.syscall_resolve_name_arch(arch->token, name);

	memset(ret_number, 0, sizeof(*ret_number));
	if (nr == __NR_SCMP_ERROR)
		return find_young(arch, name, ret_number);
	if (nr >= 0) {
		ret_number->direct = true;
		ret_number->nr = (uint32_t)nr;
	} else if (arch->mux != NAMES_MUX_NONE) {
		find_muxed(arch, nr, ret_number);
	}
	return 0;
}
