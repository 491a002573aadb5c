/* SPDX-License-Identifier: Apache-2.0 */
/* `checkpoint`: a container's processes become files, through CRIU. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/wire.h"
#include "kernel/interrupt.h"
#include "runtime/criu-outside.h"
#include "runtime/criu.h"
#include "runtime/launch.h"
#include "runtime/state-document.h"

/* One use of the command. */
struct checkpoint {
	const struct criu_options *options;
	struct ids_caller caller;
	struct state state;
	struct state_now now;
	struct bundle_document document; /* config.json */
	const struct oci_config *config;
	struct cgroup *cgroup;
	struct criu_dirs dirs;
	struct strbuf opts; /* of the request */
	int yard;           /* what CRIU sees of cgroups */
};

static void checkpoint_done(struct checkpoint *c)
{
	fd_close(&c->yard);
	strbuf_done(&c->opts);
	criu_dirs_done(&c->dirs);
	cgroup_freep(&c->cgroup);
	bundle_document_done(&c->document);
	state_now_done(&c->now);
	state_done(&c->state);
}

/* Whether it can be done; nothing is touched. */
static int check(struct checkpoint *c, struct err *e)
{
	int r = state_look(&c->state, &c->now, e);

	if (r < 0)
		return r;
	if (c->now.status != OCI_STATUS_RUNNING && c->now.status != OCI_STATUS_PAUSED)
		return err_say(e, -EINVAL, "cannot checkpoint container %s: it is %s, not running", c->state.id,
			       oci_status_name(c->now.status));
	if (state_document(&c->state)->n_mounts > 0)
		return err_say(e, -ENOTSUP, "cannot checkpoint container %s: nothing in its config.json makes %s anew; take it "
			       "away by 'mounts remove' first", c->state.id, state_document(&c->state)->mounts[0].destination);
	r = state_read_config(&c->state, &c->document, e);
	if (r < 0)
		return r;
	c->config = c->document.root;
	return criu_check_config(c->config, state_document(&c->state)->bundle, e);
}

static int describe(struct checkpoint *c, struct err *e)
{
	const struct state_document *d = state_document(&c->state);
	_cleanup_free_ char *config_file = criu_config_file(c->config);
	struct strv names = STRV_INIT;
	const char *mode;
	int r;

	r = state_open_cgroup(d, &c->cgroup, e);
	if (r == 0)
		r = criu_choose_cgroups_mode(c->cgroup, &mode, e);
	if (r == 0)
		r = criu_add_cgroup_yard(&c->opts, c->cgroup, &c->yard, e);
	if (r != 0)
		return r;
	wire_add_number(&c->opts, CRIU_PID, (uint64_t)c->now.pid);
	wire_add_text(&c->opts, CRIU_ROOT, d->rootfs);
	wire_add_number(&c->opts, CRIU_ORPHAN_PTS_MASTER, true);
	if (config_file)
		wire_add_text(&c->opts, CRIU_CONFIG_FILE, config_file);
	criu_add_options(&c->opts, c->options, c->config, mode);
	r = criu_add_outside(&c->opts, c->config, d->bundle, c->cgroup, c->now.pid, e);
	if (r == 0)
		r = criu_read_stdio(&c->opts, c->now.pid, c->options->shell_job, &names, e);
	if (r == 0)
		r = criu_save_stdio(c->dirs.images, &names, e);
	strv_done(&names);
	return r;
}

/* --status-fd: who waits for it, for the byte or for the end of the file, now starts the program that fetches the
   pages. */
static int notify(void *ctx, struct criu_notice *notice, struct err *e)
{
	const struct criu_options *options = ctx;
	int fd = (int)options->status_fd;

	if (!options->status_fd || strcmp(notice->script, "status-ready") != 0)
		return 0;
	if (write(fd, "", 1) != 1)
		return err_set(e, -errno, "option '--status-fd': write to descriptor %d", fd);
	if (fd > STDERR_FILENO)
		fd_close(&fd);
	return 0;
}

static int dump(struct checkpoint *c, struct err *e)
{
	const struct criu_start start = { .dirs = &c->dirs };
	const struct criu_call call = {
		.type = c->options->pre_dump ? CRIU_SINGLE_PRE_DUMP : CRIU_DUMP,
		.opts = &c->opts,
		.dirs = &c->dirs,
		.log = "dump.log",
		.notify = notify,
		.ctx = (void *)(uintptr_t)c->options,
	};
	struct criu criu = CRIU_INIT;
	pid_t unused;
	int r = criu_start(&start, &criu, e);

	if (r < 0)
		return r;
	r = criu_check_version(&criu, c->options, e);
	if (r == 0)
		r = criu_call(&criu, &call, &unused, e);
	criu_done(&criu);
	return r;
}

static int checkpoint(struct checkpoint *c, struct err *e)
{
	sigset_t before;
	int r = check(c, e);

	if (r == 0)
		r = criu_open_dirs(c->options, false, &c->dirs, e);
	if (r == 0)
		r = criu_share_images(&c->dirs, c->config, &c->caller, e);
	if (r == 0)
		r = describe(c, e);
	/* They are handed out for as long as it takes: a signal ends that, and not us alone. */
	if (c->options->lazy_pages)
		interrupt_block(&before);
	if (r == 0)
		r = dump(c, e);
	if (c->options->lazy_pages && r != -EINTR)
		interrupt_unblock(&before);
	if (r < 0)
		return err_wrap(e, "checkpoint of container %s", c->state.id);
	/* As every runtime does it: what was saved is gone, so that its id is free for the restore. */
	if (!c->options->leave_running && !c->options->pre_dump)
		return launch_destroy(&c->state, c->config, e);
	return 0;
}

int container_checkpoint(const struct runtime *rt, const struct checkpoint_options *options, struct err *e)
{
	struct checkpoint c = {
		.options = &options->criu,
		.now.pidfd = -EBADF,
		.dirs = CRIU_DIRS_INIT,
		.yard = -EBADF,
	};
	_cleanup_free_ char *root = NULL;
	int r;

	r = criu_check_options(&options->criu, e);
	if (r < 0)
		return r;
	/* CRIU would listen on all addresses, on a port that only its log names. */
	if (options->criu.lazy_pages && !options->criu.page_server)
		return err_say(e, -EINVAL, "option '--lazy-pages': --page-server has to say where the pages are fetched");
	ids_probe(rt->rootless, &c.caller);
	r = runtime_root_of(rt, &c.caller, &root, e);
	if (r == 0)
		r = state_open(root, options->id, true, &c.state, e);
	if (r < 0)
		return r;
	r = criu_check_caller(&c.caller, "checkpoint", e);
	if (r == 0)
		r = checkpoint(&c, e);
	checkpoint_done(&c);
	return r;
}
