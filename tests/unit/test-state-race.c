/* SPDX-License-Identifier: Apache-2.0 */
/* state: several processes that claim, lock and remove one id at the same time. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fdio.h"
#include "runtime/state.h"
#include "tests/unit/test.h"

static char root[] = "/tmp/test-race.XXXXXX";

/* One process of several that all want the same id: it counts what it got. */
static void race(int out, int rounds)
{
	int mine = 0;

	for (int i = 0; i < rounds; i++) {
		struct err e = ERR_INIT;
		struct state state;
		int r = state_claim(root, "raced", &state, &e);

		if (r == -EEXIST)
			continue;
		/* A claim is ours alone: nobody else's mark may be in there. */
		if (r < 0 || fdio_create_file(state.dir_fd, "config.json", "x", 1, 0600) < 0) {
			mine = -1;
			break;
		}
		mine++;
		if (state_remove(&state, &e) < 0) {
			mine = -1;
			break;
		}
		state_done(&state);
	}
	if (write(out, &mine, sizeof(mine)) != sizeof(mine))
		_exit(1);
	_exit(0);
}

/* The same, while others open, lock and remove what they find. */
static void race_delete(int rounds)
{
	for (int i = 0; i < rounds; i++) {
		struct err e = ERR_INIT;
		struct state state;
		int r = state_open(root, "raced", true, &state, &e);

		if (r == 0) {
			r = state_remove(&state, &e);
			state_done(&state);
		}
		if (r < 0 && r != -ENOENT)
			_exit(1);
	}
	_exit(0);
}

static void test_race(void)
{
	enum { CLAIMERS = 3, DELETERS = 2, ROUNDS = 300 };
	pid_t pids[CLAIMERS + DELETERS];
	int pipe_fds[2], total = 0, failed = 0, status, mine;
	struct err e = ERR_INIT;
	struct state left;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		perror("pipe2");
	for (int i = 0; i < CLAIMERS + DELETERS; i++) {
		pids[i] = fork();
		if (pids[i] == 0 && i < CLAIMERS)
			race(pipe_fds[1], ROUNDS);
		if (pids[i] == 0)
			race_delete(ROUNDS);
	}
	close(pipe_fds[1]);
	while (read(pipe_fds[0], &mine, sizeof(mine)) == sizeof(mine)) {
		total += mine;
		failed += mine < 0;
	}
	close(pipe_fds[0]);
	for (int i = 0; i < CLAIMERS + DELETERS; i++)
		failed += waitpid(pids[i], &status, 0) < 0 || status != 0;
	CHECK(failed == 0 && total > 0, "%d claims by racing processes, each of them alone with it", total);
	CHECK(state_open(root, "raced", false, &left, &e) == -ENOENT, "and nothing is left of them");
}

int main(void)
{
	alarm(120); /* nobody here waits for ever */
	if (!mkdtemp(root))
		perror(root);
	test_race();
	CHECK(rmdir(root) == 0, "nothing is left");
	return test_done();
}
