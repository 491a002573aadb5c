/* SPDX-License-Identifier: Apache-2.0 */
/* The document for the seccomp agent; the sending is seccomp/'s. */
#include "runtime/listener.h"

#include <errno.h>

#include "base/cleanup.h"
#include "runtime/filter.h"
#include "seccomp/seccomp.h"

int listener_hand_over(const struct oci_config *config, const struct state_document *document, enum oci_status status,
		       int64_t pid, int fd, struct err *e)
{
	static const char *const fds[] = { "seccompFd", NULL };
	const struct oci_seccomp *profile = config->linux_ ? config->linux_->seccomp : NULL;
	const char *path = filter_listener_path(config, document->seccomp_receiver);
	const struct oci_state state = {
		.oci_version = document->oci_version,
		.id = document->id,
		.status = status,
		.pid = &document->pid,
		.bundle = document->bundle,
		.annotations = document->annotations,
		.n_annotations = document->n_annotations,
	};
	const struct oci_container_process_state process = {
		.oci_version = document->oci_version,
		.fds = fds,
		.n_fds = 1,
		.pid = pid,
		.metadata = profile ? profile->listener_metadata : NULL,
		.state = &state,
	};
	_cleanup_free_ char *text = NULL;
	size_t n;

	if (!path)
		return err_say(e, -EINVAL, "linux.seccomp.listenerPath: missing, while the profile notifies");
	text = lite_print(LITE_CONTAINER_PROCESS_STATE, &process, LITE_COMPACT, &n);
	if (!text)
		return err_set(e, -ENOMEM, "linux.seccomp.listenerPath");
	return seccomp_send_listener(path, fd, text, n, e);
}
