#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Mounts: their order and places, symlinks and /proc, file systems and their data.  Binds are in binds.bats.
load mount-helpers

@test "the usual mounts have their types, flags and data (config.md, Mounts)" {
	runs
	is "$(mount_of /proc | jq -r .type)" proc
	is "$(mount_of /dev | jq -r .type)" tmpfs
	has "$(mount_words /dev)" ,nosuid,
	lacks "$(mount_words /dev)" relatime
	has "$(mount_of /dev | jq -r .super)" mode=755
	has "$(mount_of /dev | jq -r .super)" size=65536k
	is "$(mount_of /dev/pts | jq -r .type)" devpts
	has "$(mount_of /dev/pts | jq -r .super)" ptmxmode=666
	is "$(mount_of /dev/mqueue | jq -r .type)" mqueue
	is "$(mount_of /sys | jq -r .type)" sysfs
	has "$(mount_words /sys)" ,ro,
	local flag
	for flag in nosuid noexec nodev; do
		has "$(mount_words /dev/shm)" ",$flag,"
	done
}

@test "mounts are made in the listed order (config.md, Mounts)" {
	mkdir -p "$T/one" "$T/two"
	touch "$T/one/first" "$T/two/second"
	add_mount /tmp "$T/one" bind
	add_mount /tmp/x tmpfs mode=755 tmpfs
	add_mount /tmp/x/deep "$T/two" bind
	add_mount /tmp "$T/two" bind
	args /guest ls /tmp
	runs
	is "$output" second
}

@test "missing targets are created: directories for directories, files for files, with their parents" {
	mkdir "$T/src"
	echo content >"$T/file"
	add_mount /new/dir "$T/src" bind
	add_mount /new/other/file "$T/file" bind
	add_mount /new/tmp tmpfs nosuid tmpfs
	args /guest "do" stat /new/dir /new/other/file /new/tmp -- cat /new/other/file
	runs
	is "$(grep -c directory <<<"$output")" 2
	has "$output" content
}

@test "a relative destination is below / (config.md, Mounts, deprecated)" {
	mkdir "$T/src"
	config '.mounts += [{destination: "some/where", source: $s, options: ["bind"]}]' --arg s "$T/src"
	args /guest mounts
	ocirun run --bundle "$B" "$ID"
	is "$status" 0
	[[ $(mount_of /some/where) != null ]]
}

@test "a mount without a type that is no bind is refused" {
	config '.mounts += [{destination: "/mnt", source: "x"}]'
	create_refused "mounts[6]" type
}

@test "an unknown file system is refused by its name" {
	add_mount /mnt none rw nosuchfs
	refused nosuchfs "mounts[6]" -- run --bundle "$B" "$ID"
	no_container
}

@test "a file over a directory and a directory over a file are refused" {
	mkdir "$T/src"
	echo x >"$T/file"
	add_mount /etc "$T/file" bind
	refused "mounts[6]" /etc -- run --bundle "$B" "$ID"
	config 'del(.mounts[6:])'
	add_mount /etc/passwd "$T/src" bind
	refused "mounts[6]" /etc/passwd -- run --bundle "$B" "$ID"
	no_container
}

@test "symlinks of the image stay inside: absolute, relative and dangling ones" {
	mkdir -p "$T/src" "$R/inside"
	touch "$T/src/here"
	ln -s /inside "$R/absolute"
	ln -s ../../../../../../inside "$R/relative"
	ln -s "$T/escaped" "$R/dangling"
	ln -s ../../../../../../../../../../"$T/escaped2" "$R/updown"
	local target
	for target in absolute relative dangling updown absolute/deeper; do
		config 'del(.mounts[6:])'
		add_mount "/$target" "$T/src" bind
		args /guest ls "/$target"
		runs
		is "$output" here
	done
	[[ ! -e $T/escaped && ! -e $T/escaped2 ]]
}

@test "a destination with .. stays inside" {
	mkdir "$T/src"
	touch "$T/src/here"
	add_mount /a/../../../b "$T/src" bind
	args /guest ls /b
	runs
	is "$output" here
	[[ -d $R/b ]]
}

@test "a file target that is a symlink does not make files outside (CVE-2024-45310)" {
	echo content >"$T/file"
	ln -s "$T/canary" "$R/etc/target"
	ln -s /../../../../../../../../"$T/canary2" "$R/etc/target2"
	add_mount /etc/target "$T/file" bind
	add_mount /etc/target2 "$T/file" bind
	args /guest cat /etc/target
	ocirun run --bundle "$B" "$ID"
	[[ ! -e $T/canary && ! -e $T/canary2 ]]
}

@test "/proc and /sys that are symlinks are refused (CVE-2019-19921, CVE-2023-27561)" {
	rmdir "$R/proc"
	mkdir "$R/other"
	ln -s other "$R/proc"
	refused /proc -- run --bundle "$B" "$ID"
	rm "$R/proc"
	mkdir "$R/proc"
	rmdir "$R/sys"
	ln -s /other "$R/sys"
	refused /sys -- run --bundle "$B" "$ID"
	no_container
}

@test "nothing may be mounted inside /proc, but for files like cpuinfo (CVE-2019-16884)" {
	mkdir "$T/src"
	echo fake >"$T/file"
	local target
	for target in /proc/self/attr /proc/1 /proc/sys /proc/self/exe /proc; do
		config 'del(.mounts[6:])'
		add_mount "$target" "$T/src" bind
		ocirun run --bundle "$B" "$ID"
		[[ $status != 0 ]] || { echo "mounted over $target" >&2; false; }
		has "$stderr" "mounts[6]"
	done
	for target in /proc/cpuinfo /proc/meminfo /proc/uptime /proc/stat; do
		config 'del(.mounts[6:])'
		add_mount "$target" "$T/file" bind
		args /guest cat "$target"
		runs
		is "$output" fake
	done
}

@test "the same of a tmpfs, and the options of its superblock" {
	local word words=(ro nosuid nodev noexec noatime nodiratime relatime nosymfollow) super=(sync dirsync lazytime)
	for word in "${words[@]}" "${super[@]}"; do
		add_mount "/m/$word" tmpfs "$word" tmpfs
	done
	runs
	for word in "${words[@]}"; do
		has "$word: $(mount_words "/m/$word")" ",$word,"
	done
	for word in "${super[@]}"; do
		has "$(mount_of "/m/$word" | jq -r .super),$(mount_words "/m/$word")" "$word"
	done
}

@test "every option of config.md's table is recognised on a tmpfs" {
	local word
	for word in async atime defaults dev diratime dirsync exec lazytime loud mand noatime nodev nodiratime noexec \
		nolazytime nomand norelatime nostrictatime nosuid nosymfollow private ratime rdev rdiratime \
		relatime rexec rnoatime rnodiratime rnoexec rnorelatime rnostrictatime rnosuid rnosymfollow ro rprivate \
		rrelatime rro rrw rslave rstrictatime rsuid rsymfollow runbindable rw silent slave strictatime suid \
		symfollow sync unbindable; do
		add_mount "/m/$word" tmpfs "$word" tmpfs
	done
	args /guest ls /m
	runs
}

@test "unknown options go to the file system as data, and a refusal tells the option" {
	add_mount /mnt tmpfs size=1m,nr_inodes=77,uid=0 tmpfs
	runs
	has "$(mount_of /mnt | jq -r .super)" nr_inodes=77
	config 'del(.mounts[6:])'
	add_mount /mnt tmpfs size=1m,nosuchoption=1 tmpfs
	refused nosuchoption "mounts[6]" -- run --bundle "$B" "$ID"
}

@test "tmpfs: size, mode and owner; without mode= that of the covered directory" {
	mkdir -m 1751 "$R/covered"
	add_mount /covered tmpfs nosuid tmpfs
	add_mount /given tmpfs mode=1700,size=8k tmpfs
	args /guest stat /covered /given
	runs
	is "$(jq -r .mode <<<"$output" | tr '\n' ' ')" "1751 1700 "
}

@test "tmpcopyup shows what was there, copied" {
	mkdir -p "$R/data/sub"
	echo content >"$R/data/sub/file"
	chmod 640 "$R/data/sub/file"
	ln -s sub/file "$R/data/link"
	add_mount /data tmpfs tmpcopyup tmpfs
	args /guest "do" cat /data/link -- stat /data/sub/file -- write /data/sub/file changed
	runs
	has "$output" content
	has "$output" '"mode":"0640"'
	is "$(<"$R/data/sub/file")" content
}

@test "tmpcopyup of something else than a tmpfs is refused" {
	mkdir "$T/src"
	add_mount /mnt "$T/src" bind,tmpcopyup
	create_refused tmpcopyup "mounts[6]"
}

@test "overlay with lower, upper and work directories" {
	mkdir -p "$T/lower" "$T/upper" "$T/work"
	echo low >"$T/lower/file"
	local data="lowerdir=$T/lower,upperdir=$T/upper,workdir=$T/work"
	[[ $ROOTLESS == 0 ]] || data+=,userxattr
	add_mount /mnt overlay "$data" overlay
	args /guest "do" cat /mnt/file -- write /mnt/file new
	runs
	is "$output" low
	is "$(<"$T/lower/file")" low
	is "$(<"$T/upper/file")" new
}

@test "sysfs without an own network namespace falls back to the host's /sys in a user namespace" {
	requires_user "root may mount sysfs"
	config '.linux.namespaces |= map(select(.type != "network"))'
	args /guest "do" ls /sys -- mounts
	runs
	has "$output" kernel
}

@test "a gid= of devpts that is not mapped does not stop the container" {
	requires_user "all ids are mapped"
	config '(.mounts[] | select(.type == "devpts")).options += ["gid=5"]'
	args /guest ls /dev/pts
	ocirun run --bundle "$B" "$ID"
	is "$status $output" "0 ptmx"
}

@test "no mounts at all" {
	config '.mounts = [] | del(.linux.maskedPaths, .linux.readonlyPaths)'
	args /guest echo bare
	runs
	is "$output" bare
}

@test "the same destination twice: the later mount is on top" {
	add_mount /mnt tmpfs size=4k tmpfs
	add_mount /mnt tmpfs size=8k tmpfs
	runs
	has "$(mount_of /mnt | jq -r .super)" size=8k
}

@test "the bundle is as before: only missing mount points were added" {
	mkdir "$T/src"
	find "$R" | sort >"$T/before"
	add_mount /new/place "$T/src" bind
	runs
	find "$R" | sort >"$T/after"
	is "$(comm -13 "$T/before" "$T/after")" "$R/new"$'\n'"$R/new/place"
}
