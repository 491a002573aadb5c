#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=vm
# checkpoint and restore with CRIU where systemd is init, and cgroup v2 alone is there.  tests/vm/run has such a machine.
load checkpoint-helpers

setup() {
	helpers_setup
	[[ -d /run/systemd/system ]] || skip "systemd is not the init of this machine (tests/vm/run)"
	[[ $(stat -fc %T /sys/fs/cgroup) == cgroup2fs ]] || skip "needs cgroup v2 alone (tests/vm/run)"
	OCIRUN_ARGS=--systemd-cgroup
}

scopes() {
	systemctl list-units --all --plain --no-legend "ocirun-$ID*.scope" | awk '{ print $1, $3 }'
}

# That the host's mount of cgroup v2 keeps its options (nsdelegate) is looked at after each test.
@test "what is restored is a scope with the limits of the configuration and with the cgroups inside; delete leaves none" {
	with_criu
	config '.linux.resources = {pids: {limit: 77}, memory: {limit: 67108864}} | .linux.namespaces += [{type: "cgroup"}] |
		.mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["rw"]}]'
	waiting mkdir /sys/fs/cgroup/inside -- write /sys/fs/cgroup/inside/cgroup.procs 0 -- \
		write /sys/fs/cgroup/inside/cgroup.max.depth 7 -- await /go -- \
		cat /proc/self/cgroup /sys/fs/cgroup/inside/cgroup.procs /sys/fs/cgroup/inside/cgroup.max.depth
	saved
	is "$(scopes)" ""
	config '.linux.resources.pids.limit = 66'
	restored
	is "$(scopes)" "ocirun-$RID.scope active"
	is "$(systemctl show --property=TasksMax,MemoryMax "ocirun-$RID.scope" | sort | paste -sd' ')" "MemoryMax=67108864 TasksMax=66"
	local cgroup
	cgroup=/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(restored_pid)/cgroup")
	has "$cgroup/" "/ocirun-$RID.scope/inside/"
	is "$(cat "${cgroup%/inside}"/{pids,memory}.max | paste -sd' ')" "66 67108864"
	go_on
	is "$(container_output)" "$(printf '0::/inside\n1\n7')"
	works delete "$RID"
	is "$(scopes)" ""
	is "$(find /sys/fs/cgroup -name "*$ID*")" ""
}

@test "memory in two ways: saved before, and fetched when it is used" {
	with_criu
	criu check --feature mem_dirty_track >/dev/null 2>&1 || skip "the kernel does not track memory"
	criu check --feature uffd-noncoop >/dev/null 2>&1 || skip "no userfaultfd here"
	waiting remember 2 /go
	free_port
	works checkpoint --pre-dump --image-path "$T/before" "$ID"
	ocirun_background checkpoint --image-path "$T/images" --parent-path ../before --lazy-pages \
		--page-server "127.0.0.1:$port" "$ID"
	wait_until grep -qs "Starting lazy pages server" "$T/images/dump.log"
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
