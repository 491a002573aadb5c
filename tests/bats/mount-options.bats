#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Each word of config.md, "Linux mount options", by what mountinfo shows inside the container.
load mount-helpers

# Words that set something, and what they make.
setting='ro nosuid nodev noexec nodiratime nosymfollow noatime relatime'
# Words that clear something.
clearing='rw:ro suid:nosuid dev:nodev exec:noexec diratime:nodiratime symfollow:nosymfollow'

@test "each word that sets a flag sets this flag alone: new file systems" {
	local word other
	for word in $setting; do
		echo "/m/$word tmpfs $word tmpfs"
	done | add_mounts
	runs
	for word in $setting; do
		flags_are "/m/$word" "$word"
		for other in $setting; do
			# A new tmpfs in a user namespace is not nodev for mountinfo; relatime is the kernel's default.
			[[ $other == "$word" || $other == relatime ]] || flags_are "/m/$word" "-$other"
		done
	done
	flags_are /m/noatime -relatime
}

@test "each word that sets a flag sets this flag alone: binds" {
	in_mount_namespace 'mount -t tmpfs -o strictatime source "$src"'
	local word other
	for word in $setting; do
		# How access times are kept is locked in a user namespace: mount-locked.bats.
		[[ $ROOTLESS == 1 && $word == *time ]] || echo "/m/$word $T/src bind,$word"
	done | add_mounts
	runs
	for word in $setting; do
		[[ $ROOTLESS == 0 || $word != *time ]] || continue
		flags_are "/m/$word" "$word"
		for other in $setting; do
			[[ $other == "$word" ]] || flags_are "/m/$word" "-$other"
		done
	done
}

@test "each word that clears a flag clears this flag alone: binds" {
	requires_root "the flags of the host's mounts are locked in a user namespace"
	in_mount_namespace 'mount -t tmpfs source "$src"
		mount -o remount,bind,ro,nosuid,nodev,noexec,nodiratime,nosymfollow "$src"'
	local word other
	for word in $clearing; do
		echo "/m/${word%:*} $T/src bind,${word%:*}"
	done | add_mounts
	add_mount /m/none "$T/src" bind
	runs
	for word in $clearing; do
		flags_are "/m/${word%:*}" "-${word#*:}"
		flags_are /m/none "${word#*:}"
		for other in $clearing; do
			[[ $other == "$word" ]] || flags_are "/m/${word%:*}" "${other#*:}"
		done
	done
}

@test "of contradicting words the last wins, in both orders (mount(8))" {
	local pair on off
	for pair in $clearing; do
		off=${pair%:*} on=${pair#*:}
		echo "/m/$on-last tmpfs $off,$on tmpfs"
		echo "/m/$off-last tmpfs $on,$off tmpfs"
		echo "/m/$on-thrice tmpfs $on,$off,$on,$off,$on tmpfs"
		echo "/m/r$on-last tmpfs r$off,$on tmpfs"
		echo "/m/r$off-last tmpfs $on,r$off tmpfs"
	done | add_mounts
	runs
	for pair in $clearing; do
		off=${pair%:*} on=${pair#*:}
		flags_are "/m/$on-last" "$on"
		flags_are "/m/$off-last" "-$on"
		flags_are "/m/$on-thrice" "$on"
		flags_are "/m/r$on-last" "$on"
		flags_are "/m/r$off-last" "-$on"
	done
}

# TARGET WORDS EXPECTED, for new file systems: relatime is the kernel's default.
atime_cases='
noatime noatime
relatime relatime
strictatime strict
noatime,relatime relatime
noatime,strictatime strict
strictatime,noatime noatime
strictatime,relatime relatime
relatime,noatime noatime
noatime,atime relatime
atime,noatime noatime
strictatime,atime strict
strictatime,nostrictatime relatime
nostrictatime,strictatime strict
relatime,norelatime relatime
noatime,norelatime noatime
noatime,nostrictatime noatime
atime relatime
nostrictatime relatime
defaults relatime
rnoatime noatime
rnoatime,ratime relatime
rstrictatime strict
rstrictatime,rnostrictatime relatime
rrelatime relatime
rnorelatime relatime'

# TARGET noatime|relatime|strict
atime_is() {
	case $2 in
	strict) flags_are "$1" -noatime -relatime ;;
	noatime) flags_are "$1" noatime -relatime ;;
	relatime) flags_are "$1" relatime -noatime ;;
	esac
}

@test "the words for access times, one and in pairs (mount(8))" {
	local words want
	while read -r words want; do
		[[ -z $words ]] || echo "/m/${words//,/-} tmpfs $words tmpfs"
	done <<<"$atime_cases" | add_mounts
	runs
	while read -r words want; do
		[[ -z $words ]] || atime_is "/m/${words//,/-}" "$want"
	done <<<"$atime_cases"
}

@test "the words for access times on binds of mounts with each mode" {
	requires_root "the modes of the host's mounts are locked in a user namespace"
	local mode word want
	in_mount_namespace 'for mode in noatime relatime strictatime; do
		mkdir -p "$src/$mode"; mount -t tmpfs -o "$mode" "$mode" "$src/$mode"; done'
	local cases='
noatime none noatime
noatime atime relatime
noatime relatime relatime
noatime strictatime strict
noatime norelatime noatime
noatime nostrictatime noatime
relatime none relatime
relatime atime relatime
relatime noatime noatime
relatime strictatime strict
relatime nostrictatime relatime
strictatime none strict
strictatime atime strict
strictatime noatime noatime
strictatime relatime relatime
strictatime nostrictatime relatime'
	while read -r mode word want; do
		[[ -z $mode ]] || echo "/m/$mode-$word $T/src/$mode bind$([[ $word == none ]] || echo ",$word")"
	done <<<"$cases" | add_mounts
	runs
	while read -r mode word want; do
		[[ -z $mode ]] || atime_is "/m/$mode-$word" "$want"
	done <<<"$cases"
}

@test "words with r reach the mounts below, words without do not" {
	in_mount_namespace 'mkdir -p "$src/sub"; mount -t tmpfs -o strictatime a "$src"; mkdir "$src/sub"
		mount -t tmpfs -o strictatime b "$src/sub"; mkdir "$src/sub/sub"; mount -t tmpfs -o strictatime c "$src/sub/sub"'
	local word flags=(ro nosuid nodev noexec nosymfollow)
	[[ $ROOTLESS == 1 ]] || flags+=(noatime relatime nodiratime)
	for word in "${flags[@]}"; do
		echo "/all/$word $T/src rbind,r$word"
		echo "/one/$word $T/src rbind,$word"
	done | add_mounts
	runs
	for word in "${flags[@]}"; do
		flags_are "/all/$word" "$word"
		flags_are "/all/$word/sub" "$word"
		flags_are "/all/$word/sub/sub" "$word"
		flags_are "/one/$word" "$word"
		flags_are "/one/$word/sub" "-$word"
		flags_are "/one/$word/sub/sub" "-$word"
	done
}

@test "words with r that clear reach the mounts below" {
	requires_root "the flags of the host's mounts are locked in a user namespace"
	in_mount_namespace 'o=ro,nosuid,nodev,noexec,nodiratime,nosymfollow,noatime
		mount -t tmpfs a "$src"; mkdir "$src/sub"; mount -t tmpfs b "$src/sub"
		mount -o "remount,bind,$o" "$src/sub"; mount -o "remount,bind,$o" "$src"'
	local word other
	for word in $clearing; do
		echo "/all/${word%:*} $T/src rbind,r${word%:*}"
		echo "/one/${word%:*} $T/src rbind,${word%:*}"
	done | add_mounts
	add_mount /all/strictatime "$T/src" rbind,rstrictatime
	add_mount /all/atime "$T/src" rbind,ratime
	runs
	for word in $clearing; do
		for other in $clearing; do
			[[ $other != "$word" ]] || continue
			flags_are "/all/${word%:*}" "${other#*:}"
			flags_are "/all/${word%:*}/sub" "${other#*:}"
		done
		flags_are "/all/${word%:*}" "-${word#*:}"
		flags_are "/all/${word%:*}/sub" "-${word#*:}"
		flags_are "/one/${word%:*}" "-${word#*:}"
		flags_are "/one/${word%:*}/sub" "${word#*:}"
	done
	atime_is /all/strictatime/sub strict
	atime_is /all/atime/sub relatime
}

@test "of contradicting words with and without r the last wins, for the mount and for those below" {
	in_mount_namespace 'mount -t tmpfs a "$src"; mkdir "$src/sub"; mount -t tmpfs b "$src/sub"'
	add_mounts <<-END
		/a $T/src rbind,rro,rw
		/b $T/src rbind,ro,rrw
		/c $T/src rbind,rrw,ro
		/d $T/src rbind,rro,rrw,rnosuid,nosuid,rnoexec,exec
	END
	runs
	flags_are /a rw -ro
	flags_are /a/sub ro
	flags_are /b rw
	flags_are /b/sub rw
	flags_are /c ro
	flags_are /c/sub rw
	flags_are /d rw nosuid -noexec
	flags_are /d/sub rw nosuid noexec
}

@test "nosymfollow: links of the mount are not followed, symfollow undoes it" {
	mkdir "$T/src"
	echo content >"$T/src/file"
	ln -s file "$T/src/link"
	add_mount /closed "$T/src" bind,nosymfollow
	add_mount /open "$T/src" bind,nosymfollow,symfollow
	guest cat /open/link
	runs
	is "$output" content
	guest cat /closed/file -- readlink /closed/link -- cat /closed/link
	ocirun run --bundle "$B" "$ID"
	is "$status $output" $'1 content\nfile'
	has "$stderr" ELOOP
}

@test "noexec and nosuid do what they say" {
	mkdir "$T/src"
	cp "$OCIRUN_TOOLS/guest" "$T/src/program"
	add_mount /exec "$T/src" bind,noexec,exec
	add_mount /noexec "$T/src" bind,noexec
	args /guest exec /exec/program echo ran
	runs
	is "$output" ran
	args /guest exec /noexec/program echo ran
	ocirun run --bundle "$B" "$ID"
	lacks "$output" ran
	has "$stderr" EACCES
}

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

@test "remount changes what it names and keeps the rest" {
	add_mounts <<-END
		/m/a tmpfs nosuid,nodev,noexec tmpfs
		/m/a none remount,ro
		/m/b tmpfs ro,nosuid,nodev,noexec,nosymfollow,nodiratime tmpfs
		/m/b none remount,rw,suid,exec,symfollow,diratime
		/m/c tmpfs nosuid,noatime tmpfs
		/m/c none remount,nostrictatime,relatime
	END
	runs
	flags_are /m/a ro nosuid nodev noexec
	flags_are /m/b rw nodev -nosuid -noexec -nosymfollow -nodiratime
	flags_are /m/c nosuid relatime
	is "$(jq '[.mounts[] | select(.target == "/m/a")] | length' <<<"$output")" 1
}

@test "remount with r reaches the mounts below, without r it does not" {
	add_mounts <<-END
		/m/a tmpfs defaults tmpfs
		/m/a/sub tmpfs defaults tmpfs
		/m/b tmpfs nosuid tmpfs
		/m/b/sub tmpfs nosuid tmpfs
		/m/a none remount,ro
		/m/b none remount,rro,rsuid
	END
	runs
	flags_are /m/a ro
	flags_are /m/a/sub rw
	flags_are /m/b ro -nosuid
	flags_are /m/b/sub ro -nosuid
}

@test "remount of the root, and with propagation" {
	add_mount /m tmpfs defaults tmpfs
	add_mount /m none remount,shared
	add_mount / none remount,nosuid,nodev
	runs
	propagation_is /m shared:
	flags_are / nosuid nodev
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

@test "remount together with bind is a bind" {
	mkdir "$T/src"
	add_mount /mnt "$T/src" bind,remount,ro
	runs
	flags_are /mnt ro
}

@test "remount of what is no mount, of a missing path, or with options of a file system is refused" {
	add_mount /etc none remount,ro
	refused "mounts[6]" "mount point" -- run --bundle "$B" "$ID"
	no_more_mounts
	add_mount /none none remount,ro
	refused "mounts[6]" "no such file" -- run --bundle "$B" "$ID"
	no_more_mounts
	add_mount /proc none remount,hidepid=2
	create_refused "mounts[6]" hidepid=2
	no_more_mounts
	add_mount /proc none remount,sync
	create_refused "mounts[6]" "file system"
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
	refused "mounts[6]" "size=0000" -- run --bundle "$B" "$ID"
	no_more_mounts
	add_mount /mnt "$T/src" "bind,x$long"
	create_refused "mounts[6]" x0000
}

@test "a thousand words: the last one wins" {
	add_mount /mnt tmpfs ro tmpfs
	config '.mounts[6].options = [range(500) | "ro", "rw"] + ["nosuid"]'
	runs
	flags_are /mnt rw nosuid
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
