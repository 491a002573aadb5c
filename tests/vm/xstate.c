/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preloaded before user mode Linux.  Its older versions keep a processor's extended state in a buffer of the size that
 * processors had when it was built, and ptrace(PTRACE_SETREGSET) takes nothing but the whole state (EFAULT): on a
 * processor with AVX-512 or AMX they cannot start a program.  Here the end of the state is what the process has.
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* linux/ptrace.h and elf.h, which disagree with sys/ptrace.h of the C library */
#define GETREGSET 0x4204
#define SETREGSET 0x4205
#define X86_XSTATE 0x202
#define PEEKTEXT 1
#define PEEKUSER 3

long ptrace(int request, ...);

static long set_xstate(int pid, struct iovec *state)
{
	static char whole[64 * 1024] __attribute__((aligned(64)));
	struct iovec now = { .iov_base = whole, .iov_len = sizeof(whole) };

	if (syscall(SYS_ptrace, GETREGSET, pid, X86_XSTATE, &now) < 0 || now.iov_len <= state->iov_len)
		return syscall(SYS_ptrace, SETREGSET, pid, X86_XSTATE, state);
	memcpy(whole, state->iov_base, state->iov_len);
	return syscall(SYS_ptrace, SETREGSET, pid, X86_XSTATE, &now);
}

long ptrace(int request, ...)
{
	long r, word;
	void *address, *data;
	int pid;
	va_list list;

	va_start(list, request);
	pid = va_arg(list, int);
	address = va_arg(list, void *);
	data = va_arg(list, void *);
	va_end(list);
	if (request == SETREGSET && address == (void *)X86_XSTATE)
		return set_xstate(pid, data);
	/* the C library returns what the kernel writes */
	if (request >= PEEKTEXT && request <= PEEKUSER) {
		r = syscall(SYS_ptrace, request, pid, address, &word);
		if (r < 0)
			return r;
		errno = 0;
		return word;
	}
	return syscall(SYS_ptrace, request, pid, address, data);
}
