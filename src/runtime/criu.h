/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRIU as a program: `criu swrk 3` is started with a socket, gets one request and talks until it is done
 * (criu.org/RPC).  Requests are protocol buffers, which criu-request.c writes; what they say about containers is
 * for checkpoint.c and restore.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"
#include "libocispec-lite/ocispec-lite.h"
#include "runtime/ids.h"
#include "runtime/runtime.h"

/* ---- the options of a request (struct criu_opts of CRIU's rpc.proto) ---- */

/* Numbers of the fields that are set outside of criu-request.c. */
enum criu_field {
	CRIU_IMAGES_DIR_FD = 1,
	CRIU_PID = 2,
	CRIU_LOG_LEVEL = 9,
	CRIU_LOG_FILE = 10,
	CRIU_NOTIFY_SCRIPTS = 12,
	CRIU_ROOT = 13,
	CRIU_TRACK_MEM = 15,
	CRIU_WORK_DIR_FD = 17,
	CRIU_MANAGE_CGROUPS = 24,
	CRIU_RST_SIBLING = 26,
	CRIU_EVASIVE_DEVICES = 6,
	CRIU_EXTERNAL = 37,
	CRIU_FREEZE_CGROUP = 44,
	CRIU_ORPHAN_PTS_MASTER = 50,
	CRIU_CONFIG_FILE = 51,
	CRIU_CGROUP_YARD = 60,
};

/* Judge what the command line says; nothing is touched. */
int criu_check_options(const struct criu_options *options, struct err *e);

/* Add what the command line says (checked), each as one field; cgroups_mode is for who says nothing about cgroups. */
void criu_add_options(struct strbuf *opts, const struct criu_options *options, const struct oci_config *config,
		      const char *cgroups_mode);

/* Whether the network namespace is made empty at restore, for hooks to fill.  Pure. */
bool criu_leaves_network(const struct oci_config *config);

/* Messages of two members, by their names in rpc.proto. */
void criu_add_ext_mount(struct strbuf *opts, const char *key, const char *value);
void criu_add_join_ns(struct strbuf *opts, const char *ns, const char *path);
void criu_add_inherit_fd(struct strbuf *opts, const char *key, int fd);
void criu_add_cgroup_root(struct strbuf *opts, const char *controllers, const char *path);

/* CRIU's version as 10000 * major + 100 * minor that the options need. */
unsigned criu_needed_version(const struct criu_options *options, const char **ret_option);

/* ---- where the files are ---- */

struct criu_dirs {
	char *images_path, *work_path;
	int images, work;
	bool images_new; /* not there before */
};

#define CRIU_DIRS_INIT { .images = -EBADF, .work = -EBADF }

/* Open them, and make those that are missing with all their parents: memory of processes is in there, so with
   mode 0700.  With `exists` the images have to be there. */
int criu_open_dirs(const struct criu_options *options, bool exists, struct criu_dirs *ret_dirs, struct err *e);

/* If their directory was made here: let the root of the container's user namespace find the images, by its group.  CRIU
   opens some of them when it is nobody else any more, and others before. */
int criu_share_images(const struct criu_dirs *dirs, const struct oci_config *config, const struct ids_caller *caller,
		    struct err *e);
void criu_dirs_done(struct criu_dirs *dirs);

/* -EBADMSG when memory is missing in the images, as in half a copy; all else that is wrong with them CRIU tells. */
int criu_check_images(const struct criu_dirs *dirs, struct err *e);

/* What a pagemap-*.img (n bytes) says: the number of its file of pages, and how many of them are in there.  -EBADMSG. */
int criu_count_pages(const char *pagemap, size_t n, uint64_t *ret_id, uint64_t *ret_pages);

/* The file of the annotation org.criu.config, or the first that is there of /etc/criu/ocirun.conf, crun.conf,
   runc.conf; new memory, NULL: none. */
char *criu_config_file(const struct oci_config *config);

/* ---- the program ---- */

struct criu {
	int sock;
	pid_t pid;
	int pidfd;
	int said;        /* what it said on stdout and stderr */
	unsigned version;
};

#define CRIU_INIT { .sock = -EBADF, .pidfd = -EBADF, .said = -EBADF }

#define CRIU_IMAGES_FD 4
#define CRIU_WORK_FD 5
#define CRIU_FIRST_FD 6 /* descriptors to inherit have the numbers from here on in CRIU */

struct criu_start {
	const struct criu_dirs *dirs;
	const int *inherit; /* borrowed */
	size_t n_inherit;
	const char *private_root; /* run in a mount namespace of its own, in which this directory is a mount */
	int (*prepare)(void *ctx, struct err *e); /* called in there, if not NULL */
	/* Make the process; as spawn_clone().  NULL: a plain one. */
	pid_t (*spawn)(void *ctx, int *ret_pidfd);
	void *ctx;
};

/* Start it and ask for its version. */
int criu_start(const struct criu_start *start, struct criu *ret_criu, struct err *e);

/* What it printed, as one line: why it did not even start.  New memory. */
char *criu_said(const struct criu *criu);

/* Is it new enough for what the command line wants?  An old one ignores what it does not know. */
int criu_check_version(const struct criu *criu, const struct criu_options *options, struct err *e);
void criu_done(struct criu *criu);

/* 10000 * major + 100 * minor + sublevel; 0: so old that it does not say.  -EPIPE: it has ended. */
int criu_ask_version(const struct criu *criu, unsigned *ret_version);

enum criu_type { CRIU_DUMP = 1, CRIU_RESTORE = 2, CRIU_SINGLE_PRE_DUMP = 13 };

/* Something happens now: a "script" in CRIU's words. */
struct criu_notice {
	const char *script;
	pid_t pid; /* of the first process; 0: not said */
	int fd;    /* that came with it, owned by who is told; -EBADF: none */
};

struct criu_call {
	enum criu_type type;
	const struct strbuf *opts;
	const struct criu_dirs *dirs; /* those of criu_start() */
	const char *log; /* its name in the work directory */
	int (*notify)(void *ctx, struct criu_notice *notice, struct err *e); /* a failure makes CRIU undo all */
	void *ctx;
};

/* Send the request and see it through.  -EINTR: a signal (interrupt_block()) asked us to end, and CRIU was ended: during a
   restore, or while it only hands out lazy pages; otherwise no signal is looked for.  *ret_pid: of the restored process. */
int criu_call(struct criu *criu, const struct criu_call *call, pid_t *ret_pid, struct err *e);

/* Write why the call failed, `message` is CRIU's own word for it or NULL; -EIO. */
int criu_explain(const struct criu *criu, const struct criu_call *call, const char *message, struct err *e);

/* The last errors of CRIU's log (n bytes of text), as they go into a message; new memory, "" if there are none. */
char *criu_log_errors(const char *text, size_t n);
