#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Each word of config.md, "Linux mount options", that sets or clears a flag, on new mounts and on those that are there,
# by what mountinfo shows inside the container.
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

@test "remount of what is no mount is refused as well when there is nothing to change" {
	local words
	add_mount /etc none remount
	for words in remount remount,rw remount,relatime remount,rprivate remount,defaults; do
		config '.mounts[6].options = ($w | split(","))' --arg w "$words"
		create_refused "mounts[6] /etc" "remount needs a mount that is there, and /etc is no mount point"
	done
}

@test "a thousand words: the last one wins" {
	add_mount /mnt tmpfs ro tmpfs
	config '.mounts[6].options = [range(500) | "ro", "rw"] + ["nosuid"]'
	runs
	flags_are /mnt rw nosuid
}
