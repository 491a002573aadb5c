/* SPDX-License-Identifier: Apache-2.0 */
/* The descriptors 0, 1 and 2 of a container, which the caller of create gave it: see criu-outside.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/wire.h"
#include "libocispec-lite/table.h"
#include "runtime/bundle.h"
#include "runtime/criu-outside.h"
#include "runtime/criu.h"

#define FILE_NAME "descriptors.json"
#define PROC_MAX (4U << 20)

/* Is there a mount with this id in the mount namespace of the process? (proc_pid_mountinfo(5): the first field) */
static int has_mount(pid_t pid, long id, bool *ret_has)
{
	_cleanup_free_ char *path = str_printf("/proc/%d/mountinfo", pid), *text = NULL;
	int r = fdio_read_file(AT_FDCWD, path, PROC_MAX, &text, NULL);

	*ret_has = false;
	for (const char *line = text; r == 0 && line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
		if (strtol(line, NULL, 10) == id)
			*ret_has = true;
	return r;
}

/* proc_pid_fdinfo(5) */
static int read_mount_id(pid_t pid, int fd, long *ret_id)
{
	_cleanup_free_ char *path = str_printf("/proc/%d/fdinfo/%d", pid, fd), *text = NULL;
	const char *field;
	int r = fdio_read_file(AT_FDCWD, path, PROC_MAX, &text, NULL);

	if (r < 0)
		return r;
	field = strstr(text, "mnt_id:");
	if (!field)
		return -ENOENT;
	*ret_id = strtol(field + strlen("mnt_id:"), NULL, 10);
	return 0;
}

/* Is the descriptor open by a mount that the process does not see?  Then it is the host's. */
static int is_of_host(pid_t pid, int fd, long *ret_mount, bool *ret_of_host)
{
	bool inside = true;
	int r = read_mount_id(pid, fd, ret_mount);

	if (r == 0)
		r = has_mount(pid, *ret_mount, &inside);
	*ret_of_host = r == 0 && !inside;
	return r;
}

static bool is_terminal(const char *target)
{
	return str_starts(target, "/dev/pts/") || str_starts(target, "/dev/tty") || strcmp(target, "/dev/console") == 0;
}

/* criu(8), --external: "file[MOUNT:INODE]" for a file (or /dev/null) and "tty[RDEV:DEV]" for a terminal of the host.
   CRIU looks for their mounts in the container, and fails without this.  NULL: it is neither. */
static int name_of_host(pid_t pid, int fd, const char *target, char **ret_name)
{
	_cleanup_free_ char *path = str_printf("/proc/%d/fd/%d", pid, fd);
	struct stat st;
	bool of_host;
	long mount;
	int r;

	*ret_name = NULL;
	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) && !S_ISCHR(st.st_mode))
		return 0;
	r = is_of_host(pid, fd, &mount, &of_host);
	if (r < 0 || !of_host)
		return r;
	if (S_ISCHR(st.st_mode) && is_terminal(target))
		*ret_name = str_printf("tty[%llx:%llx]", (unsigned long long)st.st_rdev, (unsigned long long)st.st_dev);
	else
		*ret_name = str_printf("file[%lx:%llx]", mount, (unsigned long long)st.st_ino);
	return 0;
}

int criu_read_stdio(struct strbuf *opts, pid_t pid, bool shell_job, struct strv *names, struct err *e)
{
	for (int fd = 0; fd < CRIU_STDIO; fd++) {
		_cleanup_free_ char *path = str_printf("/proc/%d/fd/%d", pid, fd);
		char target[4096], *name = NULL;
		ssize_t n = readlink(path, target, sizeof(target) - 1);
		int r = 0;

		/* it has closed it */
		if (n < 0 && errno != ENOENT)
			return err_set(e, -errno, "%s", path);
		target[n < 0 ? 0 : n] = '\0';
		if (n >= 0)
			r = name_of_host(pid, fd, target, &name);
		if (r < 0)
			return err_set(e, r, "%s", path);
		strv_take(names, name ? name : xstrdup(target));
		if (name && str_starts(name, "tty[") && !shell_job)
			return err_say(e, -EINVAL, "its descriptor %d is the caller's terminal %s, which needs --shell-job",
				       fd, target);
		if (name)
			wire_add_text(opts, CRIU_EXTERNAL, name);
	}
	return 0;
}

int criu_save_stdio(int images_fd, const struct strv *names, struct err *e)
{
	struct strbuf text = STRBUF_INIT;
	int r;

	strbuf_add(&text, "[");
	for (size_t i = 0; i < names->n; i++) {
		strbuf_add(&text, i ? "," : "");
		strbuf_add_json(&text, names->v[i]);
	}
	strbuf_add(&text, "]");
	r = fdio_replace_file(images_fd, FILE_NAME, text.text, text.len, 0600);
	strbuf_done(&text);
	return r < 0 ? err_set(e, r, "write " FILE_NAME " to the image path") : 0;
}

struct stdio_names {
	const char *const *names;
	size_t n_names;
};

LITE_TYPE(stdio_names, F_STRS(struct stdio_names, names, "descriptors", 0));

/* Others may have packed the images: no link out of them, and nothing that lets us wait. */
static int read_names(int images_fd, char **ret_text)
{
	_cleanup_close_ int fd = openat(images_fd, FILE_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) ? fdio_read_all(fd, BUNDLE_DOCUMENT_MAX, ret_text, NULL) : -EINVAL;
}

int criu_load_stdio(int images_fd, struct strv *names, struct err *e)
{
	_cleanup_(bundle_document_done) struct bundle_document document = { .root = NULL };
	_cleanup_free_ char *text = NULL, *object = NULL;
	const struct stdio_names *read;
	int r = read_names(images_fd, &text);

	/* of a container that nobody's runtime has saved, but CRIU alone */
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return err_set(e, r, FILE_NAME " of the image path, which has to be a regular file");
	/* the parser's documents are objects */
	object = str_printf("{\"descriptors\":%s}", text);
	r = bundle_parse(object, strlen(object), FILE_NAME, &stdio_names_type, &document, e);
	if (r < 0)
		return r;
	read = document.root;
	for (size_t i = 0; i < read->n_names && i < CRIU_STDIO; i++)
		strv_add(names, read->names[i]);
	return 0;
}

/* What comes from outside: not the container's own terminal, which goes to the console socket. */
static bool is_outside(const char *name)
{
	return str_starts(name, "pipe:[") || str_starts(name, "file[") || str_starts(name, "socket:[") ||
	       str_starts(name, "tty[");
}

static bool is_earlier(const struct strv *names, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (strcmp(names->v[i], names->v[index]) == 0)
			return true;
	return false;
}

void criu_add_stdio(struct strbuf *opts, const struct strv *names, int *inherit, size_t *n_inherit)
{
	for (size_t i = 0; i < names->n; i++) {
		if (!is_outside(names->v[i]) || is_earlier(names, i))
			continue;
		criu_add_inherit_fd(opts, names->v[i], CRIU_FIRST_FD + (int)*n_inherit);
		inherit[(*n_inherit)++] = (int)i;
	}
}
