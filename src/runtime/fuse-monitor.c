/* SPDX-License-Identifier: Apache-2.0 */
/* The parent of FUSE servers: see fuse-monitor.h.  It is forked by the runtime twice, so that whoever reaps orphans
   reaps it, and executes nothing itself. */
#include "runtime/fuse-monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/log.h"
#include "base/str.h"
#include "kernel/caps.h"
#include "kernel/signals.h"
#include "kernel/sock.h"
#include "kernel/spawn.h"
#include "runtime/fuse-exec.h"
#include "runtime/fuse-log.h"
#include "runtime/fuse-packet.h"

#define GRACE_MS 500 /* unmounting ends a server; then SIGTERM */
#define TERM_MS 1500 /* then SIGKILL */
#define AGAIN_MS 50  /* ... and to those that came later */
#define FLUSH_TRIES 20 /* a server that has closed its device takes this long at most to end, or nobody waits for it */
#define FLUSH_MS 10
#define CHILDREN_MAX 65536

struct server {
	pid_t pid;
	char *what, *program;
};

struct monitor {
	int sock;    /* -EBADF: the runtime has no more to ask */
	int init;    /* pidfd; -EBADF: it has ended */
	int signals; /* signalfd */
	struct fuse_log log;
	bool children; /* servers, and what they left behind: we are the subreaper */
	struct server *servers;
	size_t n_servers;
	int stage;   /* of ending: how many of end_signals were sent */
	int64_t ended_ms;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Split the strings; argv borrows from the packet. */
static int parse(char *packet, size_t n, struct fuse_request *request, char **argv, size_t max)
{
	size_t n_words = 0;

	if (n < 2 || packet[n - 1] != '\0')
		return -EBADMSG;
	for (char *p = packet + 1; p < packet + n; p += strlen(p) + 1) {
		if (n_words + 1 >= max)
			return -E2BIG;
		argv[n_words++] = p;
	}
	argv[n_words] = NULL;
	if (n_words < 3)
		return -EBADMSG;
	request->what = argv[0];
	request->path = argv[1];
	request->argv = argv + 2;
	return 0;
}

static void add_server(struct monitor *m, pid_t pid, const struct fuse_request *request)
{
	m->servers = xrealloc(m->servers, m->n_servers + 1, sizeof(*m->servers));
	m->servers[m->n_servers++] =
		(struct server){ .pid = pid, .what = xstrdup(request->what), .program = xstrdup(request->path) };
	m->children = true;
}

static int start_one(struct monitor *m, char *packet, size_t n, const int *fds, size_t n_fds, struct err *e)
{
	struct fuse_request request = { .source_fd = -EBADF, .userns_fd = -EBADF };
	char *argv[64];
	size_t next = 1;
	pid_t pid;
	int r = parse(packet, n, &request, argv, ARRAY_SIZE(argv));

	if (r == 0 && n_fds != 1U + !!(packet[0] & FUSE_PACKET_SOURCE) + !!(packet[0] & FUSE_PACKET_USERNS))
		r = -EBADMSG;
	if (r < 0)
		return err_set(e, r, "the FUSE monitor was asked for a server");
	request.device_fd = fds[0];
	if (packet[0] & FUSE_PACKET_SOURCE)
		request.source_fd = fds[next++];
	if (packet[0] & FUSE_PACKET_USERNS)
		request.userns_fd = fds[next];
	pid = fuse_exec(&request, e);
	if (pid < 0)
		return (int)pid;
	add_server(m, pid, &request);
	return 0;
}

/* No server will be started any more: all that is left to do is to end those that there are.  Nobody can be told when
   it fails, and then we have what the runtime had. */
static void drop_privileges(struct monitor *m)
{
	const uint64_t kill_only = caps_have(CAP_KILL) ? UINT64_C(1) << CAP_KILL : 0;
	const struct caps_sets sets = { .effective = kill_only, .permitted = kill_only };

	if (caps_apply(&sets) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		fuse_log_say(&m->log, "the monitor keeps its privileges: %s", err_reason(-errno));
}

/* Into the servers' log, and into the engine's while the container lives. */
static void tell_end(struct monitor *m, const struct server *server, int status)
{
	/* whose child has the device still, nobody knows */
	const char *consequence = m->init < 0 ? "" :
				  m->children ? ", and left processes behind, which may or may not serve in its place" :
						": accesses fail with ENOTCONN from now on";
	_cleanup_free_ char *text = NULL;

	if (WIFSIGNALED(status))
		text = str_printf("%s: %s (process %d) was killed by %s%s", server->what, server->program, server->pid,
				  signals_name(WTERMSIG(status)), consequence);
	else if (m->init >= 0 || WEXITSTATUS(status) != 0)
		text = str_printf("%s: %s (process %d) ended with status %d%s", server->what, server->program, server->pid,
				  WEXITSTATUS(status), consequence);
	if (text)
		fuse_log_say(&m->log, "%s", text);
	if (text && m->init >= 0)
		log_warning("%s", text);
}

static bool has_children(void)
{
	siginfo_t info;

	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

static void reap(struct monitor *m)
{
	int status;
	pid_t pid;

	fuse_log_take(&m->log);
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (size_t i = 0; i < m->n_servers; i++) {
			if (m->servers[i].pid != pid)
				continue;
			m->children = m->n_servers > 1 || has_children();
			tell_end(m, &m->servers[i], status);
			free(m->servers[i].what);
			free(m->servers[i].program);
			m->servers[i] = m->servers[--m->n_servers];
			break;
		}
	m->children = pid == 0;
}

/* Servers, and what they started and left behind.  Without the list (CONFIG_PROC_CHILDREN) servers alone. */
static void signal_all(const struct monitor *m, int sig)
{
	_cleanup_free_ char *path = str_printf("/proc/self/task/%d/children", getpid()), *text = NULL;
	size_t n = 0;

	if (fdio_read_file(AT_FDCWD, path, CHILDREN_MAX, &text, &n) < 0) {
		for (size_t i = 0; i < m->n_servers; i++)
			kill(m->servers[i].pid, sig);
		return;
	}
	for (char *word = strtok(text, " \n"); word; word = strtok(NULL, " \n")) {
		uint32_t pid;

		/* they are our children: no number is anybody else's before we have waited for it */
		if (str_to_u32(word, &pid) == 0 && pid > 1)
			kill((pid_t)pid, sig);
	}
}

/* The runtime is about to read the log, since a server ended: all that it said is to be there. */
static void flush(struct monitor *m)
{
	size_t before = m->n_servers;

	for (int i = 0; i < FLUSH_TRIES && m->n_servers == before; i++) {
		struct pollfd poll_fd = { .fd = m->signals, .events = POLLIN };

		poll(&poll_fd, 1, FLUSH_MS);
		reap(m);
	}
}

static void take_request(struct monitor *m)
{
	_cleanup_free_ char *packet = xmalloc(FUSE_PACKET_MAX);
	struct err answer = ERR_INIT;
	size_t n_fds = 0;
	int fds[3];
	ssize_t n = sock_recv(m->sock, packet, FUSE_PACKET_MAX, fds, ARRAY_SIZE(fds), &n_fds);

	if (n == 1)
		flush(m);
	else if (n > 0)
		(void)start_one(m, packet, (size_t)n, fds, n_fds, &answer);
	/* The server has its own: if we held the device, its death would not be noticed. */
	for (size_t i = 0; i < n_fds; i++)
		close(fds[i]);
	if (n > 0 && sock_send(m->sock, &answer, sizeof(answer), NULL, 0) == 0)
		return;
	fd_close(&m->sock);
	drop_privileges(m);
}

/* SIGTERM, to us, is `delete` that would not wait. */
static void take_signals(struct monitor *m)
{
	struct signalfd_siginfo info;

	while (read(m->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		if (info.ssi_signo == SIGTERM)
			signal_all(m, SIGTERM);
	reap(m);
}

/* The time to poll, and what is due when it is over. */
static int end_step(struct monitor *m)
{
	static const struct {
		int after_ms, sig;
	} steps[] = { { GRACE_MS, SIGTERM }, { TERM_MS, SIGKILL } };
	int64_t left;

	if (m->init >= 0)
		return -1;
	/* what a server that was killed leaves behind comes to us one after the other */
	if (m->stage >= (int)ARRAY_SIZE(steps)) {
		signal_all(m, SIGKILL);
		return AGAIN_MS;
	}
	left = m->ended_ms + steps[m->stage].after_ms - now_ms();
	if (left > 0)
		return (int)left;
	signal_all(m, steps[m->stage].sig);
	m->stage++;
	return end_step(m);
}

static void __attribute__((noreturn)) serve(struct monitor *m)
{
	while (m->children || (m->sock >= 0 && m->init >= 0)) {
		struct pollfd fds[] = {
			{ .fd = m->sock, .events = POLLIN },
			{ .fd = m->init, .events = POLLIN },
			{ .fd = m->signals, .events = POLLIN },
			{ .fd = m->log.said, .events = POLLIN },
		};

		if (poll(fds, ARRAY_SIZE(fds), end_step(m)) < 0) {
			if (errno != EINTR)
				_exit(1);
			continue;
		}
		if (fds[1].revents) {
			fd_close(&m->init);
			m->ended_ms = now_ms();
		}
		if (fds[3].revents)
			fuse_log_take(&m->log);
		if (fds[0].revents)
			take_request(m);
		if (fds[2].revents)
			take_signals(m);
	}
	_exit(0);
}

/* Leave everything of the runtime behind but five descriptors.  Servers speak into a pipe, of which we make the log. */
static int detach(struct monitor *m, int log_fd)
{
	_cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int pipe_fds[2], keep[5];
	sigset_t wanted;

	if (null < 0 || pipe2(pipe_fds, O_CLOEXEC) < 0)
		return -errno;
	m->log.said = pipe_fds[0];
	m->log.fd = log_fd;
	if (fcntl(m->log.said, F_SETFL, O_NONBLOCK) < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(pipe_fds[1], STDOUT_FILENO) < 0 || dup2(pipe_fds[1], STDERR_FILENO) < 0)
		return -errno;
	sigfillset(&wanted);
	if (sigprocmask(SIG_SETMASK, &wanted, NULL) < 0)
		return -errno;
	m->signals = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
	if (m->signals < 0 || setsid() < 0 || chdir("/") < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return -errno;
	prctl(PR_SET_NAME, "ocirun-fuse");
	keep[0] = m->sock;
	keep[1] = m->init;
	keep[2] = m->signals;
	keep[3] = m->log.said;
	keep[4] = m->log.fd;
	return fdio_close_except(3, keep, ARRAY_SIZE(keep));
}

static void __attribute__((noreturn)) monitor_main(const struct fuse_monitor_start *start, int sock)
{
	struct monitor m = { .sock = sock, .init = start->init_pidfd, .signals = -EBADF };
	struct err hello = ERR_INIT;
	int r;

	log_redirect(NULL, NULL);
	log_outlive();
	r = detach(&m, start->log_fd);
	if (r < 0)
		err_set(&hello, r, "start the FUSE monitor");
	else
		hello.code = getpid();
	if (sock_send(sock, &hello, sizeof(hello), NULL, 0) < 0 || r < 0)
		_exit(1);
	serve(&m);
}

int fuse_monitor_start(const struct fuse_monitor_start *start, pid_t *ret_pid, struct err *e)
{
	_cleanup_close_ int ours = -EBADF, theirs = -EBADF, pidfd = -EBADF;
	int pair[2], status, r = sock_pair(pair);
	pid_t pid;

	if (r < 0)
		return err_set(e, r, "socket pair");
	ours = pair[0];
	theirs = pair[1];
	pid = spawn_clone(0, -EBADF, &pidfd);
	if (pid == 0) {
		int unused = -EBADF;

		pid = spawn_clone(0, -EBADF, &unused);
		if (pid == 0) {
			fd_close(&ours);
			monitor_main(start, theirs);
		}
		_exit(pid < 0 ? 1 : 0);
	}
	fd_close(&theirs);
	if (pid > 0)
		r = spawn_wait(pidfd, &status);
	if (pid < 0 || r < 0)
		return err_set(e, pid < 0 ? (int)pid : r, "start the FUSE monitor");
	r = fuse_packet_answer(ours, e);
	if (r < 0)
		return r;
	*ret_pid = r;
	return TAKE_FD(ours);
}
