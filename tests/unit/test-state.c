/* SPDX-License-Identifier: Apache-2.0 */
/* state: ids, claims, locks, documents that are broken, and what a pid says about a container. */
#include "runtime/state.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/str.h"
#include "kernel/procfs.h"
#include "runtime/state-document.h"
#include "tests/unit/test.h"

static char top[] = "/tmp/test-state.XXXXXX";
static char *root; /* of the states; not there in the beginning */

static void test_ids(void)
{
	static const char *const good[] = { "a", "A-b_c+d.e", "0", "-x", "_", "+", "a..b", "a." };
	static const struct {
		const char *id;
		const char *text;
	} bad[] = {
		{ "", "container id: must not be empty" },
		{ ".", "container id '.': invalid character at position 1; " },
		{ "..", "container id '..': invalid character at position 1; " },
		{ ".a", "container id '.a': invalid character at position 1; " },
		{ "a/b", "container id 'a/b': invalid character at position 2; " },
		{ "../a", "container id '../a': invalid character at position 1; " },
		{ "a b", "container id 'a b': invalid character at position 2; " },
		{ "a\n", "container id 'a\n': invalid character at position 2; " },
		{ "\303\244", "container id '\303\244': invalid character at position 1; " },
		{ "a:b", "container id 'a:b': invalid character at position 2; " },
	};
	char longest[300];
	struct err e = ERR_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		CHECK(state_check_id(good[i], &e) == 0, "an id: %s", good[i]);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(state_check_id(bad[i].id, &e) == -EINVAL && str_starts(e.text, bad[i].text), "no id, row %zu", i);
	memset(longest, 'a', sizeof(longest));
	longest[255] = '\0';
	CHECK(state_check_id(longest, &e) == 0, "255 characters");
	longest[255] = 'a';
	longest[256] = '\0';
	CHECK(state_check_id(longest, &e) == -EINVAL, "256 characters");
	CHECK_STR(e.text, "container id: 256 characters are too many, at most 255");
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? 0 : st.st_mode & 07777;
}

static void expect_missing(const char *id)
{
	struct state state;
	struct err e = ERR_INIT;
	_cleanup_free_ char *text = str_printf("container does not exist: %s", id);

	CHECK(state_open(root, id, false, &state, &e) == -ENOENT, "%s is not there", id);
	CHECK_STR(e.text, text);
}

static void test_claim(void)
{
	struct state first, second;
	struct err e = ERR_INIT;
	int r;

	expect_missing("one");
	umask(0);
	r = state_claim(root, "one", &first, &e);
	CHECK(r == 0, "claim: the root is made, too%s", e.text);
	CHECK(mode_of(root) == 0700 && mode_of(first.path) == 0700, "for nobody else to see");
	CHECK(fcntl(first.dir_fd, F_GETFD) == FD_CLOEXEC, "close-on-exec");
	CHECK(!state_document(&first), "there is no document yet");
	CHECK(state_claim(root, "one", &second, &e) == -EEXIST, "an id is claimed once");
	CHECK_STR(e.text, "container with given ID already exists: one");

	CHECK(state_open(root, "one", false, &second, &e) == 0 && !state_document(&second), "open it without a lock");
	CHECK(flock(second.dir_fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK, "it is locked by its claim");
	state_unlock(&first);
	CHECK(state_lock(&second, &e) == 0, "until that is left");

	CHECK(state_remove(&second, &e) == 0, "remove it");
	state_done(&second);
	CHECK(state_lock(&first, &e) == -ENOENT, "who opened it before finds it gone");
	CHECK_STR(e.text, "container does not exist: one");
	CHECK(state_remove(&first, &e) == 0, "and may remove it again");
	expect_missing("one");
	state_done(&first);
}

static void test_bad_roots(void)
{
	_cleanup_free_ char *dangling = str_printf("%s/dangling", top), *file = str_printf("%s/file", top);
	_cleanup_free_ char *below = str_printf("%s/file/below", top);
	struct state state;
	struct err e = ERR_INIT;

	if (symlink("nowhere", dangling) < 0 || fdio_create_file(AT_FDCWD, file, "", 0, 0600) < 0)
		perror(top);
	CHECK(state_claim(dangling, "a", &state, &e) == -ENOENT, "a root that is a dangling symlink");
	CHECK(state_claim(file, "a", &state, &e) == -ENOTDIR, "a root that is a file");
	CHECK(state_claim(below, "a", &state, &e) == -ENOTDIR, "a root below a file");
	CHECK(strstr(e.text, "not a directory"), "%s", e.text);
	CHECK(state_open(root, "../a", false, &state, &e) == -EINVAL, "an id that leads out of the root");
	unlink(dangling);
	unlink(file);
}

static struct state_document make_document(pid_t pid)
{
	return (struct state_document){
		.oci_version = "1.3.0",
		.id = "doc",
		.pid = pid,
		.bundle = "/b",
		.rootfs = "/b/rootfs",
		.created = "2026-11-21T21:22:37.410307123Z",
	};
}

static void write_raw(const struct state *state, const char *text)
{
	if (fdio_replace_file(state->dir_fd, "state.json", text, strlen(text), 0600) < 0)
		perror("state.json");
}

/* Opening what somebody else's state.json left behind. */
static void expect_broken(struct state *state, const char *reason)
{
	_cleanup_free_ char *text = str_printf("%s: state.json:%s", state->path, reason);
	struct state again;
	struct err e = ERR_INIT;
	int r = state_open(root, "doc", false, &again, &e);

	CHECK(r < 0 && r != -ENOENT, "state.json is refused");
	CHECK_STR(e.text, text);
	if (r == 0)
		state_done(&again);
}

static void test_documents(void)
{
	const struct oci_pair pair = { "key", "value\n\"" };
	struct state_document document = make_document(1);
	const struct state_document *read_back;
	struct state state, again;
	struct err e = ERR_INIT;
	_cleanup_free_ char *path = NULL;

	state_claim(root, "doc", &state, &e);
	document.annotations = &pair;
	document.n_annotations = 1;
	document.pid_start_time = UINT64_MAX;
	document.owner_uid = 4294967294;
	document.creating = true;
	CHECK(state_write(&state, &document, &e) == 0, "write state.json%s", e.text);
	path = str_printf("%s/state.json", state.path);
	CHECK(mode_of(path) == 0600, "for us alone");

	CHECK(state_open(root, "doc", false, &again, &e) == 0, "and read it");
	read_back = state_document(&again);
	CHECK(read_back && read_back->pid == 1 && read_back->pid_start_time == UINT64_MAX && read_back->creating &&
		      read_back->owner_uid == 4294967294 && !read_back->cgroup_manager && read_back->n_annotations == 1,
	      "it is what was written");
	CHECK_STR(read_back->annotations[0].value, "value\n\"");
	state_done(&again);

	write_raw(&state, "");
	expect_broken(&state, "1:1: the document is empty");
	write_raw(&state, "{}");
	expect_broken(&state, "1:2: ociVersion: required property is missing");
	write_raw(&state, "{\"ociVersion\":\"1\",\"id\":\"doc\",\"pid\":\"1\"}");
	expect_broken(&state, "1:36: pid: expected an integer, got a string");
	unlinkat(state.dir_fd, "state.json", 0);
	if (mkfifoat(state.dir_fd, "state.json", 0600) < 0)
		perror("mkfifo");
	expect_broken(&state, "1:1: the document is empty");
	unlinkat(state.dir_fd, "state.json", 0);
	if (mkdirat(state.dir_fd, "state.json", 0700) < 0)
		perror("mkdir");
	expect_broken(&state, " state.json is a directory");
	CHECK(state_remove(&state, &e) == -EISDIR, "what is no file of ours is not removed");
	unlinkat(state.dir_fd, "state.json", AT_REMOVEDIR);
	close(openat(state.dir_fd, "stranger", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	close(openat(state.dir_fd, "config.json", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	CHECK(state_remove(&state, &e) == -ENOTEMPTY && strstr(e.text, "stranger"), "%s", e.text);
	CHECK(faccessat(state.dir_fd, "config.json", F_OK, 0) == 0, "then nothing is removed");
	unlinkat(state.dir_fd, "stranger", 0);
	CHECK(state_remove(&state, &e) == 0, "all else is");
	state_done(&state);
}

/* What state_look() says of a container with this document. */
static enum oci_status look(struct state *state, const struct state_document *document, pid_t *ret_pid)
{
	struct state_now now = { .pidfd = -EBADF };
	struct err e = ERR_INIT;
	bool has_pidfd;

	state_write(state, document, &e);
	bundle_document_done(&state->document);
	if (bundle_read(state->dir_fd, "state.json", "state.json", STATE_DOCUMENT, &state->document, &e) < 0 ||
	    state_look(state, &now, &e) < 0) {
		printf("# %s\n", e.text);
		return (enum oci_status)0;
	}
	has_pidfd = now.pidfd >= 0;
	CHECK(has_pidfd == (now.pid > 0), "a pidfd comes with the pid, and only then");
	*ret_pid = now.pid;
	state_now_done(&now);
	return now.status;
}

static pid_t start_sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	return pid;
}

static void test_look(void)
{
	pid_t pid = start_sleeper(), seen = 0;
	struct state_document document = make_document(pid);
	struct state state;
	struct err e = ERR_INIT;
	siginfo_t info;
	char letter;

	state_claim(root, "doc", &state, &e);
	CHECK(procfs_stat(pid, &document.pid_start_time, &letter) == 0, "a process");
	CHECK(look(&state, &document, &seen) == OCI_STATUS_RUNNING && seen == pid, "it runs");
	document.creating = true;
	CHECK(look(&state, &document, &seen) == OCI_STATUS_CREATING && seen == pid, "create has not finished");
	document.creating = false;
	fdio_create_file(state.dir_fd, STATE_START_SOCKET, "", 0, 0600);
	CHECK(look(&state, &document, &seen) == OCI_STATUS_CREATED && seen == pid, "it waits for start");

	document.pid_start_time++;
	CHECK(look(&state, &document, &seen) == OCI_STATUS_STOPPED && seen == 0, "its number is somebody else's now");
	document.creating = true;
	CHECK(look(&state, &document, &seen) == OCI_STATUS_STOPPED && seen == 0, "also when create did not finish");
	document.creating = false;
	document.pid_start_time--;

	kill(pid, SIGKILL);
	waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
	CHECK(look(&state, &document, &seen) == OCI_STATUS_STOPPED && seen == 0, "a zombie");
	waitpid(pid, NULL, 0);
	CHECK(look(&state, &document, &seen) == OCI_STATUS_STOPPED && seen == 0, "it is gone");

	document.pid = 0;
	CHECK(look(&state, &document, &seen) == OCI_STATUS_STOPPED, "no process");
	document.creating = true;
	CHECK(look(&state, &document, &seen) == OCI_STATUS_CREATING, "none yet");
	document.pid = -1;
	CHECK(look(&state, &document, &seen) == OCI_STATUS_STOPPED, "a number that no process has");

	bundle_document_done(&state.document);
	state_remove(&state, &e);
	state_done(&state);
}

static void test_no_document(void)
{
	struct state_now now;
	struct state state;
	struct err e = ERR_INIT;

	state_claim(root, "early", &state, &e);
	CHECK(state_look(&state, &now, &e) == 0 && now.status == OCI_STATUS_CREATING && now.pid == 0 && now.pidfd < 0,
	      "no document: it is being created");
	state_remove(&state, &e);
	state_done(&state);
}

static void test_list(void)
{
	static const char *const ids[] = { "b", "a", "c" };
	struct state states[ARRAY_SIZE(ids)];
	struct strv list = STRV_INIT;
	struct err e = ERR_INIT;
	char **found = &(char *){ NULL };
	size_t n = 1;

	CHECK(state_list("/no/such/root", &found, &n, &e) == 0 && n == 0 && !found, "an absent root has no containers");
	CHECK(state_list("/etc/passwd", &found, &n, &e) == -ENOTDIR, "a file is no root");
	CHECK_STR(e.text, "state root /etc/passwd: not a directory");
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		state_claim(root, ids[i], &states[i], &e);
	CHECK(state_list(root, &list.v, &list.n, &e) == 0 && list.n == 3 && strcmp(list.v[0], "a") == 0 &&
		      strcmp(list.v[1], "b") == 0 && strcmp(list.v[2], "c") == 0,
	      "three, sorted");
	strv_done(&list);
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		state_remove(&states[i], &e);
		state_done(&states[i]);
	}
}

static void test_print(void)
{
	struct state_document document = make_document(0);
	_cleanup_free_ char *text = NULL;
	size_t n;

	document.owner_uid = 4294967001;
	unsetenv("USER");
	text = state_print(&document, OCI_STATUS_STOPPED, 0, LITE_COMPACT, &n);
	CHECK_STR(text, "{\"ociVersion\":\"1.3.0\",\"id\":\"doc\",\"pid\":0,\"status\":\"stopped\",\"bundle\":\"/b\","
			"\"rootfs\":\"/b/rootfs\",\"created\":\"2026-11-21T21:22:37.410307123Z\","
			"\"owner\":\"4294967001\"}");
}

int main(void)
{
	alarm(120); /* nobody here waits for ever */
	if (!mkdtemp(top))
		perror(top);
	root = str_printf("%s/run/deep/root", top);
	test_ids();
	test_claim();
	test_bad_roots();
	test_documents();
	test_look();
	test_no_document();
	test_list();
	test_print();

	while (strlen(root) > strlen(top) && rmdir(root) == 0)
		*strrchr(root, '/') = '\0';
	CHECK(rmdir(top) == 0, "nothing is left");
	free(root);
	return test_done();
}
