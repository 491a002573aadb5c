#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

@test "list shows all containers with id, pid, status, bundle, created and owner" {
	created
	works create --bundle "$B" "$ID-2"
	works start "$ID-2"
	works list
	is "$(wc -l <<<"$output")" 3
	has "$(head -1 <<<"$output")" ID
	has "$(head -1 <<<"$output")" STATUS
	has "$output" "$ID-2"
	has "$output" "$B"
}

@test "list -q shows the ids alone, sorted" {
	works create --bundle "$B" "$ID-b"
	works create --bundle "$B" "$ID-a"
	works list -q
	is "$output" "$ID-a"$'\n'"$ID-b"
	works list --quiet
	is "$output" "$ID-a"$'\n'"$ID-b"
}

@test "list --format json is an array of states" {
	sleeping
	works list --format json
	is "$(jq length <<<"$output")" 1
	fact_is '.[0].id' "$ID" '.[0].status' running '.[0].bundle' "$B"
	works list --format=json
	works list -f json
}

@test "list of an empty root" {
	mkdir "$T/state"
	works list -q
	is "$output" ""
	works list --format json
	[[ $(jq -c . <<<"$output") == "[]" || $output == null ]]
}

@test "list refuses an unknown format" {
	refused xml -- list --format xml
}

@test "list shows containers whose bundle is gone, and they can be deleted" {
	args /guest true
	started
	wait_for_status stopped
	mv "$B" "$T/elsewhere"
	works list -q
	is "$output" "$ID"
	works delete "$ID"
}

@test "list shows what would steer a terminal, and does not do it" {
	local odd=$T/$'odd\e[31m\nname'
	mv "$B" "$odd"
	works create --bundle "$odd" "$ID"
	works list
	is "$(wc -l <<<"$output")" 2
	has "$output" "$T/odd\\x1b[31m\\x0aname"
	works delete "$ID"
	mv "$odd" "$B"
}

@test "list goes on when containers come and go meanwhile" {
	args /guest true
	mkdir "$T/state"
	(for i in {1..15}; do
		# shellcheck disable=SC2086
		"$OCIRUN" ${OCIRUN_ARGS:-} --root "$T/state" run --bundle "$B" "$ID-$i" >/dev/null 2>&1 3>&-
	done) &
	local worker=$!
	while kill -0 "$worker" 2>/dev/null; do
		works list
		works list --format json
	done
	wait "$worker"
}

@test "ps shows the processes of the container" {
	requires_root "finds the processes by their cgroup"
	args /guest fork 3
	started
	wait_until said "forked 3"
	local pid
	pid=$(container_pid)
	works ps --format json "$ID"
	is "$(jq length <<<"$output")" 4
	holds "index($pid) != null"
	works ps "$ID"
	is "$(grep -c "guest fork" <<<"$output")" 4
	works ps "$ID" -o pid,comm
	has "$(head -1 <<<"$output")" COMMAND
}

@test "ps works for a caller who ignores SIGCHLD" {
	sleeping
	WRAP=(bash -c 'trap "" CHLD; exec "$@"' ignore)
	works ps "$ID"
	has "$output" sleep
}
