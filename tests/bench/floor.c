/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor below which a runtime cannot go: the system calls that the containers of this benchmark need,
 * made by hand, with nothing read, checked, written down or explained.  Its container is that of
 * cases.py; keep the two alike.  Any failure ends it, since half a container would be a wrong measure.
 */
#include <linux/capability.h>
#include <linux/close_range.h>
#include <net/if.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "kernel/syscalls.h"

#define N_ELEMENTS(x) (sizeof(x) / sizeof((x)[0]))
#define NEWUIDMAP "/usr/bin/newuidmap"
#define NEWGIDMAP "/usr/bin/newgidmap"

struct floor {
	bool net;            /* a network namespace, and sysfs of it */
	bool rootless;       /* a user namespace */
	const char *sub_ids; /* the first of 65535 subordinate ids, mapped by newuidmap; NULL: one id */
	const char *cgroup;  /* directory to make and start in; NULL: none */
	const char *binds;   /* directory to bind at /binds/0 and so on */
	int n_binds;
	const char *rootfs;
	char **argv;
	int ids_mapped;      /* a pipe: its end says that the ids are mapped */
	int root;            /* the root filesystem, attached */
};

static void must(long r, const char *what)
{
	if (r >= 0)
		return;
	fprintf(stderr, "floor: %s: %s\n", what, strerror(r < -1 ? (int)-r : errno));
	_exit(125);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	must(fd, path);
	must(write(fd, text, strlen(text)), path);
	close(fd);
}

/* ---- ids ---------------------------------------------------------------------------------- */

static void map_one_id(unsigned uid, unsigned gid)
{
	char line[64];

	snprintf(line, sizeof(line), "0 %u 1\n", uid);
	write_file("/proc/self/uid_map", line);
	write_file("/proc/self/setgroups", "deny");
	snprintf(line, sizeof(line), "0 %u 1\n", gid);
	write_file("/proc/self/gid_map", line);
}

static pid_t start_mapper(const char *program, pid_t pid, unsigned id, const char *sub_ids)
{
	char target[16], own[16];
	char *argv[] = { (char *)program, target, (char *)"0", own, (char *)"1",
			 (char *)"1", (char *)sub_ids, (char *)"65535", NULL };
	pid_t child;

	snprintf(target, sizeof(target), "%d", pid);
	snprintf(own, sizeof(own), "%u", id);
	must(-posix_spawn(&child, program, NULL, NULL, argv, environ), program);
	return child;
}

/* Side by side: each takes about two milliseconds. */
static void map_sub_ids(const struct floor *f, pid_t pid)
{
	pid_t mappers[] = { start_mapper(NEWUIDMAP, pid, getuid(), f->sub_ids),
			    start_mapper(NEWGIDMAP, pid, getgid(), f->sub_ids) };
	int status;

	for (size_t i = 0; i < N_ELEMENTS(mappers); i++) {
		must(waitpid(mappers[i], &status, 0), "wait for newuidmap");
		if (status != 0) {
			fprintf(stderr, "floor: newuidmap or newgidmap has failed\n");
			exit(125);
		}
	}
}

static void become_root(const struct floor *f, unsigned uid, unsigned gid)
{
	char byte;

	if (!f->rootless)
		return;
	if (f->sub_ids)
		must(read(f->ids_mapped, &byte, 1), "wait for the id maps");
	else
		map_one_id(uid, gid);
	must(setresgid(0, 0, 0), "setresgid");
	must(setresuid(0, 0, 0), "setresuid");
}

/* ---- mounts ------------------------------------------------------------------------------- */

static void attach(int mount, int dir, const char *target)
{
	must(sys_move_mount(mount, "", dir, target, MOVE_MOUNT_F_EMPTY_PATH), target);
	close(mount);
}

static int new_filesystem(const char *type, unsigned attrs, const char *const *options)
{
	int mount, fs = sys_fsopen(type, FSOPEN_CLOEXEC);

	must(fs, type);
	for (; options && options[0]; options += 2)
		must(sys_fsconfig(fs, SYS_FSCONFIG_SET_STRING, options[0], options[1], 0), options[0]);
	must(sys_fsconfig(fs, SYS_FSCONFIG_CMD_CREATE, NULL, NULL, 0), type);
	mount = sys_fsmount(fs, FSMOUNT_CLOEXEC, attrs);
	must(mount, type);
	close(fs);
	return mount;
}

static int clone_mount(int dir, const char *path, unsigned attrs, unsigned flags)
{
	int mount = sys_open_tree(dir, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags);

	must(mount, path);
	if (attrs) {
		const struct sys_mount_attr attr = { .attr_set = attrs };

		must(sys_mount_setattr(mount, "", AT_EMPTY_PATH, &attr), path);
	}
	return mount;
}

static void attach_virtual(const struct floor *f)
{
	static const char *const dev[] = { "mode", "755", "size", "65536k", NULL };
	static const char *const pts[] = { "ptmxmode", "0666", "mode", "0620", NULL };
	static const char *const shm[] = { "mode", "1777", "size", "65536k", NULL };
	const unsigned strict = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

	attach(new_filesystem("proc", 0, NULL), f->root, "proc");
	attach(new_filesystem("tmpfs", MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME, dev), f->root, "dev");
	must(mkdirat(f->root, "dev/pts", 0755), "dev/pts");
	must(mkdirat(f->root, "dev/shm", 0755), "dev/shm");
	must(mkdirat(f->root, "dev/mqueue", 0755), "dev/mqueue");
	attach(new_filesystem("devpts", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, pts), f->root, "dev/pts");
	attach(new_filesystem("tmpfs", strict, shm), f->root, "dev/shm");
	attach(new_filesystem("mqueue", strict, NULL), f->root, "dev/mqueue");
	/* Who does not own the network namespace cannot have a sysfs of it. */
	if (f->rootless && !f->net)
		attach(clone_mount(AT_FDCWD, "/sys", strict | MOUNT_ATTR_RDONLY, AT_RECURSIVE), f->root, "sys");
	else
		attach(new_filesystem("sysfs", strict | MOUNT_ATTR_RDONLY, NULL), f->root, "sys");
	if (f->cgroup)
		attach(new_filesystem("cgroup2", strict | MOUNT_ATTR_RDONLY, NULL), f->root, "sys/fs/cgroup");
}

static void make_devices(const struct floor *f)
{
	static const struct {
		const char *host, *path;
		unsigned major, minor;
	} nodes[] = {
		{ "/dev/null", "dev/null", 1, 3 },
		{ "/dev/zero", "dev/zero", 1, 5 },
		{ "/dev/full", "dev/full", 1, 7 },
		{ "/dev/random", "dev/random", 1, 8 },
		{ "/dev/urandom", "dev/urandom", 1, 9 },
		{ "/dev/tty", "dev/tty", 5, 0 },
	};
	static const char *const links[][2] = {
		{ "/proc/self/fd", "dev/fd" }, { "fd/0", "dev/stdin" }, { "fd/1", "dev/stdout" },
		{ "fd/2", "dev/stderr" }, { "pts/ptmx", "dev/ptmx" },
	};

	for (size_t i = 0; i < N_ELEMENTS(nodes); i++) {
		const dev_t device = makedev(nodes[i].major, nodes[i].minor);

		must(mknodat(f->root, nodes[i].path, f->rootless ? S_IFREG | 0666 : S_IFCHR | 0666, device),
		     nodes[i].path);
		if (f->rootless)
			attach(clone_mount(AT_FDCWD, nodes[i].host, 0, 0), f->root, nodes[i].path);
	}
	for (size_t i = 0; i < N_ELEMENTS(links); i++)
		must(symlinkat(links[i][0], f->root, links[i][1]), links[i][1]);
}

static void attach_binds(const struct floor *f)
{
	char target[32];

	for (int i = 0; i < f->n_binds; i++) {
		snprintf(target, sizeof(target), "binds/%d", i);
		attach(clone_mount(AT_FDCWD, f->binds, 0, AT_RECURSIVE), f->root, target);
	}
}

/* Paths that this kernel does not have are no failure. */
static void mask_paths(const struct floor *f)
{
	static const char *const masked[] = {
		"proc/acpi", "proc/kcore", "proc/keys", "proc/latency_stats", "proc/timer_list",
		"proc/sched_debug", "proc/scsi", "sys/firmware",
	};
	static const char *const read_only[] = {
		"proc/asound", "proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/sysrq-trigger",
	};
	struct stat st;
	int empty = -1;

	for (size_t i = 0; i < N_ELEMENTS(masked); i++) {
		if (fstatat(f->root, masked[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (!S_ISDIR(st.st_mode)) {
			attach(clone_mount(f->root, "dev/null", MOUNT_ATTR_RDONLY, 0), f->root, masked[i]);
		} else if (empty < 0) {
			empty = new_filesystem("tmpfs", MOUNT_ATTR_RDONLY, NULL);
			must(sys_move_mount(empty, "", f->root, masked[i], MOVE_MOUNT_F_EMPTY_PATH), masked[i]);
		} else {
			attach(clone_mount(empty, "", 0, AT_EMPTY_PATH), f->root, masked[i]);
		}
	}
	if (empty >= 0)
		close(empty);
	for (size_t i = 0; i < N_ELEMENTS(read_only); i++) {
		if (faccessat(f->root, read_only[i], F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			attach(clone_mount(f->root, read_only[i], MOUNT_ATTR_RDONLY, AT_RECURSIVE), f->root, read_only[i]);
	}
}

static void assemble_tree(struct floor *f)
{
	const struct sys_mount_attr private = { .propagation = MS_PRIVATE };

	must(sys_mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &private), "make the mounts private");
	attach(clone_mount(AT_FDCWD, f->rootfs, 0, AT_RECURSIVE), AT_FDCWD, f->rootfs);
	f->root = open(f->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	must(f->root, f->rootfs);
	attach_virtual(f);
	attach_binds(f);
	make_devices(f);
	mask_paths(f);
}

static void enter_tree(const struct floor *f)
{
	must(fchdir(f->root), "fchdir");
	must(sys_pivot_root(".", "."), "pivot_root");
	must(umount2(".", MNT_DETACH), "umount");
	must(chdir("/"), "chdir");
}

/* ---- the process -------------------------------------------------------------------------- */

static void set_loopback_up(void)
{
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };

	must(sock, "socket");
	must(ioctl(sock, SIOCSIFFLAGS, &request), "set lo up");
	close(sock);
}

static void limit_process(const struct floor *f)
{
	const unsigned keep = 1u << CAP_KILL | 1u << CAP_NET_BIND_SERVICE | 1u << CAP_AUDIT_WRITE;
	const struct rlimit files = { 1024, 1024 };
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ .effective = keep, .permitted = keep },
		{ 0 },
	};

	umask(022);
	must(setrlimit(RLIMIT_NOFILE, &files), "setrlimit");
	for (int cap = 0; cap <= CAP_LAST_CAP; cap++) {
		if (cap != CAP_KILL && cap != CAP_NET_BIND_SERVICE && cap != CAP_AUDIT_WRITE)
			must(prctl(PR_CAPBSET_DROP, cap, 0, 0, 0), "drop a capability");
	}
	/* One map of one id comes with setgroups denied. */
	if (!f->rootless || f->sub_ids)
		must(syscall(SYS_setgroups, 0, NULL), "setgroups");
	must(syscall(SYS_capset, &header, data), "capset");
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
	must(sys_close_range(3, ~0U, CLOSE_RANGE_CLOEXEC), "close_range");
}

static void run_init(struct floor *f, unsigned uid, unsigned gid)
{
	char *env[] = { (char *)"PATH=/bin", NULL };

	must(prctl(PR_SET_PDEATHSIG, SIGKILL), "pdeathsig");
	become_root(f, uid, gid);
	/* Not by clone3: its root would be the parent's cgroup. */
	if (f->cgroup)
		must(unshare(CLONE_NEWCGROUP), "unshare the cgroup namespace");
	must(setsid(), "setsid");
	umask(0);
	must(sethostname("bench", 5), "sethostname");
	if (f->net)
		set_loopback_up();
	assemble_tree(f);
	enter_tree(f);
	limit_process(f);
	execve(f->argv[0], f->argv, env);
	must(-1, f->argv[0]);
}

static int run(struct floor *f)
{
	const unsigned uid = getuid(), gid = getgid();
	struct sys_clone_args args = {
		.flags = CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS | (f->net ? CLONE_NEWNET : 0) |
			 (f->rootless ? CLONE_NEWUSER : 0),
		.exit_signal = SIGCHLD,
	};
	int mapped[2] = { -1, -1 }, cgroup = -1, status;
	pid_t pid;

	if (f->cgroup) {
		must(mkdir(f->cgroup, 0755), f->cgroup);
		cgroup = open(f->cgroup, O_PATH | O_DIRECTORY | O_CLOEXEC);
		must(cgroup, f->cgroup);
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)cgroup;
	}
	if (f->sub_ids)
		must(pipe2(mapped, O_CLOEXEC), "pipe");
	pid = sys_clone3(&args);
	must(pid, "clone3");
	if (pid == 0) {
		if (f->sub_ids)
			close(mapped[1]);
		f->ids_mapped = mapped[0];
		run_init(f, uid, gid);
	}
	if (f->sub_ids) {
		map_sub_ids(f, pid);
		close(mapped[1]);
	}
	must(waitpid(pid, &status, 0), "wait");
	if (f->cgroup)
		must(rmdir(f->cgroup), f->cgroup);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int usage(void)
{
	fprintf(stderr, "usage: floor [-n] [-u] [-s FIRST-SUB-ID] [-g CGROUP-DIRECTORY] [-b COUNT DIRECTORY] "
			"ROOTFS PROGRAM [ARGUMENT...]\n"
			"  -n  network namespace   -u  user namespace   -b  bind a directory so many times\n");
	return 64;
}

int main(int argc, char **argv)
{
	struct floor f = { 0 };
	int option;

	while ((option = getopt(argc, argv, "+nus:g:b:")) >= 0) {
		switch (option) {
		case 'n':
			f.net = true;
			break;
		case 'u':
			f.rootless = true;
			break;
		case 's':
			f.sub_ids = optarg;
			break;
		case 'g':
			f.cgroup = optarg;
			break;
		case 'b':
			f.n_binds = (int)strtol(optarg, NULL, 10);
			f.binds = argv[optind++];
			break;
		default:
			return usage();
		}
	}
	if (argc - optind < 2)
		return usage();
	f.rootfs = argv[optind];
	f.argv = argv + optind + 1;
	return run(&f);
}
