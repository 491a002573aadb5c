#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Idmapped mounts: uidMappings and gidMappings of a mount, and the options idmap and ridmap (config.md,
# Mounts), by the owners that files have inside and on the host.
load mount-helpers

# $T/src/ID is a file owned by ID and by group ID plus 1000.
owned_source() {
	local id
	mkdir -p "$T/src"
	chmod 777 "$T/src"
	for id; do
		echo "of $id" >"$T/src/$id"
		chown "$id:$((id + 1000))" "$T/src/$id"
	done
}

# map UID,SHOWN,COUNT GID,SHOWN,COUNT: mappings of the last mount.
map() {
	config '.mounts[-1] += {uidMappings: [$u | split(",") | map(tonumber) | {containerID: .[0], hostID: .[1], size: .[2]}],
		gidMappings: [$g | split(",") | map(tonumber) | {containerID: .[0], hostID: .[1], size: .[2]}]}' --arg u "$1" --arg g "$2"
}

# owners FILE...: "FILE UID:GID" of each, as seen inside; runs the container.
owners() {
	args /guest stat "$@"
	runs
	owners=$(jq -r '"\(.path) \(.uid):\(.gid)"' <<<"$output")
}

host_owner() { # FILE
	stat -c %u:%g "$1"
}

@test "uidMappings and gidMappings: owners are others inside, and files made inside get their owners back" {
	requires_root "shifts the ids of an ordinary file system"
	owned_source 1000 1001 5000
	chown 1000:2000 "$T/src"
	add_mount /mnt "$T/src" bind
	map 1000,0,10 2000,0,10
	owners /mnt/1000 /mnt/1001 /mnt/5000
	is "$owners" $'/mnt/1000 0:0\n/mnt/1001 1:1\n/mnt/5000 65534:65534'
	args /guest touch /mnt/new
	runs
	is "$(host_owner "$T/src/new")" 1000:2000
	is "$(host_owner "$T/src/1000")" 1000:2000
}

@test "an id that the mapping does not have can make no files" {
	requires_root "shifts the ids of an ordinary file system"
	owned_source 1000
	add_mount /mnt "$T/src" bind
	map 1000,7,1 2000,7,1
	args /guest touch /mnt/new
	ocirun run --bundle "$B" "$ID"
	has "$stderr" EOVERFLOW
	[[ ! -e $T/src/new ]]
}

@test "several ranges, and others for groups" {
	requires_root "shifts the ids of an ordinary file system"
	owned_source 0 1000 2000
	add_mount /mnt "$T/src" bind
	config '.mounts[6] += {uidMappings: [{containerID: 0, hostID: 3, size: 1}, {containerID: 1000, hostID: 0, size: 1},
			{containerID: 2000, hostID: 100, size: 5}],
		gidMappings: [{containerID: 1000, hostID: 8, size: 1}, {containerID: 2000, hostID: 9, size: 1}]}'
	owners /mnt/0 /mnt/1000 /mnt/2000
	is "$owners" $'/mnt/0 3:8\n/mnt/1000 0:9\n/mnt/2000 100:65534'
}

@test "the identity changes nothing" {
	requires_root "shifts the ids of an ordinary file system"
	owned_source 0 1000
	add_mount /mnt "$T/src" bind
	map 0,0,65536 0,0,65536
	owners /mnt/0 /mnt/1000
	is "$owners" $'/mnt/0 0:1000\n/mnt/1000 1000:2000'
}

@test "mappings with the options idmap and ridmap mean the same as without (config.md, Mounts)" {
	requires_root "shifts the ids of an ordinary file system"
	owned_source 1000
	local word
	for word in idmap ridmap rbind,idmap rbind,ridmap; do
		no_more_mounts
		add_mount /mnt "$T/src" "bind,$word"
		map 1000,0,1 2000,0,1
		owners /mnt/1000
		is "$word $owners" "$word /mnt/1000 0:0"
	done
}

@test "a file alone, read-only, with other options" {
	requires_root "shifts the ids of an ordinary file system"
	owned_source 1000
	add_mount /etc/hosts "$T/src/1000" bind,ro,nosuid,noexec,nodev,rprivate
	map 1000,0,1 2000,0,1
	args /guest "do" stat /etc/hosts -- mounts
	runs
	has "$output" '"uid":0,"gid":0'
	has "$output" '"target":"/etc/hosts","options":"ro,nosuid,nodev,noexec,relatime,idmapped"'
}

# A private host where $src has another mount below it, both of them directories of the file system that the tests are on.
source_with_mount_below() {
	mkdir "$T"/{top,below}
	mkdir "$T/top/sub"
	in_mount_namespace "mount --bind '$T/top' \"\$src\"; mount --bind '$T/below' \"\$src/sub\""
}

@test "idmap shifts the mount alone, ridmap those below it too" {
	requires_root "shifts the ids of ordinary file systems"
	source_with_mount_below
	touch "$T"/{top,below}/file
	chown 1000:2000 "$T"/{top,below}/file
	add_mount /one "$T/src" rbind,idmap
	map 1000,5,1 2000,6,1
	add_mount /all "$T/src" rbind,ridmap
	map 1000,5,1 2000,6,1
	owners /one/file /one/sub/file /all/file /all/sub/file
	is "$owners" $'/one/file 5:6\n/one/sub/file 1000:2000\n/all/file 5:6\n/all/sub/file 5:6'
}

@test "the mapping in the option: idmap=uids=...;gids=..." {
	requires_root "shifts the ids of an ordinary file system"
	owned_source 0 1000
	add_mount /mnt "$T/src" 'bind,idmap=uids=0-100-1#1000-0-2;gids=1000-7-1#2000-8-1'
	owners /mnt/0 /mnt/1000
	is "$owners" $'/mnt/0 100:7\n/mnt/1000 0:8'
	no_more_mounts
	add_mount /mnt "$T/src" 'rbind,ridmap=gids=2000-0-1;uids=1000-0-1'
	owners /mnt/1000
	is "$owners" "/mnt/1000 0:0"
}

@test "a mapping in the option that cannot be read is refused, and the message shows how it has to be" {
	mkdir "$T/src"
	local text
	for text in '' uids 'uids=' 'uids=0-1-1' 'uids=0-1-1;gids=' 'uids=0-1;gids=0-1-1' 'uids=a-0-1;gids=0-0-1' \
		'uids=0-0-0;gids=0-0-1' 'uids=0-0-1-1;gids=0-0-1' 'uids=-1-0-1;gids=0-0-1' 'ids=0-0-1' \
		'uids=0-0-4294967296;gids=0-0-1' 'uids=4294967295-0-2;gids=0-0-1' 'uids=0-0-1,gids=0-0-1'; do
		no_more_mounts
		config '.mounts += [{destination: "/mnt", source: $s, options: ["bind", "idmap=" + $t]}]' \
			--arg s "$T/src" --arg t "$text"
		create_refused "mounts[6]" "uids=stored-shown-count"
	done
}

@test "one of the two alone, or a mapping in both places, is refused (config.md, Mounts)" {
	mkdir "$T/src"
	add_mount /mnt "$T/src" bind
	map 0,0,1 0,0,1
	config 'del(.mounts[6].uidMappings)'
	create_refused "mounts[6]" uidMappings missing
	no_more_mounts
	add_mount /mnt "$T/src" 'bind,idmap=uids=0-0-1;gids=0-0-1'
	map 0,0,1 0,0,1
	create_refused "mounts[6]" both
}

@test "mappings that the kernel refuses: overlapping, empty, too large" {
	requires_root "shifts the ids of an ordinary file system"
	mkdir "$T/src"
	local maps
	for maps in '[{containerID: 0, hostID: 0, size: 10}, {containerID: 5, hostID: 50, size: 1}]' \
		'[{containerID: 0, hostID: 0, size: 0}]' '[{containerID: 4294967290, hostID: 0, size: 100}]'; do
		no_more_mounts
		add_mount /mnt "$T/src" bind
		config ".mounts[6] += {uidMappings: $maps, gidMappings: [{containerID: 0, hostID: 0, size: 1}]}"
		create_refused "mounts[6]"
	done
}

@test "idmap without a mapping and without a user namespace is refused (config.md, Linux mount options)" {
	requires_root "an ordinary user has a user namespace always"
	mkdir "$T/src"
	local word
	for word in idmap ridmap; do
		no_more_mounts
		add_mount /mnt "$T/src" "rbind,$word"
		create_refused "mounts[6]" "user namespace"
	done
}

@test "idmap with root's user namespace: the owners of the disk inside, and files made inside on the disk" {
	requires_root "shifts the ids of an ordinary file system"
	config_many_ids
	owned_source 0 1000
	add_mount /plain "$T/src" bind
	add_mount /mnt "$T/src" bind,idmap
	owners /mnt/0 /mnt/1000 /plain/0
	is "$owners" $'/mnt/0 0:1000\n/mnt/1000 1000:2000\n/plain/0 65534:65534'
	args /guest "do" touch /mnt/new -- chown /mnt/new 77 78
	config '.process.capabilities |= map_values(. + ["CAP_CHOWN"])'
	runs
	is "$(host_owner "$T/src/new")" 77:78
}

@test "mappings of a mount with root's user namespace lead to ids of the host (config.md, Mounts)" {
	requires_root "shifts the ids of an ordinary file system"
	config_many_ids
	owned_source 1000
	add_mount /mnt "$T/src" bind
	map 1000,1200000,1 2000,1200005,1
	add_mount /option "$T/src" 'bind,idmap=uids=1000-1200001-1;gids=2000-1200002-1'
	add_mount /relative "$T/src" 'bind,idmap=uids=@1000-3-1;gids=@2000-4-1'
	owners /mnt/1000 /option/1000 /relative/1000
	is "$owners" $'/mnt/1000 0:5\n/option/1000 1:2\n/relative/1000 3:4'
}

@test "ridmap with root's user namespace" {
	requires_root "shifts the ids of ordinary file systems"
	config_many_ids
	source_with_mount_below
	touch "$T"/{top,below}/file
	chown 1000:2000 "$T"/{top,below}/file
	add_mount /all "$T/src" rbind,ridmap
	owners /all/file /all/sub/file
	is "$owners" $'/all/file 1000:2000\n/all/sub/file 1000:2000'
}

@test "a tmpfs in a user namespace: its ids are right already, and can be mapped" {
	[[ $ROOTLESS == 1 ]] || config_many_ids
	add_mount /mnt tmpfs idmap tmpfs
	add_mount /again tmpfs ridmap,mode=711 tmpfs
	args /guest stat /mnt /again
	runs
	is "$(jq -r '"\(.path) \(.uid):\(.gid)"' <<<"$output")" $'/mnt 0:0\n/again 0:0'
}

@test "an ordinary user cannot shift the ids of the host's files: the message has cause and remedy" {
	requires_user "root can"
	mkdir "$T/src"
	add_mount /mnt "$T/src" bind,idmap
	refused "mounts[6]" /mnt idmap CAP_SYS_ADMIN "as root" -- run --bundle "$B" "$ID"
	no_container
	no_more_mounts
	add_mount /mnt "$T/src" bind
	map "0,$(id -u),1" "0,$(id -g),1"
	refused "mounts[6]" /mnt idmap CAP_SYS_ADMIN -- run --bundle "$B" "$ID"
	no_container
}

@test "a mapping to ids that the container does not have is refused, and told" {
	requires_user "root has all ids"
	mkdir "$T/src"
	add_mount /mnt "$T/src" 'bind,idmap=uids=0-4000000-1;gids=0-4000000-1'
	refused "mounts[6]" /mnt -- run --bundle "$B" "$ID"
	no_more_mounts
	add_mount /mnt "$T/src" 'bind,idmap=uids=@0-4000-1;gids=@0-4000-1'
	refused "mounts[6]" /mnt -- run --bundle "$B" "$ID"
}

@test "a file system without idmapped mounts is refused by name" {
	requires_root "an ordinary user gets another message"
	add_mount /mnt /proc bind
	map 0,0,1 0,0,1
	config '.mounts[6].destination = "/other"'
	refused "mounts[6]" "idmapped" -- run --bundle "$B" "$ID"
	no_container
	no_more_mounts
	add_mount /mnt none defaults mqueue
	map 0,0,1 0,0,1
	refused "mounts[6]" "idmapped" mqueue -- run --bundle "$B" "$ID"
	no_container
}

@test "a mount that is there already cannot be idmapped: remount,idmap is refused" {
	add_mount /tmp none remount,idmap
	create_refused "mounts[6]" idmapped
}

@test "a shifted source that is read-only on the host cannot be made writable inside" {
	requires_root "shifts the ids of an ordinary file system"
	config_many_ids
	in_mount_namespace 'mount --bind "$src" "$src"; mount -o remount,bind,ro,nosuid "$src"'
	config '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
	add_mount /mnt "$T/src" bind,idmap
	# MS_REMOUNT | MS_BIND
	guest mount none /mnt none 4128 -- touch /mnt/file -- mounts
	ocirun run --bundle "$B" "$ID"
	has "$stderr" EPERM
	flags_are /mnt ro nosuid
}

@test "what a mount covers below a shifted source cannot be uncovered inside" {
	requires_root "shifts the ids of ordinary file systems"
	config_many_ids
	source_with_mount_below
	echo secret >"$T/top/sub/secret"
	config '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
	local word
	for word in ridmap rprivate; do
		no_more_mounts
		# Without idmap: the way to the source is closed to the container's ids, so that the runtime opens it.
		[[ $word == ridmap ]] || chmod 700 "$T"
		add_mount /mnt "$T/src" "rbind,$word"
		guest umount /mnt/sub -- ls /mnt/sub
		ocirun run --bundle "$B" "$ID"
		is "$word $output" "$word "
		has "$stderr" EINVAL
	done
	chmod 755 "$T"
}

@test "the ids of many mounts at once" {
	requires_root "shifts the ids of an ordinary file system"
	owned_source 1000
	config '.mounts += [range(40) | {destination: "/m/\(.)", source: $s, options: ["bind"],
		uidMappings: [{containerID: 1000, hostID: ., size: 1}], gidMappings: [{containerID: 2000, hostID: ., size: 1}]}]' \
		--arg s "$T/src"
	owners /m/0/1000 /m/39/1000
	is "$owners" $'/m/0/1000 0:0\n/m/39/1000 39:39'
}
