/* SPDX-License-Identifier: Apache-2.0 */
/* The annotations about the root: read, judged, and numbered, with no system call. */
#include "mount/rootlayers.h"

#include <errno.h>

#include "mount/rootfs.h"
#include "tests/unit/test.h"

#define O ROOTLAYERS_PREFIX

#define MAX_PAIRS 4

struct row {
	const char *pairs[2 * MAX_PAIRS]; /* key, value, ... */
	const char *expected;             /* the error, or what describe() says */
};

static size_t fill(const struct row *row, struct oci_pair *annotations)
{
	size_t n = 0;

	for (; n < MAX_PAIRS && row->pairs[2 * n]; n++)
		annotations[n] = (struct oci_pair){ .key = row->pairs[2 * n], .value = row->pairs[2 * n + 1] };
	return n;
}

/* "lower: A B; upper: U work: W tmpfs size: S volatile idmap" */
static char *describe(const struct rootlayers *layers)
{
	struct strbuf text = STRBUF_INIT;

	strbuf_add(&text, "lower:");
	for (size_t i = 0; i < layers->lower.n; i++)
		strbuf_addf(&text, " %s", layers->lower.v[i]);
	if (layers->upper)
		strbuf_addf(&text, " upper: %s work: %s", layers->upper, layers->work);
	strbuf_addf(&text, "%s%s%s%s%s", layers->upper_tmpfs ? " tmpfs" : "", layers->size ? " size: " : "",
		    layers->size ? layers->size : "", layers->is_volatile ? " volatile" : "", layers->idmap ? " idmap" : "");
	return strbuf_take(&text);
}

static const struct row good[] = {
	{ { ROOTLAYERS_IMAGE, "a.img" }, "lower: /b/a.img" },
	{ { ROOTLAYERS_IMAGE, "/a.img", O "upper", "tmpfs" }, "lower: /a.img tmpfs" },
	{ { O "upper", "tmpfs", O "size", "1m" }, "lower: /b/root tmpfs size: 1m" },
	{ { O "upper", "up", O "work", "/w" }, "lower: /b/root upper: /b/up work: /w" },
	{ { O "lower", "x:/y:z" }, "lower: /b/x /y /b/z" },
	{ { O "lower", "::x:" }, "lower: /b/x" },
	{ { O "lower", "a\\:b:c\\\\d:e\\" }, "lower: /b/a:b /b/c\\d /b/e\\" },
	{ { O "volatile", "false", O "idmap", "false" }, "lower: /b/root" },
	{ { O "volatile", "true", O "upper", "tmpfs" }, "lower: /b/root tmpfs volatile" },
	{ { O "idmap", "true" }, "lower: /b/root idmap" },
};

static const struct row bad[] = {
	{ { O "uper", "x" },
	  "annotation " O "uper: unknown (after " O " one of: lower, upper, work, size, volatile, idmap)" },
	{ { ROOTLAYERS_IMAGE, "a", O "lower", "b" },
	  ROOTLAYERS_IMAGE " and " O "lower are both there; name the image among the layers of the latter" },
	{ { ROOTLAYERS_IMAGE, "" }, ROOTLAYERS_IMAGE ": is empty, and should name an image file" },
	{ { O "lower", "" }, O "lower: names no directory" },
	{ { O "lower", "::" }, O "lower: names no directory" },
	{ { O "upper", "" }, O "upper: is empty, and should be a directory or the word tmpfs" },
	{ { O "upper", "u" },
	  O "work: is missing: an overlay needs an empty directory of its own on the file system of its upper; "
	    "mkdir u.work, and add the annotation with this path" },
	{ { O "work", "w" }, O "work: is for an upper that is a directory, and names one" },
	{ { O "upper", "tmpfs", O "work", "w" }, O "work: is for an upper that is a directory, and names one" },
	{ { O "upper", "u", O "work", "" }, O "work: is for an upper that is a directory, and names one" },
	{ { O "size", "1m" }, O "size: is for an upper that is a tmpfs" },
	{ { O "volatile", "yes" }, O "volatile: \"yes\" is neither true nor false" },
	{ { O "idmap", "" }, O "idmap: \"\" is neither true nor false" },
	{ { O "volatile", "true" }, O "volatile: is about changes, and without " O "upper there can be none" },
};

static void test_rows(const struct row *rows, size_t n, int expected)
{
	struct oci_root root = { .path = "root" };

	for (size_t i = 0; i < n; i++) {
		struct oci_pair annotations[MAX_PAIRS];
		const struct oci_config config = { .root = &root, .annotations = annotations,
						   .n_annotations = fill(&rows[i], annotations) };
		_cleanup_free_ char *text = NULL;
		struct rootlayers layers;
		struct err e = ERR_INIT;
		int r = rootlayers_read(&config, "/b", &layers, &e);

		CHECK(r == expected, "%s: %s", rows[i].pairs[0], expected < 0 ? "refused" : "taken");
		text = r < 0 ? xstrdup(e.text) : describe(&layers);
		CHECK_STR(text, rows[i].expected);
		CHECK(rootlayers_wanted(&config), "the root is another one");
		CHECK(r < 0 || rootlayers_writable(&layers) == (layers.upper || layers.upper_tmpfs), "writable with an upper");
		rootlayers_done(&layers);
	}
}

static void test_others(void)
{
	struct oci_pair other = { .key = "org.ocirun.rootfs.overlays", .value = "x" };
	const struct oci_config config = { .annotations = &other, .n_annotations = 1 };

	CHECK(!rootlayers_wanted(&config), "another annotation is none of these");
}

/* One number stands for everything that init may ask the runtime for. */
static void test_numbers(void)
{
	for (size_t n = 0; n < ROOTFS_MAX_LAYERS; n++) {
		size_t of_root = rootlayers_index(n), of_mount = rootfs_source_layer(99999, n);

		if (rootlayers_of_index(of_root) != n || of_root >> ROOTFS_SOURCE_LAYER_SHIFT <= ROOTFS_MAX_LAYERS ||
		    of_mount >> ROOTFS_SOURCE_LAYER_SHIFT != n + 1 || (int64_t)of_root != (int64_t)(size_t)(int64_t)of_root) {
			CHECK(false, "the number of layer %zu comes back", n);
			return;
		}
	}
	CHECK(true, "the numbers of layers come back, and those of the root are no others'");
	CHECK(rootlayers_index(0) < ROOTFS_SOURCE_OVERLAY && ROOTFS_SOURCE_OVERLAY < ROOTFS_SOURCE_ROOT,
	      "nor those of the root itself");
}

int main(void)
{
	test_rows(good, ARRAY_SIZE(good), 0);
	test_rows(bad, ARRAY_SIZE(bad), -EINVAL);
	test_others();
	test_numbers();
	return test_done();
}
