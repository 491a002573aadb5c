#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Roots by annotation: overlays of root.path, and image files.
load helpers
load fuse-helpers

overlay_dirs() {
	mkdir -p "$B/up" "$B/up.work"
	annotate rootfs.overlay.upper up rootfs.overlay.work up.work
}

before() {
	find "$R" -printf '%P %m %s %T@\n' | sort >"$T/before"
}

root_is_untouched() {
	is "$(find "$R" -printf '%P %m %s %T@\n' | sort)" "$(cat "$T/before")"
}

image_root() { # TYPE
	pack "$1" "$R" "$B/root.img"
	rm -rf "$R"
	mkdir "$R"
	annotate rootfs.image root.img
	[[ $ROOTLESS == 0 ]] || requires_fuse
}

@test "upper is a directory: changes and stray mount targets land there, root.path stays as it was" {
	overlay_dirs
	mkdir "$T/src"
	before
	config '.mounts += [{destination: "/new/target", type: "bind", source: $s, options: ["rbind"]}]' --arg s "$T/src"
	guest touch /made -- unlink /etc/group -- mounts
	runs
	root_is_untouched
	[[ -e $B/up/made && -d $B/up/new/target && -c $B/up/etc/group ]]
	is "$(mount_of / | jq -r .type)" overlay
}

@test "and the next container goes on from there" {
	overlay_dirs
	guest write /made one
	runs
	guest cat /made
	runs
	is "$output" one
}

@test "directories of the image can be removed and made again" {
	overlay_dirs
	mkdir "$R/gone"
	touch "$R/gone/file"
	guest unlink /gone/file -- rmdir /gone -- mkdir /gone -- ls /gone
	runs
	is "$output" ""
}

@test "upper is tmpfs: nothing is kept" {
	annotate rootfs.overlay.upper tmpfs
	before
	guest write /made one -- cat /made
	runs
	is "$output" one
	root_is_untouched
	annotate rootfs.overlay.size nonsense
	create_refused "rootfs.overlay.size" nonsense
	annotate rootfs.overlay.size 64k
	guest stat /
	runs
}

@test "lower: several directories, the first on top, with a colon in a name" {
	mkdir "$B/top" "$B/a:b"
	echo top >"$B/top/which"
	echo below >"$B/a:b/which"
	echo only >"$B/a:b/only"
	annotate rootfs.overlay.lower 'top:a\:b:rootfs' rootfs.overlay.upper tmpfs
	args /guest cat /which /only
	runs
	is "$output" $'top\nonly'
}

@test "without an upper the root is read-only, be it one layer or two" {
	mkdir "$B/top"
	for lower in rootfs top:rootfs; do
		annotate rootfs.overlay.lower "$lower"
		args /guest touch /made
		ocirun run --bundle "$B" "$ID"
		has "$stderr" "/made: EROFS"
	done
	config '.mounts += [{destination: "/new", type: "tmpfs", source: "tmpfs"}]'
	create_refused "mounts[6] /new" "org.ocirun.rootfs.overlay.upper=tmpfs"
}

@test "annotations that contradict each other are refused before anything is made" {
	mkdir "$B/up"
	annotate rootfs.overlay.upper up
	create_refused "org.ocirun.rootfs.overlay.work: is missing" "mkdir up.work"
	annotate rootfs.overlay.work up.work
	create_refused "$B/up.work" "no such file" "mkdir"
	annotate rootfs.overlay.upper tmpfs
	create_refused "org.ocirun.rootfs.overlay.work"
	config 'del(.annotations["org.ocirun.rootfs.overlay.work"])'
	annotate rootfs.overlay.volatile maybe
	create_refused "maybe"
	config 'del(.annotations["org.ocirun.rootfs.overlay.volatile"])'
	annotate rootfs.overlay.uper x
	create_refused "org.ocirun.rootfs.overlay.uper: unknown"
	config '.annotations = {}'
	annotate rootfs.overlay.volatile true
	create_refused "org.ocirun.rootfs.overlay.volatile"
	config '.annotations = {}'
	annotate rootfs.image a rootfs.overlay.lower b
	create_refused "org.ocirun.rootfs.image"
}

@test "volatile" {
	overlay_dirs
	annotate rootfs.overlay.volatile true
	args /guest mounts
	runs
	has "$(mount_of / | jq -r .super)" volatile
	create_refused "volatile"
}

@test "an upper is one container's at a time" {
	overlay_dirs
	sleeping
	refused "upper $B/up" "container $ID" -- create --bundle "$B" "${ID}b"
	works kill "$ID" KILL
	wait_for_status stopped
	works create --bundle "$B" "${ID}b"
	works delete --force "${ID}b"
}

@test "layers that are the same directory, and an upper in the lower one" {
	annotate rootfs.overlay.lower rootfs:rootfs rootfs.overlay.upper tmpfs
	create_refused "root overlay" "same directory"
}

@test "an upper that cannot be written is an error, not a read-only root" {
	requires_user "root may write everywhere"
	annotate rootfs.overlay.upper /usr/share rootfs.overlay.work /usr/lib
	create_refused "root overlay" "came out read-only" /usr/share /usr/lib "container's root"
}

@test "the upper layer on a file system that holds none: fuse-overlayfs takes over and the reason is told" {
	requires fuse-overlayfs
	requires_fuse
	local on=${OCITEST_ON_OVERLAY:-}
	if [[ ! $on ]]; then
		requires_root "a directory on an overlay has to be made"
		on=$T/overlay/merged
		mkdir -p "$T/overlay"
		WRAP=(unshare -m --propagation private bash -euc 'cd "$1"; mount -t tmpfs none .; cd "$1"; mkdir lower upper work merged
			mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work none merged
			mkdir merged/up merged/work; cd /; shift; exec "$@"' sh "$T/overlay")
	else
		mkdir "$on/up" "$on/work"
	fi
	annotate rootfs.overlay.upper "$on/up" rootfs.overlay.work "$on/work"
	before
	guest write /made one -- chown /made 0 0 -- cat /made -- rmdir /run -- mounts
	ocirun --log-level warning --log "$T/log" run --bundle "$B" "$ID"
	is "$status" 0
	stderr=$(cat "$T/log")
	has "$stderr" "fuse-overlayfs is used"
	has "$stderr" "cannot hold an upper layer"
	is "${output%%\[*}" one
	output=${output#one}
	is "$(mount_of / | jq -r .type)" fuse.fuse-overlayfs
	root_is_untouched
}

@test "a squashfs as root: read-only, and with an upper like any root" {
	requires squashfuse_ll
	image_root squashfs
	guest stat /etc/passwd -- cat /etc/group -- touch /made
	ocirun run --bundle "$B" "$ID"
	has "$output" root:x:0
	has "$stderr" "/made: EROFS"
	is "$(ls -A "$R")" ""
	config '.mounts += [{destination: "/new", type: "tmpfs", source: "tmpfs"}]'
	create_refused "mounts[6] /new" "org.ocirun.rootfs.overlay.upper=tmpfs"
	annotate rootfs.overlay.upper tmpfs
	guest touch /made -- ls /new
	runs
	overlay_dirs
	guest touch /made
	runs
	[[ -e $B/up/made && ! -e $R/made ]]
}

@test "an erofs as root" {
	[[ $ROOTLESS == 0 ]] || requires_erofsfuse
	image_root erofs
	args /guest cat /etc/group
	runs
	has "$output" root:x:0
	annotate rootfs.overlay.upper tmpfs
	guest append /etc/group more -- cat /etc/group
	runs
	has "$output" more
}

@test "an ext4 as root" {
	[[ $ROOTLESS == 0 ]] || requires fuse2fs
	image_root ext4
	args /guest cat /etc/group
	runs
	has "$output" root:x:0
	annotate rootfs.overlay.upper tmpfs
	args /guest touch /made
	runs
	[[ $ROOTLESS == 1 ]] || ! losetup -n -O BACK-FILE | grep -q "$B"
}

@test "an image with a user namespace: its files belong to the container's root" {
	requires squashfuse_ll
	config_many_ids
	chown -R 0:0 "$R" 2>/dev/null || true
	image_root squashfs
	args /guest stat /etc/passwd
	runs
	fact_is .uid 0 .gid 0
	annotate rootfs.overlay.upper tmpfs
	config '.process.capabilities |= map_values(. + ["CAP_CHOWN"])'
	guest chown /etc/passwd 1000 1000 -- stat /etc/passwd
	runs
	fact_is .uid 1000
}

@test "an image among the layers" {
	requires squashfuse_ll
	[[ $ROOTLESS == 0 ]] || requires_fuse
	pack squashfs "$R" "$B/base.squashfs"
	mkdir "$B/top"
	echo top >"$B/top/which"
	annotate rootfs.overlay.lower top:base.squashfs rootfs.overlay.upper tmpfs
	rm -rf "$R"
	mkdir "$R"
	guest cat /which -- touch /made
	runs
	is "$output" top
}

@test "an image that may not be read: its mode and owner" {
	requires_user "root reads all"
	pack squashfs "$R" "$B/image.squashfs"
	chmod 000 "$B/image.squashfs"
	annotate rootfs.image image.squashfs
	create_refused "root image $B/image.squashfs (mode 0000 of" "permission denied" "let it be readable"
}

@test "a file that is no image, one that is missing, one that is cut off" {
	[[ $ROOTLESS == 0 ]] || requires_fuse
	annotate rootfs.image config.json
	create_refused "$B/config.json" "neither squashfs nor erofs"
	annotate rootfs.image none.img
	create_refused "$B/none.img" "no such file"
	pack squashfs "$R" "$B/root.img"
	truncate -s 1000 "$B/root.img"
	annotate rootfs.image root.img
	create_refused "root image $B/root.img"
}

# The JSON behind a mark in the document, given to a plain configuration.
example() { # NAME
	sed -nE "/^<!-- tested( as root)?: $1 -->/,/^\`\`\`$/p" "$document" | sed '1,2d;$d' >"$T/example.json"
	jq -s '.[0] as $c | .[1] as $x | $c * $x | .mounts = $c.mounts + ($x.mounts // [])' "$T/plain.json" "$T/example.json" \
		>"$B/config.json"
}

@test "the examples of docs/rootless-mounts.md" {
	local name names document=$tests_dir/../docs/rootless-mounts.md
	requires squashfuse squashfuse_ll
	[[ $ROOTLESS == 0 ]] || requires_fuse
	mkdir "$B/changes" "$B/changes.work" "$B/patch"
	pack squashfs "$R" "$B/image.squashfs"
	pack squashfs "$R/etc" "$B/data.squashfs"
	cp "$B/config.json" "$T/plain.json"
	names=$(sed -nE 's/^<!-- tested: (.*) -->/\1/p' "$document")
	is "$(wc -w <<<"$names") of $(grep -c '```json' "$document")" "5 of 8"
	for name in $names; do
		example "$name"
		case $name in
		image) args /guest cat /etc/passwd ;;
		fuse) args /guest cat /data/passwd ;;
		*) guest touch /made -- cat /etc/passwd ;;
		esac
		runs
		has "$output" root:x:0
	done
	[[ -e $B/changes/made && ! -e $R/made ]]
}

@test "the examples of docs/rootless-mounts.md that are for root" {
	requires_root "shifts the ids of ordinary file systems"
	local name names document=$tests_dir/../docs/rootless-mounts.md
	mkdir "$B/data" "$B/patch"
	touch "$B/data/file"
	chown -R 1000:1000 "$B/data" "$B/patch"
	cp "$B/config.json" "$T/plain.json"
	mapfile -t names < <(sed -nE 's/^<!-- tested as root: (.*) -->/\1/p' "$document")
	for name in "${names[@]}"; do
		example "$name"
		args /guest stat /data/file
		if [[ $name == idmap-root ]]; then
			config_many_ids
			chown -R 0:0 "$R"
			args /guest stat /etc/passwd
		fi
		runs
		is "$name $(fact '"\(.uid):\(.gid)"')" "$name 0:0"
	done
	example idmap-bind
	args /guest touch /data/new
	runs
	is "$(stat -c %u:%g "$B/data/new")" 1000:1000
}

@test "all of this as an ordinary user, where /dev/fuse may be opened and fusermount cannot be executed" {
	as_user_with_fuse "$BATS_TEST_FILENAME"
}
