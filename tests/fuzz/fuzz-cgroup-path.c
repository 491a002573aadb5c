/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any linux.cgroupsPath: lines of the input are flags ("s": systemd, "r": rootless), the caller's own cgroup and the
 * path.  A place is clean and never above where it has to be, or the refusal is explained.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cgroup/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition)                                                           \
	do {                                                                         \
		if (!(condition)) {                                                  \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                     \
		}                                                                    \
	} while (0)

/* The next line of *text, which moves behind it. */
static char *take_line(const char **text)
{
	size_t n = strcspn(*text, "\n");
	char *line = xstrndup(*text, n);

	*text += n + ((*text)[n] == '\n');
	return line;
}

static void check_clean(const char *path)
{
	size_t n = strlen(path);

	REQUIRE(n > 1 && path[0] == '/' && path[n - 1] != '/');
	REQUIRE(!strstr(path, "//") && !strstr(path, "/../") && !strstr(path, "/./") && !strchr(path, '\n'));
	REQUIRE(n < 3 || strcmp(path + n - 3, "/..") != 0);
}

static void check_place(const struct cgroup_path_request *request, const struct cgroup_place *place)
{
	check_clean(place->path);
	REQUIRE(request->systemd == (place->scope != NULL) && request->systemd == (place->slice != NULL));
	REQUIRE(cgroup_path_common(place->path, place->path) == strlen(place->path));
	REQUIRE(cgroup_path_common(place->path, "/") == 0);
	if (request->systemd) {
		_cleanup_free_ char *directory = cgroup_path_of_slice(place->slice);

		REQUIRE(directory && str_starts(place->path, directory) && !strchr(place->scope, '/'));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = xstrndup((const char *)data, size);
	const char *p = text;
	_cleanup_free_ char *flags = take_line(&p), *own = take_line(&p);
	const struct cgroup_path_request request = {
		.id = "id",
		.configured = p,
		.systemd = strchr(flags, 's') != NULL,
		.rootless = strchr(flags, 'r') != NULL,
		.own = *own ? own : NULL,
	};
	_cleanup_(cgroup_place_done) struct cgroup_place place = { NULL, NULL, NULL };
	struct err e = ERR_INIT;
	int r = cgroup_path_place(&request, &place, &e);

	REQUIRE(r == 0 || (r == -EINVAL && e.code == r && *e.text));
	if (r == 0)
		check_place(&request, &place);
	REQUIRE(cgroup_path_common(own, p) <= strlen(own) && cgroup_path_common(own, p) <= strlen(p));
	return 0;
}
