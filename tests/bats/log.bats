#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

json_error() { # ARG...: a failing call with a JSON log; the log's text is in $log
	rm -f "$T/log"
	ocirun --log-format=json --log "$T/log" "$@"
	[[ $status != 0 ]]
	log=$(<"$T/log")
}

@test "a failure writes exactly one JSON object: level, msg and time (engines decode it)" {
	args /no/such
	json_error create --bundle "$B" "$ID"
	is "$(jq -s length <<<"$log")" 1
	is "$(jq -r .level <<<"$log")" error
	has "$(jq -r .msg <<<"$log")" 'exec: "/no/such": stat /no/such: no such file or directory'
	jq -e '.time | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$")' <<<"$log"
	has "$stderr" 'exec: "/no/such"'
}

@test "every kind of failure writes one object" {
	config '.process.cwd = "relative"'
	json_error create --bundle "$B" "$ID"
	is "$(jq -s length <<<"$log")" 1
	json_error state no-such-container
	is "$(jq -s length <<<"$log")" 1
	has "$(jq -r .msg <<<"$log")" "does not exist"
	json_error delete no-such-container
	is "$(jq -s length <<<"$log")" 1
	echo '{' >"$B/config.json"
	json_error run --bundle "$B" "$ID"
	is "$(jq -s length <<<"$log")" 1
}

@test "a log file that was there does not make two objects" {
	json_error state no-such-container
	ocirun --log-format=json --log "$T/log" state another-one
	is "$(jq -s length "$T/log")" 1
	has "$(<"$T/log")" another-one
}

@test "odd characters in a message are escaped" {
	json_error create --bundle "$T/no\"such\\bundle"$'\n\t\001' "$ID"
	is "$(jq -s length <<<"$log")" 1
}

@test "success writes nothing to the log" {
	works --log-format=json --log "$T/log" create --bundle "$B" "$ID"
	[[ ! -s $T/log ]]
}

@test "--debug writes more lines, each of them JSON, the error last" {
	works --debug --log-format=json --log "$T/log" create --bundle "$B" "$ID"
	jq -e 'select(.level and .msg and .time)' "$T/log" >/dev/null
	[[ $(jq -r .level "$T/log" | grep -c debug) -gt 0 ]]
	ocirun --debug --log-format json --log "$T/log" create --bundle "$B" "$ID"
	is "$(jq -r .level "$T/log" | tail -1)" error
}

@test "the text log has one line for one error" {
	ocirun --log "$T/log" state no-such-container
	is "$(wc -l <"$T/log")" 1
	has "$(<"$T/log")" "does not exist"
	has "$(<"$T/log")" error
}

@test "an error of start is logged as well" {
	printf 'no program\n' >"$R/text"
	chmod 755 "$R/text"
	args /text
	created
	json_error start "$ID"
	is "$(jq -s length <<<"$log")" 1
	has "$log" "exec format error"
}

@test "an error inside the container's setup arrives whole" {
	config '.mounts += [{destination: "/mnt", type: "tmpfs", source: "x", options: ["nosuchoption"]}]'
	json_error create --bundle "$B" "$ID"
	has "$log" nosuchoption
	has "$log" "mounts[6]"
}

@test "a log that cannot be opened is an error of its own" {
	refused "$T/none/log" -- --log "$T/none/log" create --bundle "$B" "$ID"
	no_container
}

@test "an unknown log format or level is refused" {
	refused log-format -- --log "$T/log" --log-format xml list
	refused log-level -- --log "$T/log" --log-level loud list
}

@test "the texts that engines look for" {
	refused "container does not exist" -- state none
	refused "container does not exist" -- kill none KILL
	refused "container does not exist" -- delete none
	refused "container does not exist" -- start none
	refused "container does not exist" -- exec none /guest true
	created
	refused "container with given ID already exists" -- create --bundle "$B" "$ID"
	works kill "$ID" KILL
	wait_for_status stopped
	refused "container not running" -- kill "$ID" KILL
}

@test "a reader of the log that has gone does not end create in the middle" {
	mkfifo "$T/fifo"
	# open for writing, and nobody reads any more
	exec 8<>"$T/fifo"
	exec 9>"$T/fifo"
	exec 8<&-
	OCIRUN_TEST_MARK=$ID "$OCIRUN" --root "$T/state" --debug create --bundle "$B" "$ID" </dev/null >/dev/null 2>&9 3>&- 4>&-
	exec 9>&-
	is "$(container_status)" created
}

@test "control characters in a message do not reach the terminal, in no encoding of theirs" {
	ocirun state $'a\x1b[31m\xc2\x9b31m\x7f'
	is "$(tr -d '\n' <"$T/calls/$call.err" | LC_ALL=C grep -cP '[\x00-\x1f\x7f]|\xc2[\x80-\x9f]')" 0
	has "$stderr" '\x1b[31m\xc2\x9b31m\x7f'
}

@test "an error is one line on standard error, and nothing on standard output" {
	config '.process.cwd = "relative"'
	ocirun create --bundle "$B" "$ID"
	is "$(wc -l <"$T/calls/$call.err")" 1
	is "$output" ""
}

@test "failures of our own end with 1, unknown options with another status than 0" {
	ocirun state none
	is "$status" 1
	ocirun --no-such-option
	[[ $status != 0 ]]
	ocirun no-such-command
	[[ $status != 0 ]]
}
