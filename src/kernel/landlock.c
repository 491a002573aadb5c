/* SPDX-License-Identifier: Apache-2.0 */
/* Landlock's three system calls: see landlock.h. */
#include "kernel/landlock.h"

#include <sys/stat.h>

#include "kernel/syscalls.h"

/* What a rule for something else than a directory may allow. */
#define FILE_RIGHTS \
	(LANDLOCK_FS_EXECUTE | LANDLOCK_FS_WRITE_FILE | LANDLOCK_FS_READ_FILE | LANDLOCK_FS_TRUNCATE | LANDLOCK_FS_IOCTL_DEV)

#define RULESET_VERSION 1U /* LANDLOCK_CREATE_RULESET_VERSION */

enum { RULE_PATH_BENEATH = 1, RULE_NET_PORT = 2 };

/* struct landlock_path_beneath_attr and landlock_net_port_attr. */
struct path_rule {
	uint64_t rights;
	int32_t parent_fd;
} __attribute__((packed));

struct port_rule {
	uint64_t rights;
	uint64_t port;
};

int landlock_version(void)
{
	return sys_landlock_create_ruleset(NULL, 0, RULESET_VERSION);
}

int landlock_create(const struct landlock_handled *handled)
{
	return sys_landlock_create_ruleset(handled, sizeof(*handled), 0);
}

int landlock_allow_path(int ruleset, int path_fd, uint64_t rights)
{
	struct path_rule rule = { .rights = rights, .parent_fd = path_fd };
	struct stat st;

	if (fstat(path_fd, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		rule.rights &= FILE_RIGHTS;
	return sys_landlock_add_rule(ruleset, RULE_PATH_BENEATH, &rule);
}

int landlock_allow_port(int ruleset, uint16_t port, uint64_t rights)
{
	const struct port_rule rule = { .rights = rights, .port = port };

	return sys_landlock_add_rule(ruleset, RULE_NET_PORT, &rule);
}

int landlock_restrict(int ruleset)
{
	return sys_landlock_restrict_self(ruleset);
}
