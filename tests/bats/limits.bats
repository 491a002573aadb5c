#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Each limit of linux.resources is run into.  What update does with them is in update.bats.
load helpers
load cgroup-helpers

# How often the kernel ended a process of the container for want of memory.
oom_kills() {
	if in_v1 memory; then
		counter memory memory.oom_control oom_kill
	else
		counter memory memory.events oom_kill
	fi
}

rises() { # COMMAND...: prints a number that is to be more than 0
	(($("$@") > 0))
}

# ---- memory -----------------------------------------------------------------------------------

@test "memory.limit: who wants more is killed, and counted (config-linux.md, Memory)" {
	requires_controller memory
	guest spawn memory 200 -- spawn memory 10 -- sleep
	resources '{"memory": {"limit": 33554432, "swap": 33554432}}'
	started
	wait_until said sleeping
	is "$(container_output | head -3 | paste -sd,)" "status 137,touched 10 MiB,status 0"
	rises oom_kills
}

@test "memory.swap: memory and swap together (config-linux.md, Memory)" {
	requires_controller memory
	limited '{"memory": {"limit": 33554432, "swap": 50331648}}'
	value_is memory memory.memsw.limit_in_bytes 50331648 memory.swap.max 16777216
	works delete --force "$ID"
	resources '{"memory": {"limit": 33554432, "swap": 1000}}'
	create_refused linux.resources.memory.swap "memory and swap together"
}

@test "memory.limit -1 is no limit; memory.reservation is kept" {
	requires_controller memory
	args /guest memory 64
	resources '{"memory": {"limit": -1, "swap": -1, "reservation": 16777216}}'
	runs
	is "$output" "touched 64 MiB"
	sleeping
	value_is memory memory.limit_in_bytes 9223372036854771712 memory.max max
	value_is memory memory.soft_limit_in_bytes 16777216 memory.low 16777216
}

@test "memory.disableOOMKiller: who wants more waits, and is not killed (config-linux.md, Memory)" {
	requires_controller memory
	args /guest memory 200
	resources '{"memory": {"limit": 33554432, "swap": 33554432, "disableOOMKiller": true}}'
	if ! in_v1 memory; then
		create_refused linux.resources.memory.disableOOMKiller "only cgroup v1"
		return
	fi
	started
	wait_until rises counter memory memory.oom_control under_oom
	is "$(oom_kills)" 0
	is "$(container_status)" running
	works delete --force "$ID"
}

@test "memory.swappiness and memory.kernelTCP are cgroup v1's" {
	requires_controller memory
	resources '{"memory": {"limit": 33554432, "swappiness": 30}}'
	if in_v1 memory; then
		resources '{"memory": {"limit": 33554432, "swappiness": 30, "kernelTCP": 8388608, "useHierarchy": true}}'
		sleeping
		is "$(value memory memory.swappiness -)" 30
		is "$(value memory memory.kmem.tcp.limit_in_bytes -)" 8388608
	else
		create_refused linux.resources.memory.swappiness "only cgroup v1"
		resources '{"memory": {"kernelTCP": 8388608}}'
		create_refused linux.resources.memory.kernelTCP "only cgroup v1"
	fi
}

# ---- pids -------------------------------------------------------------------------------------

@test "pids.limit: fork fails, and is counted (config-linux.md, PIDs)" {
	requires_controller pids
	guest spawn fork 50 -- sleep
	resources '{"pids": {"limit": 10}}'
	started
	wait_until said "forked"
	is "$(container_output | head -1)" "forked 8"
	rises counter pids pids.events max
}

@test "pids.limit 0 is a limit: no fork at all (config-linux.md, PIDs)" {
	requires_controller pids
	guest fork 5 -- sleep
	resources '{"pids": {"limit": 0}}'
	started
	wait_until said "sleeping"
	is "$(container_output | head -1)" "forked 0"
	value_is pids pids.max 0 pids.max 0
}

# ---- processors -------------------------------------------------------------------------------

@test "cpu.quota: who uses more is throttled (config-linux.md, CPU)" {
	requires_controller cpu
	guest burn 100 -- sleep
	resources '{"cpu": {"quota": 10000, "period": 100000}}'
	started
	wait_until said burnt
	rises counter cpu cpu.stat nr_throttled
	works events --stats "$ID"
	holds '.data.cpu.throttling.throttledPeriods > 0' '.data.cpu.throttling.throttledTime > 0'
}

@test "cpu.burst: at most the quota (config-linux.md, CPU)" {
	requires_controller cpu
	limited '{"cpu": {"quota": 20000, "period": 100000, "burst": 15000}}'
	[[ -e $(cgroup_of cpu)/cpu.cfs_burst_us || -e $(cgroup_of cpu)/cpu.max.burst ]] || skip "this kernel has no burst"
	value_is cpu cpu.cfs_burst_us 15000 cpu.max.burst 15000
	works delete --force "$ID"
	resources '{"cpu": {"quota": 20000, "burst": 20001}}'
	create_refused linux.resources.cpu.burst
}

@test "cpu.shares become a weight; cpu.idle takes it away (config-linux.md, CPU)" {
	requires_controller cpu
	local shares weight
	while read -r shares weight; do
		resources "{\"cpu\": {\"shares\": $shares}}"
		sleeping
		value_is cpu cpu.shares "$shares" cpu.weight "$weight"
		works delete --force "$ID"
	done <<-'END'
		2 1
		512 59
		1024 100
		262144 10000
	END
	limited '{"cpu": {"shares": 512, "idle": 1}}'
	value_is cpu cpu.idle 1 cpu.idle 1
}

@test "cpu.realtimeRuntime: without it no real-time scheduling, with it there is (config-linux.md, CPU)" {
	requires_controller cpu
	args /guest scheduler
	resources '{"cpu": {"realtimeRuntime": 10000, "realtimePeriod": 1000000}}'
	if ! in_v1 cpu; then
		create_refused linux.resources.cpu.realtime "only cgroup v1"
		return
	fi
	[[ -e $(v1_root cpu)/cpu.rt_runtime_us ]] || skip "no CONFIG_RT_GROUP_SCHED"
	config '.process.scheduler = {policy: "SCHED_RR", priority: 1}'
	runs
	has "$output" SCHED_RR
	resources '{"cpu": {"shares": 1024}}'
	ocirun run --bundle "$B" "$ID"
	failed process.scheduler
}

@test "cpu.cpus and cpu.mems: where it may run (config-linux.md, CPU)" {
	requires_controller cpuset
	local last=$(($(nproc) - 1))
	args /guest affinity
	resources "{\"cpu\": {\"cpus\": \"$last\", \"mems\": \"0\"}}"
	runs
	is "$output" "\"$last\""
	resources '{"cpu": {"cpus": "0-9999"}}'
	create_refused linux.resources.cpu.cpus cpuset.cpus
	resources '{"cpu": {"mems": "77"}}'
	create_refused linux.resources.cpu.mems cpuset.mems
}

# ---- disks ------------------------------------------------------------------------------------

# The disk below a file, as "MAJOR:MINOR".
disk_of() {
	local device
	device=$(mountpoint -d "$(df --output=target "$1" | tail -1)") || return
	[[ -e /sys/dev/block/$device ]] || return
	if [[ -e /sys/dev/block/$device/partition ]]; then
		device=$(<"/sys/dev/block/$device/../dev")
	fi
	echo "$device"
}

throttled() { # PROPERTY RATE
	resources "$(jq -n --arg d "$disk" --arg p "$1" --argjson rate "$2" \
		'($d | split(":") | map(tonumber)) as [$major, $minor] | {blockIO: {($p): [{major: $major, minor: $minor, rate: $rate}]}}')"
}

requires_disk() {
	requires_controller blkio
	disk=$(disk_of "$T") || skip "$T is not on a disk"
	head -c 2M /dev/urandom >"$R/data"
	sync "$R/data"
	dd "if=$R/data" of=/dev/null bs=64k iflag=direct 2>/dev/null || skip "no O_DIRECT on the file system of $T"
}

@test "blockIO.throttleReadBpsDevice: a reader waits, until the limit is raised (config-linux.md, Block IO)" {
	requires_disk
	args /guest read-direct /data
	throttled throttleReadBpsDevice 32768
	started
	wait_until said reading
	# at this rate it takes a minute
	is "$(container_output)" reading
	value_is blkio blkio.throttle.read_bps_device "$disk 32768" io.max "$disk rbps=32768 wbps=max riops=max wiops=max"
	throttled throttleReadBpsDevice 1000000000
	jq .linux.resources "$B/config.json" >"$T/resources.json"
	works update --resources "$T/resources.json" "$ID"
	wait_until said "read /data"
}

@test "blockIO.throttleReadIOPSDevice and the limits of writes are in their files (config-linux.md, Block IO)" {
	requires_disk
	local property file word
	while read -r property file word; do
		args /guest sleep
		throttled "$property" 1000
		started
		if in_v1 blkio; then
			is "$(value blkio "blkio.throttle.$file" -)" "$disk 1000"
		else
			has "$(value blkio - io.max)" "$word=1000"
		fi
		works delete --force "$ID"
	done <<-'END'
		throttleReadIOPSDevice read_iops_device riops
		throttleWriteIOPSDevice write_iops_device wiops
		throttleWriteBpsDevice write_bps_device wbps
	END
}

@test "blockIO: a device that does not exist is refused, and so is one without a weight (config-linux.md, Block IO)" {
	requires_controller blkio
	disk=4095:77
	throttled throttleReadBpsDevice 1000
	create_refused "linux.resources.blockIO.throttleReadBpsDevice[0]" "no such device"
	resources '{"blockIO": {"weightDevice": [{"major": 8, "minor": 0}]}}'
	create_refused "linux.resources.blockIO.weightDevice[0]"
}

# ---- huge pages -------------------------------------------------------------------------------

@test "hugepageLimits: who reserves more gets none (config-linux.md, Huge page limits)" {
	requires_controller hugetlb
	local pool=/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages before
	[[ -w $pool ]] || skip "no huge pages of 2 MiB"
	before=$(<$pool)
	echo $((before + 4)) >$pool
	if (($(<$pool) < before + 2)); then
		echo "$before" >$pool
		skip "no memory for huge pages"
	fi
	guest spawn hugepages 1 -- spawn hugepages 2 -- true
	resources '{"hugepageLimits": [{"pageSize": "2MB", "limit": 2097152}]}'
	ocirun run --bundle "$B" "$ID"
	echo "$before" >$pool
	is "$status" 0
	is "$output" $'1 huge pages\nstatus 0\nstatus 1'
	has "$stderr" ENOMEM
	resources '{"hugepageLimits": [{"pageSize": "3MB", "limit": 2097152}]}'
	create_refused "linux.resources.hugepageLimits[0]" hugetlb.3MB
}

# ---- devices ----------------------------------------------------------------------------------

@test "devices: rules apply in the listed order (config-linux.md, Allowed Device list)" {
	requires_cgroup
	config '.linux.devices = [{path: "/dev/a", type: "c", major: 10, minor: 237}, {path: "/dev/b", type: "c", major: 10, minor: 229}]'
	resources '{"devices": [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 10, "access": "rwm"},
		{"allow": false, "type": "c", "major": 10, "minor": 237, "access": "rwm"}]}'
	guest open /dev/a -- open /dev/b -- open /dev/null w
	ocirun run --bundle "$B" "$ID"
	is "$(grep EPERM <<<"$stderr" | cut -d: -f2)" " /dev/a"
	config '.linux.resources.devices[1:] |= reverse'
	ocirun run --bundle "$B" "$ID"
	lacks "$stderr" EPERM
}

# ---- network, rdma ----------------------------------------------------------------------------

@test "network.classID and network.priorities are cgroup v1's (config-linux.md, Network)" {
	requires_cgroup
	args /guest true
	resources '{"network": {"classID": 1048577, "priorities": [{"name": "lo", "priority": 3}]}}'
	if ! in_v1 net_cls; then
		create_refused linux.resources.network.classID net_cls
	fi
	# these controllers as a hierarchy of their own, beside what is there, in a mount namespace of its own
	WRAP=(unshare --mount --propagation private sh -ec '
		view=$1 roots=$2
		shift 2
		mkdir -p "$view"
		mount -t tmpfs view "$view"
		for m in $roots; do
			name=${m#/sys/fs/cgroup}
			mkdir -p "$view/${name:-/unified}"
			mount --bind "$m" "$view/${name:-/unified}"
		done
		case " $roots " in
		*net_cls*) ;;
		*)
			mkdir "$view/net_cls,net_prio"
			mount -t cgroup -o net_cls,net_prio net "$view/net_cls,net_prio" || exit 77
			;;
		esac
		mount --move "$view" /sys/fs/cgroup
		exec "$@"' view "$T/view" "$(hierarchy_roots | paste -sd' ')")
	ocirun list
	[[ $status != 77 ]] || skip "this kernel has no net_cls and net_prio"
	config '.mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro"]}]'
	guest cat /sys/fs/cgroup/net_cls,net_prio/net_cls.classid /sys/fs/cgroup/net_cls,net_prio/net_prio.ifpriomap
	runs
	is "$(head -1 <<<"$output")" 1048577
	has "$output" "lo 3"
}

@test "rdma: a device has one of its two limits, and the controller is needed (config-linux.md, RDMA)" {
	requires_cgroup
	resources '{"rdma": {"mlx5_1": {}}}'
	create_refused linux.resources.rdma.mlx5_1
	! has_controller rdma || skip "there is an rdma controller"
	resources '{"rdma": {"mlx5_1": {"hcaHandles": 3}}}'
	create_refused linux.resources.rdma rdma
}

# ---- unified ----------------------------------------------------------------------------------

@test "unified: any file of v2 is written, and its limit holds (config-linux.md, Unified)" {
	requires_any_cgroup
	v2_root >/dev/null || skip "no v2 hierarchy"
	limited '{"unified": {"cgroup.max.descendants": "1"}}'
	local directory
	directory=$(v2_root)$(sed -n 's/^0:://p' "/proc/$(container_pid)/cgroup")
	mkdir "$directory/one"
	has "$(mkdir "$directory/two" 2>&1)" "Resource temporarily unavailable"
}

@test "unified: controllers are enabled, and one that is missing is an error (config-linux.md, Unified)" {
	requires_v2 hugetlb
	limited '{"unified": {"hugetlb.2MB.max": "2097152", "hugetlb.2MB.rsvd.max": "4194304"}}'
	is "$(cat "$(cgroup_of hugetlb)/hugetlb.2MB.rsvd.max")" 4194304
	works delete --force "$ID"
	resources '{"unified": {"nonsense.max": "1"}}'
	create_refused linux.resources.unified.nonsense.max "nonsense controller is not available"
	resources '{"unified": {"hugetlb.2MB.nonsense": "1"}}'
	create_refused linux.resources.unified.hugetlb.2MB.nonsense
	resources '{"unified": {"hugetlb.2MB.max": "many"}}'
	create_refused linux.resources.unified.hugetlb.2MB.max "not a value"
	if in_v1 memory; then
		resources '{"unified": {"memory.max": "100000000"}}'
		create_refused linux.resources.unified.memory.max "cgroup v1"
	fi
}
