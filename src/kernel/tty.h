/* SPDX-License-Identifier: Apache-2.0 */
/* Pseudo terminals (pty(7)).  Returns are descriptors or -errno. */
#pragma once

#include <stdbool.h>
#include <termios.h>

/* A new pty of the devpts whose multiplexer is at `ptmx` beneath dirfd ("dev/pts/ptmx").  The slave
   is taken by TIOCGPTPEER, never by its name.  Both are O_CLOEXEC and O_NOCTTY.  *ret_number is n of
   /dev/pts/n. */
int tty_open_pair(int dirfd, const char *ptmx, int *ret_master, int *ret_slave, int *ret_number);

/* Rows and columns; 0x0 is left alone. */
int tty_set_size(int fd, unsigned rows, unsigned columns);

/* The window size; -ENOTTY when fd is no terminal. */
int tty_get_size(int fd, unsigned *ret_rows, unsigned *ret_columns);

/* Copy the window size of one terminal to another; -ENOTTY when `from` is none. */
int tty_copy_size(int from, int to);

/* No translation of "\n" on output, as runc does for its clients. */
int tty_clear_onlcr(int fd);

/* Raw mode; the old settings go to *ret_old for tty_restore(). */
int tty_make_raw(int fd, struct termios *ret_old);
int tty_restore(int fd, const struct termios *old);

/* The terminal becomes the controlling one of this process, which leads a session (setsid(2)) without one, and
   its 0, 1 and 2. */
int tty_make_controlling(int slave_fd);
