/* SPDX-License-Identifier: Apache-2.0 */
/* The seccomp agent gets the notification descriptor (config-linux.md, "The Container Process
   State"). */
#include "seccomp/seccomp.h"

#include <errno.h>

#include "base/cleanup.h"
#include "kernel/sock.h"

int seccomp_send_listener(const char *listener_path, int notify_fd, const char *state,
			  size_t n_state, struct err *e)
{
	_cleanup_close_ int sock = sock_connect_stream(listener_path);
	int r;

	if (sock < 0) {
		err_set(e, sock, "linux.seccomp.listenerPath: connect to %s", listener_path);
		if (sock == -ENOENT || sock == -ECONNREFUSED)
			err_hint(e,
				 "the seccomp agent must listen there before the container starts");
		return e->code;
	}
	r = sock_send(sock, state, n_state, &notify_fd, 1);
	if (r < 0)
		return err_set(e, r, "linux.seccomp.listenerPath: send the container's state to %s",
			       listener_path);
	return 0;
}
