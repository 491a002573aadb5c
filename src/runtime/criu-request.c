/* SPDX-License-Identifier: Apache-2.0 */
/* The command line as a request to CRIU: see criu.h.  Pure, but for the files that are looked for. */
#include <fcntl.h>
#include <sched.h>
#include <string.h>

#include "base/str.h"
#include "base/wire.h"
#include "runtime/bundle.h"
#include "runtime/criu.h"

/* struct criu_opts of rpc.proto: those that are set here alone. */
enum {
	PAGE_SERVER = 11,
	PARENT_IMAGE = 14,
	EXT_MOUNT = 23,
	CGROUP_ROOT = 25,
	INHERIT_FD = 27,
	MANAGE_CGROUPS_MODE = 34,
	EMPTY_NS = 38,
	JOIN_NS = 39,
	LSM_PROFILE = 53,
	LSM_MOUNT_CONTEXT = 63,
	NETWORK_LOCK = 64,
};

#define FLAG(member_, field_) { offsetof(struct criu_options, member_), field_ }

static const struct {
	size_t offset;
	unsigned field;
} flags[] = {
	FLAG(leave_running, 3),    FLAG(ext_unix_sk, 4), FLAG(tcp_established, 5),    FLAG(shell_job, 7),
	FLAG(file_locks, 8),       FLAG(auto_dedup, 16), FLAG(link_remap, 18),        FLAG(tcp_skip_in_flight, 46),
	FLAG(lazy_pages, 48),      FLAG(tcp_close, 52),
};

struct word {
	const char *word;
	unsigned value;
};

static const struct word cgroup_modes[] = { /* enum criu_cg_mode */
	{ "ignore", 0 }, { "none", 1 }, { "props", 2 }, { "soft", 3 }, { "full", 4 }, { "strict", 5 }, { NULL, 0 },
};

static const struct word network_locks[] = { /* enum criu_network_lock_method */
	{ "iptables", 1 }, { "nftables", 2 }, { "skip", 3 }, { NULL, 0 },
};

static const struct word *find_word(const struct word *words, const char *word)
{
	while (words->word && strcmp(words->word, word) != 0)
		words++;
	return words->word ? words : NULL;
}

struct address {
	char *host;
	uint32_t port;
};

/* ADDRESS:PORT, the address with or without brackets. */
static int read_address(const char *text, struct address *ret_address)
{
	const char *colon = strrchr(text, ':');
	size_t n = colon ? (size_t)(colon - text) : 0;
	uint32_t port;

	if (n == 0 || str_to_u32(colon + 1, &port) < 0 || port == 0 || port > 65535)
		return -EINVAL;
	if (text[0] == '[' && text[n - 1] == ']') {
		text++;
		n -= 2;
	}
	*ret_address = (struct address){ .host = xstrndup(text, n), .port = port };
	return 0;
}

static bool is_writable(int fd)
{
	int mode = fcntl(fd, F_GETFL);

	return mode >= 0 && (mode & O_ACCMODE) != O_RDONLY;
}

int criu_check_options(const struct criu_options *options, struct err *e)
{
	struct address address = { .host = NULL };

	if (options->manage_cgroups_mode && !find_word(cgroup_modes, options->manage_cgroups_mode))
		return err_say(e, -EINVAL, "option '--manage-cgroups-mode': unknown mode '%s'",
			       options->manage_cgroups_mode);
	if (options->network_lock && !find_word(network_locks, options->network_lock))
		return err_say(e, -EINVAL, "option '--network-lock': unknown method '%s'", options->network_lock);
	if (options->page_server && read_address(options->page_server, &address) < 0)
		return err_say(e, -EINVAL, "option '--page-server': '%s' is not ADDRESS:PORT", options->page_server);
	free(address.host);
	if (options->parent_path && *options->parent_path == '/')
		return err_say(e, -EINVAL, "option '--parent-path': '%s' has to be relative to the image path",
			       options->parent_path);
	if (options->lsm_profile && !strchr(options->lsm_profile, ':'))
		return err_say(e, -EINVAL, "option '--lsm-profile': '%s' is not TYPE:LABEL (apparmor:NAME, selinux:LABEL)",
			       options->lsm_profile);
	if (options->status_fd && !is_writable((int)options->status_fd))
		return err_say(e, -EBADF, "option '--status-fd': descriptor %u is not open for writing", options->status_fd);
	if (options->pre_dump && options->lazy_pages)
		return err_say(e, -EINVAL, "--pre-dump and --lazy-pages exclude each other");
	return 0;
}

static void add_page_server(struct strbuf *opts, const char *text)
{
	struct address address = { .host = NULL };
	struct strbuf server = STRBUF_INIT;

	if (read_address(text, &address) < 0)
		return; /* criu_check_options() has refused it */
	wire_add_text(&server, 1, address.host);
	wire_add_number(&server, 2, address.port);
	wire_add_bytes(opts, PAGE_SERVER, server.text, server.len);
	strbuf_done(&server);
	free(address.host);
}

/* Whoever makes a network namespace by us and fills it by a hook (Docker does) fills that of the restored container
   too: what CRIU brought back as well would be in the way. */
bool criu_leaves_network(const struct oci_config *config)
{
	const struct oci_hooks *hooks = config->hooks;
	const struct oci_linux *lx = config->linux_;

	if (!hooks || hooks->n_prestart + hooks->n_create_runtime == 0)
		return false;
	for (size_t i = 0; lx && i < lx->n_namespaces; i++)
		if (lx->namespaces[i].type == OCI_NS_NETWORK)
			return str_empty(lx->namespaces[i].path);
	return false;
}

void criu_add_options(struct strbuf *opts, const struct criu_options *options, const struct oci_config *config,
		      const char *cgroups_mode)
{
	const char *mode = options->manage_cgroups_mode ? options->manage_cgroups_mode : cgroups_mode;

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (*(const bool *)((const char *)options + flags[i].offset))
			wire_add_number(opts, flags[i].field, true);
	if (options->page_server)
		add_page_server(opts, options->page_server);
	if (options->parent_path)
		wire_add_text(opts, PARENT_IMAGE, options->parent_path);
	if (options->parent_path || options->pre_dump)
		wire_add_number(opts, CRIU_TRACK_MEM, true);
	wire_add_number(opts, CRIU_MANAGE_CGROUPS, true);
	wire_add_number(opts, MANAGE_CGROUPS_MODE, find_word(cgroup_modes, mode)->value);
	if (options->empty_ns || criu_leaves_network(config))
		wire_add_number(opts, EMPTY_NS, CLONE_NEWNET);
	if (options->lsm_profile)
		wire_add_text(opts, LSM_PROFILE, options->lsm_profile);
	if (options->lsm_mount_context)
		wire_add_text(opts, LSM_MOUNT_CONTEXT, options->lsm_mount_context);
	if (options->network_lock)
		wire_add_number(opts, NETWORK_LOCK, find_word(network_locks, options->network_lock)->value);
}

static void add_pair(struct strbuf *opts, unsigned field, const char *first, const char *second)
{
	struct strbuf pair = STRBUF_INIT;

	wire_add_text(&pair, 1, first);
	wire_add_text(&pair, 2, second);
	wire_add_bytes(opts, field, pair.text, pair.len);
	strbuf_done(&pair);
}

void criu_add_ext_mount(struct strbuf *opts, const char *key, const char *value)
{
	add_pair(opts, EXT_MOUNT, key, value);
}

void criu_add_join_ns(struct strbuf *opts, const char *ns, const char *path)
{
	add_pair(opts, JOIN_NS, ns, path);
}

void criu_add_cgroup_root(struct strbuf *opts, const char *controllers, const char *path)
{
	add_pair(opts, CGROUP_ROOT, controllers, path);
}

void criu_add_inherit_fd(struct strbuf *opts, const char *key, int fd)
{
	struct strbuf pair = STRBUF_INIT;

	wire_add_text(&pair, 1, key);
	wire_add_number(&pair, 2, (uint64_t)fd);
	wire_add_bytes(opts, INHERIT_FD, pair.text, pair.len);
	strbuf_done(&pair);
}

/* An older CRIU passes over fields that it does not know, so that an option would be without effect in silence. */
unsigned criu_needed_version(const struct criu_options *options, const char **ret_option)
{
	*ret_option = NULL;
	if (options->network_lock) {
		*ret_option = "--network-lock";
		return 31700;
	}
	return 31600; /* the first whose RPC has all other fields (lsm_mount_context) */
}

char *criu_config_file(const struct oci_config *config)
{
	/* The others are what people have who come from these runtimes. */
	static const char *const files[] = {
		"/etc/criu/ocirun.conf", "/etc/criu/crun.conf", "/etc/criu/runc.conf",
	};
	const char *annotation = bundle_annotation(config, "org.criu.config");

	/* An empty one means: no file. */
	if (annotation)
		return *annotation ? xstrdup(annotation) : NULL;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (access(files[i], F_OK) == 0)
			return xstrdup(files[i]);
	return NULL;
}
