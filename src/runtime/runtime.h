/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the command line may ask of the runtime: one function per command.  All of them have
 * explained a failure in *e, which the caller prints once.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

enum rootless_mode { ROOTLESS_AUTO, ROOTLESS_TRUE, ROOTLESS_FALSE };

/* The global options. */
struct runtime {
	const char *root;           /* --root; NULL: the default of the user */
	const char *cgroup_manager; /* "cgroupfs", "systemd", "disabled"; NULL: cgroupfs */
	enum rootless_mode rootless;
};

struct create_options {
	const char *id;
	const char *bundle;         /* NULL: "." */
	const char *config;         /* NULL: config.json in the bundle */
	const char *console_socket; /* NULL: none */
	const char *pid_file;       /* NULL: none; relative to the caller's directory */
	const char *pidfd_socket;   /* NULL: none */
	unsigned preserve_fds;      /* descriptors 3..3+n-1 are handed through */
	bool no_pivot;
	bool no_new_keyring;
	bool detach;                /* run: return when the program runs */
	bool keep;                  /* run: keep the container after it ended */
};

struct exec_options {
	const char *id;
	const char *process;        /* --process FILE, or NULL: the container's process with the following */
	char *const *args;          /* NULL-terminated; with process: NULL */
	const char *cwd;
	const char *const *env;     /* "NAME=value", n_env of them, added */
	size_t n_env;
	const char *user;           /* "uid[:gid]" or names from the container's files */
	const uint32_t *additional_gids;
	size_t n_additional_gids;
	const char *const *caps;
	size_t n_caps;
	const char *apparmor;
	const char *process_label;
	const char *cgroup;         /* sub-group of the container's cgroup */
	const char *console_socket;
	const char *pid_file;
	const char *pidfd_socket;
	unsigned preserve_fds;
	bool tty;
	bool detach;
	bool no_new_privs;
	bool ignore_paused;
};

/* What checkpoint and restore have in common; most of it is CRIU's (criu(8)). */
struct criu_options {
	const char *image_path;          /* NULL: "checkpoint" */
	const char *work_path;           /* CRIU's log and other files; NULL: the image path */
	const char *parent_path;         /* of an earlier pre-dump, relative to the image path */
	const char *manage_cgroups_mode; /* NULL: "soft", or "ignore" (docs/ocirun.1.md) */
	const char *network_lock;        /* NULL: CRIU's default */
	const char *page_server;         /* ADDRESS:PORT */
	const char *empty_ns;            /* "network" */
	const char *lsm_profile;         /* TYPE:LABEL */
	const char *lsm_mount_context;
	unsigned status_fd;              /* 0: none; gets a NUL when the lazy pages are ready to be served */
	bool leave_running;
	bool pre_dump;
	bool tcp_established;
	bool tcp_skip_in_flight;
	bool tcp_close;
	bool ext_unix_sk;
	bool shell_job;
	bool file_locks;
	bool lazy_pages;
	bool auto_dedup;
	bool link_remap;
};

struct checkpoint_options {
	const char *id;
	struct criu_options criu;
};

struct restore_options {
	struct create_options create;
	struct criu_options criu;
};

/* One row of `list`. Strings are owned; container_list_free(). */
struct container_info {
	char *id, *status, *bundle, *created, *owner;
	pid_t pid;
};

/* Where containers are kept: --root, or /run/ocirun, or $XDG_RUNTIME_DIR/ocirun.  New memory. */
int runtime_root(const struct runtime *rt, char **ret_path, struct err *e);

int container_create(const struct runtime *rt, const struct create_options *options, struct err *e);
int container_start(const struct runtime *rt, const char *id, struct err *e);

/* *ret_status: the exit status of the program (128 + signal), 0 with detach. */
int container_run(const struct runtime *rt, const struct create_options *options, int *ret_status, struct err *e);
int container_exec(const struct runtime *rt, const struct exec_options *options, int *ret_status, struct err *e);

/* After an error with the code -EINTR has been told: end by the signal that was the reason, if it was one. */
void runtime_end_interrupted(void);

/* signal: a name or number; NULL: the image's stop signal, or SIGTERM. */
int container_kill(const struct runtime *rt, const char *id, const char *signal, bool all, struct err *e);
int container_delete(const struct runtime *rt, const char *id, bool force, struct err *e);

/* The state as JSON, new memory, without a newline at its end. */
int container_state(const struct runtime *rt, const char *id, char **ret_json, struct err *e);

/* All containers, by id. `ret_json` not NULL: also the same as a JSON array of states. */
int container_list(const struct runtime *rt, struct container_info **ret_infos, size_t *ret_n, char **ret_json,
		   struct err *e);
void container_list_free(struct container_info *infos, size_t n);

int container_pause(const struct runtime *rt, const char *id, struct err *e);
int container_resume(const struct runtime *rt, const char *id, struct err *e);

/* Save a running container's processes.  Unless they are to go on, the container is removed as by delete. */
int container_checkpoint(const struct runtime *rt, const struct checkpoint_options *options, struct err *e);

/* A new container from saved processes.  *ret_status: as container_run(). */
int container_restore(const struct runtime *rt, const struct restore_options *options, int *ret_status,
		      struct err *e);

/* Pids of all processes of the container, as the caller sees them; new memory. */
int container_ps(const struct runtime *rt, const char *id, pid_t **ret_pids, size_t *ret_n, struct err *e);

/* What update changes; what is NULL stays as it is. */
struct update_request {
	const char *resources; /* a linux.resources document; n bytes of JSON */
	size_t n_resources;
	const char *l3_cache_schema; /* as in linux.intelRdt */
	const char *mem_bw_schema;
};

/* All of it or, when something cannot be changed, nothing. */
int container_update(const struct runtime *rt, const char *id, const struct update_request *request, struct err *e);

/* Mount more into a running container, or unmount what was mounted in that way; all of it or nothing.  text: n_text
   bytes of JSON, an object with "mounts" as in config.json, of which remove looks at the destinations. */
int container_mounts_add(const struct runtime *rt, const char *id, const char *text, size_t n_text, struct err *e);
int container_mounts_remove(const struct runtime *rt, const char *id, const char *text, size_t n_text, struct err *e);

/* One mount that a container's processes see.  Strings are owned; container_mounts_free(). */
struct container_mount {
	char *destination, *type, *source;
	char *options;     /* of the mount */
	char *fs_options;  /* of its file system */
	char *propagation; /* as in mounts[]: "private", "shared", "slave", "shared,slave" or "unbindable" */
	char *from;        /* who made it: "root", "mounts[N]" of config.json, "added"; "": a default, or the container */
};

/* All of them, in the order of mountinfo. */
int container_mounts_list(const struct runtime *rt, const char *id, struct container_mount **ret_mounts, size_t *ret_n,
			  struct err *e);
void container_mounts_free(struct container_mount *mounts, size_t n);

struct events_options {
	const char *id;
	int64_t interval_ns; /* between two statistics; 0: tell them once and return */
	int reader_fd;       /* where the events go in the end: without a reader there it is over */
	int (*emit)(const char *json, void *ctx, struct err *e); /* called with each event, one JSON object */
	void *ctx;
};

/* Statistics at each interval, and times when memory ran out, until the container ends. */
int container_events(const struct runtime *rt, const struct events_options *options, struct err *e);

/* What is compiled in, as the specification's features document. New memory. */
char *runtime_features(void);

/* A config.json to begin with. New memory. */
char *runtime_spec(bool rootless);
