#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

# add_device JSON
add_device() {
	config '.linux.devices += [$d]' --argjson d "$1"
}

@test "the default devices are there (config-linux.md, Default Devices)" {
	args /guest stat /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty
	runs
	is "$(jq -r '"\(.type) \(.rdev) \(.mode)"' <<<"$output" | paste -sd,)" \
		"char 1:3 0666,char 1:5 0666,char 1:7 0666,char 1:8 0666,char 1:9 0666,char 5:0 0666"
}

@test "/dev/ptmx, fd, stdin, stdout and stderr (config-linux.md, Default Devices; runtime-linux.md, Dev symbolic links)" {
	guest readlink /dev/fd -- readlink /dev/stdin -- readlink /dev/stdout -- readlink /dev/stderr -- open /dev/ptmx w
	runs
	is "$output" $'/proc/self/fd\n/proc/self/fd/0\n/proc/self/fd/1\n/proc/self/fd/2'
	args /guest stat /dev/ptmx
	runs
	[[ $(fact .link) == *pts/ptmx || $(fact .rdev) == 5:2 ]]
}

@test "the default devices work" {
	guest write /dev/null text -- cat /dev/null -- open /dev/urandom -- open /dev/zero w -- write /dev/full x
	ocirun run --bundle "$B" "$ID"
	has "$stderr" ENOSPC
	is "$(grep -c guest <<<"$stderr")" 1
}

@test "without a mount on /dev the devices are made in the image's" {
	requires_root "makes device nodes"
	config '.mounts |= map(select(.destination | startswith("/dev") | not))'
	args /guest stat /dev/null /dev/full
	runs
	is "$(jq -r .rdev <<<"$output" | paste -sd,)" "1:3,1:7"
}

@test "linux.devices: character, block and fifo, with mode and owner, whatever the umask (config-linux.md, Devices)" {
	requires_root "makes device nodes"
	add_device '{"path": "/dev/char", "type": "c", "major": 1, "minor": 5, "fileMode": 438, "uid": 10, "gid": 20}'
	add_device '{"path": "/dev/unbuffered", "type": "u", "major": 1, "minor": 7, "fileMode": 384}'
	add_device '{"path": "/dev/block", "type": "b", "major": 7, "minor": 200, "fileMode": 432, "gid": 6}'
	add_device '{"path": "/dev/fifo", "type": "p", "fileMode": 511, "uid": 1}'
	add_device '{"path": "/dev/default", "type": "c", "major": 1, "minor": 3}'
	args /guest stat /dev/char /dev/unbuffered /dev/block /dev/fifo
	WRAP=(bash -c 'umask 0077; exec "$@"' umask)
	runs
	is "$(jq -r '"\(.type) \(.rdev) \(.mode) \(.uid) \(.gid)"' <<<"$output" | paste -sd,)" \
		"char 1:5 0666 10 20,char 1:7 0600 0 0,block 7:200 0660 0 6,fifo null 0777 1 0"
}

@test "devices in new directories, outside of /dev, and with a slash at the end" {
	requires_root "makes device nodes"
	add_device '{"path": "/dev/new/dir/null", "type": "c", "major": 1, "minor": 3}'
	add_device '{"path": "/opt/null", "type": "c", "major": 1, "minor": 3}'
	add_device '{"path": "/dev/slash/", "type": "c", "major": 1, "minor": 3}'
	args /guest stat /dev/new/dir/null /opt/null /dev/slash
	runs
	is "$(jq -r .rdev <<<"$output" | paste -sd,)" "1:3,1:3,1:3"
}

@test "a default device that is listed again, as engines do with --privileged" {
	add_device '{"path": "/dev/null", "type": "c", "major": 1, "minor": 3, "fileMode": 438}'
	args /guest stat /dev/null
	runs
	fact_is .rdev 1:3
}

@test "a second start finds the places that the first one made in the image's /dev to bind on" {
	requires_user "root makes nodes"
	config '.mounts |= map(select(.destination | startswith("/dev") | not))'
	add_device '{"path": "/dev/full", "type": "c", "major": 1, "minor": 7}'
	args /guest stat /dev/full
	runs
	[[ -f $R/dev/full ]]
	runs
	fact_is .rdev 1:7
}

@test "an empty file at the path is refused where the device can be made" {
	requires_root "a user cannot make devices"
	mkdir "$R/opt"
	touch "$R/opt/device"
	add_device '{"path": "/opt/device", "type": "c", "major": 1, "minor": 3}'
	create_refused "linux.devices[0]" /opt/device "a file is there already"
	is "$(ls -A "$R/opt")" device
}

@test "a file at the path that does not match is refused (config-linux.md, Devices)" {
	mkdir "$R/opt"
	echo text >"$R/opt/device"
	add_device '{"path": "/opt/device", "type": "c", "major": 1, "minor": 3}'
	refused "linux.devices[0]" /opt/device -- run --bundle "$B" "$ID"
	is "$(<"$R/opt/device")" text
	no_container
}

@test "what mounts[] puts in the place of a default device stays" {
	local mount
	touch "$T/file"
	for mount in /dev/urandom:/dev/random /dev/zero:/dev/null "$T/file:/dev/full"; do
		config 'del(.mounts[6:]) | .mounts += [{destination: $d, source: $s, options: ["bind"]}]' \
			--arg s "${mount%:*}" --arg d "${mount#*:}"
		guest stat "${mount#*:}"
		runs
		is "$(jq -c '[.type, .rdev, .ino]' <<<"$output")" "$("$OCIRUN_TOOLS/guest" stat "${mount%:*}" | jq -c '[.type, .rdev, .ino]')"
	done
	config '.linux.devices = [{path: "/dev/full", type: "c", major: 1, minor: 7}]'
	create_refused "linux.devices[0] /dev/full: a file is there already" "it is what mounts[6] puts there"
	config 'del(.linux.devices, .mounts[6:]) | .mounts += [{destination: "/dev/ptmx", source: "/dev/ptmx", options: ["bind"]}]'
	guest true
	runs
}

@test "linux.devices: /dev/ptmx, as engines list it with --privileged, and a default device by another name" {
	config '.linux.devices = [{path: "/dev/ptmx", type: "c", major: 5, minor: 2}, {path: "/dev/other", type: "c", major: 1, minor: 3}]'
	guest stat /dev/other -- stat /dev/ptmx
	runs
	is "$(jq -r .rdev <<<"$output" | head -1)" 1:3
	[[ $ROOTLESS == 1 ]] || config_many_ids
	runs
	is "$(jq -r .rdev <<<"$output" | head -1)" 1:3
}

@test "a device without major or minor, of an unknown type, or with a relative path is refused" {
	local device
	for device in '{"path":"/dev/x","type":"c","minor":1}' '{"path":"/dev/x","type":"b","major":1}' \
		'{"path":"/dev/x","type":"q","major":1,"minor":1}' '{"path":"dev/x","type":"c","major":1,"minor":3}' \
		'{"type":"c","major":1,"minor":3}' '{"path":"/dev/x","major":1,"minor":3}'; do
		config '.linux.devices = [$d]' --argjson d "$device"
		create_refused "linux.devices[0]"
	done
}

@test "in a user namespace a device is the host's, bound" {
	requires_user "root makes nodes"
	add_device '{"path": "/dev/full", "type": "c", "major": 1, "minor": 7}'
	[[ ! -e /dev/fuse ]] || add_device '{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229}'
	guest stat /dev/full /dev/fuse -- write /dev/full x
	ocirun run --bundle "$B" "$ID"
	has "$output" '"rdev":"1:7"'
	[[ ! -e /dev/fuse ]] || has "$output" '"rdev":"10:229"'
	has "$stderr" ENOSPC
}

@test "in a user namespace a device with another name in the container is found by its number" {
	requires_user "root makes nodes"
	grep -qsx DEVNAME=full /sys/dev/char/1:7/uevent || skip "no /sys/dev here that knows the device"
	add_device '{"path": "/dev/other", "type": "c", "major": 1, "minor": 7}'
	guest stat /dev/other -- write /dev/other x
	ocirun run --bundle "$B" "$ID"
	has "$output" '"rdev":"1:7"'
	has "$stderr" ENOSPC
}

@test "in a user namespace a device that the host does not have is refused" {
	requires_user "root makes nodes"
	add_device '{"path": "/dev/ocirun-none", "type": "c", "major": 240, "minor": 77}'
	refused "linux.devices[0]" /dev/ocirun-none -- run --bundle "$B" "$ID"
}

@test "a fifo in a user namespace" {
	add_device '{"path": "/dev/pipe", "type": "p", "fileMode": 384}'
	args /guest stat /dev/pipe
	runs
	fact_is .type fifo .mode 0600
}

@test "symlinks in the image's /dev do not lead outside (CVE-2024-45310, CVE-2026-47766)" {
	mkdir "$T/canary"
	config '.mounts |= map(select(.destination | startswith("/dev") | not))'
	rmdir "$R/dev"
	ln -s ../../../../../../../../../../"$T/canary" "$R/dev"
	ocirun run --bundle "$B" "$ID"
	is "$(ls -A "$T/canary")" ""
	rm "$R/dev"
	mkdir "$R/dev"
	local name
	for name in null zero fd stdin ptmx tty; do
		ln -s "$T/canary/$name" "$R/dev/$name"
	done
	ocirun run --bundle "$B" "$ID"
	is "$(ls -A "$T/canary")" ""
}

@test "a device path through a symlink of the image stays inside" {
	mkdir "$T/canary"
	ln -s "$T/canary" "$R/escape"
	add_device '{"path": "/escape/null", "type": "c", "major": 1, "minor": 3}'
	ocirun run --bundle "$B" "$ID"
	is "$(ls -A "$T/canary")" ""
}

@test "the usual 130 devices of --privileged" {
	requires_root "makes device nodes"
	config '.linux.devices = [range(130) | {path: "/dev/many/tty\(.)", type: "c", major: 4, minor: ., fileMode: 384}]'
	args /guest ls /dev/many
	runs
	is "$(wc -l <<<"$output")" 130
}
