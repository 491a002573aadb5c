#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

@test "create does not run the program; start does (runtime.md, Create)" {
	args /guest touch /ran
	created
	is "$(container_status)" created
	[[ ! -e $R/ran ]]
	works start "$ID"
	wait_for_status stopped
	[[ -e $R/ran ]]
}

@test "create says nothing on success" {
	created
	is "$output" ""
	is "$stderr" ""
}

@test "create takes the bundle from the current directory" {
	cd "$B"
	works create "$ID"
	state
	fact_is .bundle "$B"
}

@test "create --bundle takes a relative directory, and state shows it absolute (runtime.md, State)" {
	cd "$T"
	works create --bundle bundle "$ID"
	state
	fact_is .bundle "$B"
}

@test "create accepts -b and --bundle=DIRECTORY" {
	works create "--bundle=$B" "$ID"
	works delete --force "$ID"
	works create -b "$B" "$ID"
}

@test "create --config takes another file than config.json" {
	args /guest echo other
	mv "$B/config.json" "$T/other.json"
	created --config "$T/other.json"
	works start "$ID"
	wait_until said other
}

@test "create without an id fails and creates nothing (runtime.md, Create)" {
	refused -- create --bundle "$B"
	[[ -z $(ls -A "$T/state" 2>/dev/null) ]]
}

@test "create with a used id fails and leaves the first container alone (runtime.md, Create)" {
	sleeping
	local pid
	pid=$(container_pid)
	refused "already exists" -- create --bundle "$B" "$ID"
	is "$(container_status)" running
	is "$(container_pid)" "$pid"
}

@test "create refuses ids that are no file names" {
	local id
	for id in ../up a/b . .. "" "a b" "sp	ce" 'semi;colon' $'new\nline' "$(printf 'a%.0s' {1..2000})"; do
		ocirun create --bundle "$B" -- "$id"
		[[ $status != 0 ]] || { echo "accepted '$id'" >&2; false; }
		[[ -z $(ls -A "$T/state" 2>/dev/null) ]]
	done
	[[ ! -e $T/up ]]
}

@test "create accepts ids of letters, digits and + - _ ." {
	local id
	for id in "$ID" "$ID.a" "$ID+b" "$ID-c" "$ID""_d" "1$ID" "-$ID" "+$ID" "_$ID"; do
		works create --bundle "$B" -- "$id"
		works delete --force -- "$id"
	done
}

@test "create fails without a bundle, a config.json or JSON in it" {
	refused "$T/none" -- create --bundle "$T/none" "$ID"
	mkdir "$T/empty"
	refused "open config.json: no such file or directory" "$T/empty is no bundle; 'ocirun spec' writes one" -- \
		create --bundle "$T/empty" "$ID"
	refused "config.json: open none.json: no such file or directory" -- create --config none.json --bundle "$T/empty" "$ID"
	[[ $stderr != *"ocirun spec"* ]]
	echo '{' >"$B/config.json"
	create_refused config.json
}

@test "create --pid-file holds the decimal pid of the container, without a newline" {
	created --pid-file "$T/pid"
	is "$(wc -l <"$T/pid")" 0
	is "$(<"$T/pid")" "$(container_pid)"
	[[ -e /proc/$(<"$T/pid") ]]
}

@test "create --pid-file is relative to the caller's directory" {
	cd "$T"
	created --pid-file here.pid
	[[ -s $T/here.pid && ! -e $B/here.pid ]]
}

@test "create --pid-file that cannot be written fails and leaves no container" {
	refused "$T/none/pid" -- create --bundle "$B" --pid-file "$T/none/pid" "$ID"
	no_container
}

@test "create replaces an old pid file" {
	echo 999999999 >"$T/pid"
	created --pid-file "$T/pid"
	is "$(<"$T/pid")" "$(container_pid)"
}

@test "create --pid-file to what is no file writes to it and leaves it: a device, a link, a FIFO" {
	mkfifo "$T/fifo"
	ln -s target "$T/link"
	refused "$T/fifo" -- create --bundle "$B" --pid-file "$T/fifo" "$ID"
	no_container
	created --pid-file "$T/link"
	[[ -L $T/link && $(<"$T/target") == "$(container_pid)" ]]
	works delete --force "$ID"
	# A device node that may be lost: the null device of a directory of ours, where one can be made.
	if mknod "$T/null" c 1 3 2>/dev/null && true 2>/dev/null >"$T/null"; then
		created --pid-file "$T/null"
		works delete --force "$ID"
		is "$(stat -c '%F %t:%T' "$T/null")" "character special file 1:3"
	fi
}

@test "an id of 255 characters is made, looked at and deleted" {
	local long
	printf -v long "%s%0$((255 - ${#ID}))d" "$ID" 0
	works create --bundle "$B" "$long"
	is "$(container_status "$long")" created
	works delete --force "$long"
	ocirun create --bundle "$B" "${long}x"
	[[ $status != 0 ]]
}

@test "changes to config.json after create have no effect (runtime.md, Create)" {
	args /guest echo before
	created
	args /guest echo after
	works start "$ID"
	wait_until said before
	[[ $(container_output) != *after* ]]
}

@test "the container's first process becomes a child of create's caller when create ends" {
	# A child subreaper, as conmon and containerd-shim are: the shell asks for it with prctl.
	requires python3
	cat >"$T/reaper.py" <<-'END'
		import ctypes, os, subprocess, sys
		ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
		subprocess.run(sys.argv[2:], check=True)
		pid = int(open(sys.argv[1]).read())
		print(open("/proc/%d/stat" % pid).read().rsplit(")")[1].split()[1] == str(os.getpid()))
		os.kill(pid, 9)
		print(os.waitpid(pid, 0)[0] == pid)
	END
	# shellcheck disable=SC2086
	run python3 "$T/reaper.py" "$T/pid" "$OCIRUN" ${OCIRUN_ARGS:-} --root "$T/state" \
		create --bundle "$B" --pid-file "$T/pid" "$ID" 3>&-
	is "$output" $'True\nTrue'
}

@test "the runtime does not hand its parent-death signal on" {
	WRAP=(setpriv --pdeathsig KILL)
	created
	works start "$ID"
	wait_until said process
	output=$(container_output)
	fact_is .process.pdeathsig 0
}

@test "create works with an ignored SIGCHLD, blocked signals and closed descriptors" {
	WRAP=(env --ignore-signal=CHLD,INT,PIPE --block-signal=TERM,CHLD,USR1 bash -c 'exec "$@" 0<&-' close)
	started
	wait_until said signals
	output=$(container_output)
	fact_is .signals.ignored 0000000000000000 .signals.blocked 0000000000000000
}

@test "create makes a missing --root, for its owner alone; list does not" {
	refused "$T/state" -- list
	created
	[[ -d $T/state ]]
	is "$(stat -c %a "$T/state")" 700
}

@test "a failed create leaves nothing" {
	args /no/such/program
	config '.mounts += [{destination: "/x", type: "bind", source: "/no/such/source", options: ["bind"]}]'
	create_refused "mounts[6]"
	nothing_left
}
