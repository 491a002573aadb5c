#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The command line itself: options, help, version, logs, exit statuses, and the commands that need no
# container (spec, features).
load helpers

# The runtime without the --root that ocirun() adds.
bare() { # ARG...
	status=0
	output=$("$OCIRUN" "$@" 2>"$T/bare.err" </dev/null) || status=$?
	stderr=$(<"$T/bare.err")
}

commands() {
	"$OCIRUN" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

# ---- version and help -------------------------------------------------------------------------

@test "--version: name, commit, spec and build, in the lines that engines look at" {
	local option
	for option in --version -v -V; do
		bare "$option"
		succeeded
		is "$(grep -cE '^ocirun version [0-9]+\.[0-9]+' <<<"${output%%$'\n'*}")" 1
		is "$(sed -n 2p <<<"$output" | cut -d' ' -f1)" commit:
		is "$(sed -n 3p <<<"$output")" "spec: 1.3.0"
		has "$(sed -n 4p <<<"$output")" +SECCOMP
	done
}

@test "--help and -h of the program and of each command succeed on standard output" {
	local command option
	for option in --help -h help; do
		bare "$option"
		succeeded
		has "$output" "Usage: ocirun "
	done
	for command in $(commands); do
		for option in --help -h; do
			bare "$command" "$option"
			succeeded
			has "$output" "Usage: ocirun "
		done
		bare help "$command"
		succeeded
	done
}

@test "--help of a command wins over missing arguments, and does nothing" {
	bare delete --force --help
	succeeded
	bare create --bundle /nonexistent -h
	succeeded
}

@test "no command is an error that shows the usage" {
	bare
	is "$status" 1
	is "$output" ""
	has "$stderr" "no command given; usage: ocirun"
}

@test "an unknown command is an error; so is --help of one" {
	bare frobnicate
	is "$status" 1
	is "$stderr" "ocirun: unknown command 'frobnicate'; see 'ocirun --help'"
	bare frobnicate --help
	is "$status" 1
	bare help frobnicate
	is "$status" 1
}

# ---- options ----------------------------------------------------------------------------------

@test "an option without its argument says that it requires one" {
	bare create --bundle
	is "$status" 1
	has "$stderr" "option '--bundle': the flag needs an argument"
	bare --root
	is "$status" 1
	has "$stderr" "option '--root': the flag needs an argument"
}

@test "an unknown option is an error, and nothing is done" {
	refused "unknown option '--frobnicate'; see 'ocirun create --help'" -- create --frobnicate --bundle "$B" "$ID"
	no_container
	refused "unknown option '-z' in '-dz'" -- run -dz --bundle "$B" "$ID"
	no_container
}

@test "a global option behind the command is an error that tells where it belongs" {
	refused "unknown option '--log'; it belongs before the command" -- create --log "$T/log" --bundle "$B" "$ID"
	refused "unknown option '--systemd-cgroup'; it belongs before the command" -- run --systemd-cgroup --bundle "$B" "$ID"
	no_container
}

@test "an empty file name, as an unset variable of a script leaves it, is an error" {
	local option
	for option in bundle config pid-file console-socket pidfd-socket; do
		refused "option '--$option': the value is empty" -- create --bundle "$B" "--$option=" "$ID"
		no_container
	done
	refused "option '-b': the value is empty" -- run -b "" "$ID"
	refused "option '--process': the value is empty" -- exec --process "" "$ID" true
}

@test "a missing and a superfluous argument are errors that show the usage" {
	refused "an argument is missing; usage: ocirun create [OPTIONS] ID" -- create --bundle "$B"
	refused "unexpected argument 'more'; usage: ocirun start ID" -- start "$ID" more
}

@test "values are checked" {
	refused "'yaml' (one of: table|json)" -- list --format yaml
	refused "'-1' is not a number" -- create --preserve-fds -1 "$ID"
	refused "'x' is not a group id" -- exec --additional-gids x "$ID" true
	is "$status" 255
	refused "'5x' is not a number of bytes" -- update --memory 5x "$ID"
	refused "nothing to change" -- update "$ID"
	refused "cannot both be given" -- update --resources - --memory 5m "$ID"
}

@test "one dash, attached values and options behind the id are understood" {
	args /guest true
	works run -no-subreaper -bundle "$B" "$ID"
	works run -b "$B" "$ID"
	works run "-b$B" "$ID"
	works run "$ID" --bundle="$B" --detach=false
}

@test "the bundle is the current directory unless it is named" {
	args /guest true
	cd "$B"
	works run "$ID"
}

@test "--config names another configuration" {
	args /guest exit 7
	mv "$B/config.json" "$T/other.json"
	refused "config.json" -- run --bundle "$B" "$ID"
	ocirun run --bundle "$B" --config "$T/other.json" "$ID"
	is "$status" 7
}

@test "words behind the id of exec belong to the command" {
	refused "container does not exist" -- exec "$ID" ls --help --bundle
	is "$status" 255
	refused "no command to execute" -- exec "$ID"
	is "$status" 255
	refused "cannot both be given" -- exec --process /nonexistent "$ID" ls
}

# ---- the log and standard descriptors ---------------------------------------------------------

@test "--log-format=json before --log: the file is one object with what stderr says" {
	bare --root "$T/state" --log-format=json --log "$T/log" state "$ID"
	is "$status" 1
	is "$(jq -s length "$T/log")" 1
	is "$(jq -r .level "$T/log")" error
	is "ocirun: $(jq -r .msg "$T/log")" "$stderr"
	jq -er '.time | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]+Z$")' "$T/log"
}

@test "what is wrong with the words before the command is in the log, too" {
	local words
	for words in "frobnicate" "--frobnicate list" ""; do
		# shellcheck disable=SC2086 # words
		bare --log-format=json --log "$T/log" $words
		is "$status" 1
		is "ocirun: $(jq -r .msg "$T/log")" "$stderr"
	done
}

@test "--log takes file:PATH, and refuses other targets" {
	bare --root "$T/state" --log "file:$T/log" --log-format text state "$ID"
	has "$(<"$T/log")" "level=error"
	bare --log syslog:x state "$ID"
	is "$status" 1
	has "$stderr" "only a file is supported"
	bare --log /nonexistent/log state "$ID"
	is "$status" 1
	has "$stderr" "option '--log': /nonexistent/log: "
}

@test "closed standard descriptors do not end up as files of ours" {
	bare --root "$T/state" --log "$T/log" list <&- >&-
	"$OCIRUN" --root "$T/state" --log "$T/log2" state "$ID" <&- >&- 2>&- && return 1
	is "$(grep -c "does not exist" "$T/log2")" 1
	"$OCIRUN" features <&- 2>&- | jq -e .ociVersionMin
}

@test "output that cannot be written is an error" {
	[[ -c /dev/full ]] || skip "no /dev/full"
	"$OCIRUN" features >/dev/full 2>"$T/err" && return 1
	has "$(<"$T/err")" "no space left on device"
}

# ---- list and ps ------------------------------------------------------------------------------

@test "list of a --root that is not there is an error, as a mistyped one would be" {
	refused "no such file or directory" -- list
}

@test "list of nothing: a header, no ids, an empty array" {
	mkdir "$T/state"
	works list
	is "$(wc -l <<<"$output")" 1
	has "$output" STATUS
	works list --quiet
	is "$output" ""
	works list --format json
	is "$(jq -c . <<<"$output")" "[]"
}

@test "list shows a container as table, id and JSON" {
	sleeping
	works list
	is "$(awk '$1 == id { print $3, $4 }' id="$ID" <<<"$output")" "running $B"
	works list -q
	is "$output" "$ID"
	works list -f json
	fact_is 'length' 1 '.[0].id' "$ID" '.[0].status' running '.[0].bundle' "$B"
}

@test "ps prints the pids as JSON, and the lines of ps(1) as a table" {
	requires ps
	sleeping
	local pid
	pid=$(container_pid)
	works ps --format json "$ID"
	is "$(jq -c . <<<"$output")" "[$pid]"
	works ps "$ID"
	is "$(awk 'NR == 1 { print $2 } NR == 2 { print $2 }' <<<"$output" | xargs)" "PID $pid"
	works ps "$ID" -o pid,comm
	is "$(wc -l <<<"$output")" 2
	refused "no column PID" -- ps "$ID" -o comm
	refused "exit status" -- ps "$ID" --nonsense
}

# ---- spec and features ------------------------------------------------------------------------

@test "spec writes a configuration, and never over one" {
	mkdir "$T/new"
	works spec --bundle "$T/new"
	output=$(<"$T/new/config.json")
	fact_is .ociVersion 1.3.0 .root.path rootfs .process.terminal true '.process.args[0]' sh \
		'.process.capabilities.inheritable' null '.linux.resources.devices[0].allow' false
	refused "config.json: file exists" -- spec --bundle "$T/new"
	(cd "$T" && "$OCIRUN" spec && [[ -s config.json ]])
}

@test "spec --rootless maps the caller, shares the network and has no resources" {
	mkdir "$T/new"
	works spec --rootless --bundle "$T/new"
	output=$(<"$T/new/config.json")
	fact_is .linux.resources null '.linux.uidMappings[0].hostID' "$(id -u)" '.linux.uidMappings[0].containerID' 0 \
		'.linux.uidMappings[0].size' 1 '.linux.gidMappings[0].hostID' "$(id -g)" \
		'[.linux.namespaces[].type | select(. == "network")] | length' 0 \
		'[.linux.namespaces[].type | select(. == "user")] | length' 1 \
		'[.mounts[].options[]? | select(. == "gid=5")] | length' 0
}

@test "what spec writes can be run" {
	local option=""
	[[ $ROOTLESS == 0 ]] || option=--rootless
	rm "$B/config.json"
	works spec $option --bundle "$B"
	config '.process.terminal = false'
	args /guest exit 5
	ocirun run --bundle "$B" "$ID"
	is "$status" 5
}

@test "features: a document of the specification, the same for everybody" {
	bare features
	succeeded
	fact_is .ociVersionMin 1.0.0 .ociVersionMax 1.3.0 '.hooks | length' 6 '.linux.namespaces | length' 8
	holds '.mountOptions | index("rro") != null' '.mountOptions == (.mountOptions | sort)' \
		'.linux.capabilities | index("CAP_SYS_ADMIN") != null' '.linux.cgroup.v2' '.linux.seccomp.enabled' \
		'.linux.seccomp.archs | index("SCMP_ARCH_X86_64") != null' '.linux.mountExtensions.idmap.enabled' \
		'.potentiallyUnsafeConfigAnnotations | index("run.oci.") != null'
}
