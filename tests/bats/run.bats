#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

@test "run creates, starts, waits and deletes" {
	args /guest echo hello
	runs
	is "$output" hello
	no_container
}

@test "run ends with the program's exit status" {
	local n
	for n in 0 1 42 126 255; do
		args /guest exit "$n"
		ocirun run --bundle "$B" "$ID"
		is "$status" "$n"
		is "$stderr" ""
	done
}

@test "run ends with 128 + n when a signal killed the program" {
	args /guest spawn signal 9
	runs
	is "$output" "status 137"
	sleep_in_background
	ocirun kill "$ID" KILL
	wait_background
	is "$status" 137
}

sleep_in_background() {
	args /guest sleep
	ocirun_background run --bundle "$B" "$ID"
	wait_until said sleeping
}

@test "run hands signals that it gets on to the program" {
	local name
	for name in TERM INT HUP USR1 USR2 QUIT; do
		args /guest wait-signal
		ocirun_background run --bundle "$B" "$ID"
		wait_until said ready
		kill "-$name" "$background"
		wait_background
		is "$status" 0
		has "$output" "SIG$name"
	done
}

@test "run --detach returns when the program runs" {
	args /guest sleep
	runs --detach
	is "$(container_status)" running
	works kill "$ID" KILL
	wait_for_status stopped
	works delete "$ID"
}

@test "run -d leaves the program running after the runtime's end, and writes the pid file" {
	args /guest sleep
	runs -d --pid-file "$T/pid"
	is "$(container_pid)" "$(<"$T/pid")"
	wait_until said sleeping
}

@test "run --keep keeps the container after its end" {
	args /guest true
	runs --keep
	is "$(container_status)" stopped
	works delete "$ID"
	no_container
}

@test "run leaves no trace when the program is missing" {
	args /no/such
	refused 'exec: "/no/such": stat /no/such: no such file or directory' -- run --bundle "$B" "$ID"
	no_container
	nothing_left
}

@test "run of a used id fails and leaves the container alone" {
	sleeping
	refused "already exists" -- run --bundle "$B" "$ID"
	is "$(container_status)" running
}

@test "two processes write to the same pipe that run was given" {
	args /guest "do" echo one -- warn two -- echo three
	ocirun run --bundle "$B" "$ID"
	is "$output" $'one\nthree'
	is "$stderr" two
}

@test "run ends although a child of the program keeps its output open" {
	config '.linux.namespaces |= map(select(.type != "pid"))'
	args /guest spawn true
	runs
	is "$output" "status 0"
}

@test "run kills what is left in its pid namespace when the program ends" {
	args /guest "do" spawn true -- echo bye
	runs
	has "$output" bye
	host_processes_unchanged
}

@test "a killed run takes its container along, or delete --force does" {
	sleep_in_background
	kill -KILL "$background"
	wait_background
	works delete --force "$ID"
	no_container
}

@test "many containers at once" {
	local i pids=()
	args /guest true
	for i in {1..12}; do
		# shellcheck disable=SC2086
		"$OCIRUN" ${OCIRUN_ARGS:-} --root "$T/state" run --bundle "$B" "$ID-$i" >"$T/calls/many.$i" 2>&1 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	is "$(cat "$T"/calls/many.*)" ""
	[[ -z $(ls -A "$T/state") ]]
}
