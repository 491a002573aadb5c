#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

@test "maskedPaths: a file reads as empty, a directory is an empty read-only one (config-linux.md, Masked Paths)" {
	mkdir "$R/secret"
	echo text >"$R/secret/file"
	echo text >"$R/etc/key"
	config '.linux.maskedPaths = ["/secret", "/etc/key", "/proc/kcore"]'
	guest cat /etc/key -- ls /secret -- stat /etc/key /secret -- touch /secret/new -- mounts
	ocirun run --bundle "$B" "$ID"
	lacks "$output" text
	has "$output" '"path":"/etc/key","type":"char"'
	has "$output" '"rdev":"1:3"'
	has "$stderr" "/secret/new: EROFS"
	is "$(<"$R/etc/key")" text
}

@test "a masked file cannot be written to or lead to the file below" {
	echo text >"$R/etc/key"
	config '.linux.maskedPaths = ["/etc/key"]'
	args /guest write /etc/key changed
	ocirun run --bundle "$B" "$ID"
	is "$(<"$R/etc/key")" text
}

@test "masked and read-only paths that do not exist are skipped, double ones do no harm" {
	config '.linux.maskedPaths = ["/no/such", "/proc/kcore", "/proc/kcore", "/proc/acpi", "/proc/none/x"] |
		.linux.readonlyPaths = ["/no/such", "/proc/sys", "/proc/sys", "/etc/passwd/x"]'
	args /guest echo fine
	runs
	is "$output" fine
}

@test "relative masked and read-only paths are refused (config-linux.md: MUST be absolute)" {
	config '.linux.maskedPaths = ["/proc/kcore", "proc/keys"]'
	create_refused "linux.maskedPaths[1]" proc/keys
	config '.linux.maskedPaths = [] | .linux.readonlyPaths = ["etc"]'
	create_refused "linux.readonlyPaths[0]"
}

@test "the root as a masked or read-only path is refused, however it is written: it would not be applied" {
	local path
	for path in / // /. /proc/..; do
		config '.linux.maskedPaths = [$path]' --arg path "$path"
		create_refused "linux.maskedPaths[0]: \"$path\" is the root itself"
		config '.linux.maskedPaths = [] | .linux.readonlyPaths = [$path]' --arg path "$path"
		create_refused "linux.readonlyPaths[0]: \"$path\" is the root itself; root.readonly makes that read-only"
		config '.linux.readonlyPaths = []'
	done
}

@test "readonlyPaths cannot be written, files and directories (config-linux.md, Readonly Paths)" {
	mkdir -p "$R/data/sub"
	echo old >"$R/data/file"
	config '.linux.readonlyPaths = ["/proc/sys", "/data", "/etc/passwd"]'
	guest touch /data/new -- touch /data/sub/new -- write /etc/passwd x -- write /proc/sys/kernel/hostname x -- cat /data/file -- touch /etc/other
	ocirun run --bundle "$B" "$ID"
	is "$output" old
	is "$(grep -c EROFS <<<"$stderr")" 4
	[[ -e $R/etc/other && ! -e $R/data/new ]]
}

@test "readonlyPaths keep the flags of the mount" {
	config '(.mounts[] | select(.type == "proc")).options = ["nosuid", "noexec", "nodev"]'
	runs
	local flag
	for flag in ro nosuid noexec nodev; do
		has ",$(mount_of /proc/sys | jq -r .options)," ",$flag,"
	done
}

@test "a mask through a symlink of the image stays inside" {
	mkdir "$T/outside"
	echo text >"$T/outside/file"
	echo inside >"$R/etc/real"
	ln -s "$T/outside/file" "$R/etc/away"
	ln -s real "$R/etc/link"
	config '.linux.maskedPaths = ["/etc/away", "/etc/link"]'
	args /guest cat /etc/link
	ocirun run --bundle "$B" "$ID"
	lacks "$output" inside
	is "$(<"$T/outside/file")" text
	host_mounts_unchanged
}

@test "the mask is the real null device, not the image's (CVE-2025-31133)" {
	config '.mounts |= map(select(.destination | startswith("/dev") | not)) | .linux.maskedPaths = ["/etc/key"]'
	echo text >"$R/etc/key"
	ln -s /etc/passwd "$R/dev/null"
	args /guest stat /etc/key
	OCIRUN_TIMEOUT=10 ocirun run --bundle "$B" "$ID"
	[[ $status != 0 ]] || fact_is .rdev 1:3
	[[ $status != 124 && $status != 137 ]]
}

@test "masks hold for exec as well" {
	echo text >"$R/etc/key"
	config '.linux.maskedPaths = ["/etc/key"] | .linux.readonlyPaths = ["/etc/passwd"]'
	args /guest sleep
	started
	works exec "$ID" /guest cat /etc/key
	is "$output" ""
	ocirun exec "$ID" /guest write /etc/passwd x
	has "$stderr" EROFS
}
