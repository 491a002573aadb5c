#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Podman: containers from start to finish.
# as: root user

load helpers
load podman-helpers

@test "info names the runtime, its path and its version" {
	does podman info --format '{{.Host.OCIRuntime.Name}} {{.Host.OCIRuntime.Path}}'
	is "$output" "$RUNTIME_NAME $ENGINE_RUNTIME"
	does podman info --format '{{.Host.OCIRuntime.Version}}'
	has "$output" "$("$ENGINE_RUNTIME" --version | head -n 1)"
	does podman info --format '{{.Host.Security.Rootless}}'
	is "$output" "$([[ $ROOTLESS == 1 ]] && echo true || echo false)"
}

@test "run: output, standard input and the exit status" {
	does podman run --rm busybox sh -c 'echo hello; echo oops >&2'
	is "$output" hello
	is "$stderr" oops
	STDIN=/etc/hostname does podman run --rm -i busybox cat
	is "$output" "$(cat /etc/hostname)"
	ends 7 podman run --rm busybox sh -c 'exit 7'
}

@test "run: what cannot be executed is 126, what is not there 127" {
	ends 127 podman run --rm busybox nosuchcommand
	has "$stderr" 'not found in $PATH'
	ends 127 podman run --rm busybox /no/such/file
	has "${stderr,,}" 'no such file or directory'
	ends 126 podman run --rm busybox /etc/passwd
	has "${stderr,,}" 'permission denied'
	ends 126 podman run --rm busybox /etc
}

@test "run -it: a terminal with the window's size" {
	on_tty $'tty; stty size; exit\n' podman run --rm -it busybox sh
	has "$output" /dev/pts/0
	has "$output" "24 80"
	has "$output" "echo on"
}

@test "run -it: typed into a job, and the exit status" {
	ends 3 "$ENGINE_TOOLS/pty-run" 24x80 $'exit 3\n' podman run --rm -it busybox sh
	does podman run --rm -t busybox sh -c 'test -t 0 && test -t 1 && test -t 2 && echo all'
	is "$output" all
}

@test "run -d, logs, wait, rm" {
	does podman run -d --name "$ID" busybox sh -c 'echo one; sleep 0.2; echo two >&2; exit 5'
	does podman wait "$ID"
	is "$output" 5
	does podman logs "$ID"
	is "$output" one
	is "$stderr" two
	does podman ps -a --filter "name=$ID" --format '{{.Status}}'
	has "$output" "Exited (5)"
	does podman rm "$ID"
}

@test "create, init, start --attach, start again" {
	does podman create --name "$ID" busybox sh -c 'echo started; date +%s%N > /last'
	does podman init "$ID"
	does podman inspect --format '{{.State.Status}} {{.OCIRuntime}}' "$ID"
	is "$output" "initialized $RUNTIME_NAME"
	does podman start --attach "$ID"
	is "$output" started
	does podman start --attach "$ID"
	is "$output" started
}

@test "create, init, rm: never started" {
	does podman create --name "$ID" busybox true
	does podman init "$ID"
	does podman rm --force "$ID"
}

@test "exec: output, standard input, status, a user and a directory" {
	sleeper
	does podman exec "$ID" sh -c 'echo out; echo err >&2'
	is "$output/$stderr" out/err
	STDIN=/etc/hostname does podman exec -i "$ID" cat
	is "$output" "$(cat /etc/hostname)"
	ends 9 podman exec "$ID" sh -c 'exit 9'
	does podman exec --user alice:team --workdir /tmp --env A=b "$ID" sh -c 'id -u; id -g; pwd; echo $A'
	is "$(flat)" "1000 2000 /tmp b"
	does podman exec --privileged "$ID" grep CapEff /proc/self/status
	matches "$output" "000001f|000003f"
}

@test "exec: what cannot be executed is 126, what is not there 127" {
	sleeper
	ends 127 podman exec "$ID" nosuchcommand
	ends 127 podman exec "$ID" /no/such/file
	ends 126 podman exec "$ID" /etc/passwd
	ends 126 podman exec "$ID" /etc
	does podman exec "$ID" true
}

@test "exec -it: a terminal of its own" {
	sleeper
	on_tty $'tty; stty size; exit\n' podman exec -it "$ID" sh
	has "$output" /dev/pts/
	has "$output" "24 80"
	on_tty $'exit\n' podman exec -it "$ID" sh
}

@test "exec -d: a process in the background" {
	sleeper
	does podman exec -d "$ID" sh -c 'sleep 0.1; echo done > /said'
	wait_until prints 'done' podman exec "$ID" cat /said
}

@test "exec of a container that does not run is refused" {
	does podman create --name "$ID" busybox true
	ends 255 podman exec "$ID" true
}

@test "stop: the program's own end, and SIGKILL after the time" {
	sleeper
	does podman stop "$ID"
	does podman inspect --format '{{.State.ExitCode}}' "$ID"
	is "$output" 0
	does podman rm "$ID"
	does podman run -d --name "$ID" busybox sh -c 'trap "" TERM; echo up; while :; do sleep 0.1; done'
	wait_until prints up podman logs "$ID"
	does podman stop --time 1 "$ID"
	does podman inspect --format '{{.State.ExitCode}}' "$ID"
	is "$output" 137
}

@test "kill: a signal by name and by number, all processes" {
	does podman run -d --name "$ID" busybox sh -c 'trap "echo usr1" USR1; trap "echo hup; exit 4" HUP; echo up; while :; do sleep 0.1; done'
	wait_until prints up podman logs "$ID"
	does podman kill --signal USR1 "$ID"
	wait_until prints usr1 podman logs "$ID"
	does podman kill --signal 1 "$ID"
	does podman wait "$ID"
	is "$output" 4
	try podman kill "$ID"
	[[ $status != 0 ]]
}

@test "kill: what other processes run, when the pid namespace is the host's" {
	does podman run -d --name "$ID" --pid host busybox sh -c 'sleep 61184 & sleep 61184 & echo up; wait'
	wait_until prints up podman logs "$ID"
	does podman stop --time 1 "$ID"
	does podman rm "$ID"
	wait_until not_running "sleep 61184"
}

not_running() {
	! pgrep -f "^$1" >/dev/null
}

@test "pause, unpause: the processes stand still" {
	podman_pauses || skip "cgroup v1, and an ordinary user"
	does podman run -d --name "$ID" busybox sh -c 'while :; do echo x; sleep 0.05; done'
	wait_until prints x podman logs "$ID"
	does podman pause "$ID"
	does podman inspect --format '{{.State.Status}}' "$ID"
	is "$output" paused
	local before
	before=$(podman logs "$ID" | wc -l)
	sleep 0.3
	is "$(podman logs "$ID" | wc -l)" "$before"
	does podman unpause "$ID"
	wait_until more_lines "$before"
}

more_lines() {
	(($(podman logs "$ID" | wc -l) > $1))
}

@test "top and stats" {
	sleeper
	does podman top "$ID" user pid comm
	has "$output" "root"
	has "$output" "sh"
	does podman stats --no-stream --format '{{.Name}} {{.PIDs}}' "$ID"
	has "$output" "$ID"
}

@test "restart, rename, commit, diff, cp, export" {
	sleeper
	does podman exec "$ID" sh -c 'echo kept > /file'
	does podman restart --time 1 "$ID"
	does podman exec "$ID" cat /file
	is "$output" kept
	echo copied >"$T/host"
	does podman cp "$T/host" "$ID:/copied"
	does podman cp "$ID:/copied" "$T/back"
	is "$(cat "$T/back")" copied
	does podman diff "$ID"
	has "$output" "A /copied"
	does podman commit --quiet "$ID" "img-$ID:latest"
	does podman run --rm "img-$ID" cat /file
	is "$output" kept
	does podman rmi "img-$ID"
}

@test "two containers at once, and all of them stopped" {
	does podman run -d --name "$ID-a" busybox sleep 60
	does podman run -d --name "$ID-b" busybox sleep 60
	does podman stop --time 0 --all
	does podman ps -q
	is "$output" ""
}

@test "attach, and the signal that is passed on" {
	does podman run --detach --name "$ID" busybox sh -c 'trap "exit 0" TERM; while :; do echo up; sleep 0.1; done'
	podman attach --no-stdin "$ID" >"$T/attached" 2>&1 3>&- &
	local pid=$!
	wait_until grep -q up "$T/attached"
	kill -TERM $pid
	local status=0
	wait $pid || status=$?
	is "$status" 0
	does podman wait "$ID"
	is "$output" 0
}

@test "restart policy: a program that fails is started again" {
	does podman run -d --name "$ID" --restart on-failure:2 busybox sh -c 'echo run >> /runs; cat /runs; exit 1'
	wait_until prints "2" podman inspect --format '{{.RestartCount}}' "$ID"
	wait_until prints exited podman inspect --format '{{.State.Status}}' "$ID"
	does podman logs "$ID"
	is "$(grep -c run <<<"$output")" 6
}
