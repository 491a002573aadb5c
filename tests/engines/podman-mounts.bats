#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Podman: volumes of every kind.
# as: root user

load helpers
load podman-helpers

@test "a bind of a directory, of a file, read-only" {
	mkdir "$T/dir"
	echo inside >"$T/dir/file"
	does podman run --rm -v "$T/dir:/deep/er/dir" -v "$T/dir/file:/etc/one-file:ro" busybox sh -c 'cat /deep/er/dir/file /etc/one-file; echo new > /deep/er/dir/new'
	is "$(flat)" "inside inside"
	is "$(cat "$T/dir/new")" new
	ends 1 podman run --rm -v "$T/dir:/dir:ro" busybox touch /dir/x
	has "$stderr" "Read-only file system"
	ends 1 podman run --rm --mount "type=bind,source=$T/dir,target=/dir,readonly=true" busybox touch /dir/x
}

@test "mount options: noexec, nosuid, nodev" {
	mkdir "$T/dir"
	does podman run --rm -v "$T/dir:/dir:noexec,nosuid,nodev" busybox grep ' /dir ' /proc/self/mountinfo
	has "$output" "nosuid,nodev,noexec"
	ends 126 podman run --rm -v "$T/dir:/dir:noexec" -v "$(command -v busybox):/dir/busybox" busybox sh -c 'cp /bin/busybox /dir/b; /dir/b true'
}

@test "what is not there is an error that names it" {
	try podman run --rm -v "$T/none:/dir" busybox true
	[[ $status != 0 ]]
	has "$stderr" "$T/none"
}

@test "named volumes: kept, shared, filled from the image" {
	does podman volume create "$ID"
	does podman run --rm -v "$ID:/vol" busybox sh -c 'echo kept > /vol/file'
	does podman run --rm -v "$ID:/vol:ro" busybox cat /vol/file
	is "$output" kept
	does podman run --rm -v "$ID-etc:/etc" busybox cat /etc/passwd
	has "$output" alice
	does podman run --rm -v /anonymous busybox sh -c 'touch /anonymous/x; ls /anonymous'
	is "$output" x
	does podman volume rm "$ID" "$ID-etc"
}

@test ":U gives a volume to the container's user" {
	mkdir "$T/dir"
	does podman run --rm --user 1000 -v "$T/dir:/dir:U" busybox sh -c 'stat -c %u /dir; touch /dir/mine'
	is "$output" 1000
	does podman run --rm --user 1000 -v "$ID:/vol:U" busybox touch /vol/mine
}

@test ":O, changes that go away with the container" {
	mkdir "$T/dir"
	echo lower >"$T/dir/file"
	does podman run --rm -v "$T/dir:/dir:O" busybox sh -c 'echo upper > /dir/file; touch /dir/new; cat /dir/file; ls /dir'
	is "$(flat)" "upper file new"
	is "$(cat "$T/dir/file")" lower
	[[ ! -e $T/dir/new ]]
	mkdir "$T/upper" "$T/work"
	does podman run --rm -v "$T/dir:/dir:O,upperdir=$T/upper,workdir=$T/work" busybox sh -c 'echo upper > /dir/file'
	is "$(cat "$T/upper/file")" upper
}

@test "an id-mapped volume: the files have the container's owners" {
	requires_root "a file system of the host is not id-mapped for an ordinary user"
	mkdir "$T/dir"
	touch "$T/dir/file"
	chown 1000:1000 "$T/dir/file"
	does podman run --rm --uidmap 0:5000000:65536 --gidmap 0:5000000:65536 -v "$T/dir:/dir:idmap" busybox sh -c 'stat -c %u:%g /dir/file; touch /dir/new'
	is "$output" 1000:1000
	is "$(stat -c %u:%g "$T/dir/new")" 0:0
}

@test "tmpfs: size, mode, what the image had there; devpts" {
	does podman run --rm --tmpfs /etc:size=1m,mode=0700 busybox sh -c 'stat -c %a /etc; cat /etc/group | head -n 1; df -k /etc | tail -n 1'
	has "$output" 700
	has "$output" root:x:0
	has "$output" 1024
	does podman run --rm --mount type=tmpfs,tmpfs-size=512k,destination=/t,tmpfs-mode=1777 busybox stat -c %a /t
	is "$output" 1777
	does podman run --rm --mount type=tmpfs,destination=/t,notmpcopyup busybox ls /t
	does podman run --rm --mount type=devpts,destination=/dev/pts2 busybox ls /dev/pts2
}

@test "ramfs, a part of a volume, all files that match a pattern" {
	podman_at_least 5.4 || skip "this Podman does not have them all"
	does podman run --rm --mount type=ramfs,destination=/r busybox grep ' /r ' /proc/mounts
	has "$output" ramfs
	does podman run --rm -v "$ID:/vol" busybox sh -c 'mkdir /vol/sub; echo part > /vol/sub/file'
	does podman run --rm --mount "type=volume,source=$ID,destination=/part,subpath=/sub" busybox cat /part/file
	is "$output" part
	echo one >"$T/one.txt"
	echo two >"$T/two.txt"
	does podman run --rm --mount "type=glob,source=$T/*.txt,destination=/globbed,ro" busybox sh -c 'cat /globbed/*.txt; touch /globbed/one.txt || echo refused'
	is "$(flat)" "one two refused"
}

@test "an image as a volume" {
	does podman run --rm --mount type=image,source=busybox,destination=/img busybox cat /img/etc/group
	has "$output" team
	ends 1 podman run --rm --mount type=image,source=busybox,destination=/img busybox touch /img/x
	does podman run --rm --mount type=image,source=busybox,destination=/img,rw=true busybox touch /img/x
}

@test "rslave: what the host mounts later arrives" {
	requires_root "an ordinary user mounts nothing on the host"
	mkdir "$T/dir" "$T/other"
	mount --bind "$T/dir" "$T/dir"
	mount --make-shared "$T/dir"
	mkdir "$T/dir/sub"
	sleeper -v "$T/dir:/dir:rslave" -v "$T/dir:/private:rprivate"
	mount -t tmpfs later "$T/dir/sub"
	touch "$T/dir/sub/file"
	does podman exec "$ID" ls /dir/sub
	is "$output" file
	does podman exec "$ID" ls /private/sub
	is "$output" ""
	does podman rm --force --time 0 "$ID"
	umount "$T/dir/sub" "$T/dir"
}

@test "rshared: what the container mounts arrives at the host" {
	requires_root "an ordinary user's mounts do not leave his user namespace"
	mkdir "$T/dir"
	mount --bind "$T/dir" "$T/dir"
	mount --make-shared "$T/dir"
	mkdir "$T/dir/sub"
	sleeper --privileged -v "$T/dir:/dir:rshared"
	does podman exec "$ID" mount -t tmpfs inner /dir/sub
	does podman exec "$ID" touch /dir/sub/file
	[[ -e $T/dir/sub/file ]]
	does podman rm --force --time 0 "$ID"
	umount -l "$T/dir/sub" "$T/dir" || umount -l "$T/dir"
}

@test "read-only is recursive, the words are in the mount table" {
	mkdir -p "$T/dir/sub"
	if [[ $ROOTLESS == 0 ]]; then mount -t tmpfs sub "$T/dir/sub"; fi
	does podman run --rm -v "$T/dir:/dir:ro,rslave" busybox grep ' /dir ' /proc/self/mountinfo
	has "$output" ro
	does podman run --rm -v "$T/dir:/dir:shared" busybox grep ' /dir ' /proc/self/mountinfo
	if [[ $ROOTLESS == 0 ]]; then umount "$T/dir/sub"; fi
}

@test "--volumes-from, over a symbolic link of the image" {
	does podman create --name "$ID" -v "$ID:/vol" busybox true
	does podman run --rm --volumes-from "$ID" busybox sh -c 'touch /vol/x; ls /vol'
	is "$output" x
	echo linked >"$T/file"
	printf 'FROM busybox\nRUN ln -s /tmp/target /link && touch /tmp/target\n' >"$T/Containerfile"
	does podman build --quiet --tag "link-$ID" "$T"
	does podman run --rm -v "$T/file:/link" "link-$ID" cat /tmp/target
	is "$output" linked
	does podman rmi "link-$ID"
}

@test "a link of the image that leads out of it stays in it" {
	printf 'FROM busybox\nRUN ln -s ../../../../../../../../../tmp/outside /link\n' >"$T/Containerfile"
	does podman build --quiet --tag "evil-$ID" "$T"
	echo contents >"$T/file"
	does podman run --rm -v "$T/file:/link" "evil-$ID" cat /tmp/outside
	is "$output" contents
	[[ ! -e /tmp/outside ]]
	does podman rmi "evil-$ID"
}

@test "the files that Podman writes: hosts, resolv.conf, hostname, .containerenv" {
	does podman run --rm --add-host example.test:192.0.2.1 --dns 192.0.2.2 --hostname box busybox cat /etc/hosts /etc/resolv.conf /etc/hostname /run/.containerenv
	has "$output" "example.test"
	has "$output" "192.0.2.2"
	has "$output" box
}
