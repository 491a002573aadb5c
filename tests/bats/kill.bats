#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

waiting() {
	args /guest wait-signal
	started
	wait_until said ready
}

@test "kill sends SIGTERM when no signal is given" {
	waiting
	works kill "$ID"
	wait_until said "got 15 SIGTERM"
}

@test "kill takes names, names with SIG, any case, and numbers" {
	local word
	for word in USR1 SIGUSR1 usr1 sigusr1 10; do
		waiting
		works kill "$ID" "$word"
		wait_until said "got 10 SIGUSR1"
		wait_for_status stopped
		works delete "$ID"
	done
}

@test "kill takes real-time signals" {
	waiting
	works kill "$ID" 40
	wait_until said "got 40 SIGRT"
}

@test "kill with KILL, SIGKILL and 9 ends a container" {
	local word
	for word in KILL SIGKILL 9; do
		sleeping
		works kill "$ID" "$word"
		wait_for_status stopped
		works delete "$ID"
	done
}

@test "kill 0 sends nothing, and asks whether the container runs (kill(2))" {
	waiting
	works kill "$ID" 0
	works kill --all "$ID" 0
	is "$(container_status)" running
	works kill "$ID" TERM
	wait_until said "got 15 SIGTERM"
	wait_for_status stopped
	refused "container not running" -- kill "$ID" 0
}

@test "kill refuses what is no signal" {
	sleeping
	local word
	for word in FOO 0x9 65 -1 999999999999 "" 9x SIG SIGSIGTERM; do
		ocirun kill "$ID" "$word"
		[[ $status != 0 ]] || { echo "accepted '$word'" >&2; false; }
	done
	is "$(container_status)" running
}

@test "kill takes the image's stop signal as its default (org.opencontainers.image.stopSignal)" {
	config '.annotations = {"org.opencontainers.image.stopSignal": "SIGUSR2"}'
	waiting
	works kill "$ID"
	wait_until said "got 12 SIGUSR2"
}

@test "kill tells where a stop signal that is none comes from" {
	config '.annotations = {"org.opencontainers.image.stopSignal": "SIGNONE"}'
	sleeping
	refused "annotations.org.opencontainers.image.stopSignal: unknown signal 'SIGNONE'" -- kill "$ID"
	works kill "$ID" KILL
}

@test "kill of a created container works (runtime.md, Kill)" {
	created
	works kill "$ID" KILL
	wait_for_status stopped
}

@test "a signal that comes right after create ends the container, each time" {
	local n
	for n in 1 2 3 4 5 6 7 8 9 10 11 12; do
		created
		works kill "$ID" TERM
		wait_for_status stopped
		works delete "$ID"
	done
}

@test "kill of a stopped container fails and says that it is not running (runtime.md, Kill)" {
	args /guest true
	started
	wait_for_status stopped
	refused "not running" -- kill "$ID" TERM
	refused "not running" -- kill "$ID" KILL
}

@test "kill of an unknown container fails: container does not exist" {
	refused "does not exist" -- kill no-such-container
}

@test "kill without an id, or with an empty one, fails" {
	refused -- kill
	refused -- kill "" TERM
}

@test "kill --all reaches every process of the container" {
	requires_root "finds the processes by their cgroup"
	config '.linux.namespaces |= map(select(.type != "pid"))'
	args /guest fork 5
	started
	wait_until said "forked 5"
	works kill --all "$ID" KILL
	wait_until host_processes_unchanged
}

@test "kill --all of a dead container succeeds or says that it is not running" {
	args /guest true
	started
	wait_for_status stopped
	ocirun kill --all "$ID" KILL
	[[ $status == 0 || ${stderr,,} == *"not running"* ]]
}

@test "kill KILL ends all processes of a container with a pid namespace" {
	args /guest fork 5
	started
	wait_until said "forked 5"
	works kill "$ID" KILL
	wait_until host_processes_unchanged
}
