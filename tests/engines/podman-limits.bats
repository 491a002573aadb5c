#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Podman: limits, where the cgroups have the controllers.
# as: root user

load helpers
load podman-helpers

# limit V2-FILE V1-FILE: sets $output to what the container's cgroup says.
limit() {
	local pid path
	pid=$(podman inspect --format '{{.State.Pid}}' "$ID")
	if [[ -e /sys/fs/cgroup/cgroup.controllers ]]; then
		path=$(sed -n 's/^0:://p' "/proc/$pid/cgroup")/$1
	else
		path=/${2%%/*}$(sed -nE "s/^[0-9]+:([^:]*,)?${2%%/*}(,[^:]*)?://p" "/proc/$pid/cgroup")/${2#*/}
	fi
	output=$(cat "/sys/fs/cgroup$path")
}

@test "memory: the limit, and a program that wants more" {
	requires_controllers memory
	sleeper --memory 64m --memory-reservation 32m
	limit memory.max memory/memory.limit_in_bytes
	is "$output" 67108864
	limit memory.low memory/memory.soft_limit_in_bytes
	is "$output" 33554432
	ends 137 podman run --rm --memory 32m --memory-swap 32m busybox sh -c 'guest do memory 128 & wait $!'
}

@test "memory: the container that was killed says so" {
	requires_controllers memory
	[[ -e /sys/fs/cgroup/cgroup.controllers ]] || skip "conmon misses it on cgroup v1"
	try podman run --name "$ID" --memory 32m --memory-swap 32m busybox guest 'do' memory 128
	[[ $status != 0 ]]
	does podman inspect --format '{{.State.OOMKilled}}' "$ID"
	is "$output" true
}

@test "processes: no more than the limit" {
	requires_controllers pids
	sleeper --pids-limit 20
	limit pids.max pids/pids.max
	is "$output" 20
	try podman run --rm --pids-limit 5 busybox sh -c 'for i in 1 2 3 4 5 6 7 8 9; do sleep 5 & done; echo no'
	has "$stderr" "can't fork"
}

@test "cpu: quota, shares, a set" {
	requires_controllers cpu cpuset
	sleeper --cpus 0.5 --cpu-shares 2048 --cpuset-cpus 0
	limit cpu.max cpu/cpu.cfs_quota_us
	matches "$output" '^50000( 100000)?$'
	limit cpuset.cpus cpuset/cpuset.cpus
	is "$output" 0
}

@test "update of a running container" {
	requires_controllers memory cpu pids
	podman update --help >/dev/null 2>&1 || skip "this Podman has no update"
	sleeper --memory 64m
	does podman update --memory 128m --cpus 0.25 "$ID"
	limit memory.max memory/memory.limit_in_bytes
	is "$output" 134217728
	limit cpu.max cpu/cpu.cfs_quota_us
	matches "$output" '^25000( 100000)?$'
}

@test "a limit that this user cannot have is an error that says why" {
	requires_user "root has the controllers"
	[[ " $(cat "/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)/cgroup.controllers" 2>/dev/null) " != *" memory "* ]] || skip "memory is delegated here"
	try podman run --rm --memory 64m busybox echo unlimited
	# Podman itself may drop the limit, with a warning.
	[[ $status != 0 || $stderr == *"discard"* ]]
}

@test "the container's cgroup: one of its own, gone afterwards" {
	sleeper
	local pid path
	pid=$(podman inspect --format '{{.State.Pid}}' "$ID")
	path=$(sed -n 's/^0:://p' "/proc/$pid/cgroup")
	[[ -e /sys/fs/cgroup/cgroup.procs ]] || path=/pids$(sed -nE 's/^[0-9]+:pids://p' "/proc/$pid/cgroup")
	grep -qx "$pid" "/sys/fs/cgroup$path/cgroup.procs"
	has "$path" "$(podman inspect --format '{{.Id}}' "$ID")"
	does podman rm --force --time 0 "$ID"
	[[ ! -e /sys/fs/cgroup$path ]]
}

@test "--cgroup-parent" {
	requires_root "an ordinary user's cgroups are below his own"
	sleeper --cgroup-parent /engine-parent
	does cat "/proc/$(podman inspect --format '{{.State.Pid}}' "$ID")/cgroup"
	has "$output" /engine-parent/
}
