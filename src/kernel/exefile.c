/* SPDX-License-Identifier: Apache-2.0 */
/* The program's own segments and the kernel's record of them: see exefile.h. */
#include "kernel/exefile.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "kernel/procfs.h"

#define STAT_MAX 2048

/* Whole pages. */
struct range {
	uintptr_t begin, end;
};

static struct range pages_of(uintptr_t begin, uintptr_t end)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	return (struct range){ begin & ~(page - 1), (end + page - 1) & ~(page - 1) };
}

/* The first object that dl_iterate_phdr(3) reports is the program. */
static int take_first(struct dl_phdr_info *info, size_t size, void *ctx)
{
	(void)size;
	*(struct dl_phdr_info *)ctx = *info;
	return 1;
}

static int protection_of(const ElfW(Phdr) *segment)
{
	return (segment->p_flags & PF_R ? PROT_READ : 0) | (segment->p_flags & PF_W ? PROT_WRITE : 0) |
	       (segment->p_flags & PF_X ? PROT_EXEC : 0);
}

/* The same pages of the same file lie there afterwards, so the code that runs does not notice. */
static int map_again(struct range at, const ElfW(Phdr) *segment, int fd)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	off_t offset = (off_t)(segment->p_offset & ~(page - 1));
	void *p = mmap((void *)at.begin, at.end - at.begin, protection_of(segment), MAP_PRIVATE | MAP_FIXED, fd, offset);

	return p == MAP_FAILED ? -errno : 0;
}

/* Word by word and unwatched, as sanitizers keep parts of the data out of bounds for memcpy(3). */
__attribute__((no_sanitize("address", "undefined"))) static void copy_words(volatile uint64_t *to, uintptr_t from, size_t n)
{
	const volatile uint64_t *words = (const volatile uint64_t *)from;

	for (size_t i = 0; i < n / sizeof(*words); i++)
		to[i] = words[i];
}

/* Data that may have changed goes into memory of its own, which then takes the segment's place.  Nothing is stored in
   between. */
static int copy_to_memory(struct range at)
{
	size_t n = at.end - at.begin;
	void *copy = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	int r;

	if (copy == MAP_FAILED)
		return -errno;
	copy_words(copy, at.begin, n);
	if (mremap(copy, n, n, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)at.begin) != MAP_FAILED)
		return 0;
	r = -errno;
	munmap(copy, n);
	return r;
}

/* What the dynamic linker has made read-only after relocation; it leaves out a page that is in part. */
static int protect_relocated(uintptr_t base, const ElfW(Phdr) *segment)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), begin = base + segment->p_vaddr;
	uintptr_t end = (begin + segment->p_memsz) & ~(page - 1);

	begin &= ~(page - 1);
	return end > begin && mprotect((void *)begin, end - begin, PROT_READ) < 0 ? -errno : 0;
}

static int move_segment(uintptr_t base, const ElfW(Phdr) *segment, int fd)
{
	struct range at = pages_of(base + segment->p_vaddr, base + segment->p_vaddr + segment->p_filesz);

	if (segment->p_type == PT_GNU_RELRO)
		return protect_relocated(base, segment);
	if (segment->p_type != PT_LOAD || segment->p_filesz == 0)
		return 0;
	return segment->p_flags & PF_W ? copy_to_memory(at) : map_again(at, segment, fd);
}

/* PT_GNU_RELRO is a part of a PT_LOAD, and linkers put it behind (elf(5) does not promise that). */
static int move_segments(const struct dl_phdr_info *program, int fd)
{
	static const ElfW(Word) order[] = { PT_LOAD, PT_GNU_RELRO };
	int r = 0;

	for (size_t pass = 0; pass < ARRAY_SIZE(order); pass++)
		for (size_t i = 0; r == 0 && i < program->dlpi_phnum; i++)
			if (program->dlpi_phdr[i].p_type == order[pass])
				r = move_segment(program->dlpi_addr, &program->dlpi_phdr[i], fd);
	return r;
}

/* PR_SET_MM_MAP sets all or nothing, so the kernel is told what it knows already: proc(5), /proc/PID/stat. */
static int read_record(struct prctl_mm_map *ret_map)
{
	char line[STAT_MAX];
	const struct {
		int number;
		__u64 *value;
	} fields[] = {
		{ 26, &ret_map->start_code }, { 27, &ret_map->end_code },   { 28, &ret_map->start_stack },
		{ 45, &ret_map->start_data }, { 46, &ret_map->end_data },   { 47, &ret_map->start_brk },
		{ 48, &ret_map->arg_start },  { 49, &ret_map->arg_end },    { 50, &ret_map->env_start },
		{ 51, &ret_map->env_end },
	};
	int r = procfs_stat_line("self", line, sizeof(line));

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(fields); i++) {
		uint64_t value;

		r = procfs_stat_field(line, fields[i].number, &value);
		if (r == 0)
			*fields[i].value = value;
	}
	ret_map->brk = (__u64)(uintptr_t)sbrk(0);
	return r;
}

int exefile_replace(int fd)
{
	struct prctl_mm_map map = { .auxv = NULL, .exe_fd = (__u32)fd };
	struct dl_phdr_info program = { .dlpi_phnum = 0 };
	int r = read_record(&map);

	if (r < 0)
		return r;
	dl_iterate_phdr(take_first, &program);
	r = move_segments(&program, fd);
	if (r < 0)
		return r;
	return prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0) < 0 ? -errno : 0;
}
