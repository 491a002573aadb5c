/* SPDX-License-Identifier: Apache-2.0 */
/* Terminals: see console.h. */
#include "runtime/console.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "kernel/sock.h"
#include "kernel/tty.h"

int console_open(int root_fd, const struct oci_process *process, int *ret_master, int *ret_slave, struct err *e)
{
	_cleanup_close_ int master = -EBADF, slave = -EBADF;
	const struct oci_console_size *size = process->console_size;
	int number, r;

	r = tty_open_pair(root_fd, "dev/pts/ptmx", &master, &slave, &number);
	if (r < 0) {
		err_set(e, r, "process.terminal: /dev/pts/ptmx");
		return r == -ENOENT ? err_hint(e, "mounts needs a devpts at /dev/pts") : r;
	}

	if (size && size->width > 0 && size->height > 0)
		r = tty_set_size(master, (unsigned)size->height, (unsigned)size->width);
	if (r == 0)
		r = tty_clear_onlcr(slave);
	if (r < 0)
		return err_set(e, r, "process.terminal: /dev/pts/%d", number);
	/* An id that is not mapped cannot own it; becoming that user fails later with a better text. */
	if (process->user.uid != 0 && fchown(slave, process->user.uid, (gid_t)-1) < 0 && errno != EINVAL)
		return err_set(e, -errno, "process.terminal: give /dev/pts/%d to the user", number);

	*ret_master = TAKE_FD(master);
	*ret_slave = TAKE_FD(slave);
	return 0;
}

int console_connect(const char *path, struct err *e)
{
	int fd = sock_connect_stream(path);

	return fd < 0 ? err_set(e, fd, "console socket %s", path) : fd;
}

int console_send(int socket, int master, struct err *e)
{
	static const char name[] = "/dev/ptmx"; /* what the peers send too; nobody looks at it */
	int r = sock_send(socket, name, sizeof(name) - 1, &master, 1);

	return r < 0 ? err_set(e, r, "send the terminal to the console socket") : 0;
}
