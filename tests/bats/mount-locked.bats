#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Flags of the host's mounts are locked in a user namespace (mount_namespaces(7)): they stay, whatever a
# default would make of them, and who asks to have them taken away is told that this is not possible.
load mount-helpers

locks='nosuid:suid nodev:dev noexec:exec ro:rw'

# $T/src/FLAG is a mount with that flag alone, $T/src/all one with all of them, $T/src/none without.
locked_sources() {
	in_mount_namespace 'mount -t tmpfs top "$src"
		for flag in nosuid nodev noexec ro; do
			mkdir -p "$src/$flag"; mount -t tmpfs "$flag" "$src/$flag"; echo here >"$src/$flag/file"
			mount -o "remount,bind,$flag" "$src/$flag"
		done
		mkdir "$src/all" "$src/none" "$src/super"; mount -t tmpfs all "$src/all"; mount -t tmpfs none "$src/none"
		mount -t tmpfs -o ro super "$src/super"
		mkdir "$src/all/sub"; mount -t tmpfs sub "$src/all/sub"
		for target in all/sub all; do mount -o remount,bind,ro,nosuid,nodev,noexec "$src/$target"; done'
	own_user_namespace
}

@test "without a user namespace nothing is locked: the flags can be taken away" {
	requires_root "an ordinary user has a user namespace always"
	locked_sources
	config '.linux.namespaces |= map(select(.type != "user")) | del(.linux.uidMappings, .linux.gidMappings)'
	local lock
	for lock in $locks; do
		echo "/m/${lock%:*} $T/src/${lock%:*} bind,${lock#*:}"
	done | add_mounts
	runs
	for lock in $locks; do
		flags_are "/m/${lock%:*}" "-${lock%:*}"
	done
}

@test "locked flags stay without a word: binds without options, with defaults, and that set others" {
	locked_sources
	local lock flag
	for lock in $locks; do
		flag=${lock%:*}
		echo "/a/$flag $T/src/$flag bind"
		echo "/b/$flag $T/src/$flag rbind,rprivate,defaults"
		echo "/c/$flag $T/src/$flag bind,ro,nosuid,nodev,noexec,nosymfollow"
		echo "/d/$flag $T/src/$flag rbind,rro,rnosuid,rnodev,rnoexec"
	done | add_mounts
	runs_with_warning
	for lock in $locks; do
		flag=${lock%:*}
		flags_are "/a/$flag" "$flag"
		flags_are "/b/$flag" "$flag"
		flags_are "/c/$flag" ro nosuid nodev noexec nosymfollow
		flags_are "/d/$flag" ro nosuid nodev noexec
	done
	lacks "$stderr" warning
}

@test "to take a locked flag away is an error that names the flag and what to do" {
	locked_sources
	local lock flag word
	for lock in $locks; do
		flag=${lock%:*} word=${lock#*:}
		no_more_mounts
		add_mount /mnt "$T/src/$flag" "bind,$word"
		refused "mounts[6]" /mnt "$flag" "locked" "\"$flag\"" -- run --bundle "$B" "$ID"
		no_container
		no_more_mounts
		add_mount /mnt "$T/src/all" "rbind,r$word"
		refused "mounts[6]" /mnt "$flag" "locked" -- run --bundle "$B" "$ID"
		no_container
	done
}

@test "to take away a flag that is not there is no error" {
	locked_sources
	local lock other
	for lock in $locks; do
		for other in $locks; do
			[[ $other == "$lock" ]] || echo "/m/${lock%:*}-${other#*:} $T/src/${lock%:*} bind,${other#*:}"
		done
	done | add_mounts
	add_mount /m/none "$T/src/none" rbind,rsuid,rdev,rexec,rrw
	runs
	for lock in $locks; do
		for other in $locks; do
			[[ $other == "$lock" ]] || flags_are "/m/${lock%:*}-${other#*:}" "${lock%:*}"
		done
	done
	flags_are /m/none rw -nosuid -nodev -noexec
}

@test "a file system that is read-only as a whole stays so" {
	locked_sources
	add_mount /mnt "$T/src/super" bind
	args /guest touch /mnt/file
	ocirun run --bundle "$B" "$ID"
	has "$stderr" EROFS
}

@test "nosymfollow is not locked (mount_namespaces(7) does not list it)" {
	in_mount_namespace 'mount -t tmpfs top "$src"; mount -o remount,bind,nosymfollow "$src"'
	own_user_namespace
	add_mount /kept "$T/src" bind
	add_mount /open "$T/src" bind,symfollow
	runs
	flags_are /kept nosymfollow
	flags_are /open -nosymfollow
}

@test "access times are locked: the mount is made, and a warning tells what was not" {
	in_mount_namespace 'for mode in noatime relatime strictatime; do
		mkdir -p "$src/$mode"; mount -t tmpfs -o "$mode" "$mode" "$src/$mode"; done'
	own_user_namespace
	local case
	for case in noatime:relatime noatime:strictatime noatime:atime relatime:noatime relatime:strictatime \
		relatime:nodiratime strictatime:noatime; do
		no_more_mounts
		add_mount /mnt "$T/src/${case%:*}" "bind,ro,${case#*:}"
		runs_with_warning "access times" ignored
		flags_are /mnt ro
		case ${case%:*} in
		strictatime) flags_are /mnt -noatime -relatime ;;
		*) flags_are /mnt "${case%:*}" ;;
		esac
	done
}

@test "access times that are as asked already need no warning" {
	in_mount_namespace 'for mode in noatime relatime strictatime; do
		mkdir -p "$src/$mode"; mount -t tmpfs -o "$mode" "$mode" "$src/$mode"; done'
	own_user_namespace
	local mode
	for mode in noatime relatime strictatime; do
		echo "/m/$mode $T/src/$mode bind,$mode"
	done | add_mounts
	add_mount /m/atime "$T/src/relatime" bind,atime,diratime
	add_mount /m/norelatime "$T/src/noatime" bind,norelatime
	runs_with_warning
	lacks "$stderr" "access times"
}

@test "the program cannot take a lock away either, even with CAP_SYS_ADMIN" {
	locked_sources
	config '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
	local lock
	for lock in $locks; do
		echo "/m/${lock%:*} $T/src/${lock%:*} rbind"
	done | add_mounts
	add_mount /m/all "$T/src/all" rbind
	# MS_REMOUNT | MS_BIND: without all other flags
	guest mount none /m/nosuid none 4128 -- mount none /m/nodev none 4128 -- mount none /m/noexec none 4128 -- \
		mount none /m/ro none 4128 -- umount /m/all/sub -- mounts
	ocirun run --bundle "$B" "$ID"
	is "$(grep -c EPERM <<<"$stderr") EPERM, $(grep -c EINVAL <<<"$stderr") EINVAL" "4 EPERM, 1 EINVAL"
	for lock in $locks; do
		flags_are "/m/${lock%:*}" "${lock%:*}"
	done
	flags_are /m/all/sub ro nosuid nodev noexec
}

@test "what a mount covers on the host cannot be uncovered inside" {
	in_mount_namespace 'mkdir -p "$src/sub"; echo secret >"$src/sub/secret"; mount -t tmpfs cover "$src/sub"'
	own_user_namespace
	config '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
	add_mount /mnt "$T/src" rbind
	guest umount /mnt/sub -- ls /mnt/sub
	ocirun run --bundle "$B" "$ID"
	has "$stderr" EINVAL
	lacks "$output" secret
	# Nor by leaving out the mounts below.
	no_more_mounts
	add_mount /mnt "$T/src" bind
	refused "mounts[6]" rbind -- run --bundle "$B" "$ID"
}

@test "a root file system with locked flags, and readonly on top (config.md, Root)" {
	in_mount_namespace "mount --bind '$R' '$R'; mount -o remount,bind,nosuid,nodev '$R'"
	own_user_namespace
	config '.root.readonly = true'
	runs
	flags_are / ro nosuid nodev
	# Read-only paths below keep the flags too.
	config '.root.readonly = false | .linux.readonlyPaths += ["/etc"]'
	runs
	flags_are / rw nosuid nodev
	flags_are /etc ro nosuid nodev
}

@test "locked flags with many ids: root's own user namespace" {
	requires_root "subordinate ids need no root of the host's mounts"
	config_many_ids
	in_mount_namespace 'mount -t tmpfs -o mode=777 top "$src"; mount -o remount,bind,nosuid,noexec "$src"'
	add_mount /kept "$T/src" bind,ro
	runs
	flags_are /kept ro nosuid noexec
	add_mount /mnt "$T/src" bind,exec
	refused "mounts[7]" noexec locked -- run --bundle "$B" "$ID"
}
