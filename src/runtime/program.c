/* SPDX-License-Identifier: Apache-2.0 */
/* Looking for programs: see program.h. */
#include "runtime/program.h"

#include <sys/stat.h>

#include "base/str.h"

bool program_is(const char *path)
{
	struct stat st;

	return access(path, X_OK) == 0 && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

char *program_find(const char *name)
{
	const char *path = getenv("PATH");
	struct strv directories = STRV_INIT;
	char *found = NULL;

	strv_split(&directories, str_empty(path) ? PROGRAM_PATH : path, ':');
	for (size_t i = 0; !found && i < directories.n; i++) {
		_cleanup_free_ char *candidate = str_printf("%s/%s", directories.v[i], name);

		/* a relative one would depend on where we happen to be */
		if (*candidate == '/' && program_is(candidate))
			found = TAKE_PTR(candidate);
	}
	strv_done(&directories);
	return found;
}
