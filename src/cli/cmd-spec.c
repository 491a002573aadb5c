/* SPDX-License-Identifier: Apache-2.0 */
/* spec: a config.json to begin with. */
#include "cli/cmd.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fdio.h"

struct spec_args {
	const char *bundle;
	bool rootless;
};

/* An existing file is never replaced: it may be the user's work. */
static int write_new(const char *path, const char *text, struct err *e)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	int r;

	if (fd < 0) {
		r = -errno;
		err_set(e, r, "%s", path);
		return r == -EEXIST ? err_hint(e, "remove it first, or name another directory with --bundle") : r;
	}
	r = fdio_write_all(fd, text, strlen(text));
	if (r < 0) {
		unlink(path);
		return err_set(e, r, "%s: write", path);
	}
	return 0;
}

static int run(struct call *call, struct err *e)
{
	const struct spec_args *a = call->options;
	_cleanup_free_ char *path = str_printf("%s/config.json", a->bundle ? a->bundle : ".");
	_cleanup_free_ char *json = runtime_spec(a->rootless);
	_cleanup_free_ char *text = NULL;

	if (!json)
		return err_set(e, -ENOMEM, "%s", path);
	text = str_printf("%s\n", json);
	return write_new(path, text, e);
}

static const struct opt options[] = {
	OPT_PATH("bundle", "b", "DIR", struct spec_args, bundle,
		   "where to write it (default: the current directory)"),
	OPT_FLAG("rootless", NULL, struct spec_args, rootless, "for a caller without privileges"),
	OPT_END,
};

const struct command cmd_spec = {
	.name = "spec",
	.synopsis = "[OPTIONS]",
	.summary = "write a config.json to begin with",
	.options = options,
	.options_size = sizeof(struct spec_args),
	.run = run,
};
