#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# proc, sysfs, mqueue, devpts and cgroup mounts, where their namespaces are the container's own and where
# they are the host's, and in containers around this one that have masked parts of them.
load mount-helpers

# without TYPE...: the namespaces are those of the caller.
without() {
	local type
	for type; do
		config '.linux.namespaces |= map(select(.type != $t))' --arg t "$type"
	done
	config 'del(.hostname)'
}

# The way there: as root alone, root with a user namespace, or as the ordinary user that runs this.
modes=("root" "own user namespace")
in_mode() { # MODE
	if [[ $1 == own* ]]; then
		own_user_namespace
	elif [[ $ROOTLESS == 1 ]]; then
		return 1
	fi
}

fresh_config() {
	config_template >"$B/config.json"
}

type_of() { # TARGET
	mount_of "$1" | jq -r .type
}

@test "own namespaces: each file system is a new one that shows the container" {
	local mode
	for mode in "${modes[@]}"; do
		fresh_config
		in_mode "$mode" || continue
		config '.linux.namespaces += [{type: "cgroup"}] |
			.mounts += [{destination: "/sys/fs/cgroup", type: "cgroup2", source: "cgroup2", options: ["ro"]}]'
		runs
		is "$mode $(type_of /proc) $(type_of /sys) $(type_of /dev/mqueue) $(type_of /dev/pts)" \
			"$mode proc sysfs mqueue devpts"
		args /guest "do" readlink /proc/self -- ls /sys/class/net -- ls /dev/pts -- ls /dev/mqueue
		runs
		is "$mode $output" "$mode 1"$'\nlo\nptmx'
	done
}

@test "the pid namespace of the caller: /proc shows his processes" {
	local mode
	for mode in "${modes[@]}"; do
		fresh_config
		in_mode "$mode" || continue
		without pid
		config 'del(.linux.maskedPaths, .linux.readonlyPaths)'
		args /guest "do" cat "/proc/$$/comm" -- mounts
		runs
		is "$mode $(head -n 1 <<<"$output")" "$mode $(</proc/$$/comm)"
	done
}

@test "the same with masked and read-only paths: they hold" {
	local mode
	for mode in "${modes[@]}"; do
		fresh_config
		in_mode "$mode" || continue
		without pid
		config '.linux.maskedPaths += ["/proc/cpuinfo"]'
		args /guest "do" cat /proc/cpuinfo -- write /proc/sys/kernel/hostname changed
		ocirun run --bundle "$B" "$ID"
		is "$mode $output" "$mode "
		has "$stderr" EROFS
	done
}

@test "the network namespace of the caller: /sys shows his network" {
	local mode
	for mode in "${modes[@]}"; do
		fresh_config
		in_mode "$mode" || continue
		without network
		args /guest ls /sys/class/net
		runs
		is "$mode $output" "$mode $(ls /sys/class/net)"
		args /guest "do" mkdir /sys/new -- mounts
		ocirun run --bundle "$B" "$ID"
		has "$stderr" EROFS
		flags_are /sys ro
	done
}

@test "the ipc namespace of the caller: his message queues, or a message about it" {
	local mode
	[[ $(findmnt -no FSTYPE /dev/mqueue) == mqueue ]] || queues=none
	for mode in "${modes[@]}"; do
		fresh_config
		in_mode "$mode" || continue
		without ipc
		args /guest ls /dev/mqueue
		ocirun run --bundle "$B" "$ID"
		if [[ $mode == root || ${queues:-} != none ]]; then
			is "$mode $status" "$mode 0"
		else
			failed "mounts[4]" mqueue
		fi
		no_container
	done
}

@test "all namespaces of the caller but the mount namespace" {
	local mode
	for mode in "${modes[@]}"; do
		fresh_config
		in_mode "$mode" || continue
		without pid network ipc uts
		config 'del(.mounts[] | select(.type == "mqueue"))'
		args /guest "do" ls /sys/class/net -- cat "/proc/$$/comm"
		runs
		is "$mode $output" "$mode $(ls /sys/class/net)"$'\n'"$(</proc/$$/comm)"
	done
}

@test "cgroup: with an own cgroup namespace and without, of both type names" {
	[[ -e /sys/fs/cgroup/cgroup.controllers || -e /sys/fs/cgroup/unified/cgroup.controllers ]] || skip "needs cgroup v2"
	local mode type own
	for mode in "${modes[@]}"; do
		for type in cgroup cgroup2; do
			for own in '[{type: "cgroup"}]' '[]'; do
				fresh_config
				in_mode "$mode" || continue
				config ".linux.namespaces += $own | .mounts += [{destination: \"/sys/fs/cgroup\",
					type: \"$type\", source: \"cgroup\", options: [\"ro\", \"nosuid\", \"noexec\", \"nodev\"]}]"
				args /guest "do" ls /sys/fs/cgroup -- mkdir /sys/fs/cgroup/new -- mounts
				ocirun run --bundle "$B" "$ID"
				is "$mode $type $own $(grep -c 'EROFS\|EPERM\|EACCES' <<<"$stderr")" "$mode $type $own 1"
				[[ $(type_of /sys/fs/cgroup) != null ]]
			done
		done
	done
}

@test "access times of a new proc and sysfs: as asked, or in a user namespace as on the visible one, which is told" {
	own_user_namespace
	config '(.mounts[] | select(.destination == "/proc" or .destination == "/sys")).options = ["noatime", "nosuid"]'
	guest mounts
	runs_with_warning "/proc: access times are kept as on the visible proc" "/sys: access times are kept as on the visible sysfs"
	is "$(mount_of /proc | jq -r .type)" proc
	is "$(mount_of /sys | jq -r .type)" sysfs
	has "$(mount_of /proc | jq -r .options)" nosuid
	[[ $ROOTLESS == 0 ]] || return 0
	config 'del(.linux.namespaces[] | select(.type == "user")) | del(.linux.uidMappings, .linux.gidMappings)'
	runs
	has "$(mount_of /proc | jq -r .options)" noatime
	has "$(mount_of /sys | jq -r .options)" noatime
}

@test "proc twice, at two places, with options of its own" {
	add_mount /other proc hidepid=2 proc
	args /guest "do" readlink /other/self -- readlink /proc/self
	runs
	is "$output" $'1\n1'
}

@test "devpts: instances are apart, ptmxmode and a group that there is" {
	add_mount /other devpts newinstance,ptmxmode=0600,mode=600,gid=0 devpts
	args /guest stat /other/ptmx /dev/pts/ptmx
	runs
	is "$(jq -r .mode <<<"$output")" $'0600\n0666'
}

# A /proc around the container of which a part is masked, as in a container.
masked_proc='mount --bind /dev/null /proc/kallsyms'

@test "a masked /proc outside: a new proc is refused, and the message names what covers it" {
	[[ -e /proc/kallsyms ]] || skip "needs /proc/kallsyms"
	in_mount_namespace "$masked_proc"
	own_user_namespace
	refused "mounts[0]" /proc covered /proc/kallsyms -- run --bundle "$B" "$ID"
	no_container
}

@test "a masked /proc outside, and its pid namespace: the masked /proc is inside as well" {
	[[ -e /proc/kallsyms ]] || skip "needs /proc/kallsyms"
	in_mount_namespace "$masked_proc"
	own_user_namespace
	without pid
	args /guest "do" cat /proc/kallsyms -- readlink /proc/self
	runs
	[[ $output =~ ^[0-9]+$ ]]
	# Nor can the program take the mask away.
	config '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
	args /guest "do" umount /proc/kallsyms -- mount proc /tmp proc -- cat /proc/kallsyms
	ocirun run --bundle "$B" "$ID"
	is "$output" ""
	has "$stderr" EINVAL
	has "$stderr" EPERM
}

@test "a masked /proc outside, and an uncovered one anywhere: a new proc can be had" {
	[[ -e /proc/kallsyms ]] || skip "needs /proc/kallsyms"
	in_mount_namespace "mount --bind /proc \"\$src\"; $masked_proc"
	own_user_namespace
	args /guest readlink /proc/self
	runs
	is "$output" 1
}

@test "a masked /sys outside: the container has it as it is" {
	[[ -d /sys/kernel ]] || skip "needs /sys/kernel"
	in_mount_namespace 'mount -t tmpfs mask /sys/kernel'
	own_user_namespace
	config '.linux.maskedPaths |= map(select(startswith("/sys") | not))'
	args /guest ls /sys/kernel
	runs
	is "$output" ""
}

@test "root without a user namespace is not kept by masks outside" {
	requires_root "an ordinary user has a user namespace always"
	[[ -e /proc/kallsyms ]] || skip "needs /proc/kallsyms"
	in_mount_namespace "$masked_proc"
	args /guest readlink /proc/self
	runs
	is "$output" 1
}

@test "a container in a container: proc, sysfs, mqueue and devpts with everything masked as usual" {
	requires_root "the outer container is root's"
	mkdir -p "$R/runtime" "$R/outer" "$R/usr" "$R/inner/rootfs/bin"
	local directory
	for directory in lib lib64 bin sbin; do
		[[ ! -e /$directory ]] || { rm -rf "${R:?}/$directory" && ln -s "usr/$directory" "$R/$directory"; }
	done
	cp "$OCIRUN" "$R/runtime/ocirun"
	cp "$OCIRUN_TOOLS/guest" "$R/inner/rootfs/guest"
	mkdir -p "$R/inner/rootfs"/{proc,dev,sys}
	config_template >"$R/inner/config.json"
	jq '.process.args = ["/guest", "do", "readlink", "/proc/self", "--", "ls", "/sys/class/net"] | .linux.maskedPaths = []' \
		<"$R/inner/config.json" >"$T/inner.json"
	cp "$T/inner.json" "$R/inner/config.json"
	add_mount /usr /usr rbind,ro
	add_mount /outer tmpfs mode=700 tmpfs
	config '.process.capabilities |= map_values(["CAP_SYS_ADMIN", "CAP_MKNOD", "CAP_CHOWN", "CAP_SETUID", "CAP_SETGID",
			"CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_SETPCAP", "CAP_NET_ADMIN", "CAP_KILL", "CAP_AUDIT_WRITE",
			"CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_SETFCAP", "CAP_SYS_PTRACE"]) | .process.noNewPrivileges = false'
	args /runtime/ocirun --cgroup-manager disabled --root /outer run --bundle /inner inner
	runs
	is "$output" $'1\nlo'
}
