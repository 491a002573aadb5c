/* SPDX-License-Identifier: Apache-2.0 */
/* From a FUSE mount to its server: see fuse-server.h. */
#include "runtime/fuse-server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/log.h"
#include "base/str.h"
#include "kernel/procfs.h"
#include "kernel/spawn.h"
#include "mount/rootfs.h"
#include "runtime/fuse-monitor.h"
#include "runtime/program.h"
#include "runtime/sync.h"

#define END_MS 3000    /* the monitor needs as long at most, when no server heeds SIGTERM */
#define KILL_MS 5000
#define SAID_MAX 400   /* of the log, for messages */

static int find_program(const struct rootfs_fuse_server *server, char **ret_path, struct err *e)
{
	for (size_t i = 0; i < server->programs.n; i++) {
		const char *name = server->programs.v[i];

		if (*name != '/') {
			*ret_path = program_find(name);
		} else if (!program_is(name)) {
			return err_say(e, -ENOENT, "%s is no program that can be executed", name);
		} else {
			*ret_path = xstrdup(name);
		}
		if (*ret_path)
			return 0;
	}
	err_say(e, -ENOENT, "the FUSE program %s is not in PATH", server->programs.v[0]);
	return err_hint(e, "install it, or name it by the annotation org.ocirun.fuse.program.%s", server->programs.v[0]);
}

/* Opened as the caller, who asked for the mount: what he may not read, the container does not see. */
static int open_source(const struct rootfs_fuse_server *server, int *ret_fd, struct err *e)
{
	*ret_fd = -EBADF;
	if (!server->source || server->source_is_word)
		return 0;
	*ret_fd = fdio_open_source(server->source);
	if (*ret_fd == -ENXIO)
		return err_say(e, -ENXIO, "source %s: a FUSE server reads no pipe or socket", server->source);
	return *ret_fd < 0 ? err_set(e, *ret_fd, "source %s", server->source) : 0;
}

static int start_monitor(struct fuse_servers *servers, struct err *e)
{
	const struct state *state = servers->state;
	struct fuse_monitor_start start = { .init_pidfd = servers->init_pidfd };
	_cleanup_close_ int log = -EBADF;
	struct state_monitor monitor;
	pid_t pid;
	char letter;
	int r;

	if (servers->monitor >= 0)
		return 0;
	log = openat(state->dir_fd, STATE_FUSE_LOG, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (log < 0)
		return err_set(e, -errno, "%s/" STATE_FUSE_LOG, state->path);
	start.log_fd = log;
	servers->monitor = fuse_monitor_start(&start, &pid, e);
	if (servers->monitor < 0)
		return servers->monitor;
	r = procfs_stat(pid, &monitor.pid_start_time, &letter);
	if (r < 0)
		return err_set(e, r, "the FUSE monitor (process %d)", pid);
	monitor.pid = pid;
	return servers->record(servers->ctx, &monitor, e);
}

static int start_server(struct fuse_servers *servers, const struct rootfs_fuse_server *server, int device_fd,
			struct err *e)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int source = -EBADF;
	const char *argv[8];
	size_t n = 0;
	int r = find_program(server, &path, e);

	if (r == 0)
		r = open_source(server, &source, e);
	if (r == 0)
		r = start_monitor(servers, e);
	if (r < 0)
		return r;
	argv[n++] = path;
	argv[n++] = "-f";
	if (!str_empty(server->options)) {
		argv[n++] = "-o";
		argv[n++] = server->options;
	}
	if (server->source)
		argv[n++] = server->source_is_word ? server->source : FUSE_MONITOR_SOURCE;
	argv[n++] = FUSE_MONITOR_DEVICE;
	argv[n] = NULL;
	return fuse_monitor_request(servers->monitor,
				    &(const struct fuse_request){
					    .what = server->what,
					    .path = path,
					    .argv = (char *const *)(uintptr_t)argv,
					    .device_fd = device_fd,
					    .source_fd = source,
					    .userns_fd = server->in_userns ? servers->userns : -EBADF,
				    },
				    e);
}

int fuse_server_ask(int sock, size_t index, int device_fd, struct err *e)
{
	int r = sync_send(sock, SYNC_FUSE, (int64_t)index, device_fd, e);

	return r < 0 ? r : sync_expect(sock, SYNC_FUSE_SERVED, NULL, e);
}

int fuse_server_serve(struct fuse_servers *servers, int sock, size_t index, int device_fd, struct err *e)
{
	struct rootfs_fuse_server server;
	struct err words = ERR_INIT;
	int r = rootfs_fuse_server(servers->config, servers->bundle, index, &server, &words);

	if (r >= 0)
		r = start_server(servers, &server, device_fd, &words);
	rootfs_fuse_server_done(&server);
	if (r >= 0)
		return sync_send(sock, SYNC_FUSE_SERVED, 0, -EBADF, e);
	/* The other side adds what it was doing and reports it back. */
	sync_send_error(sock, &words);
	return 0;
}

/* The end of the log as one line. */
void fuse_server_explain(const struct fuse_servers *servers, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	struct err ignored = ERR_INIT;
	const char *end;
	size_t n = 0;

	if ((e->code != -ENOTCONN && e->code != -ETIMEDOUT) || servers->monitor < 0)
		return;
	/* one that is gone has written everything */
	(void)fuse_monitor_flush(servers->monitor, &ignored);
	if (fdio_read_file(servers->state->dir_fd, STATE_FUSE_LOG, FUSE_LOG_MAX, &text, &n) < 0)
		return;
	while (n > 0 && text[n - 1] == '\n')
		text[--n] = '\0';
	for (char *p = text; p < text + n; p++)
		if ((unsigned char)*p < ' ')
			*p = *p == '\n' ? '|' : ' ';
	end = n > SAID_MAX ? text + n - SAID_MAX : text;
	if (*end)
		err_hint(e, "it said: %s", end);
	if (strstr(text, "fusermount"))
		err_hint(e, "it takes no descriptor to mount on: one made with libfuse 3.3 or later does");
}

void fuse_servers_done(struct fuse_servers *servers)
{
	fd_close(&servers->monitor);
	fd_close(&servers->userns);
}

/* The monitor's pidfd, -ESRCH when it is gone. */
static int open_monitor(const struct state_monitor *monitor)
{
	_cleanup_close_ int pidfd = spawn_pidfd_open((pid_t)monitor->pid);
	uint64_t start;
	char letter;
	int r;

	if (pidfd < 0)
		return pidfd;
	/* after the pidfd is open the number cannot change its owner */
	r = procfs_stat((pid_t)monitor->pid, &start, &letter);
	if (r < 0)
		return r;
	return start == monitor->pid_start_time && letter != 'Z' ? TAKE_FD(pidfd) : -ESRCH;
}

bool fuse_server_is_held(const struct state_monitor *monitor)
{
	_cleanup_close_ int pidfd = open_monitor(monitor);

	return pidfd != -ESRCH;
}

static int end_monitor(const struct state_monitor *monitor, struct err *e)
{
	_cleanup_close_ int pidfd = open_monitor(monitor);
	int r = pidfd;

	if (r == -ESRCH)
		return 0;
	if (r >= 0)
		r = spawn_wait_gone(pidfd, END_MS);
	if (r == -ETIMEDOUT) {
		log_warning("the FUSE monitor (process %lld) does not end by itself", (long long)monitor->pid);
		/* its servers die with it */
		r = spawn_signal(pidfd, SIGKILL);
		if (r == 0 || r == -ESRCH)
			r = spawn_wait_gone(pidfd, KILL_MS);
	}
	return r < 0 ? err_set(e, r, "end the FUSE monitor (process %lld)", (long long)monitor->pid) : 0;
}

int fuse_server_end(const struct state_document *document, struct err *e)
{
	struct err each = ERR_INIT;
	int r = 0;

	for (size_t i = 0; i < document->n_fuse_monitors; i++)
		if (end_monitor(&document->fuse_monitors[i], &each) < 0) {
			*e = each;
			r = each.code;
		}
	return r;
}
