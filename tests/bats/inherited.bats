#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a caller has and the container must not get: the environment, descriptors, signals, groups, capabilities,
# timers, keys; and what init shows of itself to others while it waits.
load helpers

# A caller with something of everything.
rich_caller() {
	requires python3
	cat >"$T/caller.py" <<-'END'
		import ctypes, os, resource, signal, sys
		libc = ctypes.CDLL(None)
		for n in range(5, 30):
		    os.dup2(os.open("/", os.O_RDONLY), n)
		    os.set_inheritable(n, True)
		for s in (signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGUSR1, signal.SIGCHLD, 34, 40):
		    signal.signal(s, signal.SIG_IGN)
		signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
		signal.setitimer(signal.ITIMER_REAL, 3600)
		libc.prctl(1, signal.SIGUSR2)  # PR_SET_PDEATHSIG
		libc.prctl(8, 1)  # PR_SET_KEEPCAPS
		libc.prctl(15, b"caller's name")
		libc.prctl(38, 0)
		libc.syscall(250, 1, b"callers-keyring")  # KEYCTL_JOIN_SESSION_KEYRING
		os.environ.update(SECRET="of-the-caller", LD_BIND_NOW="1", GCONV_PATH="/x", LOCPATH="/x", TZ="x")
		os.execv(sys.argv[1], sys.argv[1:])
	END
	WRAP=(python3 "$T/caller.py")
	[[ $ROOTLESS == 1 ]] || WRAP=(setpriv --inh-caps=+kill,+chown --ambient-caps=+kill,+chown --groups 7,8,9 "${WRAP[@]}")
	OCIRUN=$(command -v "$OCIRUN")
}

# The facts of the guest: nothing of the caller.
is_clean() {
	local none=0000000000000000 kept=0000000020000420
	fact_is '.fds | keys' '["0","1","2"]' \
		.signals.blocked $none .signals.ignored $none .signals.caught $none \
		.process.pdeathsig 0 .process.securebits 0 .process.no_new_privs 1 \
		.caps.inheritable $none .caps.ambient $none .caps.effective $kept .caps.permitted $kept .caps.bounding $kept \
		.cwd '"/"' '.env | map(split("=")[0]) | sort' '["HOME","OCIRUN_TEST_MARK","PATH"]'
	holds '(.keyring // "") | contains("callers-keyring") | not'
	[[ $ROOTLESS == 1 ]] || fact_is .groups '[]'
}

fact_is() {
	while (($#)); do
		is "$1 = $(jq -cr "$1" <<<"$output")" "$1 = ${2//\"\/\"/\/}"
		shift 2
	done
}

@test "the program of run has nothing of its caller" {
	rich_caller
	args /guest all
	runs
	is_clean
	lacks "$output" of-the-caller
}

@test "the program of create and start has nothing of either caller" {
	rich_caller
	args /guest all
	created
	works start "$ID"
	wait_until said '"keyring"'
	output=$(container_output)
	is_clean
}

@test "the program of exec has nothing of its caller" {
	sleeping
	rich_caller
	works exec "$ID" /guest all
	is_clean
	lacks "$output" of-the-caller
}

@test "timers of the caller do not run on in the program, nor does its name" {
	rich_caller
	guest cat /proc/self/timers -- cat /proc/self/comm -- cat /proc/self/coredump_filter
	ocirun run --bundle "$B" "$ID"
	lacks "$output" "ID:"
	lacks "$output" "caller's name"
	has "$output" guest
}

@test "hooks have their own environment, the standard streams, and signals as usual" {
	local kind
	rich_caller
	printf '#!/bin/sh\n{ echo "$0 $1"; tr "\\0" "\\n" </proc/self/environ; ls /proc/self/fd; grep ^Sig /proc/self/status; } >>"%s"\n' \
		"$T/said" >"$T/hook"
	chmod 755 "$T/hook"
	: >"$T/said"
	chmod 666 "$T/said"
	config '.hooks = ([$h | .[] | {key: ., value: [{path: $p, args: ["hook", .], env: ["ONLY=this"]}]}] | from_entries)' \
		--argjson h '["prestart", "createRuntime", "createContainer", "poststart", "poststop"]' --arg p "$T/hook"
	args /guest true
	ocirun run --bundle "$B" "$ID"
	is "$(grep -c hook "$T/said")" 5
	is "$(grep -o '^[A-Z_a-z]*=.*' "$T/said" | sort -u)" ONLY=this
	# 3 is ls' own.
	is "$(grep -x '[0-9]*' "$T/said" | sort -nu | paste -sd' ')" "0 1 2 3"
	is "$(sed -n 's/^Sig\(Blk\|Ign\):\t//p' "$T/said" | sort -u)" 0000000000000000
}

@test "init that waits for start shows nothing of itself to a process of the container" {
	local file
	config '.process.env += ["SECRET=of-the-config"]'
	rich_caller
	created
	WRAP=()
	for file in environ maps mem auxv stack syscall smaps; do
		ocirun exec "$ID" /guest cat "/proc/1/$file"
		lacks "$output" of-the-
		[[ $status != 0 || ! ${output//[$'\0 \n']/} ]] || { echo "/proc/1/$file: ${output:0:200}" >&2; false; }
	done
	ocirun exec "$ID" /guest ls /proc/1/map_files
	[[ $status != 0 || ! $output ]]
	# The numbers of descriptors are no secret.
	for file in exe cwd root ns/mnt $(printf 'fd/%d ' {0..31}); do
		ocirun exec "$ID" /guest readlink "/proc/1/$file"
		[[ $status != 0 ]] || { echo "/proc/1/$file: $output" >&2; false; }
	done
	ocirun exec "$ID" /guest open /proc/1/mem w
	[[ $status != 0 ]]
}

@test "init that waits for start has forgotten the caller's environment, and holds its socket alone" {
	local pid
	rich_caller
	created
	pid=$(container_pid)
	# Whoever may look: root, or the user himself.
	lacks "$(tr '\0' '\n' <"/proc/$pid/environ")" SECRET
	lacks "$(tr '\0' '\n' <"/proc/$pid/environ")" of-the-caller
	is "$(find "/proc/$pid/fd" -mindepth 1 -printf '%l\n' | grep -vE "^(/dev/null|$T/calls/.*|socket:.*|pipe:.*)$" || true)" ""
	is "$(find "/proc/$pid/fd" -mindepth 1 | wc -l)" 4
	is "$(awk '/^SigBlk/ { print $2 }' "/proc/$pid/status")" 0000000000000000
}
