/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that only look, `state` and `list`, and where they look. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/str.h"
#include "cgroup/cgroup.h"
#include "kernel/userns.h"
#include "runtime/ids.h"
#include "runtime/runtime.h"
#include "runtime/state-document.h"
#include "runtime/state.h"
#include "runtime/users.h"

/* Without XDG_RUNTIME_DIR: a folder in /tmp, where anybody may have been before us. */
static int fallback_root(uid_t uid, char **ret_path, struct err *e)
{
	_cleanup_free_ char *path = str_printf("/tmp/ocirun-%u", uid);
	struct stat st;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_set(e, -errno, "state root %s (XDG_RUNTIME_DIR is not set)", path);
	if (lstat(path, &st) < 0)
		return err_set(e, -errno, "state root %s", path);
	if (!S_ISDIR(st.st_mode) || st.st_uid != uid || (st.st_mode & 077))
		return err_say(e, -EPERM,
			       "state root %s: not a directory that only you can reach; set XDG_RUNTIME_DIR, or use --root",
			       path);
	*ret_path = TAKE_PTR(path);
	return 0;
}

int runtime_root_of(const struct runtime *rt, const struct ids_caller *caller, char **ret_path, struct err *e)
{
	const char *runtime_dir = getenv("XDG_RUNTIME_DIR");

	if (!str_empty(rt->root)) {
		if (rt->root[0] == '/') {
			*ret_path = xstrdup(rt->root);
		} else {
			_cleanup_free_ char *cwd = getcwd(NULL, 0);

			if (!cwd)
				return err_set(e, -errno, "--root %s: the current directory", rt->root);
			*ret_path = str_printf("%s/%s", cwd, rt->root);
		}
		return 0;
	}
	if (!caller->rootless)
		*ret_path = xstrdup("/run/ocirun");
	else if (!str_empty(runtime_dir))
		*ret_path = str_printf("%s/ocirun", runtime_dir);
	else
		return fallback_root(caller->euid, ret_path, e);
	return 0;
}

int runtime_root(const struct runtime *rt, char **ret_path, struct err *e)
{
	struct ids_caller caller;

	ids_probe(rt->rootless, &caller);
	return runtime_root_of(rt, &caller, ret_path, e);
}

/* Open and look, for the commands that begin so. */
static int open_and_look(const struct runtime *rt, const char *id, bool lock, struct state *ret_state,
			 struct state_now *ret_now, struct err *e)
{
	_cleanup_free_ char *root = NULL;
	int r;

	r = runtime_root(rt, &root, e);
	if (r == 0)
		r = state_open(root, id, lock, ret_state, e);
	if (r != 0)
		return r;
	r = state_look(ret_state, ret_now, e);
	if (r < 0)
		state_done(ret_state);
	return r;
}

/* The document of a container whose create has not come so far, or died. */
static struct state_document creating_document(const struct state *state)
{
	return (struct state_document){ .oci_version = "1.3.0", .id = state->id, .bundle = "" };
}

static char *print(const struct state *state, const struct state_now *now, enum lite_style style, size_t *ret_n)
{
	const struct state_document early = creating_document(state);
	const struct state_document *d = state_document(state);

	return state_print(d ? d : &early, now->status, now->pid, style, ret_n);
}

int container_state(const struct runtime *rt, const char *id, char **ret_json, struct err *e)
{
	struct state_now now;
	struct state state;
	size_t n;
	int r;

	r = open_and_look(rt, id, false, &state, &now, e);
	if (r != 0)
		return r;
	*ret_json = print(&state, &now, LITE_PRETTY, &n);
	state_now_done(&now);
	state_done(&state);
	return *ret_json ? 0 : err_set(e, -ENOMEM, "state of %s", id);
}

static struct container_info make_info(const struct state *state, const struct state_now *now)
{
	const struct state_document early = creating_document(state);
	const struct state_document *d = state_document(state) ? state_document(state) : &early;

	return (struct container_info){
		.id = xstrdup(d->id),
		.status = xstrdup(oci_status_name(now->status)),
		.bundle = xstrdup(d->bundle),
		.created = xstrdup(d->created ? d->created : ""),
		.owner = users_host_name(d->owner_uid),
		.pid = now->pid,
	};
}

/* One entry of the list; a container that is being removed at this moment is left out. */
static int add_to_list(const char *root, const char *id, struct container_info *info, struct strbuf *json,
		       struct err *e)
{
	struct state_now now;
	struct state state;
	size_t n;
	int r;

	r = state_open(root, id, false, &state, e);
	if (r < 0)
		return r;
	r = state_look(&state, &now, e);
	if (r == 0) {
		*info = make_info(&state, &now);
		if (json) {
			_cleanup_free_ char *text = print(&state, &now, LITE_COMPACT, &n);

			strbuf_add(json, json->len > 1 ? "," : "");
			strbuf_add(json, text ? text : "null");
		}
		state_now_done(&now);
	}
	state_done(&state);
	return r;
}

int container_list(const struct runtime *rt, struct container_info **ret_infos, size_t *ret_n, char **ret_json,
		   struct err *e)
{
	_cleanup_(strbuf_done) struct strbuf json = STRBUF_INIT;
	_cleanup_free_ char *root = NULL;
	struct strv ids = STRV_INIT;
	struct container_info *infos;
	size_t n = 0;
	int r;

	r = runtime_root(rt, &root, e);
	/* A default that nobody has used yet has no containers; a folder asked for by name has to be there. */
	if (r == 0 && !str_empty(rt->root) && access(rt->root, F_OK) < 0)
		r = err_set(e, -errno, "--root %s", rt->root);
	if (r == 0)
		r = state_list(root, &ids.v, &ids.n, e);
	if (r < 0)
		return r;
	infos = xcalloc(ids.n, sizeof(*infos));
	strbuf_add(&json, "[");
	for (size_t i = 0; i < ids.n; i++) {
		struct err words = ERR_INIT;

		r = add_to_list(root, ids.v[i], &infos[n], ret_json ? &json : NULL, &words);
		if (r == 0)
			n++;
		else if (r != -ENOENT)
			log_warning("%s", words.text);
	}
	strbuf_add(&json, "]");
	strv_done(&ids);
	*ret_infos = infos;
	*ret_n = n;
	if (ret_json)
		*ret_json = strbuf_take(&json);
	return 0;
}

void container_list_free(struct container_info *infos, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(infos[i].id);
		free(infos[i].status);
		free(infos[i].bundle);
		free(infos[i].created);
		free(infos[i].owner);
	}
	free(infos);
}
