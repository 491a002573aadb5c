#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Landlock by annotation (docs/security.md).  Each test asks the kernel for what it needs by a run that restricts it.
load helpers

# landlock NAME VALUE...: the annotations of the bundle; without any, none.
landlock() {
	config '.annotations = ([$ARGS.positional | select(length > 0) | _nwise(2)] | map({key: ("org.ocirun.landlock." + .[0]), value: .[1]}) | from_entries)' \
		--args -- "$@"
}

# Skips when this kernel's Landlock cannot do it.
requires_landlock() { # NAME VALUE
	landlock "$1" "$2"
	args /guest true
	ocirun run --bundle "$B" "$ID"
	landlock
	[[ $stderr != *Landlock* ]] || skip "${stderr#*: }"
}

# The guest's commands, each a word list ended by "--", and how each went: "ok" or the name of the error.
tries() { # EXPECTED COMMAND...
	local expected=$1
	shift
	guest "$@"
	ocirun run --bundle "$B" "$ID"
	is "$(outcomes)" "$expected"
}

# The errors that the guest told, one word each.
outcomes() {
	sed -n 's/^guest: \(.*\): \(E[A-Z]*\) (.*/\1 \2/p' <<<"$stderr"
}

@test "landlock: read restricts what is read and listed, and nothing else" {
	requires_landlock read /
	mkdir -p "$R"/srv/{open,closed}
	echo text | tee "$R/srv/open/file" "$R/srv/closed/file"
	landlock read /srv/open:/etc/passwd:/guest
	tries $'/srv/closed/file EACCES\n/etc/group EACCES\n/srv/closed EACCES' \
		cat /srv/open/file -- cat /etc/passwd -- ls /srv/open -- cat /srv/closed/file -- cat /etc/group -- ls /srv/closed \
		-- write /srv/closed/new x -- mkdir /srv/closed/dir -- rename /srv/closed/new /srv/closed/dir/new -- exec /guest true
	has "$output" text
	[[ -e $R/srv/closed/dir/new ]]
}

@test "landlock: write restricts what is written, made, emptied, renamed and removed" {
	requires_landlock write /
	mkdir -p "$R"/srv/{open,closed}
	echo text | tee "$R/srv/open/file" "$R/srv/closed/file" "$R/srv/closed/other"
	landlock write /srv/open:/dev/null
	tries $'/srv/closed/file EACCES\n/srv/closed/file EACCES\n/srv/closed/new EACCES\n/srv/closed/dir EACCES
/srv/closed/link EACCES\n/srv/closed/fifo EACCES\n/srv/closed/file EACCES\n/srv/open/from EACCES' \
		write /srv/open/file x -- mkdir /srv/open/dir -- rename /srv/open/file /srv/open/dir/file -- unlink /srv/open/dir/file \
		-- write /dev/null x -- cat /srv/closed/file \
		-- write /srv/closed/file x -- truncate /srv/closed/file -- touch /srv/closed/new -- mkdir /srv/closed/dir \
		-- symlink x /srv/closed/link -- mknod /srv/closed/fifo p -- unlink /srv/closed/file \
		-- rename /srv/closed/file /srv/open/from
	is "$(<"$R/srv/closed/file")" text
	is "$(ls "$R/srv/closed")" $'file\nother'
}

@test "landlock: an empty list allows nothing of its kind" {
	requires_landlock bind 1
	landlock write "" bind ""
	tries $'/tmp/file EACCES\n/dev/null EACCES\n8080 EACCES' \
		touch /tmp/file -- write /dev/null x -- bind 8080 -- cat /etc/passwd
}

@test "landlock: execute restricts programs; a program that it forbids is an error of start that names it" {
	requires_landlock execute /
	mkdir "$R/opt"
	cp "$R/guest" "$R/opt/guest"
	landlock execute /guest
	tries '/opt/guest EACCES' spawn exec /guest true -- exec /opt/guest true
	args /opt/guest true
	refused 'exec: "/opt/guest": permission denied' "org.ocirun.landlock.execute" "/guest" -- run --bundle "$B" "$ID"
	# what is executed is read, and what may be executed may be read
	landlock read /etc execute /guest
	tries '/opt/guest EACCES' spawn exec /guest true -- cat /etc/passwd -- cat /opt/guest
	landlock read /etc
	refused 'exec: "/guest": permission denied' "org.ocirun.landlock.read allows" -- run --bundle "$B" "$ID"
	landlock execute ""
	refused "allows programs beneath: nothing" -- run --bundle "$B" "$ID"
}

@test "landlock: ioctl restricts commands to devices" {
	requires_landlock ioctl /
	landlock ioctl /dev/null
	tries $'/dev/null ENOTTY\n/dev/zero EACCES' ioctl /dev/null -- ioctl /dev/zero
	landlock
	tries $'/dev/null ENOTTY\n/dev/zero ENOTTY' ioctl /dev/null -- ioctl /dev/zero
}

@test "landlock: bind and connect are lists of TCP ports" {
	requires_landlock bind 1
	landlock bind 8080 connect 9090:9091
	tries $'8081 EACCES\n9090 ECONNREFUSED\n9091 ECONNREFUSED\n8080 EACCES' \
		bind 8080 -- bind 8081 -- connect 9090 -- connect 9091 -- connect 8080
	landlock bind ""
	tries $'8080 EACCES\n9090 ECONNREFUSED' bind 8080 -- connect 9090
}

@test "landlock: scope signal and abstract-unix: nothing outside is reached, exec included" {
	requires_landlock scope signal
	args /guest listen-abstract here
	started
	wait_until said listening
	works exec "$ID" /guest "do" kill 1 0 -- connect-abstract here
	works delete --force "$ID"

	landlock scope signal
	args /guest listen-abstract here
	started
	wait_until said listening
	ocirun exec "$ID" /guest "do" kill 1 0 -- connect-abstract here
	is "$(outcomes)" "1 EPERM"
	works delete --force "$ID"

	landlock scope abstract-unix:signal
	args /guest listen-abstract here
	started
	wait_until said listening
	ocirun exec "$ID" /guest "do" kill 1 0 -- connect-abstract here
	is "$(outcomes)" $'1 EPERM\nhere EPERM'
}

@test "landlock: exec is restricted as the container's program is, by the annotations of create" {
	requires_landlock read /
	landlock read /etc/passwd:/guest write ""
	sleeping
	landlock
	ocirun exec "$ID" /guest "do" cat /etc/passwd -- cat /etc/group -- touch /tmp/file
	is "$(outcomes)" $'/etc/group EACCES\n/tmp/file EACCES'
	has "$output" alice
	# what is named is resolved at each exec, in the container
	mv "$R/etc/passwd" "$R/etc/gone"
	refused org.ocirun.landlock.read /etc/passwd "no such file or directory" -- exec "$ID" /guest true
}

@test "landlock: no mounts inside, and they are there all the same" {
	requires_landlock write /
	landlock write /
	config '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
	config '.mounts += [{destination: "/mnt", type: "tmpfs", source: "x"}]'
	tries '/mnt EPERM' touch /mnt/file -- mount x /mnt tmpfs
}

@test "landlock: with and without noNewPrivileges, for root and for another user" {
	requires_landlock read /
	local value
	landlock read /etc/passwd:/guest
	for value in true false; do
		config '.process.noNewPrivileges = $v' --argjson v "$value"
		tries '/etc/group EACCES' cat /etc/passwd -- cat /etc/group
		[[ $ROOTLESS == 1 ]] && continue
		config '.process.user = {uid: 1000, gid: 1000}'
		tries '/etc/group EACCES' cat /etc/passwd -- cat /etc/group
		config '.process.user = {uid: 0, gid: 0}'
	done
}

@test "landlock beside seccomp: the filter may forbid Landlock's calls to the program" {
	requires_landlock read /
	local value
	landlock read /etc/passwd:/guest
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["landlock_create_ruleset",
		"landlock_add_rule", "landlock_restrict_self"], action: "SCMP_ACT_ERRNO"}]}'
	for value in true false; do
		config '.process.noNewPrivileges = $v' --argjson v "$value"
		tries '/etc/group EACCES' cat /etc/passwd -- cat /etc/group
	done
}

@test "landlock: paths are those of the container, through its links; - is for those that may be missing" {
	requires_landlock read /
	mkdir "$R/srv"
	echo inside >"$R/srv/file"
	ln -s /srv "$R/link"
	ln -s ../../../../../../../../srv "$R/up"
	landlock read "/link:-/no/such:/guest"
	tries '' cat /srv/file
	is "$output" inside
	landlock read "/up/file:/guest"
	tries '/etc/passwd EACCES' cat /srv/file -- cat /etc/passwd
	landlock read "/no/such"
	refused org.ocirun.landlock.read /no/such -- run --bundle "$B" "$ID"
	# a magic link would lead out of the tree
	landlock read "/proc/self/root/etc"
	refused org.ocirun.landlock.read /proc/self/root/etc -- run --bundle "$B" "$ID"
}

@test "landlock: what is misspelt is refused before anything is made" {
	landlock reads /
	create_refused annotations.org.ocirun.landlock.reads "one of: read, write, execute"
	landlock read etc
	create_refused annotations.org.ocirun.landlock.read "'etc' is not an absolute path"
	landlock bind 65536
	create_refused annotations.org.ocirun.landlock.bind "'65536' is not a TCP port"
	landlock connect http
	create_refused annotations.org.ocirun.landlock.connect "'http' is not a TCP port"
	landlock scope signals
	create_refused annotations.org.ocirun.landlock.scope "unknown value 'signals'" abstract-unix
}

@test "landlock: a kernel that cannot do it is an error that names the version it takes, and nothing is made" {
	requires python3
	# as old kernels answer; the filter stays for what it starts
	landlock scope signal
	no_landlock 38
	create_refused annotations.org.ocirun.landlock.scope "this kernel has no Landlock"
	no_landlock 95
	create_refused annotations.org.ocirun.landlock.scope "lsm=landlock"
}

# The runtime in a system call filter in which Landlock gives this errno.
no_landlock() { # ERRNO
	cat >"$T/filter.py" <<'END'
import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
code = [(0x20, 0, 0, 0), (0x15, 0, 1, 444), (6, 0, 0, 0x50000 | int(sys.argv[1])), (6, 0, 0, 0x7fff0000)]
text = b"".join(struct.pack("HBBI", *c) for c in code)
buffer = ctypes.create_string_buffer(text)
program = struct.pack("HxxxxxxP", len(code), ctypes.addressof(buffer))
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, ctypes.create_string_buffer(program), 0, 0) == 0
os.execvp(sys.argv[2], sys.argv[2:])
END
	WRAP=(python3 "$T/filter.py" "$1")
}

@test "landlock: features tells which version the annotations may ask for (features.md, Annotations)" {
	works features
	is "$(jq -r '.annotations["org.ocirun.landlock.version"]' <<<"$output")" 6
	is "$(jq '.potentiallyUnsafeConfigAnnotations | index("org.ocirun.") != null' <<<"$output")" true
}
