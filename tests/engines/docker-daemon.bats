#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Docker with other settings of its daemon: remapped ids, containers that go on while it restarts.

load helpers
load containerd-helpers
load docker-helpers

# The view's user has subordinate ids from 2000000 on.
docker_more=(--userns-remap=engine --live-restore)

# bats test_tags=all
@test "--userns-remap: root is a subordinate id outside: processes, volumes, exec, a terminal, build" {
	mkdir "$T/data"
	chown 2000000:2000000 "$T/data"
	sleeper -v "$T/data:/data"
	d exec "$ID" cat /proc/self/uid_map /proc/1/gid_map
	is "$(flat)" "0 2000000 262144 0 2000000 262144"
	d exec "$ID" sh -c 'id -u; touch /data/root /made; stat -c %u /bin/busybox /made'
	is "$(flat)" "0 0 0"
	is "$(stat -c %u "$T/data/root")" 2000000
	is "$(stat -c %u "/proc/$(docker inspect --format '{{.State.Pid}}' "$ID")")" 2000000
	d exec --user alice "$ID" sh -c 'id -u; touch /root/x || echo refused'
	is "$(flat)" "1000 refused"
	on_tty $'tty; exit\n' docker exec -it "$ID" sh
	has "$output" /dev/pts/
	printf 'FROM busybox\nRUN id -u > /made && chown alice /made\nCMD stat -c %%u /made\n' >"$T/Dockerfile"
	does env DOCKER_BUILDKIT=0 docker build --tag "built:$ID" "$T"
	d run --rm "built:$ID"
	is "$output" 1000
}

# bats test_tags=all
@test "--userns-remap: limits, devices, tmpfs, read-only, another container's namespaces" {
	requires_controllers memory pids
	d run --rm --memory 64m --pids-limit 20 --device /dev/fuse --tmpfs /t:size=1m --read-only busybox \
		sh -c 'stat -c %t:%T /dev/fuse; touch /t/x; touch /x 2>/dev/null || echo refused; df -k /t | tail -n 1'
	matches "$(flat)" '^a:e5 refused tmpfs 1024'
	sleeper --ipc shareable
	d run --rm --pid "container:$ID" --ipc "container:$ID" --network "container:$ID" busybox sh -c 'for n in pid ipc net user; do readlink /proc/self/ns/$n; done'
	is "$(head -n 3 <<<"$output")" "$(docker exec "$ID" sh -c 'for n in pid ipc net; do readlink /proc/self/ns/$n; done')"
}

# bats test_tags=all
@test "--userns host: one container without remapped ids" {
	d run --rm --userns host busybox readlink /proc/self/ns/user
	is "$output" "$(readlink /proc/self/ns/user)"
	d run --rm --userns host --cap-add SYS_ADMIN busybox sh -c 'mount -t tmpfs none /tmp && echo mounted'
	is "$output" mounted
}

# bats test_tags=all
@test "--live-restore: a container goes on while dockerd restarts, and can be worked with afterwards" {
	local pid
	sleeper --restart unless-stopped
	d exec "$ID" touch /before
	pid=$(docker inspect --format '{{.State.Pid}}' "$ID")
	daemon_ends dockerd
	[[ -d /proc/$pid ]]
	dockerd_starts
	d inspect --format '{{.State.Pid}} {{.State.Status}}' "$ID"
	is "$output" "$pid running"
	d exec "$ID" ls /before
	is "$output" /before
	d logs "$ID"
	is "$output" up
	d stop "$ID"
	d inspect --format '{{.State.ExitCode}} {{.RestartCount}}' "$ID"
	is "$output" "0 0"
}

# bats test_tags=all
@test "docker-compose: two services, an order, a volume, exec, down" {
	requires docker-compose
	cat >"$T/docker-compose.yml" <<-END
		version: "2.4"
		services:
		  first:
		    image: busybox
		    network_mode: none
		    command: sh -c 'echo shared > /data/file; trap "exit 0" TERM; while :; do sleep 0.1; done'
		    volumes: ["data:/data"]
		    healthcheck: {test: ["CMD", "test", "-e", "/data/file"], interval: 1s}
		  second:
		    image: busybox
		    network_mode: none
		    init: true
		    user: alice
		    command: sh -c 'cat /data/file; id -u; sleep 1000'
		    volumes: ["data:/data:ro"]
		    depends_on: {first: {condition: service_healthy}}
		volumes: {data: {}}
	END
	local compose=(docker-compose --project-name "$ID" --file "$T/docker-compose.yml")
	does "${compose[@]}" up --detach
	wait_until prints 1000 "${compose[@]}" logs second
	does "${compose[@]}" exec -T first cat /proc/1/comm /data/file
	is "$output" $'sh\nshared'
	does "${compose[@]}" down --volumes --timeout 2
	d ps --all --quiet
	is "$output" ""
}
