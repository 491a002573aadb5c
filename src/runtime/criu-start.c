/* SPDX-License-Identifier: Apache-2.0 */
/* Starting CRIU, and the directories that it works in: see criu.h. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/log.h"
#include "kernel/mnt.h"
#include "kernel/signals.h"
#include "kernel/sock.h"
#include "kernel/spawn.h"
#include "runtime/criu.h"
#include "runtime/program.h"

#define SWRK_FD 3
#define FDS_MAX 64

/* ---- directories ---- */

static int open_dir(const char *path, bool exists, const char *option, struct err *e)
{
	int r = exists ? 0 : fdio_mkdir_p(path, 0700);
	int fd = r < 0 ? r : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (r < 0 || fd < 0)
		return err_set(e, r < 0 ? r : -errno, "option '%s': %s", option, path);
	return fd;
}

static int check_parent(const struct criu_options *options, const struct criu_dirs *dirs, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;

	if (!options->parent_path)
		return 0;
	fd = openat(dirs->images, options->parent_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_set(e, -errno, "option '--parent-path': %s, from the image path", options->parent_path) : 0;
}

int criu_open_dirs(const struct criu_options *options, bool exists, struct criu_dirs *ret_dirs, struct err *e)
{
	const char *images = options->image_path ? options->image_path : "checkpoint";
	const char *work = options->work_path ? options->work_path : images;
	struct criu_dirs dirs = CRIU_DIRS_INIT;
	int r;

	dirs.images_new = access(images, F_OK) < 0;
	r = dirs.images = open_dir(images, exists, "--image-path", e);
	if (r >= 0)
		r = dirs.work = open_dir(work, false, "--work-path", e);
	if (r >= 0)
		r = check_parent(options, &dirs, e);
	if (r < 0) {
		criu_dirs_done(&dirs);
		return r;
	}
	dirs.images_path = xstrdup(images);
	dirs.work_path = xstrdup(work);
	*ret_dirs = dirs;
	return 0;
}

int criu_share_images(const struct criu_dirs *dirs, const struct oci_config *config, const struct ids_caller *caller,
		    struct err *e)
{
	struct ids_plan plan;
	uint32_t gid;
	int r;

	if (!dirs->images_new)
		return 0;
	r = ids_make_plan(config, caller, &plan, e);
	if (r < 0)
		return r;
	if (userns_map_to_outside(&plan.gids, 0, &gid) &&
	    (fchown(dirs->images, (uid_t)-1, gid) < 0 || fchmod(dirs->images, 0710) < 0))
		r = err_set(e, -errno, "%s: give its group to the container's root", dirs->images_path);
	ids_plan_done(&plan);
	return r;
}

void criu_dirs_done(struct criu_dirs *dirs)
{
	fd_close(&dirs->images);
	fd_close(&dirs->work);
	free(dirs->images_path);
	free(dirs->work_path);
	dirs->images_path = dirs->work_path = NULL;
}

/* ---- in the child ---- */

/* CRIU wants the root to be a mount (criu(8), --root).  In a mount namespace of its own nothing of that is seen
   elsewhere, and nothing is left. */
static int enter_private_root(const char *path)
{
	const struct mnt_attr slave = { .propagation = MS_SLAVE };
	_cleanup_close_ int top = -EBADF, target = -EBADF, clone = -EBADF;
	int r;

	if (unshare(CLONE_NEWNS) < 0)
		return -errno;
	top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (top < 0)
		return -errno;
	r = mnt_set_attr(top, &slave, true);
	if (r < 0)
		return r;
	target = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (target < 0)
		return -errno;
	clone = mnt_clone(AT_FDCWD, path, true, false);
	return clone < 0 ? clone : mnt_attach(clone, target);
}

/* Give each descriptor its number; first all of them go out of the way. */
static int place_fds(const int *from, size_t n, const int *to)
{
	int high[FDS_MAX];

	for (size_t i = 0; i < n; i++) {
		high[i] = fcntl(from[i], F_DUPFD_CLOEXEC, SWRK_FD + FDS_MAX);
		if (high[i] < 0)
			return -errno;
	}
	for (size_t i = 0; i < n; i++)
		if (dup2(high[i], to[i]) < 0)
			return -errno;
	return 0;
}

/*
 * CRIU opens the directories as /proc/PID/fd/N of whoever made the socket, and mounts in there: so this process
 * opens them, in its own mount namespace, and makes the socket.  Ours goes out to the runtime.
 */
static int open_own(const struct criu_start *start, int outside, int *from, int *to, size_t *n)
{
	int pair[2], r;

	from[*n] = open(start->dirs->images_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	to[(*n)++] = CRIU_IMAGES_FD;
	from[*n] = open(start->dirs->work_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	to[(*n)++] = CRIU_WORK_FD;
	if (from[*n - 1] < 0 || from[*n - 2] < 0)
		return -errno;
	r = sock_pair(pair);
	if (r < 0)
		return r;
	from[*n] = pair[1];
	to[(*n)++] = SWRK_FD;
	return sock_send(outside, "criu", 4, &pair[0], 1);
}

/* Up to its execve(2); only a failure returns. */
static int become_criu(const char *path, const struct criu_start *start, int outside, int said, struct err *e)
{
	char command[] = "swrk", number[] = "3";
	char *argv[] = { (char *)(uintptr_t)path, command, number, NULL };
	int from[FDS_MAX] = { said, said }, to[FDS_MAX] = { STDOUT_FILENO, STDERR_FILENO };
	size_t n = 2;
	int r;

	r = signals_reset();
	if (r == 0 && start->private_root)
		r = enter_private_root(start->private_root);
	if (r < 0)
		return err_set(e, r, "a mount namespace with root.path %s", start->private_root ? start->private_root : "");
	/* before any of them is covered */
	r = open_own(start, outside, from, to, &n);
	if (r < 0)
		return err_set(e, r, "open image and work path");
	r = start->prepare ? start->prepare(start->ctx, e) : 0;
	if (r < 0)
		return r;
	for (size_t i = 0; i < start->n_inherit; i++, n++) {
		from[n] = start->inherit[i];
		to[n] = CRIU_FIRST_FD + (int)i;
	}
	r = fdio_cloexec_from(3);
	if (r == 0)
		r = place_fds(from, n, to);
	if (r < 0)
		return err_set(e, r, "hand over descriptors");
	/* It calls iptables and others. */
	setenv("PATH", PROGRAM_PATH, 0);
	execv(path, argv);
	return err_set(e, -errno, "%s", path);
}

static void __attribute__((noreturn)) run_child(const char *path, const struct criu_start *start, int outside, int said)
{
	struct err e = ERR_INIT;

	become_criu(path, start, outside, said, &e);
	dprintf(said, "%s", e.text);
	_exit(127);
}

/* ---- in the runtime ---- */

static int explain_death(struct criu *criu, struct err *e)
{
	_cleanup_free_ char *said = NULL;
	int status = 0;

	(void)spawn_wait(criu->pidfd, &status);
	fd_close(&criu->pidfd);
	said = criu_said(criu);
	return err_say(e, -EIO, "CRIU cannot be started (status %d)%s%.600s", status, *said ? ": " : "", said);
}

static int start_program(const char *path, const struct criu_start *start, struct criu *criu, struct err *e)
{
	_cleanup_close_ int ours = -EBADF, theirs = -EBADF;
	char word[8];
	int pair[2], r;
	size_t n_fds;

	if (start->n_inherit > FDS_MAX - CRIU_FIRST_FD)
		return err_say(e, -E2BIG, "CRIU inherits too many descriptors");
	criu->said = memfd_create("ocirun-criu", MFD_CLOEXEC);
	if (criu->said < 0)
		return err_set(e, -errno, "memfd_create");
	r = sock_pair(pair);
	if (r < 0)
		return err_set(e, r, "socket pair");
	ours = pair[0];
	theirs = pair[1];
	criu->pid = start->spawn ? start->spawn(start->ctx, &criu->pidfd) : spawn_clone(0, -1, &criu->pidfd);
	if (criu->pid == 0)
		run_child(path, start, theirs, criu->said);
	if (criu->pid < 0)
		return err_set(e, criu->pid, "start CRIU");
	fd_close(&theirs);
	if (sock_recv(ours, word, sizeof(word), &criu->sock, 1, &n_fds) <= 0 || n_fds != 1) {
		criu->sock = -EBADF;
		return explain_death(criu, e);
	}
	r = criu_ask_version(criu, &criu->version);
	if (r == -EPIPE)
		return explain_death(criu, e);
	return r < 0 ? err_set(e, r, "CRIU's version") : 0;
}

int criu_start(const struct criu_start *start, struct criu *ret_criu, struct err *e)
{
	_cleanup_free_ char *path = program_find("criu");
	struct criu criu = CRIU_INIT;
	int r;

	if (!path) {
		err_say(e, -ENOENT, "checkpoint and restore need CRIU, and there is no criu in PATH");
		return err_hint(e, "install the package criu");
	}
	r = start_program(path, start, &criu, e);
	if (r < 0) {
		criu_done(&criu);
		return r;
	}
	log_debug("criu: %s, version %u", path, criu.version);
	*ret_criu = criu;
	return 0;
}

int criu_check_version(const struct criu *criu, const struct criu_options *options, struct err *e)
{
	const char *option;
	unsigned needed = criu_needed_version(options, &option);

	if (criu->version >= needed)
		return 0;
	return err_say(e, -ENOTSUP, "CRIU %u.%u.%u is too old: %s needs %u.%u or newer", criu->version / 10000,
		       criu->version / 100 % 100, criu->version % 100, option ? option : "ocirun", needed / 10000,
		       needed / 100 % 100);
}

/* It ends by itself when the socket is closed, and undoes what it had begun. */
void criu_done(struct criu *criu)
{
	int status;

	fd_close(&criu->sock);
	if (criu->pidfd >= 0 && spawn_wait(criu->pidfd, &status) == 0 && status != 0)
		log_debug("criu ended with status %d", status);
	fd_close(&criu->pidfd);
	fd_close(&criu->said);
}
