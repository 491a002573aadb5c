/* SPDX-License-Identifier: Apache-2.0 */
/* A container's group of resctrl: see rdt.h.  The text of schemata is in rdt-schema.c. */
#include "runtime/rdt.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/str.h"
#include "kernel/resctrl.h"
#include "runtime/rdt-schema.h"

static const struct oci_intel_rdt *find_rdt(const struct oci_config *config)
{
	return config->linux_ ? config->linux_->intel_rdt : NULL;
}

/* `r`, and what the kernel adds to it: "...: invalid argument; the kernel says: mask f00 has non-consecutive 1-bits". */
static int explain(int root, int r, const char *what, struct err *e)
{
	_cleanup_free_ char *status = resctrl_last_status(root);

	err_set(e, r, "linux.intelRdt: %s", what);
	if (r == -EACCES || r == -EPERM)
		return err_hint(e, "it takes root, or a " RESCTRL_PATH " that was given to the caller");
	return *status ? err_hint(e, "the kernel says: %s", status) : r;
}

static int open_root(struct err *e)
{
	int root = resctrl_open();

	if (root == -ENODEV)
		return err_say(e, root, "linux.intelRdt: no resctrl is mounted at " RESCTRL_PATH
				   "; where the processor has it: mount -t resctrl resctrl " RESCTRL_PATH);
	return root < 0 ? err_set(e, root, "linux.intelRdt: " RESCTRL_PATH) : root;
}

static int open_group(int root, const char *name, struct err *e)
{
	int group = resctrl_open_group(root, name);

	return group < 0 ? err_set(e, group, "linux.intelRdt: group %s of " RESCTRL_PATH, name) : group;
}

/* All lines that the config asks for, in the order in which they are written; NULL when there are none. */
static char *wanted_lines(const struct oci_intel_rdt *rdt)
{
	_cleanup_free_ char *first = rdt_schema_combine(rdt->l3_cache_schema, rdt->mem_bw_schema);
	_cleanup_free_ char *last = rdt_schema_join(rdt->schemata, rdt->n_schemata);

	return first || last ? str_printf("%s%s", first ? first : "", last ? last : "") : NULL;
}

/* A group that is there already has to be what the config asks for: others live in it. */
static int check_existing(int root, int group, const struct oci_intel_rdt *rdt, struct err *e)
{
	_cleanup_free_ char *wanted = wanted_lines(rdt), *actual = NULL, *other = NULL;
	int r;

	if (!wanted)
		return 0;
	r = resctrl_read_schemata(group, &actual);
	if (r < 0)
		return explain(root, r, "read the group's schemata", e);
	other = rdt_schema_difference(wanted, actual);
	if (!other)
		return 0;
	return err_say(e, -EEXIST, "linux.intelRdt.closID: the group %s exists and does not have %s", rdt->clos_id, other);
}

static int plan_monitor(int root, struct state_document *record, struct err *e)
{
	_cleanup_close_ int group = -EBADF, monitor = -EBADF;

	if (!resctrl_can_monitor(root))
		return err_say(e, -ENOTSUP, "linux.intelRdt.enableMonitoring: this processor cannot monitor");
	group = resctrl_open_group(root, record->rdt_group);
	monitor = group < 0 ? group : resctrl_open_monitor(group, record->id);
	if (monitor >= 0)
		return err_say(e, -EEXIST,
			       "linux.intelRdt.enableMonitoring: the group %s has a monitoring group %s already, which is "
			       "not this container's",
			       record->rdt_group, record->id);
	record->rdt_monitored = true;
	return 0;
}

/* Whose name it is decides: the container's own group is made, a closID may be somebody's. */
static int plan_group(int root, const struct oci_intel_rdt *rdt, struct state_document *record, struct err *e)
{
	_cleanup_free_ char *wanted = wanted_lines(rdt);
	_cleanup_close_ int group = resctrl_open_group(root, record->rdt_group);

	if (group < 0 && group != -ENOENT)
		return err_set(e, group, "linux.intelRdt: group %s of " RESCTRL_PATH, record->rdt_group);
	if (str_empty(rdt->clos_id) && group >= 0)
		return err_say(e, -EEXIST,
			       "linux.intelRdt: resctrl has a group %s already, which is not this container's; remove it, "
			       "or name it as closID to share it",
			       record->rdt_group);
	if (group >= 0)
		return check_existing(root, group, rdt, e);
	if (!str_empty(rdt->clos_id) && !wanted)
		return err_say(e, -ENOENT,
			       "linux.intelRdt.closID: resctrl has no group %s, and without l3CacheSchema, memBwSchema or "
			       "schemata none is made",
			       rdt->clos_id);
	record->rdt_made = true;
	return 0;
}

int rdt_plan(const struct oci_config *config, struct state_document *record, struct err *e)
{
	const struct oci_intel_rdt *rdt = find_rdt(config);
	_cleanup_close_ int root = -EBADF;
	int r;

	if (!rdt)
		return 0;
	record->rdt_group = str_empty(rdt->clos_id) ? record->id : rdt->clos_id;
	if (strcmp(record->rdt_group, RESCTRL_DEFAULT_GROUP) != 0 && !resctrl_is_group_name(record->rdt_group))
		return err_say(e, -EINVAL, "linux.intelRdt%s: '%s' cannot be the name of a group of resctrl",
			       str_empty(rdt->clos_id) ? "" : ".closID", record->rdt_group);
	root = open_root(e);
	if (root < 0)
		return root;
	r = plan_group(root, rdt, record, e);
	return r == 0 && rdt->enable_monitoring ? plan_monitor(root, record, e) : r;
}

static int write_schemata(int root, int group, char *lines, struct err *e)
{
	int r = resctrl_write_schemata(group, lines);
	_cleanup_free_ char *what = NULL;

	if (r == 0)
		return 0;
	for (char *c = lines; *c; c++)
		if (*c == '\n')
			*c = c[1] ? ' ' : '\0';
	what = str_printf("write the schemata %s", lines);
	return explain(root, r, what, e);
}

/* schemata comes last, so that it wins (config-linux.md, "IntelRdt"). */
static int fill_group(int root, int group, const struct oci_intel_rdt *rdt, struct err *e)
{
	_cleanup_free_ char *first = rdt_schema_combine(rdt->l3_cache_schema, rdt->mem_bw_schema);
	_cleanup_free_ char *last = rdt_schema_join(rdt->schemata, rdt->n_schemata);
	int r = first ? write_schemata(root, group, first, e) : 0;

	return r == 0 && last ? write_schemata(root, group, last, e) : r;
}

static int make_monitor(int root, int group, struct state_document *record, struct err *e)
{
	int r = resctrl_make_monitor(group, record->id);

	if (r == 0)
		return 0;
	record->rdt_monitored = false; /* nothing of ours is there to be removed */
	return explain(root, r, "make a monitoring group", e);
}

int rdt_make(const struct oci_config *config, struct state_document *record, struct err *e)
{
	const struct oci_intel_rdt *rdt = find_rdt(config);
	_cleanup_close_ int root = -EBADF, group = -EBADF;
	int r = 0;

	if (!rdt)
		return 0;
	root = open_root(e);
	if (root < 0)
		return root;
	if (record->rdt_made)
		r = resctrl_make_group(root, record->rdt_group);
	if (r < 0) {
		/* -EEXIST too: somebody was quicker, and the group is theirs. */
		record->rdt_made = record->rdt_monitored = false;
		return explain(root, r, r == -ENOSPC ? "make a group: all classes of service are in use" : "make a group", e);
	}
	group = open_group(root, record->rdt_group, e);
	if (group < 0)
		return group;
	if (record->rdt_made)
		r = fill_group(root, group, rdt, e);
	return r == 0 && record->rdt_monitored ? make_monitor(root, group, record, e) : r;
}

static int add_task(int root, int group, const char *name, pid_t pid, struct err *e)
{
	_cleanup_free_ char *what = NULL;
	int r = resctrl_add_task(group, pid);

	if (r == 0)
		return 0;
	what = str_printf("put process %d into the group %s", pid, name);
	return explain(root, r, what, e);
}

int rdt_adopt(const struct state_document *record, pid_t pid, struct err *e)
{
	_cleanup_close_ int root = -EBADF, group = -EBADF, monitor = -EBADF;
	int r;

	if (!record->rdt_group)
		return 0;
	root = open_root(e);
	if (root < 0)
		return root;
	group = open_group(root, record->rdt_group, e);
	if (group < 0)
		return group;
	/* Only a task of the group may be in its monitoring groups. */
	r = add_task(root, group, record->rdt_group, pid, e);
	if (r < 0 || !record->rdt_monitored)
		return r;
	monitor = resctrl_open_monitor(group, record->id);
	if (monitor < 0)
		return err_set(e, monitor, "linux.intelRdt.enableMonitoring: monitoring group %s", record->id);
	return add_task(root, monitor, record->id, pid, e);
}

/* The container's own group ends with it; one that others could join by its closID ends with the last of them. */
static int is_shared(const struct state_document *record, int group)
{
	return strcmp(record->rdt_group, record->id) == 0 ? 0 : resctrl_is_used(group);
}

int rdt_remove(const struct state_document *record, struct err *e)
{
	_cleanup_close_ int root = -EBADF, group = -EBADF;
	int r = 0;

	if (!record->rdt_made && !record->rdt_monitored)
		return 0;
	root = resctrl_open();
	/* Whoever unmounted it has removed all groups. */
	if (root == -ENODEV)
		return 0;
	group = root < 0 ? root : resctrl_open_group(root, record->rdt_group);
	if (group == -ENOENT)
		return 0; /* gone already */
	if (group < 0)
		return err_set(e, group, "linux.intelRdt: group %s of " RESCTRL_PATH, record->rdt_group);
	if (record->rdt_monitored)
		r = resctrl_remove_monitor(group, record->id);
	if (r < 0 && r != -ENOENT)
		return explain(root, r, "remove the monitoring group", e);
	if (!record->rdt_made)
		return 0;
	r = is_shared(record, group);
	if (r > 0) {
		log_info("linux.intelRdt: others use the group %s, it stays", record->rdt_group);
		return 0;
	}
	if (r == 0)
		r = resctrl_remove_group(root, record->rdt_group);
	return r < 0 && r != -ENOENT ? explain(root, r, "remove the group", e) : 0;
}

static int change_group(const struct state_document *record, char *lines, char **ret_old, struct err *e)
{
	_cleanup_close_ int root = open_root(e), group = -EBADF;
	_cleanup_free_ char *old = NULL;
	int r;

	if (root < 0)
		return root;
	group = open_group(root, record->rdt_group, e);
	if (group < 0)
		return group;
	r = resctrl_read_schemata(group, &old);
	if (r < 0)
		return explain(root, r, "read the group's schemata", e);
	r = write_schemata(root, group, lines, e);
	if (r == 0 && ret_old)
		*ret_old = TAKE_PTR(old);
	return r;
}

int rdt_update(const struct state_document *record, const char *l3_cache_schema, const char *mem_bw_schema,
	       char **ret_old, struct err *e)
{
	_cleanup_free_ char *lines = rdt_schema_combine(l3_cache_schema, mem_bw_schema);
	int r = 0;

	if (!lines)
		return 0;
	if (!str_empty(mem_bw_schema))
		r = rdt_schema_check_bandwidth(mem_bw_schema, "option '--mem-bw-schema'", e);
	if (r < 0)
		return r;
	if (!record->rdt_group)
		return err_say(e, -EINVAL, "container %s: it has no group of resctrl: its configuration has no linux.intelRdt",
			       record->id);
	if (!record->rdt_made)
		return err_say(e, -EPERM, "container %s: its group %s of resctrl is not its own, others may be in it",
			       record->id, record->rdt_group);
	return change_group(record, lines, ret_old, e);
}

int rdt_restore(const struct state_document *record, const char *old, struct err *e)
{
	_cleanup_free_ char *lines = xstrdup(old);

	return change_group(record, lines, NULL, e);
}
