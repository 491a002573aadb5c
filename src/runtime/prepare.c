/* SPDX-License-Identifier: Apache-2.0 */
/* Deciding: see prepare.h.  Everything here is undone by forgetting it. */
#include "runtime/prepare.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fdio.h"
#include "base/log.h"
#include "base/str.h"
#include "kernel/sock.h"
#include "runtime/confine.h"
#include "runtime/filter.h"
#include "runtime/hooks.h"
#include "runtime/prepare-checks.h"
#include "runtime/process-attributes.h"
#include "runtime/rdt.h"
#include "runtime/validate.h"

/* How many descriptors systemd passes on (sd_listen_fds(3)); 0 when they are not for us. */
static unsigned count_listen_fds(void)
{
	const char *fds = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
	uint32_t n = 0, whom = 0;

	if (str_empty(fds) || str_to_u32(fds, &n) < 0 || n > 1024)
		return 0;
	if (!str_empty(pid) && (str_to_u32(pid, &whom) < 0 || whom != (uint32_t)getpid()))
		return 0;
	return n;
}

int prepare_own_process(unsigned preserve_fds, unsigned *ret_listen_fds, struct err *e)
{
	unsigned first;
	int r;

	signal(SIGCHLD, SIG_DFL);
	*ret_listen_fds = count_listen_fds();
	if (preserve_fds > 65536)
		return err_say(e, -EINVAL, "--preserve-fds: %u is out of range", preserve_fds);
	first = 3 + *ret_listen_fds + preserve_fds;
	for (unsigned fd = 3; fd < first; fd++)
		if (fcntl((int)fd, F_GETFD) < 0)
			return err_say(e, -EBADF, "--preserve-fds %u: descriptor %u is not open", preserve_fds, fd);

	/* What else was left open by our caller is for no program that we start. */
	r = fdio_cloexec_from(first);
	return r < 0 ? err_set(e, r, "close_range") : 0;
}

static int load(struct launch *l, struct err *e)
{
	const char *bundle = l->options->bundle ? l->options->bundle : ".";
	const char *config = l->options->config ? l->options->config : "config.json";
	_cleanup_close_ int dir = -EBADF;
	int r;

	r = state_check_id(l->options->id, e);
	if (r < 0)
		return r;
	l->bundle = realpath(bundle, NULL);
	if (!l->bundle)
		return err_set(e, -errno, "bundle %s", bundle);
	dir = open(l->bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_set(e, -errno, "bundle %s", l->bundle);
	r = bundle_read(dir, config, "config.json", LITE_CONFIG, &l->document, e);
	if (r == -ENOENT && !l->options->config)
		err_hint(e, "%s is no bundle; 'ocirun spec' writes one to begin with, and --bundle names another directory",
			 l->bundle);
	if (r < 0)
		return r;
	l->config = l->document.root;
	return validate_config(l->config, e);
}

static char *absolute_rootfs(const char *bundle, const char *path)
{
	_cleanup_free_ char *joined = *path == '/' ? xstrdup(path) : str_printf("%s/%s", bundle, path);
	char *real = realpath(joined, NULL);

	/* What is wrong with it is rootfs_check()'s to say. */
	return real ? real : TAKE_PTR(joined);
}

static int plan_cgroup(struct launch *l, struct err *e)
{
	const struct oci_linux *lx = l->config->linux_;
	const char *manager = l->rt->cgroup_manager;
	struct cgroup_request request = {
		.manager = CGROUP_MANAGER_CGROUPFS,
		.id = l->options->id,
		.path = lx ? lx->cgroups_path : NULL,
		.rootless = l->caller.rootless,
		.resources = lx ? lx->resources : NULL,
		.annotations = l->config->annotations,
		.n_annotations = l->config->n_annotations,
	};

	if (manager) {
		int m = cgroup_manager_from_name(manager);

		if (m < 0)
			return err_say(e, -EINVAL, "--cgroup-manager: unknown value '%s' (one of: cgroupfs, systemd, disabled)",
				       manager);
		request.manager = (enum cgroup_manager)m;
	}
	return cgroup_plan(&request, &l->cgroup, e);
}

/* What state.json will say. */
static void make_record(struct launch *l)
{
	clock_now_text(l->created);
	l->record = (struct state_document){
		.oci_version = l->config->oci_version,
		.id = l->options->id,
		.creating = true,
		.bundle = l->bundle,
		.rootfs = l->rootfs,
		.created = l->created,
		.owner_uid = l->caller.euid,
		.no_new_keyring = l->options->no_new_keyring,
		.seccomp_receiver = filter_receiver_from_environment(),
		.annotations = l->config->annotations,
		.n_annotations = l->config->n_annotations,
	};
	prepare_record_cgroup(l);
}

int prepare_groups(struct launch *l, struct err *e)
{
	int r = cgroup_create(l->cgroup, e);

	if (r < 0)
		return r;
	l->cgroup_made = true;
	prepare_record_cgroup(l);
	return rdt_make(l->config, &l->record, e);
}

void prepare_record_cgroup(struct launch *l)
{
	const struct cgroup_record *cgroup = cgroup_get_record(l->cgroup);

	l->record.cgroup_manager = cgroup->manager;
	l->record.cgroup_path = cgroup->path;
	l->record.cgroup_scope = cgroup->scope;
}

int prepare_launch(struct launch *l, struct err *e)
{
	int r;

	r = prepare_own_process(l->options->preserve_fds, &l->listen_fds, e);
	if (r == 0)
		r = load(l, e);
	if (r < 0)
		return r;
	ids_probe(l->rt->rootless, &l->caller);
	r = runtime_root_of(l->rt, &l->caller, &l->root, e);
	if (r == 0)
		r = ids_make_plan(l->config, &l->caller, &l->ids, e);
	if (r == 0)
		r = plan_namespaces(l->config, l->ids.add_user, &l->namespaces, e);
	if (r == 0)
		r = prepare_check_terminal(l, e);
	if (r == 0)
		r = prepare_check_user(l, e);
	if (r == 0 && l->config->process)
		r = process_check_labels(l->config->process, e);
	if (r == 0)
		r = rootfs_check(l->config, l->bundle, e);
	if (r == 0)
		r = confine_probe(l->config, e);
	if (r == 0)
		r = filter_make(l->config, filter_receiver_from_environment(), &l->seccomp, &l->have_seccomp, e);
	if (r == 0)
		r = plan_cgroup(l, e);
	if (r < 0)
		return r;
	l->rootfs = absolute_rootfs(l->bundle, l->config->root->path);
	make_record(l);
	return rdt_plan(l->config, &l->record, e);
}

bool prepare_stops_when_mounted(const struct launch *l)
{
	bool own_tree = l->namespaces.made & CLONE_NEWNS;

	return !own_tree || hooks_any(l->config, HOOK_PRESTART) || hooks_any(l->config, HOOK_CREATE_RUNTIME);
}

int prepare_write_pid_file(const char *path, pid_t pid, struct err *e)
{
	_cleanup_free_ char *text = str_printf("%d", pid);
	int r = fdio_put_file(AT_FDCWD, path, text, strlen(text), 0644);

	return r < 0 ? err_set(e, r, "pid file %s", path) : 0;
}

int prepare_send_pidfd(const char *path, int pidfd, struct err *e)
{
	_cleanup_close_ int sock = sock_connect_stream(path);
	int r = sock < 0 ? sock : sock_send(sock, "pidfd", 5, &pidfd, 1);

	return r < 0 ? err_set(e, r, "pidfd socket %s", path) : 0;
}

void prepare_run_poststop(const struct oci_config *config, const struct state_document *document)
{
	const struct hooks_run run = { .config = config, .document = document, .pid = 0, .watch_pidfd = -EBADF };

	hooks_run_poststop(&run);
}
