/* SPDX-License-Identifier: Apache-2.0 */
/* Annotations to a Landlock ruleset: see confine.h. */
#include "runtime/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "kernel/landlock.h"
#include "kernel/pathat.h"
#include "runtime/bundle.h"

enum kind {
	KIND_PATHS,
	KIND_PORTS,
	KIND_SCOPES,
};

/* Whatever restricts files also forbids to rename and link between directories, but for the right to "refer", which
   came with version 2; and files could be emptied without the right to "truncate" before version 3.  execve(2) opens
   its program for reading. */
static const struct row {
	const char *name;
	enum kind kind;
	uint64_t rights; /* that it restricts, and allows */
	uint64_t also;   /* that it allows if another list restricts them */
	int version;
	const char *kernel; /* that brought it */
} rows[] = {
	{ "read", KIND_PATHS, LANDLOCK_FS_READ_FILE | LANDLOCK_FS_READ_DIR, 0, 2, "5.19" },
	{ "write", KIND_PATHS,
	  LANDLOCK_FS_WRITE_FILE | LANDLOCK_FS_TRUNCATE | LANDLOCK_FS_REMOVE | LANDLOCK_FS_MAKE | LANDLOCK_FS_REFER, 0,
	  3, "6.2" },
	{ "execute", KIND_PATHS, LANDLOCK_FS_EXECUTE, LANDLOCK_FS_READ_FILE, 2, "5.19" },
	{ "ioctl", KIND_PATHS, LANDLOCK_FS_IOCTL_DEV, 0, 5, "6.10" },
	{ "bind", KIND_PORTS, LANDLOCK_NET_BIND, 0, 4, "6.7" },
	{ "connect", KIND_PORTS, LANDLOCK_NET_CONNECT, 0, 4, "6.7" },
	{ "scope", KIND_SCOPES, 0, 0, 6, "6.12" },
};

static const struct {
	const char *name;
	uint64_t bit;
} scopes[] = {
	{ "abstract-unix", LANDLOCK_SCOPE_ABSTRACT },
	{ "signal", LANDLOCK_SCOPE_SIGNALS },
};

static const struct row *find_row(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcmp(rows[i].name, key + strlen(CONFINE_PREFIX)) == 0)
			return &rows[i];
	return NULL;
}

static bool is_ours(const struct oci_pair *annotation)
{
	return str_starts(annotation->key, CONFINE_PREFIX);
}

static bool is_port(const char *word)
{
	uint32_t port;

	return str_to_u32(word, &port) == 0 && port <= UINT16_MAX;
}

static uint64_t scope_of(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(scopes); i++)
		if (strcmp(scopes[i].name, word) == 0)
			return scopes[i].bit;
	return 0;
}

static int check_word(const struct oci_pair *a, enum kind kind, const char *word, struct err *e)
{
	if (kind == KIND_PATHS && !str_starts(word, "/") && !str_starts(word, "-/"))
		return err_say(e, -EINVAL, "annotations.%s: '%s' is not an absolute path", a->key, word);
	if (kind == KIND_PORTS && !is_port(word))
		return err_say(e, -EINVAL, "annotations.%s: '%s' is not a TCP port", a->key, word);
	if (kind == KIND_SCOPES && !scope_of(word))
		return err_say(e, -EINVAL, "annotations.%s: unknown value '%s' (one of: abstract-unix, signal)", a->key, word);
	return 0;
}

int confine_check(const struct oci_config *config, struct err *e)
{
	for (size_t i = 0; i < config->n_annotations; i++) {
		_cleanup_(strv_done) struct strv words = STRV_INIT;
		const struct oci_pair *a = &config->annotations[i];
		const struct row *row = is_ours(a) ? find_row(a->key) : NULL;
		int r = 0;

		if (!is_ours(a))
			continue;
		if (!row)
			return err_say(e, -EINVAL,
				       "annotations.%s: unknown (" CONFINE_PREFIX
				       "* is one of: read, write, execute, ioctl, bind, connect, scope)",
				       a->key);
		strv_split(&words, a->value, ':');
		for (size_t k = 0; r == 0 && k < words.n; k++)
			r = check_word(a, row->kind, words.v[k], e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int explain_version(const struct oci_pair *a, const struct row *row, int version, struct err *e)
{
	if (version == -EOPNOTSUPP)
		return err_say(e, version, "annotations.%s: Landlock is switched off; it takes lsm=landlock,... on the "
					   "kernel's command line",
			       a->key);
	if (version == -ENOSYS)
		return err_say(e, version, "annotations.%s: this kernel has no Landlock", a->key);
	if (version < 0)
		return err_set(e, version, "annotations.%s: ask for the version of Landlock", a->key);
	return err_say(e, -ENOTSUP,
		       "annotations.%s: it takes version %d of Landlock (Linux %s), and this kernel has version %d", a->key,
		       row->version, row->kernel, version);
}

int confine_probe(const struct oci_config *config, struct err *e)
{
	int version = 0;

	for (size_t i = 0; i < config->n_annotations; i++) {
		const struct oci_pair *a = &config->annotations[i];
		const struct row *row = is_ours(a) ? find_row(a->key) : NULL;

		if (!row)
			continue;
		if (version == 0)
			version = landlock_version();
		if (version < row->version)
			return explain_version(a, row, version, e);
	}
	return 0;
}

/* What the annotations restrict, all together. */
static struct landlock_handled sum_up(const struct oci_config *config)
{
	struct landlock_handled handled = { 0, 0, 0 };

	for (size_t i = 0; i < config->n_annotations; i++) {
		const struct oci_pair *a = &config->annotations[i];
		const struct row *row = is_ours(a) ? find_row(a->key) : NULL;
		_cleanup_(strv_done) struct strv words = STRV_INIT;

		if (!row)
			continue;
		if (row->kind == KIND_PATHS)
			handled.fs |= row->rights;
		if (row->kind == KIND_PORTS)
			handled.net |= row->rights;
		if (row->kind == KIND_SCOPES)
			strv_split(&words, a->value, ':');
		for (size_t k = 0; k < words.n; k++)
			handled.scoped |= scope_of(words.v[k]);
	}
	return handled;
}

static int allow_path(int ruleset, int root, const struct oci_pair *a, const char *word, uint64_t rights, struct err *e)
{
	bool optional = *word == '-';
	_cleanup_close_ int fd = pathat_open(root, word + optional, O_PATH);
	int r;

	if (fd == -ENOENT && optional)
		return 0;
	if (fd < 0)
		return err_set(e, fd, "annotations.%s: %s in the container", a->key, word + optional);
	r = landlock_allow_path(ruleset, fd, rights);
	return r < 0 ? err_set(e, r, "annotations.%s: allow %s", a->key, word + optional) : 0;
}

static int allow_port(int ruleset, const struct oci_pair *a, const char *word, uint64_t rights, struct err *e)
{
	uint32_t port = 0;
	int r = str_to_u32(word, &port);

	if (r == 0)
		r = landlock_allow_port(ruleset, (uint16_t)port, rights);
	return r < 0 ? err_set(e, r, "annotations.%s: allow %s", a->key, word) : 0;
}

static int add_rules(int ruleset, int root, const struct oci_config *config, uint64_t handled_fs, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < config->n_annotations; i++) {
		_cleanup_(strv_done) struct strv words = STRV_INIT;
		const struct oci_pair *a = &config->annotations[i];
		const struct row *row = is_ours(a) ? find_row(a->key) : NULL;

		if (!row || row->kind == KIND_SCOPES)
			continue;
		strv_split(&words, a->value, ':');
		for (size_t k = 0; r == 0 && k < words.n; k++)
			r = row->kind == KIND_PATHS ? allow_path(ruleset, root, a, words.v[k],
								 row->rights | (row->also & handled_fs), e) :
						      allow_port(ruleset, a, words.v[k], row->rights, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Who does not restrict writing means to rename as before. */
static int allow_refer(int ruleset, int root, struct err *e)
{
	int r = landlock_allow_path(ruleset, root, LANDLOCK_FS_REFER);

	return r < 0 ? err_set(e, r, "annotations." CONFINE_PREFIX "*: allow / to be written") : 0;
}

int confine_prepare(const struct oci_config *config, int *ret_ruleset, struct err *e)
{
	struct landlock_handled handled = sum_up(config);
	_cleanup_close_ int ruleset = -EBADF, root = -EBADF;
	bool add_refer = handled.fs && !(handled.fs & LANDLOCK_FS_REFER);
	int r;

	*ret_ruleset = -EBADF;
	if (!handled.fs && !handled.net && !handled.scoped)
		return 0;
	if (add_refer)
		handled.fs |= LANDLOCK_FS_REFER;
	ruleset = landlock_create(&handled);
	if (ruleset < 0)
		return err_set(e, ruleset, "annotations." CONFINE_PREFIX "*: make a Landlock ruleset");
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_set(e, -errno, "annotations." CONFINE_PREFIX "*: the container's root");
	r = add_refer ? allow_refer(ruleset, root, e) : 0;
	if (r == 0)
		r = add_rules(ruleset, root, config, handled.fs, e);
	if (r < 0)
		return r;
	*ret_ruleset = TAKE_FD(ruleset);
	return 0;
}

int confine_apply(int ruleset, struct err *e)
{
	int r = ruleset < 0 ? 0 : landlock_restrict(ruleset);

	if (r == -EPERM)
		return err_say(e, r,
			       "annotations." CONFINE_PREFIX "*: operation not permitted: a process can be restricted when "
			       "process.noNewPrivileges is true, or with CAP_SYS_ADMIN in its user namespace");
	if (r == -E2BIG)
		return err_say(e, r, "annotations." CONFINE_PREFIX "*: too many Landlock rulesets around this one");
	return r < 0 ? err_set(e, r, "annotations." CONFINE_PREFIX "*: restrict the process") : 0;
}

int confine_explain_exec(const struct oci_config *config, struct err *e)
{
	static const char *const lists[] = { "execute", "read" };

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		_cleanup_free_ char *key = str_printf(CONFINE_PREFIX "%s", lists[i]);
		const char *list = bundle_annotation(config, key);

		if (list)
			return err_hint(e, "annotations.%s allows programs beneath: %s", key, *list ? list : "nothing");
	}
	return e->code;
}
