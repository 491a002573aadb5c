/* SPDX-License-Identifier: Apache-2.0 */
/* Device rules into force: see devices.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fdio.h"
#include "base/log.h"
#include "base/str.h"
#include "cgroup/bpf.h"
#include "cgroup/devices.h"
#include "cgroup/internal.h"

/* Load and attach; the verifier's words are asked for only after it refused. */
static int apply_program(const struct hierarchy *h, const char *path, const struct device_rules *rules, struct err *e)
{
	_cleanup_free_ struct bpf_insn *insns = NULL;
	_cleanup_close_ int fd = -EBADF;
	char words[1024] = "";
	size_t n;
	int r;

	devices_program(rules, &insns, &n);
	fd = bpf_device_load(insns, n, NULL, 0);
	if (fd == -EINVAL || fd == -EACCES)
		fd = bpf_device_load(insns, n, words, sizeof(words));
	if (fd < 0)
		return err_set(e, fd, "linux.resources.devices: cannot load the program for cgroup %s%s%s", path,
			       *words ? ": " : "", words);
	r = bpf_device_attach(h->dir_fd, fd, h->fresh);
	return r < 0 ? err_set(e, r, "linux.resources.devices: cannot attach the program to cgroup %s", path) : 0;
}

static int apply_v2(const struct hierarchy *h, const char *path, const struct device_rules *rules, struct err *e)
{
	int r;

	if (!devices_allow_all(rules))
		return apply_program(h, path, rules, e);
	r = h->fresh ? 0 : bpf_device_detach(h->dir_fd);
	return r < 0 ? err_set(e, r, "linux.resources.devices: cannot detach the program of cgroup %s", path) : 0;
}

/* "c 1:* rwm" for devices.allow and devices.deny. */
static char *rule_text(const struct device_rule *rule)
{
	char major[24] = "*", minor[24] = "*";

	if (rule->major != DEVICE_ANY)
		snprintf(major, sizeof(major), "%" PRId64, rule->major);
	if (rule->minor != DEVICE_ANY)
		snprintf(minor, sizeof(minor), "%" PRId64, rule->minor);
	return str_printf("%c %s:%s %s%s%s", rule->type, major, minor, rule->access & DEVICE_READ ? "r" : "",
			  rule->access & DEVICE_WRITE ? "w" : "", rule->access & DEVICE_MKNOD ? "m" : "");
}

static int write_rule(const struct hierarchy *h, bool allow, const char *text, const char *path, struct err *e)
{
	const char *file = allow ? "devices.allow" : "devices.deny";
	int r = fdio_write_file(h->dir_fd, file, text);

	if (r == -EPERM && allow)
		return err_say(e, r, "linux.resources.devices: \"%s\" is refused by %s of the cgroup %s: a parent of it does not "
				     "have it", text, file, path);
	return r < 0 ? err_set(e, r, "linux.resources.devices: cannot write \"%s\" to %s of the cgroup %s", text, file, path)
		     : 0;
}

/* The lines of devices.list that are not wanted any more. */
static int withdraw(const struct hierarchy *h, const char *list, const struct strv *wanted, const char *path,
		    struct err *e)
{
	_cleanup_(strv_done) struct strv lines = STRV_INIT;
	int r = 0;

	strv_split(&lines, list, '\n');
	for (size_t i = 0; r == 0 && i < lines.n; i++) {
		bool keep = false;

		for (size_t k = 0; k < wanted->n; k++)
			keep = keep || strcmp(lines.v[i], wanted->v[k]) == 0;
		if (!keep)
			r = write_rule(h, false, lines.v[i], path, e);
	}
	return r;
}

/*
 * In a cgroup that denies by default the exceptions can be read, so an update first adds what is new and then
 * withdraws what is old: nothing that stays allowed is ever denied in between.  One that allows by default
 * shows nothing, and is begun afresh.
 */
static int write_list(const struct hierarchy *h, bool allow, const struct strv *wanted, const char *path, struct err *e)
{
	_cleanup_free_ char *list = NULL;
	bool denies;
	int r = tree_read(h->dir_fd, "devices.list", &list);

	if (r < 0)
		return err_set(e, r, "cgroup %s%s: cannot read devices.list", h->mountpoint, path);

	denies = list[0] != 'a';
	if (allow || !denies)
		r = write_rule(h, allow, "a", path, e);
	for (size_t i = 0; r == 0 && i < wanted->n; i++)
		r = write_rule(h, !allow, wanted->v[i], path, e);
	/* Written again since a withdrawn line may have been a part of a wanted one. */
	if (r == 0 && !allow && denies)
		r = withdraw(h, list, wanted, path, e);
	for (size_t i = 0; r == 0 && !allow && denies && i < wanted->n; i++)
		r = write_rule(h, true, wanted->v[i], path, e);
	return r;
}

static int apply_v1(const struct hierarchy *h, const char *path, const struct device_rules *rules, struct err *e)
{
	_cleanup_(device_rules_done) struct device_rules exceptions = DEVICE_RULES_INIT;
	_cleanup_(strv_done) struct strv wanted = STRV_INIT;
	bool allow;
	int r = devices_simplify(rules, &allow, &exceptions, e);

	for (size_t i = 0; r == 0 && i < exceptions.n; i++)
		strv_take(&wanted, rule_text(&exceptions.v[i]));
	return r < 0 ? r : write_list(h, allow, &wanted, path, e);
}

int devices_remember(const struct cgroup *cgroup, const struct oci_resources *r, struct devices_before *before,
		     struct err *e)
{
	const struct hierarchy *v1 = cgroup_v1_dir(cgroup, "devices"), *v2 = cgroup_v2_dir(cgroup);
	int code = 0;

	if (r->n_devices == 0)
		return 0;
	if (v1)
		code = tree_read(v1->dir_fd, "devices.list", &before->list);
	else if (v2)
		before->program = bpf_device_find(v2->dir_fd);
	/* Who may not ask for programs may not change them. */
	return code < 0 ? err_set(e, code, "cgroup %s: cannot read devices.list", cgroup->record.path) : 0;
}

void devices_restore(const struct cgroup *cgroup, const struct devices_before *before)
{
	const struct hierarchy *v1 = cgroup_v1_dir(cgroup, "devices"), *v2 = cgroup_v2_dir(cgroup);
	_cleanup_(strv_done) struct strv lines = STRV_INIT;
	struct err ignored = ERR_INIT; /* the caller has one already */
	bool allowed = before->list && before->list[0] == 'a';

	if (before->list && !allowed)
		strv_split(&lines, before->list, '\n');
	if (before->list)
		write_list(v1, allowed, &lines, cgroup->record.path, &ignored);
	else if (before->program >= 0)
		bpf_device_attach(v2->dir_fd, before->program, false);
	else if (before->program == -ENOENT)
		bpf_device_detach(v2->dir_fd);
}

void devices_before_done(struct devices_before *before)
{
	fd_close(&before->program);
	free(before->list);
}

int devices_apply(struct cgroup *cgroup, const struct oci_resources *r, struct err *e)
{
	const struct hierarchy *v1 = cgroup_v1_dir(cgroup, "devices"), *v2 = cgroup_v2_dir(cgroup);
	_cleanup_(device_rules_done) struct device_rules rules = DEVICE_RULES_INIT;
	int code = devices_collect(r, &rules, e);

	if (code < 0 || rules.n == 0 || (!v1 && !v2))
		return code;
	code = v1 ? apply_v1(v1, cgroup->record.path, &rules, e) : apply_v2(v2, cgroup->record.path, &rules, e);
	/* Loading a program takes CAP_BPF and CAP_NET_ADMIN (or CAP_SYS_ADMIN) in the initial user namespace.
	   Engines send these rules always, and a user without privilege can make no device node anyway. */
	if (cgroup->rootless && (code == -EPERM || code == -EACCES)) {
		log_debug("device rules are not applied: %s", e->text);
		*e = (struct err)ERR_INIT;
		return 0;
	}
	return code;
}
