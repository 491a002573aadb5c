/* SPDX-License-Identifier: Apache-2.0 */
/* Service notification: see notify.h. */
#include "runtime/notify.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/str.h"

#define CONTAINER_SOCKET "/run/notify/notify.sock"

/* What the container's configuration becomes: copies of the three lists' ends. */
struct notify_config {
	struct oci_config config;
	struct oci_process process;
	struct oci_mount *mounts;
	const char **env;
	char *source;
};

static const char *const bind_options[] = { "bind", "private", "nosuid", "nodev", "noexec", NULL };

bool notify_wanted(void)
{
	return !str_empty(getenv("NOTIFY_SOCKET"));
}

static struct notify_config *extend(const struct oci_config *old, char *source)
{
	struct notify_config *n = xcalloc(1, sizeof(*n));

	n->config = *old;
	n->source = source;
	n->mounts = xcalloc(old->n_mounts + 1, sizeof(n->mounts[0]));
	if (old->n_mounts > 0)
		memcpy(n->mounts, old->mounts, old->n_mounts * sizeof(n->mounts[0]));
	n->mounts[old->n_mounts] = (struct oci_mount){
		.destination = CONTAINER_SOCKET,
		.source = source,
		.type = "bind",
		.options = bind_options,
		.n_options = ARRAY_SIZE(bind_options) - 1,
	};
	n->config.mounts = n->mounts;
	n->config.n_mounts++;

	n->process = *old->process;
	n->env = xcalloc(n->process.n_env + 2, sizeof(n->env[0]));
	if (n->process.n_env > 0)
		memcpy(n->env, n->process.env, n->process.n_env * sizeof(n->env[0]));
	n->env[n->process.n_env++] = "NOTIFY_SOCKET=" CONTAINER_SOCKET;
	n->process.env = n->env;
	n->config.process = &n->process;
	return n;
}

static int listen_at(const struct state *state, int *ret_fd)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (fd < 0)
		return -errno;
	/* By descriptor, since the directory's path may be longer than sun_path. */
	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" STATE_NOTIFY_SOCKET, state->dir_fd);
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	/* Any user of the container may notify; nobody else reaches the directory. */
	if (fchmodat(state->dir_fd, STATE_NOTIFY_SOCKET, 0666, 0) < 0)
		return -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int notify_open(struct launch *l, struct err *e)
{
	char *source;
	int r;

	if (!l->config->process)
		return 0;
	r = listen_at(&l->state, &l->notify_socket);
	if (r < 0)
		return err_set(e, r, "notification socket %s/" STATE_NOTIFY_SOCKET, l->state.path);
	source = str_printf("%s/" STATE_NOTIFY_SOCKET, l->state.path);
	l->notify = extend(l->config, source);
	l->config = &l->notify->config;
	return 0;
}

void notify_done(struct launch *l)
{
	fd_close(&l->notify_socket);
	if (!l->notify)
		return;
	free(l->notify->mounts);
	free(l->notify->env);
	free(l->notify->source);
	free(l->notify);
	l->notify = NULL;
}

/* The lines that may pass: the main process is ours to name, and a barrier's descriptor is not handed on. */
static bool may_pass(const char *line)
{
	return !str_starts(line, "MAINPID=") && !str_starts(line, "FDSTORE") && !str_starts(line, "BARRIER=");
}

static int send_to_host(const char *text, size_t n, struct err *e)
{
	const char *path = getenv("NOTIFY_SOCKET");
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t n_path = path ? strlen(path) : 0;

	if (n_path == 0)
		return 0; /* nobody listens: notify_wanted() */
	if (n_path >= sizeof(address.sun_path))
		return err_say(e, -ENAMETOOLONG, "NOTIFY_SOCKET %s: longer than a socket's name can be", path);
	memcpy(address.sun_path, path, n_path);
	if (path[0] == '@')
		address.sun_path[0] = '\0'; /* abstract, unix(7) */
	if (fd < 0 || sendto(fd, text, n, MSG_NOSIGNAL, (const struct sockaddr *)&address,
			     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n_path)) < 0)
		return err_set(e, -errno, "NOTIFY_SOCKET %s", path);
	return 0;
}

int notify_forward(int fd, pid_t pid, bool *ret_ready, struct err *e)
{
	_cleanup_(strbuf_done) struct strbuf out = STRBUF_INIT;
	_cleanup_(strv_done) struct strv lines = STRV_INIT;
	char text[4096];
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

	*ret_ready = false;
	if (n <= 0)
		return 0;
	text[n] = '\0';
	strv_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.n; i++) {
		if (!may_pass(lines.v[i]))
			continue;
		strbuf_addf(&out, "%s\n", lines.v[i]);
		*ret_ready |= strcmp(lines.v[i], "READY=1") == 0;
	}
	strbuf_addf(&out, "MAINPID=%d", pid);
	return send_to_host(out.text, out.len, e);
}
