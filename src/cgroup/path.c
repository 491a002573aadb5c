/* SPDX-License-Identifier: Apache-2.0 */
/* Paths of cgroups as strings: see path.h.  Never looks at the machine. */
#include "cgroup/path.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

bool cgroup_path_needs_own(const struct cgroup_path_request *request)
{
	if (request->systemd || !request->rootless)
		return false;
	return str_empty(request->configured) || request->configured[0] != '/';
}

/* Append the components of path, which `what` has said, each with a slash before it; "." and empty ones are left
   out. */
static int add_components(struct strbuf *out, const char *path, const char *what, struct err *e)
{
	_cleanup_(strv_done) struct strv parts = STRV_INIT;

	strv_split(&parts, path, '/');
	for (size_t i = 0; i < parts.n; i++) {
		if (strcmp(parts.v[i], ".") == 0)
			continue;
		if (strcmp(parts.v[i], "..") == 0)
			return err_say(e, -EINVAL, "%s: \"%s\" must not contain \"..\"", what, path);
		if (strchr(parts.v[i], '\n'))
			return err_say(e, -EINVAL, "%s: must not contain a newline", what);
		strbuf_add(out, "/");
		strbuf_add(out, parts.v[i]);
	}
	return 0;
}

/* The second colon of "slice:prefix:name", or NULL: the path is not in that form. */
static const char *second_colon(const char *path)
{
	const char *first = strchr(path, ':');

	return first && !strchr(path, '/') ? strchr(first + 1, ':') : NULL;
}

static int place_directory(const struct cgroup_path_request *request, struct cgroup_place *ret_place, struct err *e)
{
	_cleanup_(strbuf_done) struct strbuf out = STRBUF_INIT;
	const char *configured = request->configured;
	int r;

	if (cgroup_path_needs_own(request) && request->own) {
		r = add_components(&out, request->own, "/proc/self/cgroup", e);
		if (r < 0)
			return r;
	}

	if (str_empty(configured)) {
		strbuf_addf(&out, "/ocirun-%s", request->id);
	} else if (second_colon(configured)) {
		return err_say(e, -EINVAL,
			       "linux.cgroupsPath: \"%s\" is in the form of the systemd cgroup manager, and this is the "
			       "cgroupfs manager; use --systemd-cgroup, or a path such as /parent/%s",
			       configured, request->id);
	} else {
		size_t before = out.len;

		r = add_components(&out, configured, "linux.cgroupsPath", e);
		if (r < 0)
			return r;
		if (out.len == before)
			return err_say(e, -EINVAL,
				       "linux.cgroupsPath: \"%s\" is the root of the hierarchy, which holds other processes",
				       configured);
	}
	ret_place->path = strbuf_take(&out);
	return 0;
}

char *cgroup_path_of_slice(const char *slice)
{
	_cleanup_(strbuf_done) struct strbuf out = STRBUF_INIT;
	const char *suffix = strrchr(slice, '.');

	if (!suffix || suffix == slice || strcmp(suffix, ".slice") != 0 || strchr(slice, '/'))
		return NULL;
	if (strcmp(slice, "-.slice") == 0)
		return xstrdup("");
	for (const char *dash = slice; dash; ) {
		dash = strchr(dash + 1, '-');
		/* "-a.slice", "a-.slice" and "a--b.slice" are no names. */
		if (slice[0] == '-' || (dash && (dash[1] == '-' || dash + 1 == suffix)))
			return NULL;
		strbuf_add(&out, "/");
		strbuf_add_mem(&out, slice, (size_t)((dash ? dash : suffix) - slice));
		strbuf_add(&out, ".slice");
	}
	return strbuf_take(&out);
}

/* "slice:prefix:name", or the default when nothing was configured. */
static int place_scope(const struct cgroup_path_request *request, struct cgroup_place *ret_place, struct err *e)
{
	_cleanup_free_ char *slice = NULL, *prefix = NULL, *name = NULL, *directory = NULL;
	const char *configured = request->configured;

	if (configured && strchr(configured, '\n'))
		return err_say(e, -EINVAL, "linux.cgroupsPath: must not contain a newline");
	if (str_empty(configured)) {
		prefix = xstrdup("ocirun");
		name = xstrdup(request->id);
	} else {
		const char *first = strchr(configured, ':'), *second = second_colon(configured);

		if (!second || strchr(second + 1, ':') || !second[1])
			return err_say(e, -EINVAL,
				       "linux.cgroupsPath: \"%s\": the systemd cgroup manager needs the form "
				       "slice:prefix:name, e.g. system.slice:ocirun:%s",
				       configured, request->id);
		slice = xstrndup(configured, (size_t)(first - configured));
		prefix = xstrndup(first + 1, (size_t)(second - first - 1));
		name = xstrdup(second + 1);
	}
	if (str_empty(slice)) {
		free(slice);
		slice = xstrdup(request->rootless ? "user.slice" : "system.slice");
	}

	directory = cgroup_path_of_slice(slice);
	if (!directory)
		return err_say(e, -EINVAL, "linux.cgroupsPath: \"%s\": \"%s\" is no name of a systemd slice",
			       str_empty(configured) ? "" : configured, slice);

	ret_place->scope = *prefix ? str_printf("%s-%s.scope", prefix, name) : str_printf("%s.scope", name);
	ret_place->path = str_printf("%s/%s", directory, ret_place->scope);
	ret_place->slice = TAKE_PTR(slice);
	return 0;
}

int cgroup_path_place(const struct cgroup_path_request *request, struct cgroup_place *ret_place, struct err *e)
{
	*ret_place = (struct cgroup_place){ NULL, NULL, NULL };
	return request->systemd ? place_scope(request, ret_place, e) : place_directory(request, ret_place, e);
}

void cgroup_place_done(struct cgroup_place *place)
{
	free(place->path);
	free(place->slice);
	free(place->scope);
	*place = (struct cgroup_place){ NULL, NULL, NULL };
}

int cgroup_path_below(const char *path, const char *below, const char *what, char **ret_path, struct err *e)
{
	_cleanup_(strbuf_done) struct strbuf out = STRBUF_INIT;
	int r;

	strbuf_add(&out, path);
	r = add_components(&out, below, what, e);
	if (r == 0)
		*ret_path = strbuf_take(&out);
	return r;
}

size_t cgroup_path_common(const char *a, const char *b)
{
	size_t common = 0, i = 0;

	for (;; i++) {
		bool end_a = !a[i] || a[i] == '/', end_b = !b[i] || b[i] == '/';

		if (end_a && end_b)
			common = i;
		if (!a[i] || a[i] != b[i])
			return common;
	}
}
