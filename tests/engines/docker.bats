#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Docker: containers from start to finish.

load helpers
load containerd-helpers
load docker-helpers

@test "run: output, standard input and the exit status" {
	d run --rm busybox sh -c 'echo hello; echo oops >&2'
	is "$output" hello
	is "$stderr" oops
	STDIN=/etc/hostname d run --rm -i busybox cat
	is "$output" "$(cat /etc/hostname)"
	ends 7 docker run --rm busybox sh -c 'exit 7'
	ends 137 docker run --rm busybox sh -c 'sh -c "kill -KILL \$\$"; exit $?'
}

@test "run: what is not there is 127" {
	ends 127 docker run --rm busybox nosuchcommand
	has "$stderr" 'exec: "nosuchcommand": executable file not found in $PATH'
	ends 127 docker run --rm busybox /no/such/file
	has "$stderr" 'exec: "/no/such/file": stat /no/such/file: no such file or directory'
}

@test "run: what cannot be executed is 126" {
	ends 126 docker run --rm busybox /etc/passwd
	has "$stderr" 'exec: "/etc/passwd": permission denied'
	ends 126 docker run --rm busybox /etc
	has "$stderr" 'exec: "/etc": is a directory'
}

@test "run: what Docker refuses is 125" {
	ends 125 docker run --rm --no-such-option busybox true
	ends 125 docker run --rm --ulimit nofile=2:1 busybox true
	ends 125 docker run --rm --security-opt seccomp=/no/such/file busybox true
}

@test "run -it: a terminal with the window's size" {
	# Docker tells the size when the program runs already.
	on_tty $'typed\n' docker run --rm -it busybox sh -c 'until [ "$(stty size 2>/dev/null)" = "24 80" ]; do sleep 0.1; done; tty; read x; echo "<$x>"'
	has "$output" /dev/pts/0
	has "$output" "<typed>"
	ends 3 "$ENGINE_TOOLS/pty-run" 24x80 $'exit 3\n' docker run --rm -it busybox sh
}

@test "run -d, logs, wait, rm" {
	d run -d --name "$ID" busybox sh -c 'echo one; echo two >&2; exit 5'
	d wait "$ID"
	is "$output" 5
	d logs "$ID"
	is "$output" one
	is "$stderr" two
	d ps -a --filter "name=$ID" --format '{{.Status}}'
	has "$output" "Exited (5)"
	d rm "$ID"
}

@test "info and inspect name the runtime" {
	d info --format '{{json .Runtimes}} {{.DefaultRuntime}}'
	has "$output" "$ENGINE_RUNTIME"
	has "$output" "$RUNTIME_NAME"
	d create --name "$ID" busybox true
	d inspect --format '{{.HostConfig.Runtime}}' "$ID"
	is "$output" "$RUNTIME_NAME"
}

@test "create, start --attach, restart" {
	d create --name "$ID" busybox sh -c 'echo started; date +%s%N >> /starts; test $(wc -l < /starts) = 1 || exec sleep 1000'
	d start --attach "$ID"
	is "$output" started
	d start "$ID"
	d restart --time 0 "$ID"
	d exec "$ID" sh -c 'wc -l < /starts'
	is "$output" 3
}

@test "a restart policy" {
	d run -d --name "$ID" --restart on-failure:2 busybox sh -c 'exit 3'
	wait_until prints 2 docker inspect --format '{{.RestartCount}}' "$ID"
	wait_until prints exited docker inspect --format '{{.State.Status}}' "$ID"
}

@test "stop: the signal, the timeout; kill" {
	sleeper
	d stop "$ID"
	d inspect --format '{{.State.ExitCode}}' "$ID"
	is "$output" 0
	d rm "$ID"
	d run -d --name "$ID" --stop-timeout 1 busybox sh -c 'trap "" TERM; while :; do sleep 1; done'
	d stop "$ID"
	d inspect --format '{{.State.ExitCode}}' "$ID"
	is "$output" 137
	d rm "$ID"
	d run -d --name "$ID" busybox sh -c 'trap "echo heard; exit 9" USR1; echo up; while :; do sleep 0.1; done'
	wait_until prints up docker logs "$ID"
	d kill --signal USR1 "$ID"
	d wait "$ID"
	is "$output" 9
	ends 1 docker kill "$ID"
	has "$stderr" 'is not running'
}

@test "exec: output, status, terminal, user, environment, directory" {
	sleeper
	d exec "$ID" sh -c 'echo in; id -u'
	is "$output" $'in\n0'
	ends 6 docker exec "$ID" sh -c 'exit 6'
	d exec --user 1000:2000 --env A=1 --workdir /tmp "$ID" sh -c 'echo "$(id -u):$(id -g) $A $(pwd)"'
	is "$output" "1000:2000 1 /tmp"
	on_tty $'tty; exit\n' docker exec -it "$ID" sh
	has "$output" /dev/pts/
	STDIN=/etc/hostname d exec -i "$ID" cat
	is "$output" "$(cat /etc/hostname)"
	d exec --privileged "$ID" grep CapEff /proc/self/status
	lacks "$output" 00000000a80425fb
}

@test "exec: what is not there, what cannot be executed" {
	sleeper
	try docker exec "$ID" nosuchcommand
	matches "$status" '^12[67]$'
	has "$output$stderr" 'exec: "nosuchcommand": executable file not found in $PATH'
	ends 126 docker exec "$ID" /etc/passwd
	has "$output$stderr" 'permission denied'
}

@test "pause, unpause, top, stats" {
	requires_controllers freezer memory
	sleeper
	d pause "$ID"
	d inspect --format '{{.State.Status}}' "$ID"
	is "$output" paused
	ends 1 docker exec "$ID" true
	d unpause "$ID"
	d exec "$ID" echo awake
	is "$output" awake
	d top "$ID"
	has "$output" PID
	d stats --no-stream --format '{{.PIDs}} {{.MemUsage}}' "$ID"
	matches "$output" '^[1-9][0-9]* [0-9.]+[kKM]?i?B'
}

@test "limits: memory, processors, processes; update" {
	requires_controllers memory cpu pids
	local id
	sleeper --memory 64m --cpus 0.5 --pids-limit 50 --cpu-shares 512
	id=docker/$(docker inspect --format '{{.Id}}' "$ID")
	is "$(cgroup_file memory memory.limit_in_bytes memory.max "$id")" 67108864
	has "$(cgroup_file cpu cpu.cfs_quota_us cpu.max "$id")" 50000
	is "$(cgroup_file pids pids.max pids.max "$id")" 50
	d update --memory 128m --memory-swap 256m --cpus 1 --pids-limit 60 "$ID"
	is "$(cgroup_file memory memory.limit_in_bytes memory.max "$id")" 134217728
	has "$(cgroup_file cpu cpu.cfs_quota_us cpu.max "$id")" 100000
	is "$(cgroup_file pids pids.max pids.max "$id")" 60
}

@test "out of memory: 137, and Docker knows why" {
	requires_controllers memory
	ends 137 docker run --name "$ID" --memory 16m --memory-swap 16m busybox sh -c 'tail -c 64m /dev/zero'
	d inspect --format '{{.State.OOMKilled}}' "$ID"
	is "$output" true
}

@test "build: RUN, COPY, USER, WORKDIR, a command that fails" {
	mkdir "$T/context"
	echo copied >"$T/context/file"
	cat >"$T/context/Dockerfile" <<-'END_OF_FILE'
		FROM busybox
		COPY file /file
		RUN cat /file > /made && id -u >> /made
		WORKDIR /work
		USER 1000
		RUN id -u > /tmp/user && pwd >> /tmp/user
		CMD cat /made /tmp/user
	END_OF_FILE
	does env DOCKER_BUILDKIT=0 docker build --tag "built:$ID" "$T/context"
	d run --rm "built:$ID"
	is "$output" $'copied\n0\n1000\n/work'
	printf 'FROM busybox\nRUN exit 3\n' >"$T/context/Dockerfile"
	try env DOCKER_BUILDKIT=0 docker build "$T/context"
	[[ $status != 0 ]]
	has "$output$stderr" 'returned a non-zero code: 3'
}

@test "commit, diff, cp" {
	d run --name "$ID" busybox sh -c 'echo made > /made'
	d diff "$ID"
	has "$output" "A /made"
	d cp "$ID:/made" "$T/made"
	is "$(cat "$T/made")" made
	d commit "$ID" "committed:$ID"
	d run --rm "committed:$ID" cat /made
	is "$output" made
}

@test "a health check" {
	becomes_healthy
}

# counter OPTION...: a container whose file /count grows by one line after the other.
counter() {
	d run -d --name "$ID" "$@" busybox sh -c 'i=0; while :; do i=$((i + 1)); echo $i >>/count; sleep 0.1; done'
	wait_until counted 3
}

counted() { # NUMBER
	[[ $(docker exec "$ID" tail -n 1 /count) -ge $1 ]]
}

# What went on holds each number once, in order.
counts_on() {
	d exec "$ID" tail -n 1 /count
	wait_until counted $((output + 3))
	d exec "$ID" cat /count
	is "$output" "$(seq "$(wc -l <<<"$output")")"
}

# Docker 20.10 hands what is there already to containerd, which says so until it has forgotten it.
starts_from() { # CHECKPOINT
	docker start --checkpoint "$1" "$ID" >"$T/start" 2>&1 || grep -q /proc/0/ns/net "$T/start"
}

@test "checkpoint, and a start from it: a counter goes on" {
	with_criu
	counter --network host
	d checkpoint create --leave-running "$ID" first
	counts_on
	d checkpoint create "$ID" second
	wait_until prints exited docker inspect --format '{{.State.Status}}' "$ID"
	wait_until starts_from second
	counts_on
}

@test "checkpoint, and a start from it with a network, which is there again" {
	with_criu
	counter
	d checkpoint create "$ID" first
	wait_until prints exited docker inspect --format '{{.State.Status}}' "$ID"
	wait_until starts_from first
	! grep -q /proc/0/ns/net "$T/start" || skip "Docker 28 looks for the network of a process that is not there yet"
	counts_on
	d exec "$ID" sh -c 'ip -o link show lo; ls /sys/class/net'
	has "$output" LOOPBACK,UP
	docker network inspect bridge >/dev/null 2>&1 || skip "all but the bridge, since iptables does not work here"
	has "$output" eth0
}

no_cgroup_left() {
	[[ -z $(find /sys/fs/cgroup -mindepth 3 -path '*/docker/*' -type d) ]]
}

# bats test_tags=all
@test "twenty containers, one after the other, leave nothing" {
	local n
	for ((n = 0; n < 20; n++)); do
		d run --rm busybox true
	done
	# Docker tells the client before it has deleted the container.
	wait_until no_cgroup_left
	no_container_left "$docker_state"
}
