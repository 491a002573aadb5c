#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=vm
# The systemd cgroup manager, as root and as a user with a systemd of his own: scopes, slices, properties.
# tests/vm/run has such a machine.
load helpers

setup() {
	local session=${XDG_RUNTIME_DIR:-}
	helpers_setup
	[[ -d /run/systemd/system ]] || skip "systemd is not the init of this machine (tests/vm/run)"
	export XDG_RUNTIME_DIR=$session
	if [[ $ROOTLESS == 1 && ! -S $session/bus ]]; then
		skip "no bus of a user's systemd at ${session:-(no XDG_RUNTIME_DIR)}/bus (tests/vm/run)"
	fi
	OCIRUN_ARGS=--systemd-cgroup
	scope=ocirun-$ID.scope
}

# systemctl of the manager that the runtime speaks to.
manager() {
	if [[ $ROOTLESS == 1 ]]; then systemctl --user "$@"; else systemctl "$@"; fi
}

property() { # NAME [UNIT]
	manager show --property="$1" --value "${2:-$scope}"
}

property_is() { # NAME VALUE [UNIT]
	is "$1=$(property "$1" "${3:-$scope}")" "$1=$2"
}

no_unit() { # [UNIT]
	is "$(manager list-units --all --plain --no-legend "${1:-$scope}")" ""
}

# The container's cgroup, and a file of it.
cgroup_path() {
	sed -n 's/^0:://p' "/proc/$(container_pid)/cgroup"
}

cgroup_file() { # FILE
	cat "/sys/fs/cgroup$(cgroup_path)/$1"
}

has_controller() { # NAME
	local own=/sys/fs/cgroup
	[[ $ROOTLESS == 0 ]] || own=/sys/fs/cgroup/user.slice/user-$(id -u).slice/user@$(id -u).service
	grep -qsw "$1" "$own/cgroup.controllers"
}

requires_controller() { # NAME
	has_controller "$1" || skip "no $1 controller in cgroup v2 for $(id -un) (tests/vm/run)"
}

resources() { # JSON
	config '.linux.resources = $r' --argjson r "$1"
}

@test "systemd: a container is a scope of the default slice, and delete leaves none" {
	sleeping
	property_is ActiveState active
	property_is Delegate yes
	property_is ControlGroup "$(cgroup_path)"
	has "$(cgroup_path)" "$scope"
	if [[ $ROOTLESS == 1 ]]; then
		property_is Slice user.slice
		has "$(cgroup_path)" "/user@$(id -u).service/"
	else
		is "$(cgroup_path)" "/system.slice/$scope"
	fi
	works kill "$ID" KILL
	wait_for_status stopped
	works delete "$ID"
	no_unit
}

@test "systemd: slice:prefix:name chooses the slice, nested ones too, and the name (config-linux.md, Cgroups Path)" {
	config '.linux.cgroupsPath = $p' --arg p "ocitest-$ID.slice:pre:$ID"
	sleeping
	scope=pre-$ID.scope
	property_is Slice "ocitest-$ID.slice"
	has "$(cgroup_path)" "/ocitest.slice/ocitest-$ID.slice/pre-$ID.scope"
	works delete --force "$ID"
	no_unit
	manager stop "ocitest-$ID.slice"

	config '.linux.cgroupsPath = $p' --arg p ":pre:$ID"
	sleeping
	property_is Slice "$([[ $ROOTLESS == 1 ]] && echo user.slice || echo system.slice)"
	works delete --force "$ID"

	config '.linux.cgroupsPath = $p' --arg p "-.slice::$ID"
	scope=$ID.scope
	sleeping
	property_is Slice -.slice
	works delete --force "$ID"
	no_unit
	manager stop ocitest.slice
}

@test "systemd: a path, and a slice that is none, are refused with the form that is needed" {
	config '.linux.cgroupsPath = "/some/path"'
	create_refused linux.cgroupsPath slice:prefix:name
	config '.linux.cgroupsPath = "no slice:a:b"'
	create_refused linux.cgroupsPath "no slice"
	config '.linux.cgroupsPath = "a--b.slice:a:b"'
	create_refused linux.cgroupsPath a--b.slice
}

@test "systemd: linux.resources are properties of the scope, and in force" {
	requires_controller memory
	requires_controller pids
	requires_controller cpu
	resources '{"memory": {"limit": 67108864, "swap": 67108864, "reservation": 16777216}, "pids": {"limit": 44},
		"cpu": {"quota": 50000, "period": 100000, "shares": 2048}}'
	sleeping
	property_is MemoryMax 67108864
	property_is MemorySwapMax 0
	property_is MemoryLow 16777216
	property_is TasksMax 44
	property_is CPUQuotaPerSecUSec 500ms
	property_is CPUWeight "$(cgroup_file cpu.weight)"
	is "$(cgroup_file memory.max) $(cgroup_file pids.max) $(cgroup_file cpu.max)" "67108864 44 50000 100000"
	# systemd writes what it knows whenever it is reloaded
	manager daemon-reload
	is "$(cgroup_file memory.max) $(cgroup_file pids.max) $(cgroup_file cpu.max)" "67108864 44 50000 100000"
}

@test "systemd: a limit holds: memory" {
	requires_controller memory
	resources '{"memory": {"limit": 33554432, "swap": 33554432}}'
	args /guest memory 200
	ocirun run --bundle "$B" "$ID"
	is "$status" 137
	no_unit
}

@test "systemd: a limit holds: processors" {
	requires_controller cpuset
	(($(nproc) > 1)) || skip "one processor"
	resources '{"cpu": {"cpus": "1"}}'
	sleeping
	property_is AllowedCPUs 1
	works exec "$ID" /guest affinity
	is "$output" '"1"'
}

@test "systemd: pids.limit 0 is a limit of none more, which systemd has no word for" {
	requires_controller pids
	resources '{"pids": {"limit": 0}}'
	args /guest fork 5
	ocirun run --bundle "$B" "$ID"
	has "$output" "forked 0"
}

@test "systemd: what only the kernel knows is set besides: unified, hugepageLimits" {
	requires_controller memory
	resources '{"unified": {"memory.oom.group": "1", "memory.high": "50331648"}}'
	sleeping
	is "$(cgroup_file memory.oom.group) $(cgroup_file memory.high)" "1 50331648"
	property_is MemoryHigh 50331648
	works delete --force "$ID"
	requires_controller hugetlb
	resources '{"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]}'
	sleeping
	is "$(cgroup_file hugetlb.2MB.max)" 4194304
}

@test "systemd: device rules of root hold, also after systemd was reloaded" {
	requires_root "a device program needs privilege"
	config '.linux.devices = [{path: "/dev/a", type: "c", major: 10, minor: 237}]'
	resources '{"devices": [{"allow": false, "access": "rwm"}]}'
	sleeping
	manager daemon-reload
	ocirun exec "$ID" /guest open /dev/a
	has "$stderr" EPERM
	works exec "$ID" /guest open /dev/null w
}

@test "systemd: annotations org.systemd.property.NAME are properties" {
	config '.annotations = {"org.systemd.property.TimeoutStopUSec": "uint64 12000000", "org.systemd.property.KillSignal": "15",
		"org.systemd.property.CollectMode": ($q + "inactive-or-failed" + $q), "org.systemd.property.RuntimeMaxSec": "uint64 5000"}' --arg q "'"
	sleeping
	property_is TimeoutStopUSec 12s
	property_is KillSignal 15
	property_is CollectMode inactive-or-failed
	property_is RuntimeMaxUSec "1h 23min 20s"
}

@test "systemd: an annotation that systemd does not know is its error, and no scope stays" {
	config '.annotations = {"org.systemd.property.NoSuchThing": "true"}'
	create_refused "systemd cannot start $scope" NoSuchThing
	no_unit
	config '.annotations = {"org.systemd.property.KillSignal": "what is this"}'
	create_refused org.systemd.property.KillSignal
	no_unit
}

@test "systemd: update changes the properties and what is in force" {
	requires_controller memory
	requires_controller pids
	resources '{"pids": {"limit": 44}}'
	sleeping
	echo '{"memory": {"limit": 134217728, "swap": 134217728}, "pids": {"limit": 55}}' >"$T/resources.json"
	works update --resources "$T/resources.json" "$ID"
	property_is MemoryMax 134217728
	property_is TasksMax 55
	is "$(cgroup_file memory.max) $(cgroup_file pids.max)" "134217728 55"
	works update --pids-limit -1 "$ID"
	property_is TasksMax infinity
	is "$(cgroup_file pids.max)" max
}

@test "systemd: update: what systemd would round, or does not know, is in force as it was asked" {
	requires_controller cpu
	requires_controller pids
	resources '{"pids": {"limit": 44}, "cpu": {"quota": 33333, "period": 50000}}'
	sleeping
	works update --pids-limit 0 "$ID"
	is "$(cgroup_file pids.max)" 0
	works update --cpu-quota 25555 "$ID"
	is "$(cgroup_file cpu.max)" "25555 50000"
	property_is CPUQuotaPeriodUSec 50ms
	works update --cpu-share 2048 "$ID"
	is "$(cgroup_file cpu.max)" "25555 50000"
	# device rules, which an ordinary user's containers are without
	echo '{"devices": [{"allow": false, "access": "rwm"}]}' >"$T/resources.json"
	works update --resources "$T/resources.json" "$ID"
}

@test "systemd: pause and resume" {
	args /guest wait-signal
	started
	wait_until said ready
	works pause "$ID"
	is "$(container_status)" paused
	is "$(cgroup_file cgroup.freeze)" 1
	works resume "$ID"
	is "$(container_status)" running
	works pause "$ID"
	works delete --force "$ID"
	no_unit
}

@test "systemd: what exec runs is in the container's cgroup, from a cgroup of somebody else too" {
	sleeping
	works exec "$ID" /guest cgroup
	has "$output" "$scope"
	works exec --cgroup / "$ID" /guest cgroup
	has "$output" "$scope"
}

# A user who came by ssh or su is in a cgroup that is not his: only systemd may move him.
@test "systemd: a user's create and exec from a cgroup that is not his" {
	requires_root "puts the user there"
	local uid
	uid=$(id -u "$OCITEST_USER" 2>/dev/null) || skip "no user $OCITEST_USER"
	[[ -S /run/user/$uid/bus ]] || skip "$OCITEST_USER has no systemd (loginctl enable-linger)"
	config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: $u, size: 1}] |
		.linux.gidMappings = [{containerID: 0, hostID: $g, size: 1}] | .annotations = {"run.oci.systemd.subgroup": "sub"}' \
		--argjson u "$uid" --argjson g "$(id -g "$OCITEST_USER")"
	args /guest sleep
	chown -R "$OCITEST_USER:" "$T"
	WRAP=(setpriv "--reuid=$OCITEST_USER" "--regid=$(id -g "$OCITEST_USER")" --init-groups
		env "XDG_RUNTIME_DIR=/run/user/$uid")
	started
	has "$(cgroup_path)" "/user@$uid.service/user.slice/$scope/sub"
	works exec "$ID" /guest cgroup
	has "$output" "$scope/sub"
	works pause "$ID"
	works resume "$ID"
	works delete --force "$ID"
	no_cgroup
}

@test "systemd: a stopped container's scope is gone by itself, and delete finds nothing to complain of" {
	args /guest true
	started
	wait_for_status stopped
	wait_until no_unit
	works delete "$ID"
}

@test "systemd: run removes its scope" {
	args /guest cgroup
	runs
	has "$output" "$scope"
	no_unit
}

@test "systemd: a scope of that name is not taken over, and not stopped" {
	sleeping
	local pid
	pid=$(container_pid)
	config '.linux.cgroupsPath = $p' --arg p ":ocirun:$ID"
	refused "$scope" -- create --bundle "$B" "$ID-2"
	no_container "$ID-2"
	kill -0 "$pid"
	property_is ActiveState active
	is "$(container_status)" running
}

@test "systemd: delete --force after the scope was stopped by somebody else" {
	sleeping
	manager stop "$scope"
	wait_for_status stopped
	works delete --force "$ID"
}

@test "systemd: delete --force of a container whose processes ignore everything" {
	args /guest spawn wait-signal
	started
	wait_until said ready
	works delete --force "$ID"
	no_unit
}

@test "systemd: kill --all" {
	guest spawn fork 3
	started
	wait_until said "forked 3"
	works kill --all "$ID" KILL
	wait_for_status stopped
}

@test "systemd: run.oci.systemd.subgroup is a group below the scope, with the limits" {
	config '.annotations = {"run.oci.systemd.subgroup": "container"}'
	if has_controller pids; then
		resources '{"pids": {"limit": 44}}'
	fi
	sleeping
	has "$(cgroup_path)" "/$scope/container"
	works exec "$ID" /guest cgroup
	has "$output" "/$scope/container"
	if has_controller pids; then
		is "$(cgroup_file pids.max)" 44
		property_is TasksMax 44
		works update --pids-limit 33 "$ID"
		is "$(cgroup_file pids.max)" 33
	fi
	works pause "$ID"
	is "$(container_status)" paused
	works resume "$ID"
	works delete --force "$ID"
	no_unit
	config '.annotations = {"run.oci.systemd.subgroup": ""}'
	sleeping
	has "$(cgroup_path)." "/$scope."
	works delete --force "$ID"
	config '.annotations = {"run.oci.systemd.subgroup": "../up"}'
	create_refused run.oci.systemd.subgroup
	no_unit
}

@test "systemd: run.oci.delegate-cgroup is a group that the container owns, below its limits" {
	config '.annotations = {"run.oci.systemd.subgroup": "container", "run.oci.delegate-cgroup": "own"} |
		.linux.namespaces += [{type: "cgroup"}] |
		.mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["rw"]}]'
	if [[ $ROOTLESS == 0 ]]; then
		config_many_ids
	fi
	guest cgroup -- mkdir /sys/fs/cgroup/own/below -- write /sys/fs/cgroup/own/below/cgroup.procs 0 -- sleep
	started
	wait_until said sleeping
	has "$(container_output)" '0::/own"'
	has "$(cgroup_path)" "/$scope/container/own/below"
	works delete --force "$ID"
	no_unit
}

@test "systemd: a delegated group has the controllers of its parent, whose limits it cannot change" {
	requires_controller pids
	resources '{"pids": {"limit": 44}}'
	config '.annotations = {"run.oci.delegate-cgroup": "own"} | .linux.namespaces += [{type: "cgroup"}] |
		.mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["rw"]}]'
	[[ $ROOTLESS == 1 ]] || config_many_ids
	guest cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/own/cgroup.controllers -- \
		mkdir /sys/fs/cgroup/own/below -- write /sys/fs/cgroup/own/below/cgroup.procs 0 -- \
		write /sys/fs/cgroup/own/cgroup.subtree_control +pids -- write /sys/fs/cgroup/own/below/pids.max 5 -- sleep
	started
	wait_until said sleeping
	is "$(container_output | head -n 1)" 44
	has "$(container_output)" pids
	is "$(cgroup_file pids.max)" 5
	is "$(stat -c %u "/sys/fs/cgroup$(cgroup_path)/../../pids.max")" "$([[ $ROOTLESS == 1 ]] && id -u || echo 0)"
	# its cgroup takes no processes any more: where init is
	works exec "$ID" /guest cgroup
	has "$output" /own/below
}

@test "systemd: no bus is told with what helps" {
	requires_user "root's bus is that of the machine"
	export XDG_RUNTIME_DIR=$T/run
	create_refused "bus of the user" enable-linger cgroupfs
	unset XDG_RUNTIME_DIR
	create_refused "bus of the user" enable-linger
}

@test "systemd: without the bus the manager's own socket does" {
	if [[ $ROOTLESS == 1 ]]; then
		mkdir -p "$T/run/systemd"
		ln -s "$XDG_RUNTIME_DIR/systemd/private" "$T/run/systemd/private"
		XDG_RUNTIME_DIR=$T/run sleeping
	else
		WRAP=(env DBUS_SYSTEM_BUS_ADDRESS="unix:path=$T/none")
		sleeping
	fi
	WRAP=()
	property_is ActiveState active
	works delete --force "$ID"
	no_unit
}
