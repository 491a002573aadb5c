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

@test "an id that runs is left alone; the same images again under another one" {
	waiting await /go
	saved
	restored
	refused "already exists" -- restore -d -b "$B" --image-path "$T/images" "$RID"
	is "$(container_status "$RID")" running
	works delete --force "$RID"
	restored
	go_on
}

@test "--shell-job: the terminal of the caller, then that of whoever restores" {
	with_criu
	guest await /go -- terminal
	cat >"$T/job" <<-END
		ocirun() { "$OCIRUN" --root "$T/state" "\$@"; }
		ocirun run --detach --bundle "$B" "$ID"
		ocirun checkpoint --image-path "$T/no" "$ID"
		ocirun checkpoint --image-path "$T/images" --shell-job "$ID"
		ocirun restore --detach --bundle "$B" --image-path "$T/images" --shell-job "${ID}r"
		touch "$R/go"
		while [ "\$(ocirun state "${ID}r" | jq -r .status)" = running ]; do sleep 0.05; done
		ocirun delete "${ID}r"
	END
	timeout 30 "$OCIRUN_TOOLS/pty-run" 24x80 "" sh "$T/job" >"$T/typed" 2>&1 </dev/null
	output=$(<"$T/typed")
	has "$output" "its descriptor 0 is the caller's terminal /dev/pts/"
	has "$output" "which needs --shell-job"
	has "$(tr -d ' ' <"$T/typed")" '"rows":24'
	no_container "${ID}r"
}

@test "--link-remap: an open file whose name is gone, but not its other name" {
	with_criu
	requires busybox
	! ldd "$(command -v busybox)" >/dev/null 2>&1 || skip "busybox is not static"
	cp "$(command -v busybox)" "$R/bin/busybox"
	# shellcheck disable=SC2016
	args /bin/busybox sh -c 'busybox() { /bin/busybox "$@"; }
		echo content >/a; busybox ln /a /b; exec 5</a; busybox rm /a; echo waiting
		until [ -e /go ]; do busybox sleep 0.05; done
		busybox cat <&5'
	into_pipe create --bundle "$B" "$ID"
	works start "$ID"
	wait_until said waiting
	refused "CRIU's dump failed" "link-remap" -- checkpoint --image-path "$T/first" "$ID"
	saved --link-remap
	restored --link-remap
	go_on
	is "$(container_output)" content
	is "$(cd "$R" && ls -d link_remap* 2>/dev/null)" ""
}

@test "each way to hold the network, and one that is left empty" {
	waiting await /go -- echo end
	local method
	for method in iptables nftables skip; do
		saved --leave-running --network-lock "$method"
	done
	saved --empty-ns network --network-lock skip
	restored --empty-ns network
	go_on
	is "$(container_output)" end
}

@test "a pid namespace that has a path: the same number in another one" {
	with_criu
	local old new
	unshare --pid --fork --kill-child sleep 600 3>&- 4>&- &
	old=$!
	unshare --pid --fork --kill-child sleep 600 3>&- 4>&- &
	new=$!
	wait_until pgrep -P "$old" >/dev/null
	wait_until pgrep -P "$new" >/dev/null
	config '(.linux.namespaces[] | select(.type == "pid")).path = $p' --arg p "/proc/$(pgrep -P "$old")/ns/pid"
	waiting await /go -- echo end
	saved
	local ns
	ns=/proc/$(pgrep -P "$new")/ns/pid
	config '(.linux.namespaces[] | select(.type == "pid")).path = $p' --arg p "$ns"
	restored
	is "$(stat -Lc %i "/proc/$(restored_pid)/ns/pid")" "$(stat -Lc %i "$ns")"
	# There it is: the number is taken.
	refused "CRIU's restore failed" "has a process with this number already" -- \
		restore -d -b "$B" --image-path "$T/images" "${ID}s"
	no_container "${ID}s"
	no_cgroup "${ID}s"
	go_on
	is "$(<"$T/said")" end
	kill -KILL "$old" "$new"
	wait "$old" "$new" || true
}

@test "an overlay of mounts[] is mounted again" {
	with_criu
	mkdir "$T/lower" "$T/upper" "$T/work"
	echo low >"$T/lower/low"
	config '.mounts += [{destination: "/over", type: "overlay", source: "overlay",
		options: ["lowerdir=" + $t + "/lower", "upperdir=" + $t + "/upper", "workdir=" + $t + "/work"]}]' --arg t "$T"
	waiting write /over/new x -- await /go -- cat /over/low /over/new -- touch /over/last
	saved
	restored
	go_on
	is "$(container_output)" "$(printf 'low\nx')"
	[[ -e $T/upper/last ]]
}

@test "lazy pages: a signal ends the checkpoint, and the container goes on; a restore without a daemon says so" {
	waiting remember 1 /go
	free_port
	ocirun_background checkpoint --image-path "$T/images" --lazy-pages --page-server "127.0.0.1:$port" "$ID"
	wait_until grep -qs "Starting lazy pages server" "$T/images/dump.log"
	kill -TERM "$background"
	wait_background
	is "$status" $((128 + 15))
	has "$stderr" "interrupted while pages were fetched: it goes on"
	is "$(container_status)" running
	fails_to_restore "CRIU's restore failed" "'criu lazy-pages' has to run before" -- --lazy-pages
	go_on "$ID"
	is "$(<"$T/said")" "$(printf 'waiting\nremembered')"
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

@test "half a copy of the memory is refused, and not read for ever" {
	waiting await /go
	saved
	truncate -s 4096 "$T/images/pages-1.img"
	fails_to_restore "$T/images/pages-1.img is incomplete: it has 4096 bytes, and pagemap-1.img counts" --
	mkdir "$T/child"
	mv "$T/images" "$T/child/parent"
	mv "$T/child" "$T/images"
	fails_to_restore "$T/images/parent/pages-1.img is incomplete" --
}

@test "links and pipes among the images lead nowhere" {
	waiting await /go
	saved
	local name
	echo kept | tee "$T/victim1" >"$T/victim2"
	ln -s "$T/victim1" "$T/images/restore.log"
	ln -s "$T/victim2" "$T/images/stats-restore"
	restored
	works delete --force "$RID"
	is "$(cat "$T/victim1" "$T/victim2")" "$(printf 'kept\nkept')"
	[[ -f $T/images/restore.log && ! -L $T/images/restore.log ]]
	mv "$T/images/descriptors.json" "$T/descriptors"
	ln -s "$T/descriptors" "$T/images/descriptors.json"
	fails_to_restore "descriptors.json of the image path, which has to be a regular file" --
	rm "$T/images/descriptors.json"
	mkfifo "$T/images/descriptors.json"
	fails_to_restore "descriptors.json of the image path, which has to be a regular file" --
	rm "$T/images/descriptors.json" "$T/images/restore.log"
	mkdir "$T/images/restore.log"
	fails_to_restore "remove the old restore.log: is a directory" --
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
