#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

# hook KIND TAG [fail|sleep|silent]: a hook that appends a line about its call to $T/shared/log, in any namespace.  The
# environment is what the hook lists, so that the mark for leftovers has to be listed.
hook() {
	local path=$T/shared/guest
	[[ $1 != startContainer ]] || path=/guest
	config '.hooks[$k] += [{path: $p, args: ["argv0-" + $t, "hook", $log, $t, $act], env: ["TAG=" + $t, "OCIRUN_TEST_MARK=" + $m]}]' \
		--arg k "$1" --arg p "$path" --arg t "$2" --arg act "${3:-}" --arg log "$T/shared/log" --arg m "$ID"
}

# The last hook of a kind gets a timeout.
hook_timeout() { # KIND SECONDS
	config '.hooks[$k][-1].timeout = $s' --arg k "$1" --argjson s "$2"
}

# Hooks write to a directory that has the same name inside.
prepare_hooks() {
	mkdir -p "$T/shared"
	cp "$OCIRUN_TOOLS/guest" "$T/shared/guest"
	config '.mounts += [{destination: $d, type: "bind", source: $d, options: ["bind"]}] | .hooks = {}' --arg d "$T/shared"
	args /guest true
}

tags() {
	jq -r .tag "$T/shared/log" 2>/dev/null | paste -sd,
}

# logged TAG FILTER: of the line that the hook wrote.
logged() {
	jq -cr "select(.tag == \"$1\") | $2" "$T/shared/log"
}

all_kinds() {
	local kind
	for kind in poststop poststart startContainer createContainer createRuntime prestart; do
		hook "$kind" "$kind"
	done
}

@test "all six kinds run at their time and in the order of the lifecycle (runtime.md, Lifecycle)" {
	prepare_hooks
	all_kinds
	created
	is "$(tags)" prestart,createRuntime,createContainer
	works start "$ID"
	is "$(tags)" prestart,createRuntime,createContainer,startContainer,poststart
	wait_for_status stopped
	works delete "$ID"
	is "$(tags)" prestart,createRuntime,createContainer,startContainer,poststart,poststop
}

@test "run and delete --force run the hooks too" {
	prepare_hooks
	all_kinds
	runs
	is "$(tags)" prestart,createRuntime,createContainer,startContainer,poststart,poststop
	rm "$T/shared/log"
	args /guest sleep
	started
	works delete --force "$ID"
	is "$(tags)" prestart,createRuntime,createContainer,startContainer,poststart,poststop
}

@test "hooks of a kind run in the listed order (config.md, POSIX-platform Hooks)" {
	prepare_hooks
	local i
	for i in 3 1 2; do
		hook prestart "a$i"
		hook createContainer "b$i"
		hook poststop "c$i"
	done
	runs
	is "$(tags)" a3,a1,a2,b3,b1,b2,c3,c1,c2
}

@test "the state is on standard input: id, status, pid, bundle, annotations (config.md, POSIX-platform Hooks)" {
	prepare_hooks
	config '.annotations = {"some.key": "value"}'
	all_kinds
	created
	local kind pid
	pid=$(container_pid)
	works start "$ID"
	wait_for_status stopped
	works delete "$ID"
	for kind in prestart createRuntime createContainer startContainer poststart poststop; do
		is "$kind $(logged $kind .state.id)" "$kind $ID"
		is "$kind $(logged $kind .state.bundle)" "$kind $B"
		is "$kind $(logged $kind '.state.annotations["some.key"]')" "$kind value"
		is "$kind $(logged $kind '.state.ociVersion | test("^1[.]")')" "$kind true"
	done
	is "$(logged prestart .state.pid)" "$pid"
	is "$(logged createRuntime .state.pid)" "$pid"
	is "$(logged poststart .state.pid)" "$pid"
	[[ $(logged prestart .state.status) == creat* ]]
	is "$(logged createRuntime .state.status)" creating
	is "$(logged createContainer .state.status)" creating
	is "$(logged startContainer .state.status)" created
	is "$(logged poststart .state.status)" running
	is "$(logged poststop .state.status)" stopped
	[[ $(logged poststop .state.pid) == 0 || $(logged poststop .state.pid) == null ]]
}

@test "hooks inside the container see the pid as it is there (config.md: relative to the hook's namespace)" {
	prepare_hooks
	all_kinds
	runs
	is "$(logged createContainer .state.pid)" 1
	is "$(logged startContainer .state.pid)" 1
}

@test "namespaces: the runtime's for prestart, createRuntime, poststart and poststop, the container's for the others" {
	prepare_hooks
	all_kinds
	args /guest ns
	runs
	local kind here
	here=$(stat -Lc %i /proc/self/ns/mnt)
	for kind in prestart createRuntime poststart poststop; do
		is "$kind $(logged $kind .ns.mnt)" "$kind $here"
		is "$kind $(logged $kind .exists)" "$kind host"
	done
	for kind in createContainer startContainer; do
		is "$kind $(logged $kind .ns.mnt)" "$kind $(fact .mnt)"
		is "$kind $(logged $kind .ns.pid)" "$kind $(fact .pid)"
	done
	is "$(logged createContainer .exists)" host
	is "$(logged startContainer .exists)" guest
}

@test "args[0] is argv[0] as given, path is what is executed" {
	prepare_hooks
	all_kinds
	runs
	local kind
	for kind in prestart createRuntime createContainer startContainer poststart poststop; do
		is "$(logged $kind '.argv[0]')" "argv0-$kind"
		is "$(logged $kind '.argv[1]')" hook
	done
}

@test "env is exactly what the hook lists (config.md, POSIX-platform Hooks)" {
	prepare_hooks
	all_kinds
	config '.hooks.prestart += [.hooks.prestart[0] | del(.env) | .args[3] = "without"]'
	WRAP=(env SECRET=of-the-runtime)
	runs
	local kind
	for kind in prestart createRuntime createContainer poststart poststop; do
		is "$(logged $kind .env)" "[\"TAG=$kind\",\"OCIRUN_TEST_MARK=$ID\"]"
	done
	lacks "$(logged without .env)" SECRET
}

@test "hooks have no descriptors but the standard streams, and default signals" {
	prepare_hooks
	all_kinds
	WRAP=(env --ignore-signal=USR1 --block-signal=HUP bash -c 'exec 5</ 6</; exec "$@"' fds)
	runs
	local kind
	for kind in prestart createRuntime createContainer startContainer poststart poststop; do
		# the hook itself has opened the log and saved its standard output
		is "$kind $(logged $kind '[.fds | keys[] | tonumber | select(. > 2)] | length')" "$kind 2"
	done
}

@test "a hook that does not read its input does no harm" {
	prepare_hooks
	config '.annotations = {"big": ("x" * 100000)}'
	hook createRuntime silent silent
	hook poststop silent silent
	runs
}

@test "what hooks print does not get into the container's output on success" {
	prepare_hooks
	config '.hooks.createRuntime = [{path: $p, args: ["guest", "echo", "noise"]}]' --arg p "$T/shared/guest"
	args /guest echo result
	runs
	has "$output" result
}

@test "a failing prestart, createRuntime or createContainer hook: create fails, nothing is left, poststop runs (runtime.md, Lifecycle)" {
	local kind
	for kind in prestart createRuntime createContainer; do
		prepare_hooks
		rm -f "$T/shared/log"
		hook "$kind" bad fail
		hook "$kind" never
		hook poststop last
		refused "$kind" -- create --bundle "$B" "$ID"
		has "$stderr" 7
		no_container
		is "$kind $(tags)" "$kind bad,last"
	done
}

@test "the message of a failing hook has what it said" {
	prepare_hooks
	hook createRuntime bad fail
	refused "the hook says no" createRuntime -- create --bundle "$B" "$ID"
}

@test "a failing startContainer hook: start fails, the program does not run, the container is stopped" {
	prepare_hooks
	hook startContainer bad fail
	args /guest touch /ran
	created
	refused startContainer -- start "$ID"
	[[ ! -e $R/ran ]]
	ocirun state "$ID"
	[[ $status != 0 || $(fact .status) == stopped ]]
}

@test "a failing poststart hook: start fails, the container is stopped (runtime.md, Lifecycle 10)" {
	prepare_hooks
	hook poststart bad fail
	args /guest sleep
	created
	refused poststart -- start "$ID"
	ocirun state "$ID"
	[[ $status != 0 || $(fact .status) == stopped ]]
}

@test "a failing poststop hook is a warning, and the others run (runtime.md, Lifecycle 13)" {
	prepare_hooks
	hook poststop bad fail
	hook poststop good
	created
	ocirun delete --force "$ID"
	is "$status" 0
	no_container
	is "$(tags)" bad,good
}

@test "a hook beyond its timeout is killed with all its processes, and fails (config.md, POSIX-platform Hooks)" {
	prepare_hooks
	hook createRuntime slow sleep
	hook_timeout createRuntime 1
	local begin=$SECONDS
	refused createRuntime "1" -- create --bundle "$B" "$ID"
	((SECONDS - begin < 4))
	no_container
	wait_until host_processes_unchanged
}

@test "timeouts of hooks in the container" {
	prepare_hooks
	hook createContainer slow sleep
	hook_timeout createContainer 1
	refused createContainer -- create --bundle "$B" "$ID"
	config 'del(.hooks.createContainer)'
	hook startContainer slow sleep
	hook_timeout startContainer 1
	created
	refused startContainer -- start "$ID"
	config 'del(.hooks.startContainer)'
	works delete --force "$ID"
	hook poststart slow sleep
	hook_timeout poststart 1
	created
	refused poststart -- start "$ID"
}

@test "a timeout that is not needed does no harm" {
	prepare_hooks
	hook createRuntime quick
	hook_timeout createRuntime 10
	runs
	is "$(tags)" quick
}

@test "a relative path, a timeout below 1 or a missing path is refused (config.md, POSIX-platform Hooks)" {
	prepare_hooks
	config '.hooks.prestart = [{path: "guest"}]'
	create_refused "hooks.prestart[0].path" absolute
	config '.hooks.prestart = [{args: ["x"]}]'
	create_refused "hooks.prestart[0]" path
	config '.hooks = {poststop: [{path: "/bin/true"}, {path: "/bin/true", timeout: 0}]}'
	create_refused "hooks.poststop[1].timeout"
	config '.hooks = {poststop: [{path: "/bin/true", timeout: -1}]}'
	create_refused "hooks.poststop[0].timeout"
}

@test "a hook that does not exist: the message has its path" {
	prepare_hooks
	config '.hooks.createRuntime = [{path: "/no/such/hook"}]'
	create_refused createRuntime /no/such/hook
	config '.hooks = {startContainer: [{path: "/no/such/hook"}]}'
	created
	refused startContainer /no/such/hook -- start "$ID"
}

@test "hooks in a container without process" {
	prepare_hooks
	all_kinds
	config 'del(.process)'
	created
	works delete --force "$ID"
	is "$(tags)" prestart,createRuntime,createContainer,poststop
}

@test "the annotations run.oci.hooks.stdout and stderr take the output" {
	prepare_hooks
	config '.annotations = {"run.oci.hooks.stdout": $o, "run.oci.hooks.stderr": $e} |
		.hooks.createRuntime = [{path: $p, args: ["guest", "do", "echo", "out", "--", "warn", "err"]}]' \
		--arg p "$T/shared/guest" --arg o "$T/out" --arg e "$T/err"
	runs
	is "$(<"$T/out") $(<"$T/err")" "out err"
}

@test "a hook may have any number of arguments and no args at all" {
	prepare_hooks
	config '.hooks.createRuntime = [{path: "/bin/true"}, {path: "/bin/true", args: []}, {path: "/bin/true", args: ([range(300) | "x\(.)"])}]'
	runs
}
