#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Why a mount was refused: the message names the cause, and what it tells to do about it helps.
load mount-helpers
load fuse-helpers

# A container whose root is a subordinate id, so that what belongs to the caller is somebody else's.
root_is_a_subid() {
	requires_subids
	subuid=$(subid /etc/subuid)
	config '.linux.uidMappings = [{containerID: 0, hostID: $u, size: 1000}] |
		.linux.gidMappings = [{containerID: 0, hostID: $g, size: 1000}]' \
		--argjson u "$subuid" --argjson g "$(subid /etc/subgid)"
	mkdir -p "$T/closed/data" "$R/mnt"
	chmod 700 "$T/closed"
}

@test "a source below a directory that is not searchable: directory, mode, owner, who we are; chmod helps" {
	root_is_a_subid
	add_mount /mnt "$T/closed/data" bind
	create_refused "mounts[6] /mnt: source $T/closed/data ($T/closed, mode 0700 of an owner that the container does not have," \
		"by the container's root, which is user $subuid outside)" "permission denied; chmod o+x $T/closed"
	chmod o+x "$T/closed"
	runs
}

@test "the same of root.path and of a layer" {
	root_is_a_subid
	mv "$R" "$T/closed/rootfs"
	config '.root.path = $p' --arg p "$T/closed/rootfs"
	create_refused "root.path $T/closed/rootfs ($T/closed, mode 0700" "chmod o+x $T/closed"
	mv "$T/closed/rootfs" "$R"
	config '.root.path = "rootfs"'
	add_mount /mnt overlay "lowerdir=$T/closed/data:$B" overlay
	create_refused "mounts[6] /mnt: lowerdir $T/closed/data ($T/closed, mode 0700" "chmod o+x $T/closed"
	chmod o+x "$T/closed"
	runs
}

@test "paths that are missing, lead nowhere, or through a file: the component" {
	add_mount /mnt "$T/none/of/these" bind
	create_refused "mounts[6] /mnt: source $T/none/of/these ($T/none is missing): no such file or directory"
	ln -s nowhere "$T/link"
	config '.mounts[6].source = $s' --arg s "$T/link/x"
	create_refused "($T/link is a symbolic link to nowhere): no such file or directory"
	touch "$T/file"
	config '.mounts[6].source = $s' --arg s "$T/file/x"
	create_refused "source $T/file/x ($T/file is not a directory): not a directory"
	ln -s round "$T/round"
	config '.mounts[6].source = $s' --arg s "$T/round"
	create_refused "source $T/round: too many levels of symbolic links"
}

@test "targets: a directory on a file, a file on a directory, a link in a circle, a closed directory of the image" {
	mkdir "$T/dir"
	touch "$T/file" "$R/etc/there"
	ln -s round "$R/round"
	add_mount /etc/there "$T/dir" bind
	create_refused "mounts[6] /etc/there: the source is a directory, and the destination is a file: not a directory"
	no_more_mounts
	add_mount /etc "$T/file" bind
	create_refused "mounts[6] /etc: the source is a file, and" "is a directory: is a directory"
	no_more_mounts
	add_mount /etc/there/below "$T/dir" bind
	create_refused "mounts[6] /etc/there/below: the source is a directory, and what is there, or a part of its path, is no directory"
	no_more_mounts
	add_mount /round "$T/dir" bind
	create_refused "mounts[6] /round: the path runs in a circle of symbolic links"
}

@test "a target that is missing in an image that cannot be written: create it helps" {
	root_is_a_subid
	mkdir "$T/dir"
	add_mount /missing "$T/dir" bind
	create_refused "mounts[6] /missing: the directory to mount on cannot be opened or made by the container's root: permission denied" \
		"create /missing in the image"
	mkdir "$R/missing"
	runs
}

@test "a target that is missing on a file system that is read-only: create it helps" {
	mkdir "$T/dir"
	in_mount_namespace 'mkdir -p "$src/low"; mount -t tmpfs none "$src/low"; mkdir "$src/low/there"; mount -o remount,bind,ro "$src/low"'
	add_mount /mnt "$T/src/low" rbind
	add_mount /mnt/missing "$T/dir" bind
	create_refused "mounts[7] /mnt/missing: the directory to mount on cannot be opened or made in mounts[6] /mnt: read-only file system" \
		"create missing in $T/src/low"
	config '.mounts[7].destination = "/mnt/there"'
	runs
}

@test "a type that the kernel does not know, and one that it refuses in a user namespace" {
	add_mount /mnt none defaults nosuchfs
	create_refused "mounts[6] /mnt: the kernel knows no file system of type \"nosuchfs\""
	own_user_namespace
	config '.mounts[6].type = "bpf"'
	create_refused "mounts[6] /mnt: cannot make a file system of type bpf" "in a user namespace most types cannot be mounted"
}

@test "a target in a file system that an earlier mount has put there: which one" {
	touch "$T/file"
	add_mount /dev/pts/7 "$T/file" bind
	create_refused "mounts[6] /dev/pts/7: the file to mount on cannot be opened or made in mounts[2] /dev/pts" "a devpts has no place for it"
	config '.mounts[6].destination = "/sys/missing"'
	create_refused "mounts[6] /sys/missing: the file to mount on cannot be opened or made in mounts[5] /sys" "a sysfs has no place for it"
}

@test "types that want something else: fuse a server, none a word, ext4 and squashfs another type" {
	add_mount /mnt none defaults none
	create_refused "mounts[6] /mnt: the kernel knows no file system of type \"none\"" "options need \"bind\" or \"rbind\""
	config '.mounts[6].type = "fuse"'
	create_refused "mounts[6] /mnt: cannot make a file system of type fuse" "the type fuse.PROGRAM starts one"
	own_user_namespace
	config '.mounts[6].type = "ext4"'
	create_refused "mounts[6] /mnt: cannot make a file system of type ext4" "the type fuse.fuse2fs reads it without privilege"
	config '.mounts[6].type = "tmpfs" | .mounts[6].source = "x" * 300'
	create_refused "mounts[6] /mnt: cannot make a file system of type tmpfs" "its source has 300 bytes, and the kernel takes 255"
}

@test "options in one string with commas: each is a string of its own" {
	add_mount /mnt tmpfs "" tmpfs
	config '.mounts[6].options = ["size=1m,mode=700"]'
	create_refused "mounts[6] /mnt: cannot make a file system of type tmpfs" "\"size=1m,mode=700\" is one option" "a comma divides none"
	config '.mounts[6] |= (.type = "overlay" | .options = ["lowerdir=/a,upperdir=/b,workdir=/c"])'
	create_refused "mounts[6] /mnt: \"lowerdir=/a,upperdir=/b,workdir=/c\" is one option"
}

@test "what the kernel says of an option is in the message" {
	add_mount /mnt none size=much tmpfs
	create_refused "mounts[6] /mnt: cannot make a file system of type tmpfs (the kernel says: " "size"
	config '.mounts[6].options = ["bogus=1"]'
	create_refused "(the kernel says: tmpfs: Unknown parameter 'bogus')"
	own_user_namespace
	config '.mounts[6].options = ["uid=70000"]'
	# "Invalid uid '70000'", or, as in Linux 6.1, "Bad value for 'uid'"
	create_refused "(the kernel says: tmpfs: " "uid"
}

@test "a non-recursive bind of a directory with mounts below it: rbind helps" {
	own_user_namespace
	in_mount_namespace 'mkdir -p "$src/sub"; mount -t tmpfs none "$src/sub"'
	add_mount /mnt "$T/src" bind
	create_refused "mounts[6] /mnt: cannot bind $T/src without what is mounted below it" "use \"rbind\""
	config '.mounts[6].options = ["rbind"]'
	runs
}

@test "a locked flag: the flag is named, and leaving out the word that undoes it helps" {
	own_user_namespace
	in_mount_namespace 'mount -t tmpfs -o nosuid,nodev none "$src"'
	add_mount /mnt "$T/src" bind,suid
	create_refused "mounts[6] /mnt: the source is nosuid on the host, and locked" "leave out the option that undoes \"nosuid\""
	config '.mounts[6].options = ["bind"]'
	runs
	config '.mounts[6].options = ["rbind", "rdev"]'
	create_refused "a mount of the source is nodev on the host, and locked"
}

@test "remount of what is not there, and of what is no mount" {
	add_mount /nothing none remount,nosuid
	create_refused "mounts[6] /nothing: remount: cannot open it: no such file or directory"
	config '.mounts[6].destination = "/etc"'
	create_refused "mounts[6] /etc" "remount needs a mount that is there, and /etc is no mount point"
}

@test "roots by annotation: a size, a layer and a work directory that are wrong; mkdir helps" {
	annotate rootfs.overlay.upper tmpfs rootfs.overlay.size 1x
	create_refused "org.ocirun.rootfs.overlay.size: a tmpfs of size \"1x\": invalid argument"
	config '.annotations = {}'
	annotate rootfs.overlay.lower none
	create_refused "org.ocirun.rootfs.overlay.lower $B/none: no such file or directory"
	mkdir "$B/up"
	config '.annotations = {}'
	annotate rootfs.overlay.upper up rootfs.overlay.work up.work
	create_refused "org.ocirun.rootfs.overlay.work $B/up.work: no such file or directory; mkdir $B/up.work"
	mkdir "$B/up.work"
	runs
}

@test "no user namespaces left (user.max_user_namespaces): the limit is named, and raising it helps" {
	own_user_namespace
	# in a user namespace around, whose limits are its own
	in_mount_namespace 'echo 0 >/proc/sys/user/max_user_namespaces'
	if [[ $ROOTLESS == 0 ]]; then
		WRAP=(unshare --user --map-root-user "${WRAP[@]}")
	fi
	create_refused "make the container's namespaces: no space left on device" "/proc/sys/user (max_*_namespaces)"
	WRAP=("${WRAP[@]/echo 0/echo 100}")
	runs
}

@test "AppArmor that restricts user namespaces, as on Ubuntu, is named when something is refused" {
	requires_root "prepares a /proc for an ordinary user"
	in_mount_namespace 'mount -t tmpfs -o mode=755 settings /proc/sys/kernel
		echo "$restricts" >/proc/sys/kernel/apparmor_restrict_unprivileged_userns'
	restricts=1 as_user run --bundle "$B" "$ID"
	failed "mounts[0] /proc" "contrib/apparmor"
	restricts=0 as_user run --bundle "$B" "$ID"
	failed "mounts[0] /proc"
	lacks "$stderr" contrib/apparmor
	no_container
}

@test "no processes left (ulimit -u): the limits that it can be are named, and raising it helps" {
	requires_user "root has no such limit"
	args /guest true
	WRAP=(prlimit --nproc=1:)
	refused "make the container's namespaces" "a limit of processes is reached: the user's (ulimit -u)" -- \
		run --bundle "$B" "$ID"
	no_container
	WRAP=()
	runs
}
