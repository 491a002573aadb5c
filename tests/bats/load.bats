#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Many containers at the same time, on a machine that is busy with them.
load helpers
load cgroup-helpers

# The runtime as words, for what is run beside the shell.
runtime() {
	# shellcheck disable=SC2086
	env "OCIRUN_TEST_MARK=$ID" "$OCIRUN" ${OCIRUN_ARGS:-} --root "$T/state" "$@" </dev/null 3>&- 4>&-
}

# One life: created, frozen at some moment, killed or not, deleted.  $1 is the id, $2 a number that chooses.
live_and_die() {
	runtime create --bundle "$B" "$1"
	[[ $(($2 % 4)) != 0 || $ROOTLESS == 1 ]] || runtime pause "$1"
	if [[ $(($2 % 4)) != 0 ]]; then
		runtime start "$1"
		[[ $ROOTLESS == 1 ]] || runtime pause "$1"
	fi
	[[ $(($2 % 2)) != 0 || $ROOTLESS == 1 ]] || runtime resume "$1"
	[[ $(($2 % 3)) != 0 ]] || runtime kill "$1" KILL
	runtime delete --force "$1"
	[[ ! -e $T/state/$1 ]]
}

# Eight at a time, five each.
forty_containers() {
	local worker pids=() worked=0
	for worker in {1..8}; do
		(
			set -e
			for round in {1..5}; do
				live_and_die "$ID-$worker-$round" $((worker + round))
			done
		) >"$T/calls/load.$worker" 2>&1 3>&- 4>&- &
		pids+=($!)
	done
	for worker in "${pids[@]}"; do
		wait "$worker" || worked=1
	done
	((worked == 0)) || { cat "$T"/calls/load.* >&2; return 1; }
	[[ -z $(ls -A "$T/state") ]]
	wait_until host_processes_unchanged
	wait_until no_cgroup
}

@test "forty containers, frozen, killed and deleted while others are, leave no state, process or cgroup" {
	args /guest fork 5
	forty_containers
}

@test "forty containers with limits, in all hierarchies, leave no state, process or cgroup" {
	requires_cgroup
	requires_controller pids memory
	args /guest bomb
	resources '{"pids": {"limit": 30}, "memory": {"limit": 1073741824}, "devices": [{"allow": false, "access": "rwm"}]}'
	forty_containers
}

@test "commands on a container whose processes fork without end" {
	requires_cgroup
	requires_controller pids
	args /guest bomb
	resources '{"pids": {"limit": 60}}'
	started
	wait_until said lit
	local i
	for i in {1..5}; do
		works pause "$ID"
		works ps --format json "$ID"
		works events --stats "$ID"
		works update --pids-limit $((60 - i)) "$ID"
		works resume "$ID"
	done
	works kill --all "$ID" KILL
	wait_for_status stopped
	works delete "$ID"
	wait_until no_cgroup
}
