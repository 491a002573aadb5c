/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ownership, spelled out: variables that release what they own when they go out of scope, and the
 * two words (TAKE_FD, TAKE_PTR) that pass ownership on.
 *
 * close() is never retried: after EINTR the descriptor is gone and the number may already belong
 * to somebody else (close(2), NOTES).  errno is preserved, so that a cleanup cannot change the
 * error that is about to be reported.
 */
#pragma once

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ARRAY_SIZE(x) (sizeof(x) / sizeof((x)[0]))

static inline void cleanup_freep(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_closep(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

static inline void cleanup_fclosep(FILE **f)
{
	if (*f)
		fclose(*f);
}

static inline void cleanup_closedirp(DIR **d)
{
	if (*d)
		closedir(*d);
}

#define _cleanup_(f) __attribute__((cleanup(f)))
#define _cleanup_free_ _cleanup_(cleanup_freep)
#define _cleanup_close_ _cleanup_(cleanup_closep)
#define _cleanup_fclose_ _cleanup_(cleanup_fclosep)
#define _cleanup_closedir_ _cleanup_(cleanup_closedirp)

/* Close *fd now, if it is open, and mark it closed. */
static inline void fd_close(int *fd)
{
	cleanup_closep(fd);
	*fd = -EBADF;
}

static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -EBADF;
	return taken;
}

/* The descriptor in the variable fd, which no longer owns it. */
#define TAKE_FD(fd) take_fd(&(fd))

/* The pointer in the variable ptr, which no longer owns it. */
#define TAKE_PTR(ptr)                       \
	({                                  \
		__typeof__(ptr) *pp_ = &(ptr); \
		__typeof__(ptr) p_ = *pp_;     \
		*pp_ = NULL;                \
		p_;                         \
	})
