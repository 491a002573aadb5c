#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Podman: containers from start to finish.
# as: root user

load helpers
load podman-helpers

@test "run: output, standard input and the exit status" {
	does podman run --rm busybox echo hello
	is "$output" hello
	STDIN=/etc/hostname does podman run --rm -i busybox cat
	is "$output" "$(cat /etc/hostname)"
	ends 7 podman run --rm busybox sh -c 'exit 7'
}
