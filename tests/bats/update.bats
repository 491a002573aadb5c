#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers
load cgroup-helpers

# updated JSON: update --resources - with that document, which has to succeed.
updated() {
	echo "$1" >"$T/resources.json"
	STDIN=$T/resources.json works update --resources - "$ID"
}

# update_refused JSON TEXT...
update_refused() {
	echo "$1" >"$T/resources.json"
	shift
	STDIN=$T/resources.json refused "$@" -- update --resources - "$ID"
}

# option_sets "--option VALUE" CONTROLLER V1-FILE V1-TEXT V2-FILE V2-TEXT, if the machine has the controller and the file.
option_sets() {
	local directory file=$5
	has_controller "$2" || { echo "# no $2 controller: $1" >&3; return 0; }
	! in_v1 "$2" || file=$3
	directory=$(cgroup_of "$2")
	[[ -e $directory/$file ]] || { echo "# no $file: $1" >&3; return 0; }
	# shellcheck disable=SC2086 # words
	works update $1 "$ID"
	value_is "$2" "${@:3}"
}

@test "update: memory options" {
	requires_controller memory
	limited '{"memory": {"limit": 67108864}}'
	option_sets "--memory 128m" memory memory.limit_in_bytes 134217728 memory.max 134217728
	option_sets "--memory-reservation 64M" memory memory.soft_limit_in_bytes 67108864 memory.low 67108864
	option_sets "--memory=1g --memory-swap=2g" memory memory.memsw.limit_in_bytes 2147483648 memory.swap.max 1073741824
	value_is memory memory.limit_in_bytes 1073741824 memory.max 1073741824
	refused linux.resources.memory.swap "memory and swap together" -- update --memory-swap 512m "$ID"
	option_sets "--memory 1048576k" memory memory.limit_in_bytes 1073741824 memory.max 1073741824
	option_sets "--memory-swap -1" memory memory.memsw.limit_in_bytes 9223372036854771712 memory.swap.max max
	option_sets "--memory -1" memory memory.limit_in_bytes 9223372036854771712 memory.max max
}

@test "update: kernel memory is cgroup v1's" {
	requires_controller memory
	limited '{"memory": {"limit": 67108864}}'
	if in_v1 memory; then
		option_sets "--kernel-memory-tcp 16m" memory memory.kmem.tcp.limit_in_bytes 16777216 - -
	else
		refused "linux.resources.memory.kernelTCP" "only cgroup v1" -- update --kernel-memory-tcp 16m "$ID"
		refused "linux.resources.memory.kernel" "only cgroup v1" -- update --kernel-memory 16m "$ID"
	fi
}

@test "update: processor options" {
	requires_controller cpu
	limited '{"cpu": {"shares": 1024}}'
	option_sets "--cpu-share 512" cpu cpu.shares 512 cpu.weight 59
	option_sets "--cpu-period 50000 --cpu-quota 20000" cpu cpu.cfs_quota_us 20000 cpu.max "20000 50000"
	option_sets "--cpu-quota 25000" cpu cpu.cfs_period_us 50000 cpu.max "25000 50000"
	option_sets "--cpu-period 100000" cpu cpu.cfs_quota_us 25000 cpu.max "25000 100000"
	option_sets "--cpu-burst 5000" cpu cpu.cfs_burst_us 5000 cpu.max.burst 5000
	option_sets "--cpu-burst 0 --cpu-quota -1" cpu cpu.cfs_quota_us -1 cpu.max "max 100000"
	option_sets "--cpu-idle 1" cpu cpu.idle 1 cpu.idle 1
	option_sets "--cpu-idle 0 --cpu-share 2048" cpu cpu.idle 0 cpu.idle 0
	if in_v1 cpu; then
		option_sets "--cpu-rt-period 500000" cpu cpu.rt_period_us 500000 - -
		option_sets "--cpu-rt-runtime 1000" cpu cpu.rt_runtime_us 1000 - -
	else
		refused "linux.resources.cpu.realtimeRuntime" -- update --cpu-rt-runtime 1000 "$ID"
		refused "linux.resources.cpu.realtimePeriod" -- update --cpu-rt-period 1000 "$ID"
	fi
}

@test "update: processors and memory nodes" {
	requires_controller cpuset
	limited '{"cpu": {"cpus": "0"}}'
	(($(nproc) > 1)) || skip "one processor"
	option_sets "--cpuset-cpus 1" cpuset cpuset.cpus 1 cpuset.cpus 1
	option_sets "--cpuset-cpus 0-1 --cpuset-mems 0" cpuset cpuset.cpus 0-1 cpuset.cpus 0-1
	works exec "$ID" /guest affinity
	is "$output" '"0-1"'
}

@test "update: pids and weights of disks" {
	requires_controller pids
	limited '{"pids": {"limit": 100}}'
	option_sets "--pids-limit 55" pids pids.max 55 pids.max 55
	option_sets "--pids-limit=-1" pids pids.max max pids.max max
	option_sets "--pids-limit 0" pids pids.max 0 pids.max 0
	option_sets "--blkio-weight 500" blkio blkio.bfq.weight 500 io.bfq.weight "default 500"
}

@test "update --resources: a file, - and what engines send" {
	requires_controller pids memory cpu
	limited '{"pids": {"limit": 100}}'
	echo '{"pids": {"limit": 66}}' >"$T/resources.json"
	works update --resources "$T/resources.json" "$ID"
	value_is pids pids.max 66 pids.max 66
	works update -r "$T/resources.json" "$ID"
	# podman
	updated '{"devices": [{"allow": false, "access": "rwm"}], "memory": {"limit": 536870912, "swap": 1073741824},
		"cpu": {"shares": 512, "quota": 50000, "period": 100000}, "pids": {"limit": 2048}, "blockIO": {}}'
	value_is memory memory.limit_in_bytes 536870912 memory.max 536870912
	value_is cpu cpu.cfs_quota_us 50000 cpu.max "50000 100000"
	# containerd
	echo '{"cpu": {"shares": 2, "quota": -1}, "memory": {}, "pids": null}' >"$T/resources.json"
	STDIN=$T/resources.json works update --resources=- "$ID"
	value_is cpu cpu.cfs_quota_us -1 cpu.max "max 100000"
	updated '{}'
	value_is pids pids.max 2048 pids.max 2048
}

@test "update --resources: a document that is none" {
	requires_any_cgroup
	limited '{}'
	update_refused '{"memory": {"limit": 20000000}' "resources:" "not JSON"
	update_refused '{"memory": {"limit": "x"}}' "memory.limit: expected an integer"
	update_refused '[]' "expected an object"
	update_refused '' "resources:" "empty"
	refused "no such file" -- update -r "$T/none" "$ID"
	refused "is a directory" -- update -r "$T" "$ID"
}

@test "update: memory and swap rise and fall together, in the order that the kernel takes" {
	requires_controller memory
	limited '{"memory": {"limit": 33554432, "swap": 33554432}}'
	updated '{"memory": {"limit": 134217728, "swap": 268435456}}'
	value_is memory memory.limit_in_bytes 134217728 memory.max 134217728
	updated '{"memory": {"limit": 33554432, "swap": 50331648}}'
	value_is memory memory.limit_in_bytes 33554432 memory.max 33554432
	value_is memory memory.memsw.limit_in_bytes 50331648 memory.swap.max 16777216
	updated '{"memory": {"limit": -1, "swap": -1}}'
	value_is memory memory.memsw.limit_in_bytes 9223372036854771712 memory.swap.max max
}

@test "update: burst and quota rise and fall together" {
	requires_controller cpu
	limited '{"cpu": {"quota": 20000, "burst": 20000}}'
	updated '{"cpu": {"quota": 10000, "burst": 5000}}'
	value_is cpu cpu.cfs_quota_us 10000 cpu.max "10000 100000"
	updated '{"cpu": {"quota": 50000, "burst": 40000}}'
	value_is cpu cpu.cfs_burst_us 40000 cpu.max.burst 40000
	update_refused '{"cpu": {"quota": 30000, "burst": 40000}}' linux.resources.cpu.burst
	update_refused '{"cpu": {"quota": 30000}}' linux.resources.cpu.quota
	value_is cpu cpu.cfs_quota_us 50000 cpu.max "50000 100000"
}

# What the old limits of the following tests are.
old_limits_are_back() {
	value_is memory memory.limit_in_bytes 67108864 memory.max 67108864
	value_is cpu cpu.cfs_quota_us 50000 cpu.max "50000 100000"
	value_is cpu cpu.shares 512 cpu.weight 59
	value_is cpuset cpuset.cpus 0 cpuset.cpus 0
	value_is pids pids.max 77 pids.max 77
}

@test "update is all or nothing: a limit that fails in the middle, or at the end" {
	requires_controller memory cpu cpuset pids
	limited '{"memory": {"limit": 67108864, "swap": 67108864}, "cpu": {"quota": 50000, "shares": 512, "cpus": "0"},
		"pids": {"limit": 77}}'
	old_limits_are_back
	update_refused '{"memory": {"limit": 134217728, "swap": 268435456}, "cpu": {"quota": 70000, "shares": 2000,
		"cpus": "4000"}, "pids": {"limit": 88}}' linux.resources.cpu.cpus
	old_limits_are_back
	update_refused '{"memory": {"limit": 33554432, "swap": 33554432}, "cpu": {"quota": -1, "idle": 1},
		"pids": {"limit": 88}, "hugepageLimits": [{"pageSize": "3MB", "limit": 1}]}' "linux.resources.hugepageLimits[0]"
	old_limits_are_back
	value_is cpu cpu.idle 0 cpu.idle 0
	value_is memory memory.memsw.limit_in_bytes 67108864 memory.swap.max 0
	# it can still be changed
	works update --pids-limit 5 "$ID"
	value_is pids pids.max 5 pids.max 5
}

@test "update is all or nothing: a second disk that does not exist" {
	requires_controller blkio
	local disk
	disk=$(lsblk -dnro MAJ:MIN,SIZE 2>/dev/null | awk '$2 != "0B" { print $1; exit }')
	[[ $disk ]] || skip "no disk"
	limited '{"pids": {"limit": 77}}'
	update_refused "$(jq -n --arg d "$disk" '($d | split(":") | map(tonumber)) as [$major, $minor] |
		{blockIO: {throttleReadBpsDevice: [{major: $major, minor: $minor, rate: 1000000},
			{major: 4095, minor: 7, rate: 1000000}]}}')" "throttleReadBpsDevice[1]" "no such device"
	lacks "$(value blkio blkio.throttle.read_bps_device io.max)" "$disk"
}

@test "update is all or nothing: a device that the parent group does not have" {
	requires_v1 devices
	requires_controller pids
	local parent list
	parent=$(v1_root devices)/ocirun-test-$ID
	mkdir "$parent"
	echo a >"$parent/devices.deny"
	for list in "c *:* m" "b *:* m" "c 1:* rwm" "c 5:* rwm" "c 136:* rwm"; do
		echo "$list" >"$parent/devices.allow"
	done
	config '.linux.cgroupsPath = $p' --arg p "/ocirun-test-$ID/c"
	limited '{"pids": {"limit": 77}, "devices": [{"allow": false, "access": "rwm"}]}'
	list=$(sort "$parent/c/devices.list")
	update_refused '{"pids": {"limit": 88}, "devices": [{"allow": false, "access": "rwm"},
		{"allow": true, "type": "c", "major": 1, "minor": 11, "access": "r"},
		{"allow": true, "type": "c", "major": 99, "minor": 1, "access": "rwm"}]}' "c 99:1 rwm" "a parent of it does not have it"
	is "$(sort "$parent/c/devices.list")" "$list"
	value_is pids pids.max 77 pids.max 77
	updated '{"devices": [{"allow": false, "access": "rwm"},
		{"allow": true, "type": "c", "major": 1, "minor": 11, "access": "r"}]}'
	has "$(cat "$parent/c/devices.list")" "c 1:11 r"
	works delete --force "$ID"
	remove_cgroups "ocirun-test-$ID"
}

@test "update: checkBeforeUpdate refuses a limit below the usage (config-linux.md, Memory)" {
	requires_controller memory
	guest spawn memory 1 -- touch /tmp/x -- sleep
	resources '{"memory": {"limit": 67108864}}'
	started
	wait_until said sleeping
	update_refused '{"memory": {"limit": 4096, "checkBeforeUpdate": true}}' linux.resources.memory.limit "are in use"
	value_is memory memory.limit_in_bytes 67108864 memory.max 67108864
	is "$(container_status)" running
}

@test "update: values out of range are refused by name, and change nothing" {
	requires_controller memory cpu pids
	limited '{"pids": {"limit": 77}}'
	local option value
	while read -r option value; do
		refused "$option" -- update "--$option=$value" --pids-limit 5 "$ID"
	done <<-'END'
		memory 5x
		memory -2
		memory 99999999999t
		memory-swap 1.5g
		memory-reservation
		kernel-memory k
		cpu-share -1
		cpu-period x
		cpu-quota 99999999999999999999
		cpu-burst -1
		cpu-rt-period -5
		blkio-weight -1
	END
	refused pids-limit -- update --pids-limit -2 "$ID"
	refused linux.resources.cpu.idle -- update --cpu-idle 2 --pids-limit 5 "$ID"
	refused linux.resources.blockIO.weight -- update --blkio-weight 1001 --pids-limit 5 "$ID"
	refused blockIO.weight -- update --blkio-weight 70000 --pids-limit 5 "$ID"
	refused linux.resources.cpu.quota -- update --cpu-quota 10 --pids-limit 5 "$ID"
	value_is pids pids.max 77 pids.max 77
}

@test "update of a paused and of a created container works" {
	requires_controller pids
	limited '{"pids": {"limit": 100}}'
	works pause "$ID"
	works update --pids-limit 50 "$ID"
	value_is pids pids.max 50 pids.max 50
	is "$(container_status)" paused
	works delete --force "$ID"
	created
	works update --pids-limit 51 "$ID"
	value_is pids pids.max 51 pids.max 51
}

@test "update of a container that began without limits, and of one without a cgroup" {
	requires_controller pids
	limited '{}'
	works update --pids-limit 3 "$ID"
	value_is pids pids.max 3 pids.max 3
	ocirun exec "$ID" /guest fork 5
	has "$stderr" EAGAIN
	works delete --force "$ID"
	config 'del(.linux.resources)'
	OCIRUN_ARGS="--cgroup-manager disabled" started
	refused cgroup -- update --pids-limit 3 "$ID"
}

@test "update of a container that is stopped, or unknown" {
	refused "container does not exist" -- update --pids-limit 5 "$ID"
	args /guest true
	started
	wait_for_status stopped
	refused "container not running" -- update --pids-limit 5 "$ID"
}
