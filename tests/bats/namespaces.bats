#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

# The names in /proc/PID/ns, by the type in config.json.
declare -gA proc_name=([pid]=pid [network]=net [mount]=mnt [ipc]=ipc [uts]=uts [user]=user [cgroup]=cgroup [time]=time)

own_ns() { # NAME: the inode of this shell's namespace
	stat -Lc %i "/proc/self/ns/$1"
}

set_namespaces() { # TYPE...
	config '.linux.namespaces = ($ARGS.positional | map({type: .})) | del(.hostname)' --args -- "$@"
}

# A new namespace of a type, held by a process: $holder is its pid.
hold_namespace() { # TYPE
	local options=(--fork --kill-child)
	[[ $ROOTLESS == 0 && $1 != user ]] || options+=(--map-root-user)
	case $1 in
	user) ;;
	network) options+=(--net) ;;
	*) options+=("--$1") ;;
	esac
	unshare "${options[@]}" sleep 60 3>&- 4>&- &
	holder_parent=$!
	wait_until find_holder
}

find_holder() {
	holder=$(pgrep -P "$holder_parent" sleep)
}

release_namespace() {
	kill -KILL "$holder_parent"
	wait "$holder_parent" 2>/dev/null || true
}

@test "listed namespaces are new, others are inherited (config-linux.md, Namespaces)" {
	local type
	runs
	for type in pid network ipc uts mount; do
		[[ $(fact ".ns.${proc_name[$type]}") != "$(own_ns "${proc_name[$type]}")" ]]
	done
	for type in cgroup time; do
		fact_is ".ns.$type" "$(own_ns $type)"
	done
}

@test "each type can be left out" {
	requires_root "a user needs most of them"
	local all=(pid network ipc uts mount) type rest
	for type in pid network ipc uts; do
		mapfile -t rest < <(printf '%s\n' "${all[@]}" | grep -vx "$type")
		set_namespaces "${rest[@]}"
		runs
		fact_is ".ns.${proc_name[$type]}" "$(own_ns "${proc_name[$type]}")"
	done
}

@test "a new cgroup and a new time namespace" {
	config '.linux.namespaces += [{type: "cgroup"}, {type: "time"}]'
	runs
	holds ".ns.cgroup != $(own_ns cgroup)" ".ns.time != $(own_ns time)"
	has "$(fact .cgroup | tail -1)" "0::/"
}

@test "timeOffsets shift the clocks of a new time namespace (config-linux.md, Time Offsets)" {
	config '.linux.namespaces += [{type: "time"}] |
		.linux.timeOffsets = {monotonic: {secs: 100000, nanosecs: 5}, boottime: {secs: 200000}}'
	local uptime
	uptime=$(cut -d. -f1 /proc/uptime)
	runs
	holds "(.time.monotonic - $uptime) >= 100000 and (.time.monotonic - $uptime) < 100030" \
		"(.time.boottime - $uptime) >= 200000 and (.time.boottime - $uptime) < 200030"
	is "$(fact .time.offsets | tr -s ' ' | tr '\n' ,)" "monotonic 100000 5,boottime 200000 0,"
}

@test "negative offsets, also with exec" {
	config '.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {monotonic: {secs: -10}, boottime: {secs: -20}}'
	args /guest "do" time -- sleep
	started
	wait_until said sleeping
	works exec "$ID" /guest time
	is "$(fact .offsets | tr -s ' ' | tr '\n' ,)" "monotonic -10 0,boottime -20 0,"
}

@test "timeOffsets without a time namespace are refused" {
	config '.linux.timeOffsets = {monotonic: {secs: 1}}'
	create_refused timeOffsets time
}

@test "the loopback interface of a new network namespace is up" {
	runs
	fact_is .network.lo up '.network | length' 1
}

@test "a namespace with a path is joined: network, ipc, uts, cgroup" {
	local type ino
	for type in network ipc uts cgroup; do
		hold_namespace "$type"
		if [[ $ROOTLESS == 1 ]]; then
			# an ordinary user may join only what his user namespace owns
			config '.linux.namespaces = [{type: "user", path: "/proc/\($h)/ns/user"}, {type: $t, path: "/proc/\($h)/ns/\($n)"}] +
				(["pid", "network", "ipc", "uts", "mount"] - [$t] | map({type: .})) | del(.linux.uidMappings, .linux.gidMappings, .hostname)' \
				--arg t "$type" --arg n "${proc_name[$type]}" --arg h "$holder"
		else
			config '.linux.namespaces = [{type: $t, path: "/proc/\($h)/ns/\($n)"}] +
				(["pid", "network", "ipc", "uts", "mount"] - [$t] | map({type: .})) | del(.hostname)' \
				--arg t "$type" --arg n "${proc_name[$type]}" --arg h "$holder"
		fi
		ino=$(stat -Lc %i "/proc/$holder/ns/${proc_name[$type]}")
		runs
		fact_is ".ns.${proc_name[$type]}" "$ino"
		release_namespace
	done
}

# A pod of the host's network, by an engine in a user namespace: its second container joins the first one's namespaces.
@test "a namespace with a path that the caller is in already needs no right to be joined" {
	local type
	for type in network uts; do
		config '.linux.namespaces = [{type: $t, path: "/proc/\($h)/ns/\($n)"}] +
			(["user", "pid", "network", "ipc", "uts", "mount"] - [$t] | map({type: .})) | del(.hostname) |
			.linux.uidMappings = [{containerID: 0, hostID: $u, size: 1}] | .linux.gidMappings = [{containerID: 0, hostID: $g, size: 1}]' \
			--arg t "$type" --arg n "${proc_name[$type]}" --arg h "$BASHPID" --argjson u "$(id -u)" --argjson g "$(id -g)"
		runs
		fact_is ".ns.${proc_name[$type]}" "$(own_ns "${proc_name[$type]}")"
	done
}

@test "a pid namespace with a path is joined: the program is not its first process" {
	args /guest sleep
	started
	local first pid
	first=$(container_pid)
	bundle_new "$T/second"
	B=$T/second
	args /guest all
	config '.linux.namespaces |= map(if .type == "pid" then .path = "/proc/\($p)/ns/pid" else . end)' --arg p "$first"
	[[ $ROOTLESS == 0 ]] || config '.linux.namespaces |= map(if .type == "user" then .path = "/proc/\($p)/ns/user" else . end) |
		del(.linux.uidMappings, .linux.gidMappings)' --arg p "$first"
	works run --bundle "$B" "$ID-2"
	pid=$(stat -Lc %i "/proc/$first/ns/pid")
	fact_is .ns.pid "$pid"
	holds '.process.pid > 1'
}

@test "a container joins all namespaces of another one, as in a pod" {
	args /guest sleep
	started
	local first type
	first=$(container_pid)
	bundle_new "$T/second"
	B=$T/second
	args /guest ns
	config '.linux.namespaces |= map(if .type == "mount" then . else .path = "/proc/\($p)/ns/" + ({network: "net"}[.type] // .type) end) |
		del(.hostname, .linux.uidMappings, .linux.gidMappings)' --arg p "$first"
	works run --bundle "$B" "$ID-2"
	for type in pid net ipc uts user; do
		fact_is ".$type" "$(stat -Lc %i "/proc/$first/ns/$type")"
	done
	holds ".mnt != $(stat -Lc %i "/proc/$first/ns/mnt")"
}

@test "a user namespace with a path, and the others new in it" {
	hold_namespace user
	config '.linux.namespaces = [{type: "user", path: "/proc/\($h)/ns/user"}] + (["pid", "network", "ipc", "uts", "mount"] | map({type: .})) |
		del(.linux.uidMappings, .linux.gidMappings)' --arg h "$holder"
	local user
	user=$(stat -Lc %i "/proc/$holder/ns/user")
	runs
	fact_is .ns.user "$user" .uids[0] 0
	release_namespace
}

@test "a path of another type is refused (config-linux.md, Namespaces)" {
	config '(.linux.namespaces[] | select(.type == "network")).path = "/proc/self/ns/ipc"'
	create_refused linux.namespaces /proc/self/ns/ipc network
	config '(.linux.namespaces[] | select(.type == "network")).path = "/etc/passwd"'
	create_refused linux.namespaces /etc/passwd
}

@test "a path that does not exist or is relative is refused" {
	config '(.linux.namespaces[] | select(.type == "network")).path = "/run/netns/no-such"'
	create_refused /run/netns/no-such linux.namespaces
	config '(.linux.namespaces[] | select(.type == "network")).path = "proc/self/ns/net"'
	cd /
	create_refused linux.namespaces absolute
}

@test "a type given twice is refused (config-linux.md, Namespaces)" {
	config '.linux.namespaces += [{type: "ipc"}]'
	create_refused linux.namespaces ipc
	config '.linux.namespaces = [.linux.namespaces[] | select(.type != "ipc")] + [{type: "ipc"}, {type: "ipc", path: "/proc/self/ns/ipc"}]'
	create_refused linux.namespaces ipc
}

@test "an unknown type is refused, with the known ones" {
	config '.linux.namespaces += [{type: "foo"}]'
	create_refused "linux.namespaces[" foo pid
}

@test "without a pid namespace the program is an ordinary process, and delete --force still ends it" {
	requires_root "needs a cgroup to find the processes"
	config '.linux.namespaces |= map(select(.type != "pid"))'
	args /guest fork 2
	started
	wait_until said "forked 2"
	works delete --force "$ID"
	wait_until host_processes_unchanged
}

@test "without a mount namespace: the mounts are seen by the host, and gone after delete" {
	requires_root "mounts on the host"
	cat >"$T/script" <<-'END'
		bundle=$1 id=$2; shift 2
		before=$(</proc/self/mountinfo)
		"$@" run --bundle "$bundle" "$id"
		[[ $(</proc/self/mountinfo) == "$before" ]] && echo clean
	END
	config '.linux.namespaces |= map(select(.type != "mount")) | del(.linux.maskedPaths, .linux.readonlyPaths)'
	args /guest "do" echo inside -- ls /
	# shellcheck disable=SC2086
	run timeout 20 unshare --mount --propagation private bash "$T/script" "$B" "$ID" "$OCIRUN" ${OCIRUN_ARGS:-} --root "$T/state" 3>&-
	has "$output" inside
	has "$output" guest
	has "$output" clean
}

@test "without a mount namespace: an ordinary user is told that it takes one" {
	requires_user "root may mount on the host"
	config '.linux.namespaces |= map(select(.type != "mount"))'
	create_refused "root.path" "linux.namespaces has no mount namespace"
}

@test "without a mount namespace: exec is in the root of the container, not of the host" {
	requires_root "mounts on the host"
	cat >"$T/script" <<-'END'
		bundle=$1 id=$2; shift 2
		"$@" create --bundle "$bundle" "$id" </dev/null >/dev/null 2>&1 && "$@" start "$id"
		"$@" exec "$id" /guest ls /
		"$@" delete --force "$id"
	END
	config '.linux.namespaces |= map(select(.type != "mount")) | del(.linux.maskedPaths, .linux.readonlyPaths)'
	args /guest sleep
	# shellcheck disable=SC2086
	run timeout 20 unshare --mount --propagation private bash "$T/script" "$B" "$ID" "$OCIRUN" ${OCIRUN_ARGS:-} --root "$T/state" 3>&-
	has "$output" guest
	lacks "$output" boot
}

@test "a mount namespace with a path is joined: root and mounts are made in it" {
	requires_root "a user may not join the mount namespace of others"
	hold_namespace mount
	config '.linux.namespaces |= map(if .type == "mount" then .path = "/proc/\($h)/ns/mnt" else . end)' --arg h "$holder"
	args /guest sleep
	started
	is "$(stat -Lc %i "/proc/$(container_pid)/ns/mnt")" "$(stat -Lc %i "/proc/$holder/ns/mnt")"
	works exec "$ID" /guest ls /
	has "$output" guest
	lacks "$output" boot
	works delete --force "$ID"
	release_namespace
}

# The container joins the mount namespace of $holder, and of an ordinary user the user namespace that it belongs to.
join_held_mount_namespace() {
	hold_namespace mount
	config '.linux.namespaces |= map(if .type == "mount" then .path = "/proc/\($h)/ns/mnt" else . end)' --arg h "$holder"
	[[ $ROOTLESS == 0 ]] || config '.linux.namespaces |= map(if .type == "user" then .path = "/proc/\($h)/ns/user" else . end) |
		del(.linux.uidMappings, .linux.gidMappings)' --arg h "$holder"
}

# What is mounted at the root of the bundle in the namespace that is held.
mounts_of_holder() {
	awk -v r="$R" 'index($5, r) == 1' "/proc/$holder/mountinfo"
}

@test "a mount namespace with a path: delete, and a create that fails, take the mounts away there" {
	join_held_mount_namespace
	args /guest sleep
	started
	[[ $(mounts_of_holder) ]]
	works delete --force "$ID"
	is "$(mounts_of_holder)" ""

	# after the mounts were made
	printf '#!/bin/sh\nexit 7\n' >"$T/hook"
	chmod 755 "$T/hook"
	config '.hooks.createRuntime = [{path: $p}]' --arg p "$T/hook"
	ocirun create --bundle "$B" "$ID"
	[[ $status != 0 ]]
	is "$(mounts_of_holder)" ""
	release_namespace
}

@test "a mount namespace with a path that is gone when the container is deleted" {
	join_held_mount_namespace
	args /guest true
	created
	release_namespace
	works delete --force "$ID"
}

@test "no namespaces at all but the mount namespace" {
	requires_root "a user needs a user namespace"
	config '.linux.namespaces = [{type: "mount"}] | del(.hostname)'
	runs
	local type
	for type in pid net ipc uts user; do
		fact_is ".ns.$type" "$(own_ns $type)"
	done
}
