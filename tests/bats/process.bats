#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What the process is (config.md, Process): user, capabilities, limits, names, scheduling, sysctl, signals, streams.
load helpers

@test "user.uid and gid are the ids of the program (config.md, User)" {
	requires_root "needs a second user id"
	config '.process.user = {uid: 1000, gid: 2000}'
	runs
	fact_is .uids '[1000,1000,1000,1000]' .gids '[2000,2000,2000,2000]' .groups '[]'
}

@test "user.additionalGids are the supplementary groups, and only they" {
	requires_root "needs further group ids"
	WRAP=(setpriv --groups 7,8,9)
	config '.process.user = {uid: 0, gid: 0, additionalGids: [5, 100, 4294967294]}'
	runs
	holds '(.groups | sort) == [5, 100, 4294967294]'
	config '.process.user = {uid: 0, gid: 0}'
	runs
	fact_is .groups '[]'
}

@test "user.umask (config.md, User)" {
	config '.process.user.umask = 63'
	args /guest "do" umask -- touch /tmp/file -- stat /tmp/file
	runs
	has "$output" '"0077"'
	has "$output" '"mode":"0600"'
}

@test "umask 0 is set; unset it does not change" {
	args /guest umask
	config '.process.user.umask = 0'
	runs
	is "$output" '"0000"'
	config 'del(.process.user.umask)'
	WRAP=(bash -c 'umask 0027; exec "$@"' umask)
	runs
	is "$output" '"0027"'
}

@test "capabilities: five sets as configured (config.md, Linux Process)" {
	config '.process.capabilities = {
		bounding: ["CAP_CHOWN", "CAP_KILL", "CAP_SETUID", "CAP_NET_BIND_SERVICE"],
		permitted: ["CAP_CHOWN", "CAP_KILL", "CAP_SETUID"],
		effective: ["CAP_KILL"], inheritable: ["CAP_CHOWN", "CAP_KILL"], ambient: ["CAP_CHOWN"]}'
	config '.process.noNewPrivileges = false'
	# bits: CHOWN 0, KILL 5, SETUID 7, NET_BIND_SERVICE 10
	runs
	fact_is .caps.bounding 00000000000004a1 .caps.inheritable 0000000000000021 .caps.ambient 0000000000000001
}

@test "capabilities of a user that is not root: ambient ones arrive, permitted ones do not" {
	requires_root "needs a second user id"
	config '.process.user = {uid: 1000, gid: 1000} | .process.capabilities = {
		bounding: ["CAP_KILL", "CAP_CHOWN"], permitted: ["CAP_KILL", "CAP_CHOWN"], effective: ["CAP_KILL", "CAP_CHOWN"],
		inheritable: ["CAP_KILL"], ambient: ["CAP_KILL"]}'
	runs
	fact_is .caps.bounding 0000000000000021 .caps.permitted 0000000000000020 .caps.effective 0000000000000020 \
		.caps.ambient 0000000000000020 .caps.inheritable 0000000000000020
}

@test "no capabilities in the config: none at all" {
	config 'del(.process.capabilities)'
	runs
	fact_is .caps.permitted 0000000000000000 .caps.effective 0000000000000000 .caps.inheritable 0000000000000000 \
		.caps.ambient 0000000000000000
	config '.process.capabilities = {}'
	runs
	fact_is .caps.bounding 0000000000000000 .caps.effective 0000000000000000
}

@test "inheritable capabilities are empty unless asked for (CVE-2022-29162, CVE-2022-27650)" {
	runs
	fact_is .caps.inheritable 0000000000000000 .caps.ambient 0000000000000000
}

@test "an unknown capability is a warning, not an error (config.md: MUST log a warning)" {
	config '.process.capabilities |= map_values(. + ["CAP_NO_SUCH_THING"])'
	args /guest echo on
	ocirun run --bundle "$B" "$ID"
	is "$status $output" "0 on"
	ocirun --log "$T/log" --log-level warning run --bundle "$B" "$ID"
	is "$status" 0
	has "$(<"$T/log")" CAP_NO_SUCH_THING
}

@test "noNewPrivileges true and false" {
	local value
	for value in true false; do
		config '.process.noNewPrivileges = $v' --argjson v "$value"
		runs
		fact_is '.process.no_new_privs == 1' "$value"
	done
	config 'del(.process.noNewPrivileges)'
	runs
	fact_is .process.no_new_privs 0
}

@test "rlimits are exactly as configured (config.md, POSIX Process)" {
	config '.process.rlimits = [
		{type: "RLIMIT_NOFILE", soft: 100, hard: 200}, {type: "RLIMIT_CORE", soft: 0, hard: 0},
		{type: "RLIMIT_STACK", soft: 1048576, hard: 2097152}, {type: "RLIMIT_NPROC", soft: 50, hard: 60},
		{type: "RLIMIT_AS", soft: 1073741824, hard: 1073741825},
		{type: "RLIMIT_FSIZE", soft: 1000000, hard: 1000000}, {type: "RLIMIT_CPU", soft: 100, hard: 200},
		{type: "RLIMIT_MEMLOCK", soft: 4096, hard: 8192}, {type: "RLIMIT_SIGPENDING", soft: 10, hard: 20},
		{type: "RLIMIT_MSGQUEUE", soft: 1000, hard: 2000}, {type: "RLIMIT_DATA", soft: 99999744, hard: 99999744},
		{type: "RLIMIT_RSS", soft: 1, hard: 2}, {type: "RLIMIT_LOCKS", soft: 3, hard: 4},
		{type: "RLIMIT_NICE", soft: 0, hard: 0}, {type: "RLIMIT_RTPRIO", soft: 0, hard: 0},
		{type: "RLIMIT_RTTIME", soft: 5, hard: 6}]'
	args /guest rlimits
	# jq cannot write this number: 2^64 - 1, no limit
	sed -i 's/1073741825/18446744073709551615/' "$B/config.json"
	runs
	fact_is .RLIMIT_NOFILE '[100,200]' .RLIMIT_CORE '[0,0]' .RLIMIT_STACK '[1048576,2097152]' .RLIMIT_NPROC '[50,60]' \
		.RLIMIT_AS '[1073741824,"infinity"]' .RLIMIT_FSIZE '[1000000,1000000]' .RLIMIT_CPU '[100,200]' \
		.RLIMIT_MEMLOCK '[4096,8192]' .RLIMIT_SIGPENDING '[10,20]' .RLIMIT_MSGQUEUE '[1000,2000]' \
		.RLIMIT_DATA '[99999744,99999744]' .RLIMIT_RSS '[1,2]' .RLIMIT_LOCKS '[3,4]' .RLIMIT_RTTIME '[5,6]'
}

@test "limits do not hinder the set-up: few descriptors, many mounts" {
	config '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 4, hard: 4}]'
	config '.mounts += [range(20) | {destination: "/tmp/b\(.)", type: "bind", source: $src, options: ["bind"]}]' --arg src "$R/etc"
	args /guest ls /tmp/b19
	runs
	has "$output" passwd
}

@test "a hard limit above ours is refused and the message tells ours" {
	WRAP=(prlimit --nofile=1000:1000)
	[[ $ROOTLESS == 1 ]] || WRAP+=(setpriv --bounding-set=-sys_resource --inh-caps=-sys_resource)
	config '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 5000, hard: 5000}]'
	refused RLIMIT_NOFILE 1000 -- run --bundle "$B" "$ID"
	no_container
}

@test "oomScoreAdj is written when set, and left alone when not (config.md, Linux Process)" {
	config '.process.oomScoreAdj = 500'
	runs
	fact_is .oom 500
	config 'del(.process.oomScoreAdj)'
	WRAP=(choom -n 321 --)
	runs
	fact_is .oom 321
}

@test "hostname and domainname (config.md, Hostname, Domainname)" {
	local before
	before=$(uname -n)
	config '.hostname = "box.example" | .domainname = "example.org"'
	runs
	fact_is .names.hostname box.example .names.domainname example.org
	is "$(uname -n)" "$before"
}

@test "hostname without a uts namespace is refused" {
	config '.linux.namespaces |= map(select(.type != "uts"))'
	create_refused hostname uts
	config 'del(.hostname) | .domainname = "x"'
	create_refused domainname uts
}

@test "a hostname that is too long is refused" {
	config '.hostname = "x" * 65'
	create_refused hostname
	config '.hostname = "x" * 64'
	runs
	fact_is '.names.hostname | length' 64
}

@test "personality LINUX32 (config-linux.md, Personality)" {
	config '.linux.personality = {domain: "LINUX32"}'
	runs
	fact_is .personality 0x8
	has "$(fact .names.machine)" 86
	config '.linux.personality = {domain: "LINUX"}'
	runs
	fact_is .personality 0x0
}

@test "scheduler policies and nice (config.md, Linux Process)" {
	config '.process.scheduler = {policy: "SCHED_BATCH", nice: 5}'
	runs
	fact_is .scheduler.policy SCHED_BATCH .scheduler.nice 5
	config '.process.scheduler = {policy: "SCHED_IDLE"}'
	runs
	fact_is .scheduler.policy SCHED_IDLE
	config '.process.scheduler = {policy: "SCHED_OTHER", nice: 19}'
	runs
	fact_is .scheduler.policy SCHED_OTHER .scheduler.nice 19
}

@test "real-time scheduling, with the flag to reset it on fork" {
	requires_root "real-time priorities"
	config '.process.scheduler = {policy: "SCHED_FIFO", priority: 10}'
	runs
	fact_is .scheduler.policy SCHED_FIFO .scheduler.priority 10
	config '.process.scheduler = {policy: "SCHED_RR", priority: 99, flags: ["SCHED_FLAG_RESET_ON_FORK"]}'
	runs
	fact_is .scheduler.policy SCHED_RR .scheduler.priority 99 .scheduler.flags 1
	config '.process.scheduler = {policy: "SCHED_DEADLINE", runtime: 10000000, deadline: 20000000, period: 30000000}'
	runs
	fact_is .scheduler.policy SCHED_DEADLINE .scheduler.runtime 10000000 .scheduler.deadline 20000000 .scheduler.period 30000000
}

@test "bad scheduler values are refused and named" {
	config '.process.scheduler = {policy: "SCHED_NONE"}'
	create_refused process.scheduler.policy SCHED_NONE
	config '.process.scheduler = {policy: "SCHED_FIFO", priority: 1000}'
	refused process.scheduler -- run --bundle "$B" "$ID"
	config '.process.scheduler = {policy: "SCHED_OTHER", flags: ["SCHED_FLAG_NONE"]}'
	create_refused process.scheduler.flags
}

@test "ioPriority (config.md, Linux Process)" {
	config '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6}'
	runs
	fact_is .ioprio.class IOPRIO_CLASS_BE .ioprio.priority 6
	config '.process.ioPriority = {class: "IOPRIO_CLASS_IDLE", priority: 0}'
	runs
	fact_is .ioprio.class IOPRIO_CLASS_IDLE
}

@test "an ioPriority beyond 0..7 or of an unknown class is refused" {
	config '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 8}'
	create_refused process.ioPriority.priority
	config '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: -1}'
	create_refused process.ioPriority.priority
	config '.process.ioPriority = {class: "IOPRIO_CLASS_X", priority: 1}'
	create_refused process.ioPriority.class
}

@test "sysctl of the container's own namespaces (config-linux.md, Sysctl)" {
	local before
	before=$(cat /proc/sys/kernel/shmmax /proc/sys/net/ipv4/ip_forward /proc/sys/fs/mqueue/msg_max)
	config '.linux.sysctl = {"net.ipv4.ip_forward": "1", "kernel.shmmax": "65536", "fs.mqueue.msg_max": "20",
		"net.ipv4.ip_local_port_range": "2000 3000"} | .linux.readonlyPaths = []'
	args /guest cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmax /proc/sys/fs/mqueue/msg_max \
		/proc/sys/net/ipv4/ip_local_port_range
	runs
	is "$output" $'1\n65536\n20\n2000\t3000'
	is "$(cat /proc/sys/kernel/shmmax /proc/sys/net/ipv4/ip_forward /proc/sys/fs/mqueue/msg_max)" "$before"
}

@test "sysctl that would change the host are refused" {
	local key before
	before=$(cat /proc/sys/vm/swappiness /proc/sys/kernel/pid_max)
	for key in vm.swappiness kernel.pid_max kernel.core_pattern fs.file-max ../../kernel.pid_max 'net/../kernel/pid_max' "" net. ; do
		config '.linux.sysctl = {($k): "1"}' --arg k "$key"
		ocirun create --bundle "$B" "$ID"
		[[ $status != 0 ]] || { echo "accepted $key" >&2; false; }
		has "$stderr" sysctl
		no_container
	done
	is "$(cat /proc/sys/vm/swappiness /proc/sys/kernel/pid_max)" "$before"
}

@test "sysctl of a namespace that is the host's are refused" {
	config '.linux.sysctl = {"net.ipv4.ip_forward": "1"} | .linux.namespaces |= map(select(.type != "network"))'
	config '.mounts |= map(select(.type != "sysfs"))'
	create_refused net.ipv4.ip_forward network
	config '.linux.sysctl = {"kernel.shmmax": "65536"} | .linux.namespaces |= map(select(.type != "ipc"))'
	config '.mounts |= map(select(.type != "mqueue"))'
	create_refused kernel.shmmax ipc
}

@test "sysctl kernel.domainname contradicts domainname" {
	config '.domainname = "a" | .linux.sysctl = {"kernel.domainname": "b"}'
	create_refused domainname
}

@test "sysctl kernel.domainname and kernel.hostname, also where their files are not ours" {
	config 'del(.hostname) | .linux.sysctl = {"kernel.domainname": "by-sysctl", "kernel.hostname": "name-by-sysctl"}'
	args /guest names
	runs
	holds '.hostname == "name-by-sysctl"' '.domainname == "by-sysctl"'
}

@test "a sysctl that the kernel does not have: no words that engines take for a missing program" {
	config '.linux.sysctl = {"net.ipv4.nosuch": "1"}'
	create_refused "linux.sysctl.net.ipv4.nosuch: the kernel does not have it"
	[[ $stderr != *"no such file"* ]]
}

@test "a sysctl without a value is refused: nothing would be written" {
	config '.linux.sysctl = {"net.ipv4.ip_forward": ""}'
	create_refused linux.sysctl.net.ipv4.ip_forward "must not be empty"
}

@test "the program is its namespace's pid 1, leads a session, and cannot be killed by its runtime's death" {
	runs
	fact_is .process.pid 1 .process.sid 1 .process.pgid 1 .process.pdeathsig 0 .process.securebits 0
}

@test "only descriptors 0, 1 and 2 are open" {
	runs
	fact_is '.fds | keys' '["0","1","2"]'
}

@test "signals are unblocked and have their default actions" {
	WRAP=(env --ignore-signal --block-signal=TERM,HUP,USR1)
	runs
	fact_is .signals.blocked 0000000000000000 .signals.ignored 0000000000000000
}

@test "standard streams that are files or /dev/null keep their owner" {
	requires_root "changes owners"
	local before after
	before=$(stat -c '%u %g %a' /dev/null)
	touch "$T/out"
	config '.process.user = {uid: 1000, gid: 1000}'
	"$OCIRUN" --root "$T/state" run --bundle "$B" "$ID" </dev/null >"$T/out" 2>/dev/null 3>&- || true
	after=$(stat -c '%u %g %a' /dev/null)
	is "$after" "$before"
	is "$(stat -c '%u %g' "$T/out")" "0 0"
}

@test "a session keyring of its own, unless --no-new-keyring" {
	runs
	has "$(fact .keyring)" "$ID"
	runs --no-new-keyring
	lacks "$(fact .keyring)" "$ID"
}
