#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# linux.seccomp, seen by what system calls do inside (config-linux.md, Seccomp).  How profiles are compiled is tested in
# tests/unit/test-seccomp*.  The guest's `kill 99 SIGNAL` gives ESRCH when nothing hinders it.
load helpers

profile() { # JSON
	config ".linux.seccomp = $1"
}

# The errors that the guest told, one line each.
outcomes() {
	sed -n 's/^guest: \(.*\): \(E[A-Z]*\) (.*/\1 \2/p' <<<"$stderr"
}

outcome() { # EXPECTED COMMAND...
	local expected=$1
	shift
	guest "$@"
	ocirun run --bundle "$B" "$ID"
	is "$(outcomes)" "$expected"
}

# The profile is an error of create.
refuses() { # JSON TEXT...
	profile "$1"
	shift
	create_refused "$@"
}

# One rule about kill, for everything else ALLOW.
kill_rule() { # JSON
	profile "{defaultAction: \"SCMP_ACT_ALLOW\", syscalls: [{names: [\"kill\"]} + $1]}"
}

@test "seccomp: SCMP_ACT_ERRNO gives EPERM, or what errnoRet and defaultErrnoRet say (config-linux.md, Seccomp)" {
	profile '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [
		{names: ["chdir"], action: "SCMP_ACT_ERRNO"}, {names: ["kill", "umount2"], action: "SCMP_ACT_ERRNO", errnoRet: 18}]}'
	outcome $'/tmp EPERM\n99 EXDEV\n/tmp EXDEV' chdir /tmp -- kill 99 3 -- umount /tmp
	args /guest process
	runs
	fact_is .seccomp 2
}

@test "seccomp: errnoRet and defaultErrnoRet with an action that has none are errors (config-linux.md, Seccomp)" {
	local action
	for action in ALLOW KILL KILL_PROCESS KILL_THREAD TRAP LOG NOTIFY; do
		refuses "{defaultAction: \"SCMP_ACT_ALLOW\", listenerPath: \"/s\",
			syscalls: [{names: [\"kill\"], action: \"SCMP_ACT_$action\", errnoRet: 1}]}" \
			"linux.seccomp.syscalls[0].errnoRet" "SCMP_ACT_$action returns no errno"
		refuses "{defaultAction: \"SCMP_ACT_$action\", defaultErrnoRet: 1}" linux.seccomp.defaultErrnoRet
	done
	refuses '{defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 4096}' linux.seccomp.defaultErrnoRet 4096
}

@test "seccomp: every action does what it says" {
	kill_rule '{action: "SCMP_ACT_ALLOW"}'
	outcome '99 ESRCH' kill 99 3
	kill_rule '{action: "SCMP_ACT_LOG"}'
	outcome '99 ESRCH' kill 99 3
	kill_rule '{action: "SCMP_ACT_TRACE", errnoRet: 7}' # no tracer
	outcome '99 ENOSYS' kill 99 3
	local action
	for action in KILL KILL_THREAD KILL_PROCESS TRAP; do
		kill_rule "{action: \"SCMP_ACT_$action\"}"
		guest spawn kill 99 3
		runs
		is "$action: $output" "$action: status 159" # SIGSYS is 31
	done
}

@test "seccomp: each operator compares an argument (config-linux.md, Seccomp)" {
	local op value two hit signal expected
	# of the signals 3, 5 and 7: those that the rule is about
	while read -r op value two hit; do
		kill_rule "{action: \"SCMP_ACT_ERRNO\", errnoRet: 18,
			args: [{index: 1, value: $value, valueTwo: $two, op: \"SCMP_CMP_$op\"}]}"
		expected=
		for signal in 3 5 7; do
			case $hit in
			*$signal*) expected+="${expected:+$'\n'}99 EXDEV" ;;
			*) expected+="${expected:+$'\n'}99 ESRCH" ;;
			esac
		done
		echo "$op $value $two"
		outcome "$expected" kill 99 3 -- kill 99 5 -- kill 99 7
	done <<-END
		EQ 5 0 5
		NE 5 0 3,7
		LT 5 0 3
		LE 5 0 3,5
		GT 5 0 7
		GE 5 0 5,7
		MASKED_EQ 6 4 5
	END
}

@test "seccomp: all conditions of a rule count, and of several rules for a call each" {
	profile '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [
		{names: ["kill"], action: "SCMP_ACT_ERRNO", errnoRet: 18,
		 args: [{index: 0, value: 99, op: "SCMP_CMP_EQ"}, {index: 1, value: 3, op: "SCMP_CMP_EQ"}]},
		{names: ["kill"], action: "SCMP_ACT_ERRNO", errnoRet: 22, args: [{index: 1, value: 5, op: "SCMP_CMP_EQ"}]}]}'
	outcome $'99 EXDEV\n98 ESRCH\n98 EINVAL\n99 ESRCH' kill 99 3 -- kill 98 3 -- kill 98 5 -- kill 99 7
}

@test "seccomp: each flag is taken, and one that is unknown is refused" {
	local flag
	for flag in TSYNC LOG SPEC_ALLOW; do
		profile "{defaultAction: \"SCMP_ACT_ALLOW\", flags: [\"SECCOMP_FILTER_FLAG_$flag\"],
			syscalls: [{names: [\"kill\"], action: \"SCMP_ACT_ERRNO\"}]}"
		outcome '99 EPERM' kill 99 3
	done
	refuses '{defaultAction: "SCMP_ACT_ALLOW", flags: ["SECCOMP_FILTER_FLAG_NEW_LISTENER"]}' "linux.seccomp.flags[0]"
	refuses '{defaultAction: "SCMP_ACT_ALLOW", flags: ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]}' "linux.seccomp.flags[0]" \
		SCMP_ACT_NOTIFY
}

@test "seccomp: calls that are newer than the profile give ENOSYS, those that it left out do not" {
	profile '{defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 1, syscalls: [{names: ["read", "write", "writev", "pwritev",
		"execve", "brk", "mmap", "munmap", "mprotect", "arch_prctl", "set_tid_address", "set_robust_list", "rseq",
		"prlimit64", "readlink", "readlinkat", "getrandom", "newfstatat", "fstat", "exit_group", "exit", "close", "openat",
		"futex", "ioctl", "rt_sigprocmask", "rt_sigaction", "gettid", "getpid", "capset", "capget", "prctl", "seccomp", "sendmsg",
		"recvmsg", "sendto", "umask", "setgroups", "poll", "ppoll"],
		action: "SCMP_ACT_ALLOW"}]}'
	outcome $'99 EPERM\n5000 ENOSYS' kill 99 3 -- syscall 5000
}

@test "seccomp: names that nobody knows are left out, or refused by run.oci.seccomp_fail_unknown_syscall" {
	profile '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["no_such_call", "kill"], action: "SCMP_ACT_ERRNO"}]}'
	outcome '99 EPERM' kill 99 3
	lacks "$stderr" no_such_call
	OCIRUN_ARGS=--debug
	outcome '99 EPERM' kill 99 3
	has "$stderr" "no system call is known as no_such_call: left out"
	OCIRUN_ARGS=
	config '.annotations = {"run.oci.seccomp_fail_unknown_syscall": "0"}'
	outcome '99 EPERM' kill 99 3
	config '.annotations = {"run.oci.seccomp_fail_unknown_syscall": "1"}'
	create_refused "linux.seccomp.syscalls[0].names[0]" no_such_call
}

@test "seccomp: run.oci.seccomp_bpf_data is a finished filter, for exec too" {
	requires python3
	local text
	# kill gives EXDEV: 62 on x86_64, 129 where numbers are the generic ones
	text=$(python3 -c 'import base64, os, struct, sys
number = 62 if os.uname().machine == "x86_64" else 129
code = [(0x20, 0, 0, 0), (0x15, 0, 1, number), (6, 0, 0, 0x50012), (6, 0, 0, 0x7fff0000)]
print(base64.b64encode(b"".join(struct.pack("HBBI", *c) for c in code)).decode())')
	config '.annotations = {"run.oci.seccomp_bpf_data": $t}' --arg t "$text"
	outcome '99 EXDEV' kill 99 3
	sleeping
	ocirun exec "$ID" /guest kill 99 3
	is "$(outcomes)" '99 EXDEV'
	works delete --force "$ID"
	config '.annotations["run.oci.seccomp_bpf_data"] = "AAA"'
	create_refused annotations.run.oci.seccomp_bpf_data
}

@test "seccomp: the filter holds for exec, with and without noNewPrivileges" {
	local value
	for value in true false; do
		config '.process.noNewPrivileges = $v' --argjson v "$value"
		kill_rule '{action: "SCMP_ACT_ERRNO", errnoRet: 18}'
		sleeping
		ocirun exec "$ID" /guest kill 99 3
		is "$(outcomes)" '99 EXDEV'
		works delete --force "$ID"
	done
}

@test "seccomp: a profile without what the runtime itself calls last" {
	# with no_new_privs the filter comes after everything that the runtime does to the process
	config '.process.noNewPrivileges = true'
	profile '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["capset", "setresuid", "setresgid", "setgroups", "prctl",
		"chdir", "umask", "seccomp", "personality", "setrlimit"], action: "SCMP_ACT_KILL_PROCESS"}]}'
	args /guest true
	runs
}

# ---- notifications ----------------------------------------------------------------------------

# An agent for COUNT processes; what it is told comes to $T/agent.
@test "seccomp: a profile may forbid what only the runtime calls: sendmsg always, write with noNewPrivileges" {
	local nnp act call
	args /guest true
	for nnp in true false; do
		for act in SCMP_ACT_KILL_PROCESS SCMP_ACT_ERRNO; do
			for call in sendmsg write; do
				[[ $nnp$call != falsewrite ]] || continue
				config '.process.noNewPrivileges = $n' --argjson n "$nnp"
				profile "{defaultAction: \"SCMP_ACT_ALLOW\", syscalls: [{names: [\"$call\"], action: \"$act\"}]}"
				runs
			done
		done
	done
	# What the runtime cannot do without gives an error that names the profile.
	config '.process.noNewPrivileges = false'
	profile '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["capset"], action: "SCMP_ACT_KILL_PROCESS"}]}'
	refused linux.seccomp -- run --bundle "$B" "$ID"
}

agent() { # COUNT [VALUE]
	requires python3
	rm -f "$T/agent" "$T/s"
	OCIRUN_TEST_MARK=$ID timeout 60 python3 "$tests_dir/bats/seccomp-agent.py" "$T/s" "$T/agent" "$@" 3>&- 4>&- &
	agent=$!
	wait_until test -S "$T/s"
}

agent_ended() {
	wait_until agent_is_gone
	is "$(wc -l <"$T/agent") connections" "$1 connections"
}

agent_is_gone() {
	! kill -0 "$agent" 2>/dev/null
}

notify_kill() { # [JSON]
	profile '{defaultAction: "SCMP_ACT_ALLOW", listenerPath: $ENV.SOCKET, syscalls: [{names: ["kill"], action: "SCMP_ACT_NOTIFY"}]}'
	config ".linux.seccomp += ${1:-{\}}"
}

setup_socket() {
	export SOCKET=$T/s
}

@test "seccomp notify: one state with one descriptor for each connection, for the program and for exec (config-linux.md, Seccomp)" {
	setup_socket
	agent 2 -18
	notify_kill '{listenerMetadata: "for the agent"}'
	config '.annotations = {"org.example": "kept"} | .process.args = ["/guest", "do", "kill", "99", "3", "--", "sleep"]'
	started
	wait_until grep -qs 'guest: 99: EXDEV' "$T/calls/"*
	local pid
	pid=$(container_pid)
	is "$(jq -c '[.descriptors, .closed, .state.fds, .state.metadata, .state.state.id, .state.state.status, .state.state.annotations]' "$T/agent")" \
		"[1,true,[\"seccompFd\"],\"for the agent\",\"$ID\",\"created\",{\"org.example\":\"kept\"}]"
	is "$(jq -c '[.state.pid, .state.state.pid]' "$T/agent")" "[$pid,$pid]"
	is "$(jq -r '.state.state.bundle' "$T/agent")" "$B"
	is "$(jq -r '.state.ociVersion' "$T/agent")" "$(jq -r .ociVersion "$B/config.json")"

	ocirun exec "$ID" /guest kill 99 3
	is "$(outcomes)" '99 EXDEV'
	is "$(jq -s -c '.[1] | [.descriptors, .closed, .state.fds, .state.state.status, .state.state.pid]' "$T/agent")" \
		"[1,true,[\"seccompFd\"],\"running\",$pid]"
	is "$(jq -s '.[1].state.pid != .[0].state.pid' "$T/agent")" true
	works delete --force "$ID"
	agent_ended 2
}

@test "seccomp notify: the agent may let the call go on, also with SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV" {
	setup_socket
	agent 1
	notify_kill '{flags: ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]}'
	outcome '99 ESRCH' kill 99 3
	agent_ended 1
}

@test "seccomp notify: the calls of the hand-over itself may be notified of" {
	setup_socket
	agent 1
	profile '{defaultAction: "SCMP_ACT_ALLOW", listenerPath: $ENV.SOCKET, syscalls: [{names: ["sendmsg", "recvmsg", "sendto", "recvfrom",
		"execve", "setresuid", "close", "kill"], action: "SCMP_ACT_NOTIFY"}]}'
	outcome '99 ESRCH' kill 99 3
	agent_ended 1
}

@test "seccomp notify: without an agent it is an error, and the program does not run (config-linux.md, Seccomp)" {
	setup_socket
	notify_kill
	args /guest echo on
	ocirun run --bundle "$B" "$ID"
	failed "$T/s"
	is "$output" ""
	no_container
	agent 1
	sleeping
	wait_until test -s "$T/agent"
	rm "$T/s"
	refused "$T/s" -- exec "$ID" /guest true
	works delete --force "$ID"
	agent_ended 1
}

@test "seccomp notify: run.oci.seccomp.receiver and RUN_OCI_SECCOMP_RECEIVER name the agent where listenerPath does not" {
	setup_socket
	agent 1
	notify_kill
	config 'del(.linux.seccomp.listenerPath)'
	create_refused linux.seccomp.listenerPath
	config '.annotations = {"run.oci.seccomp.receiver": $ENV.SOCKET}'
	outcome '99 ESRCH' kill 99 3
	agent_ended 1

	agent 2
	config 'del(.annotations)'
	WRAP=(env "RUN_OCI_SECCOMP_RECEIVER=$T/s")
	args /guest "do" kill 99 3 -- sleep
	created
	# what counts is what create was told
	WRAP=()
	works start "$ID"
	ocirun exec "$ID" /guest kill 99 3
	is "$(outcomes)" '99 ESRCH'
	works delete --force "$ID"
	agent_ended 2
}

@test "seccomp: listenerMetadata and SCMP_ACT_NOTIFY need listenerPath (config-linux.md, Seccomp)" {
	refuses '{defaultAction: "SCMP_ACT_ALLOW", listenerMetadata: "x"}' linux.seccomp.listenerMetadata listenerPath
	refuses '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["kill"], action: "SCMP_ACT_NOTIFY"}]}' \
		linux.seccomp.listenerPath SCMP_ACT_NOTIFY
	refuses '{defaultAction: "SCMP_ACT_NOTIFY", listenerPath: "/s"}' linux.seccomp.defaultAction
	refuses '{defaultAction: "SCMP_ACT_ALLOW", listenerPath: "/s", syscalls: [{names: ["write"], action: "SCMP_ACT_NOTIFY"}]}' \
		"linux.seccomp.syscalls[0].names[0]"
	# a listener that nobody needs is ignored
	profile '{defaultAction: "SCMP_ACT_ALLOW", listenerPath: "/no/such/socket"}'
	args /guest true
	runs
}
