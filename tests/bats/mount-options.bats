#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The words of config.md, "Linux mount options", that are not about flags: those of the file system, its data, and
# those that only runtimes know.  What is not one of them is refused by its name.
load mount-helpers

@test "words of the file system: sync, dirsync, lazytime, and what undoes them" {
	local word
	add_mounts <<-END
		/m/sync tmpfs sync tmpfs
		/m/dirsync tmpfs dirsync tmpfs
		/m/lazytime tmpfs lazytime tmpfs
		/m/async tmpfs sync,async tmpfs
		/m/nolazytime tmpfs lazytime,nolazytime tmpfs
		/m/again tmpfs async,sync tmpfs
	END
	runs
	for word in sync dirsync lazytime; do
		super_is "/m/$word" "$word"
	done
	super_is /m/again sync
	super_is /m/async -sync
	super_is /m/nolazytime -lazytime
}

@test "words that the kernel has no use for are accepted: iversion, silent, mand and what undoes them" {
	add_mount /m/a tmpfs iversion,silent,mand tmpfs
	add_mount /m/b tmpfs noiversion,loud,nomand,defaults,async tmpfs
	runs
	[[ $(mount_of /m/a) != null && $(mount_of /m/b) != null ]]
}

@test "words of the file system do nothing on a bind, which is told" {
	mkdir "$T/src"
	local word
	for word in sync dirsync lazytime iversion mand; do
		no_more_mounts
		add_mount /mnt "$T/src" "bind,$word"
		runs_with_warning "mounts[6]" "$word"
	done
	no_more_mounts
	add_mount /mnt "$T/src" bind,async,nolazytime,nomand,noiversion,loud,silent,defaults
	runs
}

@test "a tmpfs on /dev that is read-only: devices and mount points are made in it first" {
	config '.mounts[1].options += ["ro"]'
	runs
	flags_are /dev ro nosuid
	flags_are /dev/pts rw
	args /guest "do" write /dev/null text -- touch /dev/new
	ocirun run --bundle "$B" "$ID"
	has "$stderr" "/dev/new: EROFS"
	lacks "$stderr" /dev/null
	config '.mounts[1].options += ["tmpcopyup"]'
	args /guest all
	runs
	flags_are /dev ro
}

@test "unknown words of a new file system are its data, with their whole values" {
	add_mount /a tmpfs size=3m,nr_inodes=77,mode=711 tmpfs
	add_mount /b devpts newinstance,ptmxmode=0612,mode=0601,max=9 devpts
	add_mount /c proc hidepid=2,subset=pid proc
	config '.mounts[8].options = ["hidepid=invisible"]'
	runs
	super_is /a size=3072k
	super_is /a nr_inodes=77
	super_is /a mode=711
	super_is /b ptmxmode=612
	super_is /b mode=601
	super_is /b max=9
	super_is /c hidepid=invisible
}

@test "data that the file system refuses: the message has the mount, the word and the kernel's own words" {
	local words
	for words in nosuchoption=1 nosuchoption mode=xyz size=many RO Nosuid rsync; do
		no_more_mounts
		add_mount /mnt tmpfs "nosuid,$words" tmpfs
		refused "mounts[6]" /mnt "${words%=*}" tmpfs -- run --bundle "$B" "$ID"
		no_container
	done
	no_more_mounts
	add_mount /mnt tmpfs mode=xyz tmpfs
	refused "the kernel says" "bad value for 'mode'" -- run --bundle "$B" "$ID"
}

@test "unknown words of a bind are refused by name, also those that other programs know" {
	mkdir "$T/src"
	local word
	for word in nosuchoption RO readonly r rnosuchoption rsync rmand z U idmapped noexec=1 bind=1 nofail _netdev; do
		no_more_mounts
		add_mount /mnt "$T/src" "bind,$word"
		create_refused "mounts[6]" "\"$word\""
	done
}

@test "options of a tmpfs on a bind do nothing, which is told: engines put them everywhere" {
	mkdir -m 755 "$T/src"
	add_mount /mnt "$T/src" bind,mode=700,size=4k
	args /guest stat /mnt
	runs_with_warning "mounts[6]" mode=700 size=4k
	fact_is .mode 0755
}

@test "empty words, no words, and words for other programs (x-...) are nothing" {
	mkdir "$T/src"
	add_mount /a "$T/src" ",bind,,ro,"
	add_mount /b tmpfs "," tmpfs
	add_mount /c tmpfs "x-systemd.automount,x-mount.mkdir=0700,ro" tmpfs
	config '.mounts += [{destination: "/d", type: "tmpfs", source: "tmpfs"}, {destination: "/e", type: "tmpfs"},
		{destination: "/f", type: "tmpfs", source: "", options: []}]'
	runs
	flags_are /a ro
	flags_are /c ro
	local target
	for target in /b /d /e /f; do
		flags_are "$target" rw
	done
}

@test "a word that holds a comma, a quote or a blank is one word" {
	mkdir "$T/src"
	local word
	for word in 'ro,nosuid' '"ro"' ' ro' 'ro ' $'ro\n'; do
		no_more_mounts
		config '.mounts += [{destination: "/mnt", source: $s, options: ["bind", $w]}]' --arg s "$T/src" --arg w "$word"
		create_refused "mounts[6]"
	done
	no_more_mounts
	config '.mounts += [{destination: "/mnt", type: "tmpfs", source: "so, \"me\" : thing", options: ["mode=700,uid=0"]}]'
	refused "mounts[6]" mode -- run --bundle "$B" "$ID"
	config '.mounts[6].options = []'
	runs
	is "$(mount_of /mnt | jq -r .source)" 'so,\040"me"\040:\040thing'
}

@test "a word of 4096 bytes is refused and told" {
	mkdir "$T/src"
	local long
	printf -v long '%04096d' 0
	add_mount /mnt tmpfs "size=$long" tmpfs
	refused "mounts[6]" 'option "size" has 4096 bytes' "the kernel takes 255" -- run --bundle "$B" "$ID"
	no_more_mounts
	add_mount /mnt "$T/src" "bind,x$long"
	create_refused "mounts[6]" x0000
}

@test "tmpcopyup: with ro, of an empty and of a missing directory, with times, owners and odd names" {
	mkdir -p "$R/data/sub" "$R/empty"
	printf -v name 'new\nline'
	echo content >"$R/data/$name"
	touch -d '2001-02-03 04:05:06Z' "$R/data/$name"
	chmod 4751 "$R/data/$name"
	chmod 1777 "$R/data/sub"
	mkfifo "$R/data/fifo"
	add_mounts <<-END
		/data tmpfs tmpcopyup,ro tmpfs
		/empty tmpfs tmpcopyup tmpfs
		/missing tmpfs tmpcopyup tmpfs
	END
	guest mounts
	runs
	flags_are /data ro
	flags_are /empty rw
	args /guest "do" ls /data -- stat "/data/$name" -- stat /data/sub -- cat "/data/$name"
	runs
	has "$output" '"mode":"4751"'
	has "$output" '"mode":"1777"'
	has "$output" content
	has "$output" fifo
	args /guest touch /data/new
	ocirun run --bundle "$B" "$ID"
	has "$stderr" EROFS
}

@test "tmpcopyup: holes take no memory, names of one file stay names of one file, many attributes are copied" {
	mkdir "$R/data" "$R/data/sub"
	echo one >"$R/data/a"
	ln "$R/data/a" "$R/data/b"
	ln "$R/data/a" "$R/data/sub/c"
	mkfifo "$R/data/pipe"
	ln "$R/data/pipe" "$R/data/sub/pipe"
	truncate -s 3M "$R/data/sparse"
	echo end >>"$R/data/sparse"
	truncate -s 5M "$R/data/sparse" "$R/data/nothing"
	ln -s "$(printf 'x%.0s' {1..3000})" "$R/data/link"
	add_mount /data tmpfs tmpcopyup,size=1m tmpfs
	guest stat /data/a /data/b /data/sub/c /data/pipe /data/sub/pipe /data/nothing /data/link -- cat /data/sparse
	runs
	is "$(head -5 <<<"$output" | jq .ino | uniq -c | awk '{ print $1 }')" $'3\n2'
	is "$(sed -n '6p;7p' <<<"$output" | jq -c '[.size, (.link // "" | length)]')" "[5242880,0]
[3000,3000]"
	cmp <(tail -n +8 "$container_out") "$R/data/sparse"
	requires python3
	# what a tmpfs of this kernel takes
	python3 -c 'import os, sys
for i in range(12):
	os.setxattr(sys.argv[1], "user." + "n" * 200 + str(i), b"v" * 100)' "$R/data/a" || skip "no user attributes in $R"
	args /guest sleep
	created
	python3 -c 'import os, sys
print(len(os.listxattr(sys.argv[1])))' "/proc/$(container_pid)/root/data/a" >"$T/n" || skip "no user attributes in tmpfs"
	is "$(<"$T/n")" 12
}

@test "tmpcopyup: devices that a user namespace cannot make are left out, which is told" {
	requires_root "to have a device in the image"
	mkdir "$R/data"
	mknod "$R/data/null" c 1 3
	mknod "$R/data/whiteout" c 0 0
	add_mount /data tmpfs tmpcopyup tmpfs
	guest stat /data/null /data/whiteout
	runs
	is "$(jq -r .rdev <<<"$output")" $'1:3\n0:0'
	own_user_namespace
	guest ls /data
	runs_with_warning "not copied are 1 device nodes, the owners of 0 files"
	is "$output" whiteout
}

@test "tmpcopyup of what does not fit is refused, and tells the mount" {
	mkdir "$R/data"
	head -c 300000 /dev/zero >"$R/data/file"
	add_mount /data tmpfs tmpcopyup,size=64k tmpfs
	refused "mounts[6]" "no space" -- run --bundle "$B" "$ID"
	no_container
}

@test "tmpcopyup does not follow links out of the image" {
	mkdir "$R/data"
	echo secret >"$T/secret"
	ln -s "$T/secret" "$R/data/link"
	add_mount /data tmpfs tmpcopyup tmpfs
	args /guest readlink /data/link
	runs
	is "$output" "$T/secret"
}

@test "words of ours on the wrong kind of mount are refused by name" {
	mkdir "$T/src"
	local case
	for case in "tmpcopyup $T/src bind,tmpcopyup" "tmpcopyup proc tmpcopyup proc" "copy-symlink tmpfs copy-symlink tmpfs" \
		"src-nofollow tmpfs src-nofollow tmpfs"; do
		no_more_mounts
		add_mounts <<<"/mnt ${case#* }"
		create_refused "mounts[6]" "${case%% *}"
	done
}

@test "copy-symlink: a link is made again inside, anything else is bound" {
	mkdir "$T/src"
	echo content >"$T/src/file"
	ln -s ../some/where "$T/link"
	add_mount /etc/link "$T/link" bind,copy-symlink
	add_mount /etc/file "$T/src/file" bind,copy-symlink
	guest readlink /etc/link -- cat /etc/file
	runs
	is "$output" $'../some/where\ncontent'
	# The same link is there now; another one is not overwritten.
	runs
	ln -sfn elsewhere "$T/link"
	refused "mounts[6]" elsewhere -- run --bundle "$B" "$ID"
}

@test "copy-symlink through a link of the image stays inside" {
	mkdir "$T/outside"
	ln -s /nowhere "$T/link"
	ln -s "$T/outside" "$R/etc/dir"
	add_mount /etc/dir/link "$T/link" bind,copy-symlink
	args /guest readlink /etc/dir/link
	ocirun run --bundle "$B" "$ID"
	[[ ! -L $T/outside/link ]]
}

@test "src-nofollow: the link itself is the source" {
	ln -s /nowhere "$T/link"
	touch "$R/etc/target"
	add_mount /etc/target "$T/link" bind,src-nofollow
	args /guest readlink /etc/target
	runs
	is "$output" /nowhere
}

@test "dest-nofollow: the mount is on the link, not on what it leads to" {
	ln -s /nowhere "$T/link"
	echo untouched >"$R/etc/real"
	ln -s real "$R/etc/target"
	add_mount /etc/target "$T/link" bind,src-nofollow,dest-nofollow
	guest readlink /etc/target -- cat /etc/real
	runs
	is "$output" $'/nowhere\nuntouched'
	echo new >"$T/file"
	no_more_mounts
	add_mount /etc/target "$T/file" bind,dest-nofollow
	guest cat /etc/target -- cat /etc/real
	runs
	is "$output" $'new\nuntouched'
}

@test "features lists exactly the words that are recognised (features.md, Mount Options)" {
	works features
	local word listed table='async atime bind copy-symlink defaults dest-nofollow dev diratime dirsync exec idmap iversion
		lazytime loud mand noatime nodev nodiratime noexec noiversion nolazytime nomand norelatime nostrictatime
		nosuid nosymfollow private ratime rbind rdev rdiratime relatime remount rexec ridmap rnoatime rnodev
		rnodiratime rnoexec rnorelatime rnostrictatime rnosuid rnosymfollow ro rprivate rrelatime rro rrw rshared
		rslave rstrictatime rsuid rsymfollow runbindable rw shared silent slave src-nofollow strictatime suid
		symfollow sync tmpcopyup unbindable'
	listed=$(jq -r '.mountOptions[]' <<<"$output")
	is "$listed" "$(tr -s ' \t\n' '\n' <<<"$table" | LC_ALL=C sort)"
	# None of them is taken for data of the file system.
	mkdir "$T/src"
	for word in $listed; do
		case $word in
		idmap | ridmap | tmpcopyup | remount | bind | rbind) ;;
		# Their message would be about something else.
		shared | rshared | sync | dirsync | lazytime | iversion | mand) ;;
		*atime) [[ $ROOTLESS == 1 ]] || echo "/m/$word $T/src bind,$word" ;;
		*) echo "/m/$word $T/src bind,$word" ;;
		esac
	done | add_mounts
	args /guest true
	runs
}
