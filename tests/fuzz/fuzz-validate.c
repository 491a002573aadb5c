/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any config.json or process document through everything that judges it before something is made: what is refused
 * has a reason, what is accepted keeps the promises that later stages rely on.  The first byte chooses the document.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/str.h"
#include "cgroup/check.h"
#include "mount/plan.h"
#include "mount/rootlayers.h"
#include "runtime/bundle.h"
#include "runtime/plan.h"
#include "runtime/validate.h"
#include "seccomp/seccomp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static void check(int r, const struct err *e)
{
	require(r <= 0, "a count");
	require(r == 0 || (e->code < 0 && *e->text && strnlen(e->text, ERR_TEXT_MAX) < ERR_TEXT_MAX), "an error without words");
}

static void ignore_log(enum log_level level, const char *text, void *ctx)
{
	(void)level;
	(void)text;
	(void)ctx;
}

static void check_mounts(const struct oci_config *config)
{
	struct err e = ERR_INIT;
	struct mount_plan plan;

	int r = mount_plan_make(config, "/bundle", &plan, &e);

	check(r, &e);
	for (size_t i = 0; r == 0 && i < plan.n_entries; i++)
		require(plan.entries[i].clean && *plan.entries[i].clean == '/' && *plan.entries[i].destination == '/',
			"a destination that is not absolute");
	mount_plan_done(&plan);
}

static void check_layers(const struct oci_config *config)
{
	struct err e = ERR_INIT;
	struct rootlayers layers;

	if (!config->root || !rootlayers_wanted(config))
		return;
	check(rootlayers_read(config, "/bundle", &layers, &e), &e);
	rootlayers_done(&layers);
}

static void check_namespaces(const struct oci_config *config)
{
	for (int add_user = 0; add_user < 2; add_user++) {
		struct err e = ERR_INIT;
		struct ns_plan plan;
		int r = plan_namespaces(config, add_user, &plan, &e);

		check(r, &e);
		require(r < 0 || plan.n_join <= OCI_NS_TYPES, "more namespaces than there are");
		require(r < 0 || !(plan.user_made && plan.user_joined), "a user namespace that is made and joined");
	}
}

static void check_linux(const struct oci_linux *lx)
{
	struct err e = ERR_INIT;

	if (lx && lx->resources)
		check(check_resources(lx->resources, &e), &e);
	e = (struct err)ERR_INIT;
	if (lx && lx->seccomp)
		check(seccomp_check(lx->seccomp, "linux.seccomp", &e), &e);
}

static void check_config(const struct oci_config *config)
{
	struct err e = ERR_INIT;
	int r = validate_config(config, &e);

	check(r, &e);
	check_mounts(config);
	check_layers(config);
	check_linux(config->linux_);
	if (r == 0)
		check_namespaces(config);
}

static void check_process(const struct oci_process *process)
{
	struct err e = ERR_INIT;
	int r = validate_process(process, "process", &e);

	check(r, &e);
	require(r < 0 || (process->n_args > 0 && process->args[0] && process->cwd && *process->cwd == '/'),
		"a process that cannot be executed");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(bundle_document_done) struct bundle_document document = { .root = NULL };
	struct err e = ERR_INIT;
	bool process;

	if (size == 0)
		return 0;
	log_redirect(ignore_log, NULL);
	process = data[0] == 'p';
	if (bundle_parse((const char *)data + 1, size - 1, "document", process ? LITE_PROCESS : LITE_CONFIG, &document, &e) < 0)
		require(*e.text, "an error without words");
	else if (process)
		check_process(document.root);
	else
		check_config(document.root);
	return 0;
}
