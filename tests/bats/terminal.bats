#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

terminal() {
	config '.process.terminal = true'
}

# in_terminal SIZE INPUT ARG...: the runtime as in a terminal emulator; $output has what was said.
in_terminal() {
	local size=$1 input=$2
	shift 2
	status=0
	# shellcheck disable=SC2086
	timeout -k 2 30 "$OCIRUN_TOOLS/pty-run" "$size" "$input" "$OCIRUN" ${OCIRUN_ARGS:-} --root "$T/state" "$@" \
		>"$T/calls/terminal" 2>&1 </dev/null 3>&- 4>&- || status=$?
	output=$(tr -d '\r' <"$T/calls/terminal")
	stderr=
}

# The receiver of a console: its output is $T/console.
receive_console() { # [INPUT]
	"$OCIRUN_TOOLS/console-recv" "$T/console.sock" "$@" >"$T/console" 2>&1 </dev/null 3>&- 4>&- &
	wait_until test -S "$T/console.sock"
}

console_said() {
	grep -q "$1" "$T/console"
}

@test "run in a terminal: the program has a terminal of its own as standard streams" {
	terminal
	args /guest terminal
	in_terminal 33x77 "" run --bundle "$B" "$ID"
	is "$status" 0
	has "$output" "echo on"
	output=$(head -1 <<<"$output")
	fact_is .controlling true '.fds[0].name' /dev/pts/0 '.fds[2].name' /dev/pts/0 '.fds[0].rows' 33 '.fds[0].columns' 77 \
		'.fds[0].session' 1 '.fds[0].foreground' 1
}

@test "run in a terminal hands over what is typed, and the exit status" {
	terminal
	guest echo ready -- copy
	in_terminal 24x80 $'hello\n\004' run --bundle "$B" "$ID"
	is "$status" 0
	is "$(grep -c hello <<<"$output")" 2
	args /guest exit 5
	in_terminal 24x80 "" run --bundle "$B" "$ID"
	is "$status" 5
	has "$output" "echo on"
}

@test "the interrupt key reaches the program, not the runtime" {
	terminal
	args /guest wait-signal
	in_terminal 24x80 $'\003' run --bundle "$B" "$ID"
	has "$output" "got 2 SIGINT"
	is "$status" 0
}

@test "the terminal is restored when the container ends by a signal" {
	terminal
	args /guest sleep
	(wait_for_status running && ocirun kill "$ID" KILL) 3>&- 4>&- &
	in_terminal 24x80 "" run --bundle "$B" "$ID"
	wait
	is "$status" 137
	has "$output" "echo on"
}

@test "a new window size reaches the program" {
	terminal
	guest echo ready -- spawn await /tmp/go -- terminal
	(sleep 0.1 && wait_until grep -q waiting "$T/calls/terminal" && sleep 0.1 && touch "$R/tmp/go") 3>&- 4>&- &
	in_terminal 24x80 "@resize 40x100" run --bundle "$B" "$ID"
	wait
	output=$(grep controlling <<<"$output")
	fact_is '.fds[0].rows' 40 '.fds[0].columns' 100
}

@test "consoleSize sets the size (config.md, Process)" {
	terminal
	config '.process.consoleSize = {height: 11, width: 22}'
	args /guest terminal
	receive_console
	created --console-socket "$T/console.sock"
	works start "$ID"
	wait_until console_said controlling
	output=$(grep controlling "$T/console" | tr -d '\r')
	fact_is '.fds[0].rows' 11 '.fds[0].columns' 22
}

@test "a consoleSize that no terminal has is refused by name (config.md, Process)" {
	config '.process.terminal = true | .process.consoleSize = {height: 70000, width: 22}'
	refused process.consoleSize.height 65535 -- run --bundle "$B" "$ID"
	config '.process.consoleSize = {height: 11, width: 4294967318}'
	refused process.consoleSize.width -- run --bundle "$B" "$ID"
}

@test "consoleSize without a terminal is ignored (config.md, Process)" {
	config '.process.consoleSize = {height: 11, width: 22}'
	args /guest echo fine
	runs
	is "$output" fine
}

@test "--console-socket gets one descriptor, the terminal's master" {
	terminal
	args /guest "do" echo hello -- copy
	receive_console $'typed\n\004'
	created --console-socket "$T/console.sock"
	wait_until console_said "^fds 1"
	has "$(grep '^name' "$T/console")" name
	works start "$ID"
	wait_until console_said hello
	wait_until console_said typed
	wait_for_status stopped
	wait
}

@test "run --detach with a console socket" {
	terminal
	args /guest terminal
	receive_console
	runs --detach --console-socket "$T/console.sock"
	wait_until console_said controlling
}

@test "the terminal belongs to the user of the program, and is /dev/console too (config-linux.md, Default Devices)" {
	terminal
	[[ $ROOTLESS == 1 ]] || config '.process.user = {uid: 1000, gid: 1000}'
	args /guest terminal
	in_terminal 24x80 "" run --bundle "$B" "$ID"
	output=$(head -1 <<<"$output")
	local uid=1000
	[[ $ROOTLESS == 0 ]] || uid=0
	fact_is '.fds[0].uid' $uid .console.type char
	holds '.console.rdev | startswith("136:")'
}

@test "a terminal without a console socket cannot be created or detached" {
	terminal
	create_refused console-socket
	refused console-socket -- run --detach --bundle "$B" "$ID"
	no_container
}

@test "a console socket without a terminal is refused" {
	receive_console
	create_refused_with_socket
	kill %1 2>/dev/null || true
}

create_refused_with_socket() {
	refused terminal -- create --bundle "$B" --console-socket "$T/console.sock" "$ID"
	no_container
}

@test "a console socket where nobody listens is an error that names it" {
	terminal
	refused "$T/none.sock" -- create --bundle "$B" --console-socket "$T/none.sock" "$ID"
	no_container
}

@test "run without a terminal around gives the program one all the same" {
	terminal
	args /guest terminal
	ocirun run --bundle "$B" "$ID"
	is "$status" 0
	holds '.fds[0].name == "/dev/pts/0"' .controlling
}

@test "the end of an input that is no terminal is the end of what the program reads, also behind half a line" {
	local text
	args /guest copy
	config '.process.terminal = true'
	for text in "" "a line\n" "half a line"; do
		printf "%b" "$text" >"$T/in"
		STDIN=$T/in OCIRUN_TIMEOUT=10 runs
		has "$output" "${text%"\n"}"
	done
	args /guest sleep
	config '.process.terminal = false'
	started
	STDIN=$T/in OCIRUN_TIMEOUT=10 works exec --tty "$ID" /guest copy
	has "$output" "half a line"
}

@test "exec --tty works in a container that was made without a terminal" {
	args /guest sleep
	started
	in_terminal 20x60 "" exec --tty "$ID" /guest terminal
	is "$status" 0
	output=$(head -1 <<<"$output")
	fact_is '.fds[0].rows' 20 .controlling true
}

@test "exec --tty --detach with a console socket" {
	args /guest sleep
	started
	receive_console
	works exec --tty --detach --console-socket "$T/console.sock" "$ID" /guest terminal
	wait_until console_said controlling
}

@test "exec --tty counts also where the file of --process has no terminal" {
	sleeping
	jq '.process | .args = ["/guest", "terminal"] | .terminal = false' "$B/config.json" >"$T/process.json"
	works exec --tty --process "$T/process.json" "$ID"
	holds '.fds[0].name == "/dev/pts/0"' .controlling
}

@test "exec -t hands the status on" {
	args /guest sleep
	started
	in_terminal 24x80 "" exec -t "$ID" /guest exit 3
	is "$status" 3
}

@test "a symlink as /dev/console of the image is not followed (CVE-2025-52565)" {
	terminal
	config '.mounts |= map(select(.destination | startswith("/dev") | not)) |
		.mounts += [{destination: "/dev/pts", type: "devpts", source: "devpts", options: ["newinstance", "ptmxmode=0666"]}]'
	mkdir -p "$R/dev/pts"
	echo text >"$R/etc/target"
	ln -s /etc/target "$R/dev/console"
	args /guest mounts
	in_terminal 24x80 "" run --bundle "$B" "$ID"
	lacks "$output" '"target":"/etc/target"'
	is "$(<"$R/etc/target")" text
}

@test "much output arrives whole" {
	terminal
	head -c 300000 /dev/zero | tr '\0' x | fold -w 99 >"$R/big"
	args /guest cat /big
	in_terminal 24x80 "" run --bundle "$B" "$ID"
	is "$(tr -cd x <<<"$output" | wc -c)" 300000
}

@test "much is typed to a program that only prints: neither waits for the other" {
	terminal
	head -c 300000 /dev/zero | tr '\0' x | fold -w 99 >"$R/big"
	head -c 400000 /dev/zero | tr '\0' y | fold -w 60 >"$T/typed"
	args /guest cat /big
	STDIN=$T/typed runs
	is "$(tr -cd x <<<"$output" | wc -c)" 300000
}

@test "a reader that stalls does not keep signals from the container, and may be given up" {
	terminal
	head -c 300000 /dev/zero | tr '\0' x | fold -w 99 >"$R/big"
	args /guest "do" cat /big -- sleep
	mkfifo "$T/pipe"
	exec 8<>"$T/pipe"
	OCIRUN_TEST_MARK=$ID "$OCIRUN" --root "$T/state" run --bundle "$B" "$ID" </dev/null >"$T/pipe" 2>"$T/err" 3>&- 8>&- &
	local run=$!
	wait_for_status running
	# The pipe is full: whatever the runtime does now, it does not wait for us.
	works kill "$ID" KILL
	wait_until is_stopped
	kill -TERM "$run"
	wait_until has_ended "$run"
	exec 8>&-
	status=0
	wait "$run" || status=$?
	is "$status" 137
	no_container
}

is_stopped() {
	state
	[[ $status != 0 || $(jq -r .status <<<"$output") == stopped ]]
}

has_ended() {
	[[ ! -e /proc/$1/stat || $(<"/proc/$1/stat") == *") Z "* ]]
}
