#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

@test "start runs the program of the config (runtime.md, Start)" {
	args /guest echo hello
	started
	wait_until said hello
}

@test "start says nothing on success" {
	started
	is "$output$stderr" ""
}

@test "start without an id fails" {
	refused -- start
}

@test "start of an unknown container fails" {
	refused "does not exist" -- start no-such-container
}

@test "start of a running container fails and has no effect (runtime.md, Start)" {
	sleeping
	local pid
	pid=$(container_pid)
	refused -- start "$ID"
	is "$(container_status)" running
	is "$(container_pid)" "$pid"
}

@test "start of a stopped container fails" {
	args /guest true
	started
	wait_for_status stopped
	refused -- start "$ID"
}

@test "start without process in the config fails (config.md, Process)" {
	config 'del(.process)'
	created
	refused process -- start "$ID"
}

@test "start tells that the program could not be executed, and the container is gone or stopped" {
	printf 'no program\n' >"$R/text"
	chmod 755 "$R/text"
	args /text
	ocirun create --bundle "$B" "$ID"
	[[ $status != 0 ]] || ocirun start "$ID"
	failed "/text" "exec format error"
	ocirun state "$ID"
	[[ $status != 0 || $(fact .status) == stopped ]]
}

@test "concurrent starts: one wins, the others fail" {
	args /guest sleep
	created
	local i pids=() wins=0
	for i in 1 2 3 4; do
		# shellcheck disable=SC2086
		"$OCIRUN" ${OCIRUN_ARGS:-} --root "$T/state" start "$ID" >/dev/null 2>&1 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		if wait "$i"; then wins=$((wins + 1)); fi
	done
	is "$wins" 1
	is "$(container_status)" running
}

@test "the program gets create's standard streams, not start's" {
	args /guest "do" echo to-output -- warn to-error
	created
	local create_out=$T/calls/$call.out create_err=$T/calls/$call.err
	works start "$ID"
	wait_for_status stopped
	is "$(<"$create_out")" to-output
	is "$(<"$create_err")" to-error
}

@test "standard input of create reaches the program" {
	printf 'from outside' >"$T/input"
	args /guest copy
	STDIN=$T/input created
	works start "$ID"
	wait_until said "from outside"
}
