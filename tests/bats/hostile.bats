#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Images, volumes and configs that want a mount to land outside of the container's tree, or the runtime
# to make files there.  The canary is a directory on the host that has to stay empty, and no mount point.
load mount-helpers

eval "helpers_$(declare -f setup)"

setup() {
	helpers_setup
	mkdir -p "$T/canary" "$T/src"
	chmod 777 "$T/canary"
	echo source >"$T/src/here"
	echo source >"$T/file"
	watch_mounts
}

# A hook that looks at the container's mount namespace before the root is changed: what is mounted
# outside of the container's tree shows only there.
watch_mounts() {
	printf '#!/bin/sh\ngrep -F " %s" /proc/self/mountinfo >>"%s"\nexit 0\n' "$T/canary" "$T/escaped" >"$T/watch"
	chmod 755 "$T/watch"
	: >"$T/escaped"
	chmod 666 "$T/escaped"
	config '.hooks.createContainer = [{path: $w}]' --arg w "$T/watch"
}

canary_is_untouched() {
	is "$(ls -A "$T/canary")" ""
	is "$(<"$T/escaped")" ""
}

# attempts DESTINATION...: with a directory, a file and a new file system; whatever comes of it, nothing
# may be outside.
attempts() {
	attempts_of "$T/src bind" "$T/file bind" "tmpfs defaults tmpfs" -- "$@"
}

# The same with other kinds of mounts.
odd_attempts() {
	attempts_of "proc defaults proc" "mqueue defaults mqueue" "$T/src bind,dest-nofollow" \
		"$T/src/here bind,src-nofollow,dest-nofollow" -- "$@"
}

attempts_of() { # "SOURCE OPTIONS [TYPE]"... -- DESTINATION...
	local destination case cases=()
	while [[ $1 != -- ]]; do
		cases+=("$1")
		shift
	done
	shift
	no_more_mounts
	cp "$B/config.json" "$T/config.base"
	for destination; do
		for case in "${cases[@]}"; do
			cp "$T/config.base" "$B/config.json"
			add_mounts <<<"$destination $case"
			ocirun run --bundle "$B" "$ID"
			[[ $status == 0 ]] || failed "mounts[6]"
			no_container
			canary_is_untouched
		done
	done
}

@test "the watch of these tests sees a mount that is outside" {
	in_mount_namespace "mount -t tmpfs escaped '$T/canary'"
	args /guest true
	runs
	has "$(<"$T/escaped")" "$T/canary"
}

@test "symlinks: what a naive runtime would do" {
	ln -s "$T/canary" "$R/link"
	mkdir -p "$R/link/made"
	[[ -d $T/canary/made ]]
	rmdir "$T/canary/made"
	on_private_host "mount --bind \"\$src\" '$R/link'; grep -cF ' $T/canary ' /proc/self/mountinfo"
	is "$output" 1
}

@test "symlinks in the image: absolute, relative, chained, dangling, in the middle of a path" {
	local up=../../../../../../../../../../../..
	mkdir "$R/dir"
	ln -s "$T/canary" "$R/absolute"
	ln -s "$up$T/canary" "$R/relative"
	ln -s chain2 "$R/chain1"
	ln -s /chain3 "$R/chain2"
	ln -s "$up$T/canary" "$R/chain3"
	ln -s "$T/canary/dangling" "$R/dangling"
	ln -s "$T/canary/" "$R/slash"
	ln -s "$up/$T/canary/." "$R/dot"
	ln -s "$up" "$R/top"
	args /guest true
	attempts /absolute /relative/made/more /chain1 /dangling /dangling/made "/top$T/canary/made" "/dir/../relative/made" \
		"/dir/$up$T/canary"
	attempts_of "$T/file bind" -- /slash/made /dot/made /chain1/made "$T/canary"
	odd_attempts /absolute /relative/made /dangling
}

@test "symlinks that run in a circle, and forty-one in a row, are refused" {
	local n
	ln -s b "$R/a"
	ln -s a "$R/b"
	ln -s self "$R/self"
	for ((n = 0; n < 45; n++)); do
		ln -s "l$((n + 1))" "$R/l$n"
	done
	for n in /a /a/below /self /l0; do
		no_more_mounts
		add_mount "$n" "$T/src" bind
		refused "mounts[6]" "symbolic links" -- run --bundle "$B" "$ID"
		no_container
	done
}

@test "magic links of /proc as destination, and through links of the image" {
	ln -s /proc/self/root "$R/magic"
	ln -s /proc/1/cwd "$R/cwd"
	ln -s "/proc/$$/root" "$R/outer"
	args /guest true
	attempts "/proc/self/root$T/canary" "/magic$T/canary" "/magic$T/canary/made" /cwd/made "/outer$T/canary" \
		/proc/self/cwd/made /proc/self/fd/3/made /dev/fd/3
	odd_attempts "/magic$T/canary/made" "/outer$T/canary"
}

@test "destinations that are a fifo, a socket, a device" {
	mkfifo "$R/fifo"
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$R/socket"
	local target
	[[ $ROOTLESS == 1 ]] || mknod "$R/device" c 1 3
	for target in /fifo /socket /device; do
		[[ -e $R$target ]] || continue
		no_more_mounts
		add_mount "$target" "$T/file" bind
		args /guest cat "$target"
		runs
		is "$output" source
		no_more_mounts
		add_mount "$target" "$T/src" bind
		refused "mounts[6]" "$target" directory -- run --bundle "$B" "$ID"
		no_container
	done
}

@test "sources that are a fifo, a socket, a device do not hang and are what they were" {
	mkfifo "$T/fifo"
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$T/socket"
	add_mount /s/fifo "$T/fifo" bind
	add_mount /s/socket "$T/socket" bind
	add_mount /s/null /dev/null bind
	args /guest stat /s/fifo /s/socket /s/null
	runs
	is "$(jq -r .type <<<"$output" | tr '\n' ' ')" "fifo socket char "
}

@test "a file on a directory and a directory on a file, also through links" {
	mkdir "$R/dir"
	touch "$R/plain"
	ln -s dir "$R/todir"
	ln -s plain "$R/tofile"
	local target
	for target in /dir /todir /; do
		no_more_mounts
		add_mount "$target" "$T/file" bind
		refused "mounts[6]" "$target" directory -- run --bundle "$B" "$ID"
	done
	for target in /plain /tofile /plain/below; do
		no_more_mounts
		add_mount "$target" "$T/src" bind
		refused "mounts[6]" "$target" -- run --bundle "$B" "$ID"
	done
	no_container
	[[ ! -e $R/plain/below ]]
}

# race [COUNT]: creates containers while a directory and a link to the canary change places.
race() {
	local n exchanger
	mkdir -p "$R/swap" "$R/dir"
	ln -s "$T/canary" "$R/other"
	# `other` is a link, `swap` a directory, until they are exchanged.
	python3 "${BATS_TEST_DIRNAME:?}/exchange.py" "$R/swap" "$R/other" 3>&- &
	exchanger=$!
	for ((n = 0; n < ${1:-25}; n++)); do
		ocirun run --bundle "$B" "$ID"
		[[ $status == 0 || $stderr == *"mounts["* ]] || break
		canary_is_untouched || break
	done
	kill "$exchanger"
	wait "$exchanger" || true
	is "$n" "${1:-25}"
	canary_is_untouched
}

@test "exchanging a directory and a link: a naive runtime is caught" {
	requires python3
	mkdir "$R/swap"
	ln -s "$T/canary" "$R/other"
	python3 "${BATS_TEST_DIRNAME:?}/exchange.py" "$R/swap" "$R/other" 3>&- &
	local exchanger=$! n
	# It looks whether the target is a directory of the image, and mounts by its path then.
	on_private_host "for n in {1..3000}; do
			[[ -L '$R/swap' ]] || mkdir '$R/swap/made' 2>/dev/null || :
			[[ ! -d '$T/canary/made' ]] || { echo made outside; break; }
			rmdir '$R/swap/made' '$R/other/made' 2>/dev/null || :
		done"
	kill "$exchanger"
	wait "$exchanger" || true
	is "$output" "made outside"
}

@test "exchanging a directory and a link while mounts are made (CVE-2021-30465)" {
	requires python3
	config '.mounts += [range(60) | {destination: "/swap/\(.)", source: $s, options: ["bind"]},
		{destination: "/swap/deep/\(.)/er", type: "tmpfs", source: "tmpfs"}]' --arg s "$T/src"
	args /guest true
	race
}

@test "exchanging a directory and a link while files are made to mount on (CVE-2024-45310)" {
	requires python3
	config '.mounts += [range(60) | {destination: "/swap/\(.)", source: $s, options: ["bind"]},
		{destination: "/dir/../swap/d/\(.)", source: $s, options: ["bind"]}]' --arg s "$T/file"
	args /guest true
	race
}

@test "exchanging a directory and a link: masked and read-only paths, devices" {
	requires python3
	mkdir -p "$R/swap/x" "$T/canary2"
	config '.linux.maskedPaths += [range(30) | "/swap/x", "/swap"] | .linux.readonlyPaths += [range(30) | "/swap"]'
	if [[ $ROOTLESS == 0 ]]; then
		config '.linux.devices += [range(30) | {path: "/swap/dev\(.)", type: "c", major: 1, minor: 3}]'
	else
		config '.linux.devices += [range(30) | {path: "/swap/fifo\(.)", type: "p"}]'
	fi
	args /guest true
	local n exchanger
	ln -s "$T/canary" "$R/other"
	python3 "${BATS_TEST_DIRNAME:?}/exchange.py" "$R/swap" "$R/other" 3>&- &
	exchanger=$!
	for n in {1..20}; do
		ocirun run --bundle "$B" "$ID"
		canary_is_untouched || break
	done
	kill "$exchanger"
	wait "$exchanger" || true
	canary_is_untouched
}

@test "a volume that holds a link to elsewhere, with a mount inside of the volume (CVE-2021-30465, the order)" {
	ln -s "$T/canary" "$T/src/link"
	ln -s ../../../../../../../../../.."$T/canary" "$T/src/up"
	add_mount /vol "$T/src" bind
	args /guest true
	local target
	for target in /vol/link /vol/up /vol/link/made /vol/up/made; do
		config 'del(.mounts[7:])'
		add_mount "$target" tmpfs rw tmpfs
		ocirun run --bundle "$B" "$ID"
		canary_is_untouched
	done
	[[ ! -e $T/src/made ]]
}

@test "the image's /dev is a link: nothing is made outside (CVE-2024-45310, CVE-2025-52565)" {
	rm -rf "${R:?}/dev"
	ln -s "$T/canary" "$R/dev"
	args /guest true
	local filter
	for filter in . 'del(.mounts[1:5])' '.process.terminal = true | del(.mounts[1:5])'; do
		cp "$B/config.json" "$T/config.saved"
		config "$filter"
		ocirun run --bundle "$B" "$ID"
		no_container
		canary_is_untouched
		cp "$T/config.saved" "$B/config.json"
	done
}

@test "/dev/null of the image is a link, a file, a directory: never a mask (CVE-2025-31133)" {
	local kind
	config 'del(.mounts[1:5]) | .linux.maskedPaths = ["/proc/kcore", "/etc/secret"] | .linux.readonlyPaths = []'
	for kind in link dangling file directory fifo; do
		rm -rf "$R/dev/null"
		echo secret >"$R/etc/secret"
		echo untouched >"$T/victim"
		case $kind in
		link) ln -s "$T/victim" "$R/dev/null" ;;
		dangling) ln -s "$T/canary/null" "$R/dev/null" ;;
		file) echo content >"$R/dev/null" ;;
		directory) mkdir "$R/dev/null" ;;
		fifo) mkfifo "$R/dev/null" ;;
		esac
		args /guest "do" cat /etc/secret -- stat /etc/secret
		ocirun run --bundle "$B" "$ID"
		if [[ $status == 0 ]]; then
			is "$kind $(jq -r .type <<<"$output")" "$kind char"
		else
			failed /dev/null
		fi
		is "$(<"$T/victim")" untouched
		canary_is_untouched
	done
}

@test "/dev/console and /dev/pts/0 of the image are links: the terminal is not bound outside (CVE-2025-52565)" {
	local n
	config 'del(.mounts[1:5]) | .process.terminal = true'
	echo untouched >"$T/canary.file"
	ln -s "$T/canary.file" "$R/dev/console"
	args /guest true
	ocirun run --bundle "$B" "$ID"
	no_container
	is "$(<"$T/canary.file")" untouched
	is "$(<"$T/escaped")" ""
}

@test "/proc and /sys of the image: link, file, missing, through a volume (CVE-2019-19921, CVE-2023-27561)" {
	args /guest true
	rmdir "$R/proc" "$R/sys"
	ln -s "$T/canary" "$R/proc"
	refused /proc "symbolic link" -- run --bundle "$B" "$ID"
	canary_is_untouched
	rm "$R/proc"
	touch "$R/proc"
	refused /proc -- run --bundle "$B" "$ID"
	rm "$R/proc"
	runs
	[[ -d $R/proc && -d $R/sys ]]
	# A volume that has a link where proc goes.
	ln -s "$T/canary" "$T/src/proc"
	config '.mounts = [{destination: "/vol", source: $s, options: ["bind"]}, {destination: "/vol/proc", type: "proc", source: "proc"}] +
		.mounts' --arg s "$T/src"
	refused "mounts[1]" "symbolic link" -- run --bundle "$B" "$ID"
	canary_is_untouched
}

@test "mounts over /proc, /proc/self and what is below are refused (CVE-2019-16884)" {
	mkdir -p "$T/src/attr"
	local target
	for target in /proc/self /proc/self/attr /proc/thread-self /proc/1 /proc/1/attr/exec /proc/sys /proc/sys/kernel /proc/kcore \
		/proc/../proc/self //proc//self/ /./proc/self proc/self /sys/../proc/self; do
		no_more_mounts
		add_mount "$target" "$T/src" bind
		ocirun run --bundle "$B" "$ID"
		failed "mounts[6]"
		no_container
	done
	ln -s proc "$R/alias"
	ln -s /proc/self "$R/self"
	for target in /alias/self /alias/sys /alias /self /self/attr /self/../sys; do
		no_more_mounts
		add_mount "$target" "$T/src" bind
		ocirun run --bundle "$B" "$ID"
		failed "mounts[6]"
		no_container
	done
	local type
	for type in tmpfs mqueue sysfs; do
		no_more_mounts
		add_mount /proc none ro "$type"
		create_refused "mounts[6]" procfs
	done
}

@test "mounts over /sys, /dev and / are as asked" {
	args /guest ls /
	add_mount /sys tmpfs ro tmpfs
	add_mount /dev tmpfs mode=755 tmpfs
	runs
	no_more_mounts
	# A new root: the image's program is there when it is a bind of the same image.
	add_mount / "$R" rbind,ro
	args /guest "do" ls /etc -- mounts
	runs
	has "$output" passwd
	no_more_mounts
	add_mount /.. "$R" rbind
	args /guest ls /etc
	runs
	has "$output" passwd
	no_more_mounts
	add_mount / tmpfs rw tmpfs
	refused guest -- run --bundle "$B" "$ID"
	no_container
}

@test "targets that are missing on a read-only file system: the message tells where to make them" {
	add_mount /vol "$T/src" bind,ro
	add_mount /vol/missing "$T/src" bind
	refused "mounts[7]" /vol/missing read-only -- run --bundle "$B" "$ID"
	no_container
	config 'del(.mounts[7])'
	add_mount /vol/missing/file "$T/file" bind
	refused "mounts[7]" /vol/missing read-only -- run --bundle "$B" "$ID"
	config 'del(.mounts[7])'
	mkdir "$T/src/there"
	add_mount /vol/there "$T/src" bind
	args /guest ls /vol/there
	runs
	has "$output" here
	[[ ! -e $T/src/missing ]]
}

@test "targets in a directory that the container may not write" {
	requires_user "root may write everywhere"
	chmod 555 "$R"
	add_mount /etc "$T/src" bind
	args /guest ls /etc
	runs
	is "$output" here
	no_more_mounts
	add_mount /missing "$T/src" bind
	ocirun run --bundle "$B" "$ID"
	# The owner of the directory is root of the container, who may write in spite of its mode.
	[[ $status == 0 ]] || failed "mounts[6]" /missing
	chmod 755 "$R"
}

@test "sources that are missing, below files, dangling links, empty: the message names the part at fault" {
	ln -s "$T/nowhere" "$T/dangling"
	local source want
	while read -r source want; do
		no_more_mounts
		add_mount /mnt "$source" bind
		refused "mounts[6]" /mnt "$want" -- run --bundle "$B" "$ID"
		no_container
		[[ ! -e $R/mnt ]]
	done <<-END
		$T/none $T/none
		$T/none/a/b $T/none is missing
		$T/file/below $T/file is not a directory
		$T/dangling symbolic link to nowhere
		$T/dangling/a symbolic link to nowhere
	END
	config '.mounts[6].source = ""'
	create_refused "mounts[6]" source missing
	config 'del(.mounts[6].source)'
	create_refused "mounts[6]" source missing
}

@test "a source that is deleted while containers are created: run or refused, never anything else" {
	local n remover
	while :; do
		mkdir -p "$T/vanishing"
		rm -rf "$T/vanishing" || true
	done 3>&- 2>/dev/null &
	remover=$!
	add_mount /mnt "$T/vanishing" bind
	add_mount /mnt/made tmpfs ro tmpfs
	args /guest true
	for n in {1..25}; do
		ocirun run --bundle "$B" "$ID"
		[[ $status == 0 ]] || failed "mounts["
		no_container
	done
	kill "$remover"
	wait "$remover" || true
}

@test "the root directory is exchanged with a link while containers are created" {
	requires python3
	mkdir -p "$T/canary2/proc"
	ln -s "$T/canary2" "$B/other"
	python3 "${BATS_TEST_DIRNAME:?}/exchange.py" "$R" "$B/other" 3>&- &
	local exchanger=$! n
	add_mount /made/by/mount tmpfs ro tmpfs
	args /guest true
	for n in {1..20}; do
		ocirun run --bundle "$B" "$ID"
	done
	kill "$exchanger"
	wait "$exchanger" || true
	# The link names the root then, which is the owner's right; the host's mounts are as before.
	host_mounts_unchanged
	[[ -d $R ]] || mv -T "$B/other" "$R"
}

@test "the source is in the image, with links that would lead outside" {
	echo secret >"$T/secret"
	ln -s "$T/secret" "$R/etc/link"
	# A source is a path of the host, whoever wrote the link: it is bound, as the config says.
	add_mount /mnt "$R/etc/link" bind
	add_mount /nofollow "$R/etc/link" bind,src-nofollow
	args /guest cat /mnt
	ocirun run --bundle "$B" "$ID"
	[[ $status == 0 ]] || failed "mounts["
}

@test "destinations with odd names: blanks, newlines, quotes, escapes, no text at all" {
	local name
	for name in ' ' 'a b' $'new\nline' $'tab\t' '"quote"' "it's" '\134' '\' '%s%n' '*' '-rf' '$(id)' $'\e[31m' 'äöü' '\040'; do
		no_more_mounts
		config '.mounts += [{destination: ("/m/" + $n), source: $s, options: ["bind"]}]' --arg n "$name" --arg s "$T/src"
		args /guest ls "/m/$name"
		runs
		is "$output" here
	done
	for name in '/..' '/../..' '//' '/.' '.'; do
		no_more_mounts
		config '.mounts += [{destination: $n, type: "mqueue", source: "x"}]' --arg n "$name"
		ocirun run --bundle "$B" "$ID"
		[[ $status != 0 ]]
		no_container
	done
	no_more_mounts
	config '.mounts += [{destination: "", source: $s, options: ["bind"]}]' --arg s "$T/src"
	create_refused "mounts[6]" destination
	config 'del(.mounts[6].destination)'
	create_refused "mounts[6]" destination
}

@test "control characters of a config do not reach the terminal in messages" {
	config '.mounts += [{destination: "/mnt", source: "/none\u001b[31m\nfake: error", options: ["bind"]}]'
	refused "mounts[6]" -- create --bundle "$B" "$ID"
	lacks "$stderr" $'\e'
	is "$(wc -l <<<"$stderr")" 1
}
