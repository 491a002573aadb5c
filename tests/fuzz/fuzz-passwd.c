/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as the container's passwd(5) and group(5): who comes out is no id that setresuid(2) would ignore. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runtime/users.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A root whose two files are one; made once, and named so that leftovers can be told. */
static int open_root(void)
{
	char top[] = "/dev/shm/fuzz-passwd.XXXXXX";
	int root = mkdtemp(top) ? open(top, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;

	if (root < 0 || mkdirat(root, "etc", 0700) < 0 || symlinkat("passwd", root, "etc/group") < 0)
		abort();
	return root;
}

static void write_passwd(int root, const uint8_t *data, size_t size)
{
	_cleanup_close_ int fd = openat(root, "etc/passwd", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
}

static void check(int root, const char *name)
{
	struct err e = ERR_INIT;
	uint32_t uid = UINT32_MAX, gid = UINT32_MAX;
	int r = users_resolve(root, name, &uid, &gid, &e);

	if (r == 0 && (uid == UINT32_MAX || gid == UINT32_MAX))
		abort();
	if (r < 0 && (e.code != r || !*e.text))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "root", "web", "1000", "0:www", "web:www", "01000:5" };
	static int root = -1;

	if (root < 0)
		root = open_root();
	write_passwd(root, data, size);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		check(root, names[i]);
	for (uint32_t uid = 0; uid < 2; uid++) {
		_cleanup_free_ char *home = users_home(root, uid * 1000);

		if (home && !*home)
			abort();
	}
	return 0;
}
