#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

@test "state of a created container has all that runtime.md asks for (State)" {
	config '.annotations = {"org.example.colour": "blue", "empty": ""}'
	created
	state
	succeeded
	fact_is .id "$ID" .status created .bundle "$B" '.annotations["org.example.colour"]' blue .annotations.empty ""
	holds '.ociVersion | test("^1\\.[0-9]+\\.[0-9]+")' '.pid > 1' '.pid | type == "number"'
	[[ -d /proc/$(fact .pid) ]]
}

@test "state has rootfs, and created in RFC 3339" {
	created
	state
	fact_is .rootfs "$R"
	holds '.created | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$")'
	local age
	age=$(($(date +%s) - $(date -d "$(fact .created)" +%s)))
	((age >= 0 && age < 60))
}

@test "state prints one JSON object and nothing on standard error" {
	sleeping
	state
	succeeded
	is "$(jq -s length <<<"$output")" 1
}

@test "status goes from created to running to stopped" {
	args /guest await /go
	created
	is "$(container_status)" created
	works start "$ID"
	is "$(container_status)" running
	touch "$R/go"
	wait_for_status stopped
}

@test "a stopped container has pid 0 or none" {
	args /guest true
	started
	wait_for_status stopped
	state
	holds '.pid == 0 or .pid == null'
}

@test "a zombie counts as stopped" {
	requires python3
	cat >"$T/parent.py" <<-'END'
		import ctypes, subprocess, sys, time
		ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER: nobody else reaps it
		for command in ("create", "--bundle", sys.argv[1]), ("start",):
		    subprocess.run(sys.argv[3:] + list(command) + [sys.argv[2]], check=True, stdin=subprocess.DEVNULL)
		for i in range(200):
		    if '"stopped"' in subprocess.run(sys.argv[3:] + ["state", sys.argv[2]], capture_output=True, text=True).stdout:
		        sys.exit(print("stopped"))
		    time.sleep(0.02)
	END
	args /guest true
	# shellcheck disable=SC2086
	run python3 "$T/parent.py" "$B" "$ID" "$OCIRUN" ${OCIRUN_ARGS:-} --root "$T/state" 3>&-
	is "$output" stopped
}

@test "state of an unknown container fails: container does not exist (runtime.md, Query State)" {
	refused "does not exist" -- state no-such-container
	is "$output" ""
}

@test "state without an id fails" {
	refused -- state
}

@test "state of an id that is a path does not leave the root" {
	mkdir -p "$T/outside"
	echo '{}' >"$T/outside/state.json"
	refused -- state ../outside
}

@test "state of a damaged state directory is an error that names it" {
	created
	local file
	file=$(find "$T/state" -type f | head -1)
	[[ -n $file ]]
	local saved
	saved=$(<"$file")
	printf '{"id":' >"$file"
	ocirun state "$ID"
	[[ $status != 0 ]]
	printf '%s\n' "$saved" >"$file"
}

@test "what a create left that died before its record: no command but delete finds a container there" {
	local words
	mkdir -p "$T/state/$ID"
	for words in ps pause resume "update --pids-limit 5" "events --stats" "mounts list" "mounts remove -d /x" \
		"mounts add -t tmpfs -d /x"; do
		# shellcheck disable=SC2086 # options
		refused "container not running: $ID" -- $words "$ID"
	done
	works delete --force "$ID"
	no_container
}
