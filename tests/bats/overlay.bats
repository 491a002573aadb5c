#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Mounts of type overlay: layers, names, user namespaces, and the causes of refusals, which the kernel
# tells nobody but its own log.
load mount-helpers

# layers N: $T/layers/1 ... N, the first one on top; each has a file of its own, and "which" tells the top.
layers() {
	local n
	lower=
	for ((n = 1; n <= $1; n++)); do
		mkdir -p "$T/layers/$n"
		echo "$n" >"$T/layers/$n/file$n"
		echo "$n" >"$T/layers/$n/which"
		lower+=${lower:+:}$T/layers/$n
	done
}

# add_overlay OPTION...: each is one option.
add_overlay() {
	config '.mounts += [{destination: "/mnt", type: "overlay", source: "overlay", options: $ARGS.positional}]' --args "$@"
}

upper() {
	mkdir -p "$T/upper" "$T/scratch"
}

refuses() { # TEXT...
	refused "mounts[6]" /mnt "$@" -- run --bundle "$B" "$ID"
	no_container
	no_more_mounts
}

# Before Linux 6.5 the lower layers are one text of 255 bytes.
many() {
	if overlay_is_new; then echo 200; else echo 60; fi
}

@test "layers without an upper one: 2, 20 and 200" {
	local n
	for n in 2 20 $(many); do
		layers "$n"
		no_more_mounts
		add_overlay "lowerdir=$lower"
		guest cat /mnt/which "/mnt/file$n" -- touch /mnt/new
		ocirun run --bundle "$B" "$ID"
		is "$output" $'1\n'"$n"
		has "$stderr" EROFS
	done
}

@test "a kernel that takes no layers as descriptors (EBADF: Linux 6.12) gets them in another way" {
	requires strace
	overlay_is_new || skip "this kernel takes none at all (EOPNOTSUPP)"
	layers 3
	add_overlay "lowerdir=$lower"
	guest cat /mnt/which /mnt/file3
	refuse_descriptors
	runs
	is "$output" $'1\n3'
	has "$(<"$T/trace")" "EBADF (Bad file descriptor) (INJECTED)"
}

@test "a kernel whose overlays have the old mount API (EOPNOTSUPP: before 6.5) gets the lower layers in one text" {
	requires strace
	layers 3
	upper
	add_overlay "lowerdir=$lower" "upperdir=$T/upper" "workdir=$T/scratch"
	guest cat /mnt/which /mnt/file3
	refuse_descriptors EOPNOTSUPP
	runs
	is "$output" $'1\n3'
	has "$(<"$T/trace")" "EOPNOTSUPP (Operation not supported) (INJECTED)"
	is "$(grep -c FSCONFIG_SET_FD "$T/trace")" 1
}

@test "... and more of them than it takes are an error that tells so" {
	requires strace
	layers 2
	add_overlay "lowerdir=$lower"
	refuse_descriptors EOPNOTSUPP
	no_more_mounts
	layers 200
	add_overlay "lowerdir=$lower"
	refuses "255 bytes" "200 layers"
}

@test "layers with an upper one: 1, 2, 20 and 200; what is written is in the upper one" {
	local n
	for n in 1 2 20 $(many); do
		layers "$n"
		rm -rf "$T/upper"
		remove_tree "$T/scratch"
		upper
		no_more_mounts
		add_overlay "lowerdir=$lower" "upperdir=$T/upper" "workdir=$T/scratch"
		guest cat "/mnt/file$n" -- write /mnt/which new -- unlink "/mnt/file$n" -- touch /mnt/new
		runs
		is "$output $(<"$T/layers/1/which") $(<"$T/upper/which")" "$n 1 new"
		[[ -e $T/upper/new && -e $T/layers/$n/file$n && -c $T/upper/file$n ]]
	done
}

@test "directories of the lower layers can be removed, made again and renamed, user namespace or not" {
	layers 2
	mkdir "$T/layers/2/dir"
	touch "$T/layers/2/dir/below"
	upper
	add_overlay "lowerdir=$lower" "upperdir=$T/upper" "workdir=$T/scratch"
	guest unlink /mnt/dir/below -- rmdir /mnt/dir -- mkdir /mnt/dir -- ls /mnt/dir
	runs
	is "$output" ""
	[[ -e $T/layers/2/dir/below ]]
}

@test "in a user namespace userxattr is given even if nobody asked for it" {
	own_user_namespace
	layers 2
	upper
	add_overlay "lowerdir=$lower" "upperdir=$T/upper" "workdir=$T/scratch"
	runs
	super_is /mnt userxattr
	no_more_mounts
	add_overlay "lowerdir=$lower" "upperdir=$T/upper" "workdir=$T/scratch" userxattr
	runs
	super_is /mnt userxattr
}

@test "without a user namespace userxattr is not given" {
	requires_root "an ordinary user has a user namespace always"
	layers 2
	add_overlay "lowerdir=$lower"
	runs
	super_is /mnt -userxattr
}

@test "other options: volatile, index, xino, ro, nosuid, noatime" {
	layers 2
	upper
	add_overlay "lowerdir=$lower" "upperdir=$T/upper" "workdir=$T/scratch" volatile index=on xino=off nosuid noatime
	runs
	# Newer kernels show it as fsync=volatile.
	has "$(mount_of /mnt | jq -r .super)" volatile
	flags_are /mnt rw nosuid noatime
	no_more_mounts
	remove_tree "$T/scratch"
	upper
	add_overlay "lowerdir=$lower" "upperdir=$T/upper" "workdir=$T/scratch" ro
	runs
	flags_are /mnt ro
	is "$(ls "$T/upper")" ""
}

@test "relative layers are relative to the bundle" {
	mkdir -p "$B/low1" "$B/low2" "$B/up" "$B/work"
	echo one >"$B/low1/file"
	add_overlay lowerdir=low1:low2 upperdir=up workdir=work
	guest cat /mnt/file -- touch /mnt/new
	runs
	is "$output" one
	[[ -e $B/up/new ]]
}

@test "paths with a colon, comma, quote, blank, equal sign and backslash" {
	local name
	for name in 'a:b' 'a,b' 'a b' "a'b\"c" 'a=b' 'a\b' 'a:b,c\:d'; do
		rm -rf "$T/low" "$T/up"
		mkdir -p "$T/low/$name" "$T/low/2" "$T/up/$name/upper" "$T/up/$name/work"
		echo "$name" >"$T/low/$name/file"
		no_more_mounts
		# In lowerdir a colon is ordinary after a backslash, everywhere a backslash (filesystems/overlayfs).
		add_overlay "lowerdir=$(sed 's/[\\:]/\\&/g' <<<"$T/low/$name"):$T/low/2" \
			"upperdir=$(sed 's/\\/&&/g' <<<"$T/up/$name/upper")" "workdir=$(sed 's/[\\:]/\\&/g' <<<"$T/up/$name/work")"
		guest cat /mnt/file -- touch /mnt/new
		runs
		is "$output" "$name"
		[[ -e $T/up/$name/upper/new ]]
		remove_tree "$T/up"
	done
}

@test "layers one by one, as the kernel takes them since 6.5: lowerdir+ and datadir+, in which nothing is escaped" {
	mkdir -p "$T/low/a:b" "$T/low/c\\d" "$T/low/data" "$T/low/plain"
	touch "$T/low/a:b/1" "$T/low/c\\d/2" "$T/low/data/3"
	add_overlay "lowerdir+=$T/low/a:b" "lowerdir+=$T/low/c\\d"
	guest ls /mnt
	runs
	is "$output" $'1\n2'
	no_more_mounts
	upper
	add_overlay "lowerdir+=$T/low/a:b" "datadir+=$T/low/data" "upperdir=$T/upper" "workdir=$T/scratch"
	if kernel_takes "lowerdir=$T/low/plain::$T/low/data"; then
		runs
		is "$output" 1
		no_more_mounts
	else
		refuses data-only metacopy
	fi
	add_overlay "lowerdir=$T/low/data" "lowerdir+=$T/low/a:b"
	refuses "lowerdir+ or datadir+ cannot be there as well"
	add_overlay "lowerdir+="
	refuses "cannot make a file system of type overlay"
}

@test "an upper directory is one container's at a time" {
	mkdir -p "$T/layers/1"
	upper
	add_overlay "lowerdir=$T/layers/1" "upperdir=$T/upper" "workdir=$T/scratch"
	sleeping
	refused "mounts[6] /mnt: upperdir $T/upper" "is the upper directory of container $ID" "one of its own" -- \
		create --bundle "$B" "$ID.2"
	no_container "$ID.2"
	# a root's upper and a mount's are the same to it
	config 'del(.mounts[6:]) | .annotations = {"org.ocirun.rootfs.overlay.upper": $u, "org.ocirun.rootfs.overlay.work": $w}' \
		--arg u "$T/upper" --arg w "$T/scratch"
	refused "org.ocirun.rootfs.overlay.upper $T/upper" "is the upper directory of container $ID" -- create --bundle "$B" "$ID.2"
	works delete --force "$ID"
	config 'del(.annotations)'
	add_overlay "lowerdir=$T/layers/1" "upperdir=$T/upper" "workdir=$T/scratch"
	guest true
	runs
}

@test "an upper directory that somebody else keeps locked is refused, and nothing hangs" {
	requires flock
	mkdir -p "$T/layers/1"
	upper
	add_overlay "lowerdir=$T/layers/1" "upperdir=$T/upper" "workdir=$T/scratch"
	env "OCIRUN_TEST_MARK=$ID" flock "$T/upper" sh -c 'echo >"$0/locked"; exec sleep 1000' "$T" 3>&- 4>&- &
	wait_until test -e "$T/locked"
	create_refused "upperdir $T/upper" "holds a lock"
	kill -KILL $!
	kill_leftovers
	guest true
	runs
}

@test "layers with paths of 500 bytes: more than a page of text in all" {
	local n long lower=
	printf -v long '%0200d/%0200d' 1 2
	for n in {1..20}; do
		mkdir -p "$T/$long/$n"
		echo "$n" >"$T/$long/$n/file$n"
		lower+=${lower:+:}$T/$long/$n
	done
	add_overlay "lowerdir=$lower"
	guest cat /mnt/file20
	runs
	is "$output" 20
}

@test "layers that are symlinks, or below some" {
	layers 2
	ln -s layers "$T/link"
	ln -s layers/2 "$T/direct"
	add_overlay "lowerdir=$T/link/1:$T/direct"
	guest cat /mnt/file2
	runs
	is "$output" 2
}

# What the kernel takes from mount(8); userxattr is what a user namespace has always.
kernel_takes() { # OPTIONS
	local namespaces=(--mount --propagation private)
	[[ $ROOTLESS == 0 ]] || namespaces+=(--map-root-user)
	mkdir -p "$T/probe"
	unshare "${namespaces[@]}" mount -t overlay -o "$1${namespaces[3]:+,userxattr}" overlay "$T/probe" 2>/dev/null
}

@test "data-only layers are taken (filesystems/overlayfs, Data-only lower layers), or the message tells why not" {
	local words
	layers 3
	lower=$T/layers/1:$T/layers/2::$T/layers/3
	for words in "lowerdir=$lower" "lowerdir=$lower,metacopy=on"; do
		[[ $ROOTLESS == 0 || $words != *metacopy* ]] || continue
		no_more_mounts
		add_mount /mnt overlay "$words" overlay
		if kernel_takes "$words"; then
			runs
			super_is /mnt
		else
			refuses data-only metacopy
		fi
	done
}

@test "an upper layer that cannot be written would give a read-only overlay, silently: refused" {
	layers 1
	own_user_namespace
	if [[ $ROOTLESS == 1 ]]; then
		[[ ! -w /opt && ! -w /srv ]] || skip "/opt and /srv can be written"
		add_overlay "lowerdir=$lower" upperdir=/opt workdir=/srv
	else
		config '.linux.uidMappings[0].hostID = 1200000 | .linux.gidMappings[0].hostID = 1200000'
		chown -R 1200000:1200000 "$R"
		upper
		add_overlay "lowerdir=$lower" "upperdir=$T/upper" "workdir=$T/scratch"
	fi
	refuses read-only upperdir
}

@test "... but with ro it is as asked" {
	requires_root "needs directories of others"
	layers 1
	config_many_ids
	upper
	add_overlay "lowerdir=$lower" "upperdir=$T/upper" "workdir=$T/scratch" ro
	runs
	flags_are /mnt ro
}

@test "no lower layer, or one of upper and work alone: refused before anything is made" {
	layers 1
	upper
	add_overlay
	create_refused "mounts[6]" lowerdir missing
	no_more_mounts
	add_overlay lowerdir=
	create_refused "mounts[6]" lowerdir
	no_more_mounts
	add_overlay "lowerdir=$lower" "upperdir=$T/upper"
	create_refused "mounts[6]" workdir missing
	no_more_mounts
	add_overlay "lowerdir=$lower" "workdir=$T/scratch"
	create_refused "mounts[6]" upperdir missing
}

@test "a layer that is missing, or no directory: the message names it" {
	layers 2
	upper
	touch "$T/file"
	add_overlay "lowerdir=$lower:$T/none/below"
	refuses lowerdir "$T/none is missing"
	add_overlay "lowerdir=$lower:$T/file"
	refuses lowerdir "$T/file" "not a directory"
	add_overlay "lowerdir=$lower" "upperdir=$T/none" "workdir=$T/scratch"
	refuses upperdir "$T/none"
	add_overlay "lowerdir=$lower" "upperdir=$T/upper" "workdir=$T/none"
	refuses workdir "$T/none"
}

@test "one layer without an upper one: the message tells to use a bind" {
	layers 1
	add_overlay "lowerdir=$lower"
	refuses "one layer" bind
}

@test "the same directory twice: the message names it" {
	layers 2
	add_overlay "lowerdir=$lower:$T/layers/1"
	refuses "$T/layers/1" "same directory"
	upper
	add_overlay "lowerdir=$lower:$T/upper" "upperdir=$T/upper" "workdir=$T/scratch"
	refuses "$T/upper" "same directory"
}

@test "work inside of upper, upper inside of work, the same, and on different mounts" {
	layers 1
	mkdir -p "$T/upper/scratch" "$T/scratch/upper"
	add_overlay "lowerdir=$lower" "upperdir=$T/upper" "workdir=$T/upper/scratch"
	refuses "contain each other"
	add_overlay "lowerdir=$lower" "upperdir=$T/scratch/upper" "workdir=$T/scratch"
	refuses "contain each other"
	add_overlay "lowerdir=$lower" "upperdir=$T/upper" "workdir=$T/upper"
	refuses "contain each other"
	in_mount_namespace 'mount -t tmpfs other "$src"; mkdir "$src/work"'
	add_overlay "lowerdir=$lower" "upperdir=$T/upper" "workdir=$T/src/work"
	refuses "same mount"
}

@test "metacopy and redirect_dir in a user namespace: the message tells" {
	own_user_namespace
	layers 1
	upper
	add_overlay "lowerdir=$lower" "upperdir=$T/upper" "workdir=$T/scratch" metacopy=on
	refuses metacopy "user namespace"
	add_overlay "lowerdir=$lower" "upperdir=$T/upper" "workdir=$T/scratch" redirect_dir=on
	refuses redirect_dir "user namespace"
}

@test "a volatile upper layer that was not unmounted cleanly: the message names the mark" {
	layers 1
	upper
	mkdir -p "$T/scratch/work"/incompat/volatile
	add_overlay "lowerdir=$lower" "upperdir=$T/upper" "workdir=$T/scratch"
	refuses volatile incompat
}

@test "an upper layer on an overlay: the message names the file system" {
	layers 2
	in_mount_namespace "mount -t tmpfs t \"\$src\"; mkdir \"\$src\"/{u,w,m}
		mount -t overlay -o 'lowerdir=$lower,upperdir=$T/src/u,workdir=$T/src/w' overlay \"\$src/m\"; mkdir \"\$src/m\"/{upper,work}"
	add_overlay "lowerdir=$lower" "upperdir=$T/src/m/upper" "workdir=$T/src/m/work"
	refuses overlay "upper"
}

@test "an unknown option of overlay: the message names it" {
	layers 2
	add_overlay "lowerdir=$lower" nosuchoption=1
	refuses nosuchoption
}

@test "501 layers are refused with the limit" {
	layers 501
	add_overlay "lowerdir=$lower"
	refuses 501 500
}

@test "layers that the image links to stay on the host: options name paths of the host" {
	layers 1
	mkdir -p "$R/low"
	add_overlay "lowerdir=$lower:$R/low"
	guest cat /mnt/file1
	runs
	is "$output" 1
}
