#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Attributes of the process, their limits, and what is said when the kernel refuses them (config.md, Process;
# config-linux.md, Memory policy, Personality).
load helpers

memory_policy() { # JSON
	config ".linux.memoryPolicy = $1"
	args /guest cat /proc/self/numa_maps
}

@test "memoryPolicy: each mode and flag is the program's (config-linux.md, Memory policy)" {
	[[ -e /proc/self/numa_maps ]] || skip "this kernel has no NUMA"
	local json expected
	while IFS=$'\t' read -r json expected; do
		echo "$json"
		memory_policy "$json"
		ocirun run --bundle "$B" "$ID"
		if [[ $status != 0 && $json == *WEIGHTED* && $stderr == *invalid* ]]; then
			continue # before Linux 6.9
		fi
		is "$status $stderr" "0 "
		grep -qF -- " $expected" <<<"$output"
	done <<-'END'
		{"mode": "MPOL_DEFAULT"}	default
		{"mode": "MPOL_BIND", "nodes": "0"}	bind:0
		{"mode": "MPOL_INTERLEAVE", "nodes": "0"}	interleave:0
		{"mode": "MPOL_WEIGHTED_INTERLEAVE", "nodes": "0"}	weighted interleave:0
		{"mode": "MPOL_PREFERRED", "nodes": "0"}	prefer:0
		{"mode": "MPOL_PREFERRED"}	local
		{"mode": "MPOL_PREFERRED_MANY", "nodes": "0"}	prefer (many):0
		{"mode": "MPOL_LOCAL"}	local
		{"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"]}	bind=static:0
		{"mode": "MPOL_INTERLEAVE", "nodes": "0-0", "flags": ["MPOL_F_RELATIVE_NODES"]}	interleave=relative:0
	END
}

@test "memoryPolicy: nodes and flags that do not fit the mode are refused and named (config-linux.md, Memory policy)" {
	memory_policy '{mode: "MPOL_DEFAULT", nodes: "0"}'
	create_refused linux.memoryPolicy.nodes
	memory_policy '{mode: "MPOL_LOCAL", nodes: "0"}'
	create_refused linux.memoryPolicy.nodes
	memory_policy '{mode: "MPOL_BIND"}'
	create_refused linux.memoryPolicy.nodes
	memory_policy '{mode: "MPOL_INTERLEAVE", nodes: "a"}'
	create_refused linux.memoryPolicy.nodes "'a'"
	memory_policy '{mode: "MPOL_BEST", nodes: "0"}'
	create_refused linux.memoryPolicy.mode MPOL_BEST
	memory_policy '{mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_BEST"]}'
	create_refused linux.memoryPolicy.flags MPOL_F_BEST
	memory_policy '{mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_STATIC_NODES", "MPOL_F_RELATIVE_NODES"]}'
	create_refused linux.memoryPolicy.flags MPOL_F_RELATIVE_NODES
	memory_policy '{mode: "MPOL_INTERLEAVE", nodes: "0", flags: ["MPOL_F_NUMA_BALANCING"]}'
	create_refused linux.memoryPolicy.flags MPOL_F_NUMA_BALANCING
	memory_policy '{mode: "MPOL_PREFERRED", flags: ["MPOL_F_STATIC_NODES"]}'
	create_refused linux.memoryPolicy.flags
	[[ -e /proc/self/numa_maps ]] || return 0
	memory_policy '{mode: "MPOL_BIND", nodes: "1023"}'
	refused "linux.memoryPolicy: set_mempolicy" has_memory -- run --bundle "$B" "$ID"
}

@test "features lists the modes and flags of memoryPolicy, and each of them is accepted (features-linux.md)" {
	works features
	local features=$output word
	is "$(jq -r '.linux.memoryPolicy.modes | length' <<<"$features")" 7
	for word in $(jq -r '.linux.memoryPolicy.modes[]' <<<"$features"); do
		WORD=$word config '.linux.memoryPolicy = {mode: $ENV.WORD} |
			if $ENV.WORD | test("DEFAULT|LOCAL") then . else .linux.memoryPolicy.nodes = "0" end'
		created
		works delete --force "$ID"
	done
	for word in $(jq -r '.linux.memoryPolicy.flags[]' <<<"$features"); do
		WORD=$word config '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0", flags: [$ENV.WORD]}'
		created
		works delete --force "$ID"
	done
}

@test "features: annotations are a map of strings with names, and null stands for nothing (features.md; config.md, Annotations)" {
	works features
	holds '.annotations | type == "object"' '.annotations | all(.[]; type == "string")' '.annotations | keys | all(. != "")' \
		'[.. | nulls] == []'
}

@test "scheduler: real-time policies without the right are an error that says what it takes" {
	local policy
	# nobody gives it to an ordinary user; from root it is taken
	[[ $ROOTLESS == 1 ]] || WRAP=(setpriv --bounding-set=-sys_nice --inh-caps=-sys_nice)
	for policy in SCHED_FIFO SCHED_RR; do
		config '.process.scheduler = {policy: $p, priority: 10}' --arg p $policy
		refused process.scheduler "operation not permitted" CAP_SYS_NICE -- create --bundle "$B" "$ID"
		no_container
	done
	config '.process.scheduler = {policy: "SCHED_DEADLINE", runtime: 10000000, deadline: 20000000, period: 30000000}'
	create_refused process.scheduler CAP_SYS_NICE
	config '.process.scheduler = {policy: "SCHED_OTHER", nice: -20}'
	create_refused process.scheduler CAP_SYS_NICE
}

@test "scheduler: what SCHED_DEADLINE lacks is said" {
	config '.process.scheduler = {policy: "SCHED_DEADLINE"}'
	create_refused process.scheduler "0 < runtime <= deadline <= period"
	config '.process.scheduler = {policy: "SCHED_DEADLINE", runtime: 20000000, deadline: 10000000}'
	create_refused process.scheduler "0 < runtime <= deadline <= period"
	config '.process.scheduler = {policy: "SCHED_OTHER", runtime: 1}'
	create_refused process.scheduler SCHED_DEADLINE
	config '.process.scheduler = {policy: "SCHED_ISO"}'
	create_refused process.scheduler.policy SCHED_ISO
	[[ $ROOTLESS == 0 ]] || return 0
	# the kernel's own bounds
	config '.process.scheduler = {policy: "SCHED_DEADLINE", runtime: 1000, deadline: 20000000, period: 30000000}'
	create_refused process.scheduler 1024
}

@test "scheduler: each flag is taken or refused by the kernel, and exec has the scheduler of its process" {
	config '.process.scheduler = {policy: "SCHED_BATCH", nice: 19, flags: ["SCHED_FLAG_RESET_ON_FORK"]}'
	sleeping
	works exec "$ID" /guest scheduler
	fact_is .policy SCHED_BATCH .nice 19 .flags 1
}

@test "ioPriority: all classes; the real-time one takes a right, and exec has it too" {
	config '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 7}'
	sleeping
	works exec "$ID" /guest ioprio
	fact_is .class IOPRIO_CLASS_BE .priority 7
	works delete --force "$ID"
	config '.process.ioPriority = {class: "IOPRIO_CLASS_RT", priority: 0}'
	if [[ $ROOTLESS == 0 ]]; then
		args /guest ioprio
		runs
		fact_is .class IOPRIO_CLASS_RT .priority 0
		return 0
	fi
	create_refused process.ioPriority "operation not permitted" CAP_SYS_NICE
}

@test "oomScoreAdj below what is permitted is an error that names the lowest (config.md, oomScoreAdj)" {
	[[ $ROOTLESS == 1 ]] || WRAP=(setpriv --bounding-set=-sys_resource --inh-caps=-sys_resource)
	config '.process.oomScoreAdj = -999'
	create_refused process.oomScoreAdj "permission denied" "lowering it below" CAP_SYS_RESOURCE
	config '.process.oomScoreAdj = 1001'
	create_refused process.oomScoreAdj "out of range"
	# raised for the container alone, and for exec
	config '.process.oomScoreAdj = 700'
	WRAP=()
	sleeping
	works exec "$ID" /guest oom
	fact_is . 700
}

@test "additionalGids that cannot be set are an error, not left out (config.md, User)" {
	requires_user "one id is what an ordinary user has"
	config '.process.user.additionalGids = [5]'
	create_refused process.user.additionalGids "5 is not mapped"
	config '.process.user.additionalGids = [0]'
	refused process.user.additionalGids setgroups -- run --bundle "$B" "$ID"
}

@test "additionalGids in a user namespace with many ids" {
	config_many_ids
	config '.process.user.additionalGids = [5, 2000]'
	runs
	holds '(.groups | sort) == [5, 2000]'
	config 'del(.process.user.additionalGids)'
	runs
	fact_is .groups '[]'
}

@test "a user id that is not mapped is refused before anything is made" {
	config_many_ids
	config '.process.user = {uid: 70000, gid: 0}'
	create_refused process.user.uid "70000 is not mapped"
	config '.process.user = {uid: 0, gid: 70000}'
	create_refused process.user.gid "70000 is not mapped"
}

@test "umask and personality are those of exec, too" {
	config '.process.user.umask = 7 | .linux.personality = {domain: "LINUX32"}'
	sleeping
	works exec "$ID" /guest "do" umask -- personality
	is "$output" $'"0007"\n"0x8"'
}

@test "personality: flags and unknown domains are refused (config-linux.md, Personality)" {
	config '.linux.personality = {domain: "LINUX", flags: ["ADDR_NO_RANDOMIZE"]}'
	create_refused "linux.personality.flags[0]" ADDR_NO_RANDOMIZE
	config '.linux.personality = {domain: "BSD"}'
	create_refused linux.personality.domain BSD
	config '.linux.personality = {flags: []}'
	create_refused linux.personality domain
}

@test "keyring: _ses.ID for the program and for exec, and none of it with --no-new-keyring" {
	sleeping
	works exec "$ID" /guest keyring
	has "$output" "_ses.$ID"
	works delete --force "$ID"
	created --no-new-keyring
	works start "$ID"
	works exec "$ID" /guest keyring
	lacks "$output" "_ses.$ID"
}

@test "time: offsets are also those of exec; they need a time namespace (config-linux.md, Offset for Time Namespace)" {
	[[ -e /proc/self/ns/time ]] || skip "this kernel has no time namespaces"
	config '.linux.timeOffsets = {boottime: {secs: 100}}'
	create_refused linux.timeOffsets "time namespace"
	config '.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {monotonic: {secs: 86400, nanosecs: 5}, boottime: {secs: 172800}}'
	sleeping
	works exec "$ID" /guest cat /proc/self/timens_offsets
	is "$(awk '{ print $1, $2, $3 }' <<<"$output")" $'monotonic 86400 5\nboottime 172800 0'
	works delete --force "$ID"
	config '.linux.timeOffsets = {monotonic: {secs: 1, nanosecs: 1000000000}}'
	create_refused linux.timeOffsets nanosecs
}
