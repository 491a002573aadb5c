/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel shows to the process: namespaces, mounts, scheduling, names, terminal, network. */
#include "guest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* The whole of a small file, without the newline at its end, as a JSON string; null when it cannot be read. */
static void print_file(const char *path)
{
	char text[65536];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t n = -1;

	while (fd >= 0 && (n = read(fd, text + length, sizeof text - length)) > 0)
		length += (size_t)n;
	if (fd >= 0)
		close(fd);
	if (n < 0) {
		printf("null");
		return;
	}
	if (length > 0 && text[length - 1] == '\n')
		length--;
	json_string_n(text, length);
}

static void fact_ns(void)
{
	static const char *const types[] = { "cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts" };
	bool first = true;

	putchar('{');
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		char path[64];
		struct stat st;

		snprintf(path, sizeof path, "/proc/self/ns/%s", types[i]);
		json_key_number(&first, types[i], stat(path, &st) < 0 ? -1 : (long long)st.st_ino);
	}
	putchar('}');
}

static void fact_id_maps(void)
{
	bool first = true;

	putchar('{');
	json_key(&first, "uid");
	print_file("/proc/self/uid_map");
	json_key(&first, "gid");
	print_file("/proc/self/gid_map");
	json_key(&first, "setgroups");
	print_file("/proc/self/setgroups");
	putchar('}');
}

/* One line of mountinfo as proc(5) describes it; the octal escapes stay. */
static void print_mount(char *line)
{
	static const char *const keys[] = { "id", "parent", "device", "root", "target", "options" };
	bool first = true;
	char *save = NULL, *word = strtok_r(line, " \n", &save);

	putchar('{');
	for (size_t i = 0; i < 6 && word; i++, word = strtok_r(NULL, " \n", &save))
		json_key_string(&first, keys[i], word);
	json_key(&first, "propagation");
	putchar('[');
	for (bool f = true; word && strcmp(word, "-") != 0; word = strtok_r(NULL, " \n", &save)) {
		json_comma(&f);
		json_string(word);
	}
	putchar(']');
	for (size_t i = 0; i < 3 && (word = strtok_r(NULL, " \n", &save)); i++)
		json_key_string(&first, (const char *const[]){ "type", "source", "super" }[i], word);
	putchar('}');
}

static void fact_mounts(void)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t size = 0;
	bool first = true;

	putchar('[');
	while (f && getline(&line, &size, f) > 0) {
		json_comma(&first);
		print_mount(line);
	}
	putchar(']');
	free(line);
	if (f)
		fclose(f);
}

static void fact_cgroup(void)
{
	print_file("/proc/self/cgroup");
}

static void fact_oom(void)
{
	print_file("/proc/self/oom_score_adj");
}

static void fact_apparmor(void)
{
	print_file("/proc/self/attr/current");
}

/* struct sched_attr of sched_setattr(2), which glibc 2.36 does not declare. */
struct schedule {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static void fact_scheduler(void)
{
	static const char *const names[] = { "SCHED_OTHER", "SCHED_FIFO", "SCHED_RR",      "SCHED_BATCH",
					     "SCHED_ISO",   "SCHED_IDLE", "SCHED_DEADLINE" };
	struct schedule s = { .size = sizeof s };
	bool first = true;

	putchar('{');
	if (syscall(SYS_sched_getattr, 0, &s, sizeof s, 0) == 0) {
		json_key_string(&first, "policy", s.policy < 7 ? names[s.policy] : "?");
		json_key_number(&first, "nice", s.nice);
		json_key_number(&first, "priority", s.priority);
		json_key_number(&first, "flags", (long long)s.flags);
		json_key_number(&first, "runtime", (long long)s.runtime);
		json_key_number(&first, "deadline", (long long)s.deadline);
		json_key_number(&first, "period", (long long)s.period);
	}
	putchar('}');
}

static void fact_ioprio(void)
{
	static const char *const names[] = { "IOPRIO_CLASS_NONE", "IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE" };
	long r = syscall(SYS_ioprio_get, 1 /* IOPRIO_WHO_PROCESS */, 0);
	bool first = true;

	putchar('{');
	if (r >= 0) {
		json_key_string(&first, "class", names[(r >> 13) & 3]);
		json_key_number(&first, "priority", r & 7);
	}
	putchar('}');
}

static void fact_affinity(void)
{
	char line[4096];
	FILE *f = fopen("/proc/self/status", "re");

	while (f && fgets(line, sizeof line, f))
		if (strncmp(line, "Cpus_allowed_list:\t", 19) == 0) {
			json_string_n(line + 19, strcspn(line + 19, "\n"));
			fclose(f);
			return;
		}
	printf("null");
	if (f)
		fclose(f);
}

static void fact_names(void)
{
	struct utsname u;
	bool first = true;

	uname(&u);
	putchar('{');
	json_key_string(&first, "hostname", u.nodename);
	json_key_string(&first, "domainname", u.domainname);
	json_key_string(&first, "machine", u.machine);
	putchar('}');
}

static void fact_personality(void)
{
	printf("\"0x%x\"", (unsigned)personality(0xffffffff));
}

static void print_clock(bool *first, const char *name, clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	json_key_number(first, name, t.tv_sec);
}

static void fact_time(void)
{
	bool first = true;

	putchar('{');
	print_clock(&first, "monotonic", CLOCK_MONOTONIC);
	print_clock(&first, "boottime", CLOCK_BOOTTIME);
	json_key(&first, "offsets");
	print_file("/proc/self/timens_offsets");
	putchar('}');
}

static void print_terminal_of(int fd)
{
	char link[32], target[4096];
	struct winsize size = { 0 };
	struct termios t;
	struct stat st;
	bool first = true;
	ssize_t n;

	if (!isatty(fd)) {
		printf("null");
		return;
	}
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, target, sizeof target - 1);
	target[n < 0 ? 0 : n] = '\0';
	ioctl(fd, TIOCGWINSZ, &size);
	tcgetattr(fd, &t);
	fstat(fd, &st);
	putchar('{');
	json_key_string(&first, "name", target);
	json_key_number(&first, "rows", size.ws_row);
	json_key_number(&first, "columns", size.ws_col);
	json_key_number(&first, "uid", st.st_uid);
	json_key_number(&first, "gid", st.st_gid);
	json_key_number(&first, "mode", st.st_mode & 07777);
	json_key_number(&first, "onlcr", !!(t.c_oflag & ONLCR));
	json_key_number(&first, "session", tcgetsid(fd));
	json_key_number(&first, "foreground", tcgetpgrp(fd));
	putchar('}');
}

static void fact_terminal(void)
{
	int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	printf("{\"controlling\":%s,\"fds\":[", fd < 0 ? "false" : "true");
	if (fd >= 0)
		close(fd);
	for (int i = 0; i < 3; i++) {
		print_terminal_of(i);
		putchar(i < 2 ? ',' : ']');
	}
	printf(",\"console\":");
	print_stat("/dev/console");
	putchar('}');
}

static void fact_network(void)
{
	struct if_nameindex *interfaces = if_nameindex();
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool first = true;

	putchar('{');
	for (struct if_nameindex *i = interfaces; i && i->if_index; i++) {
		struct ifreq request = { 0 };

		snprintf(request.ifr_name, sizeof request.ifr_name, "%s", i->if_name);
		ioctl(fd, SIOCGIFFLAGS, &request);
		json_key_string(&first, i->if_name, request.ifr_flags & IFF_UP ? "up" : "down");
	}
	putchar('}');
	if (interfaces)
		if_freenameindex(interfaces);
	if (fd >= 0)
		close(fd);
}

/* KEYCTL_DESCRIBE (6) of KEY_SPEC_SESSION_KEYRING (-3): "type;uid;gid;perm;description" (keyctl(2)). */
static void fact_keyring(void)
{
	char text[512];
	long n = syscall(SYS_keyctl, 6, -3, text, sizeof text - 1);

	if (n <= 0) {
		printf("null");
		return;
	}
	text[n < (long)sizeof text ? n : (long)sizeof text - 1] = '\0';
	json_string(text);
}

/* KEYCTL_GET_SECURITY (17) of the same (keyctl_get_security(3)). */
static void fact_keyring_label(void)
{
	char text[512] = "";
	long n = syscall(SYS_keyctl, 17, -3, text, sizeof text - 1);

	json_string(n > 0 ? text : "");
}

const struct fact kernel_facts[] = {
	{ "ns", fact_ns },
	{ "id-maps", fact_id_maps },
	{ "mounts", fact_mounts },
	{ "cgroup", fact_cgroup },
	{ "oom", fact_oom },
	{ "apparmor", fact_apparmor },
	{ "scheduler", fact_scheduler },
	{ "ioprio", fact_ioprio },
	{ "affinity", fact_affinity },
	{ "names", fact_names },
	{ "personality", fact_personality },
	{ "time", fact_time },
	{ "terminal", fact_terminal },
	{ "network", fact_network },
	{ "keyring", fact_keyring },
	{ "keyring-label", fact_keyring_label },
	{ NULL, NULL },
};
