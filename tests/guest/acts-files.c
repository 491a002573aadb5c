/* SPDX-License-Identifier: Apache-2.0 */
/* Things that a test wants done with files: read, write, make, mount, look at. */
#include "guest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

static const char *type_name(mode_t mode)
{
	static const char *const names[] = {
		[S_IFDIR >> 12] = "directory", [S_IFREG >> 12] = "file",  [S_IFCHR >> 12] = "char",
		[S_IFBLK >> 12] = "block",     [S_IFIFO >> 12] = "fifo",  [S_IFLNK >> 12] = "symlink",
		[S_IFSOCK >> 12] = "socket",
	};

	return names[(mode & S_IFMT) >> 12];
}

void print_stat(const char *path)
{
	char text[4096];
	struct stat st;
	bool first = true;
	ssize_t n;

	putchar('{');
	json_key_string(&first, "path", path);
	if (lstat(path, &st) < 0) {
		json_key_string(&first, "error", strerrorname_np(errno));
		putchar('}');
		return;
	}
	json_key_string(&first, "type", type_name(st.st_mode));
	snprintf(text, sizeof text, "%04o", st.st_mode & 07777);
	json_key_string(&first, "mode", text);
	json_key_number(&first, "uid", st.st_uid);
	json_key_number(&first, "gid", st.st_gid);
	json_key_number(&first, "size", st.st_size);
	json_key_number(&first, "dev", (long long)st.st_dev);
	json_key_number(&first, "ino", (long long)st.st_ino);
	if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) {
		snprintf(text, sizeof text, "%u:%u", major(st.st_rdev), minor(st.st_rdev));
		json_key_string(&first, "rdev", text);
	}
	if (S_ISLNK(st.st_mode) && (n = readlink(path, text, sizeof text - 1)) >= 0) {
		text[n] = '\0';
		json_key_string(&first, "link", text);
	}
	putchar('}');
}

/* One line for each: what SELinux says about the file. */
static int act_label(int n, char **args)
{
	for (int i = 0; i < n; i++) {
		char text[512];
		ssize_t size = lgetxattr(args[i], "security.selinux", text, sizeof text);

		printf("%s %.*s\n", args[i], size < 0 ? 0 : (int)size, text);
	}
	return 0;
}

static int act_stat(int n, char **args)
{
	for (int i = 0; i < n; i++) {
		print_stat(args[i]);
		putchar('\n');
	}
	return 0;
}

static int act_cat(int n, char **args)
{
	int status = 0;

	for (int i = 0; i < n; i++) {
		char buffer[65536];
		int fd = open(args[i], O_RDONLY | O_CLOEXEC);
		ssize_t r = fd < 0 ? -1 : 0;

		while (fd >= 0 && (r = read(fd, buffer, sizeof buffer)) > 0)
			fwrite(buffer, 1, (size_t)r, stdout);
		if (r < 0)
			status = fail(args[i]);
		if (fd >= 0)
			close(fd);
	}
	return status;
}

/* One write(2), so that files of the kernel take it whole. */
static int write_file(const char *path, int flags, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0666);
	int status = 0;

	if (fd < 0)
		return fail(path);
	if (write(fd, text, strlen(text)) < 0)
		status = fail(path);
	if (close(fd) < 0)
		status = fail(path);
	return status;
}

/* The whole file, past the page cache. */
static int act_read_direct(int n, char **args)
{
	int fd = open(args[0], O_RDONLY | O_DIRECT | O_CLOEXEC);
	void *buffer = aligned_alloc(65536, 65536);
	ssize_t r = -1;

	(void)n;
	printf("reading\n");
	fflush(stdout);
	while (fd >= 0 && buffer && (r = read(fd, buffer, 65536)) > 0)
		;
	if (r < 0)
		return fail(args[0]);
	printf("read %s\n", args[0]);
	fflush(stdout);
	close(fd);
	free(buffer);
	return 0;
}

static int act_write(int n, char **args)
{
	(void)n;
	return write_file(args[0], O_CREAT | O_TRUNC, args[1]);
}

static int act_append(int n, char **args)
{
	(void)n;
	return write_file(args[0], O_CREAT | O_APPEND, args[1]);
}

static int act_touch(int n, char **args)
{
	int status = 0;

	for (int i = 0; i < n; i++)
		if (write_file(args[i], O_CREAT, ""))
			status = 1;
	return status;
}

static int act_open(int n, char **args)
{
	int fd = open(args[0], n > 1 && strcmp(args[1], "w") == 0 ? O_RDWR | O_CLOEXEC : O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return fail(args[0]);
	close(fd);
	return 0;
}

/* Until the program ends: the descriptor stays open. */
static int act_lock(int n, char **args)
{
	int fd = open(args[0], O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	(void)n;
	return fd < 0 || flock(fd, LOCK_EX) < 0 ? fail(args[0]) : 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int act_ls(int n, char **args)
{
	const char *path = n ? args[0] : ".";
	char *names[4096];
	size_t count = 0;
	struct dirent *d;
	DIR *dir = opendir(path);

	if (!dir)
		return fail(path);
	while (count < 4096 && (d = readdir(dir)))
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			names[count++] = strdup(d->d_name);
	closedir(dir);
	qsort(names, count, sizeof *names, compare_names);
	for (size_t i = 0; i < count; i++) {
		printf("%s\n", names[i]);
		free(names[i]);
	}
	return 0;
}

static int act_readlink(int n, char **args)
{
	char target[4096];
	ssize_t r = readlink(args[0], target, sizeof target - 1);

	(void)n;
	if (r < 0)
		return fail(args[0]);
	target[r] = '\0';
	printf("%s\n", target);
	return 0;
}

static int act_mkdir(int n, char **args)
{
	mode_t mode = n > 1 ? (mode_t)strtoul(args[1], NULL, 8) : 0777;

	return mkdir(args[0], mode) < 0 ? fail(args[0]) : 0;
}

static int act_rmdir(int n, char **args)
{
	(void)n;
	return rmdir(args[0]) < 0 ? fail(args[0]) : 0;
}

static int act_unlink(int n, char **args)
{
	(void)n;
	return unlink(args[0]) < 0 ? fail(args[0]) : 0;
}

static int act_symlink(int n, char **args)
{
	(void)n;
	return symlink(args[0], args[1]) < 0 ? fail(args[1]) : 0;
}

static int act_chown(int n, char **args)
{
	(void)n;
	return chown(args[0], (uid_t)atoi(args[1]), (gid_t)atoi(args[2])) < 0 ? fail(args[0]) : 0;
}

static int act_mknod(int n, char **args)
{
	mode_t type = args[1][0] == 'c' ? S_IFCHR : args[1][0] == 'b' ? S_IFBLK : S_IFIFO;
	dev_t device = n > 3 ? makedev((unsigned)atoi(args[2]), (unsigned)atoi(args[3])) : 0;

	return mknod(args[0], type | 0600, device) < 0 ? fail(args[0]) : 0;
}

static int act_mount(int n, char **args)
{
	unsigned long flags = n > 3 ? strtoul(args[3], NULL, 0) : 0;

	if (mount(args[0], args[1], args[2], flags, n > 4 ? args[4] : NULL) < 0)
		return fail(args[1]);
	return 0;
}

static int act_umount(int n, char **args)
{
	(void)n;
	return umount2(args[0], MNT_DETACH) < 0 ? fail(args[0]) : 0;
}

static int act_chdir(int n, char **args)
{
	(void)n;
	return chdir(args[0]) < 0 ? fail(args[0]) : 0;
}

const struct act file_acts[] = {
	{ "stat", "PATH...", 1, act_stat },
	{ "label", "PATH...", 1, act_label },
	{ "cat", "FILE...", 1, act_cat },
	{ "read-direct", "FILE", 1, act_read_direct },
	{ "write", "FILE TEXT", 2, act_write },
	{ "append", "FILE TEXT", 2, act_append },
	{ "touch", "FILE...", 1, act_touch },
	{ "open", "FILE [w]", 1, act_open },
	{ "lock", "FILE (until the end)", 1, act_lock },
	{ "ls", "[DIRECTORY]", 0, act_ls },
	{ "readlink", "PATH", 1, act_readlink },
	{ "mkdir", "PATH [MODE]", 1, act_mkdir },
	{ "rmdir", "PATH", 1, act_rmdir },
	{ "unlink", "PATH", 1, act_unlink },
	{ "symlink", "TARGET PATH", 2, act_symlink },
	{ "chown", "PATH UID GID", 3, act_chown },
	{ "mknod", "PATH c|b|p [MAJOR MINOR]", 2, act_mknod },
	{ "mount", "SOURCE TARGET TYPE [FLAGS [DATA]]", 3, act_mount },
	{ "umount", "TARGET", 1, act_umount },
	{ "chdir", "PATH", 1, act_chdir },
	{ NULL, NULL, 0, NULL },
};
