/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `restore`: a container from files that checkpoint made.  What create's init does, CRIU does here, as a process in
 * the new container's cgroup; what create.c does around it is done here.  The array at the end is the table of
 * contents.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/wire.h"
#include "kernel/interrupt.h"
#include "kernel/procfs.h"
#include "kernel/spawn.h"
#include "kernel/tty.h"
#include "mount/outside.h"
#include "runtime/console.h"
#include "runtime/criu-outside.h"
#include "runtime/criu.h"
#include "runtime/launch.h"
#include "runtime/monitor.h"
#include "runtime/namespaces.h"
#include "runtime/netdevices.h"
#include "runtime/prepare.h"
#include "runtime/rdt.h"

/* One use of the command. */
struct restore {
	const struct criu_options *options;
	struct launch *l;
	struct criu_dirs dirs;
	struct criu criu;
	int keeper, keeper_end;  /* a process that the cgroup begins with; it ends with this descriptor */
	int yard;                /* what CRIU sees of cgroups */
	struct outside outside;  /* mounts */
	char *stage;             /* where they are put for CRIU, in its mount namespace */
	struct strbuf opts;      /* of the request */
	struct strv stdio;       /* what the saved container had there */
	int inherit[CRIU_STDIO + OCI_NS_TYPES]; /* borrowed */
	size_t n_inherit;
};

/* All that can be refused is refused here; nothing is touched yet. */
static int stage_prepare(struct restore *s, struct err *e)
{
	struct launch *l = s->l;
	int r;

	r = criu_check_options(s->options, e);
	if (r < 0)
		return r;
	ids_probe(l->rt->rootless, &l->caller);
	r = criu_check_caller(&l->caller, "restore", e);
	if (r == 0)
		r = prepare_launch(l, e);
	if (r == 0)
		r = criu_check_config(l->config, l->bundle, e);
	if (r == 0)
		r = criu_open_dirs(s->options, true, &s->dirs, e);
	if (r == 0)
		r = criu_check_images(&s->dirs, e);
	return r < 0 ? r : criu_load_stdio(s->dirs.images, &s->stdio, e);
}

static int stage_claim(struct restore *s, struct err *e)
{
	return launch_claim(s->l, e);
}

static int stage_open(struct restore *s, struct err *e)
{
	struct launch *l = s->l;
	int r;

	r = namespaces_open(&l->namespaces, l->join_fds, e);
	if (r == 0 && l->options->console_socket)
		r = l->console_socket = console_connect(l->options->console_socket, e);
	if (r >= 0)
		r = prepare_groups(l, e);
	if (r < 0)
		return r;
	return outside_make_targets(l->config, l->bundle, e);
}

/* The cgroup has to be there before CRIU is told about it: where a scope is, systemd says when it has one, and for that it
   wants a process.  This one keeps it until CRIU is in there. */
static int stage_cgroup(struct restore *s, struct err *e)
{
	_cleanup_close_ int read_end = -EBADF;
	struct launch *l = s->l;
	int ends[2], r;
	char byte;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set(e, -errno, "pipe");
	read_end = ends[0];
	s->keeper_end = ends[1];
	pid = cgroup_spawn(l->cgroup, 0, &s->keeper);
	if (pid == 0) {
		close(ends[1]);
		_exit(read(read_end, &byte, 1) != 0);
	}
	if (pid < 0)
		return err_set(e, (int)pid, "start a process for the cgroup");
	r = cgroup_adopt(l->cgroup, pid, e);
	if (r < 0)
		return r;
	prepare_record_cgroup(l);
	return prepare_chown_cgroup(l, e);
}

static void release_keeper(struct restore *s)
{
	int status;

	fd_close(&s->keeper_end);
	if (s->keeper >= 0)
		(void)spawn_wait(s->keeper, &status);
	fd_close(&s->keeper);
}

/*
 * The state directory, which nobody needs in CRIU's mount namespace.  With a user namespace CRIU looks for the mounts
 * as its root, who gets no further than the first directory that is not everybody's: then that one is covered.
 */
static char *choose_stage(const struct launch *l)
{
	char *path = xstrdup(l->state.path);

	for (char *slash = strchr(path + 1, '/'); l->namespaces.user_made && slash; slash = strchr(slash + 1, '/')) {
		struct stat st;

		*slash = '\0';
		if (stat(path, &st) < 0 || !(st.st_mode & S_IXOTH))
			break;
		*slash = '/';
	}
	return path;
}

/* What the new container has from outside. */
static int stage_describe(struct restore *s, struct err *e)
{
	_cleanup_free_ char *config_file = criu_config_file(s->l->config);
	const char *mode;
	int r = criu_choose_cgroups_mode(s->l->cgroup, &mode, e);

	if (r == 0)
		r = criu_add_cgroup_yard(&s->opts, s->l->cgroup, &s->yard, e);
	if (r < 0)
		return r;
	wire_add_text(&s->opts, CRIU_ROOT, s->l->rootfs);
	wire_add_number(&s->opts, CRIU_RST_SIBLING, true);
	wire_add_number(&s->opts, CRIU_EVASIVE_DEVICES, true);
	wire_add_number(&s->opts, CRIU_ORPHAN_PTS_MASTER, true);
	if (config_file)
		wire_add_text(&s->opts, CRIU_CONFIG_FILE, config_file);
	criu_add_options(&s->opts, s->options, s->l->config, mode);
	criu_add_stdio(&s->opts, &s->stdio, s->inherit, &s->n_inherit);
	criu_add_namespaces(&s->opts, &s->l->namespaces, s->l->join_fds, s->inherit, &s->n_inherit);
	r = criu_list_mounts(s->l->config, s->l->bundle, s->l->cgroup, &s->outside, e);
	if (r < 0)
		return r;
	s->stage = choose_stage(s->l);
	criu_add_mounts(&s->opts, &s->outside, s->stage);
	return criu_add_cgroup_roots(&s->opts, s->l->cgroup, e);
}

static pid_t spawn_in_cgroup(void *ctx, int *ret_pidfd)
{
	const struct restore *s = ctx;

	return cgroup_spawn(s->l->cgroup, 0, ret_pidfd);
}

static int stage_mounts(void *ctx, struct err *e)
{
	const struct restore *s = ctx;

	return outside_stage(&s->outside, s->stage, e);
}

/* CRIU is in the cgroup, so that what it brings back is born there; it has not been asked for anything yet. */
static int stage_start(struct restore *s, struct err *e)
{
	struct launch *l = s->l;
	const struct criu_start start = {
		.dirs = &s->dirs,
		.inherit = s->inherit,
		.n_inherit = s->n_inherit,
		.private_root = l->rootfs,
		.prepare = stage_mounts,
		.spawn = spawn_in_cgroup,
		.ctx = s,
	};
	int r;

	r = criu_start(&start, &s->criu, e);
	if (r == 0)
		r = criu_check_version(&s->criu, s->options, e);
	if (r == 0)
		r = cgroup_enter(l->cgroup, s->criu.pid, e);
	release_keeper(s);
	return r < 0 ? r : rdt_adopt(&l->record, s->criu.pid, e);
}

/* The first process of the container, which CRIU has made as a child of ours. */
static int adopt(struct launch *l, pid_t pid, struct err *e)
{
	char letter;
	int r;

	if (l->pidfd >= 0)
		return 0;
	r = l->pidfd = pid > 0 ? spawn_pidfd_open(pid) : -ESRCH;
	if (r >= 0)
		r = procfs_stat(pid, &l->record.pid_start_time, &letter);
	if (r < 0)
		return err_set(e, r, "the restored process %d", pid);
	l->pid = pid;
	l->record.pid = pid;
	return state_write(&l->state, &l->record, e);
}

static int take_terminal(struct launch *l, struct criu_notice *notice, struct err *e)
{
	if (notice->fd < 0)
		return err_say(e, -EBADMSG, "CRIU announced a terminal, and sent none");
	if (l->console_socket >= 0)
		return console_send(l->console_socket, notice->fd, e);
	if (l->foreground && l->console < 0) {
		l->console = TAKE_FD(notice->fd);
		/* -ENOTTY: we have no terminal to take the size from. */
		(void)tty_copy_size(STDIN_FILENO, l->console);
	}
	return 0;
}

static int notify(void *ctx, struct criu_notice *notice, struct err *e)
{
	struct restore *s = ctx;
	int r;

	if (strcmp(notice->script, "orphan-pts-master") == 0)
		return take_terminal(s->l, notice, e);
	if (strcmp(notice->script, "setup-namespaces") != 0)
		return 0;
	/* The namespaces are there, and nothing is in them yet. */
	r = adopt(s->l, notice->pid, e);
	if (r == 0 && criu_leaves_network(s->l->config))
		r = netdevices_loopback_up(notice->pid, e);
	return r < 0 ? r : launch_run_hooks(s->l, e);
}

static int stage_restore(struct restore *s, struct err *e)
{
	const struct criu_call call = {
		.type = CRIU_RESTORE,
		.opts = &s->opts,
		.dirs = &s->dirs,
		.log = "restore.log",
		.notify = notify,
		.ctx = s,
	};
	sigset_t old;
	pid_t pid;
	int r;

	interrupt_block(&old);
	r = criu_call(&s->criu, &call, &pid, e);
	if (r != -EINTR)
		interrupt_unblock(&old);
	return r < 0 ? r : adopt(s->l, pid, e);
}

static int stage_commit(struct restore *s, struct err *e)
{
	return launch_commit(s->l, e);
}

static const struct {
	const char *name;
	int (*run)(struct restore *s, struct err *e);
} stages[] = {
	{ "prepare", stage_prepare },
	{ "claim", stage_claim },
	{ "open", stage_open },
	{ "cgroup", stage_cgroup },
	{ "describe", stage_describe },
	{ "start", stage_start },
	{ "restore", stage_restore },
	{ "commit", stage_commit },
};

static int restore(struct restore *s, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(stages); i++) {
		log_debug("restore: %s", stages[i].name);
		r = stages[i].run(s, e);
	}
	/* CRIU has to be gone before its cgroup is removed, and before what it holds is. */
	criu_done(&s->criu);
	release_keeper(s);
	if (r < 0) {
		launch_undo(s->l, e);
		r = err_wrap(e, "restore of container %s", s->l->options->id);
	}
	return r;
}

static int wait_for_end(struct launch *l, struct monitor *monitor, int *ret_status, struct err *e)
{
	const struct monitor_child child = { l->pid, l->pidfd, TAKE_FD(l->console), -EBADF };

	/* Others may want to act on it meanwhile. */
	state_unlock(&l->state);
	return monitor_run(monitor, &child, ret_status, e);
}

static void restore_done(struct restore *s)
{
	outside_done(&s->outside);
	free(s->stage);
	strv_done(&s->stdio);
	strbuf_done(&s->opts);
	criu_dirs_done(&s->dirs);
	fd_close(&s->yard);
	launch_done(s->l);
}

int container_restore(const struct runtime *rt, const struct restore_options *options, int *ret_status, struct err *e)
{
	struct launch l = { .rt = rt, .options = &options->create, .foreground = !options->create.detach };
	struct restore s = {
		.options = &options->criu,
		.l = &l,
		.dirs = CRIU_DIRS_INIT,
		.criu = CRIU_INIT,
		.keeper = -EBADF,
		.keeper_end = -EBADF,
		.yard = -EBADF,
	};
	struct monitor *monitor = NULL;
	int r = 0;

	*ret_status = 0;
	launch_init(&l);
	if (l.foreground)
		r = monitor_prepare(&monitor, e);
	if (r == 0)
		r = restore(&s, e);
	if (r == 0 && monitor) {
		r = wait_for_end(&l, monitor, ret_status, e);
		if (r < 0 || !options->create.keep)
			r = launch_finish(&l, r, e);
	}
	monitor_free(monitor);
	restore_done(&s);
	return r;
}
