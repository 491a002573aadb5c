#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Many mounts, deep ones and big trees.
load mount-helpers

@test "a thousand binds" {
	mkdir "$T/src"
	touch "$T/src/here"
	config '.mounts += [range(1000) | {destination: "/m/\(.)", source: $s, options: ["rbind", "ro", "nosuid"]}]' --arg s "$T/src"
	args /guest "do" ls /m/0 -- ls /m/999 -- mounts
	runs
	is "$(head -n 2 <<<"$output")" $'here\nhere'
	is "$(tail -n +3 <<<"$output" | jq '[.[] | select(.target | startswith("/m/"))] | length')" 1000
	rm -rf "$R/m"
}

@test "five hundred binds of files" {
	local n
	mkdir "$T/src"
	for ((n = 0; n < 500; n++)); do
		echo "$n" >"$T/src/$n"
	done
	config '.mounts += [range(500) | {destination: "/etc/f/\(.)", source: "\($s)/\(.)", options: ["bind"]}]' --arg s "$T/src"
	args /guest cat /etc/f/0 /etc/f/499
	runs
	is "$output" $'0\n499'
}

@test "five hundred layers of an overlay" {
	local n lower=
	for ((n = 0; n < 500; n++)); do
		mkdir -p "$T/l/$n"
		lower+=${lower:+:}$T/l/$n
	done
	echo last >"$T/l/499/file"
	mkdir "$T/upper" "$T/work"
	add_mount /mnt overlay "lowerdir=$lower" overlay
	add_mount /written overlay "lowerdir=$lower,upperdir=$T/upper,workdir=$T/work" overlay
	args /guest "do" cat /mnt/file -- append /written/file more -- mounts
	if ! overlay_is_new; then # before Linux 6.5 the lower layers are one text of 255 bytes
		create_refused "/mnt" "less than 500 layers need" "merge some"
		return
	fi
	runs
	is "$(head -n 1 <<<"$output")" last
	[[ -e $T/upper/file ]]
}

@test "a hundred mounts, each in the one before" {
	config '.mounts += [range(1; 101) | . as $n | {destination: ([range($n) | "/d"] | add), type: "tmpfs", source: "tmpfs",
		options: ["mode=755", "size=64k"]}]'
	args /guest mounts
	runs
	is "$(jq '[.[] | select(.target | startswith("/d/")) | select(.type == "tmpfs")] | length' <<<"$output")" 99
	is "$(find "$R/d" -mindepth 1 | wc -l)" 0
}

@test "a hundred mounts, one on the other" {
	config '.mounts += [range(1; 101) | {destination: "/mnt", type: "tmpfs", source: "n\(.)", options: ["size=\(. * 4)k"]}]'
	runs
	super_is /mnt size=400k
}

@test "rbind of a tree with two hundred mounts, with flags for all" {
	in_mount_namespace 'mount -t tmpfs top "$src"
		for ((n = 0; n < 200; n++)); do mkdir "$src/$n"; mount --bind "$src" "$src/$n" 2>/dev/null || exit 1; done'
	add_mount /mnt "$T/src" rbind,rro,rnosuid,rnodev,rnoexec
	runs
	flags_are /mnt ro nosuid nodev noexec
	flags_are /mnt/199 ro nosuid nodev noexec
	is "$(jq '[.mounts[] | select(.target | startswith("/mnt/"))] | length' <<<"$output")" 200
}

@test "two hundred masked and two hundred read-only paths" {
	local n
	for ((n = 0; n < 200; n++)); do
		mkdir -p "$R/masked/$n" "$R/ro/$n"
		touch "$R/masked/$n/secret" "$R/masked/file$n"
	done
	config '.linux.maskedPaths += [range(200) | "/masked/\(.)", "/masked/file\(.)"] | .linux.readonlyPaths += [range(200) | "/ro/\(.)"]'
	args /guest "do" ls /masked/199 -- cat /masked/file199 -- touch /ro/199/new
	ocirun run --bundle "$B" "$ID"
	is "$output" ""
	has "$stderr" EROFS
}

@test "more mounts than the kernel allows (fs.mount-max) fail cleanly" {
	mkdir "$T/src"
	local max
	max=$(</proc/sys/fs/mount-max)
	((max <= 200000)) || skip "fs.mount-max is $max"
	# A tree that doubles with each bind: 2^17 is more than the limit.
	config '.mounts += [{destination: "/m", type: "tmpfs", source: "t"}] +
		[range(20) | {destination: "/m/\(.)", source: $s, options: ["rbind"]}]' --arg s "$R/m"
	refused "mounts[" "no space" -- run --bundle "$B" "$ID"
	no_container
}

@test "a mount on a path of 4000 bytes, and one that is too long" {
	mkdir "$T/src"
	touch "$T/src/here"
	local path
	path=$(printf '/%0200d' {1..19})
	add_mount "$path" "$T/src" bind
	args /guest ls "$path"
	runs
	is "$output" here
	no_more_mounts
	add_mount "$path$path" "$T/src" bind
	refused "mounts[6]" -- run --bundle "$B" "$ID"
	no_container
	no_more_mounts
	add_mount "/$(printf '%0300d' 0)" "$T/src" bind
	refused "mounts[6]" "too long" -- run --bundle "$B" "$ID"
}
