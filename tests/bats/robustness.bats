#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

# The runtime as words, for what is run beside the shell.
runtime() {
	# shellcheck disable=SC2086
	env "OCIRUN_TEST_MARK=$ID" "$OCIRUN" ${OCIRUN_ARGS:-} --root "$T/state" "$@" </dev/null 3>&- 4>&-
}

killed_after() { # MILLISECONDS ARG...: the runtime, with SIGKILL after a while
	local seconds
	seconds=$(printf '0.%03d' "$1")
	shift
	# shellcheck disable=SC2086
	env "OCIRUN_TEST_MARK=$ID" timeout --foreground --signal=KILL "$seconds" "$OCIRUN" ${OCIRUN_ARGS:-} --root "$T/state" "$@" \
		</dev/null >/dev/null 2>&1 3>&- 4>&- || true
}

@test "create killed at any moment: delete --force removes all that is left" {
	local i
	args /guest sleep
	for i in {1..24}; do
		killed_after "$i" create --bundle "$B" "$ID"
		works delete --force "$ID"
		no_container
		wait_until host_processes_unchanged
		wait_until no_cgroup
	done
}

@test "create killed at any moment in a user namespace of many ids" {
	config_many_ids
	local i
	for i in 2 4 6 8 10 12 14 16 20 24; do
		killed_after "$i" create --bundle "$B" "$ID"
		works delete --force "$ID"
		wait_until host_processes_unchanged
	done
}

@test "run and start killed at any moment" {
	local i
	args /guest sleep
	for i in {3..24..3}; do
		killed_after "$i" run --bundle "$B" "$ID"
		works delete --force "$ID"
		wait_until host_processes_unchanged
	done
	for i in {1..8}; do
		created
		killed_after "$i" start "$ID"
		works delete --force "$ID"
		wait_until host_processes_unchanged
	done
}

@test "exec killed at any moment leaves the container alone" {
	local i
	sleeping
	for i in {1..12}; do
		killed_after "$i" exec "$ID" /guest true
	done
	is "$(container_status)" running
	works exec "$ID" /guest echo fine
	is "$output" fine
}

@test "exec while the container ends: the program is killed, or the container is not running" {
	local i
	args /guest sleep
	for i in {1..8}; do
		started
		(sleep "0.00$((i))" && runtime kill "$ID" KILL) &
		ocirun exec "$ID" /guest sleep
		wait $!
		[[ $status == 137 ]] || {
			is "$status" 255
			is "$stderr" "ocirun: cannot exec: container not running: $ID"
		}
		works delete "$ID"
	done
}

@test "without /proc: an error that says so" {
	requires_root "mounts"
	args /guest true
	WRAP=(unshare --mount sh -c 'umount --lazy /proc && exec "$@"' sh)
	refused "/proc: no proc file system is mounted there" -- run --bundle "$B" "$ID"
}

@test "delete killed at any moment can be repeated" {
	local i
	args /guest sleep
	for i in {1..8}; do
		started
		killed_after "$i" delete --force "$ID"
		works delete --force "$ID"
		no_container
	done
}

@test "the process that waits for start is killed: start fails, delete works" {
	created
	kill -KILL "$(container_pid)"
	wait_for_status stopped
	refused -- start "$ID"
	works delete "$ID"
}

@test "creates of the same id at the same time: one wins" {
	local i pids=() wins=0
	for i in 1 2 3 4 5 6; do
		runtime create --bundle "$B" "$ID" >/dev/null 2>"$T/calls/same.$i" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		if wait "$i"; then wins=$((wins + 1)); fi
	done
	is "$wins" 1
	is "$(cat "$T"/calls/same.* | grep -c 'already exists')" 5
	is "$(container_status)" created
}

@test "commands on one container at the same time do not disturb each other" {
	local round i pids
	args /guest sleep
	for round in {1..4}; do
		created
		pids=()
		for i in start state "kill KILL" "delete --force" state "delete --force" list; do
			# shellcheck disable=SC2086
			set -- $i
			case $1 in
			list) runtime list ;;
			kill) runtime kill "$ID" KILL ;;
			delete) runtime delete --force "$ID" ;;
			*) runtime "$1" "$ID" ;;
			esac >/dev/null 2>>"$T/calls/mixed" &
			pids+=($!)
		done
		for i in "${pids[@]}"; do
			wait "$i" || [[ $? -lt 126 ]]
		done
		works delete --force "$ID"
		no_container
		wait_until host_processes_unchanged
	done
}

@test "many containers, all commands at once" {
	local i pids=()
	args /guest sleep
	for i in {1..8}; do
		(
			set -e
			runtime create --bundle "$B" "$ID-$i"
			runtime start "$ID-$i"
			runtime state "$ID-$i"
			runtime exec "$ID-$i" /guest true
			runtime kill "$ID-$i" KILL
			until runtime state "$ID-$i" | grep -q stopped; do :; done
			runtime delete "$ID-$i"
		) >"$T/calls/many.$i" 2>&1 &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || { cat "$T"/calls/many.* >&2; false; }
	done
	[[ -z $(ls -A "$T/state") ]]
}

@test "a pid that belongs to another process by now is not taken for the container" {
	args /guest true
	started
	local pid file victim
	pid=$(container_pid)
	wait_for_status stopped
	sleep 60 3>&- 4>&- &
	victim=$!
	# the kernel gave the pid to somebody else: in every file of the state
	while read -r file; do
		sed -i "s/\\b$pid\\b/$victim/g" "$file"
	done < <(grep -rlw "$pid" "$T/state")
	is "$(container_status)" stopped
	ocirun kill "$ID" KILL
	[[ $status != 0 ]]
	kill -0 "$victim"
	works delete --force "$ID"
	kill -0 "$victim"
	kill "$victim"
}

@test "the bundle may vanish after create: start, state, exec, kill and delete work" {
	args /guest sleep
	mkdir "$T/root"
	mv "$R"/* "$T/root"
	config '.root.path = $p' --arg p "$T/root"
	created
	rm -rf "$B"
	works start "$ID"
	state
	fact_is .bundle "$B"
	works exec "$ID" /guest echo fine
	works kill "$ID" KILL
	wait_for_status stopped
	works delete "$ID"
}

@test "a hundred containers, one after the other, leave nothing" {
	requires_root "counts the keys of the kernel"
	local keys files i
	args /guest true
	runtime run --bundle "$B" "$ID"
	keys=$(wc -l </proc/keys)
	files=$(find "$T" | wc -l)
	for i in {1..100}; do
		runtime run --bundle "$B" "$ID"
	done
	[[ -z $(ls -A "$T/state") ]]
	is "$(find "$T" | wc -l)" "$files"
	((keys + 5 >= $(wc -l </proc/keys)))
}

@test "a root that cannot be written is a clear error" {
	requires_user "root writes everywhere"
	mkdir "$T/state"
	chmod 500 "$T/state"
	refused "$T/state" -- create --bundle "$B" "$ID"
	chmod 700 "$T/state"
}

@test "a full disk for the state: create fails and leaves nothing" {
	requires_root "mounts"
	mkdir "$T/state"
	WRAP=(unshare --mount --propagation private bash -ec 'mount -t tmpfs -o size=4k,nr_inodes=3 full "$1"; dd if=/dev/zero of="$1/fill" bs=4k count=1 2>/dev/null; shift; "$@"' full "$T/state")
	ocirun create --bundle "$B" "$ID"
	[[ $status != 0 && $status -lt 126 ]]
	has "$stderr" "$T/state"
	host_processes_unchanged
}

@test "an XDG_RUNTIME_DIR that is not there does not matter with --root" {
	WRAP=(env XDG_RUNTIME_DIR=/no/such/directory)
	args /guest echo fine
	runs
	is "$output" fine
}

@test "an empty environment is enough" {
	WRAP=(env -i)
	OCIRUN=$(command -v "$OCIRUN")
	args /guest echo fine
	runs
	is "$output" fine
	created
	works start "$ID"
	works delete --force "$ID"
}

@test "a current directory that was removed does not matter" {
	mkdir "$T/gone"
	cd "$T/gone"
	rmdir "$T/gone"
	args /guest echo fine
	runs
	is "$output" fine
}

@test "a relative --root is taken from the current directory" {
	cd "$T"
	args /guest sleep
	"$OCIRUN" --root relative create --bundle "$B" "$ID" </dev/null >/dev/null 2>&1 3>&-
	[[ -d $T/relative/$ID ]]
	"$OCIRUN" --root "$T/relative" delete --force "$ID"
	[[ ! -e $T/relative/$ID ]]
}
