#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers
load cgroup-helpers

# events in the background, its lines in $events.
watch_events() { # ARG...
	events=$T/events
	# shellcheck disable=SC2086
	env "OCIRUN_TEST_MARK=$ID" "$OCIRUN" ${OCIRUN_ARGS:-} --root "$T/state" events "$@" >"$events" 2>"$T/events.err" \
		</dev/null 3>&- 4>&- &
	watcher=$!
}

# The watcher ends by itself, without an error.
watcher_ends() {
	local ended=0
	wait "$watcher" || ended=$?
	is "status $ended, stderr: $(<"$T/events.err")" "status 0, stderr: "
}

told() { # FILTER: some event for which it is true
	jq -ne --unbuffered "[inputs | select($1)] | length > 0" "$events" >/dev/null 2>&1
}

# The timer or the notification is in place.
watches() {
	local link
	for link in "/proc/$watcher/fd"/*; do
		[[ $(readlink "$link") == *timerfd* ]] && return 0
	done
	return 1
}

@test "events --stats prints one object with the members that engines know from runc" {
	requires_any_cgroup
	limited '{}'
	works events --stats "$ID"
	is "$(wc -l <<<"$output")" 1
	fact_is .type stats .id "$ID" '.data | keys | join(" ")' \
		"blkio cpu cpuset hugetlb intel_rdt memory network_interfaces pids" \
		'.data.cpu.usage | has("kernel") and has("user")' true \
		'.data.cpu.throttling | type' object \
		'.data.cpuset | has("cpu_exclusive") and has("sched_relax_domain_level")' true \
		'[.data.memory | .usage, .swap, .kernel, .kernelTCP | has("limit") and has("failcnt")] | all' true \
		'.data.pids.current' 1
}

@test "events --stats: the numbers are those of the container's cgroup" {
	requires_controller memory pids cpu
	[[ $ROOTLESS == 1 ]] || config '.linux.cgroupsPath = $p' --arg p "/ocirun-test-$ID"
	args /guest fork 3
	resources '{"memory": {"limit": 67108864}, "pids": {"limit": 50}, "cpu": {"quota": 50000}}'
	started
	wait_until said "forked 3"
	works events --stats "$ID"
	fact_is .data.memory.usage.limit 67108864 .data.pids.limit 50 .data.pids.current 4
	holds '.data.memory.usage.usage > 0' '.data.memory.usage.max >= .data.memory.usage.usage' \
		'.data.memory.raw | length > 5' '.data.cpu.usage.total > 0'
}

@test "events --stats: hugetlb for each page size, and processors" {
	requires_controller hugetlb cpuset
	limited '{"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}], "cpu": {"cpus": "0"}}'
	works events --stats "$ID"
	fact_is '.data.hugetlb["2MB"].failcnt' 0 .data.cpuset.cpus '[0]'
}

@test "events --stats: pressure where the kernel has it" {
	requires_any_cgroup
	[[ -e /proc/pressure ]] && v2_root >/dev/null || skip "no pressure in this kernel, or no v2 hierarchy"
	limited '{}'
	[[ -e $(v2_root)$(sed -n 's/^0:://p' "/proc/$(container_pid)/cgroup")/cpu.pressure ]] || skip "no cpu.pressure"
	works events --stats "$ID"
	fact_is '.data.cpu.psi | keys | join(" ")' "full some" \
		'[.data.cpu.psi.some | has("avg10", "avg60", "avg300", "total")] | all' true
}

@test "events --stats: network interfaces of the container's own namespace" {
	requires_root "makes an interface"
	requires_any_cgroup
	requires ip nsenter
	sleeping
	nsenter --net="/proc/$(container_pid)/ns/net" ip link add ocit0 type veth peer name ocit1 2>/dev/null ||
		skip "this kernel has no veth"
	works events --stats "$ID"
	fact_is '.data.network_interfaces | map(.Name) | sort | join(" ")' "ocit0 ocit1" '.data.network_interfaces[0].RxBytes' 0
	works delete --force "$ID"
	config '.linux.namespaces |= map(select(.type != "network"))'
	started
	works events --stats "$ID"
	fact_is .data.network_interfaces null
}

@test "events --interval goes on until the container ends" {
	requires_any_cgroup
	limited '{}'
	watch_events --interval=50ms "$ID"
	wait_until told '.type == "stats" and .data.pids.current == 1'
	works kill "$ID" KILL
	watcher_ends
	is "$(jq -r .id "$events" | sort -u)" "$ID"
}

@test "events of a paused container go on" {
	requires_any_cgroup
	limited '{}'
	works pause "$ID"
	works events --stats "$ID"
	fact_is .data.pids.current 1
}

@test "events ends when nobody reads it any more" {
	requires_any_cgroup
	limited '{}'
	mkfifo "$T/pipe"
	# shellcheck disable=SC2086
	env "OCIRUN_TEST_MARK=$ID" "$OCIRUN" ${OCIRUN_ARGS:-} --root "$T/state" events --interval 1h "$ID" >"$T/pipe" \
		</dev/null 2>"$T/events.err" 3>&- 4>&- &
	watcher=$!
	exec 9<"$T/pipe"
	wait_until watches
	exec 9<&-
	watcher_ends
	is "$(container_status)" running
}

@test "events tells of a process that was killed for want of memory" {
	requires_controller memory
	# two processes: init lives on
	guest await /go -- spawn memory 200 -- sleep
	resources '{"memory": {"limit": 33554432, "swap": 33554432}}'
	started
	wait_until said waiting
	watch_events --interval 1h "$ID"
	wait_until watches
	touch "$R/go"
	wait_until said "status 137"
	wait_until told '.type == "oom"'
	is "$(jq -c 'select(.type == "oom") | keys' "$events" | sort -u)" '["id","type"]'
	is "$(container_status)" running
	works kill "$ID" KILL
	watcher_ends
}

@test "events tells of it when it was init" {
	requires_controller memory
	# It does, or does not: systemd removes the scope of an init that has ended, and with it the counter.
	requires_root "the cgroup is systemd's, and may be gone before anybody looks"
	guest await /go -- memory 200
	resources '{"memory": {"limit": 33554432, "swap": 33554432}}'
	started
	wait_until said waiting
	watch_events --interval 1h "$ID"
	wait_until watches
	touch "$R/go"
	watcher_ends
	told '.type == "oom"'
	is "$(container_status)" stopped
}

@test "events of a container that is stopped, or unknown" {
	refused "container does not exist" -- events "$ID"
	refused "container does not exist" -- events --stats "$ID"
	args /guest true
	started
	wait_for_status stopped
	refused "container not running" -- events "$ID"
	refused "container not running" -- events --stats "$ID"
}

@test "events without a cgroup is refused" {
	args /guest sleep
	OCIRUN_ARGS="--cgroup-manager disabled" started
	refused "has no cgroup" -- events --stats "$ID"
}

@test "events --interval takes the times of Go, and refuses what is none" {
	local time
	for time in 0 0s -1s 5 x "" 5s5; do
		refused "--interval" -- events "--interval=$time" "$ID"
	done
	for time in 5s 1m30s 1.5h 500ms 2us; do
		refused "container does not exist" -- events "--interval=$time" "$ID"
		refused "container does not exist" -- events -interval "$time" "$ID"
	done
}
