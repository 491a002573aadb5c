/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.resources.devices (config-linux.md, "Allowed Device list"): rules in order, of which the last
 * that matches decides, for each of read, write and mknod on its own.
 */
#pragma once

#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "libocispec-lite/ocispec-lite.h"

struct cgroup;

#define DEVICE_ANY (-1)

/* The kernel's values (BPF_DEVCG_ACC_*), so that a program needs no translation. */
enum device_access { DEVICE_MKNOD = 1, DEVICE_READ = 2, DEVICE_WRITE = 4, DEVICE_ALL = 7 };

struct device_rule {
	char type; /* 'a' (both), 'b' or 'c' */
	bool allow;
	uint8_t access;
	int64_t major, minor; /* DEVICE_ANY: all */
};

struct device_rules {
	struct device_rule *v;
	size_t n;
};

#define DEVICE_RULES_INIT { .v = NULL, .n = 0 }

/* The rules of the configuration, followed by those for the default devices, without which nothing runs.
   No rules at all stay no rules. */
int devices_collect(const struct oci_resources *r, struct device_rules *ret_rules, struct err *e);
void device_rules_done(struct device_rules *rules);

/* Only look for errors. */
int devices_check(const struct oci_resources *r, struct err *e);

/* True when the rules forbid nothing, so that no program is needed. */
bool devices_allow_all(const struct device_rules *rules);

/* A program of type BPF_PROG_TYPE_CGROUP_DEVICE that decides as the rules do. New memory. */
void devices_program(const struct device_rules *rules, struct bpf_insn **ret_insns, size_t *ret_n);

/*
 * The same as one default and a set of exceptions, which is what the v1 controller knows.  The exceptions'
 * `allow` is the opposite of the default. -EOPNOTSUPP when the rules say more than that.
 */
int devices_simplify(const struct device_rules *rules, bool *ret_allow, struct device_rules *ret_exceptions,
		     struct err *e);

/* Put the rules into force: by a program where there is a v2 directory, else by the v1 controller. A caller
   without the privilege for either is left with what file permissions give (rootless). */
int devices_apply(struct cgroup *cgroup, const struct oci_resources *r, struct err *e);

/* What was in force before an update. */
struct devices_before {
	int program; /* v2: a descriptor; -ENOENT: none */
	char *list;  /* v1: the text of devices.list */
};

#define DEVICES_BEFORE_INIT { .program = -EBADF, .list = NULL }

/* Remember it, if r has rules that would change it. */
int devices_remember(const struct cgroup *cgroup, const struct oci_resources *r, struct devices_before *before,
		     struct err *e);

/* Put it into force again, as far as the kernel shows it: exceptions in a v1 group that allows by default it does not.
   For error paths: says nothing. */
void devices_restore(const struct cgroup *cgroup, const struct devices_before *before);
void devices_before_done(struct devices_before *before);
