#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers
load cgroup-helpers

@test "a container gets a cgroup, and delete removes it (config-linux.md, Control groups)" {
	requires_cgroup
	args /guest sleep
	started
	[[ $(cgroup_directories "$ID") ]]
	has "$(cat "/proc/$(container_pid)/cgroup")" "$ID"
	works delete --force "$ID"
	is "$(cgroup_directories "$ID")" ""
}

@test "cgroupsPath, absolute and relative (config-linux.md, Cgroups Path)" {
	requires_cgroup
	args /guest sleep
	config '.linux.cgroupsPath = $p' --arg p "/ocirun-test-$ID/below"
	started
	has "$(cat "/proc/$(container_pid)/cgroup")" ":/ocirun-test-$ID/below"
	works delete --force "$ID"
	config '.linux.cgroupsPath = $p' --arg p "ocirun-test-$ID/below"
	started
	has "$(cat "/proc/$(container_pid)/cgroup")" "/ocirun-test-$ID/below"
	works delete --force "$ID"
	remove_cgroups "ocirun-test-$ID"
}

@test "the program and what exec runs are in the cgroup, and in the same one" {
	requires_cgroup
	guest cgroup -- sleep
	started
	wait_until said sleeping
	works exec "$ID" /guest cgroup
	is "$output" "$(container_output | head -1)"
}

@test "delete removes groups that the container made below (runtime.md, Delete)" {
	requires_cgroup
	args /guest sleep
	started
	local directory
	while read -r directory; do
		mkdir -p "$directory/sub/deep" 2>/dev/null || true
	done < <(cgroup_directories "$ID" | grep -v cpuset)
	works delete --force "$ID"
	is "$(cgroup_directories "$ID")" ""
}

@test "pids.limit stops a fork bomb (config-linux.md, PIDs)" {
	requires_cgroup
	requires_controller pids
	config '.linux.resources = {pids: {limit: 10}}'
	args /guest fork 50
	ocirun_background run --bundle "$B" "$ID"
	wait_until said "forked"
	wait_background
	has "$output" "forked 9"
	has "$stderr" EAGAIN
}

@test "pids.limit -1 is no limit" {
	requires_cgroup
	requires_controller pids
	config '.linux.resources = {pids: {limit: -1}}'
	args /guest fork 50
	started
	wait_until said "forked 50"
}

@test "memory.limit kills a program that wants too much (config-linux.md, Memory)" {
	requires_cgroup
	requires_controller memory
	config '.linux.resources = {memory: {limit: 33554432, swap: 33554432}}'
	args /guest memory 200
	ocirun run --bundle "$B" "$ID"
	is "$status" 137
	args /guest memory 10
	runs
}

@test "limits can be read in the container's cgroup: cpu.shares, cpu.quota, memory.limit" {
	requires_cgroup
	requires_controller memory
	requires_controller cpu
	config '.linux.resources = {memory: {limit: 67108864}, cpu: {shares: 512, quota: 50000, period: 100000}}'
	args /guest sleep
	started
	local files
	files=$(cgroup_directories "$ID")
	if [[ -d /sys/fs/cgroup/memory ]]; then
		is "$(cat "$(grep '^/sys/fs/cgroup/memory' <<<"$files" | head -1)/memory.limit_in_bytes")" 67108864
		is "$(cat "$(grep '^/sys/fs/cgroup/cpu[/,]' <<<"$files" | head -1)/cpu.shares")" 512
		is "$(cat "$(grep '^/sys/fs/cgroup/cpu[/,]' <<<"$files" | head -1)/cpu.cfs_quota_us")" 50000
	else
		is "$(cat "$(head -1 <<<"$files")/memory.max")" 67108864
		is "$(cat "$(head -1 <<<"$files")/cpu.max")" "50000 100000"
	fi
}

@test "empty resource objects are the same as absent ones" {
	config '.linux.resources = {blockIO: {}, memory: {}, cpu: {}, pids: null, devices: [], hugepageLimits: []}'
	args /guest echo fine
	runs
	is "$output" fine
}

@test "device rules: what is not allowed cannot be opened, the defaults can (config-linux.md, Allowed Device list)" {
	requires_cgroup
	# /dev/loop-control and /dev/fuse: whether the host has them or not, only the rules answer EPERM
	config '.linux.resources = {devices: [{allow: false, access: "rwm"}]} |
		.linux.devices = [{path: "/dev/a", type: "c", major: 10, minor: 237}, {path: "/dev/b", type: "c", major: 10, minor: 229}]'
	guest open /dev/null w -- open /dev/urandom -- open /dev/a -- open /dev/b
	ocirun run --bundle "$B" "$ID"
	is "$(grep -c EPERM <<<"$stderr")" 2
	config '.linux.resources.devices += [{allow: true, type: "c", major: 10, minor: 237, access: "r"}]'
	guest open /dev/a -- open /dev/b -- open /dev/a w
	ocirun run --bundle "$B" "$ID"
	is "$(grep EPERM <<<"$stderr" | sort | cut -d: -f2 | paste -sd,)" " /dev/a, /dev/b"
	config '.linux.resources.devices += [{allow: true, type: "c", major: 10, access: "rw"}]'
	ocirun run --bundle "$B" "$ID"
	lacks "$stderr" EPERM
}

@test "pause and resume; kill and delete of a paused container" {
	requires_cgroup
	args /guest wait-signal
	started
	wait_until said ready
	works pause "$ID"
	is "$(container_status)" paused
	works resume "$ID"
	is "$(container_status)" running
	works pause "$ID"
	works delete --force "$ID"
	no_container
	started
	works pause "$ID"
	works kill "$ID" KILL
	wait_for_status stopped
}

@test "pause of a container that does not run is refused" {
	requires_cgroup
	args /guest true
	started
	wait_for_status stopped
	refused -- pause "$ID"
	refused "does not exist" -- pause none
	refused "does not exist" -- resume none
}

@test "update changes limits of a running container" {
	requires_cgroup
	requires_controller pids
	args /guest sleep
	config '.linux.resources = {pids: {limit: 100}}'
	started
	works update --pids-limit 55 "$ID"
	is "$(find_value pids.max)" 55
	echo '{"pids": {"limit": 66}}' >"$T/resources.json"
	works update --resources "$T/resources.json" "$ID"
	is "$(find_value pids.max)" 66
	STDIN=$T/resources.json works update --resources=- "$ID"
	refused pids.limit -- update --pids-limit x "$ID" || refused pids-limit -- update --pids-limit x "$ID"
}

find_value() { # FILE: of the container's cgroup that has it
	local directory
	for directory in $(cgroup_directories "$ID"); do
		[[ -e $directory/$1 ]] && cat "$directory/$1" && return
	done
}

@test "a cgroup mount shows the container's groups, and ro is read-only (CVE-2023-25809)" {
	requires_cgroup
	config '.mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["nosuid", "noexec", "nodev", "relatime", "ro"]}] |
		.process.capabilities |= map_values(. + ["CAP_DAC_OVERRIDE"])'
	runs
	has "$(fact '[.mounts[].target] | join(" ")')" /sys/fs/cgroup
	holds '[.mounts[] | select(.target | startswith("/sys/fs/cgroup")) | .options | startswith("ro")] | all'
	guest mkdir /sys/fs/cgroup/attack -- mkdir /sys/fs/cgroup/unified/attack -- mkdir /sys/fs/cgroup/pids/attack
	ocirun run --bundle "$B" "$ID"
	is "$(grep -c 'EROFS\|ENOENT' <<<"$stderr")" 3
}

@test "a cgroup mount in a user namespace, with a cgroup namespace" {
	requires_user "root does it in the test above"
	config '.linux.namespaces += [{type: "cgroup"}] |
		.mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro"]}]'
	guest mkdir /sys/fs/cgroup/attack -- mounts
	ocirun run --bundle "$B" "$ID"
	has "$output" /sys/fs/cgroup
	[[ $stderr == *EROFS* || $stderr == *EACCES* ]]
}

@test "without a cgroup of his own a user's container runs" {
	requires_user "root has cgroups"
	args /guest echo fine
	runs
	is "$output" fine
	config '.linux.cgroupsPath = "/some/where"'
	runs
	# 1024 is what is so anyway, and what `ctr run' sends unasked.
	config '.linux.resources = {cpu: {shares: 1024}}'
	runs
	is "$output" fine
}

@test "limits that a user's container cannot have are refused, not forgotten" {
	requires_user "root has cgroups"
	local own
	own=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)
	[[ ! -w $own ]] || skip "a cgroup is delegated"
	config '.linux.resources = {memory: {limit: 33554432}}'
	create_refused memory
	config '.linux.resources = {cpu: {shares: 512}}'
	create_refused cpu.shares
}

@test "--cgroup-manager disabled leaves the container in the caller's cgroup" {
	guest cgroup
	OCIRUN_ARGS="--cgroup-manager disabled" runs
	is "$output" "\"$(sed -z 's/\n$//; s/\n/\\u000a/g' /proc/self/cgroup)\""
	is "$(cgroup_directories "$ID")" ""
}

@test "a cgroup that is not empty is refused at create (config-linux.md, Cgroups Path)" {
	requires_cgroup
	args /guest sleep
	config '.linux.cgroupsPath = $p' --arg p "/ocirun-test-$ID"
	started
	bundle_new "$T/second"
	B=$T/second
	config '.linux.cgroupsPath = $p' --arg p "/ocirun-test-$ID"
	refused "ocirun-test-$ID" -- create --bundle "$B" "$ID-2"
	is "$(container_status)" running
}

# A container with a user and a cgroup namespace whose cgroups are mounted with the option.
start_with_cgroup_mount() { # OPTION
	requires_cgroup
	[[ -d /sys/fs/cgroup/unified ]] || skip "no hybrid hierarchies here"
	args /guest sleep
	config '.linux.namespaces += [{type: "user"}, {type: "cgroup"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 1200000, size: 65536}] |
		.linux.gidMappings = .linux.uidMappings |
		.mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: [$o]}]' --arg o "$1"
	chown -R 1200000:1200000 "$R"
	started
}

@test "the cgroup belongs to the container's root with a cgroup namespace and a writable mount (config-linux.md, Cgroup ownership)" {
	start_with_cgroup_mount rw
	local directory
	directory=$(find /sys/fs/cgroup/unified -type d -name "*$ID*")
	is "$(stat -c %u "$directory")" 1200000
	is "$(stat -c %u "$directory/cgroup.procs" "$directory/cgroup.subtree_control" | sort -u)" 1200000
	# not of the list of /sys/kernel/cgroup/delegate
	is "$(stat -c %u "$directory/cgroup.freeze")" 0
	is "$(stat -c %u "$(dirname "$directory")")" 0
}

@test "the cgroup stays root's when its mount is read-only (config-linux.md, Cgroup ownership)" {
	start_with_cgroup_mount ro
	is "$(stat -c %u "$(find /sys/fs/cgroup/unified -type d -name "*$ID*")")" 0
}

@test "without /sys/kernel/cgroup/delegate three files are given away, and one that is missing is no failure (config-linux.md, Cgroup ownership)" {
	requires_cgroup
	local directory list=/sys/kernel/cgroup/delegate
	# with the kernel's list, which names files of controllers that this cgroup does not have
	start_with_cgroup_mount rw
	directory=$(find /sys/fs/cgroup/unified -type d -name "*$ID*")
	[[ -e $directory/memory.reclaim ]] || grep -q memory.reclaim "$list" || skip "the kernel's list has nothing that is missing"
	is "$(stat -c %u "$directory/cgroup.procs")" 1200000
	works delete --force "$ID"
	WRAP=(unshare --mount --propagation private sh -ec 'mount -t tmpfs none /sys/kernel/cgroup; exec "$@"' view)
	started
	WRAP=()
	directory=$(find /sys/fs/cgroup/unified -type d -name "*$ID*")
	is "$(cd "$directory" && stat -c '%u %n' -- cgroup.* | sed -n 's/^1200000 //p' | paste -sd' ')" \
		"cgroup.procs cgroup.subtree_control cgroup.threads"
}
