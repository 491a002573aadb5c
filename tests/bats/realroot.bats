#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Root file systems as people have them: busybox, and a small Debian.
load helpers

cache=${OCIRUN_TEST_CACHE:-${HOME:-/root}/.cache/ocirun-tests}

busybox_root() {
	requires busybox
	rm -rf "$R"
	mkdir -p "$R"/{bin,dev,etc,proc,root,sys,tmp,usr,var}
	cp "$(command -v busybox)" "$R/bin/busybox"
	"$R/bin/busybox" --list >/dev/null 2>&1 || skip "busybox is not static"
	local applet
	for applet in sh ls cat id mount hostname ps sleep env touch stat; do
		ln -s busybox "$R/bin/$applet"
	done
	echo 'root:x:0:0:root:/root:/bin/sh' >"$R/etc/passwd"
	echo 'root:x:0:' >"$R/etc/group"
	ldd "$(command -v busybox)" >/dev/null 2>&1 && skip "busybox is not static"
	return 0
}

# A Debian made once (some 90 seconds), as a tar in the cache; the test unpacks it.
debian_root() {
	local tar=$cache/debian-bookworm.tar
	if [[ ! -e $tar ]]; then
		requires mmdebstrap
		"$tests_dir/make-debian" "$tar" >"$T/make-debian.log" 2>&1 ||
			skip "cannot make a Debian (no mirror?): $(tail -n 1 "$T/make-debian.log")"
	fi
	rm -rf "$R"
	mkdir "$R"
	tar -C "$R" --exclude='./dev/*' --no-same-owner -xf "$tar"
	chmod -R u+rwX "$R" 2>/dev/null || true
	mkdir -p "$R/dev"
}

@test "busybox: a shell with the usual commands" {
	busybox_root
	args /bin/sh -c 'id -u; hostname; cat /proc/self/comm; ls /'
	runs
	has "$output" guest
	is "$(head -1 <<<"$output")" 0
}

@test "busybox: pipes, background jobs and their end" {
	busybox_root
	args /bin/sh -c 'for i in 1 2 3; do echo $i; done | while read x; do echo got $x; done; sleep 0.01 & wait; exit 9'
	ocirun run --bundle "$B" "$ID"
	is "$status" 9
	has "$output" "got 3"
}

@test "busybox: ps sees only the container" {
	busybox_root
	args /bin/sh -c 'ps'
	runs
	[[ $(wc -l <<<"$output") -le 3 ]]
}

@test "busybox: exec a shell in a running container" {
	busybox_root
	args /bin/sh -c 'echo sleeping; exec sleep 1000'
	started
	wait_until said sleeping
	works exec "$ID" sh -c 'ps | cat; echo in $$'
	has "$output" "sleep 1000"
}

@test "busybox: kill with SIGTERM ends a program that listens to it" {
	busybox_root
	args /bin/sh -c 'trap "echo bye; exit 3" TERM; echo sleeping; while :; do sleep 0.02; done'
	ocirun_background run --bundle "$B" "$ID"
	wait_until said sleeping
	ocirun kill "$ID" TERM
	wait_background
	is "$status" 3
	has "$output" bye
}

@test "Debian: bash, perl and dpkg run" {
	debian_root
	config '.process.env = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"]'
	args /bin/bash -c '. /etc/os-release; echo $ID $VERSION_ID; perl -e "print 6*7, qq(\n)"; dpkg-query -W -f "\${Package}\n" dpkg; whoami; echo $HOME'
	runs
	is "$output" $'debian 12\n42\ndpkg\nroot\n/root'
}

@test "Debian: another user, read-only root, tmpfs on /tmp" {
	debian_root
	config '.root.readonly = true | .mounts += [{destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["nosuid", "nodev"]}]'
	[[ $ROOTLESS == 1 ]] || config '.process.user = {uid: 33, gid: 33}'
	config '.process.env = ["PATH=/usr/bin:/bin"]'
	args bash -c 'id -un; touch /tmp/x && echo tmp; touch /x 2>/dev/null || echo ro; sort <<<"$(printf "b\na")" | head -1'
	runs
	has "$output" $'tmp\nro\na'
	[[ $ROOTLESS == 1 ]] || is "$(head -1 <<<"$output")" www-data
}

@test "Debian: hundreds of symlinks and mount points below /usr do not confuse mounts" {
	debian_root
	mkdir "$T/src"
	touch "$T/src/here"
	# /bin and /lib are symlinks in Debian
	config '.mounts += [{destination: "/lib/new/place", type: "bind", source: $s, options: ["bind", "ro"]}] |
		.process.env = ["PATH=/usr/bin:/bin"]' --arg s "$T/src"
	args ls /usr/lib/new/place
	runs
	is "$output" here
}
