/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The small languages inside of strings: keys of sysctls, lists of processors, mappings of ids, places of cgroups,
 * the kernel's tables of ids and of cgroups.  The first byte chooses, the rest is the text.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/str.h"
#include "cgroup/hierarchy.h"
#include "cgroup/path.h"
#include "kernel/userns.h"
#include "mount/idmap.h"
#include "runtime/placement.h"
#include "runtime/validate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static bool climbs(const char *path)
{
	return strstr(path, "/../") || str_starts(path, "../") || strcmp(path, "..") == 0 ||
	       (strlen(path) >= 3 && strcmp(path + strlen(path) - 3, "/..") == 0);
}

/* Below net/, kernel/ or fs/, and nowhere else (CVE-2025-52881). */
static void fuzz_sysctl(const char *text)
{
	static const struct oci_namespace all[] = { { OCI_NS_IPC, NULL }, { OCI_NS_NETWORK, NULL }, { OCI_NS_UTS, NULL } };
	const struct oci_linux lx = { .namespaces = all, .n_namespaces = ARRAY_SIZE(all) };
	const struct oci_config config = { .linux_ = &lx };
	_cleanup_free_ char *file = NULL;
	struct err e = ERR_INIT;

	if (validate_sysctl(&config, text, &file, &e) < 0) {
		require(*e.text && !file, "refused without words");
		return;
	}
	require(str_starts(file, "net/") || str_starts(file, "kernel/") || str_starts(file, "fs/"), "another folder");
	require(!climbs(file) && !strstr(file, "//"), "it climbs");
}

static void fuzz_cpus(const char *text)
{
	struct err e = ERR_INIT;

	require(placement_check_list(text, "list", &e) == 0 || *e.text, "refused without words");
}

static void fuzz_idmap(const char *text)
{
	struct mount_entry entry = { .index = 0 };
	struct err e = ERR_INIT;

	entry.options.idmap = (char *)(uintptr_t)text;
	require(idmap_check(&entry, &e) == 0 || *e.text, "refused without words");
}

static void place(const char *text, bool systemd, bool rootless)
{
	const struct cgroup_path_request request = {
		.id = "container", .configured = text, .systemd = systemd, .rootless = rootless, .own = "/user.slice/own",
	};
	struct cgroup_place where;
	struct err e = ERR_INIT;

	if (cgroup_path_place(&request, &where, &e) < 0) {
		require(*e.text, "refused without words");
		return;
	}
	require(*where.path == '/' && strcmp(where.path, "/") != 0, "the root itself, or relative");
	require(!climbs(where.path) && !strstr(where.path, "//"), "a cgroup that climbs");
	cgroup_place_done(&where);
}

static void fuzz_cgroup(const char *text)
{
	for (int i = 0; i < 4; i++)
		place(text, i & 1, i & 2);
	free(cgroup_path_of_slice(text));
}

/* /proc/PID/cgroup */
static void fuzz_membership(const char *text)
{
	const struct hierarchy v2 = { .v2 = true };

	free(hierarchy_parse_path(&v2, text));
}

/* /proc/PID/uid_map */
static void fuzz_map(const char *text)
{
	_cleanup_(userns_map_done) struct userns_map map = { NULL, 0 };
	int fd = memfd_create("map", MFD_CLOEXEC);
	char path[32];
	uint32_t id;

	if (fd < 0 || fdio_write_all(fd, text, strlen(text)) < 0)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (userns_map_read(path, &map) == 0) {
		userns_map_to_inside(&map, 0, &id);
		userns_map_to_outside(&map, UINT32_MAX, &id);
	}
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const languages[])(const char *) = {
		fuzz_sysctl, fuzz_cpus, fuzz_idmap, fuzz_cgroup, fuzz_membership, fuzz_map,
	};
	_cleanup_free_ char *text = size > 0 ? xstrndup((const char *)data + 1, size - 1) : NULL;

	if (text)
		languages[data[0] % ARRAY_SIZE(languages)](text);
	return 0;
}
