#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

# The runtime gets these descriptors from its caller.
with_fds() { # SCRIPT
	WRAP=(bash -c "$1; exec \"\$@\"" fds)
}

@test "descriptors of the caller do not reach the program (CVE-2024-21626)" {
	with_fds 'exec 3</ 4</etc/passwd 7</tmp 63</dev/null'
	args /guest fds
	runs
	is "$(jq -c keys <<<"$output")" '["0","1","2"]'
	created
	works start "$ID"
	wait_until said '"0"'
	is "$(container_output | jq -c keys)" '["0","1","2"]'
}

@test "the process that waits for start holds no descriptor of the caller" {
	requires_root "looks into the process"
	with_fds 'exec 3</ 4</etc/passwd 63<'"$T"
	args /guest true
	created
	local pid
	pid=$(container_pid)
	lacks "$(readlink /proc/"$pid"/fd/* | grep -v "^$T/calls" | paste -sd' ')" "$T"
	lacks " $(readlink /proc/"$pid"/fd/* | paste -sd' ') " " / "
}

@test "closed standard streams do not break anything" {
	args /guest fds
	with_fds 'exec 0<&-'
	runs
	with_fds 'exec 2>&-'
	ocirun run --bundle "$B" "$ID"
	is "$status" 0
}

@test "LISTEN_FDS hands descriptors on, and the program is told (sd_listen_fds(3))" {
	echo three >"$T/three"
	echo four >"$T/four"
	with_fds "exec 3<'$T/three' 4<'$T/four' 5</; export LISTEN_FDS=2 LISTEN_PID=\$\$"
	guest fds -- env -- cat /proc/self/fd/3 /proc/self/fd/4
	config '.process.env += []'
	runs
	is "$(head -1 <<<"$output" | jq -c keys)" '["0","1","2","3","4"]'
	has "$output" '"LISTEN_FDS=2"'
	has "$output" '"LISTEN_PID=1"'
	has "$output" three
	has "$output" four
}

@test "LISTEN_FDS for another process is not for the container" {
	with_fds "exec 3</dev/null; export LISTEN_FDS=1 LISTEN_PID=1234567"
	guest fds -- env
	ocirun run --bundle "$B" "$ID"
	is "$status" 0
	is "$(head -1 <<<"$output" | jq -c keys)" '["0","1","2"]'
	lacks "$output" LISTEN_
}

@test "a LISTEN_FDS that is no number or announces what is not there is refused or ignored, never a crash" {
	local value
	for value in x -1 99999999999 3 1000000; do
		with_fds "exec 3<&-; export LISTEN_FDS=$value LISTEN_PID=\$\$"
		args /guest fds
		ocirun run --bundle "$B" "$ID"
		[[ $status -lt 126 || $status == 255 ]]
		[[ $status != 0 ]] || is "$(jq -c keys <<<"$output")" '["0","1","2"]'
	done
}

@test "--preserve-fds hands the first ones on and no more" {
	echo three >"$T/three"
	with_fds "exec 3<'$T/three' 4</dev/null 5</dev/null 6</dev/null"
	guest fds -- cat /proc/self/fd/3
	runs --preserve-fds 2
	is "$(head -1 <<<"$output" | jq -c keys)" '["0","1","2","3","4"]'
	has "$output" three
	works create --bundle "$B" --preserve-fds=1 "$ID"
	works start "$ID"
	wait_until said three
	is "$(container_output | head -1 | jq -c keys)" '["0","1","2","3"]'
}

@test "--preserve-fds of descriptors that are not open is refused" {
	with_fds "exec 3<&- 4<&-"
	refused preserve-fds -- run --bundle "$B" --preserve-fds 2 "$ID"
	no_container
}

@test "--preserve-fds that is no number is refused" {
	local value
	for value in x -1 "" 1x 99999999999; do
		ocirun create --bundle "$B" --preserve-fds "$value" "$ID"
		[[ $status != 0 ]] || { echo "accepted '$value'" >&2; false; }
	done
}

@test "a socket can be handed on" {
	requires python3
	cat >"$T/pass.py" <<-'END'
		import os, socket, sys
		a, b = socket.socketpair()
		a.sendall(b"through the socket")
		os.dup2(b.fileno(), 3)
		os.set_inheritable(3, True)
		os.execv(sys.argv[1], sys.argv[1:])
	END
	WRAP=(python3 "$T/pass.py")
	OCIRUN=$(command -v "$OCIRUN")
	args /guest fds
	runs --preserve-fds 1
	has "$(fact '."3"')" socket:
}

@test "NOTIFY_SOCKET: READY=1 of the container reaches the caller's socket (sd_notify(3))" {
	requires python3
	cat >"$T/notify.py" <<-'END'
		import os, socket, subprocess, sys
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.bind(sys.argv[1])
		s.settimeout(10)
		p = subprocess.Popen(sys.argv[2:], env=dict(os.environ, NOTIFY_SOCKET=sys.argv[1]))
		text = ""
		while "READY=1" not in text:
		    text += s.recv(4096).decode() + "\n"
		print(text)
		sys.exit(p.wait())
	END
	chmod 755 "$T" "$T/run"
	args /guest sdnotify READY=1
	# shellcheck disable=SC2086
	run timeout 20 python3 "$T/notify.py" "$T/notify.sock" "$OCIRUN" ${OCIRUN_ARGS:-} --root "$T/state" run --bundle "$B" "$ID" 3>&-
	is "$status" 0
	has "$output" READY=1
}

@test "NOTIFY_SOCKET of the config's environment is the container's own affair" {
	config '.process.env += ["NOTIFY_SOCKET=/tmp/own.sock"]'
	args /guest env
	runs
	has "$output" NOTIFY_SOCKET=/tmp/own.sock
}

@test "the runtime works with few descriptors" {
	WRAP=(prlimit --nofile=40:40)
	args /guest echo fine
	runs
	is "$output" fine
}
