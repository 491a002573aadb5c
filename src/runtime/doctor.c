/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `doctor`: each question is a small configuration, and the answer is what create says to it, with the cause and the
 * remedy that a user would get.  So there is no second opinion here about what a kernel or a machine can do.
 */
#include "runtime/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/str.h"
#include "runtime/ids.h"
#include "runtime/selfexe.h"

/* Who a question is for. */
enum who { EVERYBODY, ROOT };

static const struct question {
	const char *name, *what;
	const char *namespaces; /* besides pid and mount */
	const char *mounts;     /* elements of mounts[]; paths are relative to the bundle */
	const char *linux_;     /* more members of linux */
	const char *annotations;
	enum who who;
	bool needed;            /* without it nothing else can be asked */
	int expected;           /* an error that is as good as none */
} questions[] = {
	{ .name = "containers", .what = "processes with mounts and process ids of their own", .needed = true },
	{ .name = "proc", .what = "a /proc of the container's own",
	  .mounts = "{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"}" },
	{ .name = "network", .what = "a network of the container's own, and the /sys for it",
	  .namespaces = "{\"type\":\"network\"}",
	  .mounts = "{\"destination\":\"/sys\",\"type\":\"sysfs\",\"source\":\"sysfs\",\"options\":[\"ro\"]}" },
	{ .name = "user namespace", .what = "root in the container is nobody on the host",
	  .namespaces = "{\"type\":\"user\"}",
	  .linux_ = "\"uidMappings\":[{\"containerID\":0,\"hostID\":100000,\"size\":65536}],"
		    "\"gidMappings\":[{\"containerID\":0,\"hostID\":100000,\"size\":65536}]",
	  .who = ROOT },
	{ .name = "overlay", .what = "images that are not written to, with an upper directory here",
	  .mounts = "{\"destination\":\"/overlay\",\"type\":\"overlay\",\"source\":\"overlay\","
		    "\"options\":[\"lowerdir=lower\",\"upperdir=upper\",\"workdir=work\"]}" },
	{ .name = "overlay root", .what = "a root whose changes are forgotten",
	  .annotations = "\"org.ocirun.rootfs.overlay.upper\":\"tmpfs\"" },
	/* The server ends at once: by then the device was opened, and mounted. */
	{ .name = "fuse", .what = "FUSE mounts and image files",
	  .mounts = "{\"destination\":\"/fuse\",\"type\":\"fuse.doctor\",\"source\":\"none\"}",
	  .annotations = "\"org.ocirun.fuse.program.doctor\":\"/bin/true\"", .expected = -ENOTCONN },
	{ .name = "shifted ids, tmpfs", .what = "uidMappings and gidMappings of a new tmpfs",
	  .mounts = "{\"destination\":\"/tmpfs\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":"
		    "[\"idmap=uids=@1-0-1;gids=@1-0-1\"]}" },
	{ .name = "shifted ids, volume", .what = "uidMappings and gidMappings of files that lie here",
	  .mounts = "{\"destination\":\"/volume\",\"type\":\"bind\",\"source\":\"lower\",\"options\":"
		    "[\"bind\",\"idmap=uids=@1-0-1;gids=@1-0-1\"]}" },
	{ .name = "memory limit", .what = "linux.resources.memory",
	  .linux_ = "\"resources\":{\"memory\":{\"limit\":104857600}}" },
	{ .name = "cpu limit", .what = "linux.resources.cpu, quota and shares",
	  .linux_ = "\"resources\":{\"cpu\":{\"quota\":50000,\"period\":100000}}" },
	{ .name = "cpuset", .what = "linux.resources.cpu, cpus and mems",
	  .linux_ = "\"resources\":{\"cpu\":{\"cpus\":\"0\"}}" },
	{ .name = "pids limit", .what = "linux.resources.pids", .linux_ = "\"resources\":{\"pids\":{\"limit\":100}}" },
	{ .name = "landlock", .what = "org.ocirun.landlock.*, all kinds",
	  .annotations = "\"org.ocirun.landlock.read\":\"/\",\"org.ocirun.landlock.connect\":\"\","
			 "\"org.ocirun.landlock.scope\":\"signal\"" },
};

/* One use of the command. */
struct doctor {
	struct runtime rt; /* with a state root of our own */
	char *directory;   /* the bundle; the state root is in it */
	const char *id;    /* of its containers: its name, so that several can be asked at once */
	struct ids_caller caller;
	void (*tell)(void *ctx, const struct doctor_finding *finding);
	void *ctx;
};

static char *make_config(const struct question *q)
{
	struct strbuf out = STRBUF_INIT;

	strbuf_addf(&out, "{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"rootfs\"},\"mounts\":[%s],",
		    q->mounts ? q->mounts : "");
	strbuf_addf(&out, "\"annotations\":{%s},\"linux\":{", q->annotations ? q->annotations : "");
	strbuf_addf(&out, "\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"mount\"}%s%s]%s%s}}", q->namespaces ? "," : "",
		    q->namespaces ? q->namespaces : "", q->linux_ ? "," : "", q->linux_ ? q->linux_ : "");
	return strbuf_take(&out);
}

/* What create says; *e is an answer, and no failure of ours. */
static int try(const struct doctor *d, const struct question *q, struct err *e)
{
	const struct create_options options = { .id = d->id, .bundle = d->directory };
	_cleanup_free_ char *config = make_config(q), *path = str_printf("%s/config.json", d->directory);
	struct err second = ERR_INIT;
	int r = fdio_put_file(AT_FDCWD, path, config, strlen(config), 0600);

	if (r < 0)
		return err_set(e, r, "%s", path);
	r = container_create(&d->rt, &options, e);
	if (r < 0)
		return r;
	r = container_delete(&d->rt, d->id, true, &second);
	if (r < 0)
		*e = second;
	return r;
}

static bool ask(const struct doctor *d, const struct question *q)
{
	struct err e = ERR_INIT;
	int r = try(d, q, &e);
	bool works = r >= 0 || (q->expected && r == q->expected);
	const struct doctor_finding finding = {
		.name = q->name,
		.what = q->what,
		.works = works,
		.needed = q->needed,
		.why = works ? NULL : e.text,
	};

	d->tell(d->ctx, &finding);
	return works;
}

/* No error of create: it does with the own id what it can. */
static void ask_subordinate_ids(const struct doctor *d)
{
	const struct oci_config none = { .linux_ = NULL };
	struct doctor_finding finding = {
		.name = "subordinate ids",
		.what = "more than one user in a container",
		.why = "/etc/subuid and /etc/subgid have no range for you, or newuidmap and newgidmap are not installed: "
		       "containers have your own id alone; usermod --add-subuids and --add-subgids, package uidmap",
	};
	struct err e = ERR_INIT;
	struct ids_plan plan;

	if (d->caller.privileged)
		return;
	if (ids_make_plan(&none, &d->caller, &plan, &e) < 0) {
		finding.why = e.text;
	} else {
		finding.works = plan.uids.n_extents > 1;
		ids_plan_done(&plan);
	}
	if (finding.works)
		finding.why = NULL;
	d->tell(d->ctx, &finding);
}

static int make_directories(struct doctor *d, const char *below, struct err *e)
{
	static const char *const names[] = { "rootfs", "lower", "upper", "work" };
	_cleanup_free_ char *template = str_printf("%s/ocirun-doctor.XXXXXX", below);

	if (!mkdtemp(template))
		return err_set(e, -errno, "make a directory in %s", below);
	d->directory = realpath(template, NULL);
	if (!d->directory)
		return err_set(e, -errno, "%s", template);
	d->id = strrchr(d->directory, '/') + 1;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = str_printf("%s/%s", d->directory, names[i]);

		if (mkdir(path, 0755) < 0)
			return err_set(e, -errno, "make %s", path);
	}
	d->rt.root = str_printf("%s/state", d->directory);
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path) < 0 && errno != ENOENT ? -errno : 0;
}

/* No link is followed, and no mount is entered: there is none left. */
static int remove_directories(const struct doctor *d, struct err *e)
{
	int r = d->directory ? nftw(d->directory, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) : 0;

	return r != 0 ? err_set(e, r == -1 ? -errno : r, "remove %s", d->directory) : 0;
}

int runtime_doctor(const struct runtime *rt, const char *directory, void (*tell)(void *ctx, const struct doctor_finding *),
		   void *ctx, struct err *e)
{
	const char *tmp = getenv("TMPDIR");
	struct doctor d = { .rt = *rt, .tell = tell, .ctx = ctx };
	struct err second = ERR_INIT;
	int r;

	/* It may execute us once more, and is needed for the worst of the questions: before anything is made. */
	r = selfexe_protect(NULL, e);
	if (r < 0)
		return r;
	ids_probe(rt->rootless, &d.caller);
	ask_subordinate_ids(&d);
	r = make_directories(&d, directory ? directory : str_empty(tmp) ? "/tmp" : tmp, e);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(questions); i++) {
		if (questions[i].who == ROOT && !d.caller.privileged)
			continue;
		if (!ask(&d, &questions[i]) && questions[i].needed)
			break;
	}
	if (remove_directories(&d, &second) < 0 && r == 0) {
		*e = second;
		r = second.code;
	}
	if (d.rt.root != rt->root)
		free((char *)(uintptr_t)d.rt.root);
	free(d.directory);
	return r;
}
