#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

# add_mount DESTINATION SOURCE OPTION,OPTION... [TYPE]
add_mount() {
	config '.mounts += [{destination: $d, source: $s, options: ($o | split(","))} + if $t == "" then {} else {type: $t} end]' \
		--arg d "$1" --arg s "$2" --arg o "$3" --arg t "${4:-}"
}

# Runs the runtime in a mount namespace of its own, in which a script prepared $T/src: for sources that
# need privilege.  The script sees the directory as $src.  An ordinary user becomes root of a user
# namespace for it.
in_mount_namespace() { # SCRIPT
	mkdir -p "$T/src"
	WRAP=(unshare --mount --propagation private)
	if [[ $ROOTLESS == 1 ]]; then
		WRAP+=(--map-root-user)
		config '.linux.uidMappings[0].hostID = 0 | .linux.gidMappings[0].hostID = 0'
	fi
	WRAP+=(bash -ec "src=\$1; shift; $1; exec \"\$@\"" prepare "$T/src")
}

mount_words() { # TARGET: the options of the mount, between commas
	printf ',%s,' "$(mount_of "$1" | jq -r .options)"
}

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

@test "a relative destination is below / (config.md, Mounts, deprecated)" {
	mkdir "$T/src"
	config '.mounts += [{destination: "some/where", source: $s, options: ["bind"]}]' --arg s "$T/src"
	args /guest mounts
	ocirun run --bundle "$B" "$ID"
	is "$status" 0
	[[ $(mount_of /some/where) != null ]]
}

@test "a missing source is refused: the message has index, destination and source" {
	add_mount /mnt "$T/none/below" bind
	create_refused "mounts[6]" /mnt "$T/none" "no such file or directory"
	[[ ! -e $R/mnt ]]
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

@test "unknown options go to the file system as data, and a refusal tells the option" {
	add_mount /mnt tmpfs size=1m,nr_inodes=77,uid=0 tmpfs
	runs
	has "$(mount_of /mnt | jq -r .super)" nr_inodes=77
	config 'del(.mounts[6:])'
	add_mount /mnt tmpfs size=1m,nosuchoption=1 tmpfs
	refused nosuchoption "mounts[6]" -- run --bundle "$B" "$ID"
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

@test "a hundred binds" {
	mkdir "$T/src"
	touch "$T/src/here"
	config '.mounts += [range(100) | {destination: "/m/\(.)", source: $s, options: ["rbind", "ro"]}]' --arg s "$T/src"
	args /guest ls /m/99
	runs
	is "$output" here
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
