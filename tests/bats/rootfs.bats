#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

@test "root.path absolute, relative to the bundle, with dots, and the bundle itself (config.md, Root)" {
	local path
	args /guest ls /
	cd /
	for path in rootfs "$R" ./rootfs ../bundle/rootfs "$B/../bundle/rootfs/" rootfs/; do
		config '.root.path = $p' --arg p "$path"
		runs
		has "$output" guest
	done
}

@test "root.path that is a symlink to a directory" {
	ln -s rootfs "$B/link"
	config '.root.path = "link"'
	args /guest ls /
	runs
	has "$output" guest
}

@test "a root that is missing, a file, or empty is refused before anything is made" {
	config '.root.path = "none"'
	create_refused "$B/none" root
	touch "$B/file"
	config '.root.path = "file"'
	create_refused file root
	config '.root.path = ""'
	create_refused root.path
	config 'del(.root.path)'
	create_refused root.path
	config 'del(.root)'
	create_refused root
}

@test "an image file as root.path: the message tells the annotation that takes it" {
	printf hsqs >"$B/root.squashfs"
	config '.root.path = "root.squashfs"'
	create_refused "root.path $B/root.squashfs" "not a directory" "org.ocirun.rootfs.image"
	mkfifo "$B/fifo"
	config '.root.path = "fifo"'
	create_refused "root.path $B/fifo" "not a directory"
	lacks "$stderr" org.ocirun.rootfs.image
}

@test "paths of 4000 bytes: the message begins with what is wrong and ends with the reason" {
	local long
	long=/$(printf 'directory%d/' {1000..1285})end
	is "${#long}" 4008
	config '.root.path = $p' --arg p "$long"
	create_refused "root.path /directory1000/" "(/directory1000 is missing): no such file or directory"
	config '.root.path = "rootfs" | .mounts += [{destination: "/x", type: "bind", source: $p, options: ["bind"]}]' --arg p "$long"
	create_refused "mounts[6] /x: source /directory1000/" "is missing): no such file or directory"
	touch "$R/directory1000"
	config '.mounts[6].destination = $p | .mounts[6].source = "rootfs"' --arg p "$long"
	create_refused "mounts[6] /directory1000/" "not a directory"
}

@test "a root below a directory that the user may not enter: the message names the directory" {
	requires_user "root may go everywhere"
	[[ ! -x /root ]] || skip "/root may be entered by anybody"
	config '.root.path = "/root/image"'
	create_refused "/root" searched
}

@test "root.readonly (config.md, Root)" {
	config '.root.readonly = true'
	guest touch /file -- touch /dev/file -- mounts
	ocirun run --bundle "$B" "$ID"
	has "$stderr" "/file: EROFS"
	lacks "$stderr" "/dev/file"
	output=$(tail -1 <<<"$output")
	has "$(mount_of / | jq -r .options)" ro
	[[ ! -e $R/file ]]
}

@test "root.readonly false or absent: the root is writable" {
	args /guest touch /file
	runs
	[[ -e $R/file ]]
}

@test "root.readonly and mounts on missing directories" {
	mkdir "$T/src"
	touch "$T/src/here"
	config '.root.readonly = true | .mounts += [{destination: "/new/deep", type: "bind", source: $s, options: ["bind"]}]' --arg s "$T/src"
	args /guest ls /new/deep
	runs
	is "$output" here
}

@test "rootfsPropagation (config-linux.md, Rootfs Mount Propagation)" {
	local word
	for word in private rprivate slave rslave shared rshared unbindable runbindable; do
		config '.linux.rootfsPropagation = $w' --arg w "$word"
		runs
		case $word in
		*private) is "$word $(mount_of / | jq -c .propagation)" "$word []" ;;
		*shared) has "$word $(mount_of / | jq -c .propagation)" "shared:" ;;
		*unbindable) has "$word $(mount_of / | jq -c .propagation)" "unbindable" ;;
		*slave) lacks "$word $(mount_of / | jq -c .propagation)" "shared:" ;;
		esac
	done
}

@test "an unknown rootfsPropagation is refused" {
	config '.linux.rootfsPropagation = "bogus"'
	create_refused linux.rootfsPropagation bogus
}

@test "a shared root does not share with the host: mounts made inside stay inside" {
	requires_root "may mount inside"
	config '.linux.rootfsPropagation = "shared" | .process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
	mkdir "$R/mnt"
	args /guest mount tmpfs /mnt tmpfs
	runs
	host_mounts_unchanged
}

@test "the old root cannot be reached" {
	guest mounts -- ls /.. -- ls /proc/1/root/..
	runs
	output=$(head -1 <<<"$output")
	is "$(jq '[.[] | select(.target == "/")] | length' <<<"$output")" 1
	lacks "$output" "/boot"
	holds 'all(.[]; .target | startswith("/"))'
}

@test "--no-pivot" {
	guest ls / -- touch /tmp/file
	runs --no-pivot
	has "$output" guest
	lacks "$output" boot
	[[ -e $R/tmp/file ]]
}

@test "--no-pivot with all the usual mounts, read-only root and masked paths" {
	config '.root.readonly = true'
	guest touch /file -- stat /proc/kcore -- cat /proc/self/mountinfo
	ocirun run --no-pivot --bundle "$B" "$ID"
	has "$stderr" "/file: EROFS"
	lacks "$output" "$(hostname)"
}

@test "a root directory that only its owner may enter" {
	chmod 700 "$R"
	args /guest echo inside
	runs
	is "$output" inside
}

@test "the image is not changed beyond missing mount points" {
	find "$R" -printf '%p %m %T@\n' | sort >"$T/before"
	args /guest true
	config '.root.readonly = true'
	runs
	find "$R" -printf '%p %m %T@\n' | sort >"$T/after"
	diff "$T/before" "$T/after"
}

@test "two containers on one root at the same time" {
	args /guest sleep
	started
	works run --detach --bundle "$B" "$ID-2"
	is "$(container_status "$ID-2")" running
}

@test "a root on another mount: tmpfs with flags" {
	requires_root "mounts"
	WRAP=(unshare --mount --propagation private bash -ec 'mount -t tmpfs -o nosuid,nodev t "$1"; cp -a "$2/." "$1"; shift 2; exec "$@"' root "$T/run" "$R")
	config '.root.path = $p | .root.readonly = true' --arg p "$T/run"
	runs
	has "$(mount_of / | jq -r .options)" nosuid
	has "$(mount_of / | jq -r .options)" nodev
	has "$(mount_of / | jq -r .options)" ro
}
