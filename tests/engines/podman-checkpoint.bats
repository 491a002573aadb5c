#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Podman: checkpoint and restore, where a CRIU works.
# as: root
# as with --all: root user

load helpers
load podman-helpers

conmon_finds_criu() {
	# conmon, which starts the restore, has not Podman's own PATH.
	grep -q conmon_env_vars "$CONTAINERS_CONF" || sed -i "s|^\[engine\]|&\nconmon_env_vars = [\"PATH=$PATH\"]|" "$CONTAINERS_CONF"
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
	conmon_finds_criu
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

# bats test_tags=all
@test "a checkpoint of a running container, and one in two steps" {
	with_criu
	conmon_finds_criu
	does podman run --detach --name "$ID" busybox sh -c "$counter"
	wait_until counts_to 3 "$ID"
	does podman container checkpoint --leave-running --export "$T/one.tar.gz" "$ID"
	goes_on "$ID"
	criu check --feature mem_dirty_track >"$T/criu.log" 2>&1 || skip "all but the two steps: this kernel does not track memory"
	does podman container checkpoint --pre-checkpoint --export "$T/first.tar.gz" "$ID"
	does podman container checkpoint --with-previous --export "$T/second.tar.gz" "$ID"
	does podman rm --force --time 0 "$ID"
	does podman container restore --import "$T/second.tar.gz" --import-previous "$T/first.tar.gz" --name "$ID-again"
	goes_on "$ID-again"
}

pod() { # NAME
	does podman pod create --name "$1" --infra-image localhost/busybox --infra-command /bin/pause --share ipc,net,uts
}

# bats test_tags=all
@test "a container of a pod comes back in another pod" {
	with_criu
	conmon_finds_criu
	pod "$ID-pod"
	does podman run --detach --name "$ID" --pod "$ID-pod" busybox sh -c "$counter"
	wait_until counts_to 3 "$ID"
	does podman container checkpoint --export "$T/pod.tar.gz" "$ID"
	does podman pod rm --force --time 0 "$ID-pod"
	pod "$ID-new"
	does podman container restore --import "$T/pod.tar.gz" --pod "$(podman pod inspect --format '{{.Id}}' "$ID-new")" --name "$ID-again"
	goes_on "$ID-again"
}

@test "checkpoint is offered only when the runtime has it" {
	sleeper
	# Without CRIU; an ordinary user is not even asked for it.
	mkdir "$T/empty"
	try env PATH="$T/empty" "$(command -v podman)" container checkpoint "$ID"
	[[ $status != 0 ]]
	case $ROOTLESS in
	0) has "${stderr,,}" criu ;;
	1) has "$stderr" "requires root" ;;
	esac
	does podman exec "$ID" true
}
