/* SPDX-License-Identifier: Apache-2.0 */
/* update: change the limits of a container.  Single options become a linux.resources document. */
#include "cli/cmd.h"

#include <string.h>

/* Ordered by object, since each object is written once. */
enum {
	LIMIT_BLKIO_WEIGHT,
	LIMIT_CPU_BURST,
	LIMIT_CPU_IDLE,
	LIMIT_CPU_PERIOD,
	LIMIT_CPU_QUOTA,
	LIMIT_CPU_RT_PERIOD,
	LIMIT_CPU_RT_RUNTIME,
	LIMIT_CPU_SHARE,
	LIMIT_CPUSET_CPUS,
	LIMIT_CPUSET_MEMS,
	LIMIT_KERNEL_MEMORY,
	LIMIT_KERNEL_MEMORY_TCP,
	LIMIT_MEMORY,
	LIMIT_MEMORY_RESERVATION,
	LIMIT_MEMORY_SWAP,
	LIMIT_PIDS,
	N_LIMITS
};

enum limit_kind {
	LIMIT_UNSIGNED,
	LIMIT_SIGNED, /* -1: no limit */
	LIMIT_BYTES,  /* as SIGNED, or with one of b, k, m, g, t behind it */
	LIMIT_TEXT,
};

struct update_args {
	const char *resources;
	const char *values[N_LIMITS];
	const char *l3_cache_schema, *mem_bw_schema;
};

/* Where each option goes (config-linux.md, "Control groups"). */
static const struct limit {
	const char *option, *object, *key;
	enum limit_kind kind;
} limits[N_LIMITS] = {
	[LIMIT_BLKIO_WEIGHT] = { "blkio-weight", "blockIO", "weight", LIMIT_UNSIGNED },
	[LIMIT_CPU_BURST] = { "cpu-burst", "cpu", "burst", LIMIT_UNSIGNED },
	[LIMIT_CPU_IDLE] = { "cpu-idle", "cpu", "idle", LIMIT_SIGNED },
	[LIMIT_CPU_PERIOD] = { "cpu-period", "cpu", "period", LIMIT_UNSIGNED },
	[LIMIT_CPU_QUOTA] = { "cpu-quota", "cpu", "quota", LIMIT_SIGNED },
	[LIMIT_CPU_RT_PERIOD] = { "cpu-rt-period", "cpu", "realtimePeriod", LIMIT_UNSIGNED },
	[LIMIT_CPU_RT_RUNTIME] = { "cpu-rt-runtime", "cpu", "realtimeRuntime", LIMIT_SIGNED },
	[LIMIT_CPU_SHARE] = { "cpu-share", "cpu", "shares", LIMIT_UNSIGNED },
	[LIMIT_CPUSET_CPUS] = { "cpuset-cpus", "cpu", "cpus", LIMIT_TEXT },
	[LIMIT_CPUSET_MEMS] = { "cpuset-mems", "cpu", "mems", LIMIT_TEXT },
	[LIMIT_KERNEL_MEMORY] = { "kernel-memory", "memory", "kernel", LIMIT_BYTES },
	[LIMIT_KERNEL_MEMORY_TCP] = { "kernel-memory-tcp", "memory", "kernelTCP", LIMIT_BYTES },
	[LIMIT_MEMORY] = { "memory", "memory", "limit", LIMIT_BYTES },
	[LIMIT_MEMORY_RESERVATION] = { "memory-reservation", "memory", "reservation", LIMIT_BYTES },
	[LIMIT_MEMORY_SWAP] = { "memory-swap", "memory", "swap", LIMIT_BYTES },
	[LIMIT_PIDS] = { "pids-limit", "pids", "limit", LIMIT_SIGNED },
};

#define VALUE(option, index, arg, help) \
	OPT_ROW(option, NULL, arg, help, OPT_KIND_STRING, const char *, struct update_args, values[index])

static const struct opt options[] = {
	OPT_PATH("resources", "r", "FILE", struct update_args, resources,
		   "JSON file with all changes, or - for standard input"),
	VALUE("blkio-weight", LIMIT_BLKIO_WEIGHT, "N", "share of disk time, 10 to 1000"),
	VALUE("cpu-burst", LIMIT_CPU_BURST, "USEC", "run time that may be saved up beyond the quota"),
	VALUE("cpu-idle", LIMIT_CPU_IDLE, "0|1", "run only when nothing else does"),
	VALUE("cpu-period", LIMIT_CPU_PERIOD, "USEC", "length of a period of --cpu-quota"),
	VALUE("cpu-quota", LIMIT_CPU_QUOTA, "USEC", "run time in each period; -1: no limit"),
	VALUE("cpu-rt-period", LIMIT_CPU_RT_PERIOD, "USEC", "length of a period of --cpu-rt-runtime"),
	VALUE("cpu-rt-runtime", LIMIT_CPU_RT_RUNTIME, "USEC", "real-time run time in each period"),
	VALUE("cpu-share", LIMIT_CPU_SHARE, "N", "share of CPU time, 2 to 262144"),
	VALUE("cpuset-cpus", LIMIT_CPUSET_CPUS, "LIST", "CPUs to use: 0-3,7"),
	VALUE("cpuset-mems", LIMIT_CPUSET_MEMS, "LIST", "memory nodes to use"),
	VALUE("kernel-memory", LIMIT_KERNEL_MEMORY, "BYTES", "limit of kernel memory (cgroup v1)"),
	VALUE("kernel-memory-tcp", LIMIT_KERNEL_MEMORY_TCP, "BYTES", "limit of TCP buffers (cgroup v1)"),
	OPT_STRING("l3-cache-schema", NULL, "SCHEMA", struct update_args, l3_cache_schema,
		   "part of the L3 cache to use: L3:0=f;1=f"),
	OPT_STRING("mem-bw-schema", NULL, "SCHEMA", struct update_args, mem_bw_schema,
		   "part of the memory bandwidth to use: MB:0=50;1=70"),
	VALUE("memory", LIMIT_MEMORY, "BYTES", "limit of memory; -1: no limit; 512m and the like are understood"),
	VALUE("memory-reservation", LIMIT_MEMORY_RESERVATION, "BYTES", "memory that is taken last from the container"),
	VALUE("memory-swap", LIMIT_MEMORY_SWAP, "BYTES", "limit of memory and swap together; -1: no limit"),
	VALUE("pids-limit", LIMIT_PIDS, "N", "limit of processes and threads; -1: no limit"),
	OPT_END,
};

/* "512", "512k", "-1". */
static int read_bytes(const char *text, int64_t *ret)
{
	static const char units[] = "bkmgt";
	_cleanup_free_ char *digits = xstrdup(text);
	size_t n = strlen(digits);
	const char *unit = n > 0 ? strchr(units, digits[n - 1] | 0x20) : NULL;
	int64_t value;

	if (unit && *unit)
		digits[n - 1] = '\0';
	if (str_to_i64(digits, &value) < 0)
		return -EINVAL;
	if (unit && *unit && __builtin_mul_overflow(value, INT64_C(1) << (10 * (unit - units)), &value))
		return -ERANGE;
	*ret = value;
	return 0;
}

static int add_value(struct strbuf *out, const struct limit *limit, const char *text, struct err *e)
{
	int64_t value;
	int r;

	if (limit->kind == LIMIT_TEXT) {
		strbuf_add_json(out, text);
		return 0;
	}
	r = limit->kind == LIMIT_BYTES ? read_bytes(text, &value) : str_to_i64(text, &value);
	if (r < 0 || value < (limit->kind == LIMIT_UNSIGNED ? 0 : -1))
		return err_say(e, -EINVAL, "option '--%s': '%s' is not %s", limit->option, text,
			       limit->kind == LIMIT_BYTES ? "a number of bytes" : "a number in range");
	strbuf_addf(out, "%lld", (long long)value);
	return 0;
}

/* {"cpu":{"quota":1000},"pids":{"limit":3}}; nothing at all if no option was given. */
static int make_resources(const struct update_args *a, struct strbuf *out, struct err *e)
{
	const char *object = NULL;

	for (int i = 0; i < N_LIMITS; i++) {
		const struct limit *limit = &limits[i];
		int r;

		if (!a->values[i])
			continue;
		if (object && strcmp(object, limit->object) == 0)
			strbuf_add(out, ",");
		else
			strbuf_addf(out, "%s\"%s\":{", object ? "}," : "{", limit->object);
		object = limit->object;
		strbuf_addf(out, "\"%s\":", limit->key);
		r = add_value(out, limit, a->values[i], e);
		if (r < 0)
			return r;
	}
	if (object)
		strbuf_add(out, "}}");
	return 0;
}

static int run(struct call *call, struct err *e)
{
	const struct update_args *a = call->options;
	_cleanup_(strbuf_done) struct strbuf made = STRBUF_INIT;
	struct update_request request = {
		.l3_cache_schema = a->l3_cache_schema,
		.mem_bw_schema = a->mem_bw_schema,
	};
	_cleanup_free_ char *text = NULL;
	int r = make_resources(a, &made, e);

	if (r < 0)
		return r;
	if (!a->resources && made.len == 0 && !a->l3_cache_schema && !a->mem_bw_schema)
		return err_say(e, -EINVAL, "nothing to change: neither --resources nor a limit was given");
	if (a->resources && made.len > 0)
		return err_say(e, -EINVAL, "--resources and single limits cannot both be given");
	request.resources = made.text;
	request.n_resources = made.len;
	if (a->resources) {
		r = cmd_read_document(a->resources, &text, &request.n_resources, e);
		request.resources = text;
	}
	return r < 0 ? r : container_update(call->rt, call->args[0], &request, e);
}

const struct command cmd_update = {
	.name = "update",
	.synopsis = "[OPTIONS] ID",
	.summary = "change the resource limits of a container",
	.about = "The file is an object like linux.resources of config.json; what it does not name stays as it is.",
	.options = options,
	.options_size = sizeof(struct update_args),
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
