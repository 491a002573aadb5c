/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a mount table: read by libmount, searched, freed. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fdio.h"
#include "kernel/mntinfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_close_ int fd = memfd_create("mountinfo", MFD_CLOEXEC);
	struct err e = ERR_INIT;
	struct mntinfo info;
	char path[32];

	if (fd < 0 || fdio_write_all(fd, data, size) < 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (mntinfo_read(path, &info, &e) < 0 && (e.code == 0 || !*e.text || info.n_entries != 0))
		abort();
	for (size_t i = 0; i < info.n_entries; i++) {
		const struct mntinfo_entry *entry = &info.entries[i];
		const struct mntinfo_entry *found = mntinfo_find(&info, entry->target);

		/* Whatever covers it comes later. */
		if (*entry->target == '/' && (!found || found < entry))
			abort();
	}
	mntinfo_done(&info);
	return 0;
}
