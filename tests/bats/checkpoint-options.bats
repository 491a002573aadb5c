#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# checkpoint and restore with CRIU, where there is one that works here: what a caller may ask for, where the streams
# go, hooks, and what is left when something fails.
load checkpoint-helpers

@test "--leave-running, which may be given twice, lets the container go on" {
	waiting await /go -- echo end
	saved --leave-running --leave-running
	is "$(container_status)" running
	works delete --force "$ID"
	restored
	go_on
	is "$(container_output)" end
}

@test "pre-dump saves memory only, and a checkpoint takes the rest" {
	with_criu
	criu check --feature mem_dirty_track >/dev/null 2>&1 || skip "the kernel does not track memory"
	waiting await /go -- echo end
	works checkpoint --pre-dump --image-path "$T/images/first" "$ID"
	is "$(container_status)" running
	works checkpoint --pre-dump --image-path "$T/images/second" --parent-path ../first "$ID"
	is "$(container_status)" running
	works checkpoint --image-path "$T/images/third" --parent-path ../second "$ID"
	no_container
	[[ $(readlink "$T/images/third/parent") == ../second ]]
	RID=${ID}r
	into_pipe restore -d -b "$B" --image-path "$T/images/third" "$RID"
	go_on
	is "$(container_output)" end
}

@test "a paused container can be saved" {
	waiting await /go -- echo end
	works pause "$ID"
	saved
	no_container
	restored
	go_on
	is "$(container_output)" end
}

@test "image and work path are made with all their parents, for nobody else to read" {
	waiting await /go
	works checkpoint --image-path "$T/x/y/images" --work-path "$T/logs/criu/last" "$ID"
	is "$(stat -c %a "$T/x" "$T/x/y/images" "$T/logs/criu" | tr '\n' ' ')" "700 700 700 "
	[[ -e $T/logs/criu/last/dump.log && ! -e $T/x/y/images/dump.log ]]
	RID=${ID}r
	into_pipe restore -d -b "$B" --image-path "$T/x/y/images" --work-path "$T/other/w" "$RID"
	[[ -e $T/other/w/restore.log ]]
	go_on
}

@test "paths relative to the caller's directory, the default image path" {
	waiting await /go -- echo end
	cd "$T"
	works checkpoint "$ID"
	[[ -e $T/checkpoint/inventory.img && -e $T/checkpoint/dump.log ]]
	RID=${ID}r
	into_pipe restore -d -b bundle "$RID"
	go_on
	is "$(container_output)" end
}

@test "standard output that is a file of the host" {
	with_criu
	guest echo one -- await /go -- echo two
	started
	wait_until said waiting
	local file=$container_out
	saved
	RID=${ID}r
	"$OCIRUN" --root "$T/state" restore -d -b "$B" --image-path "$T/images" "$RID" >>"$file" 3>&- 4>&-
	touch "$R/go"
	wait_for_status stopped "$RID"
	is "$(<"$file")" "$(printf 'one\nwaiting\ntwo')"
}

@test "the terminal goes to the console socket" {
	with_criu
	config '.process.terminal = true'
	guest echo hello -- await /go -- terminal
	receive_console
	created --console-socket "$T/console.sock"
	works start "$ID"
	wait_until grep -q waiting "$T/console"
	saved
	rm -f "$T/console" "$T/console.sock"
	receive_console
	RID=${ID}r
	works restore -d -b "$B" --image-path "$T/images" --console-socket "$T/console.sock" "$RID"
	touch "$R/go"
	wait_for_status stopped "$RID"
	wait_until grep -q '"controlling":true' <(tr -d ' ' <"$T/console")
	is "$(grep -c hello "$T/console")" 0
}

receive_console() {
	"$OCIRUN_TOOLS/console-recv" "$T/console.sock" >"$T/console" 2>&1 </dev/null 3>&- 4>&- &
	wait_until test -S "$T/console.sock"
}

@test "in the foreground: output, exit status, and nothing is left" {
	waiting await /go -- echo end -- exit 7
	saved
	RID=${ID}r
	touch "$R/go"
	# shellcheck disable=SC2016
	WRAP=(bash -c '"$@" | cat; exit ${PIPESTATUS[0]}' bash)
	ocirun restore -b "$B" --image-path "$T/images" "$RID"
	is "$status $output $stderr" "7 end "
	no_container "$RID"
	no_cgroup "$RID"
	ocirun restore -b "$B" --image-path "$T/images" --keep "$RID"
	is "$status $output $stderr" "7 end "
	WRAP=()
	is "$(container_status "$RID")" stopped
}

@test "in the foreground signals are handed on" {
	waiting await /go -- wait-signal
	saved
	touch "$R/go"
	RID=${ID}r
	# shellcheck disable=SC2016
	WRAP=(bash -c 'exec "$@" > >(exec cat)' bash)
	ocirun_background restore -b "$B" --image-path "$T/images" "$RID"
	wait_until said ready
	kill -TERM "$background"
	wait_background
	WRAP=()
	is "$output" "$(printf 'ready\ngot 15 SIGTERM')"
	no_container "$RID"
}

@test "the pid file; the restored process belongs to whoever called" {
	requires python3
	waiting await /go
	saved
	RID=${ID}r
	# A subreaper, as conmon and the shim are.
	cat >"$T/caller.py" <<'END'
import ctypes, os, subprocess, sys
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
subprocess.run(sys.argv[2:], check=True)
stat = open("/proc/%s/stat" % open(sys.argv[1]).read()).read()
print("mine" if stat.rsplit(") ", 1)[1].split()[1] == str(os.getpid()) else stat, file=open(sys.argv[1] + ".parent", "w"))
END
	python3 "$T/caller.py" "$T/pid" "$OCIRUN" --root "$T/state" restore -no-subreaper --detach --no-pivot \
		--bundle "$B" --pid-file "$T/pid" --image-path "$T/images" "$RID" > >(exec cat) 2>"$T/err" 3>&- 4>&-
	is "$(<"$T/err")$(<"$T/pid.parent")" mine
	is "$(<"$T/pid")" "$(restored_pid)"
	go_on
}

@test "prestart and createRuntime hooks run in the new namespaces, poststop at delete" {
	with_criu
	mkdir "$T/shared"
	cp "$OCIRUN_TOOLS/guest" "$T/shared/guest"
	local kind
	for kind in prestart createRuntime createContainer startContainer poststart poststop; do
		config '.hooks[$k] += [{path: ($s + "/guest"), args: ["guest", "hook", ($s + "/log"), $k],
			env: ["OCIRUN_TEST_MARK=" + $m]}]' --arg k "$kind" --arg s "$T/shared" --arg m "$ID"
	done
	config 'del(.hooks.startContainer, .hooks.createContainer)'
	waiting await /go
	saved
	is "$(jq -r .tag "$T/shared/log" | paste -sd,)" prestart,createRuntime,poststart,poststop
	rm "$T/shared/log"
	restored
	is "$(jq -r .tag "$T/shared/log" | paste -sd,)" prestart,createRuntime
	is "$(jq -r '.state.pid' "$T/shared/log" | sort -u)" "$(restored_pid)"
	go_on
	works delete "$RID"
	is "$(jq -r .tag "$T/shared/log" | tail -n 1)" poststop
}

# Docker's way: a prestart hook puts devices into a network namespace that the runtime has made.
@test "a network namespace that hooks fill is empty for them again, with loopback up" {
	with_criu
	requires ip nsenter
	ip link add ocit0 type veth peer name ocit1 2>/dev/null || skip "no veth devices here"
	ip link delete ocit0
	cat >"$T/hook" <<-'END'
		#!/bin/sh
		pid=$(jq .pid)
		ip link add "ocit$pid" type veth peer name eth0 netns "$pid"
	END
	chmod 755 "$T/hook"
	config '.hooks.prestart = [{path: $h, env: ["PATH=" + $p]}]' --arg h "$T/hook" --arg p "$PATH"
	waiting await /go
	saved
	restored
	local pid
	pid=$(restored_pid)
	is "$(nsenter --net --target "$pid" ip -o link show type veth | wc -l)" 1
	has "$(nsenter --net --target "$pid" ip -o link show lo)" "LOOPBACK,UP"
	go_on
}

@test "a hook that fails ends the restore, and nothing is left" {
	waiting await /go
	saved
	config '.hooks.createRuntime = [{path: "/bin/false"}]'
	fails_to_restore "error running createRuntime hook" --
}

@test "images that are broken, or of nothing: CRIU's words, and nothing is left" {
	waiting await /go
	saved
	echo broken >"$T/images/pstree.img"
	fails_to_restore "CRIU's restore failed" "its log is $T/images/restore.log" --
	mkdir "$T/empty"
	refused "CRIU's restore failed" -- restore -d -b "$B" --image-path "$T/empty" "${ID}r"
	no_container "${ID}r"
	rm -rf "${T:?}/images"
}

@test "a pid file that cannot be written ends what was restored" {
	waiting await /go
	saved
	fails_to_restore "pid file /nowhere/pid" -- --pid-file /nowhere/pid
}

@test "a configuration file of CRIU wins over the command line" {
	with_criu
	echo 'log-file other.log' >"$T/criu.conf"
	config '.annotations["org.criu.config"] = $f' --arg f "$T/criu.conf"
	waiting await /go
	saved
	[[ -e $T/images/other.log && ! -e $T/images/dump.log ]]
}
