# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# For Docker's files: load after helpers and containerd-helpers.  dockerd is started with the drop-in of
# contrib, and the runtime under test is the default; the image `busybox' is there.

# The client of the daemon's own package, where the machine has several.
PATH=/usr/bin:$PATH

setup_file() {
	T=$ENGINE_DIR/setup
	mkdir -p "$T"
	jq -n --arg name "$RUNTIME_NAME" --arg path "$ENGINE_RUNTIME" \
		'{runtimes: {($name): {path: $path}}, "default-runtime": $name}' >"$ENGINE_DIR/daemon.json"
	# shellcheck disable=SC2046 # options are words
	daemon dockerd dockerd --config-file "$ENGINE_DIR/daemon.json" --data-root "$ENGINE_DIR/docker" \
		--exec-root /run/docker --pidfile /run/docker.pid --host unix:///run/docker.sock \
		--storage-driver "$(docker_storage)" $(docker_network)
	export DOCKER_HOST=unix:///run/docker.sock DOCKER_CONFIG=$ENGINE_DIR/client
	answers dockerd docker version
	busybox_tree "$T/busybox"
	tar -C "$T/busybox" -cf "$T/busybox.tar" .
	does docker import "$T/busybox.tar" busybox
	rm -rf "$T"
}

teardown_file() {
	daemon_ends dockerd
}

setup() {
	test_directory
	ID=d${T##*.}
	ID=${ID,,}
}

teardown() {
	local id
	for id in $(docker ps --all --quiet); do
		docker rm --force --volumes "$id" >"$T/rm.out" 2>&1 || { cat "$T/rm.out" >&2 && return 1; }
	done
	no_container_left /run/docker/runtime-runc/moby || return 1
	rm -rf "$T"
}

docker_storage() {
	case $(storage_driver) in
	overlay) echo overlay2 ;;
	*) echo vfs ;;
	esac
}

# In the view's own network namespace; some kernels have no netfilter.
docker_network() {
	if ! iptables -t nat -L >/dev/null 2>&1; then
		echo --bridge=none --iptables=false --ip6tables=false
	fi
}

# A command of docker, which has to succeed.
d() {
	does docker "$@"
}

# A container that sleeps until it is told to end; more options of `run' may follow.
sleeper() {
	d run --detach --name "$ID" "$@" busybox sh -c 'trap "exit 0" TERM; echo up; while :; do sleep 0.1; done'
	wait_until prints up docker logs "$ID"
}
