#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Mounts of type fuse.PROGRAM.
load helpers
load fuse-helpers

add_fuse() { # DESTINATION PROGRAM SOURCE [OPTION...]
	config '.mounts += [{destination: $d, type: ("fuse." + $p), source: $s, options: $ARGS.positional}]' \
		--arg d "$1" --arg p "$2" --arg s "$3" --args -- "${@:4}"
}

# A squashfs with /file and /sub, mounted on /data.
with_image() { # [OPTION...]
	requires squashfuse
	requires_fuse
	mkdir -p "$T/image/sub"
	echo hello >"$T/image/file"
	pack squashfs "$T/image" "$B/image.squashfs"
	add_fuse /data squashfuse image.squashfs "$@"
}

# A program that tells how it was called, and fails.
telling_program() {
	cat >"$T/teller" <<END
#!/bin/sh
echo "\$*" >$T/told
ls -l /proc/self/fd/3 >>$T/told
echo "the teller is done" >&2
exit 3
END
	chmod 755 "$T/teller"
	annotate fuse.program.teller "$T/teller"
}

server_pid() {
	pgrep -f -- "squashfuse -f .*/dev/fd/4 /dev/fd/3" | while read -r pid; do
		! grep -qz "OCIRUN_TEST_MARK=$ID" "/proc/$pid/environ" || echo "$pid"
	done
}

monitor_pid() {
	jq -r ".fuseMonitors[0].pid" "$T/state/$ID/state.json"
}

@test "fuse.squashfuse: an image of the bundle, with no fusermount and no privilege" {
	with_image ro nosuid
	guest cat /data/file -- mounts
	runs
	is "$(head -1 <<<"$output")" hello
	output=$(tail -1 <<<"$output")
	is "$(mount_of /data | jq -r '.type + " " + .source')" "fuse.squashfuse image.squashfs"
	has "$(mount_of /data | jq -r .options)" nosuid
	has "$(mount_of /data | jq -r .options)" ro
	has "$(mount_of /data | jq -r .super)" default_permissions,allow_other
}

@test "the program of a type is found in PATH, or where the annotation says" {
	requires squashfuse_ll
	with_image
	config '(.mounts[] | select(.destination == "/data")).type = "fuse.reader"'
	args /guest cat /data/file
	create_refused "mounts[6] /data" "reader is not in PATH" "org.ocirun.fuse.program.reader"
	annotate fuse.program.reader /nowhere/reader
	create_refused "mounts[6] /data" "/nowhere/reader is no program"
	annotate fuse.program.reader "$(command -v squashfuse_ll)"
	runs
	is "$output" hello
}

@test "a type that names no program is refused" {
	add_fuse /data "" x
	create_refused "mounts[6] /data" "names no program"
	config '(.mounts[] | select(.destination == "/data")).type = "fuse.a/b"'
	create_refused "names no program"
}

@test "what the program is called with" {
	requires_fuse
	telling_program
	add_fuse /data teller host:/dir ro nosuid allow_other fsname=x cache=yes a,b
	create_refused "mounts[6] /data" "fuse.teller ended before" "the teller is done"
	is "$(head -1 "$T/told")" '-f -o ro,cache=yes,a\,b host:/dir /dev/fd/3'
	has "$(cat "$T/told")" /fuse
	config '(.mounts[] | select(.destination == "/data")) |= (.source = "none" | .options = [])'
	create_refused "the teller is done"
	is "$(head -1 "$T/told")" "-f /dev/fd/3"
}

@test "a source that is missing, and one that is no image" {
	with_image
	config '(.mounts[] | select(.destination == "/data")).source = "none.squashfs"'
	create_refused "mounts[6] /data" "$B/none.squashfs" "no such file"
	config '(.mounts[] | select(.destination == "/data")).source = "config.json"'
	create_refused "mounts[6] /data" "fuse.squashfuse ended before"
}

@test "/dev/fuse that may not be opened: the message has its mode and the remedy" {
	[[ ! -r /dev/fuse && -e /dev/fuse ]] || skip "/dev/fuse may be opened here"
	telling_program
	add_fuse /data teller none
	create_refused "mounts[6] /data" "/dev/fuse" "permission denied" "mode is $(stat -c %04a /dev/fuse)" "chmod 0666 /dev/fuse"
}

@test "two mounts, one monitor; delete leaves neither it nor the servers" {
	with_image
	add_fuse /more squashfuse image.squashfs
	sleeping
	is "$(server_pid | wc -l)" 2
	is "$(server_pid | while read -r pid; do awk '/^PPid/ { print $2 }' "/proc/$pid/status"; done | sort -u)" "$(monitor_pid)"
	works exec "$ID" /guest cat /data/file /more/file
	works delete --force "$ID"
	is "$(server_pid)" ""
}

@test "they end when the container ends, before delete" {
	with_image
	sleeping
	[[ $(server_pid) ]]
	works kill "$ID" KILL
	wait_for_status stopped
	wait_until eval '[[ -z $(server_pid) ]]'
	wait_until eval '! kill -0 $(monitor_pid) 2>/dev/null'
	works delete "$ID"
}

@test "a created container that is never started" {
	with_image
	created
	[[ $(server_pid) ]]
	works delete --force "$ID"
	is "$(server_pid)" ""
}

@test "a program made with libfuse 2, which calls fusermount: ext4 read and written" {
	requires fuse2fs
	requires_fuse
	[[ -e /bin/fusermount ]] || skip "no /bin/fusermount to stand in for"
	mkdir "$T/image"
	echo hello >"$T/image/file"
	pack ext4 "$T/image" "$B/data.ext4"
	add_fuse /data fuse2fs data.ext4 fakeroot
	guest cat /data/file -- write /data/new more
	runs
	is "$output" hello
	is "$(debugfs -R 'cat /new' "$B/data.ext4" 2>/dev/null)" more
}

@test "a server that dies: accesses fail at once, the log tells, the container lives" {
	with_image
	sleeping
	kill -KILL "$(server_pid)"
	wait_until grep -q "mounts\[6\] /data.*squashfuse.*SIGKILL.*ENOTCONN" "$T/state/$ID/fuse.log"
	ocirun exec "$ID" /guest cat /data/file
	has "$stderr" ENOTCONN
	is "$(container_status)" running
}

@test "a server that dies: the engine's log tells as well, if its level is wanted and it is still there" {
	with_image
	args /guest sleep
	local how
	for how in text json quiet gone other; do
		local log=(--log "$T/$how.log" --log-format text --log-level warning)
		[[ $how != json ]] || log[3]=json
		[[ $how != quiet ]] || log[5]=error
		works "${log[@]}" create --bundle "$B" "$ID"
		works start "$ID"
		# a later command empties the file, as with --log-format json
		: >"$T/$how.log"
		[[ $how != gone ]] || rm "$T/$how.log"
		[[ $how != other ]] || { mv "$T/$how.log" "$T/older.log" && touch "$T/$how.log"; }
		kill -KILL "$(server_pid)"
		wait_until grep -q SIGKILL "$T/state/$ID/fuse.log"
		is "$(grep -c SIGKILL "$T/state/$ID/fuse.log")" 1
		case $how in
		text) wait_until grep -q 'level=warning msg="mounts\[6\] /data: .*SIGKILL.*ENOTCONN' "$T/text.log" ;;
		json) wait_until eval '[[ $(jq -r .level "$T/json.log") == warning && $(jq -r .msg "$T/json.log") == *SIGKILL* ]]' ;;
		gone) [[ ! -e $T/gone.log ]] ;;
		esac
		works delete --force "$ID"
		[[ ! -s $T/quiet.log && ! -s $T/other.log ]]
	done
}

@test "server and monitor: what they hold" {
	with_image
	sleeping
	local server monitor
	server=$(server_pid) monitor=$(monitor_pid)
	is "$(awk '/^(CapEff|CapPrm|CapAmb)/ { print $2 }' "/proc/$server/status" | sort -u)" 0000000000000000
	is "$(awk '/^NoNewPrivs/ { print $2 }' "/proc/$server/status")" 1
	# CAP_KILL alone, where there was any: what it needs to end them.
	wait_until grep -q '^NoNewPrivs:.*1' "/proc/$monitor/status"
	is "$(awk '/^(CapEff|CapPrm|CapAmb|CapInh)/ { print $2 }' "/proc/$monitor/status" | sort -u | grep -vx '00000000000000[02]0')" ""
	for pid in "$server" "$monitor"; do
		is "$(readlink "/proc/$pid/ns/mnt" "/proc/$pid/ns/pid")" "$(readlink /proc/self/ns/mnt /proc/self/ns/pid)"
		lacks "$(cat "/proc/$pid/cgroup")" "$ID"
	done
	is "$(readlink "/proc/$monitor/fd/"* | grep -c /dev/fuse)" 0
	# what it says goes to the monitor, which keeps the log
	is "$(readlink "/proc/$server/fd/"[12] | sort -u)" "$(readlink "/proc/$monitor/fd/1")"
	is "$(readlink "/proc/$server/fd/"* | grep -e socket: -e pidfd -e "$T/state")" ""
	lacks "$(readlink "/proc/$(container_pid)/fd/"*)" /dev/fuse
}

@test "create that is killed in a hook leaves nothing that delete --force cannot remove" {
	with_image
	printf '#!/bin/sh\ntouch %s\nexec sleep 60\n' "$T/hooked" >"$T/hook"
	chmod 755 "$T/hook"
	config '.hooks.createRuntime = [{path: $p}]' --arg p "$T/hook"
	ocirun_background create --bundle "$B" "$ID"
	wait_until test -e "$T/hooked"
	pkill -KILL -f -- "--root $T/state create" || true
	wait_background || true
	wait_until eval '[[ -z $(server_pid) ]]'
	works delete --force "$ID"
}

# A mount of the server that knows about id mappings, for a container with many ids.
with_idmap_server() { # OPTION...
	requires_fuse
	[[ $ROOTLESS == 0 ]] || config_many_ids
	annotate fuse.program.idmapped "$OCIRUN_TOOLS/idmap-fuse"
	add_fuse /data idmapped none "$@"
	guest stat /data /data/file -- cat /data/file
}

owners() {
	sed '$d' <<<"$output" | jq -r '"\(.uid):\(.gid)"' | paste -sd' '
}

# A program of these lines, mounted on /data with that source.
program() { # LINES SOURCE
	printf '#!/bin/bash\n%s\n' "$1" >"$T/program"
	chmod 755 "$T/program"
	annotate fuse.program.program "$T/program"
	config 'del(.mounts[6:])'
	add_fuse /data program "$2"
}

@test "a server that hangs at start: create fails when its time is over, and nothing stays" {
	requires_fuse
	program 'echo trying
sleep 1000' none
	annotate fuse.timeout 1
	create_refused "mounts[6] /data" "fuse.program has not served anything within 1 seconds" "org.ocirun.fuse.timeout" "trying"
	is "$(host_processes)" ""
	for seconds in 0 -1 x 1.5 100000 ''; do
		annotate fuse.timeout "$seconds"
		create_refused "org.ocirun.fuse.timeout" "no number of seconds"
	done
}

@test "a source that is a pipe is refused, nobody waits for it" {
	with_image
	mkfifo "$B/pipe"
	config '(.mounts[] | select(.destination == "/data")).source = "pipe"'
	create_refused "mounts[6] /data" "$B/pipe" "pipe or socket"
	config 'del(.mounts[6:])'
	annotate rootfs.image pipe
	create_refused "root image $B/pipe" "pipe or socket"
}

@test "what a server has started ends with the container" {
	with_image
	program 'sleep 1000 &
(setsid sleep 1000 &)
exec squashfuse "$@"' image.squashfs
	sleeping
	[[ $(host_processes | wc -l) -ge 4 ]]
	works exec "$ID" /guest cat /data/file
	works delete --force "$ID"
	is "$(host_processes)" ""
}

@test "a server that forks, and serves on in its child: the log tells, and the child ends with the container" {
	with_image
	program '(setsid squashfuse "$@" &)
sleep 0.3' image.squashfs
	sleeping
	wait_until grep -q "ended with status 0, and left processes behind" "$T/state/$ID/fuse.log"
	works exec "$ID" /guest cat /data/file
	is "$output" hello
	works delete --force "$ID"
	is "$(host_processes)" ""
}

@test "a server that talks a lot: a log of a megabyte at most, and its last words are in the message" {
	with_image
	program 'yes talk | head -c 9000000
exec squashfuse "$@"' image.squashfs
	created
	[[ $(stat -c %s "$T/state/$ID/fuse.log") -le 1048576 ]]
	has "$(head -1 "$T/state/$ID/fuse.log")" "earlier lines were left out"
	works delete --force "$ID"
	program 'yes talk | head -c 9000000
echo the last words
exit 3' none
	create_refused "mounts[6] /data" "the last words"
}

@test "idmap: a server that allows it has its ids shifted, without privilege" {
	with_idmap_server
	runs
	is "$(owners)" "5:6 5:6"
	[[ $(tail -n 1 <<<"$output") == idmap ]] || skip "this kernel has no idmapped mounts of FUSE (Linux 6.12 has)"
	config '(.mounts[] | select(.destination == "/data")).options = ["idmap=uids=@5-0-1;gids=@6-0-1"]'
	runs
	is "$(owners)" "0:0 0:0"
}

@test "idmap: a server that does not allow it is refused, and the message tells what it lacks" {
	with_idmap_server noidmap "idmap=uids=@5-0-1;gids=@6-0-1"
	create_refused "mounts[6] /data" "fuse.idmapped does not support idmapped" FUSE_ALLOW_IDMAP
}

@test "mounts add: a server is started for a running container, and ends with mounts remove, or with the container" {
	with_image
	no_fuse_yet
	sleeping
	works mounts add "$ID" --type fuse.squashfuse --source "$B/image.squashfs" --destination /one
	works mounts add "$ID" --type fuse.squashfuse --source "$B/image.squashfs" --destination /two
	works exec "$ID" /guest cat /one/file /two/file
	is "$(server_pid | wc -l)" 2
	works mounts remove "$ID" --destination /one
	wait_until servers_are 1
	works exec "$ID" /guest cat /two/file
	is "$output" hello
	works delete --force "$ID"
	is "$(server_pid)" ""
}

# The image is there, and nothing in the configuration mounts it.
no_fuse_yet() {
	config 'del(.mounts[] | select(.destination == "/data"))'
}

servers_are() { # NUMBER
	[[ $(server_pid | wc -l) == "$1" ]]
}

@test "mounts add: a server that fails says why, and nothing is added" {
	with_image
	no_fuse_yet
	telling_program
	sleeping
	refused "mounts[0] /data" "the teller is done" -- mounts add "$ID" -t fuse.teller -s none -d /data
	refused "mounts[0] /data" "nosuchprogram" "PATH" -- mounts add "$ID" -t fuse.nosuchprogram -s none -d /data
	jq -n --arg s "$B/image.squashfs" '{mounts: [{destination: "/one", type: "fuse.squashfuse", source: $s},
		{destination: "/two", type: "bind", source: "/no/such", options: ["bind"]}]}' >"$T/mounts.json"
	refused "mounts[1] /two" -- mounts add "$ID" "$T/mounts.json"
	wait_until servers_are 0
	works mounts list "$ID" --format json
	is "$(jq '[.[] | select(.from == "added")] | length' <<<"$output")" 0
}

@test "all of this as an ordinary user, where /dev/fuse may be opened and fusermount cannot be executed" {
	as_user_with_fuse "$BATS_TEST_FILENAME"
}
