#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Overlays whose lower layers have shifted ids: idmap, uidMappings and gidMappings of a mount of type overlay, and
# org.ocirun.rootfs.overlay.idmap for a root that is one.
load mount-helpers
load fuse-helpers

# $T/layers/1 above $T/layers/2; files "a" and "b" belong to the ids that are given, "of-root" to root.
shifted_layers() { # UID GID
	local n
	for n in 1 2; do
		mkdir -p "$T/layers/$n"
		echo "$n" >"$T/layers/$n/file$n"
		echo "$n" >"$T/layers/$n/of-root$n"
		chown "$1:$2" "$T/layers/$n" "$T/layers/$n/file$n"
	done
	lower=$T/layers/1:$T/layers/2
}

add_overlay() { # OPTION...
	config '.mounts += [{destination: "/mnt", type: "overlay", source: "overlay", options: $ARGS.positional}]' --args "$@"
}

owner() { # FILE: from the stat lines of the last output
	jq -r --arg p "$1" 'select(.path? == $p) | "\(.uid):\(.gid)"' <<<"$output"
}

# The container may mount and unmount.
may_mount() {
	config '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN", "CAP_CHOWN", "CAP_FOWNER", "CAP_DAC_OVERRIDE"])'
}

@test "idmap with a mapping of its own: the owners of all lower layers are shifted" {
	requires_root "shifts the ids of an ordinary file system"
	shifted_layers 1000 2000
	add_overlay "lowerdir=$lower" 'idmap=uids=1000-5-1;gids=2000-6-1'
	args /guest stat /mnt/file1 /mnt/file2 /mnt/of-root1
	runs
	is "$(owner /mnt/file1) $(owner /mnt/file2) $(owner /mnt/of-root1)" "5:6 5:6 65534:65534"
	is "$(stat -c %u:%g "$T/layers/1/file1")" 1000:2000
}

@test "shifted layers that the kernel does not take as descriptors are attached meanwhile, and nothing of that is left" {
	requires_root "shifts the ids of an ordinary file system"
	requires strace
	local error=EBADF
	overlay_is_new || error=EOPNOTSUPP
	shifted_layers 1000 2000
	add_overlay "lowerdir=$lower" 'idmap=uids=1000-5-1;gids=2000-6-1'
	guest stat /mnt/file1 /mnt/file2 -- cat /proc/self/mountinfo
	refuse_descriptors $error
	runs
	is "$(owner /mnt/file1) $(owner /mnt/file2)" "5:6 5:6"
	has "$(grep INJECTED "$T/trace")" " $error "
	is "$(grep -c "$T/layers" <<<"$output" || true)" 0
}

@test "uidMappings and gidMappings do the same, and what is copied up has the shifted owner" {
	requires_root "shifts the ids of an ordinary file system"
	shifted_layers 1000 2000
	mkdir "$T/upper" "$T/scratch"
	add_overlay "lowerdir=$lower" "upperdir=$T/upper" "workdir=$T/scratch"
	config '.mounts[-1] += {uidMappings: [{containerID: 1000, hostID: 7, size: 1}],
		gidMappings: [{containerID: 2000, hostID: 8, size: 1}]}'
	may_mount
	guest append /mnt/file1 more -- touch /mnt/new -- stat /mnt/file1
	runs
	is "$(owner /mnt/file1)" 7:8
	is "$(stat -c %u:%g "$T/upper/file1" "$T/upper/new")" $'7:8\n0:0'
	is "$(<"$T/layers/1/file1")" 1
}

@test "idmap with root's user namespace: files of the host's root are those of the container's" {
	requires_root "shifts the ids of an ordinary file system"
	config_many_ids
	shifted_layers 1000 1000
	mkdir "$T/upper" "$T/scratch"
	chown 1200000:1200000 "$T/upper" "$T/scratch"
	add_overlay "lowerdir=$lower" "upperdir=$T/upper" "workdir=$T/scratch" idmap
	may_mount
	guest stat /mnt/file1 /mnt/of-root2 -- append /mnt/of-root2 more
	runs
	is "$(owner /mnt/file1) $(owner /mnt/of-root2)" "1000:1000 0:0"
	is "$(stat -c %u:%g "$T/upper/of-root2")" 1200000:1200000
	is "$(<"$T/layers/2/of-root2")" 2
}

@test "the layers themselves cannot be reached from inside, not even by unmounting the overlay" {
	requires_root "shifts the ids of an ordinary file system"
	config_many_ids
	shifted_layers 0 0
	add_overlay "lowerdir=$lower" idmap
	may_mount
	guest umount /mnt -- ls /mnt -- mounts
	ocirun run --bundle "$B" "$ID"
	is "$status" 0
	lacks "$output" file1
	is "$(jq -r '[.[] | select(.options | contains("idmapped"))] | length' <<<"$(grep '^\[' <<<"$output")")" 0
}

@test "a hundred shifted layers, or as many as the kernel takes" {
	requires_root "shifts the ids of an ordinary file system"
	config_many_ids
	local n lower='' many=100
	overlay_is_new || many=50
	for ((n = 1; n <= many; n++)); do
		mkdir -p "$T/layers/$n"
		echo "$n" >"$T/layers/$n/file$n"
		lower+=${lower:+:}$T/layers/$n
	done
	add_overlay "lowerdir=$lower" idmap
	args /guest stat /mnt/file1 "/mnt/file$many"
	runs
	is "$(owner /mnt/file1) $(owner "/mnt/file$many")" "0:0 0:0"
}

@test "idmap without a mapping and without a user namespace is refused" {
	requires_root "an ordinary user has a user namespace always"
	shifted_layers 0 0
	add_overlay "lowerdir=$lower" idmap
	create_refused "mounts[6] /mnt" "user namespace" "it has none"
}

@test "layers of a file system of the host cannot be shifted by an ordinary user: layer, cause and remedy" {
	requires_user "root can"
	shifted_layers "$(id -u)" "$(id -g)"
	add_overlay "lowerdir=$lower" idmap
	create_refused "mounts[6] /mnt" "lower layer $T/layers/1" "CAP_SYS_ADMIN" "start the container as root"
}

@test "a layer with other mounts below it" {
	requires_root "shifts the ids of an ordinary file system"
	config_many_ids
	in_mount_namespace 'mkdir -p "$src/a/sub" "$src/b"; echo covered >"$src/a/sub/file"; mount -t tmpfs cover "$src/a/sub"'
	add_overlay "lowerdir=$T/src/a:$T/src/b" idmap
	args /guest ls /mnt/sub
	runs
	is "$output" file
}

@test "layers on a tmpfs that is the caller's own: an ordinary user can shift them" {
	requires unshare setpriv
	local caller=(unshare --mount --propagation private --map-root-user --map-auto)
	if [[ $ROOTLESS == 0 ]]; then
		id "$OCITEST_USER" >/dev/null 2>&1 || skip "no user $OCITEST_USER (tests/run makes it)"
		caller=(setpriv "--reuid=$OCITEST_USER" "--regid=$(id -g "$OCITEST_USER")" --init-groups "${caller[@]}")
	else
		requires_subids
	fi
	mkdir "$T/src"
	config '.linux.namespaces |= (map(select(.type != "user")) + [{type: "user"}]) |
		.linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}, {containerID: 1, hostID: 1, size: 99}] | .linux.gidMappings = .linux.uidMappings'
	add_overlay "lowerdir=$T/src/a:$T/src/b" 'idmap=uids=7-0-1#8-9-1;gids=7-0-1#8-9-1'
	[[ $ROOTLESS == 1 ]] || chown -R "$OCITEST_USER:" "$T"
	# shellcheck disable=SC2016
	WRAP=("${caller[@]}" bash -euc 'mount -t tmpfs none "$1"; mkdir "$1/a" "$1/b"; touch "$1/a/seven" "$1/b/eight"
		chown 7:7 "$1/a" "$1/a/seven"; chown 8:8 "$1/b/eight"; shift; exec "$@"' sh "$T/src")
	args /guest stat /mnt/seven /mnt/eight
	ocirun run --bundle "$B" "$ID"
	[[ $stderr != *"lower layer $T/src/a"*"does not support idmapped mounts on this kernel"* ]] ||
		skip "this kernel's tmpfs has no idmapped mounts (Linux 6.3 has)"
	succeeded
	is "$(owner /mnt/seven) $(owner /mnt/eight)" "0:0 9:9"
}

# ---- the root --------------------------------------------------------------------------------

# An image of the host's root, to be used with root's user namespace.
image_of_root() {
	requires_root "shifts the ids of an ordinary file system"
	config_many_ids
	chown -R 0:0 "$R"
	may_mount
	annotate rootfs.overlay.idmap true
}

@test "the root: an image of the host's root belongs to the container's, without a chown" {
	image_of_root
	annotate rootfs.overlay.upper tmpfs
	guest stat / /etc/passwd -- append /etc/passwd x -- chown /etc/group 1000 1000 -- stat /etc/group
	runs
	is "$(owner /) $(owner /etc/passwd) $(owner /etc/group)" "0:0 0:0 1000:1000"
	is "$(stat -c %u:%g "$R/etc/passwd" "$R/etc/group")" $'0:0\n0:0'
}

@test "the root: several layers and an upper directory, in which the container's ids are the host's" {
	image_of_root
	mkdir "$B/top" "$B/up" "$B/up.work"
	echo top >"$B/top/which"
	chown 1200000:1200000 "$B/up" "$B/up.work"
	annotate rootfs.overlay.lower top:rootfs rootfs.overlay.upper up rootfs.overlay.work up.work
	guest cat /which -- stat /which /etc/passwd -- append /etc/passwd x
	runs
	is "$(head -1 <<<"$output")" top
	output=$(tail -n +2 <<<"$output")
	is "$(owner /which) $(owner /etc/passwd)" "0:0 0:0"
	is "$(stat -c %u:%g "$B/up/etc/passwd")" 1200000:1200000
	is "$(stat -c %u:%g "$R/etc/passwd")" 0:0
}

@test "the root: without an upper one it is read-only, and no clone of the image that could be made writable" {
	image_of_root
	# MS_REMOUNT | MS_BIND
	guest stat /etc/passwd -- mount none / none 4128 -- touch /made
	ocirun run --bundle "$B" "$ID"
	is "$(owner /etc/passwd)" 0:0
	has "$stderr" "/made: EROFS"
	[[ ! -e $R/made ]]
}

@test "the root: without idmap the same image is nobody's" {
	image_of_root
	annotate rootfs.overlay.idmap false rootfs.overlay.upper tmpfs
	args /guest stat /etc/passwd
	runs
	is "$(owner /etc/passwd)" 65534:65534
}

@test "the root: neither true nor false; an ordinary user; no user namespace" {
	annotate rootfs.overlay.idmap maybe
	create_refused "org.ocirun.rootfs.overlay.idmap" maybe
	annotate rootfs.overlay.idmap true rootfs.overlay.upper tmpfs
	if [[ $ROOTLESS == 1 ]]; then
		create_refused "root overlay: lower layer" "CAP_SYS_ADMIN"
	else
		create_refused "root overlay: lower layer" "it has none"
	fi
}
