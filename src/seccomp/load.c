/* SPDX-License-Identifier: Apache-2.0 */
/* The program goes into the kernel: seccomp(2) and nothing else. */
#include "seccomp/load.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <linux/seccomp.h>

#include "seccomp/seccomp.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV /* Linux 5.19 */
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

unsigned seccomp_profile_flags(const struct oci_seccomp *profile)
{
	static const unsigned values[] = {
		[OCI_SECCOMP_FLAG_TSYNC] = SECCOMP_FILTER_FLAG_TSYNC,
		[OCI_SECCOMP_FLAG_LOG] = SECCOMP_FILTER_FLAG_LOG,
		[OCI_SECCOMP_FLAG_SPEC_ALLOW] = SECCOMP_FILTER_FLAG_SPEC_ALLOW,
		[OCI_SECCOMP_FLAG_WAIT_KILLABLE_RECV] = SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
	};
	unsigned flags = 0;

	if (!profile || profile->n_flags == 0)
		return SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	for (size_t i = 0; i < profile->n_flags; i++)
		flags |= values[profile->flags[i]];
	return flags;
}

bool seccomp_profile_notifies(const struct oci_seccomp *profile)
{
	for (size_t i = 0; i < profile->n_syscalls; i++)
		if (profile->syscalls[i].action == OCI_SECCOMP_NOTIFY)
			return true;
	return false;
}

static int set_filter(const struct seccomp_program *program, unsigned flags)
{
	struct sock_fprog fprog = { .len = (unsigned short)program->n_filter,
				    .filter = program->filter };
	long r;

	if (program->n_filter == 0 || program->n_filter > BPF_MAXINSNS)
		return -EINVAL;
	if (program->notify)
		flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &fprog);
	if (r < 0)
		return -errno;
	if (r > 0 && !program->notify)
		return -ESRCH; /* TSYNC: the thread that has another filter already */
	return (int)r;
}

int seccomp_program_load(const struct seccomp_program *program)
{
	unsigned flags = program->flags;

	/* A positive number cannot be both a descriptor and the thread that failed: seccomp(2). */
	if (program->notify && flags & SECCOMP_FILTER_FLAG_TSYNC)
		flags |= SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
	return set_filter(program, flags);
}

/* What the thread that loads the filter and the one that hands over the descriptor share. */
struct handover {
	int (*fn)(void *ctx, int fd);
	void *ctx;
	atomic_int fd; /* PENDING, GIVEN_UP, or the notification descriptor */
	int result;
};

enum { PENDING = INT32_MIN, GIVEN_UP };

static void *hand_over_when_loaded(void *arg)
{
	static const struct timespec moment = { .tv_nsec = 20000 };
	struct handover *h = arg;
	int fd;

	while ((fd = atomic_load(&h->fd)) == PENDING)
		nanosleep(&moment, NULL);
	if (fd == GIVEN_UP)
		return NULL;
	h->result = h->fn(h->ctx, fd);
	close(fd);
	return NULL;
}

int seccomp_program_load_notify(const struct seccomp_program *program,
				int (*hand_over)(void *ctx, int fd), void *ctx)
{
	/* The helper must stay outside the filter, and this process has no other threads. */
	unsigned flags = program->flags & ~(unsigned)SECCOMP_FILTER_FLAG_TSYNC;
	struct handover h = { .fn = hand_over, .ctx = ctx };
	pthread_t helper;
	int r;

	if (!program->notify)
		return -EINVAL;
	atomic_init(&h.fd, PENDING);
	r = pthread_create(&helper, NULL, hand_over_when_loaded, &h);
	if (r != 0)
		return -r;
	r = set_filter(program, flags);
	atomic_store(&h.fd, r < 0 ? GIVEN_UP : r);
	/* Not pthread_join(): any system call may now wait for an agent that has no descriptor
	   yet, and a thread that has ended is joined without one. */
	while (pthread_tryjoin_np(helper, NULL) == EBUSY)
		;
	return r < 0 ? r : h.result;
}
