#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Podman: checkpoint and restore, where a CRIU works.
# as: root user

load helpers
load podman-helpers

# A CRIU that works on this kernel: the host's, or the newer one that tests/make-criu leaves in the cache.
with_criu() {
	requires_root "CRIU needs it"
	local directory
	for directory in /usr/sbin "$OCIRUN_TEST_CACHE/criu/bin"; do
		if [[ -x $directory/criu ]] && "$directory/criu" check >"$T/criu.log" 2>&1; then
			PATH=$directory:$PATH
			# conmon, which starts the restore, has not Podman's own.
			sed -i "s|^\[engine\]|&\nconmon_env_vars = [\"PATH=$PATH\"]|" "$CONTAINERS_CONF"
			return 0
		fi
	done
	skip "no CRIU works here (tests/engines/run --all gets a newer one): $(tail -n 1 "$T/criu.log" 2>/dev/null)"
}

# The counter appends to its file: what went on holds each number once, in order.
counter='i=0; while :; do i=$((i + 1)); echo $i >>/count; sleep 0.1; done'

# counts_to NUMBER NAME: it has come so far.
counts_to() {
	[[ $(podman exec "$2" tail -n 1 /count) -ge $1 ]]
}

# goes_on NAME: it goes on from here, and has never begun anew.
goes_on() {
	does podman exec "$1" tail -n 1 /count
	wait_until counts_to $((output + 3)) "$1"
	does podman exec "$1" cat /count
	is "$output" "$(seq "$(wc -l <<<"$output")")"
}

@test "checkpoint and restore: a counter goes on where it was, also from an exported file under another name" {
	with_criu
	local n
	does podman run --detach --name "$ID" --publish 8080 busybox sh -c "$counter"
	wait_until counts_to 3 "$ID"
	does podman container checkpoint "$ID"
	does podman inspect --format '{{.State.Status}} {{.State.Checkpointed}}' "$ID"
	is "$output" "exited true"
	runtime_left_nothing
	does podman container restore "$ID"
	does podman inspect --format '{{.State.Status}} {{.State.Checkpointed}}' "$ID"
	is "$output" "running false"
	goes_on "$ID"
	n=$(wc -l <<<"$output")
	does podman container checkpoint --export "$T/checkpoint.tar.gz" "$ID"
	does podman rm --force --time 0 "$ID"
	does podman container restore --import "$T/checkpoint.tar.gz" --name "$ID-again"
	goes_on "$ID-again"
	[[ $(wc -l <<<"$output") -gt $n ]]
}

@test "checkpoint is offered only when the runtime has it" {
	sleeper
	# Without CRIU; an ordinary user is not even asked for it.
	mkdir "$T/empty"
	try env PATH="$T/empty" "$(command -v podman)" container checkpoint "$ID"
	[[ $status != 0 ]]
	case $ROOTLESS in
	0) has "$stderr" CRIU ;;
	1) has "$stderr" "requires root" ;;
	esac
	does podman exec "$ID" true
}
