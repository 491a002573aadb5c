#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# checkpoint and restore without CRIU: a program that speaks like it shows what it is asked for, and what becomes of
# strange answers.  And what fails before CRIU is needed.
load helpers

# A criu in PATH that does what $FAKE_CRIU says; its requests are in $T/requests.
with_fake() { # [BEHAVIOUR]
	requires_root "without it CRIU is never started"
	requires python3
	mkdir -p "$T/bin"
	printf '#!/bin/sh\nexec python3 "%s" "$@"\n' "$tests_dir/bats/fake-criu.py" >"$T/bin/criu"
	chmod +x "$T/bin/criu"
	PATH=$T/bin:$PATH
	export FAKE_CRIU=${1:-} FAKE_CRIU_LOG=$T/requests
}

# Options of the last request: by their numbers in CRIU's rpc.proto, as JSON.
asked() { # FILTER
	jq -cs "[.[] | select(.opts != {})] | last | $1" "$T/requests"
}

asks() { # FILTER EXPECTED [FILTER EXPECTED]...
	while (($#)); do
		is "$1 = $(asked "$1")" "$1 = $2"
		shift 2
	done
}

checkpoint() {
	ocirun checkpoint --image-path "$T/images" "$@" "$ID"
}

restore() {
	mkdir -p "$T/images"
	ocirun restore --detach --bundle "$B" --image-path "$T/images" "$@" "${ID}r"
}

@test "engines ask with --help, and with an option without its value" {
	works checkpoint --help
	has "$output" --leave-running
	works restore --help
	refused "option '--lsm-mount-context': the flag needs an argument" -- restore --lsm-mount-context
}

@test "checkpoint: each option is a field of the request" {
	with_fake
	sleeping
	mkdir -p "$T/images/before"
	checkpoint --leave-running --leave-running --tcp-established --tcp-skip-in-flight --ext-unix-sk --shell-job \
		--file-locks --lazy-pages --auto-dedup --link-remap --manage-cgroups-mode full --network-lock nftables \
		--empty-ns network --parent-path before --page-server 10.1.2.3:4567
	succeeded
	asks '.type' 1 '.opts["2"]' "[$(container_pid)]" '.opts["3"]' '[1]' '.opts["4"]' '[1]' '.opts["5"]' '[1]' \
		'.opts["7"]' '[1]' '.opts["8"]' '[1]' '.opts["10"]' '["dump.log"]' '.opts["11"]' '[["10.1.2.3",4567]]' \
		'.opts["12"]' '[1]' '.opts["14"]' '["before"]' '.opts["15"]' '[1]' '.opts["16"]' '[1]' '.opts["18"]' '[1]' \
		'.opts["34"]' '[4]' '.opts["38"]' '[1073741824]' '.opts["46"]' '[1]' '.opts["48"]' '[1]' '.opts["50"]' '[1]' \
		'.opts["64"]' '[2]'
	is "$(container_status)" running
}

# "soft", and "ignore" on a hybrid host, where the container has no cgroup of its own in v1.
default_cgroups_mode() {
	if [[ -e /sys/fs/cgroup/unified/cgroup.procs ]]; then echo 0; else echo 3; fi
}

@test "checkpoint: without options nothing is asked for that was not said" {
	with_fake
	sleeping
	checkpoint
	succeeded
	asks '.type' 1 '.opts | has("3", "4", "5", "7", "8", "11", "14", "15", "38", "46", "48", "51", "64")' \
		"$(printf 'false\n%.0s' {1..13} | head -c -1)" '.opts["34"]' "[$(default_cgroups_mode)]"
	no_container
}

@test "checkpoint: modes of cgroups, and words that are none" {
	with_fake
	local mode n=0
	for mode in ignore none props soft full strict; do
		sleeping
		checkpoint --manage-cgroups-mode "$mode"
		succeeded
		asks '.opts["34"]' "[$n]"
		n=$((n + 1))
	done
	sleeping
	refused "option '--manage-cgroups-mode'" -- checkpoint --manage-cgroups-mode some "$ID"
	refused "option '--network-lock'" -- checkpoint --network-lock some "$ID"
	refused "option '--empty-ns'" -- checkpoint --empty-ns pid "$ID"
	refused "option '--lazy-pages': --page-server has to say where" -- checkpoint --lazy-pages "$ID"
	refused "'1.2.3.4' is not ADDRESS:PORT" -- checkpoint --page-server 1.2.3.4 "$ID"
	refused "is not ADDRESS:PORT" -- checkpoint --page-server :77777 "$ID"
	refused "has to be relative to the image path" -- checkpoint --parent-path /tmp "$ID"
	refused "option '--parent-path': nowhere" -- checkpoint --image-path "$T/i" --parent-path nowhere "$ID"
	refused "descriptor 77 is not open for writing" -- checkpoint --status-fd 77 "$ID"
	is "$(container_status)" running
}

@test "checkpoint --pre-dump: another request, and the container goes on" {
	with_fake
	sleeping
	checkpoint --pre-dump
	succeeded
	asks '.type' 13 '.opts["15"]' '[1]'
	is "$(container_status)" running
}

@test "checkpoint: binds, masks and namespaces from outside are named" {
	with_fake
	mkdir "$T/volume" "$R/real"
	ln -s real "$R/link"
	config '.mounts += [{destination: "/link/x", source: $v, options: ["bind"]}] | .linux.maskedPaths += ["/etc/passwd"] |
		(.linux.namespaces[] | select(.type == "network")).path = $ns' --arg v "$T/volume" --arg ns "/proc/$$/ns/net"
	sleeping
	checkpoint
	succeeded
	asks '.opts["23"] | map(select(.[0] == "/real/x"))' '[["/real/x","/link/x"]]' \
		'.opts["23"] | map(select(.[0] == "/etc/passwd"))' '[["/etc/passwd","masked"]]' \
		'.opts["37"] | map(select(startswith("net")))' "[\"net[$(stat -Lc %i /proc/$$/ns/net)]:extRootNetNS\"]"
	jq -e 'length == 3' "$T/images/descriptors.json"
}

@test "checkpoint: the status descriptor gets a NUL when pages can be fetched" {
	with_fake pages
	sleeping
	# shellcheck disable=SC2016
	WRAP=(bash -c 'exec "$@" 7>'"$T/status" bash)
	checkpoint --lazy-pages --page-server 127.0.0.1:1 --status-fd 7
	WRAP=()
	succeeded
	is "$(od -An -tx1 "$T/status")" " 00"
}

@test "the configuration file of CRIU: the annotation, or none" {
	with_fake
	config '.annotations["org.criu.config"] = "/some/file.conf"'
	sleeping
	checkpoint
	asks '.opts["51"]' '["/some/file.conf"]'
	config '.annotations["org.criu.config"] = ""'
	sleeping
	checkpoint
	asks '.opts["51"]' null
}

@test "restore: each option is a field of the request; a failure leaves nothing" {
	with_fake fail
	mkdir "$T/volume" "$T/images"
	echo '["/dev/null", "pipe:[7]", "pipe:[7]"]' >"$T/images/descriptors.json"
	config '.mounts += [{destination: "/x", source: $v, options: ["bind"]}] | .annotations["org.criu.config"] = "/c" |
		(.linux.namespaces[] | select(.type == "network")).path = $ns + "/net" |
		(.linux.namespaces[] | select(.type == "ipc")).path = $ns + "/ipc"' --arg v "$T/volume" --arg ns "/proc/$$/ns"
	restore --tcp-close --lsm-profile apparmor:some --lsm-mount-context system_u:object_r:x:s0 --no-pivot -no-subreaper
	failed "CRIU's restore failed"
	asks '.type' 2 '.opts["10"]' '["restore.log"]' '.opts["13"]' "[\"$R\"]" '.opts["26"]' '[1]' '.opts["52"]' '[1]' \
		'.opts["53"]' '["apparmor:some"]' '.opts["63"]' '["system_u:object_r:x:s0"]' '.opts["51"]' '["/c"]' \
		'.opts["27"]' '[["pipe:[7]",6],["extRootNetNS",7]]' '.opts["39"]' "[[\"ipc\",\"/proc/$$/ns/ipc\"]]" \
		'.opts["23"] | map(select(.[0] == "/x") | .[1] | test("/[0-9]+$"))' '[true]'
	[[ -d $R/x ]]
	no_container "${ID}r"
	no_cgroup "${ID}r"
}

@test "an error quotes the last errors of CRIU's log, and names it" {
	with_fake fail
	sleeping
	checkpoint
	failed "CRIU's dump failed: Error (criu/x.c:3): reason  3 | Error (criu/x.c:4): reason  4 | Error (criu/x.c:5)" \
		"its log is $T/images/dump.log"
	lacks "$stderr" FAILED.
	is "$(container_status)" running
}

@test "without a log: CRIU's message, or what it printed" {
	with_fake message
	sleeping
	checkpoint
	failed "CRIU's dump failed: no log of this" "criu check"
	FAKE_CRIU=die checkpoint
	failed "CRIU's dump failed: it said: terrible  things|happen"
	FAKE_CRIU=mute checkpoint
	failed "CRIU cannot be started (status 1): I am not in the mood|at all"
	FAKE_CRIU=other checkpoint
	failed "CRIU's dump failed without a word"
	is "$(container_status)" running
}

@test "answers that are none, or far too long" {
	with_fake garbage
	sleeping
	checkpoint
	failed "CRIU's answer"
	FAKE_CRIU=huge checkpoint
	failed "CRIU's answer"
	is "$(container_status)" running
}

@test "a CRIU that is too old says so, for an option too" {
	with_fake old
	sleeping
	checkpoint
	failed "CRIU 3.15.1 is too old: ocirun needs 3.16 or newer"
	FAKE_CRIU=older checkpoint
	failed "is too old"
	FAKE_CRIU=no-nftables checkpoint --network-lock nftables
	failed "CRIU 3.16.1 is too old: --network-lock needs 3.17 or newer"
	FAKE_CRIU=old restore
	failed "is too old"
	no_container "${ID}r"
}

@test "restore: notices without what belongs to them end it, and nothing is left" {
	with_fake wrong-pid
	restore
	failed "the restored process 0"
	FAKE_CRIU=no-terminal restore
	failed "announced a terminal, and sent none"
	FAKE_CRIU='' restore
	failed "the restored process 999999"
	no_container "${ID}r"
	no_cgroup "${ID}r"
}

@test "restore: a signal ends CRIU, too, and nothing is left" {
	with_fake hang
	mkdir "$T/images"
	local how
	for how in --detach --keep; do
		rm -f "$T/requests"
		ocirun_background restore "$how" --bundle "$B" --image-path "$T/images" "${ID}r"
		wait_until grep -qs '"type": 2' "$T/requests"
		kill -TERM "$background"
		wait_background
		is "$status" $((128 + 15))
		has "$stderr" "restore of container ${ID}r: SIGTERM: interrupted"
		no_container "${ID}r"
		no_cgroup "${ID}r"
	done
}

@test "no criu in PATH: what is missing, and how to get it" {
	requires_root "it is refused earlier"
	sleeping
	WRAP=(env PATH=/nowhere)
	checkpoint
	WRAP=()
	failed "there is no criu in PATH" "install the package criu"
	is "$(container_status)" running
}

@test "checkpoint needs a container that runs" {
	requires_root "it is refused earlier"
	refused "container does not exist" -- checkpoint nobody
	created
	refused "cannot checkpoint container $ID: it is created, not running" -- checkpoint --image-path "$T/i" "$ID"
	works start "$ID"
	wait_for_status stopped
	refused "it is stopped, not running" -- checkpoint --image-path "$T/i" "$ID"
	[[ ! -e $T/i ]]
}

@test "restore needs images, a bundle, and an id that is free" {
	requires_root "it is refused earlier"
	refused "option '--image-path': $T/none: no such file or directory" -- restore -d -b "$B" --image-path "$T/none" "$ID"
	mkdir "$T/images"
	refused config.json -- restore -d -b "$T/images" --image-path "$T/images" "$ID"
	echo '{' >"$T/images/descriptors.json"
	refused descriptors.json -- restore -d -b "$B" --image-path "$T/images" "$ID"
	rm "$T/images/descriptors.json"
	no_container
	sleeping
	refused "already exists" -- restore -d -b "$B" --image-path "$T/images" "$ID"
	is "$(container_status)" running
}

@test "what cannot be brought back is refused before anything happens" {
	requires_root "it is refused earlier"
	mkdir "$T/images"
	cp "$B/config.json" "$T/original"
	local change words
	while IFS='#' read -r change words; do
		cp "$T/original" "$B/config.json"
		config "$change" --arg v "$T/images"
		refused "$words" "cannot be checkpointed or restored" -- \
			restore -d -b "$B" --image-path "$T/images" "$ID"
		no_container
	done <<'END'
.mounts += [{destination: "/f", type: "fuse.sshfs", source: "x"}]#mounts[6] /f
.mounts += [{destination: "/i", source: $v, options: ["bind"], uidMappings: [{containerID: 0, hostID: 5, size: 1}], gidMappings: [{containerID: 0, hostID: 5, size: 1}]}]#mounts[6] /i
.annotations["org.ocirun.rootfs.overlay.upper"] = "tmpfs"#org.ocirun.rootfs
.linux.namespaces += [{type: "cgroup", path: "/proc/1/ns/cgroup"}]#a cgroup namespace
.linux.netDevices = {eth9: {}}#linux.netDevices
END
}

@test "rootless: the cause, and what helps" {
	requires_user "root may"
	mkdir "$T/images"
	sleeping
	refused "only as root of the host, not rootless" "as root" -- checkpoint --image-path "$T/i" "$ID"
	is "$(container_status)" running
	refused "only as root of the host" -- restore -d -b "$B" --image-path "$T/images" "${ID}r"
	no_container "${ID}r"
	[[ ! -e $T/i ]]
}
