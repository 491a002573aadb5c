/* SPDX-License-Identifier: Apache-2.0 */
/* The container's directory: claim, lock, read, write, remove.  What a process is, state-look.c says. */
#include "runtime/state.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/str.h"
#include "runtime/state-document.h"

#define ID_MAX 255 /* NAME_MAX: the id is a directory's name */

int state_check_id(const char *id, struct err *e)
{
	size_t n = strlen(id);

	if (n == 0)
		return err_say(e, -EINVAL, "container id: must not be empty");
	if (n > ID_MAX)
		return err_say(e, -EINVAL, "container id: %zu characters are too many, at most %d", n, ID_MAX);
	for (size_t i = 0; i < n; i++) {
		char c = id[i];

		if (isascii((unsigned char)c) && isalnum((unsigned char)c))
			continue;
		if (c == '_' || c == '+' || c == '-' || (c == '.' && i > 0))
			continue;
		return err_say(e, -EINVAL,
			       "container id '%s': invalid character at position %zu; letters, digits, '_', '+', '-' "
			       "and, not as the first, '.' may be used",
			       id, i + 1);
	}
	return 0;
}

static void state_init(struct state *state, const char *root, const char *id)
{
	*state = (struct state){ .id = xstrdup(id), .path = str_printf("%s/%s", root, id), .dir_fd = -EBADF };
	lite_init(&state->document.doc);
}

/* True if the open directory is still the one with that name; a removed one has no links left. */
static bool is_linked(int dir_fd)
{
	struct stat st;

	return fstat(dir_fd, &st) == 0 && st.st_nlink > 0;
}

static int lock(int dir_fd)
{
	while (flock(dir_fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

/* Make the directory and lock it; -EAGAIN when `delete --force` removed it in between. */
static int claim_once(struct state *state)
{
	int r;

	if (mkdir(state->path, 0700) < 0)
		return -errno;
	state->dir_fd = open(state->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (state->dir_fd < 0)
		return errno == ENOENT ? -EAGAIN : -errno;
	r = lock(state->dir_fd);
	if (r == 0 && !is_linked(state->dir_fd))
		r = -EAGAIN;
	if (r < 0)
		fd_close(&state->dir_fd);
	return r;
}

int state_claim(const char *root, const char *id, struct state *ret_state, struct err *e)
{
	bool root_made = false;
	struct state state;
	int r;

	state_init(&state, root, id);
	do {
		r = claim_once(&state);
		/* Once: a root that is a dangling symlink exists for mkdir(2), but not for us. */
		if (r == -ENOENT && !root_made) {
			r = fdio_mkdir_p(root, 0700);
			root_made = true;
			if (r == 0)
				r = -EAGAIN;
		}
	} while (r == -EAGAIN);

	if (r < 0)
		state_done(&state);
	if (r == -EEXIST)
		return err_say(e, r, "container with given ID already exists: %s", id);
	if (r < 0)
		return err_set(e, r, "state directory %s/%s", root, id);
	*ret_state = state;
	return 0;
}

static int explain_missing(const struct state *state, struct err *e)
{
	return err_say(e, -ENOENT, "container does not exist: %s", state->id);
}

int state_lock(struct state *state, struct err *e)
{
	int r = lock(state->dir_fd);

	if (r < 0)
		return err_set(e, r, "lock %s", state->path);
	return is_linked(state->dir_fd) ? 0 : explain_missing(state, e);
}

static int open_directory(struct state *state, bool want_lock, struct err *e)
{
	/* A link is nothing that create makes. */
	state->dir_fd = open(state->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (state->dir_fd < 0 && errno == ENOENT)
		return explain_missing(state, e);
	if (state->dir_fd < 0)
		return err_set(e, -errno, "state directory %s", state->path);
	return want_lock ? state_lock(state, e) : 0;
}

static int read_document(struct state *state, struct err *e)
{
	struct err missing = ERR_INIT;
	int r = bundle_read(state->dir_fd, "state.json", "state.json", STATE_DOCUMENT, &state->document, &missing);

	if (r == -ENOENT)
		return 0; /* create has not come so far, or died before it did */
	if (r < 0) {
		*e = missing;
		return err_wrap(e, "%s", state->path);
	}
	return 0;
}

int state_open(const char *root, const char *id, bool want_lock, struct state *ret_state, struct err *e)
{
	struct state state;
	int r;

	r = state_check_id(id, e);
	if (r < 0)
		return r;
	state_init(&state, root, id);
	r = open_directory(&state, want_lock, e);
	if (r == 0)
		r = read_document(&state, e);
	if (r < 0)
		state_done(&state);
	else
		*ret_state = state;
	return r;
}

int state_open_unread(const char *root, const char *id, struct state *ret_state, struct err *e)
{
	struct state state;
	int r = state_check_id(id, e);

	if (r < 0)
		return r;
	state_init(&state, root, id);
	r = open_directory(&state, true, e);
	if (r < 0)
		state_done(&state);
	else
		*ret_state = state;
	return r;
}

void state_unlock(struct state *state)
{
	/* Cannot fail on an open descriptor. */
	(void)flock(state->dir_fd, LOCK_UN);
}

void state_done(struct state *state)
{
	bundle_document_done(&state->document);
	fd_close(&state->dir_fd);
	free(state->id);
	free(state->path);
	state->id = state->path = NULL;
}

int state_write(struct state *state, const struct state_document *document, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	size_t n;
	int r;

	text = lite_print(STATE_DOCUMENT, document, LITE_COMPACT, &n);
	r = text ? fdio_replace_file(state->dir_fd, "state.json", text, n, 0600) : -ENOMEM;
	if (r < 0)
		return err_set(e, r, "write %s/state.json", state->path);
	return 0;
}

/* Of a directory that has a record, and so is ours: what is there in nearly all cases, without asking what is there.
   -ENOTEMPTY: there is more. */
static int remove_usual(struct state *state)
{
	static const char *const names[] = { "state.json", "config.json" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (unlinkat(state->dir_fd, names[i], 0) < 0 && errno != ENOENT)
			return -errno;
	return rmdir(state->path) < 0 ? -errno : 0;
}

/* All that a state directory can hold. */
static const char *const own_files[] = {
	"state.json", ".state.json.tmp", "config.json", STATE_START_SOCKET, STATE_NOTIFY_SOCKET, STATE_FUSE_LOG,
};

static bool is_own_file(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(own_files); i++)
		if (strcmp(name, own_files[i]) == 0)
			return true;
	return false;
}

/* Only what is ours: with a mistyped --root an id may be the name of any directory. */
static int list_own_files(const struct state *state, struct strv *ret_names, struct err *e)
{
	_cleanup_close_ int fd = fcntl(state->dir_fd, F_DUPFD_CLOEXEC, 3);
	_cleanup_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		return err_set(e, -errno, "state directory %s", state->path);
	TAKE_FD(fd); /* it is dir's now */
	rewinddir(dir);
	for (struct dirent *d = readdir(dir); d; d = readdir(dir)) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		if (!is_own_file(d->d_name))
			return err_say(e, -ENOTEMPTY,
				       "remove %s: it holds %s, which is nothing of ours; if it is a container's state, remove "
				       "that by hand and delete again", state->path, d->d_name);
		strv_add(ret_names, d->d_name);
	}
	return 0;
}

static int remove_own(struct state *state, struct err *e)
{
	_cleanup_(strv_done) struct strv names = STRV_INIT;
	int r = list_own_files(state, &names, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < names.n; i++)
		if (unlinkat(state->dir_fd, names.v[i], 0) < 0 && errno != ENOENT)
			return err_set(e, -errno, "remove %s/%s", state->path, names.v[i]);
	if (rmdir(state->path) < 0 && errno != ENOENT)
		return err_set(e, -errno, "remove %s", state->path);
	return 0;
}

int state_remove(struct state *state, struct err *e)
{
	int r = state_document(state) ? remove_usual(state) : -ENOTEMPTY;

	/* Whatever else it is, it comes again, and is explained. */
	return r == 0 || r == -ENOENT ? 0 : remove_own(state, e);
}

int state_read_config(const struct state *state, struct bundle_document *ret_config, struct err *e)
{
	int r = bundle_read(state->dir_fd, "config.json", "config.json", LITE_CONFIG, ret_config, e);

	return r < 0 ? err_wrap(e, "%s", state->path) : 0;
}

static int compare_ids(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int state_list(const char *root, char ***ret_ids, size_t *ret_n, struct err *e)
{
	_cleanup_closedir_ DIR *dir = opendir(root);
	struct strv ids = STRV_INIT;

	*ret_ids = NULL;
	*ret_n = 0;
	if (!dir && errno == ENOENT)
		return 0;
	if (!dir)
		return err_set(e, -errno, "state root %s", root);
	for (struct dirent *d = readdir(dir); d; d = readdir(dir))
		if (d->d_name[0] != '.')
			strv_add(&ids, d->d_name);
	if (ids.n > 0)
		qsort(ids.v, ids.n, sizeof(ids.v[0]), compare_ids);
	*ret_ids = ids.v;
	*ret_n = ids.n;
	return 0;
}
