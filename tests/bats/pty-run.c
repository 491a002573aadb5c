/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pty-run ROWSxCOLUMNS INPUT PROGRAM [ARG...]: runs a program the way a terminal emulator does, types
 * INPUT once something was said, copies what is said to standard output and ends with the program's
 * status.  With INPUT "@resize ROWSxCOLUMNS" the window changes its size instead.  The last line is
 * "echo on" or "echo off": the mode in which the program left the terminal.
 */
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

static struct winsize parse_size(const char *text)
{
	struct winsize size = { 0 };

	sscanf(text, "%hux%hu", &size.ws_row, &size.ws_col);
	return size;
}

static void type(int master, const char *input)
{
	if (strncmp(input, "@resize ", 8) == 0) {
		struct winsize size = parse_size(input + 8);

		ioctl(master, TIOCSWINSZ, &size);
	} else if (write(master, input, strlen(input)) < 0) {
		perror("pty-run: write");
	}
}

/* Until the program ended and nothing more is said. */
static void talk(int master, pid_t pid, const char *input, int *status)
{
	struct pollfd p = { .fd = master, .events = POLLIN };
	char buffer[4096];
	int typed = !*input, dead = 0;

	for (;;) {
		int ready = poll(&p, 1, 20);

		if (ready == 0 && dead)
			return;
		if (!dead && waitpid(pid, status, WNOHANG) == pid)
			dead = 1;
		if (ready <= 0)
			continue;
		ssize_t n = read(master, buffer, sizeof buffer);

		if (n <= 0)
			return;
		fwrite(buffer, 1, (size_t)n, stdout);
		fflush(stdout);
		if (!typed) {
			type(master, input);
			typed = 1;
		}
	}
}

int main(int argc, char **argv)
{
	struct winsize size;
	struct termios modes;
	int master, slave, status = 0;
	pid_t pid;

	if (argc < 4) {
		fprintf(stderr, "usage: pty-run ROWSxCOLUMNS INPUT PROGRAM [ARG...]\n");
		return 64;
	}
	size = parse_size(argv[1]);
	if (openpty(&master, &slave, NULL, NULL, &size) < 0) {
		perror("pty-run: openpty");
		return 1;
	}
	pid = fork();
	if (pid == 0) {
		close(master);
		login_tty(slave);
		execvp(argv[3], argv + 3);
		_exit(127);
	}
	talk(master, pid, argv[2], &status);
	if (tcgetattr(slave, &modes) == 0)
		printf("\necho %s\n", modes.c_lflag & ECHO ? "on" : "off");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
