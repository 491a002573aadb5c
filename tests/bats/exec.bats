#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

@test "exec runs a program in all namespaces of the container, and ends with its status" {
	args /guest "do" ns -- sleep
	started
	wait_until said sleeping
	works exec "$ID" /guest ns
	is "$output" "$(container_output | head -1)"
	ocirun exec "$ID" /guest exit 42
	is "$status" 42
	is "$stderr" ""
}

@test "exec ends with 128 + n when a signal killed the program" {
	sleeping
	ocirun exec "$ID" /guest signal 9
	is "$status" 137
}

@test "exec without a program, of an unknown and of a stopped container fails" {
	sleeping
	refused -- exec "$ID"
	refused "does not exist" -- exec no-such-container /guest true
	works kill "$ID" KILL
	wait_for_status stopped
	refused "not running" -- exec "$ID" /guest true
}

@test "exec of what cannot be executed: the texts that engines look for" {
	echo text >"$R/etc/text"
	sleeping
	refused 'exec: "nosuchcmd": executable file not found in $PATH' -- exec "$ID" nosuchcmd
	refused 'exec: "/no/such": stat /no/such: no such file or directory' -- exec "$ID" /no/such
	refused 'exec: "/etc/text": permission denied' -- exec "$ID" /etc/text
	refused 'exec: "/etc": is a directory' -- exec "$ID" /etc
	is "$(container_status)" running
}

@test "exec uses the environment, directory, user and capabilities of the config" {
	config '.process.env += ["FROM=config"] | .process.cwd = "/tmp"'
	sleeping
	works exec "$ID" /guest all
	holds '.env | index("FROM=config") != null'
	fact_is .cwd /tmp .caps.bounding 0000000020000420 .caps.inheritable 0000000000000000 .caps.ambient 0000000000000000 \
		.process.no_new_privs 1 .signals.ignored 0000000000000000 '.fds | keys' '["0","1","2"]'
}

@test "exec has no foreign mounts, network or keyring: same view as the first process" {
	args /guest "do" mounts -- sleep
	started
	wait_until said sleeping
	works exec "$ID" /guest mounts
	is "$output" "$(container_output | head -1)"
}

@test "exec finds its program in the container's PATH" {
	sleeping
	works exec "$ID" guest echo found
	is "$output" found
}

@test "exec --cwd and --env" {
	sleeping
	works exec --cwd /etc --env A=1 -e "B=two words" "$ID" /guest "do" cwd -- env
	has "$output" '"/etc"'
	has "$output" '"A=1"'
	has "$output" '"B=two words"'
	refused /no/where "no such file or directory" -- exec --cwd /no/where "$ID" /guest cwd
	[[ ! -e $R/no ]]
}

@test "exec --env replaces a variable of the container" {
	config '.process.env += ["A=old", "B=old"]'
	sleeping
	works exec --env A=first --env A=new "$ID" /guest env
	is "$(jq -c 'map(select(startswith("A=") or startswith("B=")))' <<<"$output")" '["B=old","A=new"]'
}

@test "exec --cwd of a directory that is not there is an error, and does not make it" {
	sleeping
	refused "process.cwd: /no/where: no such file or directory" -- exec --cwd /no/where "$ID" /guest true
	[[ ! -e $R/no ]]
	jq '.process | .args = ["/guest", "true"] | .cwd = "/no/where"' "$B/config.json" >"$T/process.json"
	refused "process.cwd: /no/where: no such file or directory" -- exec --process "$T/process.json" "$ID"
	[[ ! -e $R/no ]]
}

@test "exec into a created container whose cwd start would make" {
	config '.process.cwd = "/made/by/start"'
	args /guest sleep
	created
	works exec "$ID" /guest cwd
	is "$output" '"/made/by/start"'
	works start "$ID"
}

@test "exec --process and an option that it would pass over are an error" {
	jq '.process | .args = ["/guest", "uids"]' "$B/config.json" >"$T/process.json"
	sleeping
	local option
	for option in --cwd=/etc --env=A=1 --user=1 --additional-gids=5 --cap=CAP_CHOWN --no-new-privs --apparmor=x --process-label=x; do
		refused "option '${option%%=*}' and --process cannot both be given" -- exec --process "$T/process.json" "$option" "$ID"
		is "$status" 255
	done
}

@test "exec options end where the id stands" {
	sleeping
	works exec "$ID" /guest echo --env -d --help
	is "$output" "--env -d --help"
}

@test "exec --user takes numbers and names of the image" {
	requires_root "needs further ids"
	sleeping
	local user
	for user in 1000:2000 alice:team 1000:team alice:2000; do
		works exec --user "$user" "$ID" /guest all
		fact_is .uids '[1000,1000,1000,1000]' .gids '[2000,2000,2000,2000]'
	done
	works exec -u 1234 "$ID" /guest all
	fact_is .uids[0] 1234 .gids[0] 0
	works exec -u alice "$ID" /guest all
	fact_is .uids[0] 1000 .gids[0] 1000
}

@test "exec --user refuses what is no user (CVE-2026-30892)" {
	sleeping
	local user
	for user in nosuchuser 0x0 -1 1000x 4294967295 4294967296 99999999999999999999 "" :: 0: :0 "0:nosuchgroup" " 0" "+0"; do
		ocirun exec --user "$user" "$ID" /guest uids
		[[ $status != 0 ]] || { echo "--user '$user': $output" >&2; false; }
	done
}

@test "exec --additional-gids" {
	requires_root "needs further ids"
	sleeping
	works exec --additional-gids 5 -g 6 "$ID" /guest groups
	is "$(jq -c sort <<<"$output")" "[5,6]"
}

@test "exec --cap adds capabilities, never inheritable ones" {
	sleeping
	works exec --cap CAP_CHOWN "$ID" /guest caps
	fact_is .effective 0000000020000421 .inheritable 0000000000000000
	refused CAP_NO_SUCH -- exec --cap CAP_NO_SUCH "$ID" /guest true
}

@test "exec --no-new-privs" {
	config '.process.noNewPrivileges = false'
	sleeping
	works exec "$ID" /guest process
	fact_is .no_new_privs 0
	works exec --no-new-privs "$ID" /guest process
	fact_is .no_new_privs 1
}

@test "exec --process takes a document of the specification's process" {
	cat >"$T/process.json" <<-'END'
		{ "args": ["/guest", "all"], "cwd": "/tmp", "env": ["ONLY=this", "HOME=/x"], "user": {"uid": 0, "gid": 0},
		  "capabilities": { "bounding": ["CAP_KILL"], "effective": ["CAP_KILL"], "permitted": ["CAP_KILL"] },
		  "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 50, "hard": 60}], "noNewPrivileges": false, "oomScoreAdj": 700 }
	END
	sleeping
	works exec --process "$T/process.json" "$ID"
	fact_is .cwd /tmp .env '["ONLY=this","HOME=/x"]' .caps.effective 0000000000000020 .rlimits.RLIMIT_NOFILE '[50,60]' \
		.process.no_new_privs 0 .oom 700
}

@test "exec --process of a bad document tells the place" {
	echo '{ "args": ["/guest"], "cwd": 5 }' >"$T/process.json"
	sleeping
	refused cwd "process.json" -- exec --process "$T/process.json" "$ID"
	echo '{ "cwd": "/" }' >"$T/process.json"
	refused args -- exec --process "$T/process.json" "$ID"
	refused "$T/none" -- exec --process "$T/none" "$ID"
}

@test "exec --detach returns at once; --pid-file has the pid" {
	sleeping
	works exec --detach --pid-file "$T/pid" "$ID" /guest sleep
	[[ $(readlink "/proc/$(<"$T/pid")/exe" || echo /guest) == */guest ]]
	is "$(wc -l <"$T/pid")" 0
	kill -KILL "$(<"$T/pid")" 2>/dev/null || works kill "$ID" KILL
}

@test "exec --detach tells that the program cannot be executed" {
	sleeping
	refused "/no/such" -- exec --detach --pid-file "$T/pid" "$ID" /no/such
	[[ ! -s $T/pid ]]
}

@test "exec hands standard input on, and its end" {
	printf 'typed' >"$T/input"
	sleeping
	STDIN=$T/input works exec "$ID" /guest copy
	is "$output" typed
}

@test "exec hands signals on" {
	sleeping
	ocirun_background exec "$ID" /guest wait-signal
	wait_until said ready
	kill -USR1 "$background"
	wait_background
	is "$status $output" $'0 ready\ngot 10 SIGUSR1'
}

@test "exec --preserve-fds" {
	echo three >"$T/three"
	sleeping
	WRAP=(bash -c 'exec 3<'"$T/three"' 4</dev/null 5</dev/null; exec "$@"' fds)
	works exec --preserve-fds 1 "$ID" /guest fds
	is "$(jq -c keys <<<"$output")" '["0","1","2","3"]'
}

@test "exec of a cwd through a leaked descriptor is refused (CVE-2024-21626)" {
	sleeping
	local n
	WRAP=(bash -c 'exec 3</ 4</ 5</ 6</ 7</ 8</ 9</; exec "$@"' fds)
	for n in 3 5 7 8 9 10; do
		ocirun exec --cwd "/proc/self/fd/$n" "$ID" /guest cwd
		[[ $status != 0 ]] || { echo "cwd: $output" >&2; false; }
	done
}

@test "exec into a created container works" {
	created
	works exec "$ID" /guest echo inside
	is "$output" inside
	is "$(container_status)" created
}

@test "exec right after create: init can be looked into before that is recorded" {
	requires strace
	WRAP=(strace -f -qq -o /dev/null -e trace=rt_sigaction -e inject=rt_sigaction:delay_enter=200000)
	ocirun_background create --bundle "$B" "$ID"
	WRAP=()
	wait_until status_is created "$ID"
	works exec "$ID" /guest true
	works delete "$ID"
	wait "$background" || true
}

@test "exec --cgroup in a container that has no cgroup is an error" {
	args /guest sleep
	works --cgroup-manager disabled create --bundle "$B" "$ID"
	works start "$ID"
	refused "--cgroup below: the container has no cgroup" -- exec --cgroup below "$ID" /guest true
}

@test "exec into a paused container is refused" {
	requires_root "needs a cgroup"
	sleeping
	ocirun pause "$ID"
	[[ $status == 0 ]] || skip "cannot pause here: $stderr"
	refused paused -- exec "$ID" /guest true
	works resume "$ID"
	works exec "$ID" /guest true
}

@test "many execs at once" {
	local i pids=()
	sleeping
	for i in {1..10}; do
		# shellcheck disable=SC2086
		"$OCIRUN" ${OCIRUN_ARGS:-} --root "$T/state" exec "$ID" /guest echo "$i" >"$T/calls/exec.$i" 2>&1 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	is "$(cat "$T"/calls/exec.* | sort -n | tr '\n' ' ')" "1 2 3 4 5 6 7 8 9 10 "
}

@test "a process of the container cannot use the entering runtime (CVE-2016-9962, CVE-2019-5736)" {
	# The attacker looks at every process it sees: it tells descriptors that lead out of its root, and
	# tries to overwrite the binary of the runtime, a copy made for it.
	config '.process.capabilities |= map_values(. + ["CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE"])'
	cp "$OCIRUN_TOOLS/attack-runtime" "$R/attack"
	cp "$OCIRUN" "$T/victim"
	local i sum
	sum=$(sha256sum <"$T/victim")
	args /attack
	started
	wait_until said ready
	for i in {1..30}; do
		OCIRUN=$T/victim ocirun exec "$ID" /guest true
	done
	works kill "$ID" KILL
	is "$(container_output | sort -u)" ready
	is "$(sha256sum <"$T/victim")" "$sum"
}

@test "execCPUAffinity: where the program of exec runs, and the container's own does not care (config.md, execCPUAffinity)" {
	local last=$(($(nproc) - 1))
	((last > 0)) || skip "one processor"
	config '.process.execCPUAffinity = {initial: "0", final: $c}' --arg c "$last"
	args /guest sleep
	started
	has "$(grep Cpus_allowed_list "/proc/$(container_pid)/status")" "$(awk '/Cpus_allowed_list/ { print $2 }' /proc/self/status)"
	works exec "$ID" /guest cat /proc/self/status
	has "$output" "Cpus_allowed_list:"$'\t'"$last"
	# where nothing is said about the end, it stays as it began
	jq '.process | .args = ["/guest", "cat", "/proc/self/status"] | .execCPUAffinity = {initial: $c}' --arg c "$last" \
		"$B/config.json" >"$T/process.json"
	works exec --process "$T/process.json" "$ID"
	has "$output" "Cpus_allowed_list:"$'\t'"$last"
	config '.process.execCPUAffinity = {final: "9-x"}'
	jq .process "$B/config.json" >"$T/process.json"
	refused "process.execCPUAffinity.final" -- exec --process "$T/process.json" "$ID"
}
