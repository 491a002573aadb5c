#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# linux.intelRdt (config-linux.md, IntelRdt).  Processors with resctrl are rare: fake-resctrl.c stands in for the
# kernel's file system, before the C library of an unchanged runtime.
load helpers

# A resctrl with groups GROUP..., for the calls that follow.
fake_resctrl() { # [GROUP...]
	local group
	ldd "$OCIRUN" >/dev/null 2>&1 || skip "nothing can stand before a static binary"
	! grep -q libasan <(ldd "$OCIRUN") || skip "the sanitizer wants to be the first library"
	RDT=$T/resctrl
	mkdir -p "$RDT"/{info/L3,mon_groups,mon_data}
	echo 4 >"$RDT/info/L3/num_closids"
	echo ok >"$RDT/info/last_cmd_status"
	printf '    MB:0=100;1=100\n    L3:0=fffff;1=fffff\n' | tee "$RDT/info/full_schemata" >"$RDT/schemata"
	: >"$RDT/tasks"
	for group; do
		mkdir -p "$RDT/$group/mon_groups"
		cp "$RDT/schemata" "$RDT/$group/schemata"
		: >"$RDT/$group/tasks"
	done
	WRAP=(env "FAKE_RESCTRL=$RDT" "LD_PRELOAD=$OCIRUN_TOOLS/fake-resctrl.so")
}

has_task() { # GROUP PID
	grep -qx "$2" "$RDT/$1/tasks"
}

@test "intelRdt without resctrl is an error that names it, and nothing is made (config-linux.md, IntelRdt)" {
	[[ ! -e /sys/fs/resctrl/schemata ]] || skip "this machine has a resctrl"
	config '.linux.intelRdt = {}'
	create_refused linux.intelRdt "no resctrl is mounted at /sys/fs/resctrl" "mount -t resctrl"
}

@test "intelRdt: what only looks like a resctrl does not count" {
	fake_resctrl
	config '.linux.intelRdt = {}'
	WRAP=(env "FAKE_RESCTRL=$T/none" "LD_PRELOAD=$OCIRUN_TOOLS/fake-resctrl.so")
	create_refused linux.intelRdt "no resctrl is mounted"
}

@test "without intelRdt no file of resctrl is touched (config-linux.md, IntelRdt)" {
	fake_resctrl
	local before
	before=$(find "$RDT" | sort; cat "$RDT/schemata" "$RDT/tasks")
	args /guest true
	runs
	is "$(find "$RDT" | sort; cat "$RDT/schemata" "$RDT/tasks")" "$before"
}

@test "intelRdt: a group named as the container, with its schemata, its process and what exec runs; delete removes it" {
	fake_resctrl
	config '.linux.intelRdt = {l3CacheSchema: "L3:0=f\nMB:0=10", memBwSchema: "MB:1=40", schemata: ["L3:1=ff"]}'
	sleeping
	is "$(<"$RDT/$ID/schemata")" $'    MB:0=100;1= 40\n    L3:0=0000f;1=000ff'
	has_task "$ID" "$(container_pid)"
	works exec --detach --pid-file "$T/exec.pid" "$ID" /guest sleep
	# the pid that was put there is the launcher's; the program is its child, born in the group
	is "$(wc -l <"$RDT/$ID/tasks")" 2
	works delete --force "$ID"
	[[ ! -e $RDT/$ID ]]
}

@test "intelRdt: the process is in the group before it runs, also when a pid namespace is joined" {
	requires_root "joins the namespace of another container"
	fake_resctrl
	local pid
	sleeping
	pid=$(container_pid)
	bundle_new "$T/second"
	config '.linux.intelRdt = {} | .linux.namespaces |= map(if .type == "pid" then .path = "/proc/\($p)/ns/pid" else . end) |
		.process.args = ["/guest", "sleep"] | .mounts |= map(select(.type != "proc"))' --argjson p "$pid"
	cp "$B/config.json" "$T/second/"
	works create --bundle "$T/second" "$ID-b"
	state "$ID-b"
	has_task "$ID-b" "$(jq .pid <<<"$output")"
	works delete --force "$ID-b"
	[[ ! -e $RDT/$ID-b ]]
}

@test "intelRdt.closID: made when it is missing and has a schema, joined when it fits, refused when not" {
	fake_resctrl gold
	config '.linux.intelRdt = {closID: "gold"}'
	sleeping
	has_task gold "$(container_pid)"
	works delete --force "$ID"
	[[ -e $RDT/gold/schemata ]]

	config '.linux.intelRdt = {closID: "gold", l3CacheSchema: "L3:0=fffff", memBwSchema: "MB:0=100"}'
	args /guest true
	runs
	config '.linux.intelRdt = {closID: "gold", l3CacheSchema: "L3:0=f"}'
	create_refused linux.intelRdt.closID "the group gold exists and does not have L3:0=f"
	is "$(<"$RDT/gold/schemata")" "$(<"$RDT/info/full_schemata")"

	config '.linux.intelRdt = {closID: "silver"}'
	create_refused linux.intelRdt.closID silver
	config '.linux.intelRdt = {closID: "silver", schemata: ["L3:0=f"]}'
	sleeping
	is "$(<"$RDT/silver/schemata")" $'    MB:0=100;1=100\n    L3:0=0000f;1=fffff'
	works delete --force "$ID"
	[[ ! -e $RDT/silver && -e $RDT/gold ]]
}

@test "intelRdt.closID /: the default group, which stays as it is" {
	fake_resctrl
	config '.linux.intelRdt = {closID: "/"}'
	sleeping
	grep -qx "$(container_pid)" "$RDT/tasks"
	works delete --force "$ID"
	is "$(<"$RDT/schemata")" "$(<"$RDT/info/full_schemata")"
}

@test "intelRdt.enableMonitoring: a monitoring group named as the container, removed with it" {
	fake_resctrl gold
	config '.linux.intelRdt = {closID: "gold", enableMonitoring: true}'
	sleeping
	has_task gold "$(container_pid)"
	has_task "gold/mon_groups/$ID" "$(container_pid)"
	works delete --force "$ID"
	[[ ! -e $RDT/gold/mon_groups/$ID && -e $RDT/gold ]]
	rmdir "$RDT/mon_groups"
	create_refused linux.intelRdt.enableMonitoring "cannot monitor"
}

@test "intelRdt: what the kernel refuses is told in its words, and nothing is left" {
	fake_resctrl
	config '.linux.intelRdt = {l3CacheSchema: "L3:0=505"}'
	create_refused "L3:0=505" "the kernel says: mask 505"
	[[ ! -e $RDT/$ID ]]
	mkdir -p "$RDT"/{a,b,c}
	config '.linux.intelRdt = {}'
	create_refused "classes of service are in use" "out of closids"
	[[ ! -e $RDT/$ID ]]
	config '.linux.intelRdt = {closID: "../../etc"}'
	create_refused linux.intelRdt.closID "../../etc"
}

@test "intelRdt: a group of the container's name that it did not make stays, and create fails" {
	fake_resctrl "$ID"
	config '.linux.intelRdt = {}'
	create_refused linux.intelRdt "already"
	[[ -e $RDT/$ID/schemata ]]
}

@test "intelRdt: a create that fails later leaves no group" {
	fake_resctrl
	config '.linux.intelRdt = {enableMonitoring: true} | .mounts += [{destination: "/x", type: "nosuchfs", source: "x"}]'
	create_refused nosuchfs
	[[ ! -e $RDT/$ID ]]
}

@test "update --l3-cache-schema and --mem-bw-schema change the container's group" {
	fake_resctrl gold
	config '.linux.intelRdt = {l3CacheSchema: "L3:0=f"}'
	sleeping
	works update --l3-cache-schema L3:1=ff --mem-bw-schema MB:0=20 "$ID"
	is "$(<"$RDT/$ID/schemata")" $'    MB:0= 20;1=100\n    L3:0=0000f;1=000ff'
	refused "the kernel says" -- update --l3-cache-schema L3:1=0 "$ID"
	refused --mem-bw-schema "MB:" -- update --mem-bw-schema L3:1=1 "$ID"
	# all or nothing
	refused "" -- update --l3-cache-schema L3:1=1 --pids-limit -7 "$ID"
	is "$(<"$RDT/$ID/schemata")" $'    MB:0= 20;1=100\n    L3:0=0000f;1=000ff'
	works delete --force "$ID"

	config '.linux.intelRdt = {closID: "gold"}'
	sleeping
	refused "not its own" -- update --l3-cache-schema L3:1=1 "$ID"
	works delete --force "$ID"
	config 'del(.linux.intelRdt)'
	sleeping
	refused "no linux.intelRdt" -- update --l3-cache-schema L3:1=1 "$ID"
}
