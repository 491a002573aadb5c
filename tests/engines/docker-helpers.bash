# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# For Docker's files: load after helpers and containerd-helpers.  dockerd is started with the drop-in of
# contrib, and the runtime under test is the default; the image `busybox' is there.  An ordinary user's dockerd
# is in a user and a network namespace that rootlesskit makes.  A file may set docker_more: options of dockerd.

# The client of the daemon's own package, where the machine has several.
PATH=/usr/bin:$PATH

docker_more=()
docker_run=/run
[[ $ROOTLESS == 0 ]] || docker_run=$ENGINE_RUN
docker_state=$docker_run/docker/runtime-runc/moby

setup_file() {
	T=$ENGINE_DIR/setup
	mkdir -p "$T"
	docker_requires
	jq -n --arg name "$RUNTIME_NAME" --arg path "$ENGINE_RUNTIME" \
		'{runtimes: {($name): {path: $path}}, "default-runtime": $name, experimental: true}' >"$ENGINE_DIR/daemon.json"
	export DOCKER_HOST=unix://$docker_run/docker.sock DOCKER_CONFIG=$ENGINE_DIR/client
	dockerd_starts
	busybox_tree "$T/busybox"
	tar -C "$T/busybox" -cf "$T/busybox.tar" .
	does docker import "$T/busybox.tar" busybox
	rm -rf "$T"
}

dockerd_starts() {
	local criu=''
	if [[ $ROOTLESS == 0 ]]; then
		find_criu
	else # else it is in $TMPDIR, and a socket's path may become too long
		export DOCKERD_ROOTLESS_ROOTLESSKIT_FLAGS=--state-dir=$ENGINE_RUN/rootlesskit
	fi
	# shellcheck disable=SC2046 # options are words
	PATH=$criu:$PATH daemon dockerd "$(docker_daemon)" --config-file "$ENGINE_DIR/daemon.json" --data-root "$ENGINE_DIR/docker" \
		--exec-root "$docker_run/docker" --pidfile "$docker_run/docker.pid" --host "unix://$docker_run/docker.sock" \
		--storage-driver "$(docker_storage)" $(docker_network) "${docker_more[@]}"
	answers dockerd docker version
}

teardown_file() {
	daemon_ends dockerd
}

# dockerd, or what starts it for an ordinary user: Docker's own name for it, or where Debian has it.
docker_daemon() {
	if [[ $ROOTLESS == 0 ]]; then
		echo dockerd
	else
		command -v dockerd-rootless.sh || echo /usr/share/docker.io/contrib/dockerd-rootless.sh
	fi
}

docker_requires() {
	[[ $ROOTLESS == 1 ]] || return 0
	requires rootlesskit slirp4netns newuidmap
	[[ -x $(docker_daemon) ]] || skip "needs dockerd-rootless.sh"
}

setup() {
	docker_requires
	test_directory
	ID=d${T##*.}
	ID=${ID,,}
}

teardown() {
	local id
	for id in $(docker ps --all --quiet); do
		docker rm --force --volumes "$id" >"$T/rm.out" 2>&1 || { cat "$T/rm.out" >&2 && return 1; }
	done
	no_container_left "$docker_state" || return 1
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
	local inside=(env "XTABLES_LOCKFILE=$T/lock")
	[[ $ROOTLESS == 0 ]] || inside+=(unshare --map-root-user --net)
	if ! "${inside[@]}" iptables -t nat -L >/dev/null 2>&1; then
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

health_is() {
	[[ $(docker inspect --format '{{.State.Health.Status}}' "$ID") == "$1" ]]
}

# A health check that fails, until it does not.
becomes_healthy() {
	sleeper --health-cmd 'test -e /healthy' --health-interval 1s --health-retries 1
	wait_until prints unhealthy docker inspect --format '{{.State.Health.Status}}' "$ID"
	d exec "$ID" touch /healthy
	wait_until health_is healthy
}
