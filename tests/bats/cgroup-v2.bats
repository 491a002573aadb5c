#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=vm
# Limits on cgroup v2 alone, by the cgroupfs manager: each is seen to hold.  tests/vm/run has such a machine.
load helpers

setup() {
	requires_root "makes cgroups below the root of the hierarchy"
	[[ $(stat -fc %T /sys/fs/cgroup) == cgroup2fs ]] || skip "needs cgroup v2 alone (tests/vm/run)"
	helpers_setup
}

requires_controller() { # NAME
	grep -qw "$1" /sys/fs/cgroup/cgroup.controllers || skip "no $1 controller here"
}

# resources JSON
resources() {
	config '.linux.resources = $r' --argjson r "$1"
}

# The container's cgroup; a file of it.
cg() {
	echo "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(container_pid)/cgroup")"
}

cg_file() { # FILE
	cat "$(cg)/$1"
}

# cg_event FILE KEY: the number after the key.
cg_event() {
	awk -v key="$2" '$1 == key { print $2 }' "$(cg)/$1"
}

event_seen() { # FILE KEY
	(($(cg_event "$1" "$2") > 0))
}

# The program of the container is this script of busybox.
script() {
	requires busybox
	cp "$(command -v busybox)" "$R/bin/busybox"
	args /bin/busybox sh -c "$1"
}

@test "v2: memory.limit: the OOM killer comes, memory.events tells, and the container's other processes live" {
	requires_controller memory
	resources '{"memory": {"limit": 33554432, "swap": 33554432}}'
	guest spawn memory 200 -- sleep
	started
	wait_until said sleeping
	is "$(cg_file memory.max) $(cg_file memory.swap.max)" "33554432 0"
	event_seen memory.events oom_kill
	has "$(container_output)" "status 137"
	is "$(container_status)" running
}

@test "v2: memory.limit in a tmpfs of the container counts, too" {
	requires_controller memory
	resources '{"memory": {"limit": 33554432, "swap": 33554432}}'
	script 'busybox dd if=/dev/zero of=/dev/shm/x bs=1M count=60 2>&1; busybox echo status $?; exec busybox sleep 1000'
	config '(.mounts[] | select(.destination == "/dev/shm") | .options) |= map(select(startswith("size=") | not))'
	config '.process.env = ["PATH=/bin"]'
	started
	wait_until said status
	has "$(container_output)" "status 137"
	event_seen memory.events oom_kill
}

@test "v2: memory.reservation is memory.low, and a swap that allows some is memory.swap.max" {
	requires_controller memory
	resources '{"memory": {"limit": 67108864, "swap": 100663296, "reservation": 16777216}}'
	sleeping
	is "$(cg_file memory.max) $(cg_file memory.low) $(cg_file memory.swap.max)" "67108864 16777216 33554432"
}

@test "v2: pids.limit: fork fails, and pids.events tells" {
	requires_controller pids
	resources '{"pids": {"limit": 10}}'
	guest spawn fork 50 -- sleep
	started
	wait_until said sleeping
	has "$(container_output)" "forked 8"
	event_seen pids.events max
	is "$(cg_file pids.max)" 10
}

@test "v2: cpu.quota: a busy program is throttled" {
	requires_controller cpu
	resources '{"cpu": {"quota": 10000, "period": 100000}}'
	script 'while :; do :; done'
	started
	is "$(cg_file cpu.max)" "10000 100000"
	wait_until event_seen cpu.stat nr_throttled
}

@test "v2: cpu.shares, burst and idle" {
	requires_controller cpu
	resources '{"cpu": {"shares": 2048, "quota": 50000, "period": 100000, "burst": 20000}}'
	sleeping
	is "$(cg_file cpu.max.burst)" 20000
	(($(cg_file cpu.weight) > 100))
	works delete --force "$ID"
	resources '{"cpu": {"idle": 1}}'
	sleeping
	is "$(cg_file cpu.idle)" 1
}

@test "v2: cpu.cpus: the program may run there alone, also what exec brings" {
	requires_controller cpuset
	(($(nproc) > 1)) || skip "one processor"
	resources '{"cpu": {"cpus": "1", "mems": "0"}}'
	sleeping
	is "$(cg_file cpuset.cpus.effective)" 1
	works exec "$ID" /guest affinity
	is "$output" '"1"'
	works update --cpuset-cpus 0 "$ID"
	works exec "$ID" /guest affinity
	is "$output" '"0"'
}

@test "v2: blockIO throttling: io.max holds for a disk" {
	requires_controller io
	local disk number
	disk=$(lsblk -rndo KNAME,TYPE 2>/dev/null | awk '$2 == "disk" { print $1; exit }')
	[[ $disk ]] || skip "no disk here"
	number=$(<"/sys/class/block/$disk/dev")
	config '.linux.resources.blockIO = {throttleReadBpsDevice: [{major: $a, minor: $b, rate: 1048576}],
			throttleWriteIOPSDevice: [{major: $a, minor: $b, rate: 100}]} |
		.linux.devices = [{path: "/dev/disk", type: "b", major: $a, minor: $b}]' \
		--argjson a "${number%:*}" --argjson b "${number#*:}"
	# 3 MiB take at least two seconds; what the page cache has is not read from the disk.
	script 'a=$(busybox date +%s); busybox dd if=/dev/disk of=/dev/null bs=64k count=48 skip=$((RANDOM % 4000)) iflag=direct 2>&1
		busybox echo took $(($(busybox date +%s) - a)); exec busybox sleep 1000'
	config '.process.env = ["PATH=/bin"]'
	started
	has "$(cg_file io.max)" "$number rbps=1048576"
	has "$(cg_file io.max)" wiops=100
	wait_until said took
	(($(container_output | sed -n 's/^took //p') >= 2))
}

@test "v2: devices: EPERM by the program, which an update replaces" {
	config '.linux.devices = [{path: "/dev/a", type: "c", major: 10, minor: 237}]'
	resources '{"devices": [{"allow": false, "access": "rwm"}]}'
	sleeping
	ocirun exec "$ID" /guest open /dev/a
	has "$stderr" EPERM
	works exec "$ID" /guest open /dev/null w
	echo '{"devices": [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 10, "minor": 237, "access": "rwm"}]}' \
		>"$T/resources.json"
	works update --resources "$T/resources.json" "$ID"
	ocirun exec "$ID" /guest open /dev/a
	lacks "$stderr" EPERM
	echo '{"devices": [{"allow": false, "access": "rwm"}]}' >"$T/resources.json"
	works update --resources "$T/resources.json" "$ID"
	ocirun exec "$ID" /guest open /dev/a
	has "$stderr" EPERM
}

@test "v2: devices: while updates replace the program, the forbidden is never allowed" {
	requires mknod
	script 'n=0; while :; do if true 2>/dev/null </dev/a; then busybox echo opened; fi; n=$((n + 1)); [ $n != 50 ] || busybox echo trying; done'
	config '.linux.devices = [{path: "/dev/a", type: "c", major: 1, minor: 1}] | .process.env = ["PATH=/bin"]'
	resources '{"devices": [{"allow": false, "access": "rwm"}]}'
	started
	wait_until said trying
	local i
	for i in 1 2 3 4 5; do
		printf '{"devices": [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 10, "minor": %d, "access": "rwm"}]}' \
			"$i" >"$T/resources.json"
		works update --resources "$T/resources.json" "$ID"
	done
	lacks "$(container_output)" opened
}

@test "v2: pause freezes all processes, the cgroup says so, and resume thaws" {
	script 'busybox sleep 1000 & while :; do busybox echo tick; busybox sleep 0.05; done'
	config '.process.env = ["PATH=/bin"]'
	started
	wait_until said tick
	works pause "$ID"
	is "$(cg_event cgroup.events frozen)" 1
	local before
	before=$(container_output | wc -l)
	sleep 0.3
	is "$(container_output | wc -l)" "$before"
	works resume "$ID"
	is "$(cg_event cgroup.events frozen)" 0
	wait_until more_lines_than "$before"
}

more_lines_than() {
	(($(container_output | wc -l) > $1))
}

@test "v2: delete --force kills many processes that no pid namespace holds (cgroup.kill)" {
	args /guest fork 150
	config '.linux.namespaces |= map(select(.type != "pid"))'
	started
	wait_until said "forked 150"
	works delete --force "$ID"
	no_container
	no_cgroup
}

@test "v2: kill --all reaches processes in groups that the container made" {
	sleeping
	local directory other
	directory=$(cg)
	mkdir "$directory/below"
	env "OCIRUN_TEST_MARK=$ID" sleep 1000 &
	other=$!
	echo "$other" >"$directory/below/cgroup.procs"
	works kill --all "$ID" KILL
	wait_for_status stopped
	wait "$other" && return 1
	is "$?" 137
}

@test "v2: unified sets what no property knows, and enables the controller for it (config-linux.md, Unified)" {
	requires_controller memory
	resources '{"unified": {"memory.high": "50331648", "memory.oom.group": "1", "pids.max": "33"}}'
	sleeping
	is "$(cg_file memory.high) $(cg_file memory.oom.group) $(cg_file pids.max)" "50331648 1 33"
}

@test "v2: a unified key that the kernel does not know is refused, with its name" {
	requires_controller memory
	resources '{"unified": {"memory.nonsense": "1"}}'
	create_refused unified.memory.nonsense
}

@test "v2: hugepageLimits set the limit, and the reservation's" {
	requires_controller hugetlb
	resources '{"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]}'
	sleeping
	[[ -e $(cg)/hugetlb.2MB.max ]] || skip "no huge pages of 2 MB"
	is "$(cg_file hugetlb.2MB.rsvd.max)" 4194304
}

@test "v2: a limit that v2 cannot express is refused (config-linux.md)" {
	resources '{"memory": {"swappiness": 10}}'
	create_refused memory.swappiness
	resources '{"network": {"classID": 5}}'
	create_refused network.classID
}

@test "v2: update changes limits, and a refused one leaves the others as they were" {
	requires_controller memory
	resources '{"memory": {"limit": 67108864}, "pids": {"limit": 100}}'
	sleeping
	echo '{"memory": {"limit": 134217728}, "pids": {"limit": 50}, "cpu": {"quota": 50000, "period": 100000}}' >"$T/resources.json"
	works update --resources "$T/resources.json" "$ID"
	is "$(cg_file memory.max) $(cg_file pids.max) $(cg_file cpu.max)" "134217728 50 50000 100000"
	echo '{"memory": {"limit": 33554432}, "unified": {"memory.nonsense": "1"}}' >"$T/resources.json"
	refused memory.nonsense -- update --resources "$T/resources.json" "$ID"
	is "$(cg_file memory.max) $(cg_file pids.max)" "134217728 50"
}

@test "v2: delegation: with a cgroup namespace and a writable mount the container's root owns what the kernel lists, and no more" {
	resources '{"pids": {"limit": 100}}'
	config '.linux.namespaces += [{type: "user"}, {type: "cgroup"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 1200000, size: 65536}] |
		.linux.gidMappings = .linux.uidMappings |
		.mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["rw"]}]'
	chown -R 1200000:1200000 "$R"
	guest mkdir /sys/fs/cgroup/below -- write /sys/fs/cgroup/below/cgroup.procs 0 -- write /sys/fs/cgroup/pids.max max -- sleep
	ocirun create --bundle "$B" "$ID"
	succeeded
	works start "$ID"
	wait_until said sleeping
	local directory file owned
	directory=$(cg)
	has "$directory" /below
	directory=${directory%/below}
	is "$(stat -c %u "$directory")" 1200000
	for file in "$directory"/*; do
		[[ -f $file ]] || continue
		owned=0
		! grep -qx "${file##*/}" /sys/kernel/cgroup/delegate || owned=1200000
		is "${file##*/} $(stat -c %u "$file")" "${file##*/} $owned"
	done
	# its own limit is not the container's to change
	is "$(<"$directory/pids.max")" 100
}

@test "v2: the parents of cgroupsPath get the controllers that are asked for, and those that were there stay" {
	requires_controller memory
	mkdir "/sys/fs/cgroup/ocirun-test-$ID"
	resources '{"memory": {"limit": 67108864}, "cpu": {"shares": 512}}'
	config '.linux.cgroupsPath = $p' --arg p "/ocirun-test-$ID/a/b"
	sleeping
	has " $(<"/sys/fs/cgroup/ocirun-test-$ID/a/cgroup.subtree_control") " " memory "
	is "$(cg_file memory.max)" 67108864
	works delete --force "$ID"
	find "/sys/fs/cgroup/ocirun-test-$ID" -depth -type d -exec rmdir {} +
}

@test "v2: a parent that holds processes is an error that says what to do" {
	requires_controller memory
	mkdir "/sys/fs/cgroup/ocirun-test-$ID"
	env "OCIRUN_TEST_MARK=$ID" sleep 1000 &
	local other=$!
	echo "$other" >"/sys/fs/cgroup/ocirun-test-$ID/cgroup.procs"
	resources '{"memory": {"limit": 67108864}}'
	config '.linux.cgroupsPath = $p' --arg p "/ocirun-test-$ID/a"
	create_refused linux.resources.memory "holds processes"
	# nothing has been enabled, so that what needs no controller can be there
	is "$(<"/sys/fs/cgroup/ocirun-test-$ID/cgroup.subtree_control")" ""
	config 'del(.linux.resources)'
	sleeping
	is "$(cg)" "/sys/fs/cgroup/ocirun-test-$ID/a"
	works delete --force "$ID"
	# as somebody else might have left it
	echo +pids >"/sys/fs/cgroup/ocirun-test-$ID/cgroup.subtree_control"
	create_refused "domain invalid"
	resources '{"memory": {"limit": 67108864}}'
	create_refused linux.resources.memory "thread mode"
	kill -KILL "$other"
	wait "$other" || true
	wait_until rmdir "/sys/fs/cgroup/ocirun-test-$ID"
}

@test "v2: a frozen parent is refused, and nothing hangs" {
	mkdir "/sys/fs/cgroup/ocirun-test-$ID"
	echo 1 >"/sys/fs/cgroup/ocirun-test-$ID/cgroup.freeze"
	config '.linux.cgroupsPath = $p' --arg p "/ocirun-test-$ID/a"
	create_refused frozen
	wait_until rmdir "/sys/fs/cgroup/ocirun-test-$ID"
}

@test "v2: a cgroup mount is cgroup2, and with a cgroup namespace its root is the container's" {
	resources '{"pids": {"limit": 77}}'
	config '.linux.namespaces += [{type: "cgroup"}] |
		.mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro"]}]'
	guest cat /sys/fs/cgroup/pids.max /proc/self/cgroup
	runs
	is "$output" $'77\n0::/'
}
