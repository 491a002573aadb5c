/* SPDX-License-Identifier: Apache-2.0 */
/* Filters in the running kernel, and their notification descriptors on the way to an agent. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/seccomp.h>

#include "base/str.h"
#include "kernel/sock.h"
#include "kernel/spawn.h"
#include "seccomp/seccomp.h"
#include "seccomp-rules.h"
#include "test.h"

/* ---- the kernel ---- */

/* Run act() in a child under the filter; its exit status, or 128 + signal. */
static int live(const struct seccomp_program *program, int (*act)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || seccomp_program_load(program) < 0)
			_exit(99);
		/* Not _exit(): sanitizers do things before it that the filter forbids. */
		syscall(SYS_exit_group, act());
	}
	if (waitpid(pid, &status, 0) < 0)
		return -1;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int act_mkdir(void)
{
	return syscall(SYS_mkdirat, AT_FDCWD, "/nonexistent/x", 0) < 0 ? errno : 0;
}

static int act_personality(void)
{
	return syscall(SYS_personality, 0xffffffffUL) >= 0 && syscall(SYS_personality, 0x1234UL) < 0
		       ? errno
		       : 0;
}

static int act_new(void)
{
	return syscall(600) < 0 ? errno : 0;
}

static int act_ptrace(void)
{
	syscall(SYS_ptrace, 0, 0, 0, 0);
	return 0;
}

static void test_live(void)
{
	static const struct rule rules[] = {
		{ "exit_group", OCI_SECCOMP_ALLOW, { { 0 } } },
		{ "personality",
		  OCI_SECCOMP_ALLOW,
		  { { .index = 0, .value = 0xffffffff, .op = OCI_SECCOMP_EQ } } },
		{ "ptrace", OCI_SECCOMP_KILL_PROCESS, { { 0 } } },
		{ "cachestat", OCI_SECCOMP_ALLOW, { { 0 } } },
		{ NULL, 0, { { 0 } } },
	};
	struct seccomp_program p;

	CHECK(rules_compile(OCI_SECCOMP_ERRNO, rules, NULL, 0, &p), "a small profile compiles");
	CHECK(live(&p, act_mkdir) == EPERM, "a call that it does not name gives EPERM");
	CHECK(live(&p, act_personality) == EPERM, "an argument is seen");
	CHECK(live(&p, act_new) == ENOSYS, "a call of the future gives ENOSYS");
	CHECK(live(&p, act_ptrace) == 128 + SIGSYS, "KILL_PROCESS kills");
	p.flags = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_LOG |
		  SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	CHECK(live(&p, act_mkdir) == EPERM, "flags are taken");
	p.flags = 1U << 30;
	CHECK(live(&p, act_mkdir) == 99, "a flag that the kernel does not know is an error");
	seccomp_program_done(&p);
}

static int hand_over(void *ctx, int fd)
{
	return sock_send(*(int *)ctx, "hello", 5, &fd, 1) < 0 ? -EIO : 77;
}

/* A process that loads a filter which notifies of what sends the descriptor. */
static void notifying_child(int sock)
{
	static const struct rule rules[] = {
		{ "mkdirat", OCI_SECCOMP_NOTIFY, { { 0 } } },
		{ "sendmsg", OCI_SECCOMP_NOTIFY, { { 0 } } },
		{ "futex", OCI_SECCOMP_NOTIFY, { { 0 } } },
		{ NULL, 0, { { 0 } } },
	};
	struct oci_seccomp_rule oci[3];
	struct oci_seccomp profile = { .default_action = OCI_SECCOMP_ALLOW,
				       .syscalls = oci,
				       .n_syscalls = 3,
				       .listener_path = "/s" };
	struct seccomp_program p;
	struct err e = ERR_INIT;

	for (size_t i = 0; i < 3; i++)
		oci[i] = (struct oci_seccomp_rule){ .names = &rules[i].name,
						    .n_names = 1,
						    .action = rules[i].action };
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || seccomp_compile(&profile, false, &p, &e) < 0)
		_exit(98);
	p.flags |= SECCOMP_FILTER_FLAG_TSYNC;
	if (seccomp_program_load_notify(&p, hand_over, &sock) != 77)
		_exit(97);
	syscall(SYS_exit_group, syscall(SYS_mkdirat, AT_FDCWD, "/x", 0) < 0 ? errno : 0);
}

static int answer_one(int fd)
{
	struct seccomp_notif notif = { 0 };
	struct seccomp_notif_resp resp = { .error = -EXDEV };

	if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &notif) < 0)
		return -errno;
	resp.id = notif.id;
	return ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &resp) < 0 ? -errno : notif.data.nr;
}

static void test_notify(void)
{
	_cleanup_close_ int pidfd = -EBADF;
	int pair[2], fd = -EBADF, status = 0;
	size_t n_fds = 0;
	char text[16];
	pid_t pid;

	CHECK(sock_pair(pair) == 0, "a pair of sockets");
	pid = spawn_clone(0, -EBADF, &pidfd); /* as containers are made: without the C library's fork() */
	if (pid == 0)
		notifying_child(pair[1]);
	close(pair[1]);
	CHECK(sock_recv(pair[0], text, sizeof(text), &fd, 1, &n_fds) == 5 && n_fds == 1,
	      "the descriptor arrives although sendmsg itself is notified");
	CHECK(fd >= 0 && answer_one(fd) == SYS_mkdirat,
	      "the first notification is the caller's own");
	CHECK(pid > 0 && spawn_wait(pidfd, &status) == 0 && status == EXDEV, "and gets the agent's answer");
	fd_close(&fd);
	close(pair[0]);
}

/* ---- the agent ---- */

static void test_send_listener(void)
{
	char dir[] = "/tmp/test-seccomp-XXXXXX", text[64];
	_cleanup_free_ char *path = mkdtemp(dir) ? str_printf("%s/agent", dir) : NULL;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0),
			    agent = -EBADF, zero = -EBADF;
	int fd = -EBADF;
	size_t n_fds = 0;
	struct err e = ERR_INIT;

	CHECK(path && listener >= 0, "an agent's directory");
	if (!path)
		return;
	CHECK(seccomp_send_listener(path, 0, "{}", 2, &e) == -ENOENT, "%s", e.text);
	strcpy(address.sun_path, path);
	CHECK(bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0,
	      "its socket is bound");
	CHECK(seccomp_send_listener(path, 0, "{}", 2, &e) == -ECONNREFUSED, "%s", e.text);
	CHECK(listen(listener, 1) == 0, "it listens");
	zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	CHECK(seccomp_send_listener(path, zero, "{\"pid\":1}", 9, &e) == 0, "the state is sent %s",
	      e.text);
	agent = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	CHECK(sock_recv(agent, text, sizeof(text), &fd, 1, &n_fds) == 9 && n_fds == 1 &&
		      memcmp(text, "{\"pid\":1}", 9) == 0,
	      "it arrives with the descriptor");
	CHECK(read(fd, text, 1) == 1 && text[0] == 0, "which is the one that was sent");
	CHECK(read(agent, text, 1) == 0, "and the connection is closed");
	fd_close(&fd);
	unlink(path);
	rmdir(dir);
}

int main(void)
{
	test_live();
	test_notify();
	test_send_listener();
	return test_done();
}
