/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of resctrl's schemata: see rdt-schema.h. */
#include "runtime/rdt-schema.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"

char *rdt_schema_combine(const char *l3_cache_schema, const char *mem_bw_schema)
{
	_cleanup_(strv_done) struct strv lines = STRV_INIT;
	struct strbuf text = STRBUF_INIT;

	if (str_empty(l3_cache_schema) && str_empty(mem_bw_schema))
		return NULL;
	if (!str_empty(l3_cache_schema))
		strv_split(&lines, l3_cache_schema, '\n');
	for (size_t i = 0; i < lines.n; i++)
		if (str_empty(mem_bw_schema) || !str_starts(lines.v[i], "MB:"))
			strbuf_addf(&text, "%s\n", lines.v[i]);
	if (!str_empty(mem_bw_schema))
		strbuf_addf(&text, "%s\n", mem_bw_schema);
	return strbuf_take(&text);
}

char *rdt_schema_join(const char *const *schemata, size_t n)
{
	struct strbuf text = STRBUF_INIT;

	if (n == 0)
		return NULL;
	for (size_t i = 0; i < n; i++)
		strbuf_addf(&text, "%s\n", schemata[i]);
	return strbuf_take(&text);
}

/* "L3", "0", "f": three strings that the owner of the list frees. */
struct value {
	char *resource, *domain, *setting;
};

struct values {
	struct value *v;
	size_t n;
};

static void values_done(struct values *values)
{
	for (size_t i = 0; i < values->n; i++) {
		free(values->v[i].resource);
		free(values->v[i].domain);
		free(values->v[i].setting);
	}
	free(values->v);
}

static struct value *find(const struct values *values, const char *resource, const char *domain)
{
	for (size_t i = 0; i < values->n; i++)
		if (strcmp(values->v[i].resource, resource) == 0 && strcmp(values->v[i].domain, domain) == 0)
			return &values->v[i];
	return NULL;
}

/* A copy without blanks around it. */
static char *trim(const char *text, size_t n)
{
	while (n > 0 && strchr(" \t", *text)) {
		text++;
		n--;
	}
	while (n > 0 && strchr(" \t", text[n - 1]))
		n--;
	return xstrndup(text, n);
}

static void add_value(struct values *values, const char *resource, const char *text)
{
	size_t n_domain = strcspn(text, "=");
	const char *setting = text[n_domain] ? text + n_domain + 1 : "";
	_cleanup_free_ char *domain = trim(text, n_domain);
	struct value *v = find(values, resource, domain);

	if (v) {
		free(v->setting);
		v->setting = trim(setting, strlen(setting));
		return;
	}
	values->v = xrealloc(values->v, values->n + 1, sizeof(*values->v));
	values->v[values->n++] =
		(struct value){ xstrdup(resource), TAKE_PTR(domain), trim(setting, strlen(setting)) };
}

static void parse(const char *text, struct values *ret_values)
{
	_cleanup_(strv_done) struct strv lines = STRV_INIT;

	strv_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.n; i++) {
		_cleanup_(strv_done) struct strv domains = STRV_INIT;
		size_t n_resource = strcspn(lines.v[i], ":");
		_cleanup_free_ char *resource = trim(lines.v[i], n_resource);

		if (lines.v[i][n_resource])
			strv_split(&domains, lines.v[i] + n_resource + 1, ';');
		/* A line that names no domain asks for something that no group has. */
		if (domains.n == 0)
			add_value(ret_values, resource, "");
		for (size_t k = 0; k < domains.n; k++)
			add_value(ret_values, resource, domains.v[k]);
	}
}

/* The kernel pads masks with zeros and percentages with blanks, and takes "0x" before a mask. */
static bool same_setting(const char *a, const char *b)
{
	if (strncasecmp(a, "0x", 2) == 0)
		a += 2;
	if (strncasecmp(b, "0x", 2) == 0)
		b += 2;
	while (*a == '0' && a[1])
		a++;
	while (*b == '0' && b[1])
		b++;
	return strcasecmp(a, b) == 0;
}

char *rdt_schema_difference(const char *wanted, const char *actual)
{
	_cleanup_(values_done) struct values want = { NULL, 0 }, have = { NULL, 0 };

	parse(wanted, &want);
	parse(actual, &have);
	for (size_t i = 0; i < want.n; i++) {
		const struct value *v = &want.v[i], *other = find(&have, v->resource, v->domain);

		if (!other || !same_setting(v->setting, other->setting))
			return str_printf("%s:%s=%s", v->resource, v->domain, v->setting);
	}
	return NULL;
}

int rdt_schema_check_bandwidth(const char *schema, const char *name, struct err *e)
{
	if (str_starts(schema, "MB:") && !strchr(schema, '\n'))
		return 0;
	return err_say(e, -EINVAL, "%s: has to be one line that begins with MB:", name);
}

int rdt_schema_check(const struct oci_intel_rdt *rdt, struct err *e)
{
	for (size_t i = 0; i < rdt->n_schemata; i++)
		if (!*rdt->schemata[i] || strchr(rdt->schemata[i], '\n'))
			return err_say(e, -EINVAL, "linux.intelRdt.schemata[%zu]: has to be one line", i);
	if (str_empty(rdt->mem_bw_schema))
		return 0;
	return rdt_schema_check_bandwidth(rdt->mem_bw_schema, "linux.intelRdt.memBwSchema", e);
}
