/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A FUSE server for tests, spoken to by the kernel's protocol alone (fuse(4), <linux/fuse.h>), since Debian 12's
 * libfuse does not know of id mappings: a directory with one file, "file", whose owner is 5:6 and whose text is "idmap" if the
 * kernel knows of them too, else "plain".
 *
 *	idmap-fuse -f [-o WORD,...] [SOURCE] /dev/fd/N
 *
 * It allows idmapped mounts (FUSE_ALLOW_IDMAP, Linux 6.12) unless one of the words is "noidmap".
 */
#include <errno.h>
#include <linux/fuse.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define ALLOW_IDMAP (1ULL << 40)
#define INIT_EXT (1U << 30)

#define FILE_ID 2 /* the root is 1 */
static const char *content = "plain\n";
#define CONTENT_LEN 6
static bool allow_idmap = true;
static int device;

static void answer(const struct fuse_in_header *in, int code, const void *data, size_t n)
{
	struct fuse_out_header out = { .len = (uint32_t)(sizeof(out) + n), .error = code, .unique = in->unique };
	struct iovec parts[] = { { &out, sizeof(out) }, { (void *)(uintptr_t)data, n } };

	/* ENOENT: the request was interrupted */
	if (writev(device, parts, 2) < 0 && errno != ENOENT)
		exit(1);
}

static struct fuse_attr attr_of(uint64_t id)
{
	bool file = id == FILE_ID;

	return (struct fuse_attr){ .ino = id, .mode = file ? S_IFREG | 0644 : S_IFDIR | 0755, .nlink = 1, .uid = 5, .gid = 6,
				   .size = file ? CONTENT_LEN : 0 };
}

static void do_init(const struct fuse_in_header *in, const struct fuse_init_in *arg)
{
	struct fuse_init_out out = { .major = FUSE_KERNEL_VERSION, .minor = 36, .max_write = 4096, .flags = INIT_EXT };

	if (arg->minor < 36) {
		fprintf(stderr, "idmap-fuse: the kernel is too old\n");
		exit(1);
	}
	if (arg->flags2 & (uint32_t)(ALLOW_IDMAP >> 32))
		content = "idmap\n";
	out.flags2 = allow_idmap ? (uint32_t)(ALLOW_IDMAP >> 32) : 0;
	answer(in, 0, &out, sizeof(out));
}

static void do_lookup(const struct fuse_in_header *in, const char *name)
{
	struct fuse_entry_out out = { .nodeid = FILE_ID, .generation = 1, .attr = attr_of(FILE_ID) };

	if (in->nodeid == FUSE_ROOT_ID && strcmp(name, "file") == 0)
		answer(in, 0, &out, sizeof(out));
	else
		answer(in, -ENOENT, NULL, 0);
}

static void serve(const struct fuse_in_header *in, const void *arg)
{
	struct fuse_attr_out attr = { .attr = attr_of(in->nodeid) };
	const struct fuse_read_in *read_in = arg;

	switch (in->opcode) {
	case FUSE_INIT:
		do_init(in, arg);
		break;
	case FUSE_LOOKUP:
		do_lookup(in, arg);
		break;
	case FUSE_GETATTR:
		answer(in, 0, &attr, sizeof(attr));
		break;
	case FUSE_READ:
		answer(in, 0, content, read_in->offset == 0 ? CONTENT_LEN : 0);
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		break;
	default:
		/* of opening as well: the kernel then does without */
		answer(in, -ENOSYS, NULL, 0);
	}
}

int main(int argc, char **argv)
{
	static char buffer[1 << 17];
	ssize_t n;

	if (argc < 2 || sscanf(argv[argc - 1], "/dev/fd/%d", &device) != 1)
		return 2;
	for (int i = 1; i < argc; i++)
		if (strstr(argv[i], "noidmap"))
			allow_idmap = false;
	while ((n = read(device, buffer, sizeof(buffer))) > 0 || errno == EINTR || errno == ENOENT)
		if (n > 0)
			serve((const void *)buffer, buffer + sizeof(struct fuse_in_header));
	return errno == ENODEV ? 0 : 1;
}
