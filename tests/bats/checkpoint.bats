#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# checkpoint and restore with CRIU, where there is one that works here: what is restored is what was saved.  What does
# not need CRIU is in criu.bats.
load checkpoint-helpers

@test "checkpoint saves and removes, restore goes on where it was, under another id" {
	waiting echo one -- await /go -- echo two
	saved
	no_container
	no_cgroup
	restored
	is "$(container_output)" ""
	go_on
	is "$(container_output)" two
	works delete "$RID"
	no_container "$RID"
}

@test "restore under the same id in the same bundle" {
	waiting await /go -- echo again
	saved
	into_pipe restore -d -b "$B" --image-path "$T/images" "$ID"
	go_on "$ID"
	is "$(container_output)" again
}

@test "a restored container is what it was: capabilities, mounts, names, limits" {
	config '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 64, hard: 128}] | .process.oomScoreAdj = 77 |
		.process.user = {uid: 0, gid: 0, additionalGids: [7, 8], umask: 63}'
	waiting all -- await /go -- all
	facts_kept uids gids groups umask caps rlimits oom cwd argv names env
}

@test "a container with a user namespace" {
	config_many_ids
	waiting all -- await /go -- all
	facts_kept uids gids id-maps caps
}

@test "the seccomp filter and no_new_privs are back" {
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO"}]}'
	waiting await /go -- process -- mkdir /new
	local pid
	saved
	restored
	pid=$(restored_pid)
	is "$(grep -E '^(Seccomp|NoNewPrivs):' "/proc/$pid/status" | tr -d '\t\n')" "NoNewPrivs:1Seccomp:2"
	go_on
	[[ ! -e $R/new ]]
}

@test "binds come from the host again, as the new configuration says, and all of them are read-only that were" {
	mkdir "$T/one" "$T/two" "$R/existing"
	ln -s existing "$R/link"
	echo old >"$T/one/file"
	echo new >"$T/two/file"
	touch "$T/single"
	config '.mounts += [
		{destination: "/a", source: $one, options: ["bind", "ro"]},
		{destination: "/b", source: $one, options: ["bind", "ro", "nosuid", "nodev"]},
		{destination: "/c", source: $one, options: ["bind", "ro"]},
		{destination: "/link/d", source: $one, options: ["rbind", "noexec"]},
		{destination: "/file", source: $single, options: ["bind", "ro"]}]' --arg one "$T/one" --arg single "$T/single"
	waiting mounts -- cat /a/file -- await /go -- cat /a/file /b/file /c/file /link/d/file -- mounts
	local before
	before=$(head -n 1 "$T/said")
	saved
	sed -i "s|$T/one|$T/two|" "$B/config.json"
	# A new root file system, as engines make one, has none of the places.
	rmdir "$R"/{a,b,c,existing/d}
	rm "$R/file"
	restored
	go_on
	is "$(head -n 4 "$T/said")" "$(printf 'new\nnew\nnew\nnew')"
	is "$(mounts_of "$(tail -n 1 "$T/said")")" "$(mounts_of "$before")"
}

@test "masked paths stay masked, and their mounts read-only" {
	touch "$R/secret" "$R/secret2"
	mkdir "$R/hidden"
	config '.linux.maskedPaths += ["/secret", "/secret2", "/hidden", "/absent"]'
	waiting await /go -- mounts
	saved
	restored
	go_on
	output=$(tail -n 1 "$T/said")
	local path
	for path in /secret /secret2 /hidden; do
		has "$(jq -r --arg p "$path" '[.[] | select(.target == $p)] | last.options' <<<"$output")" ro,
	done
}

@test "a network namespace that has a path is joined again" {
	requires ip unshare
	with_criu
	local ns=$T/ns
	touch "$ns"
	unshare --net="$ns" ip link set lo up
	config '(.linux.namespaces[] | select(.type == "network")).path = $ns' --arg ns "$ns"
	waiting await /go -- ns
	saved
	restored
	is "$(stat -Lc %i "/proc/$(restored_pid)/ns/net")" "$(stat -Lc %i "$ns")"
	go_on
	umount "$ns"
}

@test "IPC and UTS namespaces that have a path are joined again" {
	requires unshare
	with_criu
	touch "$T/ipc" "$T/uts"
	unshare --ipc="$T/ipc" --uts="$T/uts" true
	config 'del(.hostname) | (.linux.namespaces[] | select(.type == "ipc")).path = $ipc |
		(.linux.namespaces[] | select(.type == "uts")).path = $uts' --arg ipc "$T/ipc" --arg uts "$T/uts"
	waiting await /go
	saved
	restored
	local pid kind
	pid=$(restored_pid)
	for kind in ipc uts; do
		is "$(stat -Lc %i "/proc/$pid/ns/$kind")" "$(stat -Lc %i "$T/$kind")"
	done
	go_on
	umount "$T/ipc" "$T/uts"
}

@test "cgroups of others are not saved, and not made again" {
	requires_root "makes a cgroup beside those of others"
	local other=/sys/fs/cgroup/pids/$ID.other
	[[ -d ${other%/*} && -e /sys/fs/cgroup/unified/cgroup.procs ]] ||
		skip "needs a v1 hierarchy that containers do not join (a hybrid host)"
	mkdir "$other"
	waiting await /go
	saved
	rmdir "$other"
	restored
	is "$(compgen -G "$other" || true)" ""
	go_on
}

@test "the restored processes are in the new container's cgroup, which pause, ps and update find" {
	local mode modes=(soft ignore)
	# On a hybrid host CRIU saves the cgroups of everybody in v1, and those of tests beside this one would be made again.
	[[ ! -e /sys/fs/cgroup/unified/cgroup.procs ]] || modes=(ignore)
	for mode in "${modes[@]}"; do
		rm -f "$R/go"
		waiting await /go
		saved --manage-cgroups-mode "$mode"
		restored --manage-cgroups-mode "$mode"
		has "$(cat "/proc/$(restored_pid)/cgroup")" "$RID"
		lacks "$(sed "s/$RID//" "/proc/$(restored_pid)/cgroup")" "$ID"
		ocirun ps --format json "$RID"
		is "$output" "[$(restored_pid)]"
		works pause "$RID"
		is "$(container_status "$RID")" paused
		works resume "$RID"
		go_on
		works delete "$RID"
		rm -rf "$T/images"
	done
}

@test "limits of the configuration hold for what is restored" {
	[[ -e /sys/fs/cgroup/pids || $(cat /sys/fs/cgroup/cgroup.controllers 2>/dev/null) == *pids* ]] || skip "no pids controller"
	config '.linux.resources = {pids: {limit: 77}}'
	waiting await /go
	saved
	config '.linux.resources = {pids: {limit: 66}}'
	restored
	local found
	found=$(find /sys/fs/cgroup -path "*$RID*" -name pids.max -exec cat {} +)
	is "$found" 66
	go_on
}

@test "a cgroup mount shows the new container's cgroup" {
	config '.mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro"]}] |
		.linux.namespaces += [{type: "cgroup"}]'
	waiting await /go -- mounts
	saved
	restored
	go_on
	has "$(jq -r '.[] | select(.type | startswith("cgroup")) | .root' <<<"$(tail -n 1 "$T/said")")" "/"
}

@test "file locks, which are an error without --file-locks" {
	requires flock
	waiting lock /lock -- await /go -- echo end
	refused "CRIU's dump failed" "--file-locks" -- checkpoint --image-path "$T/first" "$ID"
	is "$(container_status)" running
	saved --file-locks
	flock --nonblock "$R/lock" true
	restored --file-locks
	run flock --nonblock "$R/lock" true
	is "$status" 1
	go_on
	is "$(container_output)" end
}
