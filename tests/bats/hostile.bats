#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Images, volumes and configs that want a mount to land outside of the container's tree, or the runtime
# to make files there.  The vulnerabilities of other runtimes are in cve-*.bats.
load attack-helpers

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
	mkdir -p "$T/canary2/proc"
	ln -s "$T/canary2" "$B/other"
	local n
	exchanging "$R" "$B/other"
	add_mount /made/by/mount tmpfs ro tmpfs
	args /guest true
	for n in {1..20}; do
		ocirun run --bundle "$B" "$ID"
	done
	exchanged
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
