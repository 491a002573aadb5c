#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Propagation, by what happens: the host mounts something after create and looks inside; the container
# mounts something and the host looks.
load mount-helpers

eval "bats_$(declare -f setup)"

setup() {
	bats_setup
	config '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
	args /guest sleep
}

# A shared tmpfs with another one below it; what the host mounts later is at late, what the container
# mounts at inner.
shared_source='
	mount -t tmpfs top "$src"; mount --make-shared "$src"; mkdir "$src"/{late,inner,sub}
	mount -t tmpfs below "$src/sub"; mount --make-shared "$src/sub"; mkdir "$src"/sub/{late,inner}'

# Says for /mnt and /mnt/sub: do mounts of the host arrive, and do those of the container on the host?
probe='
	probe() { # NAME DIRECTORY-INSIDE DIRECTORY-ON-THE-HOST
		local arrives=no leaves=no
		mount -t tmpfs late "$3/late"; touch "$3/late/here"
		[[ $(inside ls "$2/late") != here ]] || arrives=yes
		inside mount inner "$2/inner" tmpfs; inside touch "$2/inner/here"
		[[ ! -e $3/inner/here ]] || leaves=yes
		echo "$1: arrives $arrives, leaves $leaves"
		umount "$3/late"
		[[ $leaves == no ]] || umount "$3/inner"
	}'

# propagates WORD TOP BELOW: each of no|in|both, for the mount and the one below it.
propagates() {
	local says=([0]='arrives no, leaves no' [1]='arrives yes, leaves no' [2]='arrives yes, leaves yes') top=$2 below=$3
	no_more_mounts
	add_mount /mnt "$T/src" "rbind${1:+,$1}"
	on_private_host "$shared_source; $probe"'
		before=$(mounts)
		oci create --bundle "$bundle" "$id"; oci start "$id"
		probe top /mnt "$src"; probe below /mnt/sub "$src/sub"
		oci delete --force "$id"
		echo "left: $(($(mounts) - before))"'
	is "$1, $status, $stderr, $output" "$1, 0, , top: ${says[top]}"$'\n'"below: ${says[below]}"$'\nleft: 0'
}

@test "the words for propagation do what they say, in both directions (config.md, Linux mount options)" {
	propagates "" 0 0
	propagates private 0 0
	propagates rprivate 0 0
	propagates unbindable 0 0
	propagates runbindable 0 0
	propagates slave 1 1
	propagates rslave 1 1
	propagates shared 2 2
	propagates rshared 2 2
}

@test "the same for root with a user namespace" {
	requires_root "an ordinary user has one already"
	config_many_ids
	propagates "" 0 0
	propagates rprivate 0 0
	propagates runbindable 0 0
	propagates rslave 1 1
	propagates rshared 2 2
}

@test "an umount on the host arrives through rslave and not through rprivate" {
	add_mount /slave "$T/src" rbind,rslave
	add_mount /private "$T/src" rbind,rprivate
	on_private_host "$shared_source"'
		touch "$src/sub/here"
		oci create --bundle "$bundle" "$id"; oci start "$id"
		umount "$src/sub"
		echo "slave: $(inside ls /slave/sub)"; echo "private: $(inside ls /private/sub)"
		oci delete --force "$id"'
	is "$status $stderr" "0 "
	has "$output" $'private: here\ninner\nlate'
	lacks "${output%private:*}" here
}

@test "of contradicting words for propagation the last one wins" {
	in_mount_namespace 'mount -t tmpfs t "$src"; mount --make-shared "$src"'
	args /guest all
	add_mounts <<-END
		/a $T/src rbind,rslave,rprivate
		/b $T/src rbind,rprivate,rslave
		/c $T/src rbind,unbindable,rslave
		/d $T/src rbind,slave,runbindable
	END
	runs
	propagation_is /a none
	propagation_is /b master: -shared:
	propagation_is /c master:
	propagation_is /d unbindable
}

@test "a source that is private: slave and private are private, shared is a new peer group" {
	in_mount_namespace 'mount -t tmpfs t "$src"; mount --make-private "$src"'
	args /guest all
	local word
	for word in private rprivate slave rslave shared rshared; do
		echo "/m/$word $T/src rbind,$word"
	done | add_mounts
	runs
	for word in private rprivate slave rslave; do
		propagation_is "/m/$word" none
	done
	propagation_is /m/shared shared:
	propagation_is /m/rshared shared:
}

@test "propagation of new file systems" {
	args /guest all
	local word
	for word in private rprivate slave rslave shared rshared unbindable runbindable; do
		echo "/m/$word tmpfs $word tmpfs"
	done | add_mounts
	runs
	for word in private rprivate slave rslave; do
		propagation_is "/m/$word" none
	done
	for word in shared rshared; do
		propagation_is "/m/$word" shared:
	done
	for word in unbindable runbindable; do
		propagation_is "/m/$word" unbindable
	done
}

@test "a shared mount of the host is the source: nothing of the container's tree appears on the host" {
	add_mount /mnt "$T/src" rbind,rshared
	add_mount /mnt/inner tmpfs ro tmpfs
	on_private_host "$shared_source"'
		before=$(mounts)
		oci create --bundle "$bundle" "$id"; oci start "$id"
		echo "running: $(($(mounts) - before))"
		oci delete --force "$id"
		echo "left: $(($(mounts) - before))"'
	# The tmpfs is mounted on the shared mount, so it is on the host as well, while the container runs
	# and afterwards: that is what rshared means.
	is "$status $stderr" "0 "
	has "$output" "running: 1"
}

@test "a host where everything is shared (as with systemd) sees nothing of a container" {
	add_mount /mnt tmpfs rshared tmpfs
	add_mount /bind "$T/src" rbind
	on_private_host 'mount --make-rshared /
		before=$(mounts)
		oci create --bundle "$bundle" "$id"; echo "created: $(($(mounts) - before))"
		oci start "$id"; echo "running: $(($(mounts) - before))"
		inside mount inner /tmp tmpfs; echo "inner: $(($(mounts) - before))"
		oci delete --force "$id"; echo "left: $(($(mounts) - before))"'
	is "$status $stderr $output" $'0  created: 0\nrunning: 0\ninner: 0\nleft: 0'
}

@test "the same with each rootfsPropagation (config-linux.md, Rootfs Mount Propagation)" {
	local word
	for word in shared slave private unbindable rshared rslave rprivate runbindable; do
		config '.linux.rootfsPropagation = $w' --arg w "$word"
		on_private_host 'mount --make-rshared /
			before=$(mounts)
			oci create --bundle "$bundle" "$id"; oci start "$id"
			inside mount inner /tmp tmpfs; echo "inner: $(($(mounts) - before))"
			oci delete --force "$id"; echo "left: $(($(mounts) - before))"'
		is "$word $status $stderr $output" "$word 0  inner: 0"$'\nleft: 0'
	done
}

@test "a mount of the host in the root directory arrives with rootfsPropagation slave, and not with private" {
	mkdir "$R/late"
	local word want
	for word in slave:here rslave:here private: rprivate: unbindable: "":; do
		want=${word#*:} word=${word%:*}
		config 'if $w == "" then del(.linux.rootfsPropagation) else .linux.rootfsPropagation = $w end' --arg w "$word"
		on_private_host 'mount --bind "$bundle/rootfs" "$bundle/rootfs"; mount --make-shared "$bundle/rootfs"
			oci create --bundle "$bundle" "$id"; oci start "$id"
			mount -t tmpfs late "$bundle/rootfs/late"; touch "$bundle/rootfs/late/here"
			echo "late: $(inside ls /late)"
			oci delete --force "$id"; umount "$bundle/rootfs/late"'
		is "$word $status $stderr $output" "$word 0  late: $want"
	done
}

@test "rootfsPropagation is that of the root alone, the r forms reach the mounts below" {
	args /guest all
	add_mount /mnt tmpfs rw tmpfs
	local word
	for word in shared unbindable; do
		config '.linux.rootfsPropagation = $w' --arg w "$word"
		runs
		propagation_is /mnt none
		config '.linux.rootfsPropagation = "r" + $w' --arg w "$word"
		runs
		propagation_is / "$([[ $word == shared ]] && echo shared: || echo unbindable)"
		propagation_is /mnt "$([[ $word == shared ]] && echo shared: || echo unbindable)"
	done
}

@test "a mount with a word of its own keeps it whatever the r forms of rootfsPropagation reach" {
	mkdir -p "$R/mnt" "$R/once"
	args /guest all
	add_mount /mnt tmpfs private tmpfs
	add_mount /mnt/below tmpfs unbindable tmpfs
	add_mount /once tmpfs private tmpfs
	add_mount /once tmpfs rw tmpfs
	local word
	for word in rshared runbindable; do
		config '.linux.rootfsPropagation = $w' --arg w "$word"
		runs
		propagation_is / "$([[ $word == rshared ]] && echo shared: || echo unbindable)"
		propagation_is /mnt none
		propagation_is /mnt/below unbindable
	done
	config 'del(.mounts[] | select(.destination == "/mnt/below")) | (.mounts[] | select(.destination == "/mnt")).options = ["shared"]'
	runs
	propagation_is / unbindable
	propagation_is /mnt shared:
}

@test "an ordinary user's rshared: the mount is made, and the warning tells what it cannot do" {
	requires_user "root can share"
	mkdir "$T/src"
	args /guest all
	add_mount /mnt "$T/src" rbind,rshared
	runs_with_warning "mounts[6] /mnt" "without privilege"
	propagation_is /mnt shared:
}

@test "a container that is killed leaves no mounts: ten times" {
	add_mount /mnt "$T/src" rbind,rslave
	on_private_host 'mount --make-rshared /
		before=$(mounts)
		for n in {1..10}; do oci create --bundle "$bundle" "$id-$n"; oci start "$id-$n"; oci delete --force "$id-$n"; done
		echo "left: $(($(mounts) - before))"'
	is "$status $stderr $output" "0  left: 0"
}

@test "a create that fails leaves no mounts, at whichever mount" {
	local n
	for n in 0 3 6; do
		config '.mounts |= .[0:$n] + [{destination: "/bad", type: "tmpfs", source: "x", options: ["nosuch=1"]}] + .[$n:]' \
			--argjson n "$n"
		on_private_host 'mount --make-rshared /
			before=$(mounts)
			oci create --bundle "$bundle" "$id" || echo "failed"
			echo "left: $(($(mounts) - before))"'
		is "$output" $'failed\nleft: 0'
		config 'del(.mounts[] | select(.destination == "/bad"))'
	done
}
