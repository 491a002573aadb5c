#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# checkpoint and restore with CRIU: ways of the memory, and what else wants more than many machines have: a kernel that
# tracks memory, userfaultfd, root with all capabilities, sockets that CRIU knows.  tests/vm/run checkpoint-memory has it.
load checkpoint-helpers

@test "pre-dumps save memory only, and a checkpoint takes the rest, without pages that are in two of them" {
	with_criu
	criu check --feature mem_dirty_track >/dev/null 2>&1 || skip "the kernel does not track memory"
	waiting remember 4 /go
	works checkpoint --pre-dump --image-path "$T/images/first" "$ID"
	works checkpoint --pre-dump --image-path "$T/images/second" --parent-path ../first --auto-dedup "$ID"
	is "$(container_status)" running
	works checkpoint --image-path "$T/images/third" --parent-path ../second "$ID"
	no_container
	is "$(readlink "$T/images/third/parent")" ../second
	# What has not changed since is in the first alone.
	[[ $(size_of first) -gt 4000000 && $(size_of second) -lt 1000000 && $(size_of third) -lt 1000000 ]]
	RID=${ID}r
	into_pipe restore -d -b "$B" --image-path "$T/images/third" "$RID"
	go_on
	is "$(container_output)" remembered
}

size_of() { # IMAGES
	cat "$T/images/$1"/pages-*.img | wc -c
}

@test "--page-server: the memory goes to criu page-server, the rest to the image path" {
	with_criu
	waiting remember 4 /go
	mkdir "$T/images"
	free_port
	criu page-server --images-dir "$T/images" --address 127.0.0.1 --port "$port" --status-fd 7 7>"$T/status" \
		>"$T/server" 2>&1 3>&- 4>&- &
	wait_until test -s "$T/status"
	saved --page-server "127.0.0.1:$port"
	wait $!
	[[ $(size_of .) -gt 4000000 ]]
	restored
	go_on
	is "$(container_output)" remembered
}

@test "--lazy-pages: the memory comes when it is used, and then the saved container is gone" {
	with_criu
	criu check --feature uffd-noncoop >/dev/null 2>&1 || skip "no userfaultfd here"
	setpriv --dump | grep -q '^Capability bounding set:.*sys_resource' || skip "root lacks CAP_SYS_RESOURCE"
	waiting remember 4 /go
	free_port
	mkfifo "$T/status"
	# shellcheck disable=SC2016
	WRAP=(bash -c 'exec "$@" 7>"$0"' "$T/status")
	ocirun_background checkpoint --image-path "$T/images" --lazy-pages --page-server "127.0.0.1:$port" --status-fd 7 "$ID"
	WRAP=()
	is "$(od -An -tx1 "$T/status")" " 00"
	[[ $(size_of .) -lt 1000000 ]]
	criu lazy-pages --page-server --address 127.0.0.1 --port "$port" --images-dir "$T/images" >"$T/daemon" 2>&1 3>&- 4>&- &
	wait_until test -S "$T/images/lazy-pages.socket"
	restored --lazy-pages
	go_on
	is "$(container_output)" remembered
	wait $!
	wait_background
	is "$status $stderr" "0 "
	no_container
}

@test "processes of other users, where root may read their limits" {
	[[ $ROOTLESS == 1 ]] || setpriv --dump | grep -q '^Capability bounding set:.*sys_resource' ||
		skip "root lacks CAP_SYS_RESOURCE"
	config '.process.user = {uid: 5, gid: 6, additionalGids: [7]}'
	waiting all -- await /go -- all
	facts_kept uids gids groups
}

# Two programs in the container that are connected: what comes in from /from goes to /to.  (What sleeps wakes up when it is
# restored, so that nothing may depend on one long sleep.)
@test "a TCP connection, which is an error without --tcp-established" {
	with_criu
	requires busybox
	! ldd "$(command -v busybox)" >/dev/null 2>&1 || skip "busybox is not static"
	cp "$(command -v busybox)" "$R/bin/busybox"
	mkfifo "$R/from"
	touch "$R/to"
	args /bin/busybox sh -c '
		busybox() { /bin/busybox "$@"; }
		(busybox cat /from; busybox tail -f /dev/null) | busybox nc -l -p 4000 >/dev/null &
		exec 8>/from
		until busybox grep -q :0FA0 /proc/net/tcp*; do busybox sleep 0.05; done
		busybox tail -f /dev/null | busybox nc 127.0.0.1 4000 >/to &
		echo first >&8
		until busybox grep -q first /to; do busybox sleep 0.05; done
		echo waiting
		until [ -e /go ]; do busybox sleep 0.05; done
		echo second >&8
		until busybox grep -q second /to; do busybox sleep 0.05; done
		echo end'
	into_pipe create --bundle "$B" "$ID"
	works start "$ID"
	wait_until said waiting
	refused "CRIU's dump failed" "tcp-established" -- checkpoint --image-path "$T/first" "$ID"
	is "$(container_status)" running
	ocirun checkpoint --image-path "$T/images" --tcp-established "$ID"
	[[ $stderr != *"sockets: Can't get"* ]] || skip "this CRIU does not know the sockets of this kernel: ${stderr#*failed: }"
	[[ $stderr != *tables* ]] || skip "CRIU holds connections by iptables, and that does not work here: $stderr"
	succeeded
	restored --tcp-established
	go_on
	is "$(container_output)" end
}
