/* SPDX-License-Identifier: Apache-2.0 */
/* Pseudo terminals: see tty.h.  Who gets the master is decided in src/runtime. */
#include "kernel/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "kernel/pathat.h"

/* <asm/ioctls.h>, which cannot be included together with <termios.h> everywhere (Linux 4.13). */
#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

int tty_open_pair(int dirfd, const char *ptmx, int *ret_master, int *ret_slave, int *ret_number)
{
	_cleanup_close_ int master = pathat_open(dirfd, ptmx, O_RDWR | O_NOCTTY), slave = -EBADF;
	const int unlocked = 0;
	unsigned number;

	if (master < 0)
		return master;
	/* -ENOTTY when the file is no multiplexer. */
	if (ioctl(master, TIOCSPTLCK, &unlocked) < 0 || ioctl(master, TIOCGPTN, &number) < 0)
		return -errno;
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return -errno;
	*ret_master = TAKE_FD(master);
	*ret_slave = TAKE_FD(slave);
	*ret_number = (int)number;
	return 0;
}

int tty_set_size(int fd, unsigned rows, unsigned columns)
{
	const struct winsize size = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns };

	if (rows == 0 && columns == 0)
		return 0;
	if (rows > USHRT_MAX || columns > USHRT_MAX)
		return -ERANGE;
	return ioctl(fd, TIOCSWINSZ, &size) < 0 ? -errno : 0;
}

int tty_get_size(int fd, unsigned *ret_rows, unsigned *ret_columns)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) < 0)
		return -errno;
	*ret_rows = size.ws_row;
	*ret_columns = size.ws_col;
	return 0;
}

int tty_copy_size(int from, int to)
{
	struct winsize size;

	if (ioctl(from, TIOCGWINSZ, &size) < 0 || ioctl(to, TIOCSWINSZ, &size) < 0)
		return -errno;
	return 0;
}

int tty_clear_onlcr(int fd)
{
	struct termios settings;

	if (tcgetattr(fd, &settings) < 0)
		return -errno;
	settings.c_oflag &= ~(tcflag_t)ONLCR;
	return tcsetattr(fd, TCSANOW, &settings) < 0 ? -errno : 0;
}

int tty_make_raw(int fd, struct termios *ret_old)
{
	struct termios raw;

	if (tcgetattr(fd, ret_old) < 0)
		return -errno;
	raw = *ret_old;
	cfmakeraw(&raw);
	return tcsetattr(fd, TCSANOW, &raw) < 0 ? -errno : 0;
}

int tty_restore(int fd, const struct termios *old)
{
	return tcsetattr(fd, TCSANOW, old) < 0 ? -errno : 0;
}

int tty_make_controlling(int slave_fd)
{
	if (ioctl(slave_fd, TIOCSCTTY, 0) < 0)
		return -errno;
	for (int fd = 0; fd < 3; fd++) {
		/* dup2() onto itself would leave close-on-exec set. */
		if (fd == slave_fd ? fcntl(fd, F_SETFD, 0) < 0 : dup2(slave_fd, fd) < 0)
			return -errno;
	}
	return 0;
}
