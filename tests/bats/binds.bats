#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Binds: sources and targets, flags, the mounts below the source, propagation, id mappings.
load mount-helpers

@test "a bind shows the source, writable" {
	mkdir "$T/src"
	echo content >"$T/src/file"
	add_mount /mnt "$T/src" bind
	args /guest "do" cat /mnt/file -- write /mnt/new text
	runs
	is "$output" content
	is "$(<"$T/src/new")" text
}

@test "a bind of a file" {
	echo content >"$T/file"
	touch "$R/etc/target"
	add_mount /etc/target "$T/file" bind
	args /guest cat /etc/target
	runs
	is "$output" content
}

@test "bind of a device, a socket and a fifo on missing targets" {
	mkfifo "$T/fifo"
	requires python3
	python3 -c 'import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$T/socket"
	add_mount /new/null /dev/null bind
	add_mount /new/fifo "$T/fifo" bind
	add_mount /new/socket "$T/socket" bind
	args /guest stat /new/null /new/fifo /new/socket
	runs
	is "$(jq -r .type <<<"$output" | tr '\n' ' ')" "char fifo socket "
}

@test "the options of bind may come with any type or none" {
	mkdir "$T/src"
	touch "$T/src/here"
	local type
	for type in none bind "" whatever; do
		config 'del(.mounts[6:])'
		add_mount /mnt "$T/src" rbind,rprivate "$type"
		args /guest ls /mnt
		runs
		is "$output" here
	done
}

@test "an empty option is ignored, as engines send it" {
	mkdir "$T/src"
	add_mount /mnt "$T/src" ",bind,,ro,"
	add_mount /mnt2 tmpfs "," tmpfs
	runs
	has "$(mount_words /mnt)" ,ro,
}

@test "the source of a bind is relative to the bundle (config.md, Mounts)" {
	mkdir "$B/data"
	touch "$B/data/here"
	add_mount /mnt data bind
	args /guest ls /mnt
	cd /
	runs
	is "$output" here
}

@test "a symlink as source is followed" {
	mkdir "$T/real"
	touch "$T/real/here"
	ln -s real "$T/link"
	add_mount /mnt "$T/link" bind
	args /guest ls /mnt
	runs
	is "$output" here
}

@test "a missing source is refused: the message has index, destination and source" {
	add_mount /mnt "$T/none/below" bind
	create_refused "mounts[6]" /mnt "$T/none" "no such file or directory"
	[[ ! -e $R/mnt ]]
}

@test "ro, nosuid, nodev, noexec and the atime words of a bind (config.md, Linux mount options)" {
	mkdir "$T/src"
	# In a user namespace the access time settings of the host's mounts are locked (mount_namespaces(7)).
	local word words=(ro nosuid nodev noexec nosymfollow)
	[[ $ROOTLESS == 1 ]] || words+=(noatime nodiratime relatime)
	for word in "${words[@]}" strictatime; do
		add_mount "/m/$word" "$T/src" "bind,$word"
	done
	[[ $ROOTLESS == 0 ]] || config 'del(.mounts[-1])'
	runs
	for word in "${words[@]}"; do
		has "$word: $(mount_words "/m/$word")" ",$word,"
	done
	lacks "$(mount_words /m/nosuid)" ,ro,
	[[ $ROOTLESS == 0 ]] || return 0
	lacks "$(mount_words /m/strictatime)" relatime
	lacks "$(mount_words /m/strictatime)" noatime
}

@test "of contradicting options the last one wins (mount(8))" {
	mkdir "$T/src"
	add_mount /m/a "$T/src" bind,ro,rw
	add_mount /m/b "$T/src" bind,rw,ro
	add_mount /m/c "$T/src" bind,nosuid,suid,nodev,dev,noexec,exec
	add_mount /m/d tmpfs noatime,relatime,noexec,exec tmpfs
	runs
	has "$(mount_words /m/a)" ,rw,
	has "$(mount_words /m/b)" ,ro,
	lacks "$(mount_words /m/c)" ,nosuid,
	lacks "$(mount_words /m/c)" ,noexec,
	has "$(mount_words /m/d)" ,relatime,
	lacks "$(mount_words /m/d)" ,noexec,
}

@test "unknown options of a bind are refused, not dropped" {
	mkdir "$T/src"
	add_mount /mnt "$T/src" bind,nosuchoption
	create_refused nosuchoption "mounts[6]"
}

@test "ro of a bind is of the mount, not of the source" {
	mkdir "$T/src"
	add_mount /mnt "$T/src" bind,ro
	args /guest touch /mnt/file
	ocirun run --bundle "$B" "$ID"
	is "$status" 1
	has "$stderr" EROFS
	touch "$T/src/file"
}

@test "rbind shows the mounts below, bind does not" {
	in_mount_namespace 'mkdir -p "$src/sub"; mount -t tmpfs sub "$src/sub"; touch "$src/sub/here"'
	add_mount /mnt "$T/src" rbind
	args /guest ls /mnt/sub
	runs
	is "$output" here
}

@test "bind without r of a source with mounts below, which a user may not uncover, tells to use rbind" {
	requires_user "root may uncover them"
	in_mount_namespace 'mkdir -p "$src/sub"; mount -t tmpfs sub "$src/sub"'
	add_mount /mnt "$T/src" bind
	refused rbind "mounts[6]" -- run --bundle "$B" "$ID"
}

@test "rro makes the mounts below read-only too, ro does not" {
	in_mount_namespace 'mkdir -p "$src/sub"; mount -t tmpfs sub "$src/sub"'
	add_mount /one "$T/src" rbind,ro
	add_mount /all "$T/src" rbind,rro,rnosuid,rnoexec,rnodev
	runs
	has "$(mount_words /one)" ,ro,
	has "$(mount_words /one/sub)" ,rw,
	local flag
	for flag in ro nosuid noexec nodev; do
		has "$(mount_words /all)" ",$flag,"
		has "$(mount_words /all/sub)" ",$flag,"
	done
}

@test "rro with slave or shared: a warning tells that later mounts arrive as they are" {
	mkdir "$T/src"
	add_mount /mnt "$T/src" rbind,rro,rslave
	guest true
	runs_with_warning "mounts[6] /mnt: what is mounted below its source later" "rprivate keeps out others"
	config '.mounts[6].options[2] = "rprivate"'
	ocirun --log-level warning run --bundle "$B" "$ID"
	succeeded
}

@test "locked flags of the source are kept, and do not make the bind fail" {
	in_mount_namespace 'mount -t tmpfs -o nosuid,nodev,noexec,noatime lock "$src"'
	config '.linux.namespaces |= (map(select(.type != "user")) + [{type: "user"}]) |
		.linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}] | .linux.gidMappings = .linux.uidMappings'
	add_mount /plain "$T/src" bind
	add_mount /ro "$T/src" bind,ro
	add_mount /exec "$T/src" bind,rw
	runs
	local target
	for target in /plain /ro /exec; do
		for flag in nosuid nodev noexec; do
			has "$target: $(mount_words $target)" ",$flag,"
		done
	done
	has "$(mount_words /ro)" ,ro,
}

@test "propagation as configured: private, slave, shared, unbindable (config.md, Linux mount options)" {
	requires_root "a user's mounts cannot be shared with the host"
	in_mount_namespace 'mount -t tmpfs t "$src"; mount --make-shared "$src"'
	local word
	for word in private rprivate slave rslave shared rshared unbindable runbindable; do
		add_mount "/m/$word" "$T/src" "rbind,$word"
	done
	add_mount /m/default "$T/src" rbind
	runs
	local target
	for target in private rprivate default; do
		is "$target $(mount_of "/m/$target" | jq -c .propagation)" "$target []"
	done
	for target in slave rslave; do
		has "$target $(mount_of "/m/$target" | jq -c .propagation)" "master:"
		lacks "$(mount_of "/m/$target" | jq -c .propagation)" "shared:"
	done
	for target in shared rshared; do
		has "$target $(mount_of "/m/$target" | jq -c .propagation)" "shared:"
	done
	for target in unbindable runbindable; do
		has "$target $(mount_of "/m/$target" | jq -c .propagation)" "unbindable"
	done
}

@test "propagation in a user namespace: slave receives, unbindable is, private has none" {
	in_mount_namespace 'mount -t tmpfs t "$src"; mount --make-shared "$src"'
	config '.linux.namespaces |= (map(select(.type != "user")) + [{type: "user"}]) |
		.linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}] | .linux.gidMappings = .linux.uidMappings'
	add_mount /m/slave "$T/src" rbind,rslave
	add_mount /m/private "$T/src" rbind,rprivate
	add_mount /m/unbindable "$T/src" rbind,unbindable
	runs
	has "$(mount_of /m/slave | jq -c .propagation)" "master:"
	is "$(mount_of /m/private | jq -c .propagation)" "[]"
	has "$(mount_of /m/unbindable | jq -c .propagation)" "unbindable"
}

@test "a mount that the host makes later arrives through rslave, and not through rprivate" {
	mkdir "$T/src"
	add_mount /slave "$T/src" rbind,rslave
	add_mount /private "$T/src" rbind,rprivate
	cat >"$T/script" <<-'END'
		src=$1 bundle=$2 id=$3; shift 3
		mount -t tmpfs t "$src"; mount --make-shared "$src"; mkdir "$src/late"
		"$@" create --bundle "$bundle" "$id"
		mount -t tmpfs late "$src/late"; touch "$src/late/here"
		"$@" start "$id"
		for i in {1..200}; do [[ $("$@" state "$id") == *'"stopped"'* ]] && break; sleep 0.02; done
		"$@" delete --force "$id"
	END
	args /guest "do" echo slave -- ls /slave/late -- echo private -- ls /private/late
	local map=()
	if [[ $ROOTLESS == 1 ]]; then
		map=(--map-root-user)
		config '.linux.uidMappings[0].hostID = 0 | .linux.gidMappings[0].hostID = 0'
	fi
	# shellcheck disable=SC2086
	timeout 20 unshare --mount --propagation private "${map[@]}" bash -e "$T/script" "$T/src" "$B" "$ID" \
		"$OCIRUN" ${OCIRUN_ARGS:-} --root "$T/state" >"$T/calls/late" 3>&-
	is "$(<"$T/calls/late")" $'slave\nhere\nprivate'
}

@test "one of uidMappings and gidMappings alone is refused (config.md, Mounts)" {
	mkdir "$T/src"
	add_mount /mnt "$T/src" bind
	config '.mounts[6].uidMappings = [{containerID: 0, hostID: 1, size: 1}]'
	create_refused "mounts[6]" gidMappings
}

@test "mappings of a mount show other owners (config.md, Mounts)" {
	requires_root "maps ids of an ordinary file system"
	mkdir "$T/src"
	touch "$T/src/file"
	chown 1000:2000 "$T/src/file"
	add_mount /mnt "$T/src" bind
	config '.mounts[6].uidMappings = [{containerID: 1000, hostID: 5, size: 1}] |
		.mounts[6].gidMappings = [{containerID: 2000, hostID: 6, size: 1}]'
	args /guest stat /mnt/file
	runs
	fact_is .uid 5 .gid 6
}

@test "idmap uses the mapping of the container's user namespace" {
	requires_root "maps ids of an ordinary file system"
	mkdir "$T/src"
	touch "$T/src/file"
	chown 1000:2000 "$T/src/file"
	config_many_ids
	add_mount /mnt "$T/src" bind,idmap
	args /guest stat /mnt/file
	runs
	fact_is .uid 1000 .gid 2000
}

@test "idmap without any mapping is refused (config.md, Linux mount options)" {
	requires_root "the container has a user namespace as a user"
	mkdir "$T/src"
	add_mount /mnt "$T/src" bind,idmap
	create_refused "mounts[6]" idmap
}

@test "a source that the user may not reach: the message names the directory" {
	requires_user "root may go everywhere"
	[[ ! -x /root ]] || skip "/root may be entered by anybody"
	add_mount /mnt /root/below bind
	create_refused "mounts[6]" /root searched
}

@test "a hundred binds" {
	mkdir "$T/src"
	touch "$T/src/here"
	config '.mounts += [range(100) | {destination: "/m/\(.)", source: $s, options: ["rbind", "ro"]}]' --arg s "$T/src"
	args /guest ls /m/99
	runs
	is "$output" here
}
