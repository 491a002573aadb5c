/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The systemd manager: a transient scope around the container's process, which systemd makes and to which it
 * delegates (systemd.io/CGROUP_DELEGATION).  Limits are given to systemd as properties, so that it knows them,
 * and written by us as well, since it does not know all of them.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/str.h"
#include "cgroup/bus.h"
#include "cgroup/devices.h"
#include "cgroup/fs.h"
#include "cgroup/internal.h"
#include "cgroup/limits.h"
#include "cgroup/properties.h"
#include "cgroup/tree.h"
#include "cgroup/v2.h"
#include "kernel/userns.h"

/* Root of the machine speaks to the system's manager, everybody else, also as root of a user namespace, to the
   user's own. */
static int connect_bus(struct cgroup *cgroup, struct err *e)
{
	if (cgroup->bus)
		return 0;
	return bus_open(cgroup->rootless || geteuid() != 0 || userns_inside(), &cgroup->bus, e);
}

/* Nothing but the connection: systemd makes no scope without a process. */
static int systemd_create(struct cgroup *cgroup, struct err *e)
{
	return connect_bus(cgroup, e);
}

/* Of a scope that is there already: for exec. */
static int systemd_clone_fd(const struct cgroup *cgroup)
{
	const struct hierarchy *h = cgroup_v2_dir(cgroup);

	return h ? h->dir_fd : -EBADF;
}

/* "/dev/char/1:3", "char-136", "char-*" for a rule of v1, or NULL when systemd has no words for it. */
static char *device_node(const struct device_rule *rule)
{
	const char *kind = rule->type == 'c' ? "char" : "block";

	if (rule->major != DEVICE_ANY && rule->minor != DEVICE_ANY)
		return str_printf("/dev/%s/%lld:%lld", kind, (long long)rule->major, (long long)rule->minor);
	if (rule->major != DEVICE_ANY)
		return str_printf("%s-%lld", kind, (long long)rule->major);
	return rule->minor == DEVICE_ANY ? str_printf("%s-*", kind) : NULL;
}

/* On v1 systemd writes the list of devices whenever it is reloaded, so it has to know ours. On v2 it leaves our
   program alone. */
static int add_devices(const struct cgroup *cgroup, const struct oci_resources *r, struct property_list *list,
		       struct err *e)
{
	_cleanup_(device_rules_done) struct device_rules rules = DEVICE_RULES_INIT, exceptions = DEVICE_RULES_INIT;
	struct property *p;
	bool allow;
	int code;

	if (!hierarchies_v1(&cgroup->hierarchies, "devices") || r->n_devices == 0)
		return 0;
	code = devices_collect(r, &rules, e);
	if (code >= 0)
		code = devices_simplify(&rules, &allow, &exceptions, e);
	if (code < 0)
		return code;
	property_add_string(list, "DevicePolicy", allow ? "auto" : "strict");
	p = property_add(list, "DeviceAllow", PROPERTY_PAIRS);
	for (size_t i = 0; !allow && i < exceptions.n; i++) {
		const struct device_rule *x = &exceptions.v[i];
		char *node = device_node(x);

		if (!node)
			continue;
		strv_take(&p->strings, node);
		strv_take(&p->strings, str_printf("%s%s%s", x->access & DEVICE_READ ? "r" : "",
						  x->access & DEVICE_WRITE ? "w" : "", x->access & DEVICE_MKNOD ? "m" : ""));
	}
	return 0;
}

/* A quota alone keeps the period that is in force, which systemd has to be told together with it. */
static void add_period(const struct cgroup *cgroup, struct limit_list *limits)
{
	const struct hierarchy *h = cgroup_v2_dir(cgroup);

	for (size_t i = 0; h && i < limits->n; i++) {
		_cleanup_free_ char *now = NULL;
		struct limit *l = &limits->v[i];
		char *value;

		if (strcmp(l->file, "cpu.max") != 0 || strchr(l->value, ' ') || tree_read(h->dir_fd, l->file, &now) < 0 ||
		    !strchr(now, ' '))
			continue;
		value = str_printf("%s%s", l->value, strchr(now, ' '));
		free(l->value);
		l->value = value;
	}
}

/* Limits, as systemd calls them. */
static int add_resources(const struct cgroup *cgroup, const struct oci_resources *r, struct property_list *list,
			 struct err *e)
{
	_cleanup_(limit_list_done) struct limit_list limits = LIMIT_LIST_INIT;
	int code;

	if (!r)
		return 0;
	code = limits_plan(cgroup, r, &limits, e);
	if (code < 0)
		return code;
	add_period(cgroup, &limits);
	properties_from_limits(&limits, list);
	return add_devices(cgroup, r, list, e);
}

static int scope_properties(const struct cgroup *cgroup, struct property_list *list, struct err *e)
{
	static const char *const accounting[] = { "CPUAccounting", "MemoryAccounting", "TasksAccounting", "IOAccounting" };
	_cleanup_free_ char *description = str_printf("ocirun container %s", cgroup->record.scope);
	int r;

	property_add_string(list, "Description", description);
	property_add_string(list, "Slice", cgroup->slice);
	property_add_bool(list, "Delegate", true);
	property_add_bool(list, "DefaultDependencies", false);
	for (size_t i = 0; i < ARRAY_SIZE(accounting); i++)
		property_add_bool(list, accounting[i], true);
	r = add_resources(cgroup, cgroup->resources, list, e);
	/* Last: who writes an annotation means it. */
	return r < 0 ? r : properties_from_annotations(cgroup->annotations, cgroup->n_annotations, list, e);
}

/* The path in the text of a /proc/PID/cgroup: in v2, or in what systemd uses where that is missing.  New memory, or NULL. */
static char *parse_path(const struct cgroup *cgroup, const char *text)
{
	char *path = NULL;

	for (size_t i = 0; !path && i < cgroup->hierarchies.n; i++) {
		const struct hierarchy *h = &cgroup->hierarchies.v[i];

		if (h->v2 || strcmp(h->options, "name=systemd") == 0)
			path = hierarchy_parse_path(h, text);
	}
	return path;
}

/* Where systemd has put the process: below the user's manager nobody else can tell. */
static int find_path(struct cgroup *cgroup, pid_t pid, struct err *e)
{
	_cleanup_free_ char *file = str_printf("/proc/%d/cgroup", pid), *text = NULL, *path = NULL;
	size_t n_scope = strlen(cgroup->record.scope), n;
	int r = fdio_read_file(AT_FDCWD, file, 1 << 20, &text, NULL);

	if (r < 0)
		return err_set(e, r, "process %d of the container: cannot read %s", pid, file);
	path = parse_path(cgroup, text);
	n = path ? strlen(path) : 0;
	if (n <= n_scope || strcmp(path + n - n_scope, cgroup->record.scope) != 0)
		return err_say(e, -ENOENT, "systemd started %s, but process %d is in the cgroup %s", cgroup->record.scope, pid,
			       path ? path : "(none)");
	free(cgroup->record.path);
	cgroup->record.path = str_printf("%s%s", path, cgroup->below);
	return 0;
}

int systemd_locate(struct cgroup *cgroup, struct err *e)
{
	_cleanup_free_ char *text = NULL, *path = NULL, *scope = str_printf("/%s", cgroup->record.scope);
	int r = fdio_read_file(AT_FDCWD, "/proc/self/cgroup", 1 << 20, &text, NULL);
	const char *found;

	if (r < 0)
		return err_set(e, r, "/proc/self/cgroup");
	path = parse_path(cgroup, text);
	found = path ? strstr(path, scope) : NULL;
	/* done without, where it could not be had */
	if (!found || (found[strlen(scope)] != '\0' && found[strlen(scope)] != '/'))
		return 0;
	free(cgroup->record.path);
	cgroup->record.path = TAKE_PTR(path);
	return 0;
}

static int enable_in_scope(const struct cgroup *cgroup, const struct hierarchy *v2, struct err *e)
{
	size_t n = strlen(cgroup->record.path) - strlen(cgroup->below);
	_cleanup_free_ char *scope = xstrndup(cgroup->record.path, n);

	return v2_enable_below(v2, scope, e);
}

/* Everything that the scope still lacks. */
static int settle_in_scope(struct cgroup *cgroup, pid_t pid, struct err *e)
{
	_cleanup_(v2_needs_done) struct v2_needs needs = limits_v2_needs(cgroup->resources, &cgroup->hierarchies);
	const struct hierarchy *v2;
	int r = find_path(cgroup, pid, e);

	if (r == 0)
		r = fs_make(cgroup, true, e);
	if (r == 0)
		r = fs_join(cgroup, pid, e);
	v2 = cgroup_v2_dir(cgroup);
	/* systemd has enabled all that it knows; others, such as hugetlb, it leaves to whom they concern. */
	if (r == 0 && v2)
		r = v2_enable(v2, cgroup->record.path, &needs, false, e);
	/* The statistics that it keeps of the scope are looked for where the container is. */
	if (r == 0 && v2 && *cgroup->below)
		r = enable_in_scope(cgroup, v2, e);
	if (r == 0 && cgroup->resources)
		r = limits_apply(cgroup, cgroup->resources, e);
	return r;
}

static int systemd_adopt(struct cgroup *cgroup, pid_t pid, struct err *e)
{
	_cleanup_(property_list_done) struct property_list properties = PROPERTY_LIST_INIT;
	int r = connect_bus(cgroup, e);

	if (r == 0)
		r = scope_properties(cgroup, &properties, e);
	if (r == 0)
		r = bus_start_scope(cgroup->bus, cgroup->record.scope, &properties, pid, e);
	cgroup->unstarted = r < 0;
	if (r == 0)
		r = settle_in_scope(cgroup, pid, e);
	cgroup->resources = NULL;
	for (size_t i = 0; i < cgroup->hierarchies.n; i++)
		cgroup->hierarchies.v[i].fresh = false;
	return r;
}

/*
 * What systemd writes as well, when it is told a property: all that it knows of the same controller, in steps of its own
 * (whole percents of a processor, one task at least).
 */
static const char *const shared_files[] = {
	"cpu.max", "cpu.weight", "cpuset.cpus", "cpuset.mems", "memory.high", "memory.low", "memory.max", "memory.min",
	"memory.swap.max", "pids.max",
};

/* Those that were not what they are: as they were. */
static int write_again(const struct cgroup *cgroup, char *const *was, struct err *e)
{
	const struct hierarchy *h = cgroup_v2_dir(cgroup);

	for (size_t i = 0; h && i < ARRAY_SIZE(shared_files); i++) {
		_cleanup_free_ char *now = NULL;
		int r = was[i] ? tree_read(h->dir_fd, shared_files[i], &now) : 0;

		if (r == 0 && was[i] && strcmp(now, was[i]) != 0)
			r = fdio_write_file(h->dir_fd, shared_files[i], was[i]);
		if (r < 0)
			return err_set(e, r, "cgroup %s: systemd has changed %s, and it cannot be set to \"%s\"",
				       cgroup->record.path, shared_files[i], was[i]);
	}
	return 0;
}

static int set_properties(struct cgroup *cgroup, const struct property_list *properties, struct err *e)
{
	const struct hierarchy *h = cgroup_v2_dir(cgroup);
	char *was[ARRAY_SIZE(shared_files)] = { NULL };
	int r;

	/* One that cannot be read is one that this cgroup has not. */
	for (size_t i = 0; h && i < ARRAY_SIZE(shared_files); i++)
		if (tree_read(h->dir_fd, shared_files[i], &was[i]) < 0)
			was[i] = NULL;
	r = bus_set_properties(cgroup->bus, cgroup->record.scope, properties, e);
	if (r == 0)
		r = write_again(cgroup, was, e);
	for (size_t i = 0; i < ARRAY_SIZE(shared_files); i++)
		free(was[i]);
	return r;
}

static int tell_systemd(struct cgroup *cgroup, const struct oci_resources *r, struct err *e)
{
	_cleanup_(property_list_done) struct property_list properties = PROPERTY_LIST_INIT;
	int code = connect_bus(cgroup, e);

	if (code == 0)
		code = add_resources(cgroup, r, &properties, e);
	if (code < 0 || properties.n == 0)
		return code;
	return set_properties(cgroup, &properties, e);
}

static int systemd_update(struct cgroup *cgroup, const struct oci_resources *resources, struct err *e)
{
	return limits_update_then(cgroup, resources, tell_systemd, e);
}

int systemd_attach(struct cgroup *cgroup, pid_t pid, struct err *e)
{
	_cleanup_free_ char *scope = str_printf("/%s/", cgroup->record.scope);
	const char *found = strstr(cgroup->record.path, scope);
	/* The group below the scope, with its slash. */
	const char *below = found ? found + strlen(scope) - 1 : "";
	int r = connect_bus(cgroup, e);

	return r == 0 ? bus_attach_process(cgroup->bus, cgroup->record.scope, below, pid, e) : r;
}

static int systemd_remove(struct cgroup *cgroup, struct err *e)
{
	int r;

	/* The scope of another container must not be stopped because ours could not be started beside it. */
	if (cgroup->unstarted)
		return 0;
	/* The processes first: systemd would wait for them before it kills. */
	r = cgroup_signal(cgroup, SIGKILL, e);
	if (r == 0)
		r = connect_bus(cgroup, e);
	if (r == 0)
		r = bus_stop_unit(cgroup->bus, cgroup->record.scope, e);
	/* Sub-groups, and hierarchies that systemd does not manage. */
	return r < 0 ? r : fs_remove(cgroup, e);
}

const struct manager_ops manager_systemd = {
	.create = systemd_create,
	.clone_fd = systemd_clone_fd,
	.adopt = systemd_adopt,
	.update = systemd_update,
	.remove = systemd_remove,
};
