# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# For the files of Podman and Buildah: load after helpers.  The image `busybox' is there; after each
# test all containers, pods and volumes are removed, and the runtime must have nothing left.

setup_file() {
	containers_conf
	T=$ENGINE_DIR/setup
	mkdir -p "$T"
	busybox_tree "$T/busybox"
	tar -C "$T/busybox" --owner=0 --group=0 -cf "$T/busybox.tar" .
	does podman import "$T/busybox.tar" busybox
	rm -rf "$T/busybox"
}

setup() {
	test_directory
	ID=t${T##*.}
	ID=${ID,,}
}

# Podman's clean-up of a container that has just ended may be at work beside it, and then one of the two
# finds a mount in its way ("device or resource busy"); the second time there is none.
remove_all() {
	{
		podman pod rm --all --force --time 0 && podman rm --all --force --time 0 && podman volume prune --force
	} >"$T/rm.out" 2>&1
}

teardown() {
	remove_all || remove_all || { cat "$T/rm.out" >&2 && return 1; }
	runtime_left_nothing
	podman unshare rm -rf "$T" 2>/dev/null || rm -rf "$T"
}

# A container that sleeps until it is told to end; more options of `run' may follow.
sleeper() {
	does podman run --detach --name "$ID" "$@" busybox sh -c 'trap "exit 0" TERM; echo up; while :; do sleep 0.1; done'
	wait_until prints up podman logs "$ID"
}

# Podman pauses an ordinary user's containers with cgroup v2 alone.
podman_pauses() {
	[[ $ROOTLESS == 0 || -e /sys/fs/cgroup/cgroup.procs ]]
}

# podman_at_least VERSION: of Podman, as "4.4".
podman_at_least() {
	printf '%s\n%s\n' "$1" "$(podman version --format '{{.Client.Version}}')" | sort -V -C
}
