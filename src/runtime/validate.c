/* SPDX-License-Identifier: Apache-2.0 */
/* config.json as a whole: see validate.h.  One function per chapter of the specification, one list of them. */
#include "runtime/validate.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "kernel/userns.h"
#include "runtime/confine.h"
#include "runtime/placement.h"
#include "runtime/rdt-schema.h"

/* The type's entry in linux.namespaces, or NULL. */
const struct oci_namespace *validate_find_namespace(const struct oci_config *config, enum oci_namespace_type type)
{
	const struct oci_linux *lx = config->linux_;

	for (size_t i = 0; lx && i < lx->n_namespaces; i++)
		if (lx->namespaces[i].type == type)
			return &lx->namespaces[i];
	return NULL;
}

/* The identifiers behind a '-' or '+', with dots between them; numbers of a pre-release have no leading zero.  Returns
   where they end, or NULL. */
static const char *skip_identifiers(const char *s, bool pre_release)
{
	for (;; s++) {
		size_t n = strspn(s, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-");

		if (n == 0 || (pre_release && n > 1 && *s == '0' && strspn(s, "0123456789") == n))
			return NULL;
		s += n;
		if (*s != '.')
			return s;
	}
}

/* config.md, "Specification version": SemVer 2.0.0, and this runtime knows major version 1. */
static int check_version(const struct oci_config *config, struct err *e)
{
	const char *s = config->oci_version;

	for (int part = 0; part < 3; part++) {
		size_t digits = strspn(s, "0123456789");

		if (digits == 0 || (digits > 1 && *s == '0'))
			return err_say(e, -EINVAL, "ociVersion: '%s' is no version as in SemVer 2.0.0",
				       config->oci_version);
		if (part == 0 && !(digits == 1 && *s == '1'))
			return err_say(e, -EINVAL, "ociVersion: '%s' is not supported; 1.0.0 to 1.3.0 are",
				       config->oci_version);
		s += digits;
		if (part < 2 && *s++ != '.')
			return err_say(e, -EINVAL, "ociVersion: '%s' is no version as in SemVer 2.0.0",
				       config->oci_version);
	}
	if (*s == '-')
		s = skip_identifiers(s + 1, true);
	if (s && *s == '+')
		s = skip_identifiers(s + 1, false);
	if (!s || *s)
		return err_say(e, -EINVAL, "ociVersion: '%s' is no version as in SemVer 2.0.0", config->oci_version);
	return 0;
}

static int check_root(const struct oci_config *config, struct err *e)
{
	if (!config->root)
		return err_say(e, -EINVAL, "root: required property is missing");
	if (!*config->root->path)
		return err_say(e, -EINVAL, "root.path: must not be empty");
	return 0;
}

static int check_process(const struct oci_config *config, struct err *e)
{
	return config->process ? validate_process(config->process, "process", e) : 0;
}

static int check_hook_list(const char *kind, const struct oci_hook *hooks, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (hooks[i].path[0] != '/')
			return err_say(e, -EINVAL, "hooks.%s[%zu].path: '%s' must be absolute", kind, i, hooks[i].path);
	return 0;
}

/* config.md, "POSIX-platform Hooks". */
static int check_hooks(const struct oci_config *config, struct err *e)
{
	const struct oci_hooks *h = config->hooks;
	int r = 0;

	if (!h)
		return 0;
	r = check_hook_list("prestart", h->prestart, h->n_prestart, e);
	if (r == 0)
		r = check_hook_list("createRuntime", h->create_runtime, h->n_create_runtime, e);
	if (r == 0)
		r = check_hook_list("createContainer", h->create_container, h->n_create_container, e);
	if (r == 0)
		r = check_hook_list("startContainer", h->start_container, h->n_start_container, e);
	if (r == 0)
		r = check_hook_list("poststart", h->poststart, h->n_poststart, e);
	if (r == 0)
		r = check_hook_list("poststop", h->poststop, h->n_poststop, e);
	return r;
}

/* config-linux.md, "Namespaces". */
static int check_namespaces(const struct oci_config *config, struct err *e)
{
	const struct oci_linux *lx = config->linux_;
	bool seen[OCI_NS_TYPES + 1] = { false };

	for (size_t i = 0; lx && i < lx->n_namespaces; i++) {
		const struct oci_namespace *ns = &lx->namespaces[i];

		if (seen[ns->type])
			return err_say(e, -EINVAL, "linux.namespaces[%zu]: a second namespace of type '%s'", i,
				       oci_namespace_name(ns->type));
		seen[ns->type] = true;
		if (ns->path && ns->path[0] != '/')
			return err_say(e, -EINVAL, "linux.namespaces[%zu].path: '%s' must be absolute", i, ns->path);
	}
	return 0;
}

static bool ranges_meet(uint32_t a, uint32_t n_a, uint32_t b, uint32_t n_b)
{
	return a < b ? b - a < n_a : a - b < n_b;
}

/* The kernel, and newuidmap, would say no more than "invalid argument". */
static int check_overlap(const char *name, const struct oci_id_mapping *map, size_t i, struct err *e)
{
	for (size_t j = 0; j < i; j++) {
		bool inside = ranges_meet(map[i].container_id, map[i].size, map[j].container_id, map[j].size);

		if (inside || ranges_meet(map[i].host_id, map[i].size, map[j].host_id, map[j].size))
			return err_say(e, -EINVAL, "linux.%s[%zu]: maps ids %s that [%zu] maps already", name, i,
				       inside ? "of the container" : "of the host", j);
	}
	return 0;
}

static int check_map(const char *name, const struct oci_id_mapping *map, size_t n, struct err *e)
{
	if (n > USERNS_MAX_EXTENTS)
		return err_say(e, -EINVAL, "linux.%s: %zu mappings are too many, the kernel takes %d", name, n,
			       USERNS_MAX_EXTENTS);
	for (size_t i = 0; i < n; i++) {
		if (map[i].size == 0)
			return err_say(e, -EINVAL, "linux.%s[%zu].size: must not be 0", name, i);
		if (map[i].container_id > UINT32_MAX - map[i].size || map[i].host_id > UINT32_MAX - map[i].size)
			return err_say(e, -EINVAL, "linux.%s[%zu]: the range ends beyond the largest id", name, i);
		if (check_overlap(name, map, i, e) < 0)
			return e->code;
	}
	return 0;
}

/* config-linux.md, "User namespace mappings". */
static int check_mappings(const struct oci_config *config, struct err *e)
{
	const struct oci_linux *lx = config->linux_;
	const struct oci_namespace *user = validate_find_namespace(config, OCI_NS_USER);
	int r;

	if (!lx || (lx->n_uid_mappings == 0 && lx->n_gid_mappings == 0))
		return 0;
	if (!user)
		return err_say(e, -EINVAL, "linux.%s: mappings need a user namespace in linux.namespaces",
			       lx->n_uid_mappings ? "uidMappings" : "gidMappings");
	if (lx->n_uid_mappings == 0 || lx->n_gid_mappings == 0)
		return err_say(e, -EINVAL, "linux.%s: missing, while the other one is given",
			       lx->n_uid_mappings ? "gidMappings" : "uidMappings");
	r = check_map("uidMappings", lx->uid_mappings, lx->n_uid_mappings, e);
	return r < 0 ? r : check_map("gidMappings", lx->gid_mappings, lx->n_gid_mappings, e);
}

/* config-linux.md, "Offset for Time Namespace". */
static int check_time(const struct oci_config *config, struct err *e)
{
	const struct oci_time_offsets *t = config->linux_ ? config->linux_->time_offsets : NULL;
	const struct oci_namespace *ns = validate_find_namespace(config, OCI_NS_TIME);

	if (!t || (!t->monotonic && !t->boottime))
		return 0;
	if (!ns || ns->path)
		return err_say(e, -EINVAL, "linux.timeOffsets: needs a new time namespace in linux.namespaces");
	if ((t->monotonic && t->monotonic->nanosecs > 999999999) || (t->boottime && t->boottime->nanosecs > 999999999))
		return err_say(e, -EINVAL, "linux.timeOffsets: nanosecs must be less than 1000000000");
	return 0;
}

/* config.md, "Hostname" and "Domainname": never the host's own. */
static int check_names(const struct oci_config *config, struct err *e)
{
	bool uts = validate_find_namespace(config, OCI_NS_UTS) != NULL;

	if (!str_empty(config->hostname) && !uts)
		return err_say(e, -EINVAL, "hostname: needs a uts namespace in linux.namespaces");
	if (!str_empty(config->domainname) && !uts)
		return err_say(e, -EINVAL, "domainname: needs a uts namespace in linux.namespaces");
	if (config->hostname && strlen(config->hostname) > 64)
		return err_say(e, -EINVAL, "hostname: more than 64 characters");
	if (config->domainname && strlen(config->domainname) > 64)
		return err_say(e, -EINVAL, "domainname: more than 64 characters");
	return 0;
}

static bool is_device_number(const int64_t *number)
{
	return !number || (*number >= 0 && *number <= UINT32_MAX);
}

/* config-linux.md, "Devices". */
static int check_devices(const struct oci_config *config, struct err *e)
{
	const struct oci_linux *lx = config->linux_;

	for (size_t i = 0; lx && i < lx->n_devices; i++) {
		const struct oci_device *d = &lx->devices[i];

		if (strlen(d->type) != 1 || !strchr("cbup", d->type[0]))
			return err_say(e, -EINVAL, "linux.devices[%zu].type: unknown value '%s' (one of: c, b, u, p)", i,
				       d->type);
		if (d->path[0] != '/')
			return err_say(e, -EINVAL, "linux.devices[%zu].path: '%s' must be absolute", i, d->path);
		if (d->type[0] != 'p' && (!d->major || !d->minor))
			return err_say(e, -EINVAL, "linux.devices[%zu].%s: required property is missing", i,
				       d->major ? "minor" : "major");
		if (!is_device_number(d->major) || !is_device_number(d->minor))
			return err_say(e, -EINVAL, "linux.devices[%zu].%s: out of range", i,
				       is_device_number(d->major) ? "minor" : "major");
	}
	return 0;
}

static bool is_interface_name(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n < 16 && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && !strpbrk(name, "/: \t\n");
}

/* A '%' begins a "%d", which the kernel takes once (net/core/dev.c, __dev_alloc_name): better known before a device of the
   host is moved. */
static bool is_interface_template(const char *name)
{
	const char *percent = strchr(name, '%');

	return is_interface_name(name) && (!percent || (percent[1] == 'd' && !strchr(percent + 1, '%')));
}

/* config-linux.md, "Network Devices". */
static int check_net_devices(const struct oci_config *config, struct err *e)
{
	const struct oci_linux *lx = config->linux_;

	if (!lx || lx->n_net_devices == 0)
		return 0;
	if (!validate_find_namespace(config, OCI_NS_NETWORK))
		return err_say(e, -EINVAL, "linux.netDevices: needs a network namespace in linux.namespaces");
	for (size_t i = 0; i < lx->n_net_devices; i++) {
		const struct oci_net_device *d = &lx->net_devices[i];

		if (!is_interface_name(d->key))
			return err_say(e, -EINVAL, "linux.netDevices.%s: not the name of a network interface", d->key);
		if (d->name && !is_interface_template(d->name))
			return err_say(e, -EINVAL,
				       "linux.netDevices.%s.name: '%s' is not the name of a network interface, nor a template "
				       "such as eth%%d", d->key, d->name);
	}
	return 0;
}

/* config-linux.md, "Personality": the specification defines no flag. */
static int check_personality(const struct oci_config *config, struct err *e)
{
	const struct oci_personality *p = config->linux_ ? config->linux_->personality : NULL;

	if (p && p->n_flags > 0)
		return err_say(e, -EINVAL, "linux.personality.flags[0]: '%s' is not supported", p->flags[0]);
	return 0;
}

/* set_mempolicy(2), "EINVAL". */
static int check_policy_flags(const struct oci_memory_policy *p, bool nodes, struct err *e)
{
	bool has[OCI_MPOL_F_STATIC_NODES + 1] = { false };

	for (size_t i = 0; i < p->n_flags; i++)
		has[p->flags[i]] = true;
	if (has[OCI_MPOL_F_STATIC_NODES] && has[OCI_MPOL_F_RELATIVE_NODES])
		return err_say(e, -EINVAL, "linux.memoryPolicy.flags: MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude "
					   "each other");
	if (has[OCI_MPOL_F_NUMA_BALANCING] && p->mode != OCI_MPOL_BIND && p->mode != OCI_MPOL_PREFERRED_MANY)
		return err_say(e, -EINVAL, "linux.memoryPolicy.flags: MPOL_F_NUMA_BALANCING goes with MPOL_BIND and "
					   "MPOL_PREFERRED_MANY alone");
	if (!nodes && (has[OCI_MPOL_F_STATIC_NODES] || has[OCI_MPOL_F_RELATIVE_NODES]))
		return err_say(e, -EINVAL, "linux.memoryPolicy.flags: they are about nodes, and linux.memoryPolicy.nodes has "
					   "none");
	return 0;
}

/* config-linux.md, "Memory policy": which modes take nodes, set_mempolicy(2). */
static int check_memory_policy(const struct oci_config *config, struct err *e)
{
	const struct oci_memory_policy *p = config->linux_ ? config->linux_->memory_policy : NULL;
	bool nodes;

	if (!p)
		return 0;
	nodes = !str_empty(p->nodes);
	if (nodes && (p->mode == OCI_MPOL_DEFAULT || p->mode == OCI_MPOL_LOCAL))
		return err_say(e, -EINVAL, "linux.memoryPolicy.nodes: must be empty for this mode");
	if (!nodes && (p->mode == OCI_MPOL_BIND || p->mode == OCI_MPOL_INTERLEAVE ||
		       p->mode == OCI_MPOL_WEIGHTED_INTERLEAVE || p->mode == OCI_MPOL_PREFERRED_MANY))
		return err_say(e, -EINVAL, "linux.memoryPolicy.nodes: required for this mode");
	return check_policy_flags(p, nodes, e) < 0 ? e->code : placement_check_list(p->nodes, "linux.memoryPolicy.nodes", e);
}

static int check_rdt(const struct oci_config *config, struct err *e)
{
	const struct oci_intel_rdt *rdt = config->linux_ ? config->linux_->intel_rdt : NULL;

	return rdt ? rdt_schema_check(rdt, e) : 0;
}

int validate_config(const struct oci_config *config, struct err *e)
{
	static int (*const checks[])(const struct oci_config *, struct err *) = {
		check_version, check_root,  check_process, check_hooks,       check_namespaces,  check_mappings,
		check_time,    check_names, check_devices, check_net_devices, check_personality, check_memory_policy,
		validate_sysctls, check_rdt,   confine_check,
	};

	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		int r = checks[i](config, e);

		if (r < 0)
			return r;
	}
	return 0;
}
