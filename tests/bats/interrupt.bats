#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Asked to end by a signal while a container is made, started or taken down: nothing hangs, nothing stays.
load helpers

# A hook of that kind says in $T/shared/began that it runs, with a process of its own in the background unless it is alone,
# and waits until $T/shared/go is there; the poststop hook adds a line to $T/shared/ended.
hanging() { # KIND [alone]
	mkdir -p "$T/shared"
	rm -f "$T/shared"/*
	cat >"$T/shared/hook" <<-END
		#!$T/shared/busybox sh
		[ "${2:-}" = alone ] || $T/shared/busybox sleep 1000 &
		echo >$T/shared/began
		until [ -e $T/shared/go ]; do $T/shared/busybox sleep 0.05; done
		[ "${2:-}" = alone ] || $T/shared/busybox kill \$!
	END
	printf '#!%s sh\necho >>%s\n' "$T/shared/busybox" "$T/shared/ended" >"$T/shared/end"
	cp "$(command -v busybox)" "$T/shared/busybox"
	chmod 755 "$T/shared/hook" "$T/shared/end"
	[[ $1 != startContainer ]] || cp "$T/shared/busybox" "$T/shared/hook" "$R/"
	config '.mounts += [{destination: $d, type: "bind", source: $d, options: ["bind"]}] |
		.hooks = {($k): [{path: ($d + "/hook"), env: [$m]}], poststop: [{path: ($d + "/end"), env: [$m]}]}' \
		--arg d "$T/shared" --arg k "$1" --arg m "OCIRUN_TEST_MARK=$ID"
	args /guest true
}

# In the background of a script a shell ignores SIGINT and SIGQUIT (POSIX, "Signals and Error Handling").
attentive() {
	requires busybox
	env --default-signal=INT true 2>/dev/null || skip "this env cannot set signals"
	WRAP=(env --default-signal=INT --default-signal=QUIT)
}

began() {
	[[ -e $T/shared/began ]]
}

# interrupted SIGNAL COMMAND...: the command, sent the signal while its hook hangs, ends by it.
interrupted() {
	ocirun_background "${@:2}"
	wait_until began
	kill "-$1" "$background"
	wait_background
	is "$status" $((128 + $(kill -l "$1")))
}

poststops() {
	wc -l <"$T/shared/ended"
}

@test "run that is interrupted in any hook ends by the signal, and leaves nothing" {
	local kind
	attentive
	for kind in prestart createRuntime createContainer startContainer poststart; do
		hanging "$kind"
		interrupted INT run --bundle "$B" "$ID"
		has "$stderr" "SIGINT: "
		[[ $kind != prestart ]] || has "$stderr" "error running prestart hook #0: $T/shared/hook: interrupted"
		nothing_left
		is "$kind: $(poststops)" "$kind: 1"
	done
}

@test "run can be interrupted by SIGTERM and SIGHUP, too" {
	local signal
	attentive
	for signal in TERM HUP; do
		hanging createRuntime
		interrupted "$signal" run --bundle "$B" "$ID"
		has "$stderr" "SIG$signal: "
		nothing_left
	done
}

@test "a signal that the caller of run ignores does not interrupt it (nohup)" {
	requires busybox
	hanging createRuntime
	WRAP=(sh -c 'trap "" INT HUP; exec "$@"' sh)
	ocirun_background run --bundle "$B" "$ID"
	wait_until began
	kill -INT "$background"
	kill -HUP "$background"
	touch "$T/shared/go"
	wait_background
	succeeded
}

@test "create and run --detach that are ended in a hook leave nothing" {
	attentive
	hanging createRuntime
	interrupted TERM create --bundle "$B" "$ID"
	nothing_left
	is "$(poststops)" 1
	hanging prestart
	interrupted INT run --detach --bundle "$B" "$ID"
	nothing_left
	is "$(poststops)" 1
}

@test "create that is ended while init runs a hook: delete --force removes what is left" {
	attentive
	hanging createContainer
	interrupted TERM create --bundle "$B" "$ID"
	works delete --force "$ID"
	nothing_left
}

@test "interrupted twice: the second signal ends run at once, also in a poststop hook" {
	attentive
	hanging prestart alone
	config '.hooks.poststop = [.hooks.prestart[0]]'
	ocirun_background run --bundle "$B" "$ID"
	wait_until began
	rm "$T/shared/began"
	kill -INT "$background"
	wait_until began
	kill -INT "$background"
	wait_background
	is "$status" 130
	touch "$T/shared/go"
	works delete --force "$ID"
	nothing_left
}

@test "start that is interrupted in a poststart hook leaves the program running" {
	attentive
	hanging poststart alone
	args /guest sleep
	created
	interrupted INT start "$ID"
	is "$(container_status)" running
}

@test "run and exec that wait for a program which does not start can be interrupted" {
	requires python3
	attentive
	# execve waits for an agent that never answers
	OCIRUN_TEST_MARK=$ID python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen(9)
kept = []
while True:
    kept.append(s.accept())
    print(len(kept), file=open(sys.argv[1] + ".n", "w"))' "$T/agent" 3>&- 4>&- &
	wait_until test -S "$T/agent"
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: $p, syscalls: [{names: ["execve"], action: "SCMP_ACT_NOTIFY"}]}' \
		--arg p "$T/agent"
	args /guest true
	ocirun_background run --bundle "$B" "$ID"
	wait_until grep -qs 1 "$T/agent.n"
	kill -INT "$background"
	wait_background
	is "$status" 130
	has "$stderr" "SIGINT: "
	no_container
	created
	ocirun_background exec "$ID" /guest true
	wait_until grep -qs 2 "$T/agent.n"
	kill -TERM "$background"
	wait_background
	is "$status" 143
	is "$(container_status)" created
	works delete --force "$ID"
	kill_leftovers
}
